/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Arenas: zeroed, aligned, apart from each other, and really given back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/arena.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool
is_zero(const char *memory, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (memory[i] != 0)
			return false;
	return true;
}

/* Fills what it gets, thrice, so that a reset which leaves dirt would show. */
static void
test_shapes(void **state)
{
	static const size_t sizes[] = { 0, 1, 15, 16, 17, 100, 3000, 8192, 8193, 40000, 70000,
		2000000 };
	struct arena *arena = arena_new();

	(void)state;
	for (size_t round = 0; round < 3; round++) {
		for (size_t i = 0; i < 40 * COUNT(sizes); i++) {
			size_t size = sizes[i % COUNT(sizes)];
			char *memory = arena_alloc(arena, size);

			assert_int_equal((uintptr_t)memory % 16, 0);
			assert_true(is_zero(memory, size));
			memset(memory, 0xff, size);
		}
		assert_true(arena_used(arena) > 40 * 2000000);
		arena_reset(arena);
		assert_int_equal(arena_used(arena), 0);
	}
	arena_free(&arena);
	assert_null(arena);
	arena_free(&arena);
}

static void
test_apart(void **state)
{
	enum { THINGS = 5000 };
	static unsigned char *things[THINGS];
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < THINGS; i++) {
		things[i] = arena_array(arena, i % 50 + 1, 3);
		memset(things[i], (int)(i % 251), (i % 50 + 1) * 3);
	}
	for (size_t i = 0; i < THINGS; i++) {
		assert_int_equal(things[i][0], i % 251);
		assert_int_equal(things[i][(i % 50 + 1) * 3 - 1], i % 251);
	}
	arena_free(&arena);
}

static void
test_text(void **state)
{
	struct arena *arena = arena_new();
	struct span span;
	char lots[1000];

	(void)state;
	memset(lots, 'a', sizeof(lots) - 1);
	lots[sizeof(lots) - 1] = '\0';
	assert_string_equal(arena_strdup(arena, "abc"), "abc");
	assert_string_equal(arena_strdup(arena, NULL), "");
	assert_string_equal(arena_strndup(arena, "abc", 2), "ab");
	span = arena_span(arena, span_make("a\0b", 3));
	assert_int_equal(span.len, 3);
	assert_memory_equal(span.data, "a\0b", 4);
	assert_int_equal(arena_span(arena, (struct span){ 0 }).len, 0);
	assert_string_equal(arena_printf(arena, "%d-%s", 4, "x"), "4-x");
	assert_string_equal(arena_printf(arena, "%s", lots), lots);
	assert_string_equal(arena_printf(arena, "%.255s", lots), lots + 744);
	assert_string_equal(arena_printf(arena, "%.256s", lots), lots + 743);
	arena_free(&arena);
}

static void
test_poison(void **state)
{
	(void)state;
#if defined(__SANITIZE_ADDRESS__)
	struct arena *arena = arena_new();
	char *memory = arena_alloc(arena, 32);

	assert_false(__asan_address_is_poisoned(memory + 31));
	assert_true(__asan_address_is_poisoned(memory + 32));
	arena_reset(arena);
	assert_true(__asan_address_is_poisoned(memory));
	arena_free(&arena);
#else
	skip();
#endif
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_apart),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_poison),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
