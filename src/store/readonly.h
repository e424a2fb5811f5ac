/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/readonly.h: FOLDER/read-only: while that file is there, nobody writes the book.
 *
 * It is written by the clerk as soon as damage is known, and is no part of the book, since
 * that may be what cannot be written any more. Readers look whether it is there. It goes when
 * the server is started after `preau check` has found all sound: never by itself. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct readonly {
	int64_t since;	 /* seconds */
	char why[200];	 /* one sentence */
	bool told;	 /* the administrators were written to */
	bool final;	 /* not even that may be tried: the book refuses to be written */
	int64_t checked; /* when preau check found all sound since; 0: it did not */
};

bool
readonly_is(const char *folder);

/* NOT_FOUND: it is not read-only. What cannot be read counts as final, without a reason. */
bool
readonly_read(const char *folder, struct readonly *readonly, struct err *err);

bool
readonly_write(const char *folder, const struct readonly *readonly, struct err *err);

/* At the start of the server: the file goes where preau check has found all sound. */
bool
readonly_lift(const char *folder, struct err *err);
