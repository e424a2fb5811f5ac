/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/role.h: the table of roles: a process is a row here and a file role_NAME.c. */
#pragma once

#include <stdbool.h>

#include "process/worker.h"

enum role_flags {
	ROLE_OWNER = 1,   /* runs as the owner of the book; else as the doors' uid */
	ROLE_READS = 2,   /* reads the book: has the group preau-read; waits for the clerk */
	ROLE_DOOR = 4,    /* not started for the console alone; told when the clerk is replaced */
	ROLE_SPOOLS = 8,  /* gets a folder for big bodies */
	ROLE_CALLS = 16   /* connects to others */
};

struct role {
	const char *name;
	unsigned flags;
	int count;              /* 0: settings.web_workers */
	const char *keys;       /* secrets handed to it, blank-separated */
	const char *listens;    /* descriptors handed to it, blank-separated */
	const struct role_ops *ops;
	const char *text;       /* what it does */
};

extern const struct role roles[]; /* in the order of starting; ends with a NULL name */

const struct role *
role_find(const char *name);

/* How many of it, by the settings. */
int
role_count(const struct role *role, const struct settings *settings);

extern const struct role_ops role_clerk_ops, role_parser_ops, role_auth_ops, role_web_ops,
    role_intake_ops, role_relay_ops, role_checker_ops;
