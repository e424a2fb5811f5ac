/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* UTF-8: what is refused, what is repaired, how text is folded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/utf8.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct arena *arena;

static void
assert_span(struct span got, const char *name, const char *want)
{
	if (!span_is(got, want))
		fail_msg("%s: got '" SPAN_FORMAT "', want '%s'", name, SPAN_ARGS(got), want);
}

static void
test_valid(void **state)
{
	static const struct {
		const char *name, *text, *clean;
		bool valid;
	} cases[] = {
		{ "empty", "", "", true },
		{ "all lengths", "aé€😀", "aé€😀", true },
		{ "the last code point", "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf", true },
		{ "one beyond", "\xf4\x90\x80\x80", "����", false },
		{ "a surrogate", "\xed\xa0\x80", "���", false },
		{ "around surrogates", "\xed\x9f\xbf\xee\x80\x80", "\xed\x9f\xbf\xee\x80\x80",
		    true },
		{ "overlong slash", "\xc0\xaf", "��", false },
		{ "overlong in three", "\xe0\x9f\xbf", "���", false },
		{ "overlong in four", "\xf0\x8f\xbf\xbf", "����", false },
		{ "continuation alone", "a\x80z", "a�z", false },
		{ "cut short", "a\xc3", "a�", false },
		{ "cut by a letter", "\xe2\x82z", "��z", false },
		{ "never in UTF-8", "\xfe\xff", "��", false },
		{ "Latin-1", "\xe9t\xe9", "�t�", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct span text = span_of(cases[i].text);

		if (utf8_is_valid(text) != cases[i].valid)
			fail_msg("%s", cases[i].name);
		assert_span(utf8_clean(arena, text), cases[i].name, cases[i].clean);
	}
	assert_span(utf8_clean(arena, span_make("a\0b", 3)), "NUL", "ab");
}

/* Every code point comes back as it was, every other number as U+FFFD. */
static void
test_there_and_back(void **state)
{
	struct buf out = { 0 };
	uint32_t back;

	(void)state;
	for (uint32_t code = 0; code <= 0x110001; code++) {
		bool sound = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
		struct span rest;

		buf_clear(&out);
		utf8_add(&out, code);
		rest = buf_span(&out);
		assert_true(utf8_next(&rest, &back));
		assert_int_equal(back, sound ? code : 0xfffd);
		assert_int_equal(rest.len, 0);
	}
	buf_free(&out);
}

static void
test_counts(void **state)
{
	(void)state;
	assert_int_equal(utf8_count(SPAN("é€😀a")), 4);
	assert_int_equal(utf8_count(SPAN("\xff\xc3")), 2);
	assert_span(utf8_first(SPAN("é€😀a"), 2), "two", "é€");
	assert_span(utf8_first(SPAN("é€"), 9), "all", "é€");
	assert_span(utf8_first(SPAN("é"), 0), "none", "");
}

static void
test_line(void **state)
{
	static const struct {
		const char *name, *text, *want;
	} cases[] = {
		{ "nothing", "", "" },
		{ "only blanks", " \t\r\n\u00a0", "" },
		{ "runs of blanks", "  a  \t b ", "a b" },
		{ "ends of lines part words", "a\nb\r\n c\u2028d", "a b c d" },
		{ "controls", "a\x01\x1b[1m\x7f\xc2\x80z", "a[1mz" },
		{ "bidi overrides", "a\u202eb\u2066c\u2069", "abc" },
		{ "no width", "ad\u200bmin\ufeff", "admin" },
		{ "French blanks stay", "Quoi\u202f? Si\u00a0!", "Quoi\u202f? Si\u00a0!" },
		{ "but not in runs", "a \u00a0 b", "a b" },
		{ "marks of direction", "a\u200eb\u200fc\u061cd", "abcd" },
		{ "what is not seen", "ad\u00admin\u2063\u206a\U000e0041", "admin" },
		{ "joiners stay", "a\u200db", "a\u200db" },
		{ "bad octets", "a\xff", "a\ufffd" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_span(utf8_line(arena, span_of(cases[i].text)), cases[i].name, cases[i].want);
}

static void
test_fold(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "Réunion À l’Hôtel", "reunion a l'hotel" },
		{ "ŒUVRE œuvre Æ æ", "oeuvre oeuvre ae ae" },
		{ "Straße STRAẞE", "strasse strasse" },
		{ "ÇÑØÅÞÐÿŸ", "cnoathdyy" },
		{ "Łódź Žižek Ğ ı İ", "lodz zizek g i i" },
		{ "Timișoara Ţ", "timisoara t" },
		{ "e\u0301te\u0301", "ete" },
		{ "2 × 3 ÷ 4", "2 × 3 ÷ 4" },
		{ "ΑΘΉΝΑ ΟΔΌΣ ς", "αθήνα οδόσ σ" },
		{ "МОСКВА Ёлка Ѐ", "москва ёлка ѐ" },
		{ "a\u00a0b c\u2011d", "a b c-d" },
		{ "日本", "日本" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_span(utf8_fold(arena, span_of(cases[i].text)), cases[i].text, cases[i].want);
}

/* What is folded once stays as it is: names are compared folded. */
static void
test_fold_is_stable(void **state)
{
	struct buf out = { 0 };

	(void)state;
	for (uint32_t code = 0; code < 0x3000; code++) {
		struct span once;

		buf_clear(&out);
		utf8_add(&out, code);
		once = utf8_fold(arena, buf_span(&out));
		if (!utf8_is_valid(once) || !span_equal(utf8_fold(arena, once), once))
			fail_msg("U+%04X", (unsigned)code);
		arena_reset(arena);
	}
	buf_free(&out);
}

static void
test_slug(void **state)
{
	static const struct {
		const char *text, *want;
		size_t max;
	} cases[] = {
		{ "Réunion du 3 mars", "reunion-du-3-mars", 60 },
		{ "  L’école -- c'est  fini !  ", "l-ecole-c-est-fini", 60 },
		{ "Réunion du 3 mars", "reunion", 8 },
		{ "Réunion du 3 mars", "reunion-d", 9 },
		{ "../../etc", "etc", 60 },
		{ "日本", "", 60 },
		{ "a", "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(
		    utf8_slug(arena, span_of(cases[i].text), cases[i].max), cases[i].want);
}

static int
setup(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_fold),
		cmocka_unit_test(test_fold_is_stable),
		cmocka_unit_test(test_slug),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
