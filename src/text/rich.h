/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* text/rich.h: rich text said once and written twice, as safe HTML and as plain
 * text: what Markdown, HTML mail and plain mail all become.
 *
 * Whoever renders says rich_open / rich_text / rich_close in document order; the
 * writers under it (html_write.h, text_write.h) keep the caps. No tag and no
 * attribute can come out that is not in html_write.h.
 *
 * Whatever order things are said in, what comes out reads the same when a browser
 * parses it again: a block ends the paragraph it stands in, text that stands in no
 * paragraph gets one, items stand in lists, links not in links, empty paragraphs
 * and headings are left out, and what is deeper than HTML_DEPTH loses its tags, not its text. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"
#include "text/escape.h"
#include "text/html_write.h"

/* Stored with every rendered text; raise it whenever the output changes, so that
 * what was rendered before can be rendered again. */
enum { RICH_VERSION = 2 };

/* What every renderer of text/ answers; all of it lives in the arena. */
struct rendered {
	struct html html; /* safe HTML of the whole, at most 1 MiB; folds are <details> */
	struct span text; /* plain UTF-8 of the whole, quotes as "> ", links "label <url>" */
	struct span own;  /* the same without quotes, attributions, signatures, footers:
			   * for mail copies, excerpts and search. Never empty where text is not */
	bool cut;	  /* a cap was reached: the end is missing, the source has it */
	bool plain;	  /* the markup was not read (too long or too deep): shown as typed */
};

struct rich;

/* Holds memory until rich_end(). */
struct rich *
rich_new(struct arena *arena);

/* Opens and closes an element. A close that matches no open is ignored; what
 * stands open inside is closed with it. */
void
rich_open(struct rich *rich, enum html_tag tag);
void
rich_close(struct rich *rich, enum html_tag tag);

/* <ol start="...">; start is 0 to 999999999. */
void
rich_open_list(struct rich *rich, int64_t start);

/* A link around what follows until rich_close(rich, TAG_A). False: the address may
 * not be followed or shown (or a link is open): nothing was opened, nothing to close. */
bool
rich_open_link(struct rich *rich, struct span url);

/* <details class="quote"> or "signature" with its summary: the attribution line as
 * it was written, or "···" where there is none (themes add words by CSS, per
 * language). Addresses inside are masked until rich_close(rich, TAG_DETAILS), and
 * what is inside is not in `own`. */
void
rich_open_fold(struct rich *rich, enum html_fold fold, struct span summary);

/* Text; in a fold or between rich_mask(true) and (false) its addresses are masked. */
void
rich_text(struct rich *rich, struct span text);

/* Text whose bare URLs and addresses become links; plain where masked or in a link. */
void
rich_text_linked(struct rich *rich, struct span text);

/* <br>, <hr>. */
void
rich_break(struct rich *rich);
void
rich_rule(struct rich *rich);

/* Counts nested masks. */
void
rich_mask(struct rich *rich, bool on);

/* Closes everything and gives the result (plain is false). */
void
rich_end(struct rich *rich, struct rendered *out);

/* The source as it was typed, in paragraphs, its addresses linked; plain is true. */
void
rich_plain(struct arena *arena, struct span source, struct rendered *out);
