/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "store/person_inside.h"
#include "store/statements.h"

#define ADDRESS_COLUMNS \
	"a.id, a.person, a.address, a.folded, a.verified, a.preferred, a.unproved_ok, a.created"

static const char sql_find_person[] =
    "SELECT " PERSON_COLUMNS ", " ADDRESS_COLUMNS " FROM address AS a"
    "  JOIN person AS p ON p.id = a.person"
    " WHERE a.folded = $1";
static const char sql_add[] =
    "INSERT INTO address (person, address, folded, verified, preferred, created)"
    " SELECT $1, $2, $3, $4, NOT EXISTS (SELECT 1 FROM address WHERE person = $1), $5";
static const char sql_preferred[] = "SELECT " ADDRESS_COLUMNS " FROM address AS a"
				    " WHERE a.person = $1"
				    " ORDER BY a.preferred DESC, a.id"
				    " LIMIT 1";
static const char sql_list[] = "SELECT " ADDRESS_COLUMNS " FROM address AS a"
			       " WHERE a.person = $1"
			       " ORDER BY a.id"
			       " LIMIT 100";
static const char sql_verify[] =
    "UPDATE address SET verified = COALESCE(verified, $2) WHERE id = $1";
static const char sql_unproved_ok[] = "UPDATE address SET unproved_ok = 1 WHERE id = $1";
static const char sql_unprefer[] = "UPDATE address SET preferred = 0 WHERE person = $1";
static const char sql_prefer[] = "UPDATE address SET preferred = 1 WHERE person = $1 AND id = $2";

/* A row of both, for the one statement that reads both. */
struct holder {
	struct person person;
	struct person_address address;
};

/* clang-format off */
#define ADDRESS_FIELDS(type, at) \
	DB_FIELD(INT, type, at id), \
	DB_FIELD(INT, type, at person), \
	DB_FIELD(TEXT, type, at address), \
	DB_FIELD(TEXT, type, at folded), \
	DB_FIELD(INT, type, at verified), \
	DB_FIELD(BOOL, type, at preferred), \
	DB_FIELD(BOOL, type, at unproved_ok), \
	DB_FIELD(INT, type, at created)

static const struct db_field address_columns[] = {
	ADDRESS_FIELDS(struct person_address, ),
};
static const struct db_field holder_columns[] = {
	PERSON_FIELDS(struct holder, person.),
	ADDRESS_FIELDS(struct holder, address.),
};
/* clang-format on */
static const struct db_fields address_fields = DB_FIELDS(struct person_address, address_columns);
static const struct db_fields holder_fields = DB_FIELDS(struct holder, holder_columns);

bool
person_find_address(struct db *db, struct arena *arena, struct span folded, struct person *person,
    struct person_address *address, struct err *err)
{
	struct holder holder;

	if (!db_one(db, arena, sql_find_person, DB_VALUES(DB_TEXT(folded)), &holder_fields, &holder,
		err))
		return false;
	*person = holder.person;
	if (address != NULL)
		*address = holder.address;
	return true;
}

bool
person_address_add(struct db *db, int64_t person, struct span address, struct span folded,
    int64_t verified, int64_t now, int64_t *id, struct err *err)
{
	return db_insert(db, sql_add,
	    DB_VALUES(
		DB_INT(person), DB_TEXT(address), DB_TEXT(folded), DB_ID(verified), DB_INT(now)),
	    id, err);
}

bool
person_address_preferred(struct db *db, struct arena *arena, int64_t person,
    struct person_address *address, struct err *err)
{
	return db_one(
	    db, arena, sql_preferred, DB_VALUES(DB_INT(person)), &address_fields, address, err);
}

bool
person_address_list(struct db *db, struct arena *arena, int64_t person,
    struct person_address **addresses, size_t *count, struct err *err)
{
	return db_list(
	    db, arena, sql_list, DB_VALUES(DB_INT(person)), &address_fields, addresses, count, err);
}

bool
person_address_verify(struct db *db, int64_t id, int64_t now, struct err *err)
{
	return db_do_one(db, sql_verify, DB_VALUES(DB_INT(id), DB_INT(now)), err);
}

bool
person_address_unproved_ok(struct db *db, int64_t id, struct err *err)
{
	return db_do_one(db, sql_unproved_ok, DB_VALUES(DB_INT(id)), err);
}

bool
person_address_prefer(struct db *db, int64_t person, int64_t id, struct err *err)
{
	return db_do(db, sql_unprefer, DB_VALUES(DB_INT(person)), NULL, err) &&
	       db_do_one(db, sql_prefer, DB_VALUES(DB_INT(person), DB_INT(id)), err);
}

const char *const person_address_statements[] = { sql_find_person, sql_add, sql_preferred,
	sql_list, sql_verify, sql_unproved_ok, sql_unprefer, sql_prefer, NULL };
