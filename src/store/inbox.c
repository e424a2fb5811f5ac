/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "store/inbox.h"

#include "store/db.h"
#include "store/raw.h"
#include "store/statements.h"

enum { CLEAN_MAX = 500 };

#define INBOX_SELECT                                                                         \
	"SELECT i.id, i.raw, i.recipient, i.mail_from, i.peer, i.door, i.received, i.state," \
	"       i.tries, i.outcome, i.post, i.note, r.size"                                  \
	"  FROM inbox AS i"                                                                  \
	"  JOIN raw AS r ON r.id = i.raw"

static const char sql_add[] =
    "INSERT INTO inbox (raw, recipient, mail_from, peer, door, received, state)"
    " VALUES ($1, $2, $3, $4, $5, $6, 'new')";
static const char sql_find[] = INBOX_SELECT " WHERE i.id = $1";
static const char sql_next[] = INBOX_SELECT " WHERE i.state = 'new' AND i.id > $1"
					    " ORDER BY i.id"
					    " LIMIT 1";
static const char sql_list[] = INBOX_SELECT " WHERE i.id > $1"
					    " ORDER BY i.id"
					    " LIMIT $2";
/* The state stands in the statement: a partial index serves no bound value. */
static const char sql_list_new[] = INBOX_SELECT " WHERE i.state = 'new' AND i.id > $1"
						" ORDER BY i.id"
						" LIMIT $2";
static const char sql_list_aside[] = INBOX_SELECT " WHERE i.state = 'aside' AND i.id > $1"
						  " ORDER BY i.id"
						  " LIMIT $2";
static const char sql_list_done[] = INBOX_SELECT " WHERE i.state = 'done' AND i.id > $1"
						 " ORDER BY i.id"
						 " LIMIT $2";
/* For the console alone, which has the time: no index knows these. */
static const char sql_list_post[] =
    INBOX_SELECT " WHERE i.id IN (SELECT whole.id FROM inbox AS whole WHERE whole.post = $1"
		 "                 ORDER BY whole.id DESC LIMIT $2)"
		 " ORDER BY i.id DESC";
static const char sql_list_sender[] =
    INBOX_SELECT " WHERE i.id IN (SELECT whole.id FROM inbox AS whole"
		 "                 WHERE whole.mail_from = $1 COLLATE NOCASE"
		 "                 ORDER BY whole.id DESC LIMIT $2)"
		 " ORDER BY i.id DESC";
static const char sql_count_states[] =
    "SELECT 'new', COUNT(*) FROM inbox INDEXED BY inbox_new WHERE state = 'new'"
    " UNION ALL "
    "SELECT 'done', (SELECT COUNT(*) FROM inbox)"
    "     - (SELECT COUNT(*) FROM inbox INDEXED BY inbox_new WHERE state = 'new')"
    "     - (SELECT COUNT(*) FROM inbox INDEXED BY inbox_aside WHERE state = 'aside')"
    " UNION ALL "
    "SELECT 'aside', COUNT(*) FROM inbox INDEXED BY inbox_aside WHERE state = 'aside'";
static const char sql_finish[] = "UPDATE inbox"
				 "   SET state = 'done', outcome = $2, post = $3, note = $4"
				 " WHERE id = $1 AND state = 'new'";
static const char sql_died[] = "UPDATE inbox SET tries = tries + 1 WHERE id = $1 RETURNING tries";
static const char sql_aside[] = "UPDATE inbox SET state = 'aside', note = $2"
				" WHERE id = $1 AND state = 'new'";
static const char sql_replay[] = "UPDATE inbox"
				 "   SET state = 'new', tries = 0, outcome = '', note = ''"
				 " WHERE id = $1 AND state = 'aside'";

/* Rows come in the order of time: of the oldest those that are done. */
static const char sql_old[] =
    "SELECT id, raw FROM (SELECT id, raw, state, received FROM inbox AS oldest"
    "                      ORDER BY id LIMIT 2000)"
    " WHERE state = 'done' AND received < $1"
    " LIMIT $2";
static const char sql_delete[] = "DELETE FROM inbox WHERE id = $1";

/* clang-format off */
static const struct db_field inbox_columns[] = {
	DB_FIELD(INT, struct inbox, id),
	DB_FIELD(INT, struct inbox, raw),
	DB_FIELD(TEXT, struct inbox, recipient),
	DB_FIELD(TEXT, struct inbox, mail_from),
	DB_FIELD(TEXT, struct inbox, peer),
	DB_FIELD(TEXT, struct inbox, door),
	DB_FIELD(INT, struct inbox, received),
	DB_FIELD(TEXT, struct inbox, state),
	DB_FIELD(INT, struct inbox, tries),
	DB_FIELD(TEXT, struct inbox, outcome),
	DB_FIELD(INT, struct inbox, post),
	DB_FIELD(TEXT, struct inbox, note),
	DB_FIELD(INT, struct inbox, size),
};
/* clang-format on */
static const struct db_field old_columns[] = {
	DB_FIELD(INT, struct inbox, id),
	DB_FIELD(INT, struct inbox, raw),
};
static const struct db_fields old_fields = DB_FIELDS(struct inbox, old_columns);
static const struct db_fields inbox_fields = DB_FIELDS(struct inbox, inbox_columns);

