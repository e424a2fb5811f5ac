/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/sound.h: is what lies in a data folder sound? Reads every octet of it, changes nothing.
 *
 * Faults are counted and told, each a line that says what is wrong with what ("thread 12: counts
 * other posts than it has"); `false` means that the reading itself failed. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct db;

enum { SOUND_LINES_MAX = 50 };

struct sound {
	int64_t faults;
	struct buf lines;  /* the first SOUND_LINES_MAX of them */
	int64_t entries;   /* of the journal */
	int64_t messages;  /* raw ones within the book */
	int64_t blobs;	   /* files that the book names */
	int64_t nameless;  /* files in blobs/ that it does not name: a disk's worth, no fault */
};

/* SQLite's own check, keys, the search index, the journal's chain, each raw message by its
 * hash, and what must agree between tables. (The inside of the search index only with a
 * writer: SQLite takes its check for a change.) */
bool
sound_book(struct db *db, struct sound *sound, struct err *err);

/* FOLDER/blobs/HASH holds what its name says; else BROKEN. */
bool
sound_blob(const char *folder, struct span hash, struct err *err);

/* Book, blobs and keys of a folder, a backup's or one that is served meanwhile. NOT_FOUND:
 * there is no book. CONFLICT: it is of another version than this program works with. */
bool
sound_folder(const char *folder, struct sound *sound, struct err *err);

/* BROKEN with the first fault, where there is one. */
bool
sound_verdict(const struct sound *sound, struct err *err);

void
sound_free(struct sound *sound);
