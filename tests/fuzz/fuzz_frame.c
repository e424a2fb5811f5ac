/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Frames from a process that was broken into. What the reader takes must be what
 * the writer would have written: every octet is of one field, none is lost. */
#include <stdlib.h>

#include "base/frame.h"
#include "fuzz.h"

static void
add_field(struct buf *out, struct span name, struct span value)
{
	char text[32];

	must(name.len < sizeof(text));
	for (size_t i = 0; i < name.len; i++)
		text[i] = name.data[i];
	text[name.len] = '\0';
	fields_add(out, text, value);
}

/* Lists within lists are read by whoever expects one; here all are tried. */
static void
walk(const struct fields *fields, struct buf *again, struct arena *arena)
{
	struct span name, value, first;
	struct fields inner;
	size_t at = 0;

	while (fields_next(fields, &at, &name, &value)) {
		const char *key = arena_strndup(arena, name.data, name.len);

		add_field(again, name, value);
		first = fields_get(fields, key);
		must(first.data != NULL && first.data <= value.data);
		(void)fields_int(fields, key, 0);
		(void)fields_text(fields, key, arena);
		if (fields_read(&inner, value))
			(void)fields_has(&inner, "id");
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span input = span_make(data, len);
	struct arena *arena = arena_new();
	struct buf again = { 0 };
	struct frame frame;

	if (frame_read(&frame, input)) {
		frame_begin(&again, frame.kind, frame.incarnation, frame.id);
		walk(&frame.fields, &again, arena);
		must(span_equal(buf_span(&again), input));
	}
	buf_free(&again);
	arena_free(&arena);
	return 0;
}
