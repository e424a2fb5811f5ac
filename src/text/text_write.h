/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* text/text_write.h: rich text as plain UTF-8, for mail's text part and search.
 *
 * Paragraphs stand one empty line apart, list items begin with "- " or "1. ",
 * quotes with "> ", a link reads "label <url>" (only the url where both are the
 * same), <hr> is a line of dashes. Lines are not wrapped. At most TEXT_MAX octets.
 * Opens and closes come balanced from rich.h, the only caller. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "text/html_write.h"

enum { TEXT_MAX = 1024 * 1024 };

struct text_write;

struct text_write *
text_write_new(struct arena *arena);

void
text_write_open(struct text_write *w, enum html_tag tag);
void
text_write_list(struct text_write *w, int64_t start);
void
text_write_link(struct text_write *w, struct span url);
void
text_write_break(struct text_write *w);
void
text_write_rule(struct text_write *w);
void
text_write_text(struct text_write *w, struct span text);
/* Closes the innermost open element. */
void
text_write_close(struct text_write *w);

/* The whole without blank lines at either end; *cut says that TEXT_MAX was reached. */
struct span
text_write_end(struct text_write *w, bool *cut);
