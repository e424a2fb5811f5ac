/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/post_list.c: reading posts by pages, and counting them. */
#include "store/db.h"
#include "store/post.h"
#include "store/post_inside.h"
#include "store/statements.h"

static const char sql_thread[] =
    "SELECT " POST_PAGE_COLUMNS "  FROM post AS p" POST_SUMS " WHERE p.thread = $1"
    "   AND p.state IN ('published', 'hidden', 'withdrawn')"
    "   AND (p.date, p.id) > ($2, $3)"
    " ORDER BY p.date, p.id"
    " LIMIT $4";
static const char sql_forum_latest[] = "SELECT " POST_PAGE_COLUMNS "  FROM post AS p" POST_SUMS
				       " WHERE p.forum = $1 AND p.state = 'published'"
				       " ORDER BY p.id DESC"
				       " LIMIT $2";
static const char sql_thread_latest[] = "SELECT " POST_PAGE_COLUMNS "  FROM post AS p" POST_SUMS
					" WHERE p.thread = $1 AND p.state = 'published'"
					" ORDER BY p.date DESC, p.id DESC"
					" LIMIT $2";
static const char sql_forum[] = "SELECT id, 0, 0 FROM post"
				" WHERE forum = $1 AND state = 'published' AND id > $2"
				" ORDER BY id"
				" LIMIT $3";
/* "+": by the index of threads, not by all posts in their order. */
static const char sql_thread_ids[] =
    "SELECT id, 0, 0 FROM post"
    " WHERE thread = $2 AND +forum = $1 AND state = 'published' AND +id > $3"
    " ORDER BY +id"
    " LIMIT $4";
static const char sql_tree[] = "SELECT id, parent, date"
			       "  FROM post"
			       " WHERE thread = $1"
			       "   AND state IN ('published', 'hidden', 'withdrawn')"
			       " ORDER BY date, id"
			       " LIMIT $2";
static const char sql_awaiting[] = "SELECT " POST_HEAD_COLUMNS "  FROM post AS p"
				   " WHERE p.thread = $1 AND p.state = 'published'"
				   "   AND p.awaits IS NOT NULL"
				   " ORDER BY p.date, p.id"
				   " LIMIT $2";
static const char sql_held[] = "SELECT " POST_PAGE_COLUMNS "  FROM post AS p" POST_SUMS
			       " WHERE p.forum = $1 AND p.state = 'held' AND p.id > $2"
			       " ORDER BY p.id"
			       " LIMIT $3";
static const char sql_author[] = "SELECT " POST_HEAD_COLUMNS "  FROM post AS p"
				 " WHERE p.author = $1"
				 " ORDER BY +p.id DESC"
				 " LIMIT $2";
static const char sql_count_held[] =
    "SELECT COUNT(*) FROM post WHERE forum = $1 AND state = 'held'";
/* Each by an index that has little else: threads know how many of their posts are published. */
#define COUNT_DECIDED(state)                                             \
	"SELECT '" state "', COUNT(*) FROM post INDEXED BY post_decided" \
	" WHERE state IN ('refused','hidden','withdrawn') AND state = '" state "'"
static const char sql_count_states[] =
    "SELECT 'held', COUNT(*) FROM post INDEXED BY post_held WHERE state = 'held'"
    " UNION ALL "
    "SELECT 'published', COALESCE(SUM(posts), 0) FROM thread"
    " UNION ALL " COUNT_DECIDED("refused") " UNION ALL " COUNT_DECIDED(
	"hidden") " UNION ALL " COUNT_DECIDED("withdrawn");
/* Two statements rather than an OR over both columns: each has an index of its own. */
static const char sql_message[] = "SELECT " POST_HEAD_COLUMNS "  FROM post AS p"
				  " WHERE p.message_id = $1 AND ($2 = 0 OR p.forum = $2)"
				  " UNION ALL "
				  "SELECT " POST_HEAD_COLUMNS "  FROM post AS p"
				  " WHERE p.alias = $1 AND ($2 = 0 OR p.forum = $2)"
				  " ORDER BY 1"
				  " LIMIT 100";
static const char sql_count_author[] = "SELECT COUNT(*) FROM"
				       " (SELECT 1 FROM post"
				       "   WHERE author = $1 AND state = $3"
				       "     AND ($2 = 0 OR forum = $2)"
				       "   LIMIT $4)";

static const char sql_was_read[] =
    "SELECT EXISTS (SELECT 1 FROM post"
    "                WHERE author = $1 AND forum = $2 AND state = 'published' AND hold <> '')";

/* clang-format off */
static const struct db_field head_columns[] = { POST_HEAD_FIELDS };
static const struct db_field page_columns[] = {
	POST_HEAD_FIELDS,
	DB_FIELD(SPAN, struct post, html),
	DB_FIELD(SPAN, struct post, text),
	DB_FIELD(INT, struct post, page_sum),
	DB_FIELD(INT, struct post, text_sum),
};
static const struct db_field tree_columns[] = {
	DB_FIELD(INT, struct post, id),
	DB_FIELD(INT, struct post, parent),
	DB_FIELD(INT, struct post, date),
};
/* clang-format on */
const struct db_fields post_head_fields = DB_FIELDS(struct post, head_columns);
const struct db_fields post_page_fields = DB_FIELDS(struct post, page_columns);
static const struct db_fields tree_fields = DB_FIELDS(struct post, tree_columns);

