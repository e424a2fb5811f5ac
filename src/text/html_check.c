/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "text/html_check.h"

#include <stdint.h>
#include <string.h>

enum { DEPTH_MAX = 64 };

enum kind {
	BLOCK,    /* holds blocks */
	TEXT,     /* a block that holds text alone */
	INLINE,   /* stands in text */
	LINK,     /* the same, with its address */
	BREAK,    /* the same, and holds nothing */
	RULE,     /* a block that holds nothing */
	LIST,     /* a block that holds items */
	NUMBERED, /* the same, and begins where it likes */
	ITEM,
	FOLD
};

/* clang-format off */
static const struct {
	const char *name;
	enum kind kind;
} tags[] = {
	{ "p", TEXT },     { "br", BREAK },     { "hr", RULE },         { "a", LINK },
	{ "ol", NUMBERED },{ "ul", LIST },      { "li", ITEM },         { "details", FOLD },
	{ "em", INLINE },  { "strong", INLINE },{ "blockquote", BLOCK },{ "summary", TEXT },
	{ "code", INLINE },{ "pre", TEXT },     { "del", INLINE },      { "h3", TEXT },
	{ "h4", TEXT },    { "h5", TEXT },      { "h6", TEXT },
};
/* clang-format on */

enum { TAGS = sizeof(tags) / sizeof(tags[0]) };

struct walk {
	struct span rest;
	uint8_t open[DEPTH_MAX];
	size_t depth;
};

static bool
take(struct walk *walk, const char *text)
{
	if (!span_starts(walk->rest, text))
		return false;
	walk->rest = span_from(walk->rest, span_of(text).len);
	return true;
}

static bool
take_tag(struct walk *walk, size_t *tag)
{
	struct span name;
	size_t len = 0;

	while (len < walk->rest.len &&
	    (ascii_is_alpha(walk->rest.data[len]) || ascii_is_digit(walk->rest.data[len])))
		len++;
	name = span_first(walk->rest, len);
	walk->rest = span_from(walk->rest, len);
	for (*tag = 0; *tag < TAGS; (*tag)++)
		if (span_is(name, tags[*tag].name))
			return true;
	return false;
}

static bool
take_entity(struct walk *walk)
{
	return take(walk, "&amp;") || take(walk, "&lt;") || take(walk, "&gt;") ||
	    take(walk, "&quot;");
}

static bool
is_scheme(struct span url)
{
	return span_starts_nocase(url, "http://") || span_starts_nocase(url, "https://") ||
	    span_starts_nocase(url, "mailto:");
}

/* ASCII up to the quote that ends it. */
static bool
take_address(struct walk *walk)
{
	if (!is_scheme(walk->rest))
		return false;
	while (walk->rest.len > 0 && walk->rest.data[0] != '"') {
		unsigned char c = (unsigned char)walk->rest.data[0];

		if (c <= ' ' || c >= 0x7f || strchr("<>'`\\{}|^", c) != NULL)
			return false;
		if (c != '&')
			walk->rest = span_from(walk->rest, 1);
		else if (!take(walk, "&amp;"))
			return false;
	}
	return true;
}

static bool
take_start(struct walk *walk)
{
	size_t len = 0;

	if (!take(walk, " start=\""))
		return true;
	while (len < walk->rest.len && ascii_is_digit(walk->rest.data[len]))
		len++;
	walk->rest = span_from(walk->rest, len);
	return len > 0 && len <= 10 && take(walk, "\"");
}

static bool
take_attributes(struct walk *walk, enum kind kind)
{
	switch (kind) {
	case LINK:
		return take(walk, " href=\"") && take_address(walk) &&
		    take(walk, "\" rel=\"nofollow ugc noopener\"");
	case FOLD:
		return take(walk, " class=\"quote\"") || take(walk, " class=\"signature\"") ||
		    take(walk, " class=\"footer\"");
	case NUMBERED:
		return take_start(walk);
	case BLOCK:
	case TEXT:
	case INLINE:
	case BREAK:
	case RULE:
	case LIST:
	case ITEM:
		break;
	}
	return true;
}

/* Browsers move what stands where it may not, and close what is open around it: an item without a
 * list closes an item of the page, a heading in a heading what holds both, a link in a link that one. */
static bool
may_stand(const struct walk *walk, enum kind kind)
{
	enum kind parent = walk->depth > 0 ? tags[walk->open[walk->depth - 1]].kind : BLOCK;

	if (kind == ITEM)
		return parent == LIST || parent == NUMBERED;
	for (size_t i = 0; kind == LINK && i < walk->depth; i++)
		if (tags[walk->open[i]].kind == LINK)
			return false;
	if (kind == INLINE || kind == LINK || kind == BREAK)
		return true;
	return parent != TEXT && parent != INLINE && parent != LINK;
}

/* Behind the "<". */
static bool
take_element(struct walk *walk)
{
	bool closes = take(walk, "/");
	size_t tag;

	if (!take_tag(walk, &tag))
		return false;
	if (closes)
		return walk->depth > 0 && walk->open[--walk->depth] == tag && take(walk, ">");
	if (!may_stand(walk, tags[tag].kind) || !take_attributes(walk, tags[tag].kind) ||
	    !take(walk, ">"))
		return false;
	if (tags[tag].kind == BREAK || tags[tag].kind == RULE)
		return true;
	if (walk->depth == DEPTH_MAX)
		return false;
	walk->open[walk->depth++] = (uint8_t)tag;
	return true;
}

/* Length of the text before the next markup; *ok is false where no text has such octets. */
static size_t
text_length(struct span rest, bool *ok)
{
	for (size_t i = 0; i < rest.len; i++) {
		unsigned char c = (unsigned char)rest.data[i];

		if (c == '<' || c == '&')
			return i;
		if (c == '>' || c == '"' || (c < ' ' && c != '\n' && c != '\t') || c == 0x7f) {
			*ok = false;
			return i;
		}
	}
	return rest.len;
}

bool
html_check(struct span html)
{
	struct walk walk = { .rest = html };
	bool ok = true;

	while (ok && walk.rest.len > 0) {
		walk.rest = span_from(walk.rest, text_length(walk.rest, &ok));
		if (ok && walk.rest.len > 0)
			ok = take(&walk, "<") ? take_element(&walk) : take_entity(&walk);
	}
	return ok && walk.depth == 0;
}
