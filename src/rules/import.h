/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/import.h: an old archive becomes part of the book.
 *
 * An administrator's act: it publishes, asks neither permission nor the
 * robots, keeps Date, sends nothing. The same mail twice is one post. */
#pragma once

#include "rules/act.h"

/* act import.add: forum, raw or a descriptor with size. Output: post, thread, outcome
 * (published, merged). */
bool
import_add(struct clerk *, const struct act *, struct outcome *, struct err *);
