/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* text/markdown_nesting.h: may this source be given to cmark at all?
 *
 * Time of cmark 0.30 grows with the square of the nesting of lists and quotes, and of
 * the brackets of images that are never closed. This looks at each line once and
 * answers from an upper bound: what passes is parsed in linear time. */
#pragma once

#include <stdbool.h>

#include "base/str.h"

enum { MARKDOWN_IMAGES = 1000 }; /* "![" in one source */

bool
markdown_may_parse(struct span source, unsigned nesting);
