/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* text/html_tree.h: HTML mail as a tree of our own: what elements mean, not what they
 * were called. Made by html_read.c, marked by html_survey.h, said by html_say.h. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"
#include "text/html_marks.h"
#include "text/html_tags.h"

struct html_node {
	const struct html_element *element; /* NULL: text */
	struct span text;		    /* text; of an element its href, alt or start */
	enum html_mark mark;
	bool opened;	   /* while it is said: its tag was opened */
	bool folded;	   /* ... a fold */
	bool masked;	   /* ... a mask */
	size_t own_before; /* pieces of the author's text before it */
	struct html_node *parent, *child, *last, *next;
};

/* Appends a zeroed node to the children of parent. */
struct html_node *
html_tree_add(struct arena *arena, struct html_node *parent);

/* Without recursion: enter() answers whether the children are to be seen; leave() is
 * called for each node, whatever enter() said. */
void
html_tree_walk(struct html_node *top, bool (*enter)(void *, struct html_node *),
    void (*leave)(void *, struct html_node *), void *data);

/* The text of a node and all within it on one line; empty where it is longer than an
 * attribution can be. Nothing is changed. */
struct span
html_tree_words(struct arena *arena, struct html_node *top);

/* The first child that is not blank text, or NULL. */
struct html_node *
html_tree_first(const struct html_node *node);

/* The element that follows, where nothing but blanks and <br> stand between, or NULL. */
struct html_node *
html_tree_follower(const struct html_node *node);

bool
html_tree_is_blank(const struct html_node *node); /* blank text */

/* <p>, <div> and their kind: a line or a paragraph of its own. */
bool
html_tree_is_line(const struct html_node *node);
