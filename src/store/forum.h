/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/forum.h: the forums. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct db;

/* Words are those of the schema. */
struct forum {
	int64_t id;
	const char *slug;
	const char *name;
	const char *description;
	const char *theme;
	const char *who_writes;
	const char *appears;
	const char *who_reads;
	const char *strangers;
	const char *reply_to;
	bool emergency;
	int64_t position;
	int64_t created;
};

/* All but id. CONFLICT: the slug is taken, or a word is none of the schema's. */
bool
forum_add(struct db *db, const struct forum *forum, int64_t *id, struct err *err);

/* All columns but created, of the row forum->id. */
bool
forum_set(struct db *db, const struct forum *forum, struct err *err);

bool
forum_find(struct db *db, struct arena *arena, int64_t id, struct forum *forum, struct err *err);

bool
forum_find_slug(
    struct db *db, struct arena *arena, struct span slug, struct forum *forum, struct err *err);

/* All of them, by theme, position, name; at most 1 000. */
bool
forum_list(
    struct db *db, struct arena *arena, struct forum **forums, size_t *count, struct err *err);

struct forum_total {
	int64_t forum;
	int64_t threads, posts; /* published */
	int64_t last;		/* date of the latest post */
};

/* Of every forum that has posts, in one statement. */
bool
forum_totals(struct db *db, struct arena *arena, struct forum_total **totals, size_t *count,
    struct err *err);
/* Of one; zeros where it has none. */
bool
forum_total(struct db *db, int64_t forum, struct forum_total *total, struct err *err);
