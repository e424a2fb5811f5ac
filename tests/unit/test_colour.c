/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>

#include "text/colour.h"

static void
test_read(void **state)
{
	static const char *const bad[] = { "", "#1f4e7", "1f4e7", "1f4e790", "1f4e7g", "#1f4e79" };
	struct colour c;

	(void)state;
	assert_true(colour_read(SPAN("1F4e79"), &c));
	assert_true(c.red == 0x1f && c.green == 0x4e && c.blue == 0x79);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(colour_read(span_of(bad[i]), &c));
}

static void
test_contrast(void **state)
{
	const struct colour black = { 0, 0, 0 }, white = { 255, 255, 255 },
			    grey = { 0x77, 0x77, 0x77 };

	(void)state;
	assert_true(colour_contrast(black, white) > 20.99 && colour_contrast(black, white) < 21.01);
	assert_true(colour_contrast(grey, white) > 4.47 && colour_contrast(grey, white) < 4.49);
	assert_false(colour_is_legible(grey));
	assert_false(colour_is_legible((struct colour){ 0xff, 0xcc, 0 }));
	assert_true(colour_is_legible((struct colour){ 0x1f, 0x4e, 0x79 }));
	assert_true(colour_is_legible((struct colour){ 0x7a, 0x1f, 0x3d }));
}

/* By night every legible accent, black itself, becomes one that can be read on dark paper. */
static void
test_night(void **state)
{
	static const char *const accents[] = { "000000", "1f4e79", "7a1f3d", "0a5c2f", "0000ff" };
	const struct colour night = { 0x16, 0x18, 0x1c };

	(void)state;
	for (size_t i = 0; i < sizeof(accents) / sizeof(accents[0]); i++) {
		struct buf css = { 0 };
		struct colour day, dark;
		struct span rest;

		assert_true(colour_read(span_of(accents[i]), &day));
		colour_write_css(day, &css);
		rest = buf_span(&css);
		rest = span_from(rest, span_find_text(rest, "dark"));
		rest = span_from(rest, span_find_text(rest, "--accent: #") + 11);
		assert_true(colour_read(span_first(rest, 6), &dark));
		assert_true(colour_contrast(dark, night) >= 4.5);
		buf_free(&css);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_contrast),
		cmocka_unit_test(test_night),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
