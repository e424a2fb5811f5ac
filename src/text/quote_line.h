/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* text/quote_line.h: the lines of a mail, each looked at once, and what begins there.
 *
 * Only quote.h needs this. Everything here looks at a bounded number of lines and
 * octets around a line, so that a text is read in linear time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

enum { QUOTE_LINE_MAX = 500 }; /* a longer line is nobody's mark */

enum quote_start {
	START_NONE,
	START_FORWARD,	   /* separator of a message passed on */
	START_HEADERS,	   /* separator and headers, or a bare block of headers */
	START_ATTRIBUTION, /* "Le ..., X a écrit :" */
	START_MARK	   /* our own answer mark */
};

struct quote_line {
	struct span whole;	/* with its line end */
	struct span raw;	/* without it */
	struct span said;	/* folded, without quote marks, "*" and blanks at both ends */
	unsigned depth;		/* of ">" */
	bool blank;		/* nothing but quote marks and blanks */
	bool fenced;		/* in a ``` block */
	enum quote_start start; /* what begins here */
	unsigned span;		/* over how many lines it goes */
	bool strong;		/* an attribution that needs no ">" after it */
	bool prefixed;		/* headers that carry ">" themselves */
};

struct quote_lines {
	struct quote_line *list;
	size_t count;
	struct span rest; /* what lies beyond QUOTE_LINES_MAX */
};

void
quote_lines_read(struct arena *arena, struct span text, struct quote_lines *out);

/* The first line from i on that is not blank, count where there is none. */
size_t
quote_lines_next(const struct quote_lines *lines, size_t i);
