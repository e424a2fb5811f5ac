/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "web/cache.h"

static void
add(struct cache *cache, const char *key, const char *body)
{
	struct http_blob *blob = http_blob_new(span_of(body));
	char etag[ETAG_MAX];

	cache_etag(span_of(body), etag);
	cache_add(cache, span_of(key), blob, etag, "text/html");
	http_blob_drop(&blob);
}

static bool
has(struct cache *cache, const char *key, const char *body)
{
	const struct cache_page *page = cache_find(cache, span_of(key));

	return page != NULL && span_is(http_blob_span(page->blob), body);
}

static void
test_find(void **state)
{
	struct cache *cache = cache_new(10000);

	(void)state;
	assert_null(cache_find(cache, SPAN("fr/")));
	add(cache, "fr/", "bonjour");
	add(cache, "en/", "hello");
	assert_true(has(cache, "fr/", "bonjour"));
	assert_true(has(cache, "en/", "hello"));
	assert_null(cache_find(cache, SPAN("fr/f")));
	assert_null(cache_find(cache, SPAN("")));
	add(cache, "fr/", "bonsoir");
	assert_true(has(cache, "fr/", "bonsoir"));
	assert_int_equal(cache_count(cache), 2);
	cache_free(&cache);
	assert_null(cache);
}

static void
test_version(void **state)
{
	struct cache *cache = cache_new(10000);

	(void)state;
	cache_set_version(cache, 7);
	add(cache, "a", "1");
	cache_set_version(cache, 7);
	assert_true(has(cache, "a", "1"));
	cache_set_version(cache, 8);
	assert_null(cache_find(cache, SPAN("a")));
	assert_int_equal(cache_used(cache), 0);
	cache_free(&cache);
}

/* A body in the hands of a connection outlives its place here. */
static void
test_shared(void **state)
{
	struct cache *cache = cache_new(10000);
	struct http_blob *mine;

	(void)state;
	add(cache, "a", "long");
	mine = http_blob_keep(cache_find(cache, SPAN("a"))->blob);
	cache_clear(cache);
	assert_true(span_is(http_blob_span(mine), "long"));
	http_blob_drop(&mine);
	cache_free(&cache);
}

static void
test_bounds(void **state)
{
	struct cache *cache = cache_new(64 * 1024);
	char key[16], body[1000];

	(void)state;
	memset(body, 'x', sizeof(body) - 1);
	body[sizeof(body) - 1] = '\0';
	add(cache, "wanted", "kept as long as it is asked for");
	for (int i = 0; i < 5000; i++) {
		snprintf(key, sizeof(key), "%d", i);
		add(cache, key, body);
		assert_non_null(cache_find(cache, SPAN("wanted")));
		assert_true(cache_used(cache) <= 64 * 1024);
	}
	assert_non_null(cache_find(cache, SPAN("4999")));
	assert_null(cache_find(cache, SPAN("0")));
	assert_true(cache_count(cache) > 40 && cache_count(cache) < 66);
	cache_set_size(cache, 2000);
	assert_true(cache_used(cache) <= 2000);
	assert_non_null(cache_find(cache, SPAN("4999")));
	add(cache, "huge", body);
	cache_set_size(cache, 500);
	add(cache, "huge", body);
	assert_null(cache_find(cache, SPAN("huge")));
	cache_set_size(cache, 0);
	add(cache, "a", "");
	assert_int_equal(cache_count(cache), 0);
	cache_free(&cache);
}

static void
test_etag(void **state)
{
	char one[ETAG_MAX], two[ETAG_MAX];

	(void)state;
	cache_etag(SPAN("abc"), one);
	assert_string_equal(one, "\"ba7816bf8f01cfea414140de5dae2223\"");
	cache_etag(SPAN("abd"), two);
	assert_string_not_equal(one, two);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_etag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
