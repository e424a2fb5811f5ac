/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/sandbox.h: the walls of a process that touches what strangers send.
 *
 * From sandbox_close() on the process computes and talks on the descriptors it has;
 * it opens no file, no socket, starts nothing, maps nothing executable. What it must
 * never do kills it; opening a file only fails, since libraries try that in good
 * faith. Under AddressSanitizer, which lives on such calls, the walls stay down. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* Of every role, from its first line on: no other program, no signal to other processes, no
 * look into them, no port taken, and no way out but for those who must (may_connect). Nobody but
 * the owner of the book changes, by its name, whose a file is and who may open it (is_owner); of a
 * file that it made and has open, a role may set the mode (file_write() does). What is asked for all
 * the same fails. no_new_privs is set already. */
bool
sandbox_confine(bool may_connect, bool is_owner, struct err *err);

struct sandbox_path {
	const char *path; /* a file, or a folder with all that is in it */
	bool may_write;	  /* else it may be read */
};

/* Of every role, once it knows its settings: only these are there for it, no port can be taken,
 * and none called but by those who must. Whatever is open stays open. *kept is false where the
 * kernel has no Landlock: then the users of the roles are all that stands between them. */
bool
sandbox_paths(const struct sandbox_path *paths, size_t count, bool may_connect, bool *kept,
    struct err *err);

/* The version of Landlock here; 0: none. */
int
sandbox_paths_version(void);

/* Of who may call others: no socket of this machine's file system. The console's is one, and
 * trusts whoever has the same user. */
bool
sandbox_no_unix(struct err *err);

/* Bounds the address space (octets) and the number of processes, then filters system
 * calls for good. BROKEN where the kernel refuses: the role must not start then. */
bool
sandbox_close(size_t memory, struct err *err);

/* The process is killed (SIGPROF) unless sandbox_deadline(0) is called before it has
 * used that many milliseconds of CPU. */
void
sandbox_deadline(long cpu_ms);
