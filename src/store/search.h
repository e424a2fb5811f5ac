/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/search.h: the index of words of published posts. It keeps no text of its own:
 * what goes in must be said again, unchanged, to take it out.
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
	int64_t post;
	struct span subject, text, author;
};

bool
search_add(struct db *db, const struct search_entry *entry, struct err *err);

bool
search_remove(struct db *db, const struct search_entry *entry, struct err *err);

/* What is looked for. Zeroed but for words or author: everywhere, newest first. */
struct search_query {
	struct span words;     /* all of them; "a phrase" between quotes; -word: not this one */
	struct span author;    /* words of the author's shown name */
	int64_t forum;         /* 0: any */
	int64_t since, until;  /* dates of posts, from and before; 0: any */
	bool ranked;           /* best first, not newest first */
	int64_t before;        /* newest first: a post that came before this one; 0: any */
	int64_t skip;          /* best first: so many are passed over */
};

struct search_hit {
	int64_t post, thread, forum, date;
	const char *author, *organisation, *subject, *title; /* title: of the thread */
	struct span text; /* own words of the post */
};

/* Published posts that fit; the newest is what came last. The caller asks who may see them.
 * INVALID: there is no word to look for. TEMPORARY: it takes too long. */
bool
search_find(struct db *db, struct arena *arena, const struct search_query *query, size_t room,
    struct search_hit **hits, size_t *count, struct err *err);

/* The words that a question looks for, folded, without elisions and quotes: what to mark in
 * what was found. At most SEARCH_WORDS_MAX. */
size_t
search_words(struct arena *arena, struct span question, struct span words[SEARCH_WORDS_MAX]);
