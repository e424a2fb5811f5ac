/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "text/html_say.h"

#include "base/utf8.h"
#include "text/html_survey.h"

enum { SUMMARY_MAX = 240 }; /* code points of headers that are a fold's summary */

struct walk {
	struct arena *arena;
	struct rich *rich;
	size_t own;	 /* pieces of the author's text in all */
	unsigned quoted; /* quotes and signatures within each other */
	bool rest;	 /* all is quoted from here on */
	bool forward;
	unsigned breaks; /* line ends before the next text; 2 begin a paragraph */
	unsigned pre;
	bool blank;	     /* a blank is owed before the next text */
	bool line;	     /* the line has text */
	bool cell;	     /* a cell ended and the line goes on */
	struct span summary; /* of the next quote */
	struct buf text;
};

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
close_ancestors(struct walk *w, const struct html_node *node)
{
	for (struct html_node *up = node->parent; up != NULL; up = up->parent) {
		if (up->opened)
			rich_close(w->rich, up->element->tag);
		up->opened = false;
	}
}

static void
open_fold(struct walk *w, struct html_node *node, enum html_fold fold)
{
	begin_block(w);
	rich_open_fold(w->rich, fold, w->summary);
	w->summary = SPAN("");
	node->folded = true;
}

/* The attribution that stands in the quote itself becomes the summary of the fold. */
static void
take_summary(struct walk *w, const struct html_node *quote)
{
	struct html_node *first = html_tree_first(quote);
	struct span words;

	if (w->summary.len > 0 || first == NULL || first->element == NULL ||
	    first->mark == MARK_DROP)
		return;
	words = html_tree_words(w->arena, first);
	if (first->mark != MARK_ATTRIBUTION && !html_marks_attribution(utf8_fold(w->arena, words)))
		return;
	w->summary = words;
	first->mark = MARK_DROP;
}

/* Nothing of the author's stands below it, and something above. */
static bool
is_trailing(const struct walk *w, const struct html_node *node)
{
	return node->own_before == w->own && w->own > 0;
}

static void
enter_others(struct walk *w, struct html_node *node)
{
	if (w->quoted++ > 0)
		return;
	if (node->mark == MARK_QUOTE && is_trailing(w, node) && !w->forward) {
		take_summary(w, node);
		open_fold(w, node, FOLD_QUOTE);
	} else if (node->mark == MARK_SIGNATURE && w->own > 0) {
		open_fold(w, node, FOLD_SIGNATURE);
	} else {
		rich_mask(w->rich, true);
		node->masked = true;
	}
}

/* True where an attribution is no more than the summary of the fold that follows. */
static bool
is_summary(struct walk *w, struct html_node *node)
{
	const struct html_node *next = html_tree_follower(node);

	if (next == NULL || next->mark != MARK_QUOTE || !is_trailing(w, next) || w->quoted > 0 ||
	    w->rest || w->forward)
		return false;
	w->summary = html_tree_words(w->arena, node);
	return w->summary.len > 0;
}

/* From here to the end all is quoted. Outlook's headers, if they are not long, are the
 * summary: true where they are said by it. */
static bool
enter_rest(struct walk *w, struct html_node *node)
{
	bool said;

	w->quoted++;
	w->rest = true;
	if (w->own == 0 || w->forward) {
		rich_mask(w->rich, true);
		return false;
	}
	close_ancestors(w, node);
	w->pre = 0;
	w->summary = html_tree_words(w->arena, node);
	if (utf8_count(w->summary) > SUMMARY_MAX)
		w->summary = SPAN("");
	said = w->summary.len > 0;
	open_fold(w, node, FOLD_QUOTE);
	node->folded = false; /* it ends with the document */
	return said;
}

static bool
is_inline(enum html_tag tag)
{
	return tag == TAG_CODE || tag == TAG_EM || tag == TAG_STRONG || tag == TAG_DEL;
}

static void
open_tag(struct walk *w, struct html_node *node)
{
	enum html_tag tag = node->element->tag;
	int64_t start = 1;

	if (is_inline(tag))
		begin_inline(w);
	else
		begin_block(w);
	if (node->element->role == ROLE_LIST && span_int(node->text, 0, 999999999, &start))
		rich_open_list(w->rich, start);
	else
		rich_open(w->rich, tag);
	w->pre += tag == TAG_PRE;
	node->opened = true;
}

static void
enter_element(struct walk *w, struct html_node *node)
{
	switch (node->element->role) {
	case ROLE_TAG:
	case ROLE_LIST:
		open_tag(w, node);
		break;
	case ROLE_LINE:
		owe_breaks(w, 1);
		break;
	case ROLE_BLOCK:
		owe_breaks(w, 2);
		break;
	case ROLE_LINK:
		begin_inline(w);
		node->opened = rich_open_link(w->rich, span_trim(node->text));
		break;
	case ROLE_IMAGE:
		say_text(w, node->text);
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
enter_text(struct walk *w, struct html_node *node)
{
	bool attribution = w->quoted == 0 && !w->rest && html_survey_is_attribution(w->arena, node);

	if (!attribution || !is_summary(w, node))
		say_text(w, node->text);
	return false;
}

static bool
say_enter(void *data, struct html_node *node)
{
	struct walk *w = data;

	if (node->element == NULL)
		return enter_text(w, node);
	if (node->mark == MARK_DROP)
		return false;
	if (node->mark == MARK_ATTRIBUTION && is_summary(w, node)) {
		node->mark = MARK_DROP;
		return false;
	}
	if (node->mark == MARK_REST && enter_rest(w, node))
		return false;
	if (html_survey_is_others(node->mark))
		enter_others(w, node);
	enter_element(w, node);
	return true;
}

static void
leave_element(struct walk *w, const struct html_node *node)
{
	if (node->opened) {
		rich_close(w->rich, node->element->tag);
		w->pre -= node->element->tag == TAG_PRE && w->pre > 0;
	}
	if (node->element->role == ROLE_LINE)
		owe_breaks(w, 1);
	else if (node->element->role == ROLE_BLOCK)
		owe_breaks(w, 2);
	else if (node->element->role == ROLE_CELL)
		w->cell = w->line && w->breaks == 0;
}

static void
say_leave(void *data, struct html_node *node)
{
	struct walk *w = data;

	if (node->element == NULL || node->mark == MARK_DROP)
		return;
	leave_element(w, node);
	if (node->folded) {
		begin_block(w);
		rich_close(w->rich, TAG_DETAILS);
	}
	if (node->masked)
		rich_mask(w->rich, false);
	if (html_survey_is_others(node->mark))
		w->quoted--;
}

void
html_say(struct arena *arena, struct html_node *root, size_t own, bool forward, struct rich *rich)
{
	struct walk w = { .arena = arena, .rich = rich, .own = own, .forward = forward };

	html_tree_walk(root, say_enter, say_leave, &w);
	buf_free(&w.text);
}
