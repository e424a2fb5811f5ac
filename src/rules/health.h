/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/health.h: is there a clerk, and is what it keeps sound? */
#pragma once

#include "rules/act.h"

/* ask house.ping: says nothing. The answer shows that the clerk works, and that it can
 * begin and end a transaction on the book. */
bool
health_ping(struct clerk *, const struct act *, struct outcome *, struct err *);

/* Why an act is refused while nothing may be written; a person reads it. */
extern const char *const health_closed;

/* act house.alarm (the checker, the house, an administrator), input "why": damage was found. The
 * administrators are written to; whether that can be kept or not, the clerk takes no other act
 * from this turn on (clerk->alarm). */
bool
health_alarm(struct clerk *, const struct act *, struct outcome *, struct err *);

/* act house.damage (who reads the book), input "times": something read was not what was written,
 * and was not shown. Counted. */
bool
health_damage(struct clerk *, const struct act *, struct outcome *, struct err *);

/* act house.check (an administrator): the nightly look at everything begins now. */
bool
health_check(struct clerk *, const struct act *, struct outcome *, struct err *);

/* act house.checked (the checker): it is over and found nothing; the next is due the next night. */
bool
health_checked(struct clerk *, const struct act *, struct outcome *, struct err *);
