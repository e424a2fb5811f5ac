/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Spans, buffers, and the sentences and log lines made of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
assert_span(struct span got, const char *want)
{
	if (!span_is(got, want))
		fail_msg("got '" SPAN_FORMAT "', want '%s'", SPAN_ARGS(got), want);
}

static void
test_span_int(void **state)
{
	static const struct {
		const char *text;
		int64_t min, max, want;
		bool ok;
	} cases[] = {
		{ "0", .max = 9, .ok = true },
		{ "007", .max = 9, .want = 7, .ok = true },
		{ "9", .max = 9, .want = 9, .ok = true },
		{ "10", .max = 9 },
		{ "", .max = 9 },
		{ " 1", .max = 9 },
		{ "1 ", .max = 9 },
		{ "+1", .max = 9 },
		{ "1x", .max = 9 },
		{ "-1", .max = 9 },
		{ "-1", .min = -1, .max = 9, .want = -1, .ok = true },
		{ "-", .min = -1, .max = 9 },
		{ "--1", .min = -1, .max = 9 },
		{ "-2", .min = -1, .max = 9 },
		{ "9223372036854775807", .max = INT64_MAX, .want = INT64_MAX, .ok = true },
		{ "9223372036854775808", .max = INT64_MAX },
		{ "99999999999999999999999", .max = INT64_MAX },
		{ "-9223372036854775808", INT64_MIN, INT64_MAX, INT64_MIN, .ok = true },
		{ "-9223372036854775809", INT64_MIN, INT64_MAX, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t value = 77;
		bool ok = span_int(span_of(cases[i].text), cases[i].min, cases[i].max, &value);

		if (ok != cases[i].ok || value != (ok ? cases[i].want : 77))
			fail_msg("case %zu: '%s'", i, cases[i].text);
	}
}

static void
test_span_compares(void **state)
{
	static const struct {
		const char *name, *a, *b;
		bool equal, nocase, starts, ends;
	} cases[] = {
		{ "the same", "ab", "ab", true, true, true, true },
		{ "case", "aB", "Ab", .nocase = true },
		{ "only ASCII has case", "\xc3\x89", "\xc3\xa9", .equal = false },
		{ "a start", "abc", "ab", .starts = true },
		{ "an end", "abc", "bc", .ends = true },
		{ "shorter", "a", "ab", .equal = false },
		{ "empty", "", "", true, true, true, true },
		{ "empty in all", "a", "", .starts = true, .ends = true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct span a = span_of(cases[i].a), b = span_of(cases[i].b);

		if (span_equal(a, b) != cases[i].equal ||
		    span_is_nocase(a, cases[i].b) != cases[i].nocase ||
		    span_starts(a, cases[i].b) != cases[i].starts ||
		    span_ends(a, cases[i].b) != cases[i].ends)
			fail_msg("%s", cases[i].name);
	}
	assert_true(span_starts_nocase(SPAN("SUBJECT: x"), "subject:"));
	assert_true(span_equal((struct span){ 0 }, SPAN("")));
	assert_false(span_equal(span_make("a\0b", 3), span_make("a\0c", 3)));
}

static void
test_ascii(void **state)
{
	static const struct {
		const char *name;
		char c;
		bool blank, space, control, graphic;
		int hex;
	} cases[] = {
		{ "NUL", '\0', .control = true, .hex = -1 },
		{ "tab", '\t', true, true, true, false, -1 },
		{ "VT", '\v', .space = true, .control = true, .hex = -1 },
		{ "CR", '\r', .space = true, .control = true, .hex = -1 },
		{ "SO, behind CR", 0x0e, .control = true, .hex = -1 },
		{ "space", ' ', true, true, false, false, -1 },
		{ "a digit", '7', .graphic = true, .hex = 7 },
		{ "a small letter", 'f', .graphic = true, .hex = 15 },
		{ "a capital", 'A', .graphic = true, .hex = 10 },
		{ "no hex", 'g', .graphic = true, .hex = -1 },
		{ "tilde", '~', .graphic = true, .hex = -1 },
		{ "DEL", 0x7f, .control = true, .hex = -1 },
		{ "C1", '\x80', .hex = -1 },
		{ "the highest", '\xff', .hex = -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char c = cases[i].c;

		if (ascii_is_blank(c) != cases[i].blank || ascii_is_space(c) != cases[i].space ||
		    ascii_is_control(c) != cases[i].control ||
		    ascii_is_graphic(c) != cases[i].graphic || ascii_hex(c) != cases[i].hex ||
		    span_has_control(span_make(&c, 1)) != cases[i].control)
			fail_msg("%s", cases[i].name);
	}
	assert_false(span_has_control(SPAN("")));
	assert_true(span_has_control(SPAN("a\0b")));
}

static void
test_span_cuts(void **state)
{
	struct span s = SPAN("abcd"), none = { 0 };

	(void)state;
	assert_span(span_from(s, 1), "bcd");
	assert_span(span_from(s, 9), "");
	assert_span(span_first(s, 2), "ab");
	assert_span(span_first(s, 9), "abcd");
	assert_span(span_from(none, 3), "");
	assert_span(span_of(NULL), "");
	assert_span(span_trim(SPAN(" \t\r\n a b \n")), "a b");
	assert_span(span_trim(SPAN(" \t ")), "");
	assert_int_equal(span_find(s, 'c'), 2);
	assert_int_equal(span_find(s, 'x'), 4);
	assert_int_equal(span_find(none, 'x'), 0);
	assert_int_equal(span_behind_last(s, 'c'), 3);
	assert_int_equal(span_behind_last(SPAN("a@b@c"), '@'), 4);
	assert_int_equal(span_behind_last(s, 'x'), 0);
	assert_int_equal(span_behind_last(none, 'x'), 0);
	assert_int_equal(span_find_text(s, "cd"), 2);
	assert_int_equal(span_find_text(s, "ce"), 4);
	assert_int_equal(span_find_text(s, ""), 0);
	assert_int_equal(span_find_text(none, "a"), 0);
}

/* Items are shown between bars. */
static void
test_span_walks(void **state)
{
	static const struct {
		const char *text, *lines, *items;
	} cases[] = {
		{ "", "", "" },
		{ "a", "a|", "a|" },
		{ "a,b", "a,b|", "a|b|" },
		{ "a,,b,", "a,,b,|", "a||b|" },
		{ ",", ",|", "|" },
		{ "a\nb", "a|b|", "a\nb|" },
		{ "a\r\nb\r\n", "a|b|", "a\r\nb\r\n|" },
		{ "\n\n", "||", "\n\n|" },
		{ "a\rb\n", "a\rb|", "a\rb\n|" },
		{ "a\r", "a\r|", "a\r|" },
		{ "a\r\r\n", "a\r|", "a\r\r\n|" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct span rest = span_of(cases[i].text), item;
		struct buf lines = { 0 }, items = { 0 };

		while (span_next_line(&rest, &item))
			buf_printf(&lines, SPAN_FORMAT "|", SPAN_ARGS(item));
		rest = span_of(cases[i].text);
		while (span_next(&rest, ',', &item))
			buf_printf(&items, SPAN_FORMAT "|", SPAN_ARGS(item));
		assert_string_equal(buf_text(&lines), cases[i].lines);
		assert_string_equal(buf_text(&items), cases[i].items);
		buf_free(&lines);
		buf_free(&items);
	}
}

static void
test_buf_grows(void **state)
{
	struct buf b = { 0 };

	(void)state;
	assert_string_equal(buf_text(&b), "");
	buf_add_text(&b, "ab");
	buf_add_char(&b, 'c');
	buf_add_span(&b, SPAN("d"));
	buf_add_text(&b, NULL);
	buf_printf(&b, "%d%s", 5, "e");
	assert_string_equal(buf_text(&b), "abcd5e");
	buf_drop(&b, 2);
	assert_string_equal(buf_text(&b), "cd5e");
	buf_drop(&b, 99);
	assert_string_equal(buf_text(&b), "");
	for (int i = 0; i < 1000; i++)
		buf_printf(&b, "%04d,", i);
	assert_int_equal(b.len, 5000);
	assert_memory_equal(b.data + 4990, "0998,0999,", 11);
	assert_true(buf_ok(&b));
	buf_clear(&b);
	assert_string_equal(buf_text(&b), "");
	buf_free(&b);
	assert_string_equal(buf_text(&b), "");
}

static void
test_buf_caps(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 5);
	buf_add_text(&b, "abc");
	assert_true(buf_ok(&b));
	buf_add_text(&b, "def");
	assert_false(buf_ok(&b));
	assert_string_equal(buf_text(&b), "abcde");
	buf_clear(&b);
	assert_true(buf_ok(&b));
	buf_printf(&b, "%s", "12345");
	assert_true(buf_ok(&b));
	buf_printf(&b, "%s", "6");
	assert_false(buf_ok(&b));
	assert_string_equal(buf_text(&b), "12345");
	buf_clear(&b);
	buf_printf(&b, "%0400d", 0);
	assert_false(buf_ok(&b));
	assert_string_equal(buf_text(&b), "00000");
	buf_free(&b);
	assert_int_equal(b.cap, 5);
}

static void
test_sizes(void **state)
{
	char *copy = x_strdup("abc");

	(void)state;
	assert_string_equal(copy, "abc");
	copy = x_realloc(copy, 0, 8);
	assert_non_null(copy);
	free(copy);
	assert_int_equal(size_times(6, 7), 42);
	assert_int_equal(size_plus(6, 7), 13);
}

static void
test_err(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_false(err_set(&err, ERR_DENIED, "no %s", "way"));
	assert_false(err_in(&err, "forum %s", "voirie"));
	assert_int_equal(err.kind, ERR_DENIED);
	assert_string_equal(err.text, "forum voirie: no way");
	assert_false(err_set(&err, ERR_INVALID, "again: %s", err.text));
	assert_string_equal(err.text, "again: forum voirie: no way");
	for (int i = 0; i < 200; i++)
		assert_false(err_in(&err, "\xc3\xa9"));
	assert_true(strlen(err.text) < sizeof(err.text));
	assert_string_not_equal(err.text + strlen(err.text) - 1, "\xc3");
	assert_false(err_set(NULL, ERR_DENIED, "nobody listens"));
	for (unsigned kind = 0; kind < ERR_KINDS; kind++)
		assert_int_equal(err_kind_find(span_of(err_kind_name((enum err_kind)kind))), kind);
	assert_int_equal(err_kind_find(SPAN("mauve")), ERR_BROKEN);
	err_clear(&err);
	assert_int_equal(err.kind, ERR_NONE);
	assert_string_equal(err.text, "");
}

static void
test_err_cut(void **state)
{
	struct err err;
	char text[400];

	(void)state;
	for (size_t start = 0; start < 2; start++) {
		memset(text, 'a', start);
		for (size_t i = start; i + 1 < sizeof(text); i += 2)
			memcpy(text + i, "\xc3\xa9", 2);
		text[sizeof(text) - 2] = '\0';
		assert_false(err_set(&err, ERR_INVALID, "%s", text));
		assert_int_equal(strlen(err.text), 238 + start);
	}
}

static void
test_log_values(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "plain words", "plain words" },
		{ "two\nlines\r", "two\\x0alines\\x0d" },
		{ "\xc3\xa9t\xc3\xa9", "\\xc3\\xa9t\\xc3\\xa9" },
		{ "a\\x0a", "a\\x5cx0a" },
		{ "", "" },
	};
	char lots[500];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(log_text(span_of(cases[i].text)), cases[i].want);
	memset(lots, 'a', sizeof(lots));
	assert_int_equal(strlen(log_text(span_make(lots, sizeof(lots)))), 200);
	memset(lots, '\n', sizeof(lots));
	assert_int_equal(strlen(log_text(span_make(lots, sizeof(lots)))), 200);
}

static void
test_log_address(void **state)
{
	static const uint8_t key[32] = { 1, 2, 3 };
	const char *first = log_address(SPAN("Marie@Ville.example"));
	const char *second = log_address(SPAN("marie@ville.EXAMPLE"));
	const char *other = log_address(SPAN("mario@ville.example"));

	(void)state;
	assert_memory_equal(first, "h-", 2);
	assert_string_equal(first + 18, "@Ville.example");
	assert_memory_equal(first, second, 18);
	assert_memory_not_equal(first, other, 18);
	assert_int_equal(strlen(log_address(SPAN("nowhere"))), 18);
	assert_string_equal(log_address(SPAN("a@b@c\n")) + 18, "@c\\x0a");
	log_key(key);
	assert_memory_not_equal(log_address(SPAN("marie@ville.example")), first, 18);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_span_int),
		cmocka_unit_test(test_span_compares),
		cmocka_unit_test(test_ascii),
		cmocka_unit_test(test_span_cuts),
		cmocka_unit_test(test_span_walks),
		cmocka_unit_test(test_buf_grows),
		cmocka_unit_test(test_buf_caps),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_err),
		cmocka_unit_test(test_err_cut),
		cmocka_unit_test(test_log_values),
		cmocka_unit_test(test_log_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
