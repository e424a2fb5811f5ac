/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "rules/indexing.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "rules/clerk.h"
#include "store/search.h"

enum { OCTETS_MOST = 8 * 1024 * 1024 }; /* of texts that wait; more is written at once */

/* Forgets what waits and closes. */
static void
drop(struct clerk *clerk)
{
	struct indexing *indexing = &clerk->indexing;

	indexing->count = 0;
	indexing->open = false;
	if (indexing->arena != NULL)
		arena_reset(indexing->arena);
}

void
indexing_open(struct clerk *clerk)
{
	struct indexing *indexing = &clerk->indexing;

	drop(clerk);
	if (indexing->arena == NULL)
		indexing->arena = arena_new();
	indexing->open = true;
}

void
indexing_free(struct clerk *clerk)
{
	struct indexing *indexing = &clerk->indexing;

	arena_free(&indexing->arena);
	free(indexing->entries);
	*indexing = (struct indexing){ 0 };
}

bool
indexing_add(struct clerk *clerk, const struct search_entry *entry, struct err *err)
{
	struct indexing *indexing = &clerk->indexing;
	struct search_entry *copy;

	if (!indexing->open || arena_used(indexing->arena) > OCTETS_MOST)
		return search_add(clerk->db, entry, err);
	if (indexing->count == indexing->room) {
		indexing->room = indexing->room ? indexing->room * 2 : 64;
		indexing->entries =
		    x_realloc(indexing->entries, indexing->room, sizeof(*indexing->entries));
	}
	copy = &indexing->entries[indexing->count++];
	copy->post = entry->post;
	copy->date = entry->date;
	copy->subject = arena_span(indexing->arena, entry->subject);
	copy->text = arena_span(indexing->arena, entry->text);
	copy->author = arena_span(indexing->arena, entry->author);
	return true;
}

/* What waits for the end of the turn is not in the index yet, and an entry that was taken off the
 * list would be missing where this act is undone: it is asked for again a moment later. */
bool
indexing_remove(struct clerk *clerk, const struct search_entry *entry, struct err *err)
{
	struct indexing *indexing = &clerk->indexing;

	for (size_t i = 0; i < indexing->count; i++)
		if (indexing->entries[i].post == entry->post)
			return err_set(err, ERR_TEMPORARY, "this message is just being published");
	return search_remove(clerk->db, entry, err);
}

size_t
indexing_count(const struct clerk *clerk)
{
	return clerk->indexing.count;
}

void
indexing_cut(struct clerk *clerk, size_t count)
{
	if (count < clerk->indexing.count)
		clerk->indexing.count = count;
}

static int
by_key(const void *a, const void *b)
{
	const struct search_entry *x = a, *y = b;
	int64_t first = search_key(x->date, x->post), second = search_key(y->date, y->post);

	return (first > second) - (first < second);
}

/* Ascending: a lower rowid than the one before would make FTS5 write what it has. */
bool
indexing_write(struct clerk *clerk, struct err *err)
{
	struct indexing *indexing = &clerk->indexing;
	bool ok = true;

	if (indexing->count > 1)
		qsort(indexing->entries, indexing->count, sizeof(*indexing->entries), by_key);
	for (size_t i = 0; ok && i < indexing->count; i++)
		ok = search_add(clerk->db, &indexing->entries[i], err);
	drop(clerk);
	return ok;
}
