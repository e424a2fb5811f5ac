/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Any octets through the trimmer: the segments together are the text, and something
 * is the author's where anything was written. */
#include <stdint.h>
#include <stdlib.h>

#include "text/quote.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct span text = span_make(data, size);
	struct quote_parts parts;
	size_t at = 0;

	quote_split(arena, text, size > 0 && (data[0] & 1) != 0, &parts);
	for (size_t i = 0; i < parts.count; i++) {
		if (parts.list[i].text.data != text.data + at || parts.list[i].text.len == 0)
			abort();
		at += parts.list[i].text.len;
	}
	if (at != size)
		abort();
	if (span_trim(text).len > 0 && span_trim(quote_own(arena, &parts)).len == 0)
		abort();
	arena_free(&arena);
	return 0;
}
