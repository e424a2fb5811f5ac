/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "store/search.h"

#include "store/db.h"
#include "store/statements.h"

enum { WORDS_MAX = 16, WORD_MAX = 64 };

static const char sql_add[] =
    "INSERT INTO search (rowid, subject, text, author) VALUES ($1, $2, $3, $4)";
static const char sql_remove[] =
    "INSERT INTO search (search, rowid, subject, text, author) VALUES ('delete', $1, $2, $3, $4)";
static const char sql_list[] = "SELECT rowid FROM search"
			       " WHERE search MATCH $1 AND rowid < $2"
			       " ORDER BY rowid DESC"
			       " LIMIT $3";

struct hit {
	int64_t post;
};

static const struct db_field hit_columns[] = { DB_FIELD(INT, struct hit, post) };
static const struct db_fields hit_fields = DB_FIELDS(struct hit, hit_columns);

static bool
change(struct db *db, const char *sql, const struct search_entry *entry, struct err *err)
{
	return db_do(db, sql,
	    DB_VALUES(DB_INT(entry->post), DB_TEXT(entry->subject), DB_TEXT(entry->text),
		DB_TEXT(entry->author)),
	    NULL, err);
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

/* Between double quotes nothing is an operator for FTS5; a quote inside is doubled, NUL
 * would end its reading. */
static void
quote_word(struct buf *out, struct span word)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < word.len; i++) {
		if (word.data[i] == '\0')
			continue;
		if (word.data[i] == '"')
			buf_add_char(out, '"');
		buf_add_char(out, word.data[i]);
	}
	buf_add_text(out, "\" ");
}

static struct span
next_word(struct span *rest)
{
	struct span word;
	size_t len = 0;

	while (rest->len > 0 && ascii_is_space(rest->data[0]))
		*rest = span_from(*rest, 1);
	while (len < rest->len && !ascii_is_space(rest->data[len]))
		len++;
	word = span_first(*rest, len);
	*rest = span_from(*rest, len);
	return word;
}

bool
search_list(struct db *db, struct arena *arena, struct span words, int64_t before, size_t room,
    int64_t **posts, size_t *count, struct err *err)
{
	struct buf match = { 0 };
	struct span rest = words;
	struct hit *hits = NULL;
	size_t used = 0;
	bool done;

	for (struct span word = next_word(&rest); word.len > 0 && used < WORDS_MAX;
	     word = next_word(&rest)) {
		quote_word(&match, span_first(word, WORD_MAX));
		used++;
	}
	done = used > 0 || err_set(err, ERR_INVALID, "There is no word to look for.");
	if (done)
		done = db_list(db, arena, sql_list,
		    DB_VALUES(DB_TEXT(buf_span(&match)), DB_INT(before == 0 ? INT64_MAX : before),
			DB_INT((int64_t)room)),
		    &hit_fields, &hits, count, err);
	buf_free(&match);
	*posts = hits == NULL ? NULL : &hits->post; /* a hit is its number and nothing else */
	return done;
}

const char *const search_statements[] = { sql_add, sql_remove, sql_list, NULL };
