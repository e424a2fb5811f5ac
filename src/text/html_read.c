/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "text/html_read.h"

#include <libxml/HTMLparser.h>
#include <libxml/SAX2.h>
#include <string.h>

#include "base/utf8.h"
#include "text/html_guard.h"
#include "text/html_marks.h"
#include "text/html_tags.h"
#include "text/quote_words.h"

enum {
	OPEN_MAX = 1000,       /* elements within each other; libxml2 is quadratic in it */
	ATTRIBUTION_MAX = 500, /* octets of an attribution */
	SUMMARY_MAX = 240      /* code points of headers that are a fold's summary */
};

/* What is known of an element, from the first walk and for its end. */
struct note {
	const struct html_element *element;
	enum html_mark mark;
	size_t own_before; /* pieces of the author's text before it */
	bool opened;       /* rich_open() was said for its tag */
	bool folded;
	bool masked;
};

struct walk {
	struct arena *arena;
	struct rich *rich;
	size_t own;           /* pieces of the author's text, in all after the first walk */
	unsigned quoted;      /* quotes and signatures within each other */
	bool rest;            /* all is quoted from here on */
	bool forward;
	unsigned breaks;      /* line ends before the next text; 2 begin a paragraph */
	unsigned pre;
	bool blank;           /* a blank is owed before the next text */
	bool line;            /* the line has text */
	bool cell;            /* a cell ended and the line goes on */
	struct span summary;  /* of the next quote */
	struct buf text;
};

static struct note *
note_of(const xmlNode *node)
{
	return node->_private;
}

static struct span
content_of(const xmlNode *node)
{
	return span_of((const char *)node->content);
}

static struct span
attribute(const xmlNode *node, const char *name)
{
	for (const xmlAttr *attr = node->properties; attr != NULL; attr = attr->next)
		if (strcmp((const char *)attr->name, name) == 0 && attr->children != NULL)
			return content_of(attr->children);
	return SPAN("");
}

static enum html_mark
mark_of(const xmlNode *node)
{
	enum html_mark mark = MARK_NONE;

	for (const xmlAttr *attr = node->properties; attr != NULL && mark == MARK_NONE;
	     attr = attr->next)
		mark = html_marks_attribute((const char *)node->name, (const char *)attr->name,
		    attr->children != NULL ? content_of(attr->children) : SPAN(""));
	return mark;
}

/* The text of a node and all within it, in one line, folded blanks; bounded. */
static struct span
words_of(struct arena *arena, const xmlNode *top)
{
	const xmlNode *node = top;
	struct buf out = { 0 };
	struct span words;

	while (node != NULL && out.len <= ATTRIBUTION_MAX) {
		if (node->type == XML_TEXT_NODE)
			buf_add_span(&out, span_first(content_of(node), ATTRIBUTION_MAX + 1));
		else if (node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, "br") == 0)
			buf_add_char(&out, ' ');
		if (node->type == XML_ELEMENT_NODE && node->children != NULL) {
			node = node->children;
			continue;
		}
		while (node != top && node->next == NULL)
			node = node->parent;
		node = node == top ? NULL : node->next;
	}
	words = out.len <= ATTRIBUTION_MAX ? utf8_line(arena, buf_span(&out)) : SPAN("");
	buf_free(&out);
	return words;
}

static bool
is_blank_text(const xmlNode *node)
{
	return node->type == XML_TEXT_NODE && span_trim(content_of(node)).len == 0;
}

/* The element that follows, where nothing but blanks and one <br> stand between. */
static const xmlNode *
follower(const xmlNode *node)
{
	const xmlNode *next = node->next;

	for (unsigned n = 0; n < 4 && next != NULL; n++, next = next->next) {
		if (next->type == XML_ELEMENT_NODE && strcmp((const char *)next->name, "br") != 0)
			return next;
		if (next->type != XML_ELEMENT_NODE && !is_blank_text(next))
			return NULL;
	}
	return NULL;
}

/* ---- first walk: marks, and where the author's words are ---- */

static bool
counts_as_quoted(enum html_mark mark)
{
	return mark == MARK_QUOTE || mark == MARK_SIGNATURE || mark == MARK_FORWARD ||
	    mark == MARK_ATTRIBUTION;
}

static bool
is_line(const struct note *note)
{
	return note->element->role == ROLE_LINE || note->element->role == ROLE_BLOCK;
}

/* A line that a telephone adds has no mark in most programs. */
static bool
is_device_line(struct walk *w, const xmlNode *node, const struct note *note)
{
	const xmlNode *child = node->children;
	struct span text;

	if (!is_line(note) || child == NULL || child->next != NULL || child->type != XML_TEXT_NODE)
		return false;
	text = span_trim(content_of(child));
	return text.len < 120 && text.len > 0 && quote_words_device(utf8_fold(w->arena, text));
}

