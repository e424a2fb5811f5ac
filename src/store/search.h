/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/search.h: the index of words of published posts. It keeps no text of its own:
 * what goes in must be said again, unchanged, to take it out.
 *
 * Its rows are numbered by the day of a post, then by the post: the index gives them back in
 * that order, forwards or backwards, so that newest first costs no sorting even where an old
 * archive was taken in after newer posts.
 *
 * Words are folded (utf8_fold) on their way in and before they are looked for, so that
 * case, accents and ligatures make no difference: "cœur" is found by "COEUR". */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct db;

enum { SEARCH_WORDS_MAX = 16 }; /* of one question; the others are not looked at */

struct search_entry {
	int64_t post, date;
	struct span subject, text, author;
};

/* The number of a post's row in the index. */
int64_t
search_key(int64_t date, int64_t post);

bool
search_add(struct db *db, const struct search_entry *entry, struct err *err);

bool
search_remove(struct db *db, const struct search_entry *entry, struct err *err);

/* What is looked for. Zeroed but for forums and words or author: newest first. */
struct search_query {
	struct span words;     /* all of them; "a phrase" between quotes; -word: not this one */
	struct span author;    /* words of the author's shown name */
	const int64_t *forums; /* those that may be looked into: nothing else is found */
	size_t forum_count;
	int64_t forum;         /* of these, one alone; 0: any */
	int64_t since, until;  /* dates of posts, from and before; 0: any */
	bool ranked;           /* best first, not newest first */
	int64_t before;        /* newest first: the key of the last one seen; 0: from the start */
	int64_t skip;          /* best first: so many are passed over */
};

struct search_hit {
	int64_t key; /* its place in the index */
	int64_t post, forum, date;
	const char *author, *organisation, *title; /* title: of the thread */
	struct span text; /* own words of the post */
	int64_t text_sum; /* of them; 0: none was kept */
};

/* Published posts that fit. Newest first means by day (UTC), and within a day what came last.
 * INVALID: there is no word to look for. TEMPORARY: it takes too long. BROKEN: one is damaged. */
bool
search_find(struct db *db, struct arena *arena, const struct search_query *query, size_t room,
    struct search_hit **hits, size_t *count, struct err *err);

/* Fills an empty index with all published posts: a step of a migration, inside its transaction. */
bool
search_fill(struct db *db, struct err *err);

/* The words that a question looks for, folded, without elisions and quotes: what to mark in
 * what was found. At most SEARCH_WORDS_MAX. */
size_t
search_words(struct arena *arena, struct span question, struct span words[SEARCH_WORDS_MAX]);
