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

/* Sends and waits. False: no answer was to be had (err). The answer may still say no. Its
 * output is borrowed until the next call. */
bool
console_ask(struct console *console, const struct door_request *request, struct door_answer *answer,
    struct err *err);
