/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/search.h: the index of words of published posts. It keeps no text of its own:
 * what goes in must be said again, unchanged, to take it out. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct db;

struct search_entry {
	int64_t post;
	struct span subject, text, author;
};

bool
search_add(struct db *db, const struct search_entry *entry, struct err *err);

bool
search_remove(struct db *db, const struct search_entry *entry, struct err *err);

/* Posts that hold all the words (blanks between; no operator means anything; at most 16),
 * newest first, before an id (0: from the newest). The caller asks who may see them.
 * INVALID: no word. */
bool
search_list(struct db *db, struct arena *arena, struct span words, int64_t before, size_t room,
    int64_t **posts, size_t *count, struct err *err);
