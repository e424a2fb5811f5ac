/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "text/markdown.h"

#include <cmark.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "text/markdown_nesting.h"

enum { SHOWN_URL_MAX = 200 }; /* of a destination that is shown instead of linked */

static void *
on_realloc(void *old, size_t size)
{
	return x_realloc(old, size, 1);
}

/* Without memory cmark would abort(): it ends as everybody here does. */
static cmark_mem house_memory = { x_calloc, on_realloc, free };

static cmark_node *
parse(struct span source)
{
	cmark_parser *parser = cmark_parser_new_with_mem(CMARK_OPT_DEFAULT, &house_memory);
	cmark_node *root;

	cmark_parser_feed(parser, source.data != NULL ? source.data : "", source.len);
	root = cmark_parser_finish(parser);
	cmark_parser_free(parser);
	return root;
}

/* A bare carriage return ends a line too (CommonMark 0.30 §2.1). */
static void
say_lines(struct rich *rich, struct span text, bool linked)
{
	struct span line;
	bool first = true;

	while (span_next_line(&text, &line)) {
		if (!first)
			rich_break(rich);
		first = false;
		if (linked)
			rich_text_linked(rich, line);
		else
			rich_text(rich, line);
	}
}

/* Raw HTML, as it was typed. */
static void
say_block_as_typed(struct rich *rich, struct span text)
{
	rich_open(rich, TAG_P);
	say_lines(rich, text, false);
	rich_close(rich, TAG_P);
}

static void
say_code_block(struct rich *rich, struct span text)
{
	rich_open(rich, TAG_PRE);
	rich_open(rich, TAG_CODE);
	rich_text(rich, text);
	rich_close(rich, TAG_CODE);
	rich_close(rich, TAG_PRE);
}

static enum html_tag
heading_tag(cmark_node *node)
{
	static const enum html_tag tags[] = { TAG_H3, TAG_H4, TAG_H5, TAG_H6 };
	int level = cmark_node_get_heading_level(node);

	return tags[level < 1 ? 0 : level > 4 ? 3 : level - 1];
}

/* Is the label the destination itself, or nothing? Then it is said once. */
static bool
label_says(cmark_node *node, struct span url)
{
	cmark_node *child = cmark_node_first_child(node);

	return child != NULL && cmark_node_next(child) == NULL &&
	       cmark_node_get_type(child) == CMARK_NODE_TEXT &&
	       span_is(url, cmark_node_get_literal(child));
}

/* "www.ville.example/plan" was meant as an address of the web. */
static struct span
whole_url(struct arena *arena, const char *url)
{
	if (url != NULL && span_starts_nocase(span_of(url), "www."))
		return span_of(arena_printf(arena, "https://%s", url));
	return span_of(url);
}

static void
open_link(struct arena *arena, struct rich *rich, cmark_node *node)
{
	struct span url = whole_url(arena, cmark_node_get_url(node));
	bool opened = rich_open_link(rich, url);

	cmark_node_set_user_data(node, opened ? node : NULL);
	if (cmark_node_first_child(node) == NULL && opened)
		rich_text(rich, url);
}

static void
close_link(struct rich *rich, cmark_node *node)
{
	struct span url = span_of(cmark_node_get_url(node));

	if (cmark_node_get_user_data(node) != NULL) {
		rich_close(rich, TAG_A);
		return;
	}
	if (url.len == 0 || span_starts_nocase(url, "data:") || label_says(node, url))
		return;
	rich_text(rich, SPAN(" ("));
	rich_text(rich, utf8_first(url, SHOWN_URL_MAX));
	rich_text(rich, utf8_count(url) > SHOWN_URL_MAX ? SPAN("…)") : SPAN(")"));
}

/* Paragraphs of a tight list are no paragraphs. */
static bool
is_tight(cmark_node *paragraph)
{
	cmark_node *list = cmark_node_parent(cmark_node_parent(paragraph));

	return list != NULL && cmark_node_get_type(list) == CMARK_NODE_LIST &&
	       cmark_node_get_list_tight(list);
}

