/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* text/html_marks.h: the marks that mail programs leave in HTML: which element is a
 * quote, its attribution, a signature, a forwarded message, or not to be shown.
 *
 * Knows nothing of the parser: it is given names and values of attributes. */
#pragma once

#include <stdbool.h>

#include "base/str.h"

enum html_mark {
	MARK_NONE,
	MARK_DROP,	  /* not to be shown, with all that is in it */
	MARK_QUOTE,	  /* this element is a quote */
	MARK_REST,	  /* from here to the end all is a quote (Outlook) */
	MARK_ATTRIBUTION, /* "Le ..., X a écrit :" */
	MARK_SIGNATURE,
	MARK_FORWARD /* a message passed on */
};

/* What one attribute says about its element; the first mark that is not NONE counts. */
enum html_mark
html_marks_attribute(const char *element, const char *name, struct span value);

/* Do these words, in one line as they stand, read as an attribution? */
bool
html_marks_attribution(struct span folded);
