/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "store/search.h"

#include <inttypes.h>

#include "base/alloc.h"
#include "base/sum.h"
#include "base/utf8.h"
#include "store/db.h"
#include "store/search_query.h"
#include "store/statements.h"

static const char sql_add[] =
    "INSERT INTO search (rowid, subject, text, author) VALUES ($1, $2, $3, $4)";
static const char sql_remove[] =
    "INSERT INTO search (search, rowid, subject, text, author) VALUES ('delete', $1, $2, $3, $4)";

/* The key of a row of the index: the day, and below it the post. */
#define KEY_POST "(found.key & 536870911)"
enum { POST_BITS = 29, DAY = 86400, LAST_DAY = 1 << 24 };

/* clang-format off */
/* CROSS JOIN: the index is walked, and each post that it names is looked at; whether it is in
 * the one forum that was asked for is said by a small index, before its long row is read. */
#define HIT_COLUMNS \
	"SELECT found.key, p.id, p.forum, p.date, p.author_shown," \
	" p.organisation_shown, t.title, p.text, s.text"
#define HIT_FITS \
	" CROSS JOIN post AS p ON p.id = " KEY_POST \
	" CROSS JOIN thread AS t ON t.id = p.thread" \
	" LEFT JOIN post_sum AS s ON s.post = p.id" \
	" WHERE ($6 = 0 OR EXISTS (SELECT 1 FROM post AS f INDEXED BY post_published" \
	"   WHERE f.forum = $6 AND f.id = " KEY_POST " AND f.state = 'published'))" \
	"   AND p.state = 'published' AND instr($5, ',' || p.forum || ',') > 0" \
	"   AND p.date >= $7 AND ($8 = 0 OR p.date < $8)"

static const char sql_newest[] =
	HIT_COLUMNS
	"  FROM (SELECT rowid AS key FROM search"
	"         WHERE search MATCH $1 AND rowid < $2 AND rowid >= $3) AS found"
	HIT_FITS
	" ORDER BY found.key DESC"
	" LIMIT $4";
/* The best are chosen by the index alone: more than are wanted, since some may not fit. */
static const char sql_best[] =
	HIT_COLUMNS
	"  FROM (SELECT rowid AS key, rank AS score FROM search"
	"         WHERE search MATCH $1 AND rowid < $2 AND rowid >= $3"
	"         ORDER BY rank LIMIT $9) AS found"
	HIT_FITS
	" ORDER BY found.score, found.key DESC"
	" LIMIT $4 OFFSET $10";
/* clang-format on */
static const char sql_order[] = "SELECT id FROM post WHERE state = 'published'"
				" ORDER BY date / 86400, id";
static const char sql_entry[] =
    "SELECT id, date, subject, text, author_shown FROM post WHERE id = $1";

/* clang-format off */
static const struct db_field hit_columns[] = {
	DB_FIELD(INT, struct search_hit, key),
	DB_FIELD(INT, struct search_hit, post),
	DB_FIELD(INT, struct search_hit, forum),
	DB_FIELD(INT, struct search_hit, date),
	DB_FIELD(TEXT, struct search_hit, author),
	DB_FIELD(TEXT, struct search_hit, organisation),
	DB_FIELD(TEXT, struct search_hit, title),
	DB_FIELD(SPAN, struct search_hit, text),
	DB_FIELD(INT, struct search_hit, text_sum),
};
static const struct db_field order_columns[] = { DB_FIELD(INT, struct search_entry, post) };
static const struct db_field entry_columns[] = {
	DB_FIELD(INT, struct search_entry, post),
	DB_FIELD(INT, struct search_entry, date),
	DB_FIELD(SPAN, struct search_entry, subject),
	DB_FIELD(SPAN, struct search_entry, text),
	DB_FIELD(SPAN, struct search_entry, author),
};
/* clang-format on */
static const struct db_fields order_fields = DB_FIELDS(struct search_entry, order_columns);
static const struct db_fields entry_fields = DB_FIELDS(struct search_entry, entry_columns);
static const struct db_fields hit_fields = DB_FIELDS(struct search_hit, hit_columns);

int64_t
search_key(int64_t date, int64_t post)
{
	int64_t day = date < 0 ? 0 : date / DAY;

	return (day > LAST_DAY ? LAST_DAY : day) << POST_BITS | post;
}

static bool
change(struct db *db, const char *sql, const struct search_entry *entry, struct err *err)
{
	struct arena *arena = arena_new();
	bool done;

	if (entry->post >= INT64_C(1) << POST_BITS)
		die("search: post %" PRId64 " is beyond what a key can hold", entry->post);
	done = db_do(db, sql,
	    DB_VALUES(DB_INT(search_key(entry->date, entry->post)),
		DB_TEXT(utf8_fold(arena, entry->subject)), DB_TEXT(utf8_fold(arena, entry->text)),
		DB_TEXT(utf8_fold(arena, entry->author))),
	    NULL, err);

	arena_free(&arena);
	return done;
}

