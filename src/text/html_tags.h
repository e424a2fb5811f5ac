/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* text/html_tags.h: what becomes of each element of HTML mail. */
#pragma once

#include "text/html_write.h"

enum html_role {
	ROLE_NOTHING, /* its text is read as if it stood there */
	ROLE_DROP,    /* not shown, with all that is in it */
	ROLE_TAG,     /* one of ours: `tag` */
	ROLE_LINE,    /* begins and ends a line */
	ROLE_BLOCK,   /* begins and ends a paragraph */
	ROLE_CELL,    /* of a table: set apart from the one before it */
	ROLE_LIST,    /* <ol>, which may say where it starts */
	ROLE_LINK,
	ROLE_IMAGE,
	ROLE_BREAK,
	ROLE_RULE
};

struct html_element {
	const char *name;
	enum html_role role;
	enum html_tag tag;
};

/* Never NULL: an unknown element has ROLE_NOTHING. */
const struct html_element *
html_tags_find(const char *name);
