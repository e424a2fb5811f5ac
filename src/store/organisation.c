/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "store/organisation.h"

#include "store/db.h"
#include "store/statements.h"

#define MANDATE_SELECT                                                              \
	"SELECT m.id, m.person, m.organisation, m.forum, m.role, m.since, m.until," \
	"       o.name, o.kind"                                                     \
	"  FROM mandate AS m"                                                       \
	"  LEFT JOIN organisation AS o ON o.id = m.organisation"

static const char sql_add[] = "INSERT INTO organisation (name, kind, created) VALUES ($1, $2, $3)";
static const char sql_find_name[] =
    "SELECT id, name, kind, created FROM organisation WHERE name = $1";
static const char sql_mandate_add[] =
    "INSERT INTO mandate (person, organisation, forum, role, since, until)"
    " VALUES ($1, $2, $3, $4, $5, $6)";
static const char sql_mandate_find[] = MANDATE_SELECT " WHERE m.id = $1";
static const char sql_mandate_end[] = "UPDATE mandate SET until = $2 WHERE id = $1";
static const char sql_mandate_person[] = MANDATE_SELECT " WHERE m.person = $1"
							"   AND m.since <= $2"
							"   AND (m.until IS NULL OR m.until > $2)"
							" ORDER BY m.id"
							" LIMIT 1000";
static const char sql_mandate_forum[] = MANDATE_SELECT " WHERE m.forum = $1"
						       "   AND ($2 IS NULL OR m.role = $2)"
						       "   AND m.since <= $3"
						       "   AND (m.until IS NULL OR m.until > $3)"
						       " ORDER BY m.id"
						       " LIMIT 1000";

/* clang-format off */
static const struct db_field organisation_columns[] = {
	DB_FIELD(INT, struct organisation, id),
	DB_FIELD(TEXT, struct organisation, name),
	DB_FIELD(TEXT, struct organisation, kind),
	DB_FIELD(INT, struct organisation, created),
};
static const struct db_field mandate_columns[] = {
	DB_FIELD(INT, struct mandate, id),
	DB_FIELD(INT, struct mandate, person),
	DB_FIELD(INT, struct mandate, organisation),
	DB_FIELD(INT, struct mandate, forum),
	DB_FIELD(TEXT, struct mandate, role),
	DB_FIELD(INT, struct mandate, since),
	DB_FIELD(INT, struct mandate, until),
	DB_FIELD(TEXT, struct mandate, organisation_name),
	DB_FIELD(TEXT, struct mandate, organisation_kind),
};
/* clang-format on */
static const struct db_fields organisation_fields =
    DB_FIELDS(struct organisation, organisation_columns);
static const struct db_fields mandate_fields = DB_FIELDS(struct mandate, mandate_columns);

bool
organisation_add(
    struct db *db, const struct organisation *organisation, int64_t *id, struct err *err)
{
	return db_insert(db, sql_add,
	    DB_VALUES(DB_WORD(organisation->name), DB_WORD(organisation->kind),
		DB_INT(organisation->created)),
	    id, err);
}

bool
organisation_find_name(
    struct db *db, struct arena *arena, struct span name, struct organisation *out, struct err *err)
{
	return db_one(
	    db, arena, sql_find_name, DB_VALUES(DB_TEXT(name)), &organisation_fields, out, err);
}

bool
mandate_add(struct db *db, const struct mandate *mandate, int64_t *id, struct err *err)
{
	return db_insert(db, sql_mandate_add,
	    DB_VALUES(DB_INT(mandate->person), DB_ID(mandate->organisation), DB_ID(mandate->forum),
		DB_WORD(mandate->role), DB_INT(mandate->since), DB_ID(mandate->until)),
	    id, err);
}

bool
mandate_find(struct db *db, struct arena *arena, int64_t id, struct mandate *out, struct err *err)
{
	return db_one(
	    db, arena, sql_mandate_find, DB_VALUES(DB_INT(id)), &mandate_fields, out, err);
}

bool
mandate_end(struct db *db, int64_t id, int64_t until, struct err *err)
{
	return db_do_one(db, sql_mandate_end, DB_VALUES(DB_INT(id), DB_INT(until)), err);
}

bool
mandate_list_person(struct db *db, struct arena *arena, int64_t person, int64_t now,
    struct mandate **out, size_t *count, struct err *err)
{
	return db_list(db, arena, sql_mandate_person, DB_VALUES(DB_INT(person), DB_INT(now)),
	    &mandate_fields, out, count, err);
}

bool
mandate_list_forum(struct db *db, struct arena *arena, int64_t forum, const char *role, int64_t now,
    struct mandate **out, size_t *count, struct err *err)
{
	return db_list(db, arena, sql_mandate_forum,
	    DB_VALUES(DB_INT(forum), DB_WORD(role), DB_INT(now)), &mandate_fields, out, count, err);
}

const char *const organisation_statements[] = { sql_add, sql_find_name,
	sql_mandate_add, sql_mandate_find, sql_mandate_end, sql_mandate_person, sql_mandate_forum,
	NULL };
