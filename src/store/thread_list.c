/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/thread_list.c: reading threads, one or by pages. */
#include "store/db.h"
#include "store/statements.h"
#include "store/thread.h"

/* Who began it and who spoke last, each one step down an index. */
#define THREAD_SELECT                                                                           \
	"SELECT t.id, t.forum, t.kind, t.title, t.state, t.merged, t.pinned, t.posts, t.first," \
	"       t.last, t.created, f.slug, f.name,"                                             \
	"       (SELECT p.author_shown FROM post AS p WHERE p.id = t.first),"                   \
	"       (SELECT p.author_shown FROM post AS p"                                          \
	"         WHERE p.thread = t.id AND p.state = 'published'"                              \
	"         ORDER BY p.date DESC, p.id DESC LIMIT 1)"                                     \
	"  FROM thread AS t"                                                                    \
	"  JOIN forum AS f ON f.id = t.forum"

static const char sql_find[] = THREAD_SELECT " WHERE t.id = $1";
static const char sql_find_head[] =
    "SELECT id, forum, kind, title, state, merged, pinned, posts, first, last, created,"
    "       '', '', '', ''"
    "  FROM thread"
    " WHERE id = $1";
static const char sql_pinned[] =
    THREAD_SELECT " WHERE t.forum = $1 AND t.pinned = 1 AND t.state <> 'merged' AND t.posts > 0"
		  " ORDER BY t.last DESC, t.id DESC"
		  " LIMIT 100";
static const char sql_list[] =
    THREAD_SELECT " WHERE t.forum = $1 AND t.pinned = 0 AND t.state <> 'merged' AND t.posts > 0"
		  "   AND (t.last, t.id) < ($2, $3)"
		  " ORDER BY t.last DESC, t.id DESC"
		  " LIMIT $4";
static const char sql_latest[] = THREAD_SELECT " WHERE t.state <> 'merged' AND t.posts > 0"
					       "   AND (t.last, t.id) < ($1, $2)"
					       " ORDER BY t.last DESC, t.id DESC"
					       " LIMIT $3";

static const char sql_span[] = "SELECT id, forum, title, last FROM thread"
			       " WHERE id > $1 AND id <= $2 AND state <> 'merged' AND posts > 0"
			       " ORDER BY id";
static const char sql_opened[] =
    "SELECT EXISTS (SELECT 1 FROM post"
    "                WHERE thread = $1 AND parent IS NULL AND chain = '')";
static const char sql_newest_id[] = "SELECT COALESCE(MAX(id), 0) FROM thread";

/* clang-format off */
static const struct db_field span_columns[] = {
	DB_FIELD(INT, struct thread, id),
	DB_FIELD(INT, struct thread, forum),
	DB_FIELD(TEXT, struct thread, title),
	DB_FIELD(INT, struct thread, last),
};
static const struct db_field thread_columns[] = {
	DB_FIELD(INT, struct thread, id),
	DB_FIELD(INT, struct thread, forum),
	DB_FIELD(TEXT, struct thread, kind),
	DB_FIELD(TEXT, struct thread, title),
	DB_FIELD(TEXT, struct thread, state),
	DB_FIELD(INT, struct thread, merged),
	DB_FIELD(BOOL, struct thread, pinned),
	DB_FIELD(INT, struct thread, posts),
	DB_FIELD(INT, struct thread, first),
	DB_FIELD(INT, struct thread, last),
	DB_FIELD(INT, struct thread, created),
	DB_FIELD(TEXT, struct thread, forum_slug),
	DB_FIELD(TEXT, struct thread, forum_name),
	DB_FIELD(TEXT, struct thread, starter),
	DB_FIELD(TEXT, struct thread, last_author),
};
/* clang-format on */
static const struct db_fields span_fields = DB_FIELDS(struct thread, span_columns);
static const struct db_fields thread_fields = DB_FIELDS(struct thread, thread_columns);

static int64_t
from_key(int64_t before)
{
	return before == 0 ? INT64_MAX : before;
}

bool
thread_find(struct db *db, struct arena *arena, int64_t id, struct thread *thread, struct err *err)
{
	return db_one(db, arena, sql_find, DB_VALUES(DB_INT(id)), &thread_fields, thread, err);
}

bool
thread_find_head(
    struct db *db, struct arena *arena, int64_t id, struct thread *thread, struct err *err)
{
	return db_one(db, arena, sql_find_head, DB_VALUES(DB_INT(id)), &thread_fields, thread, err);
}

bool
thread_list_pinned(struct db *db, struct arena *arena, int64_t forum, struct thread **threads,
    size_t *count, struct err *err)
{
	return db_list(
	    db, arena, sql_pinned, DB_VALUES(DB_INT(forum)), &thread_fields, threads, count, err);
}

bool
thread_list(struct db *db, struct arena *arena, int64_t forum, int64_t before_last,
    int64_t before_id, size_t room, struct thread **threads, size_t *count, struct err *err)
{
	int64_t last = before_id == 0 ? INT64_MAX : before_last;

	return db_list(db, arena, sql_list,
	    DB_VALUES(
		DB_INT(forum), DB_INT(last), DB_INT(from_key(before_id)), DB_INT((int64_t)room)),
	    &thread_fields, threads, count, err);
}

bool
thread_list_latest(struct db *db, struct arena *arena, int64_t before_last, int64_t before_id,
    size_t room, struct thread **threads, size_t *count, struct err *err)
{
	int64_t last = before_id == 0 ? INT64_MAX : before_last;

	return db_list(db, arena, sql_latest,
	    DB_VALUES(DB_INT(last), DB_INT(from_key(before_id)), DB_INT((int64_t)room)),
	    &thread_fields, threads, count, err);
}

bool
thread_list_span(struct db *db, struct arena *arena, int64_t after, int64_t until,
    struct thread **threads, size_t *count, struct err *err)
{
	return db_list(db, arena, sql_span, DB_VALUES(DB_INT(after), DB_INT(until)), &span_fields,
	    threads, count, err);
}

bool
thread_newest_id(struct db *db, int64_t *id, struct err *err)
{
	return db_number(db, sql_newest_id, DB_NO_VALUES, id, err);
}

bool
thread_is_opened(struct db *db, int64_t id, bool *is, struct err *err)
{
	int64_t there;

	if (!db_number(db, sql_opened, DB_VALUES(DB_INT(id)), &there, err))
		return false;
	*is = there != 0;
	return true;
}

const char *const thread_list_statements[] = { sql_find, sql_find_head, sql_pinned, sql_list,
	sql_latest, sql_span, sql_opened, sql_newest_id, NULL };