static void
enter(struct arena *arena, struct rich *rich, cmark_node *node)
{
	struct span literal = span_of(cmark_node_get_literal(node));

	switch ((unsigned)cmark_node_get_type(node)) {
	case CMARK_NODE_BLOCK_QUOTE:
		rich_open(rich, TAG_BLOCKQUOTE);
		break;
	case CMARK_NODE_LIST:
		if (cmark_node_get_list_type(node) == CMARK_ORDERED_LIST)
			rich_open_list(rich, cmark_node_get_list_start(node));
		else
			rich_open(rich, TAG_UL);
		break;
	case CMARK_NODE_ITEM:
		rich_open(rich, TAG_LI);
		break;
	case CMARK_NODE_CODE_BLOCK:
		say_code_block(rich, literal);
		break;
	case CMARK_NODE_HTML_BLOCK:
		say_block_as_typed(rich, literal);
		break;
	case CMARK_NODE_PARAGRAPH:
		if (!is_tight(node))
			rich_open(rich, TAG_P);
		break;
	case CMARK_NODE_HEADING:
		rich_open(rich, heading_tag(node));
		break;
	case CMARK_NODE_THEMATIC_BREAK:
		rich_rule(rich);
		break;
	case CMARK_NODE_TEXT:
		rich_text_linked(rich, literal);
		break;
	case CMARK_NODE_SOFTBREAK:
	case CMARK_NODE_LINEBREAK:
		rich_break(rich);
		break;
	case CMARK_NODE_CODE:
		rich_open(rich, TAG_CODE);
		rich_text(rich, literal);
		rich_close(rich, TAG_CODE);
		break;
	case CMARK_NODE_HTML_INLINE:
		say_lines(rich, literal, false);
		break;
	case CMARK_NODE_EMPH:
		rich_open(rich, TAG_EM);
		break;
	case CMARK_NODE_STRONG:
		rich_open(rich, TAG_STRONG);
		break;
	case CMARK_NODE_LINK:
	case CMARK_NODE_IMAGE:
		open_link(arena, rich, node);
		break;
	default: /* the document */
		break;
	}
}

static void
leave(struct rich *rich, cmark_node *node)
{
	switch ((unsigned)cmark_node_get_type(node)) {
	case CMARK_NODE_BLOCK_QUOTE:
		rich_close(rich, TAG_BLOCKQUOTE);
		break;
	case CMARK_NODE_LIST:
		rich_close(
		    rich, cmark_node_get_list_type(node) == CMARK_ORDERED_LIST ? TAG_OL : TAG_UL);
		break;
	case CMARK_NODE_ITEM:
		rich_close(rich, TAG_LI);
		break;
	case CMARK_NODE_PARAGRAPH:
		if (!is_tight(node))
			rich_close(rich, TAG_P);
		break;
	case CMARK_NODE_HEADING:
		rich_close(rich, heading_tag(node));
		break;
	case CMARK_NODE_EMPH:
		rich_close(rich, TAG_EM);
		break;
	case CMARK_NODE_STRONG:
		rich_close(rich, TAG_STRONG);
		break;
	case CMARK_NODE_LINK:
	case CMARK_NODE_IMAGE:
		close_link(rich, node);
		break;
	default:
		break;
	}
}

void
markdown_render(struct arena *arena, struct span source, struct rendered *out)
{
	struct span clean = { 0 };
	struct rich *rich;
	cmark_node *root;
	cmark_iter *iter;
	cmark_event_type event;

	if (source.len <= MARKDOWN_MAX)
		clean = utf8_clean(arena, source);
	if (source.len > MARKDOWN_MAX || !markdown_may_parse(clean, MARKDOWN_NESTING)) {
		markdown_plain(arena, source, out);
		return;
	}
	rich = rich_new(arena);
	root = parse(clean);
	cmark_consolidate_text_nodes(root);
	iter = cmark_iter_new(root);
	while ((event = cmark_iter_next(iter)) != CMARK_EVENT_DONE) {
		if (event == CMARK_EVENT_ENTER)
			enter(arena, rich, cmark_iter_get_node(iter));
		else
			leave(rich, cmark_iter_get_node(iter));
	}
	cmark_iter_free(iter);
	cmark_node_free(root);
	rich_end(rich, out);
	out->own = out->text;
}

void
markdown_plain(struct arena *arena, struct span source, struct rendered *out)
{
	rich_plain(arena, source, out);
}
