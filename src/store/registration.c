/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "store/registration.h"

#include "store/db.h"
#include "store/statements.h"

#define REGISTRATION_COLUMNS                                                \
	"id, code, tries, identifier, person, address, name, locale, next," \
	" created, expires, used"

static const char sql_add[] =
    "INSERT INTO registration"
    " (hash, code, identifier, person, address, name, locale, next, created, expires)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
static const char sql_find[] = "SELECT " REGISTRATION_COLUMNS " FROM registration WHERE hash = $1";
static const char sql_find_address[] = "SELECT " REGISTRATION_COLUMNS " FROM registration"
				       " WHERE address = $1 AND used IS NULL AND expires > $2"
				       " ORDER BY id DESC"
				       " LIMIT 1";
static const char sql_use[] = "UPDATE registration SET used = $2 WHERE id = $1 AND used IS NULL";
static const char sql_try[] = "UPDATE registration SET tries = tries + 1 WHERE id = $1";
static const char sql_clean[] =
    "DELETE FROM registration"
    " WHERE id IN (SELECT id FROM registration WHERE expires < $1 LIMIT 1000)";

/* clang-format off */
static const struct db_field registration_columns[] = {
	DB_FIELD(INT, struct registration, id),
	DB_FIELD(SPAN, struct registration, code),
	DB_FIELD(INT, struct registration, tries),
	DB_FIELD(INT, struct registration, identifier),
	DB_FIELD(INT, struct registration, person),
	DB_FIELD(INT, struct registration, address),
	DB_FIELD(TEXT, struct registration, name),
	DB_FIELD(TEXT, struct registration, locale),
	DB_FIELD(TEXT, struct registration, next),
	DB_FIELD(INT, struct registration, created),
	DB_FIELD(INT, struct registration, expires),
	DB_FIELD(INT, struct registration, used),
};
/* clang-format on */
static const struct db_fields registration_fields =
    DB_FIELDS(struct registration, registration_columns);

bool
registration_add(
    struct db *db, const uint8_t hash[SHA256_SIZE], const struct registration *row, struct err *err)
{
	return db_insert(db, sql_add,
	    DB_VALUES(DB_HASH(hash), DB_BLOB(row->code), DB_INT(row->identifier),
		DB_INT(row->person), DB_INT(row->address), DB_WORD(row->name), DB_WORD(row->locale),
		DB_WORD(row->next), DB_INT(row->created), DB_INT(row->expires)),
	    NULL, err);
}

bool
registration_find(struct db *db, struct arena *arena, const uint8_t hash[SHA256_SIZE],
    struct registration *row, struct err *err)
{
	return db_one(
	    db, arena, sql_find, DB_VALUES(DB_HASH(hash)), &registration_fields, row, err);
}

bool
registration_find_address(struct db *db, struct arena *arena, int64_t address, int64_t now,
    struct registration *row, struct err *err)
{
	return db_one(db, arena, sql_find_address, DB_VALUES(DB_INT(address), DB_INT(now)),
	    &registration_fields, row, err);
}

bool
registration_use(struct db *db, int64_t id, int64_t now, struct err *err)
{
	return db_do_one(db, sql_use, DB_VALUES(DB_INT(id), DB_INT(now)), err);
}

bool
registration_try(struct db *db, int64_t id, struct err *err)
{
	return db_do_one(db, sql_try, DB_VALUES(DB_INT(id)), err);
}

bool
registration_clean(struct db *db, int64_t before, struct err *err)
{
	return db_do(db, sql_clean, DB_VALUES(DB_INT(before)), NULL, err);
}

const char *const registration_statements[] = { sql_add, sql_find, sql_find_address, sql_use,
	sql_try, sql_clean, NULL };
