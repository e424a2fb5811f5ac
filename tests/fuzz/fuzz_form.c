/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A form or a query. What was read is written again, read again, and must be the same. */
#include <stdlib.h>

#include "net/http_parse.h"
#include "fuzz.h"

static void
write_form(struct buf *out, const struct http_form *form)
{
	for (size_t i = 0; i < form->count; i++) {
		buf_add_text(out, i > 0 ? "&" : "");
		http_percent_encode(out, form->fields[i].name);
		buf_add_char(out, '=');
		http_percent_encode(out, form->fields[i].value);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena *arena = arena_new();
	struct http_form form, again;
	struct buf text = { 0 };
	struct err err;

	if (http_form_read(arena, span_make(data, len), &form, &err)) {
		must(form.count <= HTTP_FORM_MAX);
		write_form(&text, &form);
		must(http_form_read(arena, buf_span(&text), &again, &err));
		must(again.count == form.count);
		for (size_t i = 0; i < form.count; i++) {
			must(span_equal(form.fields[i].name, again.fields[i].name));
			must(span_equal(form.fields[i].value, again.fields[i].value));
		}
		(void)http_form_get(&form, "text");
	}
	must(arena_used(arena) <= 16 * (len + 1) + 2 * HTTP_FORM_MAX * sizeof(*form.fields) + 4096);
	buf_free(&text);
	arena_free(&arena);
	return 0;
}
