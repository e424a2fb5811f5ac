/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/handed.h: listening sockets that whoever started us has opened already.
 *
 * The protocol of sd_listen_fds(3): LISTEN_PID is us, LISTEN_FDS descriptors begin at 3, and
 * LISTEN_FDNAMES says which is what: http, smtp, lmtp, several of a name if need be. They take the
 * place of the addresses in the settings; a door is open where it has either. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* Before anything else is opened: takes them over, and the words out of the environment. INVALID
 * where one has no such name, or is no listening socket. Nothing where none was handed. */
bool
handed_take(struct err *err);

/* The number-th that was named so ("listen.http"), -1: none. It is the caller's from then on. */
int
handed_fd(const char *name, int number);
