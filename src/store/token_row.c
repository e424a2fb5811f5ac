/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "store/token_row.h"

#include "store/db.h"
#include "store/statements.h"

#define TOKEN_COLUMNS "id, purpose, person, object, code, tries, created, expires, used"

static const char sql_add[] =
    "INSERT INTO token (hash, purpose, person, object, code, created, expires)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7)";
static const char sql_find[] = "SELECT " TOKEN_COLUMNS " FROM token WHERE hash = $1";
static const char sql_find_code[] = "SELECT " TOKEN_COLUMNS " FROM token"
				    " WHERE purpose = $1"
				    "   AND person = $2"
				    "   AND code IS NOT NULL"
				    "   AND used IS NULL"
				    "   AND expires > $3"
				    " ORDER BY id DESC"
				    " LIMIT 1";
static const char sql_use[] = "UPDATE token SET used = $2 WHERE id = $1 AND used IS NULL";
static const char sql_try[] = "UPDATE token SET tries = tries + 1 WHERE id = $1";
static const char sql_end_object[] = "UPDATE token SET used = $3"
				     " WHERE purpose = $1 AND object = $2 AND used IS NULL";
static const char sql_end_person[] = "UPDATE token SET used = $3"
				     " WHERE purpose = $1 AND person = $2 AND used IS NULL";
static const char sql_clean[] = "DELETE FROM token"
				" WHERE id IN (SELECT id FROM token WHERE expires < $1 LIMIT 1000)";

/* clang-format off */
static const struct db_field token_columns[] = {
	DB_FIELD(INT, struct token_row, id),
	DB_FIELD(TEXT, struct token_row, purpose),
	DB_FIELD(INT, struct token_row, person),
	DB_FIELD(INT, struct token_row, object),
	DB_FIELD(SPAN, struct token_row, code),
	DB_FIELD(INT, struct token_row, tries),
	DB_FIELD(INT, struct token_row, created),
	DB_FIELD(INT, struct token_row, expires),
	DB_FIELD(INT, struct token_row, used),
};
/* clang-format on */
static const struct db_fields token_fields = DB_FIELDS(struct token_row, token_columns);

bool
token_row_add(struct db *db, const uint8_t hash[SHA256_SIZE], const struct token_row *row,
    int64_t *id, struct err *err)
{
	return db_insert(db, sql_add,
	    DB_VALUES(DB_HASH(hash), DB_WORD(row->purpose), DB_ID(row->person), DB_INT(row->object),
		row->code.len > 0 ? DB_BLOB(row->code) : DB_NULL, DB_INT(row->created),
		DB_INT(row->expires)),
	    id, err);
}

bool
token_row_find(struct db *db, struct arena *arena, const uint8_t hash[SHA256_SIZE],
    struct token_row *row, struct err *err)
{
	return db_one(db, arena, sql_find, DB_VALUES(DB_HASH(hash)), &token_fields, row, err);
}

bool
token_row_find_code(struct db *db, struct arena *arena, const char *purpose, int64_t person,
    int64_t now, struct token_row *row, struct err *err)
{
	return db_one(db, arena, sql_find_code,
	    DB_VALUES(DB_WORD(purpose), DB_INT(person), DB_INT(now)), &token_fields, row, err);
}

bool
token_row_use(struct db *db, int64_t id, int64_t now, struct err *err)
{
	return db_do_one(db, sql_use, DB_VALUES(DB_INT(id), DB_INT(now)), err);
}

bool
token_row_try(struct db *db, int64_t id, struct err *err)
{
	return db_do_one(db, sql_try, DB_VALUES(DB_INT(id)), err);
}

bool
token_row_end_object(
    struct db *db, const char *purpose, int64_t object, int64_t now, struct err *err)
{
	return db_do(db, sql_end_object, DB_VALUES(DB_WORD(purpose), DB_INT(object), DB_INT(now)),
	    NULL, err);
}

bool
token_row_end_person(
    struct db *db, const char *purpose, int64_t person, int64_t now, struct err *err)
{
	return db_do(db, sql_end_person, DB_VALUES(DB_WORD(purpose), DB_INT(person), DB_INT(now)),
	    NULL, err);
}

bool
token_row_clean(struct db *db, int64_t before, struct err *err)
{
	return db_do(db, sql_clean, DB_VALUES(DB_INT(before)), NULL, err);
}

const char *const token_row_statements[] = { sql_add, sql_find, sql_find_code, sql_use, sql_try,
	sql_end_object, sql_end_person, sql_clean, NULL };
