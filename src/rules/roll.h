/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/roll.h: rolls, and the identifiers that are their lines.
 *
 * Identifiers are drawn by who prints them (the console, the page of the administrator) and
 * named here in small lots: of each only the selector and a hash are kept, so that nobody
 * can ever print one again. An answer that is lost leaves lines that nobody holds. */
#pragma once

#include "rules/act.h"

enum { ROLL_LOT = 20 }; /* lines of one act: a hash each, 45 ms of auth */

/* act roll.create: name, [source] [purpose] [expires]. Output: roll. */
bool
roll_create(struct clerk *, const struct act *, struct outcome *, struct err *);

/* act roll.change: roll, [name] [source] [purpose] [expires]. Lines of a roll that is over
 * open nothing any more. */
bool
roll_change(struct clerk *, const struct act *, struct outcome *, struct err *);

/* act roll.issue: roll, line (1 to ROLL_LOT identifiers). Output: issued (how many), taken (a
 * selector that was there before: draw another), repeated. */
bool
roll_issue(struct clerk *, const struct act *, struct outcome *, struct err *);

/* Was this identifier refused by roll.issue, whose output this is? */
bool
roll_is_taken(const struct fields *output, struct span line);

/* act roll.revoke: number (of the line), [suspend]. Output: roll. Who claimed it is on the roll
 * no more; the account stays, as that of somebody who left an association does. With
 * suspend it is suspended too: the letter was in wrong hands. */
bool
roll_revoke(struct clerk *, const struct act *, struct outcome *, struct err *);
