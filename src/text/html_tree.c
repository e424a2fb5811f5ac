/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "text/html_tree.h"

#include "base/utf8.h"

enum {
	WORDS_MAX = 500, /* octets of an attribution or of headers */
	FOLLOWER_MAX = 4 /* nodes looked over */
};

struct html_node *
html_tree_add(struct arena *arena, struct html_node *parent)
{
	struct html_node *node = arena_alloc(arena, sizeof(*node));

	node->parent = parent;
	if (parent->last != NULL)
		parent->last->next = node;
	else
		parent->child = node;
	parent->last = node;
	return node;
}

void
html_tree_walk(struct html_node *top, bool (*enter)(void *, struct html_node *),
    void (*leave)(void *, struct html_node *), void *data)
{
	struct html_node *node = top;

	while (node != NULL) {
		if (enter(data, node) && node->child != NULL) {
			node = node->child;
			continue;
		}
		leave(data, node);
		while (node != top && node->next == NULL) {
			node = node->parent;
			leave(data, node);
		}
		node = node == top ? NULL : node->next;
	}
}

static bool
is_break(const struct html_node *node)
{
	return node->element != NULL && node->element->role == ROLE_BREAK;
}

struct words {
	struct buf out;
};

static bool
words_enter(void *data, struct html_node *node)
{
	struct words *words = data;

	if (words->out.len > WORDS_MAX || node->mark == MARK_DROP)
		return false;
	if (node->element == NULL)
		buf_add_span(&words->out, span_first(node->text, WORDS_MAX + 1));
	else if (is_break(node))
		buf_add_char(&words->out, ' ');
	return true;
}

static void
words_leave(void *data, struct html_node *node)
{
	struct words *words = data;

	if (html_tree_is_line(node) && words->out.len <= WORDS_MAX)
		buf_add_char(&words->out, ' ');
}

struct span
html_tree_words(struct arena *arena, struct html_node *top)
{
	struct words words = { 0 };
	struct span line = SPAN("");

	html_tree_walk(top, words_enter, words_leave, &words);
	if (words.out.len <= WORDS_MAX)
		line = utf8_line(arena, buf_span(&words.out));
	buf_free(&words.out);
	return line;
}

bool
html_tree_is_blank(const struct html_node *node)
{
	return node->element == NULL && span_trim(node->text).len == 0;
}

bool
html_tree_is_line(const struct html_node *node)
{
	return node->element != NULL &&
	       (node->element->role == ROLE_LINE || node->element->role == ROLE_BLOCK);
}

struct html_node *
html_tree_first(const struct html_node *node)
{
	struct html_node *child = node->child;

	while (child != NULL && html_tree_is_blank(child))
		child = child->next;
	return child;
}

struct html_node *
html_tree_follower(const struct html_node *node)
{
	struct html_node *next = node->next;

	for (unsigned n = 0; n < FOLLOWER_MAX && next != NULL; n++, next = next->next) {
		if (next->element != NULL && !is_break(next))
			return next;
		if (next->element == NULL && !html_tree_is_blank(next))
			return NULL;
	}
	return NULL;
}
