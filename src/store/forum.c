/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "store/forum.h"

#include <string.h>

#include "store/db.h"
#include "store/statements.h"

#define FORUM_COLUMNS                                                                              \
	"id, slug, name, description, theme, who_writes, appears, who_reads, strangers, reply_to," \
	" emergency, position, created"

static const char sql_add[] =
    "INSERT INTO forum (slug, name, description, theme, who_writes, appears, who_reads, strangers,"
    " reply_to, emergency, position, created)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
static const char sql_set[] =
    "UPDATE forum"
    "   SET slug = $2, name = $3, description = $4, theme = $5, who_writes = $6, appears = $7,"
    "       who_reads = $8, strangers = $9, reply_to = $10, emergency = $11, position = $12"
    " WHERE id = $1";
static const char sql_find[] = "SELECT " FORUM_COLUMNS " FROM forum WHERE id = $1";
static const char sql_find_slug[] = "SELECT " FORUM_COLUMNS " FROM forum WHERE slug = $1";
static const char sql_list[] = "SELECT " FORUM_COLUMNS " FROM forum"
			       " ORDER BY theme, position, name, id"
			       " LIMIT 1000";
static const char sql_totals[] = "SELECT forum, COUNT(*), SUM(posts), MAX(last)"
				 "  FROM thread"
				 " WHERE state <> 'merged' AND posts > 0"
				 " GROUP BY forum";
static const char sql_total[] = "SELECT forum, COUNT(*), SUM(posts), MAX(last)"
				"  FROM thread"
				" WHERE forum = $1 AND state <> 'merged' AND posts > 0"
				" GROUP BY forum";

/* clang-format off */
static const struct db_field forum_columns[] = {
	DB_FIELD(INT, struct forum, id),
	DB_FIELD(TEXT, struct forum, slug),
	DB_FIELD(TEXT, struct forum, name),
	DB_FIELD(TEXT, struct forum, description),
	DB_FIELD(TEXT, struct forum, theme),
	DB_FIELD(TEXT, struct forum, who_writes),
	DB_FIELD(TEXT, struct forum, appears),
	DB_FIELD(TEXT, struct forum, who_reads),
	DB_FIELD(TEXT, struct forum, strangers),
	DB_FIELD(TEXT, struct forum, reply_to),
	DB_FIELD(BOOL, struct forum, emergency),
	DB_FIELD(INT, struct forum, position),
	DB_FIELD(INT, struct forum, created),
};
static const struct db_field total_columns[] = {
	DB_FIELD(INT, struct forum_total, forum),
	DB_FIELD(INT, struct forum_total, threads),
	DB_FIELD(INT, struct forum_total, posts),
	DB_FIELD(INT, struct forum_total, last),
};
/* clang-format on */
static const struct db_fields forum_fields = DB_FIELDS(struct forum, forum_columns);
static const struct db_fields total_fields = DB_FIELDS(struct forum_total, total_columns);

bool
forum_add(struct db *db, const struct forum *forum, int64_t *id, struct err *err)
{
	return db_insert(db, sql_add,
	    DB_VALUES(DB_WORD(forum->slug), DB_WORD(forum->name), DB_WORD(forum->description),
		DB_WORD(forum->theme), DB_WORD(forum->who_writes), DB_WORD(forum->appears),
		DB_WORD(forum->who_reads), DB_WORD(forum->strangers), DB_WORD(forum->reply_to),
		DB_INT(forum->emergency), DB_INT(forum->position), DB_INT(forum->created)),
	    id, err);
}

bool
forum_set(struct db *db, const struct forum *forum, struct err *err)
{
	return db_do_one(db, sql_set,
	    DB_VALUES(DB_INT(forum->id), DB_WORD(forum->slug), DB_WORD(forum->name),
		DB_WORD(forum->description), DB_WORD(forum->theme), DB_WORD(forum->who_writes),
		DB_WORD(forum->appears), DB_WORD(forum->who_reads), DB_WORD(forum->strangers),
		DB_WORD(forum->reply_to), DB_INT(forum->emergency), DB_INT(forum->position)),
	    err);
}

bool
forum_find(struct db *db, struct arena *arena, int64_t id, struct forum *forum, struct err *err)
{
	return db_one(db, arena, sql_find, DB_VALUES(DB_INT(id)), &forum_fields, forum, err);
}

bool
forum_find_slug(
    struct db *db, struct arena *arena, struct span slug, struct forum *forum, struct err *err)
{
	return db_one(
	    db, arena, sql_find_slug, DB_VALUES(DB_TEXT(slug)), &forum_fields, forum, err);
}

bool
forum_list(
    struct db *db, struct arena *arena, struct forum **forums, size_t *count, struct err *err)
{
	return db_list(db, arena, sql_list, DB_NO_VALUES, &forum_fields, forums, count, err);
}

bool
forum_totals(
    struct db *db, struct arena *arena, struct forum_total **totals, size_t *count, struct err *err)
{
	return db_list(db, arena, sql_totals, DB_NO_VALUES, &total_fields, totals, count, err);
}

bool
forum_total(struct db *db, int64_t forum, struct forum_total *total, struct err *err)
{
	struct err none = { 0 };

	if (db_one(db, NULL, sql_total, DB_VALUES(DB_INT(forum)), &total_fields, total, &none))
		return true;
	total->forum = forum;
	if (none.kind == ERR_NOT_FOUND)
		return true;
	*err = none;
	return false;
}

const char *const forum_statements[] = { sql_add, sql_set, sql_find, sql_find_slug, sql_list,
	sql_totals, sql_total, NULL };