/* Gmail marks forwards as quotes; the first words tell. */
static bool
is_forward(struct walk *w, const xmlNode *node)
{
	const xmlNode *child = node->children;

	while (child != NULL && is_blank_text(child))
		child = child->next;
	if (child == NULL)
		return false;
	return quote_words_forward(utf8_fold(w->arena, span_first(words_of(w->arena, child), 80)));
}

/* Where no mark says so, a line that reads "X a écrit :" right above a quote. */
static bool
is_attribution(struct walk *w, const xmlNode *node)
{
	const xmlNode *next = w->quoted == 0 && !w->rest ? follower(node) : NULL;

	return next != NULL &&
	    (strcmp((const char *)next->name, "blockquote") == 0 ||
		strcmp((const char *)next->name, "div") == 0) &&
	    mark_of(next) == MARK_QUOTE &&
	    html_marks_attribution(utf8_fold(w->arena, words_of(w->arena, node)));
}

static bool
survey_enter(struct walk *w, xmlNode *node)
{
	struct note *note;

	if (node->type == XML_TEXT_NODE) {
		w->own += w->quoted == 0 && !w->rest && !is_blank_text(node) &&
		    !is_attribution(w, node);
		return false;
	}
	if (node->type != XML_ELEMENT_NODE)
		return false;
	note = arena_alloc(w->arena, sizeof(*note));
	node->_private = note;
	note->element = html_tags_find((const char *)node->name);
	note->mark = note->element->role == ROLE_DROP ? MARK_DROP : mark_of(node);
	note->own_before = w->own;
	if (note->mark == MARK_NONE && is_device_line(w, node, note))
		note->mark = MARK_SIGNATURE;
	if (note->mark == MARK_NONE && is_line(note) && is_attribution(w, node))
		note->mark = MARK_ATTRIBUTION;
	if (note->mark == MARK_QUOTE && is_forward(w, node))
		note->mark = MARK_FORWARD;
	if (note->mark == MARK_REST && (w->quoted > 0 || w->rest))
		note->mark = MARK_NONE;
	w->rest = w->rest || note->mark == MARK_REST;
	w->quoted += counts_as_quoted(note->mark);
	return note->mark != MARK_DROP;
}

static void
survey_leave(struct walk *w, xmlNode *node)
{
	struct note *note = note_of(node);

	w->quoted -= note != NULL && counts_as_quoted(note->mark);
}

/* ---- second walk: said again ---- */

static void
owe_breaks(struct walk *w, unsigned breaks)
{
	if (w->breaks < breaks)
		w->breaks = breaks;
	w->blank = false;
	w->cell = false;
}

/* What is owed before text or an inline element. */
static void
settle(struct walk *w)
{
	bool begins = w->breaks > 0;

	if (w->breaks >= 2 && w->pre == 0)
		rich_open(w->rich, TAG_P);
	else if (w->line)
		for (; w->breaks > 0; w->breaks--)
			rich_break(w->rich);
	if (begins)
		w->line = false;
	w->breaks = 0;
}

/* Before an inline element: the blank in front of it is not part of it. */
static void
begin_inline(struct walk *w)
{
	if (w->breaks == 0 && w->blank && w->line && !w->cell) {
		rich_text(w->rich, SPAN(" "));
		w->blank = false;
	}
	settle(w);
}

/* A block of ours ends what stood before it by itself. */
static void
begin_block(struct walk *w)
{
	w->breaks = 0;
	w->blank = false;
	w->cell = false;
	w->line = false;
}

/* Blanks become one, and none at the ends of a line (CSS 2.1 §16.6.1). */
static void
collapse(struct walk *w, struct span text)
{
	buf_clear(&w->text);
	for (size_t i = 0; i < text.len; i++) {
		if (ascii_is_space(text.data[i])) {
			w->blank = true;
			continue;
		}
		if (w->blank && (w->line || w->text.len > 0) && w->breaks == 0)
			buf_add_char(&w->text, ' ');
		w->blank = false;
		buf_add_char(&w->text, text.data[i]);
	}
}

static void
say_text(struct walk *w, struct span text)
{
	if (w->pre > 0) {
		settle(w);
		if (!w->line && span_starts(text, "\n")) /* HTML §13.2.6.4.7 */
			text = span_from(text, 1);
		rich_text_linked(w->rich, text);
		w->line = true;
		return;
	}
	if (span_trim(text).len == 0) {
		w->blank = w->blank || text.len > 0;
		return;
	}
	if (w->cell && w->line && w->breaks == 0)
		rich_text(w->rich, SPAN(" | "));
	if (w->cell)
		w->blank = false;
	w->cell = false;
	if (w->breaks > 0)
		w->blank = false;
	settle(w);
	collapse(w, text);
	rich_text_linked(w->rich, buf_span(&w->text));
	w->line = true;
}

