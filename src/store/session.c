/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "store/session.h"

#include "store/db.h"
#include "store/statements.h"

static const char sql_add[] = "INSERT INTO session (person, hash, created, seen, expires)"
			      " VALUES ($1, $2, $3, $3, $4)";
/* A clock set back does not make an old session young: created may not lie ahead. */
static const char sql_find[] = "SELECT id, person, created, seen, expires"
			       "  FROM session"
			       " WHERE hash = $1"
			       "   AND expires > $2"
			       "   AND created <= $2 + 86400";
static const char sql_seen[] = "UPDATE session SET seen = $2, expires = $3 WHERE id = $1";
static const char sql_close[] = "DELETE FROM session WHERE hash = $1";
static const char sql_close_own[] = "DELETE FROM session WHERE person = $1 AND id = $2";
static const char sql_list[] = "SELECT id, person, created, seen, expires"
			       "  FROM session"
			       " WHERE person = $1 AND expires > $2"
			       " ORDER BY seen DESC, id DESC"
			       " LIMIT 50";
static const char sql_close_person[] = "DELETE FROM session WHERE person = $1";
static const char sql_clean[] =
    "DELETE FROM session"
    " WHERE id IN (SELECT id FROM session WHERE expires < $1 LIMIT 1000)";

/* clang-format off */
static const struct db_field session_columns[] = {
	DB_FIELD(INT, struct session, id),
	DB_FIELD(INT, struct session, person),
	DB_FIELD(INT, struct session, created),
	DB_FIELD(INT, struct session, seen),
	DB_FIELD(INT, struct session, expires),
};
/* clang-format on */
static const struct db_fields session_fields = DB_FIELDS(struct session, session_columns);

bool
session_add(struct db *db, int64_t person, const uint8_t hash[SHA256_SIZE], int64_t now,
    int64_t expires, int64_t *id, struct err *err)
{
	return db_insert(db, sql_add,
	    DB_VALUES(DB_INT(person), DB_HASH(hash), DB_INT(now), DB_INT(expires)), id, err);
}

bool
session_find(struct db *db, struct arena *arena, const uint8_t hash[SHA256_SIZE], int64_t now,
    struct session *session, struct person *person, struct err *err)
{
	if (!db_one(db, arena, sql_find, DB_VALUES(DB_HASH(hash), DB_INT(now)), &session_fields,
		session, err))
		return false;
	return person == NULL || person_find(db, arena, session->person, person, err);
}

bool
session_seen(struct db *db, int64_t id, int64_t now, int64_t expires, struct err *err)
{
	return db_do_one(db, sql_seen, DB_VALUES(DB_INT(id), DB_INT(now), DB_INT(expires)), err);
}

bool
session_close(struct db *db, const uint8_t hash[SHA256_SIZE], struct err *err)
{
	return db_do(db, sql_close, DB_VALUES(DB_HASH(hash)), NULL, err);
}

bool
session_close_own(struct db *db, int64_t person, int64_t id, struct err *err)
{
	return db_do(db, sql_close_own, DB_VALUES(DB_INT(person), DB_INT(id)), NULL, err);
}

bool
session_list(struct db *db, struct arena *arena, int64_t person, int64_t now,
    struct session **sessions, size_t *count, struct err *err)
{
	return db_list(db, arena, sql_list, DB_VALUES(DB_INT(person), DB_INT(now)),
	    &session_fields, sessions, count, err);
}

bool
session_close_person(struct db *db, int64_t person, struct err *err)
{
	return db_do(db, sql_close_person, DB_VALUES(DB_INT(person)), NULL, err);
}

bool
session_clean(struct db *db, int64_t before, struct err *err)
{
	return db_do(db, sql_clean, DB_VALUES(DB_INT(before)), NULL, err);
}

const char *const session_statements[] = { sql_add, sql_find, sql_seen, sql_close, sql_close_own, sql_list,
	sql_close_person,
	sql_clean, NULL };
