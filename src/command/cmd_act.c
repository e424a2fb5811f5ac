/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* command/cmd_act.c: preau act NAME field=value ..., preau ask.
 *
 * One spelling of an act among four: what the web does by a form is done here word by
 * word, with the same answer. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/token.h"
#include "command/command.h"
#include "process/console.h"

enum { FILE_MAX = 32 * 1024 * 1024 };

/* "row" is a list: its fields on one line. */
static void
print_row(struct span value)
{
	struct fields row;
	struct span name, item;
	const char *gap = "";
	size_t at = 0;

	if (!fields_read(&row, value))
		return;
	for (; fields_next(&row, &at, &name, &item); gap = " ")
		printf("%s" SPAN_FORMAT "=" SPAN_FORMAT, gap, SPAN_ARGS(name), SPAN_ARGS(item));
	printf("\n");
}

static int
print_answer(const struct door_answer *answer)
{
	struct span name, value;
	size_t at = 0;

	if (!answer->ok) {
		fprintf(stderr, "preau: %s: %s\n", err_kind_name(answer->err.kind),
		    answer->err.text);
		return answer->err.kind == ERR_TEMPORARY ? EXIT_AGAIN : EXIT_REFUSED;
	}
	while (fields_next(&answer->output, &at, &name, &value)) {
		if (span_is(name, "row"))
			print_row(value);
		else
			printf(SPAN_FORMAT "=" SPAN_FORMAT "\n", SPAN_ARGS(name), SPAN_ARGS(value));
	}
	return 0;
}

/* FIELD=@FILE: small files ride in the message, a big one as a descriptor. */
static bool
add_file(struct buf *input, const char *field, const char *path, int *fd, struct err *err)
{
	struct buf octets = { 0 };
	bool good;

	buf_init(&octets, FILE_MAX);
	good = file_read(path, FILE_MAX, &octets, err);
	if (good && octets.len <= CONSOLE_INLINE_MAX) {
		fields_add(input, field, buf_span(&octets));
	} else if (good) {
		*fd = open(path, O_RDONLY | O_CLOEXEC);
		fields_add_int(input, "size", (int64_t)octets.len);
		good = *fd >= 0 || err_set(err, ERR_NOT_FOUND, "%s: %s", path, strerror(errno));
	}
	buf_free(&octets);
	return good;
}

static bool
add_word(struct buf *input, struct arena *arena, const char *word, int *fd, struct err *err)
{
	struct span value = span_of(word), field;
	char *name;

	if (strchr(word, '=') == NULL || !span_next(&value, '=', &field) || field.len == 0 ||
	    field.len > 31)
		return err_set(err, ERR_INVALID, "%s is not FIELD=VALUE", word);
	for (size_t i = 0; i < field.len; i++)
		if (!ascii_is_alpha(field.data[i]) && !ascii_is_digit(field.data[i]) &&
		    strchr("_.-", field.data[i]) == NULL)
			return err_set(err, ERR_INVALID, "%s is not FIELD=VALUE", word);
	name = arena_strndup(arena, field.data, field.len);
	for (char *c = name; *c != '\0'; c++)
		*c = ascii_lower(*c);
	if (value.len > 0 && value.data[0] == '@')
		return add_file(input, name, value.data + 1, fd, err);
	fields_add(input, name, value);
	return true;
}

static int
speak(struct command *command, bool ask)
{
	struct door_request request = { .name = command->words[0], .ask = ask, .as = command->as, .fd = -1 };
	struct door_answer answer;
	struct console *console = NULL;
	struct buf input = { 0 };
	struct err err = { 0 };
	char key[44];
	bool good = true;
	int status = 0, failed;

	if (!command_settings(command))
		return EXIT_SETTINGS;
	token_secret(key);
	request.key = span_of(command->key != NULL ? command->key : key);
	buf_init(&input, MESSAGE_MAX);
	for (int i = 1; good && i < command->count; i++)
		good = add_word(&input, command->arena, command->words[i], &request.fd, &err);
	request.input = buf_span(&input);
	if (!good)
		status = EXIT_MISUSED;
	good = good && console_open(&command->settings, command->file, &console, &err) &&
	       console_ask(console, &request, &answer, &err);
	if (good) {
		status = print_answer(&answer);
	} else {
		failed = command_fail(&err);
		status = status != 0 ? status : failed;
	}
	console_close(&console);
	file_close(&request.fd);
	buf_free(&input);
	return status;
}

int
cmd_act(struct command *command)
{
	return speak(command, false);
}

int
cmd_ask(struct command *command)
{
	return speak(command, true);
}
