/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/journal.h: every act that decides something, append-only and chained.
 *
 * Each row's `chain` is the SHA-256 of the chain before it and of all other columns, each
 * with its length; its words stand in a row that may be erased, of which the chain knows
 * a salted hash: erasing words does not break the chain, changing anything does. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct db;

struct journal {
	int64_t id;
	int64_t date;
	const char *act;
	int64_t actor; /* 0: the administrator at the console, or the house */
	const char *door;
	const char *object;  /* "post 12" */
	int64_t forum;	     /* 0: none */
	const char *outcome; /* done, or the kind of refusal */
	struct span text;    /* empty: none, or erased */
};

/* All but id. */
bool
journal_add(struct db *db, const struct journal *entry, int64_t *id, struct err *err);

/* Newest first, before an id (0: from the newest); of a forum (0: all). */
bool
journal_list(struct db *db, struct arena *arena, int64_t forum, int64_t before, size_t room,
    struct journal **out, size_t *count, struct err *err);

/* Of an object ("post 12"), newest first; the whole table is read: for the console. */
bool
journal_list_object(struct db *db, struct arena *arena, const char *object, size_t room,
    struct journal **out, size_t *count, struct err *err);

/* Number of the newest entry; 0: there is none. */
bool
journal_last(struct db *db, int64_t *id, struct err *err);

/* Words of an entry are forgotten, for ever. */
bool
journal_erase(struct db *db, int64_t id, struct err *err);

/* Reads the whole chain. BROKEN names the first entry that is not as it was written. */
bool
journal_check(struct db *db, int64_t *entries, struct err *err);
