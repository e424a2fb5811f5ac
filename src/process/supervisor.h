/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/supervisor.h: starts every role, starts again what dies, reloads, drains.
 *
 * It parses nothing but its settings. It holds both ends of every channel, so that a
 * message on its way survives the process it was meant for. */
#pragma once

#include <stdbool.h>

struct supervisor_options {
	const char *file;  /* settings */
	bool console_only; /* clerk, parser and auth without doors: for acts with no server */
	int ready_fd;      /* one octet is written here once all is ready; -1: none */
};

/* Returns the exit status when all is drained: 0; where it could not start 78, or 75: the
 * next time it may. */
int
supervisor_run(const struct supervisor_options *options);
