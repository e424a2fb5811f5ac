/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "text/html_tags.h"

#include <stdlib.h>
#include <string.h>

/* clang-format off */
/* Sorted by name. What is not here (span, font, u, o:p ...) says nothing of its own. */
static const struct html_element elements[] = {
	{ "a",          ROLE_LINK,  TAG_A },
	{ "address",    ROLE_LINE,  TAG_P },
	{ "applet",     ROLE_DROP,  TAG_P },
	{ "area",       ROLE_DROP,  TAG_P },
	{ "article",    ROLE_BLOCK, TAG_P },
	{ "aside",      ROLE_BLOCK, TAG_P },
	{ "audio",      ROLE_DROP,  TAG_P },
	{ "b",          ROLE_TAG,   TAG_STRONG },
	{ "base",       ROLE_DROP,  TAG_P },
	{ "basefont",   ROLE_DROP,  TAG_P },
	{ "bgsound",    ROLE_DROP,  TAG_P },
	{ "blockquote", ROLE_TAG,   TAG_BLOCKQUOTE },
	{ "body",       ROLE_BLOCK, TAG_P },
	{ "br",         ROLE_BREAK, TAG_BR },
	{ "button",     ROLE_DROP,  TAG_P },
	{ "canvas",     ROLE_DROP,  TAG_P },
	{ "caption",    ROLE_LINE,  TAG_P },
	{ "center",     ROLE_LINE,  TAG_P },
	{ "cite",       ROLE_TAG,   TAG_EM },
	{ "code",       ROLE_TAG,   TAG_CODE },
	{ "datalist",   ROLE_DROP,  TAG_P },
	{ "dd",         ROLE_LINE,  TAG_P },
	{ "del",        ROLE_TAG,   TAG_DEL },
	{ "details",    ROLE_BLOCK, TAG_P },
	{ "dfn",        ROLE_TAG,   TAG_EM },
	{ "dialog",     ROLE_DROP,  TAG_P },
	{ "dir",        ROLE_TAG,   TAG_UL },
	{ "div",        ROLE_LINE,  TAG_P },
	{ "dl",         ROLE_BLOCK, TAG_P },
	{ "dt",         ROLE_LINE,  TAG_P },
	{ "em",         ROLE_TAG,   TAG_EM },
	{ "embed",      ROLE_DROP,  TAG_P },
	{ "fieldset",   ROLE_BLOCK, TAG_P },
	{ "figcaption", ROLE_LINE,  TAG_P },
	{ "figure",     ROLE_BLOCK, TAG_P },
	{ "footer",     ROLE_BLOCK, TAG_P },
	{ "form",       ROLE_BLOCK, TAG_P },
	{ "frame",      ROLE_DROP,  TAG_P },
	{ "frameset",   ROLE_DROP,  TAG_P },
	{ "h1",         ROLE_TAG,   TAG_H3 },
	{ "h2",         ROLE_TAG,   TAG_H3 },
	{ "h3",         ROLE_TAG,   TAG_H4 },
	{ "h4",         ROLE_TAG,   TAG_H5 },
	{ "h5",         ROLE_TAG,   TAG_H6 },
	{ "h6",         ROLE_TAG,   TAG_H6 },
	{ "head",       ROLE_DROP,  TAG_P },
	{ "header",     ROLE_BLOCK, TAG_P },
	{ "hr",         ROLE_RULE,  TAG_HR },
	{ "i",          ROLE_TAG,   TAG_EM },
	{ "iframe",     ROLE_DROP,  TAG_P },
	{ "img",        ROLE_IMAGE, TAG_P },
	{ "input",      ROLE_DROP,  TAG_P },
	{ "kbd",        ROLE_TAG,   TAG_CODE },
	{ "legend",     ROLE_LINE,  TAG_P },
	{ "li",         ROLE_TAG,   TAG_LI },
	{ "link",       ROLE_DROP,  TAG_P },
	{ "listing",    ROLE_TAG,   TAG_PRE },
	{ "main",       ROLE_BLOCK, TAG_P },
	{ "map",        ROLE_DROP,  TAG_P },
	{ "math",       ROLE_DROP,  TAG_P },
	{ "menu",       ROLE_TAG,   TAG_UL },
	{ "meta",       ROLE_DROP,  TAG_P },
	{ "meter",      ROLE_DROP,  TAG_P },
	{ "nav",        ROLE_BLOCK, TAG_P },
	{ "noembed",    ROLE_DROP,  TAG_P },
	{ "noframes",   ROLE_DROP,  TAG_P },
	{ "object",     ROLE_DROP,  TAG_P },
	{ "ol",         ROLE_LIST,  TAG_OL },
	{ "optgroup",   ROLE_DROP,  TAG_P },
	{ "option",     ROLE_DROP,  TAG_P },
	{ "p",          ROLE_BLOCK, TAG_P },
	{ "param",      ROLE_DROP,  TAG_P },
	{ "plaintext",  ROLE_TAG,   TAG_PRE },
	{ "pre",        ROLE_TAG,   TAG_PRE },
	{ "progress",   ROLE_DROP,  TAG_P },
	{ "s",          ROLE_TAG,   TAG_DEL },
	{ "samp",       ROLE_TAG,   TAG_CODE },
	{ "script",     ROLE_DROP,  TAG_P },
	{ "section",    ROLE_BLOCK, TAG_P },
	{ "select",     ROLE_DROP,  TAG_P },
	{ "slot",       ROLE_DROP,  TAG_P },
	{ "source",     ROLE_DROP,  TAG_P },
	{ "strike",     ROLE_TAG,   TAG_DEL },
	{ "strong",     ROLE_TAG,   TAG_STRONG },
	{ "style",      ROLE_DROP,  TAG_P },
	{ "summary",    ROLE_LINE,  TAG_P },
	{ "svg",        ROLE_DROP,  TAG_P },
	{ "table",      ROLE_BLOCK, TAG_P },
	{ "td",         ROLE_CELL,  TAG_P },
	{ "template",   ROLE_DROP,  TAG_P },
	{ "textarea",   ROLE_DROP,  TAG_P },
	{ "th",         ROLE_CELL,  TAG_P },
	{ "title",      ROLE_DROP,  TAG_P },
	{ "tr",         ROLE_LINE,  TAG_P },
	{ "track",      ROLE_DROP,  TAG_P },
	{ "tt",         ROLE_TAG,   TAG_CODE },
	{ "ul",         ROLE_TAG,   TAG_UL },
	{ "var",        ROLE_TAG,   TAG_EM },
	{ "video",      ROLE_DROP,  TAG_P },
	{ "xml",        ROLE_DROP,  TAG_P },
	{ "xmp",        ROLE_TAG,   TAG_PRE },
};
/* clang-format on */

static int
compare(const void *key, const void *row)
{
	return strcmp(key, ((const struct html_element *)row)->name);
}

const struct html_element *
html_tags_find(const char *name)
{
	static const struct html_element none = { "", ROLE_NOTHING, TAG_P };
	const struct html_element *found = bsearch(
	    name, elements, sizeof(elements) / sizeof(elements[0]), sizeof(elements[0]), compare);

	return found != NULL ? found : &none;
}