/* The list of tags that stand open ends here: what follows is in none of them. */
static void
close_ancestors(struct walk *w, const xmlNode *node)
{
	for (const xmlNode *up = node->parent; up != NULL; up = up->parent) {
		struct note *note = up->type == XML_ELEMENT_NODE ? note_of(up) : NULL;

		if (note != NULL && note->opened)
			rich_close(w->rich, note->element->tag);
		if (note != NULL)
			note->opened = false;
	}
}

static void
open_fold(struct walk *w, struct note *note, enum html_fold fold)
{
	begin_block(w);
	rich_open_fold(w->rich, fold, w->summary);
	w->summary = SPAN("");
	note->folded = true;
}

/* The attribution that stands in the quote itself becomes the summary of the fold. */
static void
take_summary(struct walk *w, xmlNode *quote)
{
	xmlNode *child = quote->children;
	struct span words;

	while (child != NULL && is_blank_text(child))
		child = child->next;
	if (w->summary.len > 0 || child == NULL || child->type != XML_ELEMENT_NODE ||
	    note_of(child)->mark == MARK_DROP)
		return;
	words = words_of(w->arena, child);
	if (note_of(child)->mark != MARK_ATTRIBUTION &&
	    !html_marks_attribution(utf8_fold(w->arena, words)))
		return;
	w->summary = words;
	note_of(child)->mark = MARK_DROP;
}

static void
enter_quote(struct walk *w, xmlNode *node, struct note *note)
{
	bool trailing = note->own_before == w->own && w->own > 0;

	if (w->quoted++ > 0)
		return;
	if (note->mark == MARK_QUOTE && trailing && !w->forward) {
		take_summary(w, node);
		open_fold(w, note, FOLD_QUOTE);
	} else if (note->mark == MARK_SIGNATURE && w->own > 0) {
		open_fold(w, note, FOLD_SIGNATURE);
	} else {
		rich_mask(w->rich, true);
		note->masked = true;
	}
}

/* True where an attribution is no more than the summary of the fold that follows. */
static bool
is_summary(struct walk *w, const xmlNode *node)
{
	const xmlNode *next = follower(node);
	const struct note *quote;

	if (next == NULL || w->quoted > 0 || w->rest || w->forward)
		return false;
	quote = note_of(next);
	if (quote->mark != MARK_QUOTE || quote->own_before != w->own || w->own == 0)
		return false;
	w->summary = words_of(w->arena, node);
	return w->summary.len > 0;
}

/* Outlook's headers, if they are not long, are the summary; *said tells so. */
static void
enter_rest(struct walk *w, xmlNode *node, struct note *note, bool *said)
{
	w->quoted++;
	w->rest = true;
	if (w->own == 0 || w->forward) {
		rich_mask(w->rich, true);
		return;
	}
	close_ancestors(w, node);
	w->summary = utf8_first(words_of(w->arena, node), SUMMARY_MAX + 1);
	if (utf8_count(w->summary) > SUMMARY_MAX)
		w->summary = SPAN("");
	*said = w->summary.len > 0;
	open_fold(w, note, FOLD_QUOTE);
	note->folded = false; /* it ends with the document */
}

static void
open_tag(struct walk *w, const xmlNode *node, struct note *note)
{
	enum html_tag tag = note->element->tag;
	int64_t start = 1;

	if (tag == TAG_CODE || tag == TAG_EM || tag == TAG_STRONG || tag == TAG_DEL)
		begin_inline(w);
	else
		begin_block(w);
	if (note->element->role == ROLE_LIST && span_int(attribute(node, "start"), 0, 999999999, &start))
		rich_open_list(w->rich, start);
	else
		rich_open(w->rich, tag);
	w->pre += tag == TAG_PRE;
	note->opened = true;
}

static void
enter_role(struct walk *w, const xmlNode *node, struct note *note)
{
	switch (note->element->role) {
	case ROLE_TAG:
	case ROLE_LIST:
		open_tag(w, node, note);
		break;
	case ROLE_LINE:
		owe_breaks(w, 1);
		break;
	case ROLE_BLOCK:
		owe_breaks(w, 2);
		break;
	case ROLE_LINK:
		begin_inline(w);
		note->opened = rich_open_link(w->rich, span_trim(attribute(node, "href")));
		break;
	case ROLE_IMAGE:
		say_text(w, attribute(node, "alt"));
		break;
	case ROLE_BREAK:
		w->breaks += w->breaks < 2;
		w->blank = false;
		w->cell = false;
		break;
	case ROLE_RULE:
		begin_block(w);
		rich_rule(w->rich);
		break;
	case ROLE_CELL:
	case ROLE_NOTHING:
	case ROLE_DROP:
		break;
	}
}

