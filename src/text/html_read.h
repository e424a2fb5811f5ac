/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* text/html_read.h: HTML mail rebuilt as rich text, the owner of libxml2.
 *
 * The source is parsed leniently into a tree, the tree is walked once without
 * recursion, and what is understood is said again through rich.h: nothing of the
 * source's markup passes through. Scripts, styles, heads, forms' controls and
 * hidden elements are dropped with their text; images become their alternative
 * text; tables are read row by row. Quotes are found by the marks that mail
 * programs leave (gmail_quote, blockquote type=cite, divRplyFwdMsg, ...) and
 * folded, signatures likewise; addresses in both are masked. A forwarded message
 * is content: it is kept open. Where nothing but a quote is there, it is shown. */
#pragma once

#include "base/arena.h"
#include "base/str.h"
#include "text/rich.h"

enum {
	HTML_READ_MAX = 1024 * 1024 /* octets of source that are read; the rest sets `cut` */
};

/* source is UTF-8 (the caller has converted it; a charset named inside is ignored).
 * forward: the subject says that a message is passed on (TR:, Fwd:): nothing is folded
 * as a quote then. */
void
html_read(struct arena *arena, struct span source, bool forward, struct rendered *out);
