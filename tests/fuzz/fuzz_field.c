/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Values of fields that a browser sends: cookies, entity tags, parameters. Each line of the input
 * is one Cookie field. What is found is a slice of it, whole, and the first of its name. */
#include <stdlib.h>

#include "net/http_parse.h"
#include "fuzz.h"

/* Slowly, octet by octet: "name=" at the beginning or after ';' and blanks. */
static bool
is_at_a_pair(struct span line, const char *found, size_t name)
{
	const char *at = found - name - 1;

	if (at < line.data || *(found - 1) != '=')
		return false;
	while (at > line.data && (at[-1] == ' ' || at[-1] == '\t'))
		at--;
	return at == line.data || at[-1] == ';';
}

static void
try_cookies(struct span text)
{
	static struct http_head head;
	struct span found, line;
	bool inside = false;

	head.field_count = 0;
	while (head.field_count < HTTP_FIELDS_MAX && span_next(&text, '\n', &line))
		head.fields[head.field_count++] = (struct http_field){ SPAN("Cookie"), line };
	found = http_cookie(&head, "s");
	if (found.data == NULL || found.len == 0)
		return;
	for (size_t i = 0; i < head.field_count; i++) {
		line = head.fields[i].value;
		if (line.len > 0 && found.data > line.data && found.data < line.data + line.len)
			inside = is_at_a_pair(line, found.data, 1) &&
				 found.data + found.len <= line.data + line.len;
	}
	must(inside && span_find(found, ';') == found.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena *arena = arena_new();
	struct span text = span_make(data, len), value;

	try_cookies(text);
	if (http_etag_matches(text, SPAN("\"a\"")))
		must(span_find_text(text, "\"a\"") < len || span_find(text, '*') < len);
	value = http_parameter(arena, text, "charset");
	must(value.len <= len);
	if (value.data != NULL)
		must(span_find(text, '=') < len);
	arena_free(&arena);
	return 0;
}
