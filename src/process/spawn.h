/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/spawn.h: one child: fork, descriptors in their places, users, exec. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "process/house.h"
#include "process/role.h"

enum {
	SPAWN_FIRST_FD = 3,
	SPAWN_FDS_MAX = 48,
	SPAWN_FAILED = 71 /* exit status of a child that could not become its role (EX_OSERR) */
};

/* Starts `preau work ROLE` with fds[i] as descriptor 3 + i and nothing else open but
 * 0-2. As root the child has its role's uid and groups and no capability. */
bool
spawn(const struct house *house, const struct role *role, const int *fds, int count, pid_t *pid,
    struct err *err);
