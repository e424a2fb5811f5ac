/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Heads of mail, as intake and the parser read them. What comes out is UTF-8, on one
 * line where it says so, and within its bounds. */
#include <stdlib.h>

#include "base/utf8.h"
#include "mail/header.h"
#include "fuzz.h"

static void
must_be_line(struct span s, size_t max)
{
	must(s.len <= max && utf8_is_valid(s));
	for (size_t i = 0; i < s.len; i++)
		must((unsigned char)s.data[i] >= 32 && s.data[i] != 127);
}

static void
try_value(struct arena *arena, struct span value)
{
	struct header_mailboxes boxes = { 0 };
	struct header_ids ids;
	struct header_value read;
	int64_t date;

	must_be_line(header_text(arena, value, 500), 500);
	header_mailboxes(arena, value, &boxes);
	must(boxes.count <= HEADER_MAILBOXES_MAX && boxes.count <= boxes.total);
	for (size_t i = 0; i < boxes.count; i++) {
		must(header_is_address(boxes.items[i].address));
		must_be_line(boxes.items[i].name, 1000);
	}
	header_ids(arena, value, &ids);
	must(ids.count <= HEADER_IDS_MAX);
	for (size_t i = 0; i < ids.count; i++)
		must_be_line(ids.items[i], 250);
	header_value(arena, value, &read);
	must(read.count <= HEADER_PARAMS_MAX);
	for (size_t i = 0; i < read.count; i++)
		must_be_line(read.params[i].value, 4096);
	if (header_date(value, &date))
		must(date >= 0 && date < 7289654400);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena *arena = arena_new();
	struct span raw = span_make(data, len);
	struct header_front front;
	struct header header;

	header_front(arena, raw, &front);
	must_be_line(front.subject, 1000);
	header_split(arena, raw, &header);
	must(header.count <= HEADER_FIELDS_MAX && header.body <= len);
	must(header.over_limit != NULL || header_length(raw) == header.body);
	for (size_t i = 0; i < header.count && i < 50; i++)
		try_value(arena, header.fields[i].value);
	arena_free(&arena);
	return 0;
}
