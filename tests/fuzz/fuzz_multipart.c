/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A form with files: the first line of the input is the Content-Type, the rest the body. */
#include <stdlib.h>

#include "base/utf8.h"
#include "net/multipart.h"
#include "fuzz.h"

static void
check_part(const struct multipart_part *part, struct span body)
{
	must(part->offset <= body.len && part->data.len <= body.len - part->offset);
	must(part->data.len == 0 || part->data.data == body.data + part->offset);
	must(part->name.len <= MULTIPART_NAME_MAX && utf8_is_valid(part->name));
	must(utf8_is_valid(part->file_name));
	must(span_find(part->file_name, '/') == part->file_name.len);
	must(span_find(part->file_name, '\0') == part->file_name.len);
	must(span_find(part->file_name, '\n') == part->file_name.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span in = span_make(data, len), type = span_first(in, span_find(in, '\n'));
	struct span body = span_from(in, type.len + 1), boundary;
	struct arena *arena = arena_new();
	struct multipart form;
	struct err err;

	if (multipart_boundary(arena, type, &boundary, &err) &&
	    multipart_read(arena, boundary, body, &form, &err)) {
		must(form.count <= MULTIPART_PARTS_MAX);
		for (size_t i = 0; i < form.count; i++) {
			check_part(&form.parts[i], body);
			must(i == 0 || form.parts[i].offset >=
					   form.parts[i - 1].offset + form.parts[i - 1].data.len);
		}
		(void)multipart_get(&form, "text");
	}
	arena_free(&arena);
	return 0;
}
