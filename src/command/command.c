/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* command/command.c: the table of verbs and the options they share. */
#include "command/command.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/file.h"
#include "config.h"

enum { ANY = INT_MAX }; /* words; the verb itself counts them */

/* clang-format off */
const struct verb verbs[] = {
	/* name     words                       what it does                                               least, most, run */
	{ "serve",  "",                         "run the server in the foreground until SIGTERM",               0, 0, cmd_serve },
	{ "act",    "NAME [FIELD=VALUE ...]",   "do one act; FIELD=@FILE takes the value from a file",          1, ANY, cmd_act },
	{ "ask",    "NAME [FIELD=VALUE ...]",   "ask the clerk something; changes nothing",                     1, ANY, cmd_ask },
	{ "import", "FORUM FILE.mbox",          "add the messages of an mbox file to a forum, sending nothing", 2, 2, cmd_import },
	{ "issue",  "ROLL COUNT FILE",          "draw identifiers of a roll into a new file, for the printer",   3, 3, cmd_issue },
	{ "show",   "post NUMBER",              "the life of a post: how it came, what was decided, who was sent it", 0, ANY, cmd_show },
	{ "show",   "person NUMBER|ADDRESS",    "who that is, what they receive, wrote and were sent",          0, ANY, cmd_show },
	{ "show",   "inbox|outbox [STATE]",     "mails that came, mails that leave",                            0, ANY, cmd_show },
	{ "show",   "set-aside",                "mails that were set aside, for replay",                        0, ANY, cmd_show },
	{ "show",   "acts|addresses|asks|limits|roles|routes|settings", "tables of the program",                0, ANY, cmd_show },
	{ "replay", "inbox|outbox NUMBER",      "try again what was set aside",                                 2, 2, cmd_replay },
	{ "backup", "FOLDER",                   "copy all data into a new folder and check the copy",           1, 1, cmd_backup },
	{ "restore", "FOLDER",                  "make the data folder from a backup, checked",                  1, 1, cmd_restore },
	{ "check",  "[FOLDER]",                 "check the settings, the theme and the data, or a backup",      0, 1, cmd_check },
	{ "doctor", "[--dns IP:PORT] [--dkim NAME]", "look at settings, DNS, ports, disk, clock, relay; answers 0, 1 or 2", 0, 0, cmd_doctor },
	{ "work",   "ROLE",                     "one role; started by serve",                                   1, 1, cmd_work },
	{ NULL, NULL, NULL, 0, 0, NULL },
};
/* clang-format on */

static int
print_usage(FILE *out, int status)
{
	fprintf(out, "preau " VERSION ": forums and mailing lists for a town\n\n"
	             "usage: preau VERB [--config FILE] [--as PERSON] [--key KEY] ...\n\n");
	for (const struct verb *verb = verbs; verb->name != NULL; verb++)
		fprintf(out, "  %-8s %-29s %s\n", verb->name, verb->usage, verb->text);
	fprintf(out, "\nThe settings are read from /etc/preau/preau.conf unless --config says where.\n");
	return status;
}

static const struct verb *
find_verb(const char *name)
{
	for (const struct verb *verb = verbs; verb->name != NULL; verb++)
		if (strcmp(verb->name, name) == 0)
			return verb;
	return NULL;
}

static bool
take_number(const char *text, int64_t *number)
{
	return text != NULL && span_int(span_of(text), 0, INT64_MAX, number);
}

/* It becomes part of a name of the DNS. */
static bool
is_selector(const char *text)
{
	size_t len = strlen(text);

	for (const char *at = text; *at != '\0'; at++)
		if (!ascii_is_alpha(*at) && !ascii_is_digit(*at) && strchr("-_.", *at) == NULL)
			return false;
	return len > 0 && len < 64;
}

/* One option and its value at words[0..1]; how many words it took, 0: not an option
 * or not a sound one. */
static int
take_option(struct command *command, char **words)
{
	const char *name = words[0], *value = words[1];
	int64_t number;

	if (strcmp(name, "--console-only") == 0) {
		command->console_only = true;
		return 1;
	}
	if (value == NULL)
		return 0;
	if (strcmp(name, "--config") == 0 || strcmp(name, "-c") == 0)
		command->file = value;
	else if (strcmp(name, "--dns") == 0)
		command->dns = value;
	else if (strcmp(name, "--dkim") == 0 && is_selector(value))
		command->selector = value;
	else if (strcmp(name, "--key") == 0)
		command->key = value;
	else if (strcmp(name, "--as") == 0 && take_number(value, &number))
		command->as = number;
	else if (strcmp(name, "--ready-fd") == 0 && take_number(value, &number) && number < 1024)
		command->ready_fd = (int)number;
	else
		return 0;
	return 2;
}

/* Whatever is done, secrets may lie in our memory: none leaves in a core file. */
static void
leave_no_core(void)
{
	const struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
}

int
command_main(int argc, char **argv)
{
	struct command command = { .file = "/etc/preau/preau.conf", .ready_fd = -1 };
	const struct verb *verb;
	char **at = argv + 2;
	int status;

	leave_no_core();
	if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0))
		return print_usage(stdout, 0);
	if (argc >= 2 && strcmp(argv[1], "--version") == 0)
		return printf("preau " VERSION "\n") > 0 ? 0 : 1;
	verb = argc < 2 ? NULL : find_verb(argv[1]);
	if (verb == NULL)
		return print_usage(stderr, EXIT_MISUSED);
	while (*at != NULL && (*at)[0] == '-') {
		int took = take_option(&command, at);
		if (took == 0) {
			fprintf(stderr, "preau: %s is not an option, or its value is missing\n", *at);
			return EXIT_MISUSED;
		}
		at += took;
	}
	command.words = at;
	command.count = (int)(argv + argc - at);
	if (command.count < verb->least || command.count > verb->most) {
		fprintf(stderr, "usage: preau %s %s\n", verb->name, verb->usage);
		return EXIT_MISUSED;
	}
	command.arena = arena_new();
	status = verb->run(&command);
	arena_free(&command.arena);
	return status;
}

bool
command_settings(struct command *command)
{
	struct buf text = { 0 };
	struct err err = { 0 };
	bool good = file_read(command->file, SETTINGS_TEXT_MAX, &text, &err) &&
	            settings_read(command->arena, arena_span(command->arena, buf_span(&text)),
	                command->file, &command->settings, &err);

	buf_free(&text);
	if (!good)
		command_fail(&err);
	return good;
}

int
command_fail(const struct err *err)
{
	fprintf(stderr, "preau: %s\n", err->text);
	return err->kind == ERR_TEMPORARY ? EXIT_AGAIN : EXIT_REFUSED;
}
