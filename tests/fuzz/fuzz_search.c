/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Whatever somebody types into the search field, or writes in a post, is words: FTS5 never
 * reads it as its own language, and what went into the index comes out of it again. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "store/db.h"
#include "store/migrate.h"
#include "store/search.h"
#include "fuzz.h"

static char folder[] = "/tmp/preau-fuzz-XXXXXX";
static struct db *db;

static void
on_exit_remove(void)
{
	static const char *const names[] = { "preau.db", "preau.db-wal", "preau.db-shm",
		"blobs/tmp", "blobs", "" };
	char path[100];

	db_close(&db);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		(void)remove(path);
	}
}

static void
must_be_done(bool done, const struct err *err)
{
	if (done)
		return;
	fprintf(stderr, "%s\n", err->text);
	abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct search_entry entry = { 7, 86400, SPAN("Réunion"), span_make(data, size),
		SPAN("Marie") };
	struct arena *arena;
	struct err err = { 0 };
	struct search_query query = { .words = { (const char *)data, size },
		.author = { (const char *)data, size },
		.forums = &(int64_t){ 1 },
		.forum_count = 1 };
	struct search_hit *hits;
	size_t count;

	if (db == NULL) {
		if (mkdtemp(folder) == NULL)
			abort();
		must_be_done(migrate_open(folder, &db, &err), &err);
		atexit(on_exit_remove);
	}
	arena = arena_new();
	must_be_done(db_begin(db, &err), &err);
	must_be_done(search_add(db, &entry, &err), &err);
	for (int ranked = 0; ranked < 2; ranked++) {
		query.ranked = ranked != 0;
		if (!search_find(db, arena, &query, 10, &hits, &count, &err) &&
		    err.kind != ERR_INVALID)
			abort();
	}
	must_be_done(search_remove(db, &entry, &err), &err);
	query = (struct search_query){ .words = SPAN("marie") };
	must_be_done(search_find(db, arena, &query, 10, &hits, &count, &err) && count == 0, &err);
	db_rollback(db);
	db_check_idle(db);
	arena_free(&arena);
	return 0;
}
