/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* text/mail_text.h: plain-text mail shown as its author meant it.
 *
 * Mail text is not Markdown: there is no markup to read. Lines that were flowed
 * (RFC 3676) are joined, depth of ">" becomes <blockquote>, text that stands in
 * columns or looks like code becomes <pre>, everything else paragraphs, bare URLs and
 * addresses links. Line ends are kept, but for those that a mail program made for want
 * of room (60 to 100 columns, and the next word would not have fitted).
 *
 * What quote.h finds to be a trailing quote, signature or footer is folded:
 *   <details class="quote"><summary>Le 3 mars, Marie a écrit :</summary>...</details>
 * The summary is the attribution as written, "···" where there is none: text that
 * is stored is in no language of ours; themes add words by CSS. Nothing is lost.
 *
 * Addresses in quotes, attributions, signatures, footers and header blocks are
 * masked ("m…@ville.example") for everybody, in html, text and own alike: their
 * owners did not write here. In the author's own lines they stay, as links. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"
#include "text/rich.h"

enum { MAIL_TEXT_MAX = 1024 * 1024 }; /* octets of source shown; the rest sets `cut` */

struct mail_text_format {
	bool flowed;  /* Content-Type: ...; format=flowed */
	bool delsp;   /* ...; delsp=yes */
	bool forward; /* the subject says that a message is passed on (TR:, Fwd:) */
};

/* source is UTF-8, line ends LF or CRLF; bad octets become U+FFFD, NUL is dropped. */
void
mail_text_render(
    struct arena *arena, struct span source, struct mail_text_format format, struct rendered *out);

/* RFC 3676 §4 undone: soft line ends joined, space-stuffing removed, quote marks
 * written as ">> ". LF line ends. The signature line "-- " is never joined. */
struct span
mail_text_unflow(struct arena *arena, struct span source, bool delsp);
