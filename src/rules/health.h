/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/health.h: a question whose answer is that there is one. */
#pragma once

#include "rules/act.h"

/* ask house.ping: says nothing. The answer shows that the clerk works, and that it can
 * begin and end a transaction on the book. */
bool
health_ping(struct clerk *, const struct act *, struct outcome *, struct err *);
