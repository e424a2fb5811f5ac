/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Maps: against a plain array, through many changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/map.h"
#include "base/token.h"

enum { KEYS = 500, CHANGES = 100000 };

static void
test_words(void **state)
{
	int one = 1, two = 2;
	struct map *map = map_new();

	(void)state;
	assert_null(map_get(map, SPAN("a")));
	assert_null(map_remove(map, SPAN("a")));
	assert_null(map_set(map, SPAN("a"), &one));
	assert_null(map_set(map, SPAN(""), &two));
	assert_null(map_set(map, span_make("a\0b", 3), &two));
	assert_ptr_equal(map_set(map, SPAN("a"), &two), &one);
	assert_int_equal(map_count(map), 3);
	assert_ptr_equal(map_get(map, SPAN("a")), &two);
	assert_null(map_get(map, SPAN("A")));
	assert_ptr_equal(map_remove(map, SPAN("a")), &two);
	assert_null(map_get(map, SPAN("a")));
	assert_ptr_equal(map_get(map, SPAN("")), &two);
	assert_int_equal(map_count(map), 2);
	map_free(&map);
	assert_null(map);
	map_free(&map);
}

static void
test_key_is_copied(void **state)
{
	char key[2] = "k";
	struct map *map = map_new();

	(void)state;
	assert_null(map_set(map, span_of(key), key));
	key[0] = 'x';
	assert_ptr_equal(map_get(map, SPAN("k")), key);
	map_free(&map);
}

/* Each key that is in the map is met once. */
static void
check_walk(const struct map *map, char *const there[KEYS])
{
	bool met[KEYS] = { false };
	struct span key;
	size_t at = 0, count = 0;
	void *value;

	while (map_next(map, &at, &key, &value)) {
		int64_t number;

		assert_true(span_int(key, 0, KEYS - 1, &number));
		assert_false(met[number]);
		assert_ptr_equal(value, there[number]);
		met[number] = true;
		count++;
	}
	assert_int_equal(count, map_count(map));
}

static void
test_many_changes(void **state)
{
	static char values[KEYS];
	char *there[KEYS] = { NULL };
	struct map *map = map_new();
	struct buf key = { 0 };

	(void)state;
	for (int i = 0; i < CHANGES; i++) {
		uint64_t random = token_random_u64();
		size_t number = random % KEYS;

		buf_clear(&key);
		buf_printf(&key, "%zu", number);
		assert_ptr_equal(map_get(map, buf_span(&key)), there[number]);
		if (random >> 63) {
			char *value = &values[random >> 32 & 255];

			assert_ptr_equal(map_set(map, buf_span(&key), value), there[number]);
			there[number] = value;
		} else {
			assert_ptr_equal(map_remove(map, buf_span(&key)), there[number]);
			there[number] = NULL;
		}
		if (i % 1000 == 0)
			check_walk(map, there);
	}
	check_walk(map, there);
	map_free(&map);
	buf_free(&key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_key_is_copied),
		cmocka_unit_test(test_many_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
