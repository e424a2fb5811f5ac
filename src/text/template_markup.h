/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* text/template_markup.h: where in an HTML document a place of a template stands.
 *
 * It reads the template's own text, octet by octet, as a browser would, as far as
 * needed to say which values are safe there. Whatever it does not know is refused. */
#pragma once

#include <stdbool.h>

#include "base/str.h"
#include "text/view.h"

enum markup_state {
	MARKUP_TEXT,	 /* between tags */
	MARKUP_OPEN,	 /* after "<" */
	MARKUP_TAG,	 /* in the name of a tag */
	MARKUP_INSIDE,	 /* in a tag, between attributes */
	MARKUP_NAME,	 /* in the name of an attribute */
	MARKUP_EQUALS,	 /* after "=" */
	MARKUP_QUOTED,	 /* in "..." or '...' */
	MARKUP_UNQUOTED, /* in a value without quotes */
	MARKUP_DECLARED, /* in <!...> */
	MARKUP_COMMENT,	 /* in <!--...--> */
	MARKUP_WORDS,	 /* in <title>, <textarea>: text, no tags */
	MARKUP_CODE	 /* in <script>, <style> */
};

struct markup {
	enum markup_state state;
	char quote;   /* MARKUP_QUOTED */
	bool closing; /* a tag </x> */
	bool start;   /* nothing stands in the value of the attribute yet */
	bool has_src; /* the tag has an attribute src */
	char tag[16]; /* lower case, cut */
	char attribute[16];
	unsigned int seen; /* octets of "-->" or "</tag" seen */
};

/* Goes on by a text of the template. NULL, or what is wrong with it. */
const char *
markup_text(struct markup *markup, struct span text);

/* A value of that kind stands here. NULL, or why it may not. */
const char *
markup_value(struct markup *markup, enum view_kind kind);

/* After a section that is shown or not: a is how it began, *b how it ended. NULL, or
 * why the two do not go together; *b is then what holds for both. */
const char *
markup_join(const struct markup *a, struct markup *b);
