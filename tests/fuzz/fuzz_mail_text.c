/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Any octets as plain mail; the first says whether it is flowed, and so on. */
#include <stdint.h>
#include <stdlib.h>

#include "../unit/html_scan.c"
#include "text/html_check.h"
#include "text/mail_text.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mail_text_format format = { 0 };
	struct arena *arena = arena_new();
	struct rendered r;

	if (size > 0) {
		format.flowed = (data[0] & 1) != 0;
		format.delsp = (data[0] & 2) != 0;
		format.forward = (data[0] & 4) != 0;
	}
	mail_text_render(arena, span_make(data, size), format, &r);
	if (html_scan(r.html.octets) != NULL || r.html.octets.len > HTML_MAX)
		abort();
	if (!html_check(r.html.octets))
		abort();
	if (r.text.len > 0 && r.own.len == 0)
		abort();
	arena_free(&arena);
	return 0;
}
