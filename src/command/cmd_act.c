/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* command/cmd_act.c: preau act NAME field=value ..., preau ask, preau import.
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

enum { INLINE_MAX = 60 * 1024, FILE_MAX = 32 * 1024 * 1024, IMPORT_MAX = 32 * 1024 * 1024 };

/* "row" is a list: its fields on one line. */
static void
print_row(struct span value)
{
	struct fields row;
	struct span name, item;
	size_t at = 0;

	if (!fields_read(&row, value))
		return;
	while (fields_next(&row, &at, &name, &item))
		printf("%s" SPAN_FORMAT "=" SPAN_FORMAT, item.data == value.data ? "" : " ",
		    SPAN_ARGS(name), SPAN_ARGS(item));
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
	if (good && octets.len <= INLINE_MAX) {
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
	int status = 0;

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
	if (good)
		status = print_answer(&answer);
	else if (command_fail(&err) && status == 0)
		status = err.kind == ERR_TEMPORARY ? EXIT_AGAIN : EXIT_REFUSED;
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

/* ---- import ---- */

struct import {
	struct console *console;
	const char *forum;
	struct buf message;
	long number, added, known, failed;
};

static bool
import_send(struct import *import, struct err *err)
{
	struct door_request request = { .name = "import.add", .fd = -1 };
	struct door_answer answer;
	struct buf input = { 0 };
	bool got;

	if (import->message.len == 0)
		return true;
	import->number++;
	buf_init(&input, MESSAGE_MAX);
	fields_add_text(&input, "forum", import->forum);
	if (import->message.len <= INLINE_MAX) {
		fields_add(&input, "raw", buf_span(&import->message));
	} else {
		request.fd = file_memory("import", buf_span(&import->message));
		fields_add_int(&input, "size", (int64_t)import->message.len);
	}
	request.input = buf_span(&input);
	got = buf_ok(&import->message) ? console_ask(import->console, &request, &answer, err)
	                               : err_set(err, ERR_INVALID, "too large");
	if (got && !answer.ok)
		fprintf(stderr, "message %ld: %s\n", import->number, answer.err.text);
	if (!got)
		fprintf(stderr, "message %ld: %s\n", import->number, err->text);
	if (!got || !answer.ok)
		import->failed++;
	else if (span_is(fields_get(&answer.output, "outcome"), "merged"))
		import->known++;
	else
		import->added++;
	file_close(&request.fd);
	buf_free(&input);
	buf_clear(&import->message);
	return got || err->kind == ERR_INVALID;
}

/* mboxrd: one ">" is taken off ">From ", ">>From " ... */
static void
import_line(struct import *import, char *line, ssize_t len)
{
	size_t marks = 0;

	while (line[marks] == '>')
		marks++;
	if (marks > 0 && strncmp(line + marks, "From ", 5) == 0) {
		line++;
		len--;
	}
	buf_add(&import->message, line, (size_t)len);
}

static bool
import_file(struct import *import, FILE *file, struct err *err)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	bool good = true, blank = true;

	while (good && (len = getline(&line, &room, file)) > 0) {
		if (blank && strncmp(line, "From ", 5) == 0)
			good = import_send(import, err);
		else
			import_line(import, line, len);
		blank = line[0] == '\n' || (line[0] == '\r' && line[1] == '\n');
	}
	free(line);
	return good && import_send(import, err);
}

int
cmd_import(struct command *command)
{
	struct import import = { .forum = command->words[0] };
	struct err err = { 0 };
	FILE *file;
	bool good;

	if (!command_settings(command))
		return EXIT_SETTINGS;
	file = fopen(command->words[1], "re");
	if (file == NULL) {
		fprintf(stderr, "preau: %s: %s\n", command->words[1], strerror(errno));
		return EXIT_REFUSED;
	}
	buf_init(&import.message, IMPORT_MAX);
	good = console_open(&command->settings, command->file, &import.console, &err) &&
	       import_file(&import, file, &err);
	printf("read=%ld added=%ld known=%ld failed=%ld\n", import.number, import.added, import.known,
	    import.failed);
	console_close(&import.console);
	buf_free(&import.message);
	fclose(file);
	if (!good)
		return command_fail(&err);
	return import.failed == 0 ? 0 : EXIT_REFUSED;
}
