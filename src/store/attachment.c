/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "store/attachment.h"

#include "store/db.h"
#include "store/statements.h"

#define ATTACHMENT_COLUMNS                                                               \
	"a.id, a.public, a.post, a.position, a.name, a.type, a.raw, a.offset, a.length," \
	" a.encoding, a.size"

static const char sql_add[] =
    "INSERT INTO attachment (public, post, position, name, type, raw, offset, length, encoding,"
    " size)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
static const char sql_find[] =
    "SELECT " ATTACHMENT_COLUMNS " FROM attachment AS a WHERE a.public = $1";
static const char sql_post[] = "SELECT " ATTACHMENT_COLUMNS " FROM attachment AS a"
			       " WHERE a.post = $1"
			       " ORDER BY a.position"
			       " LIMIT 1000";
static const char sql_thread[] = "SELECT " ATTACHMENT_COLUMNS " FROM post AS p"
				 "  CROSS JOIN attachment AS a ON a.post = p.id"
				 " WHERE p.thread = $1 AND p.state = 'published'"
				 "   AND (p.date, p.id) > ($2, $3)"
				 "   AND (p.date, p.id) <= ($4, $5)"
				 " ORDER BY p.date, p.id, a.position"
				 " LIMIT 10000";

/* clang-format off */
static const struct db_field attachment_columns[] = {
	DB_FIELD(INT, struct attachment, id),
	DB_FIELD(TEXT, struct attachment, public_id),
	DB_FIELD(INT, struct attachment, post),
	DB_FIELD(INT, struct attachment, position),
	DB_FIELD(TEXT, struct attachment, name),
	DB_FIELD(TEXT, struct attachment, type),
	DB_FIELD(INT, struct attachment, raw),
	DB_FIELD(INT, struct attachment, offset),
	DB_FIELD(INT, struct attachment, length),
	DB_FIELD(TEXT, struct attachment, encoding),
	DB_FIELD(INT, struct attachment, size),
};
/* clang-format on */
static const struct db_fields attachment_fields = DB_FIELDS(struct attachment, attachment_columns);

bool
attachment_add(struct db *db, const struct attachment *attachment, int64_t *id, struct err *err)
{
	return db_insert(db, sql_add,
	    DB_VALUES(DB_WORD(attachment->public_id), DB_INT(attachment->post),
		DB_INT(attachment->position), DB_WORD(attachment->name), DB_WORD(attachment->type),
		DB_INT(attachment->raw), DB_INT(attachment->offset), DB_INT(attachment->length),
		DB_WORD(attachment->encoding), DB_INT(attachment->size)),
	    id, err);
}

bool
attachment_find(struct db *db, struct arena *arena, struct span public_id, struct attachment *out,
    struct err *err)
{
	return db_one(
	    db, arena, sql_find, DB_VALUES(DB_TEXT(public_id)), &attachment_fields, out, err);
}

bool
attachment_list_post(struct db *db, struct arena *arena, int64_t post, struct attachment **out,
    size_t *count, struct err *err)
{
	return db_list(
	    db, arena, sql_post, DB_VALUES(DB_INT(post)), &attachment_fields, out, count, err);
}

bool
attachment_list_thread(struct db *db, struct arena *arena, int64_t thread, int64_t after_date,
    int64_t after_id, int64_t until_date, int64_t until_id, struct attachment **out, size_t *count,
    struct err *err)
{
	int64_t date = after_id == 0 ? INT64_MIN : after_date;

	return db_list(db, arena, sql_thread,
	    DB_VALUES(DB_INT(thread), DB_INT(date), DB_INT(after_id), DB_INT(until_date),
		DB_INT(until_id)),
	    &attachment_fields, out, count, err);
}

const char *const attachment_statements[] = { sql_add, sql_find, sql_post, sql_thread, NULL };
