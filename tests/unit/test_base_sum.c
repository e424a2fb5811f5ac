/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Whatever bit of a text flips, and wherever its end is said to be, its sum is another one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdint.h>
#include <string.h>

#include "base/sum.h"

enum { LONGEST = 300 };

static void
test_each_bit(void **state)
{
	char text[LONGEST];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * 37);
	for (size_t len = 0; len <= sizeof(text); len++) {
		int64_t whole = sum_add(0, span_make(text, len));

		assert_true(whole != 0);
		for (size_t bit = 0; bit < len * 8; bit++) {
			text[bit / 8] ^= (char)(1 << bit % 8);
			if (sum_add(0, span_make(text, len)) == whole)
				fail_msg("bit %zu of %zu octets", bit, len);
			text[bit / 8] ^= (char)(1 << bit % 8);
		}
		assert_true(len == 0 || sum_add(0, span_make(text, len - 1)) != whole);
	}
}

/* An octet that goes from one text to the next is not lost on the sum. */
static void
test_where_texts_end(void **state)
{
	(void)state;
	assert_true(sum_add(sum_add(0, SPAN("ab")), SPAN("c")) !=
		    sum_add(sum_add(0, SPAN("a")), SPAN("bc")));
	assert_true(
	    sum_add(sum_add(0, SPAN("")), SPAN("a")) != sum_add(sum_add(0, SPAN("a")), SPAN("")));
	assert_true(sum_add(0, span_make("\0", 1)) != sum_add(0, SPAN("")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_bit),
		cmocka_unit_test(test_where_texts_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
