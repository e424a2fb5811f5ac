/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* command/command.h: what can be said on the command line: a row a verb.
 *
 * A verb answers its exit status: 0 done; 1 refused or not found; 64 misused (as
 * sysexits.h); 75 try again; 78 the settings are wrong. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "rules/settings.h"

enum { EXIT_REFUSED = 1, EXIT_MISUSED = 64 };

/* What was said before and behind the verb. */
struct command {
	struct arena *arena;
	const char *file;      /* settings file: --config */
	int64_t as;            /* --as */
	const char *key;       /* --key, or NULL */
	const char *dns;       /* --dns, or NULL */
	const char *selector;  /* --dkim, or NULL */
	bool console_only;     /* --console-only */
	int ready_fd;          /* --ready-fd, or -1 */
	int count;             /* words behind the options */
	char **words;
	struct settings settings; /* after command_settings() */
};

struct verb {
	const char *name;
	const char *usage; /* words behind it */
	const char *text;
	int least, most;   /* words it takes */
	int (*run)(struct command *);
};

extern const struct verb verbs[]; /* ends with a NULL name */

int
command_main(int argc, char **argv);

/* Reads the settings file into command->settings; prints what is wrong. */
bool
command_settings(struct command *command);

/* Prints "preau: sentence" on stderr; answers the exit status for the kind. */
int
command_fail(const struct err *err);

int
cmd_serve(struct command *command);
int
cmd_work(struct command *command);
int
cmd_act(struct command *command);
int
cmd_ask(struct command *command);
int
cmd_import(struct command *command);
int
cmd_issue(struct command *command);
int
cmd_backup(struct command *command);
int
cmd_restore(struct command *command);
int
cmd_check(struct command *command);
int
cmd_replay(struct command *command);
int
cmd_doctor(struct command *command);
int
cmd_show(struct command *command);
