/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/raw.h: octets as they came: a mail or an upload.
 *
 * Up to RAW_INLINE_MAX they lie in the row. Bigger ones are a file, FOLDER/blobs/HASH (64
 * hex digits of their SHA-256), which is on the disk, folder and all, before the row is
 * there; a file whose row was rolled back is reused or does no harm. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/token.h"

struct db;

enum {
	RAW_INLINE_MAX = 64 * 1024,
	RAW_NAME_ROOM = 6 + SHA256_SIZE * 2 + 1 /* "blobs/", 64 hex digits, NUL */
};

struct raw {
	int64_t id;
	struct span hash; /* SHA-256, 32 octets */
	int64_t size;	  /* octets */
	bool is_file;
	struct span octets; /* where it is no file */
};

/* Makes FOLDER/blobs and blobs/tmp where missing: once, by the clerk. */
bool
raw_make_folders(struct db *db, struct err *err);

/* Inline or as a file, by size. */
bool
raw_add(struct db *db, struct span octets, int64_t *id, struct err *err);

/* `size` octets of a descriptor from offset 0, copied and hashed in slices. INVALID where
 * it holds fewer or more, TEMPORARY where it cannot be read. The descriptor stays the caller's. */
bool
raw_add_fd(struct db *db, int fd, int64_t size, int64_t *id, struct err *err);

/* Octets are read against their hash, here and below: BROKEN where they are not what came. Those
 * in a file are looked at by raw_open and raw_read. */
bool
raw_find(struct db *db, struct arena *arena, int64_t id, struct raw *raw, struct err *err);

/* The file of a raw that is one, open for reading; the caller closes it. BROKEN: it is
 * not there, or not what came. */
bool
raw_open(struct db *db, const struct raw *raw, int *fd, struct err *err);

/* Octets of an extent, from row or file; all of it is read, so that none is given that was not
 * seen to be what came. BROKEN also where it goes beyond the end. */
bool
raw_read(struct db *db, struct arena *arena, int64_t id, int64_t offset, int64_t length,
    struct span *octets, struct err *err);

/* Where the file of that hash lies, within the data folder: "blobs/HASH". */
void
raw_name(struct span hash, char name[RAW_NAME_ROOM]);

/* Says the hash of each file that the book names to `take`, until that answers false. Reads the
 * whole table: for a process of its own. */
bool
raw_each_file(struct db *db, bool (*take)(void *context, struct span hash, struct err *err),
    void *context, struct err *err);

/* Looks at `room` raws that lie in their row beyond one: *last is the last of them, 0 where there
 * are no more. BROKEN names the first that is damaged. */
bool
raw_check_some(struct db *db, int64_t after, size_t room, int64_t *last, struct err *err);

/* The first file that the book names beyond that one ("" at the start), looked at: *there is false
 * at the end. BROKEN where it is not there or not what came; `hash` is filled all the same. */
bool
raw_check_file(struct db *db, uint8_t hash[SHA256_SIZE], bool *there, int64_t *size,
    struct err *err);

/* Deletes the row, unless a post, an attachment or a mail names it. Its file stays for a day
 * (raw_sweep): a backup that has seen the row still finds it. */
bool
raw_forget(struct db *db, int64_t id, struct err *err);

/* Deletes files of blobs/ that no row names and that nothing touched for a day. For the writer,
 * between transactions, hourly: of each sixteen hours each looks at a sixteenth of them. */
void
raw_sweep(struct db *db, int64_t now);

/* Deletes what was left in blobs/tmp and in the folders of spool/ over an hour ago; looks
 * at no more than 10 000 files. */
void
raw_clean(const char *folder, int64_t now);
