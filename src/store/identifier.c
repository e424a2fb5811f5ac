/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "store/identifier.h"

#include "store/db.h"
#include "store/statements.h"

#define IDENTIFIER_COLUMNS                                                  \
	"i.id, i.roll, i.selector, i.verifier, i.state, i.tries, i.person," \
	" i.issued, i.changed,"                                             \
	" (SELECT p.name_shown FROM person AS p WHERE p.id = i.person),"    \
	" (SELECT r.expires FROM roll AS r WHERE r.id = i.roll)"

static const char sql_add[] = "INSERT INTO identifier (roll, selector, verifier, state, issued)"
			      " VALUES ($1, $2, $3, 'issued', $4)";
static const char sql_find_selector[] =
    "SELECT " IDENTIFIER_COLUMNS " FROM identifier AS i WHERE i.selector = $1";
static const char sql_find[] = "SELECT " IDENTIFIER_COLUMNS " FROM identifier AS i WHERE i.id = $1";
static const char sql_list[] = "SELECT " IDENTIFIER_COLUMNS " FROM identifier AS i"
			       " WHERE i.roll = $1 AND i.id > $2"
			       " ORDER BY i.id"
			       " LIMIT $3";
static const char sql_try[] = "UPDATE identifier SET tries = tries + 1 WHERE id = $1";
static const char sql_claim[] = "UPDATE identifier"
				"   SET state = 'claimed', person = $2, changed = $3"
				" WHERE id = $1 AND state = 'issued'"
				"   AND NOT EXISTS (SELECT 1 FROM roll AS r"
				"                    WHERE r.id = identifier.roll"
				"                      AND r.expires <= $3)";
static const char sql_revoke[] = "UPDATE identifier SET state = 'revoked', changed = $2"
				 " WHERE id = $1 AND state <> 'revoked'";
static const char sql_clean[] =
    "UPDATE identifier SET state = 'revoked', changed = $1"
    " WHERE id IN (SELECT id FROM identifier"
    "               WHERE roll IN (SELECT id FROM roll WHERE expires < $1)"
    "                 AND state <> 'revoked'"
    "               LIMIT 1000)";

/* clang-format off */
static const struct db_field identifier_columns[] = {
	DB_FIELD(INT, struct identifier, id),
	DB_FIELD(INT, struct identifier, roll),
	DB_FIELD(TEXT, struct identifier, selector),
	DB_FIELD(TEXT, struct identifier, verifier),
	DB_FIELD(TEXT, struct identifier, state),
	DB_FIELD(INT, struct identifier, tries),
	DB_FIELD(INT, struct identifier, person),
	DB_FIELD(INT, struct identifier, issued),
	DB_FIELD(INT, struct identifier, changed),
	DB_FIELD(TEXT, struct identifier, name),
	DB_FIELD(INT, struct identifier, expires),
};
/* clang-format on */
static const struct db_fields identifier_fields = DB_FIELDS(struct identifier, identifier_columns);

bool
identifier_add(struct db *db, int64_t roll, struct span selector, const char *verifier, int64_t now,
    struct err *err)
{
	return db_insert(db, sql_add,
	    DB_VALUES(DB_INT(roll), DB_TEXT(selector), DB_WORD(verifier), DB_INT(now)), NULL, err);
}

bool
identifier_find_selector(struct db *db, struct arena *arena, struct span selector,
    struct identifier *row, struct err *err)
{
	return db_one(db, arena, sql_find_selector, DB_VALUES(DB_TEXT(selector)),
	    &identifier_fields, row, err);
}

bool
identifier_find(
    struct db *db, struct arena *arena, int64_t id, struct identifier *row, struct err *err)
{
	return db_one(db, arena, sql_find, DB_VALUES(DB_INT(id)), &identifier_fields, row, err);
}

bool
identifier_list(struct db *db, struct arena *arena, int64_t roll, int64_t after, size_t room,
    struct identifier **rows, size_t *count, struct err *err)
{
	return db_list(db, arena, sql_list,
	    DB_VALUES(DB_INT(roll), DB_INT(after), DB_INT((int64_t)room)), &identifier_fields, rows,
	    count, err);
}

bool
identifier_try(struct db *db, int64_t id, struct err *err)
{
	return db_do_one(db, sql_try, DB_VALUES(DB_INT(id)), err);
}

bool
identifier_claim(struct db *db, int64_t id, int64_t person, int64_t now, struct err *err)
{
	return db_do_one(db, sql_claim, DB_VALUES(DB_INT(id), DB_INT(person), DB_INT(now)), err);
}

bool
identifier_revoke(struct db *db, int64_t id, int64_t now, struct err *err)
{
	return db_do(db, sql_revoke, DB_VALUES(DB_INT(id), DB_INT(now)), NULL, err);
}

bool
identifier_clean(struct db *db, int64_t before, struct err *err)
{
	return db_do(db, sql_clean, DB_VALUES(DB_INT(before)), NULL, err);
}

const char *const identifier_statements[] = { sql_add, sql_find_selector, sql_find, sql_list,
	sql_try, sql_claim, sql_revoke, sql_clean, NULL };
