/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/indexing.h: the index of words is written once a turn, not once a post.
 *
 * FTS5 puts what it gathered on the page whenever a savepoint begins: a post at a time
 * costs it more than all other rows of the post together. So the entries of a turn wait
 * in memory and are written, in order, as the last thing of the same transaction. An act
 * that is undone takes its entries back; without an open turn they are written at once. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct clerk;
struct search_entry;

struct indexing {
	bool open;           /* between act_begin() and act_commit() */
	struct arena *arena; /* of the texts */
	struct search_entry *entries;
	size_t count, room;
};

/* Copies the entry. */
bool
indexing_add(struct clerk *clerk, const struct search_entry *entry, struct err *err);

/* Takes out what was added before. TEMPORARY where that was in this very turn. */
bool
indexing_remove(struct clerk *clerk, const struct search_entry *entry, struct err *err);

/* How many wait; and back to so many, where an act was undone. */
size_t
indexing_count(const struct clerk *clerk);
void
indexing_cut(struct clerk *clerk, size_t count);

void
indexing_open(struct clerk *clerk);

/* Writes what waits and closes. */
bool
indexing_write(struct clerk *clerk, struct err *err);

/* When the clerk ends. */
void
indexing_free(struct clerk *clerk);
