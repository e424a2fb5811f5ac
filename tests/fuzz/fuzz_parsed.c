/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Answers of a parser that was broken into: what the clerk takes lies within the
 * message and is what would be written again. */
#include <stdlib.h>

#include "mail/parsed.h"
#include "fuzz.h"

enum { RAW_SIZE = 4096 };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena *arena = arena_new();
	struct parsed parsed, again;
	struct buf out = { 0 };
	struct fields fields;
	struct err err = { 0 };

	if (fields_read(&fields, span_make(data, len)) &&
	    parsed_read(arena, &fields, RAW_SIZE, &parsed, &err)) {
		for (size_t i = 0; i < parsed.attachment_count; i++)
			must(parsed.attachments[i].offset <= RAW_SIZE &&
			     parsed.attachments[i].length <=
				 RAW_SIZE - parsed.attachments[i].offset);
		parsed_write(&parsed, &out);
		must(fields_read(&fields, buf_span(&out)));
		must(parsed_read(arena, &fields, RAW_SIZE, &again, &err));
	}
	buf_free(&out);
	arena_free(&arena);
	return 0;
}
