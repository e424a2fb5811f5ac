/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/thread.h: the threads. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct db;

struct thread {
	int64_t id;
	int64_t forum;
	const char *kind; /* discussion */
	const char *title;
	const char *state; /* open, closed, merged */
	int64_t merged;	   /* where its posts went; 0 */
	bool pinned;
	int64_t posts; /* published ones */
	int64_t first; /* post that opens it; 0: none yet */
	int64_t last;  /* date of the latest published post */
	int64_t created;
	/* for lists: */
	const char *forum_slug;
	const char *forum_name;
	const char *starter;	 /* author shown of the first post, "" */
	const char *last_author; /* of the latest post, "" */
};

bool
thread_add(
    struct db *db, int64_t forum, struct span title, int64_t now, int64_t *id, struct err *err);

/* With the fields for lists. Merged ones too. */
bool
thread_find(struct db *db, struct arena *arena, int64_t id, struct thread *thread, struct err *err);

/* Without the fields for lists (they are ""): cheaper. */
bool
thread_find_head(
    struct db *db, struct arena *arena, int64_t id, struct thread *thread, struct err *err);

/* The pinned ones of a forum, latest first; at most 100. Neither merged nor empty. */
bool
thread_list_pinned(struct db *db, struct arena *arena, int64_t forum, struct thread **threads,
    size_t *count, struct err *err);

/* Those not pinned, latest first, beyond the key (0, 0: from the start). */
bool
thread_list(struct db *db, struct arena *arena, int64_t forum, int64_t before_last,
    int64_t before_id, size_t room, struct thread **threads, size_t *count, struct err *err);

/* Of all forums, latest first, beyond the key (0, 0: from the start). The caller drops
 * those of forums that may not be seen, and asks again. */
bool
thread_list_latest(struct db *db, struct arena *arena, int64_t before_last, int64_t before_id,
    size_t room, struct thread **threads, size_t *count, struct err *err);

/* Those with ids after one and up to another, of all forums; only id, forum, title and last. */
bool
thread_list_span(struct db *db, struct arena *arena, int64_t after, int64_t until,
    struct thread **threads, size_t *count, struct err *err);

/* 0: there is none. */
bool
thread_newest_id(struct db *db, int64_t *id, struct err *err);

/* A post of it was just published: posts + 1, latest date, and which post is first. */
bool
thread_posted(struct db *db, int64_t id, int64_t date, struct err *err);

/* The same from scratch, after posts came, went or moved. */
bool
thread_recount(struct db *db, int64_t id, struct err *err);

bool
thread_set_title(struct db *db, int64_t id, struct span title, struct err *err);

/* open, closed */
bool
thread_set_state(struct db *db, int64_t id, const char *state, struct err *err);

bool
thread_set_pinned(struct db *db, int64_t id, bool pinned, struct err *err);

/* Is there a post in it that answers nothing? */
bool
thread_is_opened(struct db *db, int64_t id, bool *is, struct err *err);

/* Posts, references, follows and former merges of `from` go to `into`, which is counted
 * anew; `from` becomes merged. */
bool
thread_merge(struct db *db, int64_t from, int64_t into, struct err *err);
