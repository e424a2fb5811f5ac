/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/thread.c: how threads begin, grow, change and merge. */
#include "store/thread.h"

#include "store/db.h"
#include "store/statements.h"

#define FIRST_OF_THREAD                                   \
	"(SELECT p.id FROM post AS p"                     \
	"  WHERE p.thread = $1 AND p.state = 'published'" \
	"  ORDER BY p.date, p.id LIMIT 1)"

static const char sql_add[] =
    "INSERT INTO thread (forum, title, last, created) VALUES ($1, $2, $3, $3)";
static const char sql_posted[] =
    "UPDATE thread"
    "   SET posts = posts + 1,"
    "       last = CASE WHEN posts = 0 OR $2 > last THEN $2 ELSE last END,"
    "       first = " FIRST_OF_THREAD " WHERE id = $1";
static const char sql_recount[] =
    "UPDATE thread"
    "   SET posts = (SELECT COUNT(*) FROM post AS p"
    "                 WHERE p.thread = $1 AND p.state = 'published'),"
    "       last = COALESCE((SELECT p.date FROM post AS p"
    "                         WHERE p.thread = $1 AND p.state = 'published'"
    "                         ORDER BY p.date DESC, p.id DESC LIMIT 1), last),"
    "       first = " FIRST_OF_THREAD " WHERE id = $1";
static const char sql_title[] = "UPDATE thread SET title = $2 WHERE id = $1";
static const char sql_state[] = "UPDATE thread SET state = $2 WHERE id = $1 AND state <> 'merged'";
static const char sql_pin[] = "UPDATE thread SET pinned = $2 WHERE id = $1";

/* Merging: everything that names `from` names `into` then. */
static const char sql_move_posts[] = "UPDATE post SET thread = $2 WHERE thread = $1";
static const char sql_move_references[] = "UPDATE reference SET thread = $2 WHERE thread = $1";
static const char sql_move_merged[] = "UPDATE thread SET merged = $2 WHERE merged = $1";
static const char sql_move_follows[] = "UPDATE OR IGNORE follow SET thread = $2 WHERE thread = $1";
static const char sql_drop_follows[] = "DELETE FROM follow WHERE thread = $1";
static const char sql_merge[] = "UPDATE thread"
				"   SET state = 'merged', merged = $2, posts = 0, first = NULL"
				" WHERE id = $1";

bool
thread_add(
    struct db *db, int64_t forum, struct span title, int64_t now, int64_t *id, struct err *err)
{
	return db_insert(
	    db, sql_add, DB_VALUES(DB_INT(forum), DB_TEXT(title), DB_INT(now)), id, err);
}

bool
thread_posted(struct db *db, int64_t id, int64_t date, struct err *err)
{
	return db_do_one(db, sql_posted, DB_VALUES(DB_INT(id), DB_INT(date)), err);
}

bool
thread_recount(struct db *db, int64_t id, struct err *err)
{
	return db_do_one(db, sql_recount, DB_VALUES(DB_INT(id)), err);
}

bool
thread_set_title(struct db *db, int64_t id, struct span title, struct err *err)
{
	return db_do_one(db, sql_title, DB_VALUES(DB_INT(id), DB_TEXT(title)), err);
}

bool
thread_set_state(struct db *db, int64_t id, const char *state, struct err *err)
{
	return db_do_one(db, sql_state, DB_VALUES(DB_INT(id), DB_WORD(state)), err);
}

bool
thread_set_pinned(struct db *db, int64_t id, bool pinned, struct err *err)
{
	return db_do_one(db, sql_pin, DB_VALUES(DB_INT(id), DB_INT(pinned)), err);
}

bool
thread_merge(struct db *db, int64_t from, int64_t into, struct err *err)
{
	static const char *const moves[] = { sql_move_posts, sql_move_references, sql_move_merged,
		sql_move_follows, sql_merge };

	if (from == into)
		return err_set(err, ERR_INVALID, "A thread does not merge into itself.");
	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++)
		if (!db_do(db, moves[i], DB_VALUES(DB_INT(from), DB_INT(into)), NULL, err))
			return false;
	return db_do(db, sql_drop_follows, DB_VALUES(DB_INT(from)), NULL, err) &&
	       thread_recount(db, into, err);
}

const char *const thread_statements[] = { sql_add, sql_posted, sql_recount, sql_title, sql_state,
	sql_pin, sql_move_posts, sql_move_references, sql_move_merged, sql_move_follows,
	sql_drop_follows, sql_merge, NULL };