bool
inbox_add(struct db *db, const struct inbox *inbox, int64_t *id, struct err *err)
{
	return db_insert(db, sql_add,
	    DB_VALUES(DB_INT(inbox->raw), DB_WORD(inbox->recipient), DB_WORD(inbox->mail_from),
		DB_WORD(inbox->peer), DB_WORD(inbox->door), DB_INT(inbox->received)),
	    id, err);
}

bool
inbox_find(struct db *db, struct arena *arena, int64_t id, struct inbox *out, struct err *err)
{
	return db_one(db, arena, sql_find, DB_VALUES(DB_INT(id)), &inbox_fields, out, err);
}

bool
inbox_next(struct db *db, struct arena *arena, int64_t after, struct inbox *out, struct err *err)
{
	return db_one(db, arena, sql_next, DB_VALUES(DB_INT(after)), &inbox_fields, out, err);
}

bool
inbox_list(struct db *db, struct arena *arena, const char *state, int64_t after, size_t room,
    struct inbox **out, size_t *count, struct err *err)
{
	struct span word = span_of(state);
	const char *sql = sql_list_done;

	if (state == NULL)
		sql = sql_list;
	else if (span_is(word, "new"))
		sql = sql_list_new;
	else if (span_is(word, "aside"))
		sql = sql_list_aside;
	else if (!span_is(word, "done"))
		return err_set(err, ERR_INVALID, "The inbox knows no such state.");
	return db_list(db, arena, sql, DB_VALUES(DB_INT(after), DB_INT((int64_t)room)),
	    &inbox_fields, out, count, err);
}

bool
inbox_count_states(
    struct db *db, struct arena *arena, struct db_count **counts, size_t *count, struct err *err)
{
	return db_counts(db, arena, sql_count_states, counts, count, err);
}

/* One row, in the state the statement asks for. */
static bool
change(struct db *db, const char *sql, struct db_values values, struct err *err)
{
	int64_t changed;

	if (!db_do(db, sql, values, &changed, err))
		return false;
	return changed > 0 || err_set(err, ERR_CONFLICT, "This mail is in another state.");
}

bool
inbox_finish(
    struct db *db, int64_t id, const char *outcome, int64_t post, struct span note, struct err *err)
{
	return change(db, sql_finish,
	    DB_VALUES(DB_INT(id), DB_WORD(outcome), DB_ID(post), DB_TEXT(note)), err);
}

bool
inbox_died(struct db *db, int64_t id, int64_t *tries, struct err *err)
{
	return db_number(db, sql_died, DB_VALUES(DB_INT(id)), tries, err);
}

bool
inbox_aside(struct db *db, int64_t id, struct span note, struct err *err)
{
	return change(db, sql_aside, DB_VALUES(DB_INT(id), DB_TEXT(note)), err);
}

bool
inbox_replay(struct db *db, int64_t id, struct err *err)
{
	return change(db, sql_replay, DB_VALUES(DB_INT(id)), err);
}

bool
inbox_clean(struct db *db, int64_t before, struct err *err)
{
	struct arena *arena = arena_new();
	struct inbox *rows;
	size_t count;
	bool good = db_list(db, arena, sql_old, DB_VALUES(DB_INT(before), DB_INT(CLEAN_MAX)),
	    &old_fields, &rows, &count, err);

	for (size_t i = 0; good && i < count; i++)
		good = db_do_one(db, sql_delete, DB_VALUES(DB_INT(rows[i].id)), err) &&
		       raw_forget(db, rows[i].raw, err);
	arena_free(&arena);
	return good;
}

bool
inbox_list_post(struct db *db, struct arena *arena, int64_t post, size_t room, struct inbox **out,
    size_t *count, struct err *err)
{
	return db_list(db, arena, sql_list_post, DB_VALUES(DB_INT(post), DB_INT((int64_t)room)),
	    &inbox_fields, out, count, err);
}

bool
inbox_list_sender(struct db *db, struct arena *arena, const char *mail_from, size_t room,
    struct inbox **out, size_t *count, struct err *err)
{
	return db_list(db, arena, sql_list_sender,
	    DB_VALUES(DB_TEXT(span_of(mail_from)), DB_INT((int64_t)room)), &inbox_fields, out,
	    count, err);
}

const char *const inbox_statements[] = { sql_list_post, sql_list_sender, sql_old, sql_delete, sql_add, sql_find, sql_next, sql_list,
	sql_list_new, sql_list_aside, sql_list_done, sql_count_states, sql_finish, sql_died,
	sql_aside, sql_replay, NULL };
