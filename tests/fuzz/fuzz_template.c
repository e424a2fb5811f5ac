/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Templates: the first octet chooses lax or strict and the kind, the rest up to a NUL is
 * a template, what follows a second one that it may call as "b". Whatever comes, the
 * engine ends; and what a strict set lets through, a page of hostile text cannot open. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "text/template.h"
#include "fuzz.h"

static const struct template_name names[] = {
	{ "page/a", "t", VIEW_TEXT, NULL, "" },
	{ "page/a", "h", VIEW_HTML, NULL, "" },
	{ "page/a", "u", VIEW_URL, NULL, "" },
	{ "page/a", "f", VIEW_FLAG, NULL, "" },
	{ "page/a", "l", VIEW_LIST, "item", "" },
	{ "page/*", "s", VIEW_SUB, "item", "" },
	{ "item", "t", VIEW_TEXT, NULL, "" },
	{ "item", "s", VIEW_SUB, "item", "" },
};

static struct view *
make_view(struct arena *arena)
{
	struct view *view = view_new(arena), *sub;
	struct view_list *list = view_list(view, "l");

	view_text(view, "t", "<script>\"'");
	view_html(view, "h", (struct html){ SPAN("<b>x</b>\n") });
	view_url(view, "u", "javascript:1");
	view_flag(view, "f", true);
	sub = view_sub(view, "s");
	view_text(sub, "t", "a\nb");
	view_text(view_sub(sub, "s"), "t", "deep");
	view_text(view_list_add(list), "t", "1");
	view_text(view_list_add(list), ".", "2");
	return view;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct template_set *set;
	struct span rest = span_make(data, size), first;
	struct buf out = { 0 };
	struct err err;
	enum template_kind kind;
	bool strict, ok;

	if (size < 1) {
		arena_free(&arena);
		return 0;
	}
	strict = (data[0] & 1) != 0;
	kind = (enum template_kind)((data[0] >> 1) % 3);
	rest = span_from(rest, 1);
	first = span_first(rest, span_find(rest, '\0'));
	set = template_set_new(strict, NULL);
	ok = template_add(set, "a", "a", 1, first, &err) &&
	     template_add(set, "b", "b", 1, span_from(rest, first.len + 1), &err) &&
	     template_link(set, &err) &&
	     (!strict || template_check(set, "a", kind, "page/a", names, 8, &err)) &&
	     template_render(template_find(set, "a"), kind, make_view(arena), &out, &err);
	if (ok && strict && kind == TEMPLATE_HTML &&
	    span_find_text(first, "<script") == first.len &&
	    span_find_text(rest, "<script") == rest.len &&
	    span_find_text(buf_span(&out), "<script") < out.len)
		abort(); /* text was not escaped */
	buf_free(&out);
	template_set_free(&set);
	arena_free(&arena);
	return 0;
}
