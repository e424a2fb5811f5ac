/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "store/reference.h"

#include "store/db.h"
#include "store/statements.h"

static const char sql_find[] =
    "SELECT thread, post FROM reference WHERE forum = $1 AND message_id = $2";
static const char sql_set[] = "INSERT INTO reference (forum, message_id, thread, post)"
			      " VALUES ($1, $2, $3, $4)"
			      " ON CONFLICT (forum, message_id) DO UPDATE"
			      "   SET thread = excluded.thread,"
			      "       post = COALESCE(excluded.post, reference.post)";

/* clang-format off */
static const struct db_field reference_columns[] = {
	DB_FIELD(INT, struct reference, thread),
	DB_FIELD(INT, struct reference, post),
};
/* clang-format on */
static const struct db_fields reference_fields = DB_FIELDS(struct reference, reference_columns);

bool
reference_find(
    struct db *db, int64_t forum, struct span message_id, struct reference *out, struct err *err)
{
	return db_one(db, NULL, sql_find, DB_VALUES(DB_INT(forum), DB_TEXT(message_id)),
	    &reference_fields, out, err);
}

bool
reference_set(struct db *db, int64_t forum, struct span message_id, int64_t thread, int64_t post,
    struct err *err)
{
	return db_do(db, sql_set,
	    DB_VALUES(DB_INT(forum), DB_TEXT(message_id), DB_INT(thread), DB_ID(post)), NULL, err);
}

const char *const reference_statements[] = { sql_find, sql_set, NULL };
