/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The target of a request as the pages see it. What a row takes is of the kind that its pattern
 * says; the parts of a path, encoded again, are the same parts and lead to the same page. */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "web/route.h"
#include "fuzz.h"

static void
must_be_of(struct span s, const char *more)
{
	for (size_t i = 0; i < s.len; i++)
		must(ascii_is_lower(s.data[i]) || ascii_is_digit(s.data[i]) ||
		     (s.data[i] != '\0' && strchr(more, s.data[i]) != NULL));
}

static void
check_values(const struct route *row, const struct route_values *at)
{
	must(at->id >= 0 && utf8_is_line(at->slug) && utf8_is_line(at->name));
	if (strstr(row->pattern, ":id") != NULL || strstr(row->pattern, ":thread") != NULL)
		must(at->id > 0);
	if (strstr(row->pattern, ":slug") != NULL) {
		must(at->slug.len > 0);
		must_be_of(at->slug, "-");
	}
	if (strstr(row->pattern, ":token") != NULL) {
		must(at->token.len >= 8 && at->token.len <= 64);
		must_be_of(at->token, "_-ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	}
}

static void
check_again(struct arena *arena, const struct http_path *path, const struct route *row)
{
	struct buf text = { 0 };
	struct http_path again;
	struct route_values at = { 0 };
	bool other = false;

	for (size_t i = 0; i < path->count; i++) {
		buf_add_char(&text, '/');
		http_percent_encode(&text, path->parts[i]);
	}
	if (path->count == 0)
		buf_add_char(&text, '/');
	must(http_path_split(arena, buf_span(&text), &again) && again.count == path->count);
	for (size_t i = 0; i < path->count; i++)
		must(span_equal(again.parts[i], path->parts[i]));
	must(route_find(routes, HTTP_GET, &again, &at, &other) == row);
	buf_free(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena *arena = arena_new();
	struct http_path path;
	const enum http_method methods[] = { HTTP_POST, HTTP_HEAD, HTTP_GET };
	const struct route *row = NULL;

	if (http_path_split(arena, span_make(data, len), &path)) {
		for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
			struct route_values at = { 0 };
			bool other = false;

			row = route_find(routes, methods[i], &path, &at, &other);
			if (row != NULL)
				check_values(row, &at);
		}
		check_again(arena, &path, row);
	}
	arena_free(&arena);
	return 0;
}