static bool
say_enter(struct walk *w, xmlNode *node)
{
	struct note *note;
	bool said = false;

	if (node->type == XML_TEXT_NODE) {
		if (!is_attribution(w, node) || !is_summary(w, node))
			say_text(w, content_of(node));
		return false;
	}
	note = node->type == XML_ELEMENT_NODE ? note_of(node) : NULL;
	if (note == NULL || note->mark == MARK_DROP)
		return false;
	if (note->mark == MARK_ATTRIBUTION && is_summary(w, node)) {
		note->mark = MARK_DROP;
		return false;
	}
	if (note->mark == MARK_REST)
		enter_rest(w, node, note, &said);
	else if (counts_as_quoted(note->mark))
		enter_quote(w, node, note);
	if (said)
		return false;
	enter_role(w, node, note);
	return true;
}

static void
say_leave(struct walk *w, xmlNode *node)
{
	struct note *note = node->type == XML_ELEMENT_NODE ? note_of(node) : NULL;

	if (note == NULL || note->mark == MARK_DROP)
		return;
	if (note->opened) {
		rich_close(w->rich, note->element->tag);
		w->pre -= note->element->tag == TAG_PRE && w->pre > 0;
	}
	if (note->element->role == ROLE_LINE)
		owe_breaks(w, 1);
	else if (note->element->role == ROLE_BLOCK)
		owe_breaks(w, 2);
	else if (note->element->role == ROLE_CELL)
		w->cell = w->line && w->breaks == 0;
	if (note->folded) {
		begin_block(w);
		rich_close(w->rich, TAG_DETAILS);
	}
	if (note->masked)
		rich_mask(w->rich, false);
	if (counts_as_quoted(note->mark))
		w->quoted--;
}

/* ---- the parser ---- */

static void
walk_tree(struct walk *w, xmlNode *top, bool (*enter)(struct walk *, xmlNode *),
    void (*leave)(struct walk *, xmlNode *))
{
	xmlNode *node = top;

	while (node != NULL) {
		if (enter(w, node) && node->children != NULL) {
			node = node->children;
			continue;
		}
		leave(w, node);
		while (node != top && node->next == NULL) {
			node = node->parent;
			leave(w, node);
		}
		node = node == top ? NULL : node->next;
	}
}

static void
on_start_element(void *data, const xmlChar *name, const xmlChar **attributes)
{
	htmlParserCtxt *parser = data;
	bool *deep = parser->_private;

	if (parser->nameNr > OPEN_MAX) {
		*deep = true;
		xmlStopParser(parser);
	} else {
		xmlSAX2StartElement(data, name, attributes);
	}
}

/* The tree, or NULL where the source is too deep to be read. */
static htmlDocPtr
parse(struct span source)
{
	const int options = HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
	    HTML_PARSE_NONET | HTML_PARSE_IGNORE_ENC | HTML_PARSE_COMPACT | XML_PARSE_HUGE;
	htmlParserCtxtPtr parser = htmlNewParserCtxt();
	htmlDocPtr doc;
	bool deep = false;

	parser->sax->startElement = on_start_element;
	parser->_private = &deep;
	doc = htmlCtxtReadMemory(parser, source.data, (int)source.len, NULL, "UTF-8", options);
	if (deep && doc != NULL) {
		xmlFreeDoc(doc);
		doc = NULL;
	}
	htmlFreeParserCtxt(parser);
	return doc;
}

static void
say_document(struct arena *arena, htmlDocPtr doc, bool forward, struct rendered *out)
{
	struct walk w = { .arena = arena, .forward = forward, .rich = rich_new(arena) };
	xmlNode *root = xmlDocGetRootElement(doc);

	if (root != NULL) {
		walk_tree(&w, root, survey_enter, survey_leave);
		w.quoted = 0;
		w.rest = false;
		walk_tree(&w, root, say_enter, say_leave);
	}
	rich_end(w.rich, out);
	buf_free(&w.text);
}

void
html_read(struct arena *arena, struct span source, bool forward, struct rendered *out)
{
	struct span clean = utf8_clean(arena, span_first(source, HTML_READ_MAX));
	htmlDocPtr doc;

	if (clean.len == 0 || !html_guard_ok(clean) || (doc = parse(clean)) == NULL) {
		rich_plain(arena, clean, out);
	} else {
		say_document(arena, doc, forward, out);
		xmlFreeDoc(doc);
	}
	out->cut = out->cut || source.len > HTML_READ_MAX;
}
