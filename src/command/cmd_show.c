/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* command/cmd_show.c: preau show: the tables of the program, printed. */
#include <stdio.h>
#include <string.h>

#include "command/command.h"
#include "process/role.h"
#include "rules/act.h"
#include "text/theme.h"

static const char *
type_name(enum field_type type)
{
	static const char *const names[] = { "line", "text", "number", "slug", "address", "word",
		"octets", "flag" };

	return (size_t)type < sizeof names / sizeof names[0] ? names[type] : "?";
}

static int
show_acts(struct command *command)
{
	(void)command;
	for (const struct act_kind *kind = act_kinds; kind->name != NULL; kind++) {
		printf("%s\n", kind->name);
		for (const struct act_field *field = kind->fields; field->name != NULL; field++)
			printf("    %-14s %-8s%s %s\n", field->name, type_name(field->type),
			    (field->flags & FIELD_REQUIRED) != 0 ? " required" : "",
			    field->words != NULL ? field->words : "");
	}
	return 0;
}

static int
show_roles(struct command *command)
{
	(void)command;
	for (const struct role *role = roles; role->name != NULL; role++)
		printf("%-8s %s\n", role->name, role->text);
	return 0;
}

static int
show_settings(struct command *command)
{
	struct buf out = { 0 };

	if (!command_settings(command))
		return EXIT_SETTINGS;
	settings_print(&command->settings, &out);
	fwrite(buf_text(&out), 1, out.len, stdout);
	buf_free(&out);
	return 0;
}

static int
show_asked(struct command *command, const char *ask)
{
	char name[32];
	char *words[] = { name, NULL };

	snprintf(name, sizeof name, "%s", ask);
	command->words = words;
	command->count = 1;
	return cmd_ask(command);
}

int
cmd_show(struct command *command)
{
	const char *what = command->words[0];

	if (strcmp(what, "acts") == 0)
		return show_acts(command);
	if (strcmp(what, "roles") == 0)
		return show_roles(command);
	if (strcmp(what, "settings") == 0)
		return show_settings(command);
	if (strcmp(what, "inbox") == 0)
		return show_asked(command, "inbox.list");
	if (strcmp(what, "outbox") == 0)
		return show_asked(command, "outbox.list");
	fprintf(stderr, "preau: show knows acts, inbox, outbox, roles, settings\n");
	return EXIT_MISUSED;
}
