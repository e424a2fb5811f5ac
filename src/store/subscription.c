/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "store/subscription.h"

#include "store/db.h"
#include "store/statements.h"

#define SUBSCRIPTION_SELECT                                                                 \
	"SELECT s.forum, s.person, s.mode, s.paused, s.since, f.slug, f.name, p.name_shown" \
	"  FROM subscription AS s"                                                          \
	"  JOIN forum AS f ON f.id = s.forum"                                               \
	"  JOIN person AS p ON p.id = s.person"

static const char sql_set[] = "INSERT INTO subscription (forum, person, mode, paused, since)"
			      " VALUES ($1, $2, $3, $4, $5)"
			      " ON CONFLICT (forum, person) DO UPDATE"
			      "   SET mode = excluded.mode, paused = excluded.paused";
static const char sql_remove[] = "DELETE FROM subscription WHERE forum = $1 AND person = $2";
static const char sql_find[] = SUBSCRIPTION_SELECT " WHERE s.forum = $1 AND s.person = $2";
static const char sql_person[] = SUBSCRIPTION_SELECT " WHERE s.person = $1"
						     " ORDER BY s.forum"
						     " LIMIT 1000";
static const char sql_forum[] = SUBSCRIPTION_SELECT " WHERE s.forum = $1 AND s.person > $2"
						    " ORDER BY s.person"
						    " LIMIT $3";
static const char sql_follow[] = "INSERT INTO follow (thread, person, how)"
				 " VALUES ($1, $2, $3)"
				 " ON CONFLICT (thread, person) DO UPDATE SET how = excluded.how";
static const char sql_unfollow[] = "DELETE FROM follow WHERE thread = $1 AND person = $2";

/* clang-format off */
static const struct db_field subscription_columns[] = {
	DB_FIELD(INT, struct subscription, forum),
	DB_FIELD(INT, struct subscription, person),
	DB_FIELD(TEXT, struct subscription, mode),
	DB_FIELD(INT, struct subscription, paused),
	DB_FIELD(INT, struct subscription, since),
	DB_FIELD(TEXT, struct subscription, forum_slug),
	DB_FIELD(TEXT, struct subscription, forum_name),
	DB_FIELD(TEXT, struct subscription, name_shown),
};
/* clang-format on */
static const struct db_fields subscription_fields =
    DB_FIELDS(struct subscription, subscription_columns);

bool
subscription_set(struct db *db, int64_t forum, int64_t person, const char *mode, int64_t paused,
    int64_t now, struct err *err)
{
	return db_do(db, sql_set,
	    DB_VALUES(DB_INT(forum), DB_INT(person), DB_WORD(mode), DB_ID(paused), DB_INT(now)),
	    NULL, err);
}

bool
subscription_remove(struct db *db, int64_t forum, int64_t person, struct err *err)
{
	return db_do(db, sql_remove, DB_VALUES(DB_INT(forum), DB_INT(person)), NULL, err);
}

bool
subscription_find(struct db *db, struct arena *arena, int64_t forum, int64_t person,
    struct subscription *out, struct err *err)
{
	return db_one(db, arena, sql_find, DB_VALUES(DB_INT(forum), DB_INT(person)),
	    &subscription_fields, out, err);
}

bool
subscription_list_person(struct db *db, struct arena *arena, int64_t person,
    struct subscription **out, size_t *count, struct err *err)
{
	return db_list(db, arena, sql_person, DB_VALUES(DB_INT(person)), &subscription_fields, out,
	    count, err);
}

bool
subscription_list_forum(struct db *db, struct arena *arena, int64_t forum, int64_t after,
    size_t room, struct subscription **out, size_t *count, struct err *err)
{
	return db_list(db, arena, sql_forum,
	    DB_VALUES(DB_INT(forum), DB_INT(after), DB_INT((int64_t)room)), &subscription_fields,
	    out, count, err);
}

bool
follow_set(struct db *db, int64_t thread, int64_t person, const char *how, struct err *err)
{
	if (how[0] == '\0')
		return db_do(
		    db, sql_unfollow, DB_VALUES(DB_INT(thread), DB_INT(person)), NULL, err);
	return db_do(
	    db, sql_follow, DB_VALUES(DB_INT(thread), DB_INT(person), DB_WORD(how)), NULL, err);
}

const char *const subscription_statements[] = { sql_set, sql_remove, sql_find, sql_person, sql_forum,
	sql_follow, sql_unfollow, NULL };
