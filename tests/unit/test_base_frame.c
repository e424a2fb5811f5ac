/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Frames: what is written is read, and nothing unsound is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/frame.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define HEAD "\x52\x50\x07\x00\x01\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00"

static void
test_octets(void **state)
{
	static const char want[] = HEAD "\x01\x02\x00\x00\x00"
					"abc"
					"\x01\x00\x00\x00\x00"
					"d";
	struct buf out = { 0 };

	(void)state;
	frame_begin(&out, 7, 1, 2);
	fields_add_text(&out, "a", "bc");
	fields_add_text(&out, "d", "");
	assert_int_equal(out.len, sizeof(want) - 1);
	assert_memory_equal(out.data, want, sizeof(want) - 1);
	buf_free(&out);
}

static void
test_there_and_back(void **state)
{
	struct buf list = { 0 }, out = { 0 };
	struct arena *arena = arena_new();
	struct frame frame;
	struct fields inner;
	struct span name, value;
	size_t at = 0, count = 0;

	(void)state;
	fields_add_int(&list, "post", INT64_MIN);
	fields_add_text(&list, "post", "second");
	frame_begin(&out, 0xfffe, 0xfffffffd, 0xfffffffffffffffc);
	fields_add(&out, "list", buf_span(&list));
	fields_add(&out, "nul", span_make("a\0b", 3));
	fields_add_text(&out, "empty", "");
	fields_add_int(&out, "n_.-9", 42);

	assert_true(frame_read(&frame, buf_span(&out)));
	assert_int_equal(frame.kind, 0xfffe);
	assert_int_equal(frame.incarnation, 0xfffffffd);
	assert_true(frame.id == 0xfffffffffffffffc);
	assert_int_equal(fields_int(&frame.fields, "n_.-9", -1), 42);
	assert_int_equal(fields_int(&frame.fields, "nul", -1), -1);
	assert_int_equal(fields_int(&frame.fields, "absent", -1), -1);
	assert_int_equal(fields_get(&frame.fields, "nul").len, 3);
	assert_string_equal(fields_text(&frame.fields, "nul", arena), "a");
	assert_string_equal(fields_text(&frame.fields, "absent", arena), "");
	assert_true(fields_has(&frame.fields, "empty"));
	assert_false(fields_has(&frame.fields, "absent"));
	assert_false(fields_has(&frame.fields, "lis"));
	assert_null(fields_get(&frame.fields, "absent").data);
	while (fields_next(&frame.fields, &at, &name, &value))
		count++;
	assert_int_equal(count, 4);

	assert_true(fields_read(&inner, fields_get(&frame.fields, "list")));
	assert_true(fields_int(&inner, "post", 0) == INT64_MIN);
	at = 0;
	assert_true(fields_next(&inner, &at, &name, &value));
	assert_true(fields_next(&inner, &at, &name, &value));
	assert_true(span_is(value, "second"));
	assert_false(fields_next(&inner, &at, &name, &value));
	buf_free(&list);
	buf_free(&out);
	arena_free(&arena);
}

static void
test_unsound(void **state)
{
	static const struct {
		const char *name;
		struct span data;
		bool ok;
	} cases[] = {
		{ "no field", { HEAD, 16 }, true },
		{ "a field", { HEAD "\x01\x01\x00\x00\x00yz", 23 }, true },
		{ "nothing", { "", 0 }, false },
		{ "a head cut short", { HEAD, 15 }, false },
		{ "another magic", { "\x50\x52zzzzzzzzzzzzzz", 16 }, false },
		{ "a field's head cut short", { HEAD "\x01\x01\x00\x00", 20 }, false },
		{ "a value cut short", { HEAD "\x01\x02\x00\x00\x00yz", 23 }, false },
		{ "an octet too many", { HEAD "\x01\x01\x00\x00\x00yz!", 24 }, false },
		{ "a name of no octet", { HEAD "\x00\x01\x00\x00\x00z", 22 }, false },
		{ "a name in capitals", { HEAD "\x01\x01\x00\x00\x00Yz", 23 }, false },
		{ "a blank in a name", { HEAD "\x01\x01\x00\x00\x00 z", 23 }, false },
		{ "lengths that overflow", { HEAD "\xff\xff\xff\xff\xffyz", 23 }, false },
		{ "32 octets of name",
		    { HEAD "\x20\x00\x00\x00\x00"
			   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
			53 },
		    false },
		{ "31 octets of name",
		    { HEAD "\x1f\x00\x00\x00\x00"
			   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
			52 },
		    true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct frame frame;

		if (frame_read(&frame, cases[i].data) != cases[i].ok)
			fail_msg("%s", cases[i].name);
	}
}

/* Each cut of a sound frame is a list of fewer fields or is refused. */
static void
test_cuts(void **state)
{
	struct buf out = { 0 };
	struct frame frame;
	size_t sound = 0;

	(void)state;
	frame_begin(&out, 1, 2, 3);
	fields_add_text(&out, "subject", "Voirie");
	fields_add_int(&out, "id", 12345);
	for (size_t len = 1; len <= out.len; len++) {
		char *copy = x_calloc(len, 1); /* exact, for AddressSanitizer */

		memcpy(copy, out.data, len);
		sound += frame_read(&frame, span_make(copy, len));
		free(copy);
	}
	assert_int_equal(sound, 3);
	buf_free(&out);
}

static void
test_limits(void **state)
{
	struct buf out = { 0 };
	struct fields fields;

	(void)state;
	for (int i = 0; i < FRAME_FIELDS_MAX; i++)
		fields_add_text(&out, "f", "");
	assert_true(fields_read(&fields, buf_span(&out)));
	fields_add_text(&out, "f", "");
	assert_false(fields_read(&fields, buf_span(&out)));
	assert_int_equal(fields.octets.len, 0);
	buf_clear(&out);
	fields_add(&out, "big", span_make(out.data, (size_t)MESSAGE_MAX + 1));
	assert_false(buf_ok(&out));
	assert_int_equal(out.len, 0);
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_octets),
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_unsound),
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
