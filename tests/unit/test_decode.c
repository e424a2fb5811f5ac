/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* base64 and quoted-printable as they come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "mail/decode.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum how { BASE64, QP, Q };

static const struct {
	enum how how;
	const char *name, *in, *want;
} cases[] = {
	{ BASE64, "plain", "YWJj", "abc" },
	{ BASE64, "one pad", "YWI=", "ab" },
	{ BASE64, "two pads", "YQ==", "a" },
	{ BASE64, "no padding", "YWI", "ab" },
	{ BASE64, "no padding, two letters", "YQ", "a" },
	{ BASE64, "a letter too few", "Y", "" },
	{ BASE64, "lines", "YWJj\r\nZGVm\r\n", "abcdef" },
	{ BASE64, "junk between", "YW!Jj*\r\n Z-GVm", "abcdef" },
	{ BASE64, "a footer of a list", "YWJj\r\nZGU=\r\n\r\n_______\r\nListe voirie", "abcde" },
	{ BASE64, "a footer of words", "YWJjZA==\nListe de la voirie\n", "abcd" },
	{ BASE64, "two texts joined", "YWI=\r\nY2Q=\r\n", "abcd" },
	{ BASE64, "two texts joined on a line", "YWI=Y2Q=", "abcd" },
	{ BASE64, "padding within", "YQ==YWJj", "aabc" },
	{ BASE64, "too much padding", "YQ=====", "a" },
	{ BASE64, "nothing", "", "" },
	{ BASE64, "only padding", "====", "" },
	{ QP, "plain", "a=C3=A9b", "aéb" },
	{ QP, "lower case", "=c3=a9", "é" },
	{ QP, "soft break", "a=\r\nb=\nc", "abc" },
	{ QP, "soft break with blanks", "a=  \r\nb", "ab" },
	{ QP, "broken stays", "a=ZZ b=3 c=", "a=ZZ b=3 c" },
	{ QP, "an equals sign at the end", "a=4", "a=4" },
	{ QP, "blanks at the end of a line go", "a  \r\nb \nc  ", "a\r\nb\nc" },
	{ QP, "a protected blank stays", "a=20\r\nb", "a \r\nb" },
	{ QP, "underscore is one", "a_b", "a_b" },
	{ QP, "blanks inside stay", "a  \tb", "a  \tb" },
	{ Q, "underscore is a blank", "a_b=5F c", "a b_ c" },
	{ Q, "blanks at the end stay", "a ", "a " },
};

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out = { 0 };
		if (cases[i].how == BASE64)
			decode_base64(span_of(cases[i].in), &out);
		else
			decode_qp(span_of(cases[i].in), cases[i].how == Q, &out);
		if (!span_is(buf_span(&out), cases[i].want))
			fail_msg("%s: got '%s'", cases[i].name, buf_text(&out));
		buf_free(&out);
	}
}

/* Every octet string of two letters of base64's and QP's marks, and NUL: no crash,
 * never more out than in. */
static void
test_short(void **state)
{
	static const char marks[] = { 'A', '=', '\n', ' ', '3', 'z', '\0', '\r' };

	(void)state;
	for (unsigned n = 0; n < 8 * 8 * 8 * 8; n++) {
		char in[4] = { marks[n & 7], marks[n >> 3 & 7], marks[n >> 6 & 7], marks[n >> 9] };
		for (size_t len = 0; len <= 4; len++) {
			struct buf out = { 0 };
			decode_base64(span_make(in, len), &out);
			assert_true(out.len <= len);
			buf_clear(&out);
			decode_qp(span_make(in, len), false, &out);
			assert_true(out.len <= len);
			buf_free(&out);
		}
	}
}

static void
test_storm(void **state)
{
	static const char *const storms[] = { "YQ==", "YQ==\n", "=", "= ", "=\n", " ", "====A", "A=\nB" };

	(void)state;
	for (size_t i = 0; i < COUNT(storms); i++) {
		struct buf in = { 0 }, out = { 0 };
		int64_t before = clock_cpu_us();
		for (int k = 0; k < 300000; k++)
			buf_add_text(&in, storms[i]);
		decode_base64(buf_span(&in), &out);
		buf_clear(&out);
		decode_qp(buf_span(&in), false, &out);
		if (clock_cpu_us() - before > 3000000)
			fail_msg("%s took %lld us", storms[i], (long long)(clock_cpu_us() - before));
		buf_free(&in);
		buf_free(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_short),
		cmocka_unit_test(test_storm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
