/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* command/cmd_import.c: preau import FORUM FILE.mbox.
 *
 * The file is read line by line, whatever its size; a message at a time goes to the clerk as
 * act import.add, several on their way at once. What is there already is counted and left
 * alone: an import that was cut off is simply run again. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "command/command.h"
#include "process/console.h"

enum {
	INLINE_MAX = 60 * 1024, /* octets of a message that rides in its frame */
	MESSAGE_OCTETS = 32 * 1024 * 1024,
	NUMBERS = 64,	  /* places of the messages on their way, by id */
	SAY_MS = 200,	  /* between two looks at a terminal */
	SAY_EVERY = 10000 /* messages between two lines elsewhere */
};

struct place {
	long number, line; /* of the message; its first line in the file */
};

struct import {
	struct console *console;
	const char *forum;
	struct buf message;
	struct place here, sent[NUMBERS];
	long line, open;
	long read, added, known, failed;
	int64_t begun, said;
	bool terminal;
};

static void
say_progress(struct import *import)
{
	int64_t now = clock_ticks_ms(), ms = now - import->begun;
	long done = import->added + import->known + import->failed;

	if (import->terminal && now - import->said >= SAY_MS) {
		fprintf(stderr, "\r%ld messages, %" PRId64 " a second ", done,
		    ms > 0 ? done * 1000 / ms : 0);
		import->said = now;
	} else if (!import->terminal && done > 0 && done % SAY_EVERY == 0) {
		fprintf(stderr, "%ld messages\n", done);
	}
}

static void
say_failed(struct import *import, const struct place *place, const char *why)
{
	import->failed++;
	fprintf(stderr, "%smessage %ld (line %ld): %s\n", import->terminal ? "\r" : "",
	    place->number, place->line, why);
}

static bool
wait_one(struct import *import, struct err *err)
{
	struct door_answer answer;
	uint64_t id;

	if (!console_wait(import->console, &answer, &id, err))
		return false;
	import->open--;
	if (!answer.ok)
		say_failed(import, &import->sent[id % NUMBERS], answer.err.text);
	else if (span_is(fields_get(&answer.output, "outcome"), "merged"))
		import->known++;
	else
		import->added++;
	say_progress(import);
	return true;
}

static bool
send_message(struct import *import, struct err *err)
{
	struct door_request request = { .name = "import.add", .fd = -1 };
	struct buf input = { 0 };
	uint64_t id;
	bool sent;

	buf_init(&input, MESSAGE_MAX);
	fields_add_text(&input, "forum", import->forum);
	if (import->message.len <= INLINE_MAX) {
		fields_add(&input, "raw", buf_span(&import->message));
	} else {
		request.fd = file_memory("import", buf_span(&import->message));
		fields_add_int(&input, "size", (int64_t)import->message.len);
	}
	request.input = buf_span(&input);
	sent = console_send(import->console, &request, &id, err);
	if (sent) {
		import->sent[id % NUMBERS] = import->here;
		import->open++;
	}
	file_close(&request.fd);
	buf_free(&input);
	return sent;
}

/* The message that was gathered, if any. */
static bool
end_message(struct import *import, struct err *err)
{
	bool good = true;

	if (import->message.len == 0)
		return true;
	import->here.number = ++import->read;
	if (!buf_ok(&import->message))
		say_failed(import, &import->here, "it is too large");
	else
		good = (import->open < CONSOLE_OPEN_MAX || wait_one(import, err)) &&
		       send_message(import, err);
	buf_clear(&import->message);
	return good;
}

/* mboxrd: one ">" is taken off ">From ", ">>From " ... */
static void
take_line(struct import *import, char *line, ssize_t len)
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
is_blank_line(const char *line)
{
	return line[0] == '\n' || (line[0] == '\r' && line[1] == '\n');
}

static bool
import_file(struct import *import, FILE *file, struct err *err)
{
	bool good = true, blank = true;
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	while (good && (len = getline(&line, &room, file)) > 0) {
		bool begins = blank && strncmp(line, "From ", 5) == 0;
		if (++import->line == 1 && !begins) {
			good = err_set(err, ERR_INVALID,
			    "this is no mbox file: its first line does not begin with \"From \"");
			break;
		}
		if (begins) {
			good = end_message(import, err);
			import->here.line = import->line;
		} else {
			take_line(import, line, len);
		}
		blank = is_blank_line(line);
	}
	free(line);
	good = good && end_message(import, err);
	while (import->open > 0 && good)
		good = wait_one(import, err);
	return good;
}

int
cmd_import(struct command *command)
{
	struct import import = { .forum = command->words[0], .terminal = isatty(STDERR_FILENO) };
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
	buf_init(&import.message, MESSAGE_OCTETS);
	import.begun = clock_ticks_ms();
	good = console_open(&command->settings, command->file, &import.console, &err) &&
	       import_file(&import, file, &err);
	if (import.terminal)
		fprintf(stderr, "\n");
	printf("read=%ld added=%ld known=%ld failed=%ld\n", import.read, import.added, import.known,
	    import.failed);
	console_close(&import.console);
	buf_free(&import.message);
	fclose(file);
	if (!good)
		return command_fail(&err);
	return import.failed == 0 ? 0 : EXIT_REFUSED;
}
