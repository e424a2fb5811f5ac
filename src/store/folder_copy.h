/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/folder_copy.h: a data folder copied to another place: what a backup and its way back share.
 *
 * All is made under another name (TARGET.XXXXXXXX.partial), checked and brought to the disk;
 * only then it is given its own. What was cut off never has the name of a whole one. */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct db;

struct folder_counts {
	int64_t blobs;	/* files */
	int64_t octets; /* of the copied book */
};

struct folder_copy {
	const char *from;
	char target[PATH_MAX];
	char part[PATH_MAX]; /* its name while it is not whole */
	struct folder_counts *counts;
};

/* Makes the folder without its name. CONFLICT: `target` is there and is not an empty folder.
 * TEMPORARY: no room, said before an hour of copying, or the disk failed. */
bool
folder_copy_begin(struct folder_copy *copy, const char *from, const char *target,
    struct folder_counts *counts, struct err *err);

/* 0600, as they were. */
bool
folder_copy_keys(const struct folder_copy *copy, struct err *err);

/* Checks the copied book (store/sound.h), then brings each blob that it names, checked by its
 * hash, and closes it. BROKEN: the first fault. by_link: a hard link where the file system can. */
bool
folder_copy_blobs(const struct folder_copy *copy, struct db **book, bool by_link, struct err *err);

/* Gives it its name where all was good; else, or where that fails, removes it: false. */
bool
folder_copy_end(const struct folder_copy *copy, bool good, struct err *err);

/* ---- single steps ---- */

/* Octets, fsynced; `to` must not be there. */
bool
folder_copy_file(const char *from, const char *to, mode_t mode, struct err *err);

bool
folder_path(char out[PATH_MAX], const char *folder, const char *name, struct err *err);

/* TEMPORARY: the path and what errno says. False. */
bool
folder_trouble(const char *path, struct err *err);
