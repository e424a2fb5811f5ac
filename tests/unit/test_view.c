/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "text/view.h"

static const struct view_value *
find(const struct view *view, const char *name)
{
	return view_find(view, span_of(name), view_hash(span_of(name)));
}

/* What may stand in an href. */
static void
test_urls(void **state)
{
	static const struct {
		const char *url;
		bool ok;
	} cases[] = {
		{ "/f/voirie", true },
		{ "/", true },
		{ "#p12", true },
		{ "?page=2", true },
		{ "https://forum.ville.example/u/abc?x=1&y=2", true },
		{ "http://127.0.0.1:8080/", true },
		{ "mailto:voirie@forum.ville.example", true },
		{ "", false },
		{ "//evil.example/", false },
		{ "/\\evil.example/", false },
		{ "\\evil", false },
		{ "javascript:alert(1)", false },
		{ "JaVaScRiPt:alert(1)", false },
		{ " javascript:alert(1)", false },
		{ "java\nscript:alert(1)", false },
		{ "data:text/html,x", false },
		{ "vbscript:x", false },
		{ "/a\nb", false },
		{ "/a b", false },
		{ "/a\"b", false },
		{ "relative", false },
		{ "https://bank.example@evil.example/", false },
		{ "ftp://a.example/", false },
	};
	struct arena *arena = arena_new();
	struct view *view = view_new(arena);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (view_url(view, "u", cases[i].url) != cases[i].ok)
			fail_msg("%s", cases[i].url);
		assert_int_equal(find(view, "u")->kind, VIEW_URL);
		assert_int_equal(find(view, "u")->text.len, cases[i].ok ? strlen(cases[i].url) : 0);
	}
	arena_free(&arena);
}

static void
test_values(void **state)
{
	struct arena *arena = arena_new();
	struct view *view = view_new(arena);
	struct view_list *list;
	const struct view *item = NULL;
	char name[16];

	(void)state;
	assert_null(find(view, "a"));
	view_text(view, "a", NULL);
	assert_false(view_is_true(find(view, "a")));
	view_text(view, "a", "x");
	view_text(view, "a", "y");
	assert_true(span_is(find(view, "a")->text, "y"));
	view_int(view, "n", INT64_MIN);
	assert_true(span_is(find(view, "n")->text, "-9223372036854775808"));
	view_int(view, "n", 0);
	assert_true(view_is_true(find(view, "n")));
	view_flag(view, "f", false);
	assert_false(view_is_true(find(view, "f")));
	list = view_list(view, "l");
	assert_false(view_is_true(find(view, "l")));
	for (int i = 0; i < 3; i++)
		view_int(view_list_add(list), "i", i);
	assert_int_equal(view_list_count(list), 3);
	for (int i = 0; (item = view_list_next(list, item)) != NULL; i++)
		assert_int_equal(find(item, "i")->text.data[0], '0' + i);
	for (int i = 0; i < 500; i++) { /* it grows and still finds */
		snprintf(name, sizeof(name), "v%d", i);
		view_int(view, arena_strdup(arena, name), i);
	}
	assert_true(span_is(find(view, "v499")->text, "499"));
	assert_true(span_is(find(view, "a")->text, "y"));
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
