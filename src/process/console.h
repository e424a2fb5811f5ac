/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/console.h: acts from the command line: over DATA/run/preau.sock to the clerk.
 *
 * Where no server runs, a supervisor without doors is started for as long as the
 * console is open: there is no second way to do an act. When the clerk dies between
 * question and answer the same message is sent again, once it is back; the key
 * makes that harmless. */
#pragma once

#include "base/err.h"
#include "process/door.h"
#include "rules/settings.h"

struct console;

/* file: the settings file, for a supervisor of our own. */
bool
console_open(const struct settings *settings, const char *file, struct console **console,
    struct err *err);

/* Ends the supervisor it started, if any, and waits for it. */
void
console_close(struct console **console);

/* Several acts on their way at once: a caller who sends must wait as often. What was not
 * answered when the clerk died is sent again, as it was. */
enum { CONSOLE_OPEN_MAX = 32 };

/* Octets that ride in the frame of a request; what is longer goes as a descriptor. */
enum { CONSOLE_INLINE_MAX = 60 * 1024 };

/* *id is what console_wait() will tell; the descriptor of the request stays the caller's. False:
 * it is too long, or CONSOLE_OPEN_MAX are open. */
bool
console_send(struct console *console, const struct door_request *request, uint64_t *id,
    struct err *err);

/* The next answer that comes. Its output is borrowed until the next call. */
bool
console_wait(struct console *console, struct door_answer *answer, uint64_t *id, struct err *err);

/* Sends and waits. False: no answer was to be had (err). The answer may still say no. Its
 * output is borrowed until the next call. */
bool
console_ask(struct console *console, const struct door_request *request, struct door_answer *answer,
    struct err *err);
