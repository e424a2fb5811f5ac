/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/worker_walls.h: which files a role needs, said to the kernel. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

struct role;
struct worker;

/* Once the settings are known, before the role starts. A reload cannot widen it: a theme or a
 * folder for mail that lies elsewhere from then on is refused until the next start. */
bool
worker_walls(const struct worker *worker, const struct role *role, struct err *err);
