/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "store/search.h"

#include "base/utf8.h"
#include "store/db.h"
#include "store/search_query.h"
#include "store/statements.h"

static const char sql_add[] =
    "INSERT INTO search (rowid, subject, text, author) VALUES ($1, $2, $3, $4)";
static const char sql_remove[] =
    "INSERT INTO search (search, rowid, subject, text, author) VALUES ('delete', $1, $2, $3, $4)";

/* CROSS JOIN: the index is walked, and each post that it names is looked at. */
#define HIT_COLUMNS                                                                         \
	"p.id, p.thread, p.forum, p.date, p.author_shown, p.organisation_shown, p.subject," \
	" t.title, p.text"
#define HIT_TABLES                                \
	" FROM search AS s"                       \
	" CROSS JOIN post AS p ON p.id = s.rowid" \
	" CROSS JOIN thread AS t ON t.id = p.thread"
#define HIT_FITS                        \
	" AND p.state = 'published'"    \
	" AND ($3 = 0 OR p.forum = $3)" \
	" AND p.date >= $4 AND ($5 = 0 OR p.date < $5)"

static const char sql_newest[] =
    "SELECT " HIT_COLUMNS HIT_TABLES " WHERE s.search MATCH $1 AND s.rowid < $2" HIT_FITS
    " ORDER BY s.rowid DESC"
    " LIMIT $6";
static const char sql_best[] =
    "SELECT " HIT_COLUMNS HIT_TABLES " WHERE s.search MATCH $1" HIT_FITS " ORDER BY s.rank"
    " LIMIT $6 OFFSET $2";

/* clang-format off */
static const struct db_field hit_columns[] = {
	DB_FIELD(INT, struct search_hit, post),
	DB_FIELD(INT, struct search_hit, thread),
	DB_FIELD(INT, struct search_hit, forum),
	DB_FIELD(INT, struct search_hit, date),
	DB_FIELD(TEXT, struct search_hit, author),
	DB_FIELD(TEXT, struct search_hit, organisation),
	DB_FIELD(TEXT, struct search_hit, subject),
	DB_FIELD(TEXT, struct search_hit, title),
	DB_FIELD(SPAN, struct search_hit, text),
};
/* clang-format on */
static const struct db_fields hit_fields = DB_FIELDS(struct search_hit, hit_columns);

static bool
change(struct db *db, const char *sql, const struct search_entry *entry, struct err *err)
{
	struct arena *arena = arena_new();
	bool done = db_do(db, sql,
	    DB_VALUES(DB_INT(entry->post), DB_TEXT(utf8_fold(arena, entry->subject)),
		DB_TEXT(utf8_fold(arena, entry->text)), DB_TEXT(utf8_fold(arena, entry->author))),
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

static int64_t
place(const struct search_query *query)
{
	if (query->ranked)
		return query->skip;
	return query->before == 0 ? INT64_MAX : query->before;
}

bool
search_find(struct db *db, struct arena *arena, const struct search_query *query, size_t room,
    struct search_hit **hits, size_t *count, struct err *err)
{
	struct buf match = { 0 };
	bool done;

	*hits = NULL;
	*count = 0;
	if (!search_write_match(arena, query, &match)) {
		buf_free(&match);
		return err_set(err, ERR_INVALID, "There is no word to look for.");
	}
	done = db_list(db, arena, query->ranked ? sql_best : sql_newest,
	    DB_VALUES(DB_TEXT(buf_span(&match)), DB_INT(place(query)), DB_INT(query->forum),
		DB_INT(query->since), DB_INT(query->until), DB_INT((int64_t)room)),
	    &hit_fields, hits, count, err);
	buf_free(&match);
	return done;
}

const char *const search_statements[] = { sql_add, sql_remove, sql_newest, sql_best, NULL };
