/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Any octets as Markdown: what comes out is our HTML and nothing else. */
#include <stdint.h>
#include <stdlib.h>

#include "../unit/html_scan.c"
#include "text/html_check.h"
#include "text/markdown.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct rendered r;

	markdown_render(arena, span_make(data, size), &r);
	if (html_scan(r.html.octets) != NULL || r.html.octets.len > HTML_MAX)
		abort();
	if (!html_check(r.html.octets))
		abort();
	if (r.own.len != r.text.len)
		abort();
	arena_free(&arena);
	return 0;
}
