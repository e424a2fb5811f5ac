/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/backup.h: a copy of the whole data folder, made beside a clerk that goes on.
 *
 * The book is copied by VACUUM INTO from one snapshot, by a process of its own that can only
 * read: the clerk waits for nothing. Blobs never change once they are there, and are there
 * before the row that names them: they are linked after the book was copied, or copied where
 * the backup lies on another file system.
 *
 * All is made under another name (FOLDER.XXXXXXXX.partial), opened, checked and brought to the
 * disk; only then it is given its own. What was cut off never has the name of a backup. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct backup {
	int64_t blobs;	/* files */
	int64_t octets; /* of the copied book */
};

/* `data`: the data folder, with a clerk at work on it. CONFLICT: `target` is there and is not
 * an empty folder. TEMPORARY: no room, or the disk failed. BROKEN: what was copied is not
 * sound. Nothing is left at `target` on false. */
bool
backup_make(const char *data, const char *target, struct backup *backup, struct err *err);
