/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "text/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A page has some twenty names, a post fifteen: a walk over hashes that stand side
 * by side is as quick as a table and costs nothing to build. */
struct view {
	struct arena *arena;
	struct view_value *values;
	uint32_t count, room;
	struct view *next; /* in a list */
};

struct view_list {
	struct arena *arena;
	struct view *first, *last;
	size_t count;
};

enum { VIEW_ROOM = 8 };

struct view *
view_new(struct arena *arena)
{
	struct view *view = arena_alloc(arena, sizeof(*view));

	view->arena = arena;
	return view;
}

/* FNV-1a: names are written by us and by the owner of the theme, never by input. */
uint32_t
view_hash(struct span name)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < name.len; i++)
		hash = (hash ^ (unsigned char)name.data[i]) * 16777619u;
	return hash;
}

static struct view_value *
find_value(const struct view *view, struct span name, uint32_t hash)
{
	for (uint32_t i = 0; i < view->count; i++) {
		struct view_value *value = &view->values[i];

		if (value->hash == hash && span_equal(value->name, name))
			return value;
	}
	return NULL;
}

const struct view_value *
view_find(const struct view *view, struct span name, uint32_t hash)
{
	return find_value(view, name, hash);
}

static void
make_room(struct view *view)
{
	uint32_t room = view->room == 0 ? VIEW_ROOM : view->room * 2;
	struct view_value *values = arena_array(view->arena, room, sizeof(*values));

	if (view->count > 0)
		memcpy(values, view->values, view->count * sizeof(*values));
	view->values = values;
	view->room = room;
}

static struct view_value *
set_value(struct view *view, const char *name, enum view_kind kind)
{
	struct span text = span_of(name);
	uint32_t hash = view_hash(text);
	struct view_value *value = find_value(view, text, hash);

	if (value == NULL) {
		if (view->count == view->room)
			make_room(view);
		value = &view->values[view->count++];
	}
	*value = (struct view_value){ .name = text, .hash = hash, .kind = kind };
	return value;
}

void
view_text(struct view *view, const char *name, const char *text)
{
	set_value(view, name, VIEW_TEXT)->text = span_of(text);
}

void
view_span(struct view *view, const char *name, struct span text)
{
	set_value(view, name, VIEW_TEXT)->text = text;
}

void
view_html(struct view *view, const char *name, struct html html)
{
	set_value(view, name, VIEW_HTML)->text = html.octets;
}

void
view_int(struct view *view, const char *name, int64_t number)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRId64, number);

	view_span(view, name, arena_span(view->arena, span_make(digits, (size_t)len)));
}

void
view_flag(struct view *view, const char *name, bool flag)
{
	set_value(view, name, VIEW_FLAG)->flag = flag;
}

/* An own path may not be read as another host: not "//host", not "/\host". */
static bool
is_own_path(struct span url)
{
	if (url.len == 0 || (url.data[0] != '/' && url.data[0] != '#' && url.data[0] != '?'))
		return false;
	if (url.len > 1 && url.data[0] == '/' && url.data[1] == '/')
		return false;
	for (size_t i = 0; i < url.len; i++) {
		unsigned char c = (unsigned char)url.data[i];

		if (c <= 0x20 || c == 0x7f || c == '\\' || c == '"' || c == '<' || c == '>')
			return false;
	}
	return url.len <= ESCAPE_URL_MAX;
}

bool
view_url(struct view *view, const char *name, const char *url)
{
	struct span text = span_of(url);
	bool ok = is_own_path(text) || escape_url_ok(text);

	set_value(view, name, VIEW_URL)->text = ok ? text : span_of("");
	return ok;
}

struct view *
view_sub(struct view *view, const char *name)
{
	struct view *sub = view_new(view->arena);

	set_value(view, name, VIEW_SUB)->sub = sub;
	return sub;
}

struct view_list *
view_list(struct view *view, const char *name)
{
	struct view_list *list = arena_alloc(view->arena, sizeof(*list));

	list->arena = view->arena;
	set_value(view, name, VIEW_LIST)->list = list;
	return list;
}

struct view *
view_list_add(struct view_list *list)
{
	struct view *item = view_new(list->arena);

	if (list->last == NULL)
		list->first = item;
	else
		list->last->next = item;
	list->last = item;
	list->count++;
	return item;
}

size_t
view_list_count(const struct view_list *list)
{
	return list->count;
}

const struct view *
view_list_next(const struct view_list *list, const struct view *item)
{
	return item == NULL ? list->first : item->next;
}

bool
view_is_true(const struct view_value *value)
{
	if (value == NULL)
		return false;
	switch (value->kind) {
	case VIEW_TEXT:
	case VIEW_HTML:
	case VIEW_URL:
		return value->text.len > 0;
	case VIEW_FLAG:
		return value->flag;
	case VIEW_LIST:
		return value->list->count > 0;
	case VIEW_SUB:
		return true;
	case VIEW_NONE:
	default:
		return false;
	}
}
