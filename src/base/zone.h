/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* base/zone.h: the tz data of the system. Ask clock.h for dates.
 *
 * The zones last used are kept in memory. A process that will lose sight of the
 * file system asks once for those it needs before: a zone whose file cannot be
 * read is UTC from then on. */
#pragma once

#include <stdint.h>

/* Seconds east of UTC at that time in a zone ("Europe/Paris"); 0 where the zone is
 * NULL, unknown, or its file is not sound. */
int
zone_offset(const char *name, int64_t seconds);
