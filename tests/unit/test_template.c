/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The Mustache suite in lax mode, and what strict mode adds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "json.h"
#include "text/template.h"

/* ---- the suite ---- */

static void
fill(struct view *view, const char *name, const struct json *value)
{
	const struct json *item;
	struct view_list *list;
	struct view *sub;

	switch (value->kind) {
	case JSON_TRUE:
	case JSON_FALSE:
		view_flag(view, name, value->kind == JSON_TRUE);
		break;
	case JSON_TEXT:
	case JSON_NUMBER:
		view_text(view, name, value->text);
		break;
	case JSON_LIST:
		list = view_list(view, name);
		for (item = value->first; item != NULL; item = item->next) {
			sub = view_list_add(list);
			if (item->kind != JSON_OBJECT)
				fill(sub, ".", item);
			for (const struct json *v = item->first; item->kind == JSON_OBJECT && v; v = v->next)
				fill(sub, v->name, v);
		}
		break;
	case JSON_OBJECT:
		sub = view_sub(view, name);
		for (item = value->first; item != NULL; item = item->next)
			fill(sub, item->name, item);
		break;
	case JSON_NULL:
	default:
		view_text(view, name, "");
		break;
	}
}

static void
add_partials(struct template_set *set, const struct json *partials)
{
	struct err err;

	if (partials == NULL)
		return;
	for (const struct json *p = partials->first; p != NULL; p = p->next)
		assert_true(template_add(set, p->name, p->name, 1, span_of(p->text), &err));
}

static bool
run_case(struct arena *arena, const struct json *test)
{
	struct template_set *set = template_set_new(false, NULL);
	const struct json *data = json_get(test, "data");
	struct view *view = view_new(arena);
	const char *want = json_get_text(test, "expected");
	struct buf out = { 0 };
	struct err err = { 0 };
	bool ok;

	if (data->kind != JSON_OBJECT)
		fill(view, ".", data);
	for (const struct json *v = data->first; data->kind == JSON_OBJECT && v != NULL; v = v->next)
		fill(view, v->name, v);
	add_partials(set, json_get(test, "partials"));
	ok = template_add(set, "main", "main", 1, span_of(json_get_text(test, "template")), &err) &&
	    template_link(set, &err) &&
	    template_render(template_find(set, "main"), TEMPLATE_HTML, view, &out, &err) &&
	    strcmp(buf_text(&out), want) == 0;
	if (!ok)
		print_error("%s\n wanted <%s>\n got    <%s> %s\n", json_get_text(test, "name"), want,
		    buf_text(&out), err.text);
	buf_free(&out);
	template_set_free(&set);
	return ok;
}

static void
test_suite(void **state)
{
	static const struct {
		const char *file;
		int cases;
	} files[] = {
		{ "comments", 12 }, { "delimiters", 14 }, { "interpolation", 42 }, { "inverted", 22 },
		{ "partials", 12 }, { "sections", 34 }, { "inheritance", 27 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct arena *arena = arena_new();
		const struct json *test, *suite;
		int passed = 0;

		suite = json_read(arena, arena_printf(arena, "%s/tests/data/mustache/%s.json",
		    PREAU_SOURCE, files[i].file));
		for (test = json_get(suite, "tests")->first; test != NULL; test = test->next)
			passed += run_case(arena, test);
		assert_int_equal(passed, files[i].cases);
		arena_free(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_suite),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
