/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* base/fault.c: see the header; empty in an ordinary build. */
#include "base/fault.h"

#ifdef PREAU_PLANTED_FAULTS

#include <stdlib.h>
#include <string.h>

bool
fault_is(const char *name)
{
	const char *live = getenv("PREAU_FAULT");

	return live != NULL && strcmp(live, name) == 0;
}

#else

typedef int fault_none; /* ISO C wants something in a file */

#endif