/* Posts with what pages show of them, each as it was written. */
static bool
list_pages(struct db *db, struct arena *arena, const char *sql, struct db_values values,
    struct post **posts, size_t *count, struct err *err)
{
	return db_list(db, arena, sql, values, &post_page_fields, posts, count, err) &&
	       post_check_all(db, *posts, *count, err);
}

bool
post_list_thread(struct db *db, struct arena *arena, int64_t thread, int64_t after_date,
    int64_t after_id, size_t room, struct post **posts, size_t *count, struct err *err)
{
	int64_t date = after_id == 0 ? INT64_MIN : after_date;

	return list_pages(db, arena, sql_thread,
	    DB_VALUES(DB_INT(thread), DB_INT(date), DB_INT(after_id), DB_INT((int64_t)room)), posts,
	    count, err);
}

bool
post_list_forum_latest(struct db *db, struct arena *arena, int64_t forum, size_t room,
    struct post **posts, size_t *count, struct err *err)
{
	return list_pages(db, arena, sql_forum_latest,
	    DB_VALUES(DB_INT(forum), DB_INT((int64_t)room)), posts, count, err);
}

bool
post_list_thread_latest(struct db *db, struct arena *arena, int64_t thread, size_t room,
    struct post **posts, size_t *count, struct err *err)
{
	return list_pages(db, arena, sql_thread_latest,
	    DB_VALUES(DB_INT(thread), DB_INT((int64_t)room)), posts, count, err);
}

bool
post_list_forum(struct db *db, struct arena *arena, int64_t forum, int64_t after, size_t room,
    struct post **posts, size_t *count, struct err *err)
{
	return db_list(db, arena, sql_forum,
	    DB_VALUES(DB_INT(forum), DB_INT(after), DB_INT((int64_t)room)), &tree_fields, posts,
	    count, err);
}

bool
post_list_thread_ids(struct db *db, struct arena *arena, int64_t forum, int64_t thread,
    int64_t after, size_t room, struct post **posts, size_t *count, struct err *err)
{
	return db_list(db, arena, sql_thread_ids,
	    DB_VALUES(DB_INT(forum), DB_INT(thread), DB_INT(after), DB_INT((int64_t)room)),
	    &tree_fields, posts, count, err);
}

bool
post_list_tree(struct db *db, struct arena *arena, int64_t thread, size_t room, struct post **posts,
    size_t *count, struct err *err)
{
	return db_list(db, arena, sql_tree, DB_VALUES(DB_INT(thread), DB_INT((int64_t)room)),
	    &tree_fields, posts, count, err);
}

bool
post_list_awaiting(struct db *db, struct arena *arena, int64_t thread, size_t room,
    struct post **posts, size_t *count, struct err *err)
{
	return db_list(db, arena, sql_awaiting, DB_VALUES(DB_INT(thread), DB_INT((int64_t)room)),
	    &post_head_fields, posts, count, err);
}

bool
post_list_held(struct db *db, struct arena *arena, int64_t forum, int64_t after, size_t room,
    struct post **posts, size_t *count, struct err *err)
{
	return list_pages(db, arena, sql_held,
	    DB_VALUES(DB_INT(forum), DB_INT(after), DB_INT((int64_t)room)), posts, count, err);
}

bool
post_list_author(struct db *db, struct arena *arena, int64_t author, size_t room,
    struct post **posts, size_t *count, struct err *err)
{
	return db_list(db, arena, sql_author, DB_VALUES(DB_INT(author), DB_INT((int64_t)room)),
	    &post_head_fields, posts, count, err);
}

bool
post_count_held(struct db *db, int64_t forum, int64_t *count, struct err *err)
{
	return db_number(db, sql_count_held, DB_VALUES(DB_INT(forum)), count, err);
}

bool
post_count_states(
    struct db *db, struct arena *arena, struct db_count **counts, size_t *count, struct err *err)
{
	return db_counts(db, arena, sql_count_states, counts, count, err);
}

bool
post_list_message(struct db *db, struct arena *arena, struct span message_id, int64_t forum,
    struct post **posts, size_t *count, struct err *err)
{
	return db_list(db, arena, sql_message, DB_VALUES(DB_TEXT(message_id), DB_INT(forum)),
	    &post_head_fields, posts, count, err);
}

bool
post_count_author(struct db *db, int64_t author, int64_t forum, const char *state, int64_t most,
    int64_t *count, struct err *err)
{
	return db_number(db, sql_count_author,
	    DB_VALUES(DB_INT(author), DB_INT(forum), DB_WORD(state), DB_INT(most)), count, err);
}

bool
post_was_read(struct db *db, int64_t author, int64_t forum, bool *was, struct err *err)
{
	int64_t there;

	if (!db_number(db, sql_was_read, DB_VALUES(DB_INT(author), DB_INT(forum)), &there, err))
		return false;
	*was = there != 0;
	return true;
}

const char *const post_list_statements[] = { sql_author, sql_thread, sql_forum_latest,
	sql_thread_latest, sql_forum, sql_thread_ids, sql_tree, sql_awaiting, sql_held,
	sql_count_held, sql_count_states, sql_message, sql_count_author, sql_was_read, NULL };
