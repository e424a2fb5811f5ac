/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "store/person.h"

#include "store/person_inside.h"
#include "store/statements.h"

static const char sql_add[] =
    "INSERT INTO person"
    " (state, name_shown, locale, password, administrator, trusted, created)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7)";
static const char sql_find[] = "SELECT " PERSON_COLUMNS " FROM person AS p WHERE p.id = $1";
static const char sql_set[] = "UPDATE person"
			      "   SET state = $2, name_shown = $3, locale = $4, password = $5, "
			      "administrator = $6, trusted = $7"
			      " WHERE id = $1";
static const char sql_trust[] = "UPDATE person SET trusted = $2 WHERE id = $1";
static const char sql_list[] = "SELECT " PERSON_COLUMNS " FROM person AS p"
			       " WHERE p.id > $1"
			       " ORDER BY p.id"
			       " LIMIT $2";
static const char sql_administrators[] = "SELECT " PERSON_COLUMNS " FROM person AS p"
					 " WHERE p.administrator = 1 AND p.state = 'active'"
					 " ORDER BY p.id"
					 " LIMIT 100";
static const char sql_count_active[] = "SELECT COUNT(*) FROM person WHERE state = 'active'";

/* clang-format off */
static const struct db_field person_columns[] = {
	PERSON_FIELDS(struct person, ),
};
/* clang-format on */
static const struct db_fields person_fields = DB_FIELDS(struct person, person_columns);

/* "" is no password: NULL. */
static struct db_value
password_value(const struct person *person)
{
	bool has = person->password != NULL && person->password[0] != '\0';

	return has ? DB_WORD(person->password) : DB_NULL;
}

bool
person_add(struct db *db, const struct person *person, int64_t *id, struct err *err)
{
	return db_insert(db, sql_add,
	    DB_VALUES(DB_WORD(person->state), DB_WORD(person->name_shown), DB_WORD(person->locale),
		password_value(person), DB_INT(person->administrator), DB_INT(person->trusted),
		DB_INT(person->created)),
	    id, err);
}

bool
person_find(struct db *db, struct arena *arena, int64_t id, struct person *person, struct err *err)
{
	return db_one(db, arena, sql_find, DB_VALUES(DB_INT(id)), &person_fields, person, err);
}

bool
person_set(struct db *db, const struct person *person, struct err *err)
{
	return db_do_one(db, sql_set,
	    DB_VALUES(DB_INT(person->id), DB_WORD(person->state), DB_WORD(person->name_shown),
		DB_WORD(person->locale), password_value(person), DB_INT(person->administrator),
		DB_INT(person->trusted)),
	    err);
}

bool
person_set_trusted(struct db *db, int64_t id, bool trusted, struct err *err)
{
	return db_do_one(db, sql_trust, DB_VALUES(DB_INT(id), DB_INT(trusted)), err);
}

bool
person_list(struct db *db, struct arena *arena, int64_t after, size_t room, struct person **people,
    size_t *count, struct err *err)
{
	return db_list(db, arena, sql_list, DB_VALUES(DB_INT(after), DB_INT((int64_t)room)),
	    &person_fields, people, count, err);
}

bool
person_list_administrators(
    struct db *db, struct arena *arena, struct person **people, size_t *count, struct err *err)
{
	return db_list(
	    db, arena, sql_administrators, DB_NO_VALUES, &person_fields, people, count, err);
}

bool
person_count_active(struct db *db, int64_t *count, struct err *err)
{
	return db_number(db, sql_count_active, DB_NO_VALUES, count, err);
}

const char *const person_statements[] = { sql_add, sql_find, sql_set, sql_trust, sql_list,
	sql_administrators, sql_count_active, NULL };
