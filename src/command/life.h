/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* command/life.h: preau show post, preau show person: all that the book knows of one of them.
 *
 * Read beside a clerk that goes on: nothing is asked of it, so that this works where it hangs. No
 * snapshot is held while it is printed: a pager may stay open for an hour. Fields a line each, then
 * rows a line each, as acts answer. */
#pragma once

#include "command/command.h"

/* Exit status; the number, or for a person also an address, is the second word. */
int
life_post(struct command *command);
int
life_person(struct command *command);

/* ---- for the two files alone ---- */

struct console;
struct db;

/* What is open while a life is read. */
struct life {
	struct command *command;
	struct arena *arena;
	struct console *console; /* held, so that a clerk is there: readers come after it */
	struct db *db;
};

enum { LIFE_ROWS = 50 }; /* of each kind: the latest, or pages of all */

bool
life_open(struct life *life, struct command *command, struct err *err);
void
life_close(struct life *life);

/* "name=value": a line of its own. Signs that a terminal obeys are shown as "?". */
void
life_field(const char *name, const char *value); /* not said where it is "" */
void
life_number(const char *name, int64_t value); /* not said where it is 0 */
void
life_time(const char *name, int64_t value); /* likewise */

/* The same within a row, which begins with its first and ends with life_row_end(). */
void
life_row(const char *name, int64_t value);
void
life_row_field(const char *name, const char *value);
void
life_row_number(const char *name, int64_t value);
void
life_row_time(const char *name, int64_t value);
void
life_row_end(void);

struct inbox;
struct outbox;

void
life_inbox(const struct inbox *rows, size_t count);
void
life_outbox(const struct outbox *rows, size_t count);
