/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Charsets by their names in mails; what is unknown or broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/utf8.h"
#include "mail/charset.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BAD "\xEF\xBF\xBD"

static const struct {
	const char *charset, *in, *want;
} cases[] = {
	{ "utf-8", "\xC3\xA9", "é" },
	{ "UTF8", "\xC3\xA9", "é" },
	{ " \"utf-8\" ", "\xC3\xA9", "é" },
	{ "utf-8", "a\xE9z", "a" BAD "z" },
	{ "utf-8", "\xC3", BAD },
	{ "iso-8859-1", "\xE9", "é" },
	{ "iso-8859-1", "\x92", "’" },
	{ "windows-1252", "\x80\x9C", "€œ" },
	{ "windows-1252", "a\x81" "b", "a" BAD "b" },
	{ "ISO-8859-15", "\xA4\xBD", "€œ" },
	{ "us-ascii", "abc", "abc" },
	{ "us-ascii", "\xE9", "é" },
	{ "us-ascii", "\xC3\xA9", "é" },
	{ "", "\xE9t\xE9", "été" },
	{ "", "\xC3\xA9", "é" },
	{ "unknown-8bit", "\xE9", "é" },
	{ "x-nobody", "\xE9", "é" },
	{ "UTF-8//TRANSLIT", "\xC3\xA9", "é" },
	{ "ks_c_5601-1987", "\xB0\xA1", "가" },
	{ "cp-850", "\x82", "é" },
	{ "x-mac-roman", "\x8E", "é" },
	{ "koi8-r", "\xC1", "а" },
	{ "gb2312", "\xB0\xA1", "啊" },
	{ "big5", "\xA4\xA4", "中" },
	{ "shift_jis", "\x82\xA0", "あ" },
	{ "iso-2022-jp", "\x1B$B$\"\x1B(B", "あ" },
	{ "utf-7", "R+AOk-union", "Réunion" },
	{ "euc-kr", "\xB0", BAD },
	{ "big5", "a\xFF" "b", "a" BAD "b" },
};

static void
test_cases(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct span got = charset_decode(arena, span_of(cases[i].charset),
		    span_of(cases[i].in), 1000);
		if (!span_is(got, cases[i].want))
			fail_msg("%s, row %zu: got '" SPAN_FORMAT "'", cases[i].charset, i, SPAN_ARGS(got));
	}
	arena_free(&arena);
}

/* A name from outside is looked up, never opened. */
static void
test_names(void **state)
{
	static const char *const unknown[] = { "", "//", "utf-8//ignore", "../../tmp/x", "UTF 8",
		"ISO-10646/UCS4/", "\xFF" };

	(void)state;
	for (size_t i = 0; i < COUNT(unknown); i++)
		assert_false(charset_is_known(span_of(unknown[i])));
	assert_true(charset_is_known(SPAN("'UTF-8'")));
	assert_true(charset_is_known(SPAN("Windows-1252")));
}

/* Every octet alone and every pair, in every charset that differs: always valid UTF-8
 * without NUL. */
static void
test_any_octets(void **state)
{
	static const char *const names[] = { "utf-8", "iso-8859-1", "iso-2022-jp", "utf-7", "utf-16",
		"utf-16le", "big5", "gb18030", "euc-kr", "shift_jis", "iso-2022-kr", "cp-850", "johab",
		"utf-32", "euc-tw", "viscii" };
	struct arena *arena = arena_new();

	(void)state;
	charset_prepare();
	for (size_t i = 0; i < COUNT(names); i++) {
		for (unsigned n = 0; n < 65536; n += 7) {
			char in[3] = { (char)(unsigned char)(n >> 8), (char)(unsigned char)n, 'a' };
			struct span got = charset_decode(arena, span_of(names[i]), span_make(in, 3), 100);
			if (!utf8_is_valid(got) || memchr(got.data, '\0', got.len) != NULL)
				fail_msg("%s: %04x", names[i], n);
			arena_reset(arena);
		}
	}
	arena_free(&arena);
}

/* Characters that lie across the pieces iconv is given, and across the cap. */
static void
test_long(void **state)
{
	struct arena *arena = arena_new();
	struct buf in = { 0 };

	(void)state;
	for (size_t shift = 0; shift < 3; shift++) {
		buf_clear(&in);
		for (size_t i = 0; i < shift; i++)
			buf_add_char(&in, 'a');
		for (int i = 0; i < 5000; i++)
			buf_add_text(&in, "\xB0\xA1");
		struct span got = charset_decode(arena, SPAN("euc-kr"), buf_span(&in), 1 << 20);
		assert_int_equal(got.len, shift + 5000 * 3);
		assert_int_equal(span_find_text(got, BAD), got.len);
		for (size_t max = 10; max < 14; max++) {
			got = charset_decode(arena, SPAN("euc-kr"), buf_span(&in), max);
			assert_true(got.len <= max && got.len + 3 >= max && utf8_is_valid(got));
		}
	}
	buf_free(&in);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_any_octets),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
