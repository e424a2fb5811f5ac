/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/upkeep.h: what the house forgets by itself, a slice at a time. */
#pragma once

#include "rules/act.h"

/* act house.clean (DOOR_HOUSE, hourly): ended sessions, links long over, keys and counters
 * that no act asks for any more, and what is older than the settings keep.* say; a bounded
 * number of each. `back`: so many seconds the clock was just set back; deliveries wait no longer for that. */
bool
upkeep_clean(struct clerk *, const struct act *, struct outcome *, struct err *);