bool
search_add(struct db *db, const struct search_entry *entry, struct err *err)
{
	return change(db, sql_add, entry, err);
}

bool
search_remove(struct db *db, const struct search_entry *entry, struct err *err)
{
	return change(db, sql_remove, entry, err);
}

/* ",1,5,12,": what instr() looks into. */
static struct span
write_forums(struct arena *arena, const struct search_query *query)
{
	struct buf out = { 0 };
	struct span text;

	buf_add_char(&out, ',');
	for (size_t i = 0; i < query->forum_count; i++)
		buf_printf(&out, "%" PRId64 ",", query->forums[i]);
	text = arena_span(arena, buf_span(&out));
	buf_free(&out);
	return text;
}

static int64_t
key_below(const struct search_query *query)
{
	int64_t until = query->until == 0 ? INT64_MAX : search_key(query->until - 1 + DAY, 0);

	return !query->ranked && query->before != 0 && query->before < until ? query->before
									     : until;
}

static int64_t
oldest(const struct search_query *query)
{
	return query->since == 0 ? INT64_MIN : query->since;
}

static bool
find_newest(struct db *db, struct arena *arena, const struct search_query *query, struct span match,
    size_t room, struct search_hit **hits, size_t *count, struct err *err)
{
	return db_list(db, arena, sql_newest,
	    DB_VALUES(DB_TEXT(match), DB_INT(key_below(query)), DB_INT(search_key(query->since, 0)),
		DB_INT((int64_t)room), DB_TEXT(write_forums(arena, query)), DB_INT(query->forum),
		DB_INT(oldest(query)), DB_INT(query->until)),
	    &hit_fields, hits, count, err);
}

static bool
find_best(struct db *db, struct arena *arena, const struct search_query *query, struct span match,
    size_t room, int64_t choose, struct search_hit **hits, size_t *count, struct err *err)
{
	return db_list(db, arena, sql_best,
	    DB_VALUES(DB_TEXT(match), DB_INT(key_below(query)), DB_INT(search_key(query->since, 0)),
		DB_INT((int64_t)room), DB_TEXT(write_forums(arena, query)), DB_INT(query->forum),
		DB_INT(oldest(query)), DB_INT(query->until), DB_INT(choose), DB_INT(query->skip)),
	    &hit_fields, hits, count, err);
}

/* Few fitted among the best: all that the index has are looked at. */
static bool
find(struct db *db, struct arena *arena, const struct search_query *query, struct span match,
    size_t room, struct search_hit **hits, size_t *count, struct err *err)
{
	int64_t choose = 4 * (query->skip + (int64_t)room) + 100;

	if (!query->ranked)
		return find_newest(db, arena, query, match, room, hits, count, err);
	if (!find_best(db, arena, query, match, room, choose, hits, count, err))
		return false;
	return *count == room || find_best(db, arena, query, match, room, -1, hits, count, err);
}

static bool
check_hits(struct db *db, const struct search_hit *hits, size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++)
		if (hits[i].text_sum != 0 && hits[i].text_sum != sum_add(0, hits[i].text))
			return db_damaged(db, "post", hits[i].post, err);
	return true;
}

bool
search_find(struct db *db, struct arena *arena, const struct search_query *query, size_t room,
    struct search_hit **hits, size_t *count, struct err *err)
{
	struct buf match = { 0 };
	bool done;

	*hits = NULL;
	*count = 0;
	done = search_write_match(arena, query, &match)
		   ? find(db, arena, query, buf_span(&match), room, hits, count, err)
		   : err_set(err, ERR_INVALID, "There is no word to look for.");
	buf_free(&match);
	return done && check_hits(db, *hits, *count, err);
}

static bool
fill_one(struct db *db, int64_t post, struct err *err)
{
	struct arena *arena = arena_new();
	struct search_entry entry;
	bool done =
	    db_one(db, arena, sql_entry, DB_VALUES(DB_INT(post)), &entry_fields, &entry, err) &&
	    search_add(db, &entry, err);

	arena_free(&arena);
	return done;
}

bool
search_fill(struct db *db, struct err *err)
{
	struct arena *arena = arena_new();
	struct search_entry *posts;
	size_t count = 0;
	bool done = db_list(db, arena, sql_order, DB_NO_VALUES, &order_fields, &posts, &count, err);

	for (size_t i = 0; done && i < count; i++)
		done = fill_one(db, posts[i].post, err);
	arena_free(&arena);
	return done;
}

const char *const search_statements[] = { sql_add, sql_remove, sql_newest, sql_best, sql_order,
	sql_entry, NULL };
