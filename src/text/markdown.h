/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* text/markdown.h: Markdown of web posts (CommonMark 0.30), the owner of cmark.
 *
 * What differs from CommonMark, on purpose: raw HTML is shown as it was typed;
 * headings begin at <h3>; images become links; titles and code languages are
 * dropped; a destination that may not be followed (escape_url_ok) is shown in
 * brackets behind its label, data: not at all; bare URLs and addresses become
 * links; a line end is a <br>, as people who type in a form expect.
 *
 * cmark 0.30 is quadratic on nested lists and on "![[]()": the source is looked
 * through first, and what is over MARKDOWN_MAX or nested over MARKDOWN_NESTING is
 * shown as plain text (`plain` is set): never an error, never a slow parse. */
#pragma once

#include "base/arena.h"
#include "base/str.h"
#include "text/rich.h"

enum {
	MARKDOWN_MAX = 64 * 1024, /* octets of source that are parsed */
	MARKDOWN_NESTING = 20	  /* lists and quotes within each other */
};

/* Any octets; bad UTF-8 is shown as U+FFFD. own and text are the same. */
void
markdown_render(struct arena *arena, struct span source, struct rendered *out);

/* The same source as typed, for a post whose rendering was given up. */
void
markdown_plain(struct arena *arena, struct span source, struct rendered *out);
