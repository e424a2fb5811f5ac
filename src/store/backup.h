/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/backup.h: a copy of the whole data folder, made beside a clerk that goes on; and the way back.
 *
 * The book is copied by VACUUM INTO from one snapshot, by a process of its own that can only
 * read: the clerk waits for nothing. Blobs never change once they are there, and are there
 * before the row that names them: they are linked after the book was copied, or copied where
 * the backup lies on another file system. The copy is opened and checked before it gets its
 * name (store/folder_copy.h). */
#pragma once

#include "store/folder_copy.h"

/* `data`: the data folder, with a clerk at work on it. CONFLICT: `target` is there and is not
 * an empty folder. TEMPORARY: no room, or the disk failed. BROKEN: what was copied is not
 * sound. Nothing is left at `target` on false. */
bool
backup_make(const char *data, const char *target, struct folder_counts *counts, struct err *err);

/* Who has the data folder afterwards; as they are for whoever does it where not `set`. */
struct restore_owner {
	bool set;
	uid_t user;
	gid_t group;
};

/* The other way round: `data` is made from a backup, or from a data folder that nobody serves
 * (its WAL is read). The backup stays as it is: nothing is linked. An old book is brought up to
 * date. NOT_FOUND: there is no book in `folder`. CONFLICT: `data` is there and not empty, or
 * the book is newer than this program. TEMPORARY, BROKEN, false: as above. */
bool
restore_make(const char *folder, const char *data, const struct restore_owner *owner,
    struct folder_counts *counts, struct err *err);
