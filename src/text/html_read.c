/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "text/html_read.h"

#include <libxml/HTMLparser.h>
#include <string.h>

#include "base/utf8.h"
#include "text/html_guard.h"
#include "text/html_say.h"
#include "text/html_survey.h"
#include "text/html_tree.h"

/* Elements within each other: for each end tag that matches none, libxml2 looks at all
 * that are open. */
enum { OPEN_MAX = 1000 };

struct builder {
	struct arena *arena;
	htmlParserCtxt *parser;
	struct html_node *at; /* the element that is open */
	struct buf text;      /* comes in pieces */
	bool too_deep;
};

static void
end_text(struct builder *b)
{
	if (b->text.len == 0)
		return;
	html_tree_add(b->arena, b->at)->text = arena_span(b->arena, buf_span(&b->text));
	buf_clear(&b->text);
}

/* The attribute that the element's role needs. */
static bool
is_needed(enum html_role role, const char *name)
{
	return (role == ROLE_LINK && strcmp(name, "href") == 0) ||
	       (role == ROLE_IMAGE && strcmp(name, "alt") == 0) ||
	       (role == ROLE_LIST && strcmp(name, "start") == 0);
}

static void
read_attributes(struct builder *b, struct html_node *node, const char *name, const xmlChar **list)
{
	for (; list != NULL && list[0] != NULL; list += 2) {
		const char *attribute = (const char *)list[0];
		struct span value = span_of((const char *)list[1]);

		if (node->mark == MARK_NONE)
			node->mark = html_marks_attribute(name, attribute, value);
		if (is_needed(node->element->role, attribute))
			node->text = arena_span(b->arena, value);
	}
}

static void
on_start(void *data, const xmlChar *name, const xmlChar **attributes)
{
	struct builder *b = data;
	struct html_node *node;

	end_text(b);
	if (b->parser->nameNr > OPEN_MAX) {
		b->too_deep = true;
		xmlStopParser(b->parser);
		return;
	}
	node = html_tree_add(b->arena, b->at);
	node->element = html_tags_find((const char *)name);
	if (node->element->role == ROLE_DROP)
		node->mark = MARK_DROP;
	read_attributes(b, node, (const char *)name, attributes);
	b->at = node;
}

static void
on_end(void *data, const xmlChar *name)
{
	struct builder *b = data;

	(void)name; /* the parser closes in order, what was left open too */
	end_text(b);
	if (b->at->parent != NULL)
		b->at = b->at->parent;
}

static void
on_text(void *data, const xmlChar *text, int len)
{
	struct builder *b = data;

	if (len > 0)
		buf_add(&b->text, text, (size_t)len);
}

/* Builds the tree under root; false where the source is too deep to be read. */
static bool
parse(struct arena *arena, struct span source, struct html_node *root)
{
	const int options = HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
			    HTML_PARSE_NONET | HTML_PARSE_IGNORE_ENC | HTML_PARSE_NODEFDTD |
			    XML_PARSE_HUGE;
	struct builder b = { .arena = arena, .at = root };
	htmlDocPtr doc;

	b.parser = htmlNewParserCtxt();
	memset(b.parser->sax, 0, sizeof(*b.parser->sax));
	b.parser->sax->startElement = on_start;
	b.parser->sax->endElement = on_end;
	b.parser->sax->characters = on_text;
	b.parser->sax->ignorableWhitespace = on_text;
	b.parser->userData = &b;
	doc = htmlCtxtReadMemory(b.parser, source.data, (int)source.len, NULL, "UTF-8", options);
	if (doc != NULL)
		xmlFreeDoc(doc);
	htmlFreeParserCtxt(b.parser);
	end_text(&b);
	buf_free(&b.text);
	return !b.too_deep;
}

void
html_read(struct arena *arena, struct span source, bool forward, struct rendered *out)
{
	static const struct html_element nothing = { "", ROLE_NOTHING, TAG_P };
	struct span clean = utf8_clean(arena, span_first(source, HTML_READ_MAX));
	struct html_node root = { .element = &nothing };
	struct rich *rich;

	if (clean.len == 0 || !html_guard_ok(clean) || !parse(arena, clean, &root)) {
		rich_plain(arena, clean, out);
	} else {
		rich = rich_new(arena);
		html_say(arena, &root, html_survey(arena, &root), forward, rich);
		rich_end(rich, out);
	}
	out->cut = out->cut || source.len > HTML_READ_MAX;
}
