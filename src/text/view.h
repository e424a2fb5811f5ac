/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* text/view.h: the tree of values that a page or a mail fills for its template.
 *
 * A value carries its type, and the type decides how it lands: text is escaped
 * wherever it stands, html goes in as it is and comes only from text/, a url
 * may open an href. Nothing here knows a template, and nothing fails: what may
 * not be shown is simply not set.
 *
 * Everything lives in the arena. Names are literals, or live as long as the
 * arena; text, spans and html are borrowed likewise, never copied. A name set
 * twice keeps the last value. Which names a template knows: doc/themes.md. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "text/escape.h"

struct view;
struct view_list;

/* What stands behind a name. */
enum view_kind {
	VIEW_NONE, /* no such name */
	VIEW_TEXT, /* any UTF-8: escaped; false as a section when empty */
	VIEW_HTML, /* safe HTML: raw; false as a section when empty */
	VIEW_URL,  /* a checked address: escaped; false when empty */
	VIEW_FLAG, /* for sections; prints nothing */
	VIEW_LIST, /* for sections: once for each item */
	VIEW_SUB   /* names within a name: {{forum.title}} or {{#forum}} */
};

struct view *
view_new(struct arena *arena);

/* NUL-terminated UTF-8; NULL is the empty text. */
void
view_text(struct view *view, const char *name, const char *text);

void
view_span(struct view *view, const char *name, struct span text);

void
view_html(struct view *view, const char *name, struct html html);

/* As decimal digits; zero is true as a section (use view_flag for conditions). */
void
view_int(struct view *view, const char *name, int64_t value);

void
view_flag(struct view *view, const char *name, bool value);

/* Takes http:, https:, mailto: and own paths (one leading '/', not "//", and
 * "#...", "?..."), without control characters, blanks or backslashes. Anything
 * else sets the empty address and answers false. */
bool
view_url(struct view *view, const char *name, const char *url);

/* A view within the view. */
struct view *
view_sub(struct view *view, const char *name);

/* An empty list; items are shown in the order they were added. */
struct view_list *
view_list(struct view *view, const char *name);

struct view *
view_list_add(struct view_list *list);

/* Items added so far. */
size_t
view_list_count(const struct view_list *list);

/* ---- what the template engine reads ---- */

struct view_value {
	struct span name;
	uint32_t hash; /* view_hash() of name */
	enum view_kind kind;
	union {
		struct span text; /* VIEW_TEXT, VIEW_HTML, VIEW_URL */
		bool flag;
		struct view_list *list;
		struct view *sub;
	};
};

uint32_t
view_hash(struct span name);

/* The value, or NULL. Only this view, not what surrounds it. */
const struct view_value *
view_find(const struct view *view, struct span name, uint32_t hash);

/* Walks the items: NULL to begin, NULL at the end. */
const struct view *
view_list_next(const struct view_list *list, const struct view *item);

/* Whether a section of it is shown; NULL is not. */
bool
view_is_true(const struct view_value *value);
