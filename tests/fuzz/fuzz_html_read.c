/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Any octets as HTML mail: what comes out is our HTML, also when read again. */
#include <stdint.h>
#include <stdlib.h>

#include "../unit/html_scan.c"
#include "text/html_check.h"
#include "text/html_read.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct rendered r;
	bool forward = size > 0 && (data[0] & 1) != 0;

	html_read(arena, span_make(data, size), forward, &r);
	if (html_scan(r.html.octets) != NULL || r.html.octets.len > HTML_MAX)
		abort();
	if (!html_check(r.html.octets))
		abort();
	if (r.text.len > 0 && r.own.len == 0)
		abort();
	html_read(arena, r.html.octets, forward, &r);
	if (html_scan(r.html.octets) != NULL)
		abort();
	arena_free(&arena);
	return 0;
}
