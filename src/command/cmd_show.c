/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* command/cmd_show.c: preau show: the tables of the program, what waits, and the life of a post or a person. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command/command.h"
#include "command/life.h"
#include "mail/mail_token.h"
#include "process/role.h"
#include "rules/act.h"
#include "rules/limit.h"
#include "text/theme.h"
#include "web/route.h"

static const char *
type_name(enum field_type type)
{
	static const char *const names[] = {
		[FIELD_LINE] = "line",
		[FIELD_TEXT] = "text",
		[FIELD_INT] = "number",
		[FIELD_SLUG] = "slug",
		[FIELD_ADDRESS] = "address",
		[FIELD_WORD] = "word",
		[FIELD_OCTETS] = "octets",
		[FIELD_FLAG] = "flag",
	};

	return names[type];
}

static void
show_fields(const char *name, const struct act_field *field)
{
	printf("%s\n", name);
	for (; field->name != NULL; field++)
		printf("    %-14s %-8s%s %s\n", field->name, type_name(field->type),
		    (field->flags & FIELD_REQUIRED) != 0 ? " required" : "",
		    field->words != NULL ? field->words : "");
}

static int
show_acts(struct command *command)
{
	(void)command;
	for (const struct act_kind *kind = act_kinds; kind->name != NULL; kind++)
		show_fields(kind->name, kind->fields);
	return 0;
}

static int
show_asks(struct command *command)
{
	(void)command;
	for (const struct ask_kind *kind = ask_kinds; kind->name != NULL; kind++)
		show_fields(kind->name, kind->fields);
	return 0;
}

/* What a local part at our domain may mean: its kinds, and the words behind a forum's name. */
static int
show_addresses(struct command *command)
{
	(void)command;
	for (int kind = 0; kind < MAIL_TO_KINDS; kind++)
		printf("%s\n", mail_recipient_kind_name((enum mail_recipient_kind)kind));
	for (int word = MAIL_WORD_NONE + 1; word < MAIL_WORDS; word++)
		printf("word %s\n", mail_word_name((enum mail_word)word));
	return 0;
}

static int
show_routes(struct command *command)
{
	(void)command;
	for (const struct route *route = routes; route->pattern != NULL; route++)
		printf("%s %s\n", route->method == HTTP_POST ? "POST" : "GET", route->pattern);
	return 0;
}

/* So many, in so many seconds, of whom; a setting that says 0 takes the limit away. */
static int
show_limits(struct command *command)
{
	struct limit_row row;

	if (!command_settings(command))
		return EXIT_SETTINGS;
	for (size_t at = 0; limit_row(&command->settings, at, &row); at++)
		printf("%-20s %5" PRId64 " %9" PRId64 " %s\n", row.window, row.most, row.seconds, row.by);
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
	(void)fwrite(buf_text(&out), 1, out.len, stdout);
	buf_free(&out);
	return 0;
}

/* By the clerk, since it may be asked in pages while it works; of a state, where one is said. */
static int
show_asked(struct command *command, const char *ask, const char *state)
{
	struct command asked = *command;
	char *words[] = { arena_strdup(command->arena, ask), NULL, NULL };

	if (state != NULL)
		words[1] = arena_printf(command->arena, "state=%s", state);
	asked.words = words;
	asked.count = state != NULL ? 2 : 1;
	return cmd_ask(&asked);
}

static const char *
second_word(const struct command *command)
{
	return command->count > 1 ? command->words[1] : NULL;
}

static int
show_inbox(struct command *command)
{
	return show_asked(command, "inbox.list", second_word(command));
}

static int
show_outbox(struct command *command)
{
	return show_asked(command, "outbox.list", second_word(command));
}

/* Mails that could not be read, and mails that the relay died of: preau replay. */
static int
show_set_aside(struct command *command)
{
	int status = show_asked(command, "inbox.list", "aside");

	return status != 0 ? status : show_asked(command, "outbox.list", "aside");
}

static const struct list {
	const char *name;
	const char *usage; /* of the one word behind it, NULL: there is none */
	int (*show)(struct command *);
} lists[] = {
	{ "acts", NULL, show_acts },
	{ "addresses", NULL, show_addresses },
	{ "asks", NULL, show_asks },
	{ "inbox", "[STATE]", show_inbox },
	{ "limits", NULL, show_limits },
	{ "outbox", "[STATE]", show_outbox },
	{ "person", "NUMBER|ADDRESS", life_person },
	{ "post", "NUMBER", life_post },
	{ "roles", NULL, show_roles },
	{ "routes", NULL, show_routes },
	{ "set-aside", NULL, show_set_aside },
	{ "settings", NULL, show_settings },
};

enum { LISTS = sizeof lists / sizeof lists[0] };

int
cmd_show(struct command *command)
{
	for (size_t i = 0; i < LISTS && command->count > 0; i++)
		if (strcmp(command->words[0], lists[i].name) == 0 &&
		    command->count <= (lists[i].usage != NULL ? 2 : 1))
			return lists[i].show(command);
	fprintf(stderr, "preau: show knows");
	for (size_t i = 0; i < LISTS; i++)
		fprintf(stderr, "%s %s%s%s", i > 0 ? "," : "", lists[i].name,
		    lists[i].usage != NULL ? " " : "", lists[i].usage != NULL ? lists[i].usage : "");
	fprintf(stderr, "\n");
	return EXIT_MISUSED;
}
