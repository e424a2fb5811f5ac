/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* command/cmd_issue.c: preau issue ROLL COUNT FILE: identifiers for the printer.
 *
 * They are drawn here and named to the clerk in lots; a line is written to the file once the
 * clerk has it. The file (0600, new) is the only place where they ever stand in full. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/token.h"
#include "command/command.h"
#include "process/console.h"
#include "rules/identifier.h"
#include "rules/roll.h"

enum { ISSUE_MOST = 100000 };

struct issue {
	struct console *console;
	FILE *file;
	int64_t roll, wanted, done;
	char lines[ROLL_LOT][IDENTIFIER_ROOM];
	int count; /* of this lot */
};

static void
draw_lot(struct issue *issue)
{
	char symbols[IDENTIFIER_LEN + 1];
	int64_t left = issue->wanted - issue->done;

	issue->count = left < ROLL_LOT ? (int)left : ROLL_LOT;
	for (int i = 0; i < issue->count; i++) {
		identifier_draw(symbols);
		identifier_write(symbols, issue->lines[i]);
	}
}

static bool
keep_lot(struct issue *issue, const struct door_answer *answer, struct err *err)
{
	for (int i = 0; i < issue->count; i++) {
		if (roll_is_taken(&answer->output, span_of(issue->lines[i])))
			continue;
		fprintf(issue->file, "%s\n", issue->lines[i]);
		issue->done++;
	}
	if (fflush(issue->file) == 0 && ferror(issue->file) == 0 && fsync(fileno(issue->file)) == 0)
		return true;
	return err_set(err, ERR_TEMPORARY, "the file cannot be written: %s", strerror(errno));
}

static bool
issue_lot(struct issue *issue, struct err *err)
{
	struct door_request request = { .name = "roll.issue", .fd = -1 };
	struct door_answer answer;
	struct buf input = { 0 };
	char key[44];
	bool good;

	draw_lot(issue);
	token_secret(key);
	fields_add_int(&input, "roll", issue->roll);
	for (int i = 0; i < issue->count; i++)
		fields_add_text(&input, "line", issue->lines[i]);
	request.key = span_of(key);
	request.input = buf_span(&input);
	good = console_ask(issue->console, &request, &answer, err);
	if (good && !answer.ok) {
		*err = answer.err;
		good = false;
	}
	good = good && keep_lot(issue, &answer, err);
	token_wipe(input.data, input.len);
	buf_free(&input);
	return good;
}

static bool
issue_all(struct issue *issue, struct err *err)
{
	bool terminal = isatty(STDERR_FILENO);

	while (issue->done < issue->wanted) {
		if (!issue_lot(issue, err))
			return false;
		if (terminal)
			fprintf(stderr, "\r%lld of %lld", (long long)issue->done,
			    (long long)issue->wanted);
	}
	if (terminal)
		fprintf(stderr, "\n");
	return true;
}

static FILE *
open_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;

	if (file == NULL)
		fprintf(stderr, "preau: %s: %s\n", path, strerror(errno));
	return file;
}

int
cmd_issue(struct command *command)
{
	struct issue issue = { 0 };
	struct err err = { 0 };
	bool good;

	if (!span_int(span_of(command->words[0]), 1, INT64_MAX, &issue.roll) ||
	    !span_int(span_of(command->words[1]), 1, ISSUE_MOST, &issue.wanted)) {
		fprintf(
		    stderr, "preau: ROLL is the number of a roll, COUNT is 1 to %d\n", ISSUE_MOST);
		return EXIT_MISUSED;
	}
	if (!command_settings(command))
		return EXIT_SETTINGS;
	issue.file = open_file(command->words[2]);
	if (issue.file == NULL)
		return EXIT_REFUSED;
	good = console_open(&command->settings, command->file, &issue.console, &err) &&
	       issue_all(&issue, &err);
	console_close(&issue.console);
	(void)fclose(issue.file); /* each lot was written and synced */
	if (issue.done == 0)
		unlink(command->words[2]); /* nothing is in it: the next try may have the name */
	printf("issued=%lld\n", (long long)issue.done);
	return good ? 0 : command_fail(&err);
}
