/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* command/cmd_replay.c: preau replay inbox|outbox NUMBER: what was set aside is tried again, by
 * the same acts as everywhere (mail.replay, delivery.replay): journaled, and by the one writer. */
#include <stdio.h>
#include <string.h>

#include "command/command.h"

int
cmd_replay(struct command *command)
{
	const char *what = command->words[0];
	bool mail = strcmp(what, "inbox") == 0;
	int64_t number;
	char *words[3];

	if ((!mail && strcmp(what, "outbox") != 0) ||
	    !span_int(span_of(command->words[1]), 1, INT64_MAX, &number)) {
		fprintf(stderr,
		    "preau: replay takes inbox or outbox, and a number of preau show set-aside\n");
		return EXIT_MISUSED;
	}
	words[0] = arena_strdup(command->arena, mail ? "mail.replay" : "delivery.replay");
	words[1] = arena_printf(command->arena, "%s=%s", what, command->words[1]);
	words[2] = NULL;
	command->words = words;
	return cmd_act(command);
}
