/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "store/roll.h"

#include "store/db.h"
#include "store/statements.h"

#define COUNT_OF(state)                          \
	" (SELECT count(*) FROM identifier AS i" \
	"   WHERE i.roll = r.id AND i.state = '" state "')"
#define ROLL_COLUMNS                                                         \
	"r.id, r.name, r.source, r.purpose, r.expires, r.created," COUNT_OF( \
	    "issued") "," COUNT_OF("claimed") "," COUNT_OF("revoked")

static const char sql_add[] = "INSERT INTO roll (name, source, purpose, expires, created)"
			      " VALUES ($1, $2, $3, $4, $5)";
static const char sql_find[] = "SELECT " ROLL_COLUMNS " FROM roll AS r WHERE r.id = $1";
static const char sql_list[] = "SELECT " ROLL_COLUMNS " FROM roll AS r"
			       " ORDER BY r.id DESC"
			       " LIMIT 200";
static const char sql_set[] = "UPDATE roll"
			      "   SET name = $2, source = $3, purpose = $4, expires = $5"
			      " WHERE id = $1";

/* clang-format off */
static const struct db_field roll_columns[] = {
	DB_FIELD(INT, struct roll, id),
	DB_FIELD(TEXT, struct roll, name),
	DB_FIELD(TEXT, struct roll, source),
	DB_FIELD(TEXT, struct roll, purpose),
	DB_FIELD(INT, struct roll, expires),
	DB_FIELD(INT, struct roll, created),
	DB_FIELD(INT, struct roll, issued),
	DB_FIELD(INT, struct roll, claimed),
	DB_FIELD(INT, struct roll, revoked),
};
/* clang-format on */
static const struct db_fields roll_fields = DB_FIELDS(struct roll, roll_columns);

bool
roll_add(struct db *db, const struct roll *roll, int64_t *id, struct err *err)
{
	return db_insert(db, sql_add,
	    DB_VALUES(DB_WORD(roll->name), DB_WORD(roll->source), DB_WORD(roll->purpose),
		DB_ID(roll->expires), DB_INT(roll->created)),
	    id, err);
}

bool
roll_find(struct db *db, struct arena *arena, int64_t id, struct roll *roll, struct err *err)
{
	return db_one(db, arena, sql_find, DB_VALUES(DB_INT(id)), &roll_fields, roll, err);
}

bool
roll_list(struct db *db, struct arena *arena, struct roll **rolls, size_t *count, struct err *err)
{
	return db_list(db, arena, sql_list, DB_NO_VALUES, &roll_fields, rolls, count, err);
}

bool
roll_set(struct db *db, const struct roll *roll, struct err *err)
{
	return db_do_one(db, sql_set,
	    DB_VALUES(DB_INT(roll->id), DB_WORD(roll->name), DB_WORD(roll->source),
		DB_WORD(roll->purpose), DB_ID(roll->expires)),
	    err);
}

const char *const roll_statements[] = { sql_add, sql_find, sql_list, sql_set, NULL };
