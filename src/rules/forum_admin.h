/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/forum_admin.h: making a forum, and turning its axes. */
#pragma once

#include "rules/act.h"

/* act forum.create: slug, name, [description theme who_writes appears who_reads strangers
 * reply_to position]. Output: forum. */
bool
forum_admin_create(struct clerk *, const struct act *, struct outcome *, struct err *);

/* act forum.set: slug, and any of these or emergency. */
bool
forum_admin_set(struct clerk *, const struct act *, struct outcome *, struct err *);
