/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/notice.c: mails of the house itself, and bounces (contract: store/outbox.h). */
#include "store/db.h"
#include "store/outbox.h"
#include "store/statements.h"

static const char sql_add[] =
    "INSERT INTO notice (template, forum, post, reply_to, answers, message_id, input, created)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
static const char sql_find[] =
    "SELECT id, template, forum, post, reply_to, answers, message_id, input, created"
    "  FROM notice"
    " WHERE id = $1";
static const char sql_bounce_add[] =
    "INSERT INTO bounce (outbox, person, address, date, hard, status, text)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7)";
static const char sql_bounced[] = "UPDATE outbox SET bounced = COALESCE(bounced, $2) WHERE id = $1";
static const char sql_bounce_count[] = "SELECT COUNT(*) FROM bounce"
				       " WHERE address = $1 AND date >= $2 AND hard = $3";
static const char sql_bounce_list[] = "SELECT id, outbox, person, address, date, hard, status, text"
				      "  FROM bounce"
				      " WHERE address = $1"
				      " ORDER BY date DESC, id DESC"
				      " LIMIT $2";

static const char sql_clean[] =
    "DELETE FROM notice WHERE id IN"
    " (SELECT id FROM (SELECT id, created FROM notice AS oldest ORDER BY id LIMIT 2000) AS found"
    "   WHERE created < $1 AND NOT EXISTS (SELECT 1 FROM outbox AS o WHERE o.notice = found.id)"
    "   LIMIT 1000)";
static const char sql_bounce_clean[] =
    "DELETE FROM bounce WHERE id IN"
    " (SELECT id FROM (SELECT id, date FROM bounce AS oldest ORDER BY id LIMIT 2000)"
    "   WHERE date < $1 LIMIT 1000)";

/* clang-format off */
static const struct db_field notice_columns[] = {
	DB_FIELD(INT, struct notice, id),
	DB_FIELD(TEXT, struct notice, template),
	DB_FIELD(INT, struct notice, forum),
	DB_FIELD(INT, struct notice, post),
	DB_FIELD(TEXT, struct notice, reply_to),
	DB_FIELD(TEXT, struct notice, answers),
	DB_FIELD(TEXT, struct notice, message_id),
	DB_FIELD(SPAN, struct notice, input),
	DB_FIELD(INT, struct notice, created),
};
static const struct db_field bounce_columns[] = {
	DB_FIELD(INT, struct bounce, id),
	DB_FIELD(INT, struct bounce, outbox),
	DB_FIELD(INT, struct bounce, person),
	DB_FIELD(INT, struct bounce, address),
	DB_FIELD(INT, struct bounce, date),
	DB_FIELD(BOOL, struct bounce, hard),
	DB_FIELD(TEXT, struct bounce, status),
	DB_FIELD(TEXT, struct bounce, text),
};
/* clang-format on */
static const struct db_fields notice_fields = DB_FIELDS(struct notice, notice_columns);
static const struct db_fields bounce_fields = DB_FIELDS(struct bounce, bounce_columns);

bool
notice_add(struct db *db, const struct notice *notice, int64_t *id, struct err *err)
{
	return db_insert(db, sql_add,
	    DB_VALUES(DB_WORD(notice->template), DB_ID(notice->forum), DB_ID(notice->post),
		DB_TEXT(span_of(notice->reply_to)), DB_TEXT(span_of(notice->answers)),
		DB_WORD(notice->message_id), DB_BLOB(notice->input), DB_INT(notice->created)),
	    id, err);
}

bool
notice_find(struct db *db, struct arena *arena, int64_t id, struct notice *out, struct err *err)
{
	return db_one(db, arena, sql_find, DB_VALUES(DB_INT(id)), &notice_fields, out, err);
}

bool
bounce_add(struct db *db, const struct bounce *bounce, int64_t *id, struct err *err)
{
	if (bounce->outbox != 0 &&
	    !db_do_one(
		db, sql_bounced, DB_VALUES(DB_INT(bounce->outbox), DB_INT(bounce->date)), err))
		return false;
	return db_insert(db, sql_bounce_add,
	    DB_VALUES(DB_ID(bounce->outbox), DB_INT(bounce->person), DB_INT(bounce->address),
		DB_INT(bounce->date), DB_INT(bounce->hard), DB_TEXT(span_of(bounce->status)),
		DB_TEXT(span_of(bounce->text))),
	    id, err);
}

bool
bounce_count(
    struct db *db, int64_t address, bool hard, int64_t since, int64_t *count, struct err *err)
{
	return db_number(db, sql_bounce_count,
	    DB_VALUES(DB_INT(address), DB_INT(since), DB_INT(hard)), count, err);
}

bool
bounce_list(struct db *db, struct arena *arena, int64_t address, size_t room, struct bounce **out,
    size_t *count, struct err *err)
{
	return db_list(db, arena, sql_bounce_list,
	    DB_VALUES(DB_INT(address), DB_INT((int64_t)room)), &bounce_fields, out, count, err);
}

bool
notice_clean(struct db *db, int64_t before, struct err *err)
{
	return db_do(db, sql_clean, DB_VALUES(DB_INT(before)), NULL, err);
}

bool
bounce_clean(struct db *db, int64_t before, struct err *err)
{
	return db_do(db, sql_bounce_clean, DB_VALUES(DB_INT(before)), NULL, err);
}

const char *const notice_statements[] = { sql_clean, sql_bounce_clean, sql_add, sql_find,
	sql_bounce_add, sql_bounced, sql_bounce_count, sql_bounce_list, NULL };
