/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* text/quote.h: which lines of a mail its author wrote, and which are others'.
 *
 * A text is split into segments of whole lines; together the segments are the
 * text, octet for octet: nothing is lost here, others decide what to fold. In
 * doubt a line is the author's. The words that mail programs write are in
 * quote_words.c: French first, then English, German and some twenty other languages.
 *
 * "Cordialement" and the name under it are content. A forwarded message is
 * content. Where nothing would be left, everything is the author's. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

enum quote_kind {
	QUOTE_OWN,	   /* the author's words */
	QUOTE_ATTRIBUTION, /* "Le 3 mars 2026 à 9 h, Marie a écrit :" (one to four lines) */
	QUOTE_HEADERS,	   /* separator and "De : / Envoyé : / Objet :" over a quote */
	QUOTE_QUOTED,	   /* lines with ">", or the message under HEADERS */
	QUOTE_SIGNATURE,   /* "-- " and what follows, "Envoyé de mon iPhone" */
	QUOTE_FOOTER,	   /* legal notice, list footer, advertising, our own answer mark */
	QUOTE_FORWARDED	   /* a message passed on: separator, its headers and text */
};

struct quote_segment {
	enum quote_kind kind;
	bool folded;	  /* trailing: show it closed. A quote that is answered below is open */
	struct span text; /* whole lines, borrowed from the input */
};

struct quote_parts {
	struct quote_segment *list; /* in the arena */
	size_t count;
	bool forward; /* a forwarded message is in it */
};

enum { QUOTE_LINES_MAX = 50000 }; /* of a longer text the rest is the author's */

/* Our own mails carry one of these; what stands from there on is folded. A line
 * counts if it holds the words, whatever its dashes and ">" are. */
#define QUOTE_MARK_FR "Répondez au-dessus de cette ligne"
#define QUOTE_MARK_EN "Reply above this line"

/* text: UTF-8, unflowed, LF or CRLF. forward: the subject says so (TR:, Fwd:), which
 * alone tells a message passed on from a reply over a whole quotation. Linear. */
void
quote_split(struct arena *arena, struct span text, bool forward, struct quote_parts *out);

/* The author's words and what they forwarded, with quotes answered in place;
 * without what is folded. Never empty unless the text is blank. */
struct span
quote_own(struct arena *arena, const struct quote_parts *parts);
