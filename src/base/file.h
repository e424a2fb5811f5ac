/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* base/file.h: whole files, and files that are there after a power cut. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

/* Appends the whole file; INVALID over max octets, NOT_FOUND, BROKEN. */
bool
file_read(const char *path, size_t max, struct buf *out, struct err *err);

/* The same from a descriptor, from offset 0 (pread): not for pipes. */
bool
file_read_fd(int fd, size_t max, struct buf *out, struct err *err);

/* Temporary name in the same folder, fsync, rename, fsync of the folder. */
bool
file_write(const char *path, struct span data, mode_t mode, struct err *err);

/* All octets to a descriptor, EINTR and short writes handled. */
bool
file_write_fd(int fd, struct span data, struct err *err);

bool
file_sync_folder(const char *path, struct err *err);

/* Makes it unless there; INVALID if something else stands there. */
bool
file_make_folder(const char *path, mode_t mode, struct err *err);

/* True if it can be stat'ed. */
bool
file_exists(const char *path);

/* An anonymous file (memfd) holding data, offset 0; -1 never: the process ends. */
int
file_memory(const char *name, struct span data);

void
file_close(int *fd); /* closes where >= 0, sets -1 */
