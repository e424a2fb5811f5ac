/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* base/fault.h: faults on purpose, to prove that the harness finds them.
 *
 * Compiled in by --enable-planted-faults alone; the environment variable PREAU_FAULT
 * then names the one that is live: answer-early, outbox-forgotten, post-twice, or, for
 * the power cut, book-unsynced, blob-unsynced. In any other build every question is
 * answered no, at compile time. */
#pragma once

#include "config.h"

#include <stdbool.h>

#ifdef PREAU_PLANTED_FAULTS
bool
fault_is(const char *name);
#else
static inline bool
fault_is(const char *name)
{
	(void)name;
	return false;
}
#endif
