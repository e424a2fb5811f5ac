/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "text/html_survey.h"

#include "base/utf8.h"
#include "text/quote_words.h"

enum { LINE_MAX = 120 }; /* octets of a line that a program adds */

struct survey {
	struct arena *arena;
	size_t own;
	unsigned quoted; /* elements of others within each other */
	bool rest;	 /* all is quoted from here on */
};

bool
html_survey_is_others(enum html_mark mark)
{
	return mark == MARK_QUOTE || mark == MARK_SIGNATURE || mark == MARK_FORWARD ||
	       mark == MARK_ATTRIBUTION;
}

bool
html_survey_is_attribution(struct arena *arena, struct html_node *node)
{
	const struct html_node *next = html_tree_follower(node);

	return next != NULL && next->mark == MARK_QUOTE &&
	       html_marks_attribution(utf8_fold(arena, html_tree_words(arena, node)));
}

/* What telephones add, and our own answer mark, are lines without a mark in HTML. */
static enum html_mark
mark_of_line(struct survey *s, const struct html_node *node)
{
	const struct html_node *child = node->child;
	struct span text;

	if (child == NULL || child->next != NULL || child->element != NULL)
		return MARK_NONE;
	text = span_trim(child->text);
	if (text.len == 0 || text.len > LINE_MAX)
		return MARK_NONE;
	text = utf8_fold(s->arena, text);
	if (quote_words_answer_mark(text))
		return MARK_REST;
	return quote_words_device(text) ? MARK_SIGNATURE : MARK_NONE;
}

/* Gmail marks forwards as quotes; the first words tell. */
static bool
is_forward(struct survey *s, const struct html_node *node)
{
	struct html_node *first = html_tree_first(node);
	struct span words;

	if (first == NULL)
		return false;
	words = first->element == NULL ? first->text : html_tree_words(s->arena, first);
	return quote_words_forward(utf8_fold(s->arena, span_first(span_trim(words), LINE_MAX)));
}

static enum html_mark
complete(struct survey *s, struct html_node *node)
{
	enum html_mark mark = node->mark;

	if (mark == MARK_NONE && html_tree_is_line(node)) {
		mark = mark_of_line(s, node);
		if (mark == MARK_NONE && s->quoted == 0 && !s->rest &&
		    html_survey_is_attribution(s->arena, node))
			mark = MARK_ATTRIBUTION;
	}
	if (mark == MARK_QUOTE && is_forward(s, node))
		mark = MARK_FORWARD;
	if (mark == MARK_REST && (s->quoted > 0 || s->rest))
		mark = MARK_NONE;
	return mark;
}

static bool
survey_enter(void *data, struct html_node *node)
{
	struct survey *s = data;

	if (node->element == NULL) {
		s->own += s->quoted == 0 && !s->rest && !html_tree_is_blank(node) &&
			  !html_survey_is_attribution(s->arena, node);
		return false;
	}
	node->mark = complete(s, node);
	node->own_before = s->own;
	s->rest = s->rest || node->mark == MARK_REST;
	s->quoted += html_survey_is_others(node->mark);
	return node->mark != MARK_DROP;
}

static void
survey_leave(void *data, struct html_node *node)
{
	struct survey *s = data;

	s->quoted -= node->element != NULL && html_survey_is_others(node->mark);
}

size_t
html_survey(struct arena *arena, struct html_node *root)
{
	struct survey s = { .arena = arena };

	html_tree_walk(root, survey_enter, survey_leave, &s);
	return s.own;
}
