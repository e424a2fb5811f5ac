/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A whole message through the parser. What it says must be what the clerk believes, and
 * come back the same. */
#include <stdlib.h>

#include "mail/mail_read.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena *arena = arena_new();
	struct parsed parsed, back;
	struct buf once = { 0 }, twice = { 0 };
	struct fields fields;
	struct err err = { 0 };

	mail_read(arena, span_make(data, len), &parsed);
	parsed_write(&parsed, &once);
	must(fields_read(&fields, buf_span(&once)));
	must(parsed_read(arena, &fields, len, &back, &err));
	parsed_write(&back, &twice);
	must(span_equal(buf_span(&once), buf_span(&twice)));
	buf_free(&once);
	buf_free(&twice);
	arena_free(&arena);
	return 0;
}
