/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* tests/unit/html_scan.h: a second opinion on our own HTML, which shares no code and
 * no table with what wrote it. It accepts far less than browsers do. */
#pragma once

#include <stdbool.h>

#include "base/str.h"

/* NULL where the HTML is of the allowed kind: known tags, known attributes in double
 * quotes, every element closed in order, no "<", ">" or quote that is not escaped,
 * every & an entity, links to http, https and mailto only, no control character.
 * Otherwise what is wrong (static). */
const char *
html_scan(struct span html);

/* True where `what` stands in the text (not the markup) of the HTML, entities read. */
bool
html_scan_shows(struct span html, const char *what);

/* Appends the text of the HTML. */
void
html_scan_text(struct span html, struct buf *out);
