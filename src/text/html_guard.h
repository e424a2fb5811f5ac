/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* text/html_guard.h: may this source be given to libxml2 at all?
 *
 * libxml2 compares each attribute of a tag with all before it: a tag with 200 000 of
 * them takes minutes. From each "<" the tag is looked at as the parser would. */
#pragma once

#include <stdbool.h>

#include "base/str.h"

enum { HTML_ATTRIBUTES = 256 }; /* of one tag */

bool
html_guard_ok(struct span source);
