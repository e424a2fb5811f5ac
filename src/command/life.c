/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "command/life.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/file.h"
#include "process/console.h"
#include "store/db.h"
#include "store/inbox.h"
#include "store/outbox.h"

bool
life_open(struct life *life, struct command *command, struct err *err)
{
	const char *data = command->settings.data;

	*life = (struct life){ .command = command, .arena = command->arena };
	/* A clerk of our own would make a book: who asks after a post means one that is there. */
	if (!file_exists(arena_printf(life->arena, "%s/preau.db", data)))
		return err_set(
		    err, ERR_NOT_FOUND, "There is no book in %s, or it may not be seen.", data);
	return console_open(&command->settings, command->file, &life->console, err) &&
	       db_open_copier(data, &life->db, err);
}

void
life_close(struct life *life)
{
	db_close(&life->db);
	console_close(&life->console);
}

/* Subjects, names and answers of servers come from strangers. */
static void
print_clean(const char *text)
{
	for (; *text != '\0'; text++)
		putchar(ascii_is_control(*text) ? '?' : *text);
}

static void
print_pair(const char *name, const char *value)
{
	printf("%s=", name);
	print_clean(value);
}

void
life_field(const char *name, const char *value)
{
	if (value[0] == '\0')
		return;
	print_pair(name, value);
	putchar('\n');
}

void
life_number(const char *name, int64_t value)
{
	if (value != 0)
		printf("%s=%" PRId64 "\n", name, value);
}

void
life_time(const char *name, int64_t value)
{
	char text[24];

	clock_format_iso(value, text);
	if (value != 0)
		life_field(name, text);
}

void
life_row(const char *name, int64_t value)
{
	printf("%s=%" PRId64, name, value);
}

void
life_row_field(const char *name, const char *value)
{
	if (value[0] == '\0')
		return;
	putchar(' ');
	print_pair(name, value);
}

void
life_row_number(const char *name, int64_t value)
{
	if (value != 0)
		printf(" %s=%" PRId64, name, value);
}

void
life_row_time(const char *name, int64_t value)
{
	char text[24];

	clock_format_iso(value, text);
	if (value != 0)
		life_row_field(name, text);
}

void
life_row_end(void)
{
	putchar('\n');
}

void
life_inbox(const struct inbox *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		life_row("inbox", rows[i].id);
		life_row_field("state", rows[i].state);
		life_row_time("received", rows[i].received);
		life_row_field("door", rows[i].door);
		life_row_field("peer", rows[i].peer);
		life_row_field("from", rows[i].mail_from);
		life_row_field("recipient", rows[i].recipient);
		life_row_field("outcome", rows[i].outcome);
		life_row_number("post", rows[i].post);
		life_row_field("note", rows[i].note);
		life_row_end();
	}
}

void
life_outbox(const struct outbox *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		life_row("outbox", rows[i].id);
		life_row_field("state", rows[i].state);
		life_row_number("post", rows[i].post);
		life_row_number("notice", rows[i].notice);
		life_row_number("person", rows[i].person);
		life_row_field("to", rows[i].address);
		life_row_number("attempts", rows[i].attempts);
		life_row_time("queued", rows[i].created);
		life_row_time(rows[i].done != 0 ? "done" : "next",
		    rows[i].done != 0 ? rows[i].done : rows[i].next);
		life_row_time("bounced", rows[i].bounced);
		life_row_field("answer", rows[i].answer);
		life_row_end();
	}
}
