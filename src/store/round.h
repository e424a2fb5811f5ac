/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/round.h: a look at everything that is kept, in steps of some milliseconds.
 *
 * It is less than sound.h, which reads a folder at one go and compares the tables with one another:
 * each table and its indexes by SQLite's quick_check, the chain of the journal, each message, post
 * and blob against its sum. Between two steps it holds no snapshot, so that the book goes on. One
 * step looks at one whole table, however long that takes. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

struct db;
struct round;

/* Of a copier (db_open_copier), which stays the caller's. */
struct round *
round_new(struct db *db);

void
round_free(struct round **round);

/* The next step; *more is false after the last. BROKEN says what is damaged: the round is over. */
bool
round_step(struct round *round, bool *more, struct err *err);
