/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* text/html_write.h: the one serialiser of rich text.
 *
 * Whatever is asked, the result is well formed: only the tags below, no attribute
 * but a checked href (with a fixed rel), start on <ol>, a fixed class on
 * <details>; every element closed in order; at most HTML_MAX octets: from there on
 * nothing is opened or written, what is open is closed. Which element may stand in
 * which is the business of rich.h, the only caller. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "text/escape.h"

enum html_tag {
	TAG_P,
	TAG_BLOCKQUOTE,
	TAG_PRE,
	TAG_CODE,
	TAG_EM,
	TAG_STRONG,
	TAG_DEL,
	TAG_UL,
	TAG_OL,
	TAG_LI,
	TAG_H3,
	TAG_H4,
	TAG_H5,
	TAG_H6,
	TAG_A,
	TAG_DETAILS, /* html_write_fold() only */
	TAG_BR,	     /* html_write_void() only */
	TAG_HR,	     /* html_write_void() only */
	HTML_TAGS
};

enum html_fold {
	FOLD_QUOTE,	/* <details class="quote"> */
	FOLD_SIGNATURE, /* <details class="signature"> */
	FOLD_FOOTER	/* <details class="footer">: legal notices, list footers, advertising */
};

enum {
	HTML_DEPTH = 32,       /* elements within each other; more is a bug of the caller */
	HTML_MAX = 1024 * 1024 /* octets written */
};

struct html_write;

struct html_write *
html_write_new(struct arena *arena);

void
html_write_open(struct html_write *w, enum html_tag tag);
void
html_write_list(struct html_write *w, int64_t start);
/* escape_url_ok() is asked again here: a bad address is a bug and ends the process. */
void
html_write_link(struct html_write *w, struct span url);
/* <details> with its <summary>, which is written whole. */
void
html_write_fold(struct html_write *w, enum html_fold fold, struct span summary);
void
html_write_void(struct html_write *w, enum html_tag tag);
void
html_write_text(struct html_write *w, struct span text);

/* Closes the innermost open element. */
void
html_write_close(struct html_write *w);

/* Closes everything and gives the whole; *cut says that HTML_MAX was reached. */
struct html
html_write_end(struct html_write *w, bool *cut);
