/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The personal identifier: what people type, and the errors that its check symbols find. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "rules/identifier.h"

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static bool
reads(const char *typed, char symbols[IDENTIFIER_LEN + 1])
{
	struct err err = { 0 };
	bool good = identifier_read(span_of(typed), symbols, &err);

	assert_true(good == (err.kind == ERR_NONE));
	return good;
}

static void
test_drawn_ones_are_read(void **state)
{
	char drawn[IDENTIFIER_LEN + 1], printed[IDENTIFIER_ROOM], again[IDENTIFIER_LEN + 1];

	(void)state;
	for (int i = 0; i < 2000; i++) {
		identifier_draw(drawn);
		identifier_write(drawn, printed);
		assert_int_equal(strlen(printed), 14);
		assert_int_equal(printed[4], '-');
		assert_int_equal(printed[9], '-');
		assert_true(reads(printed, again));
		assert_string_equal(again, drawn);
		assert_int_equal(strspn(drawn, alphabet), IDENTIFIER_LEN);
		assert_null(strstr(drawn, "KKK"));
	}
}

/* All of them, of one identifier: 12 x 31 single ones, 66 x 961 double ones. */
static void
test_two_wrong_symbols_are_found(void **state)
{
	char drawn[IDENTIFIER_LEN + 1], typed[IDENTIFIER_LEN + 1], symbols[IDENTIFIER_LEN + 1];
	long tried = 0;

	(void)state;
	identifier_draw(drawn);
	for (int a = 0; a < IDENTIFIER_LEN; a++)
		for (int b = a; b < IDENTIFIER_LEN; b++)
			for (int x = 0; x < 32; x++)
				for (int y = 0; y < 32; y++) {
					strcpy(typed, drawn);
					typed[a] = alphabet[x];
					typed[b] = alphabet[y];
					if (strcmp(typed, drawn) == 0)
						continue;
					assert_false(reads(typed, symbols));
					tried++;
				}
	assert_true(tried > 63798);
}

static void
test_typed(void **state)
{
	static const char zero[] = "0000-0000-0000"; /* the word whose checks are zero too */
	static const struct {
		const char *typed;
		bool good;
	} cases[] = {
		{ zero, true }, { "oooo oooo oooo", true }, /* the letter for the digit */
		{ "OOOO.OOOO.OOOO", true }, { " 0 0 0 0 0 0 0 0 0 0 0 0 ", true }, { "", false },
		{ "000000000000", true }, { "00000000000", false }, /* eleven */
		{ "0000000000000", false },			    /* thirteen */
		{ "0000-0000-000U", false },			    /* no such symbol */
		{ "0000-0000-00\xc3\xa9", false }, { "0000\n0000\n0000", false },
		{ "1000-0000-0000", false }, /* the checks */
		{ "I000-0000-0000", false }, /* read as 1 */
	};
	char symbols[IDENTIFIER_LEN + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (reads(cases[i].typed, symbols) != cases[i].good)
			fail_msg("\"%s\" is read wrongly", cases[i].typed);
}

/* The form is frozen: letters have been printed. Worked out by hand once, from the
 * definition in identifier.h: the checks of 1 at the last drawn place are the generator's. */
static void
test_form_is_final(void **state)
{
	char symbols[IDENTIFIER_LEN + 1];

	(void)state;
	assert_true(reads("0000-0000-0168", symbols)); /* x^2 + (a + a^2) x + a^3: 1, 6, 8 */
	assert_true(span_is(identifier_selector(symbols), "0000"));
	assert_true(span_is(identifier_verifier(symbols), "000001"));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drawn_ones_are_read),
		cmocka_unit_test(test_two_wrong_symbols_are_found),
		cmocka_unit_test(test_typed),
		cmocka_unit_test(test_form_is_final),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
