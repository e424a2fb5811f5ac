/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* command/cmd_import.c: preau import FORUM FILE.mbox.
 *
 * The file is read line by line, whatever its size and that of its lines; a message at a time goes to the clerk as
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
	MESSAGE_OCTETS = 32 * 1024 * 1024,
	PIECE = 64 * 1024, /* octets of a line taken at once */
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
	bool starts, blank; /* the next piece begins a line; the line before it is blank */
	bool timed;	    /* the lines that begin a message have a time */
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
	if (import->message.len <= CONSOLE_INLINE_MAX) {
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
take_line(struct import *import, struct span line)
{
	size_t marks = 0;

	while (marks < line.len && line.data[marks] == '>')
		marks++;
	if (marks > 0 && span_starts(span_from(line, marks), "From "))
		line = span_from(line, 1);
	buf_add_span(&import->message, line);
}

/* ---- the file ---- */

/* A line with its end, or a piece of one that is longer: what a file holds never decides how
 * much memory this takes. Empty at the end of the file, or where it cannot be read. */
static struct span
read_piece(FILE *file, char piece[PIECE])
{
	size_t len = 0;
	int c = 0;

	while (len < PIECE && c != '\n' && (c = getc_unlocked(file)) != EOF)
		piece[len++] = (char)c;
	return span_make(piece, len);
}

/* "12:30" as in "From marie@ville.example Thu May 15 12:30:00 2014". */
static bool
has_time(struct span line)
{
	for (size_t i = 1; i + 1 < line.len; i++)
		if (line.data[i] == ':' && ascii_is_digit(line.data[i - 1]) &&
		    ascii_is_digit(line.data[i + 1]))
			return true;
	return false;
}

/* Not every program quotes a "From " that begins a line of text: where the first line of the
 * file has a time, a line without one begins no message. */
static bool
is_from_line(struct import *import, struct span line)
{
	if (!span_starts(line, "From "))
		return false;
	if (import->line == 1)
		import->timed = has_time(line);
	return !import->timed || has_time(line);
}

static bool
take_piece(struct import *import, struct span piece, struct err *err)
{
	bool begins, was_blank = import->blank, starts = import->starts;

	import->starts = span_ends(piece, "\n");
	import->blank = starts && (span_is(piece, "\n") || span_is(piece, "\r\n"));
	if (!starts) {
		buf_add_span(&import->message, piece);
		return true;
	}
	import->line++;
	begins = was_blank && is_from_line(import, piece);
	if (import->line == 1 && !begins)
		return err_set(err, ERR_INVALID,
		    "this is no mbox file: its first line does not begin with \"From \"");
	if (!begins) {
		take_line(import, piece);
		return true;
	}
	if (!end_message(import, err))
		return false;
	import->here.line = import->line;
	return true;
}

static bool
import_file(struct import *import, FILE *file, struct err *err)
{
	char piece[PIECE];
	struct span read;
	bool good = true;

	import->starts = import->blank = true;
	while (good && (read = read_piece(file, piece)).len > 0)
		good = take_piece(import, read, err);
	/* What was gathered of the last message may be cut: it is not sent. */
	if (good && ferror(file))
		good = err_set(err, ERR_TEMPORARY, "the file cannot be read after line %ld: %s",
		    import->line, strerror(errno));
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
	(void)fclose(file);
	if (!good)
		return command_fail(&err);
	return import.failed == 0 ? 0 : EXIT_REFUSED;
}
