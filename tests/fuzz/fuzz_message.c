/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A message that we write, from texts of others, one in each line of the input. What is written is
 * whole lines of 7-bit ASCII; each field stands once; and read again it says the same. */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "mail/header.h"
#include "mail/mail_read.h"
#include "mail/message_write.h"
#include "fuzz.h"

enum { ONE_LINE = 200 /* octets of a text: over that the reader cuts what the writer need not */ };

/* What a header makes of a line: blanks run together. */
static struct span
as_line(struct arena *arena, struct span text)
{
	struct buf out = { 0 };
	struct span line = utf8_line(arena, text);

	for (size_t i = 0; i < line.len; i++)
		if (line.data[i] != ' ' || (out.len > 0 && out.data[out.len - 1] != ' '))
			buf_add_char(&out, line.data[i]);
	line = arena_span(arena, span_trim(buf_span(&out)));
	buf_free(&out);
	return line;
}

static void
check_fields(struct arena *arena, struct span octets)
{
	static const char *const once[] = { "From", "To", "Reply-To", "Subject", "Date",
		"Message-ID", "List-Id", "List-Post", "List-Unsubscribe", "List-Unsubscribe-Post",
		"List-Help", "Content-Type", "MIME-Version", "Archived-At" };
	struct header header;

	header_split(arena, octets, &header);
	must(header.malformed == 0 && header.over_limit == NULL && header.has_end);
	for (size_t i = 0; i < sizeof(once) / sizeof(once[0]); i++)
		must(header_count(&header, once[i]) <= 1);
	must(header_count(&header, "From") == 1 && header_count(&header, "Bcc") == 0);
	must(header_count(&header, "X") == 0);
}

static void
check_wire(struct span octets)
{
	size_t column = 0;

	for (size_t i = 0; i < octets.len; i++) {
		char c = octets.data[i];

		column = c == '\n' ? 0 : column + 1;
		must(column <= 999);
		must(c == '\t' || c == '\n' || c == '\r' || (c >= ' ' && c <= '~'));
		must((c == '\n') == (i > 0 && octets.data[i - 1] == '\r'));
	}
	must(octets.len == 0 || octets.data[octets.len - 1] == '\n');
}

static void
try_message(struct arena *arena, struct span *lines, struct span text)
{
	struct outgoing outgoing = { .from_name = lines[0],
		.from_address = SPAN("a@b.example"),
		.to_name = lines[1],
		.to_address = SPAN("v@b.example"),
		.reply_name = lines[1],
		.reply_address = SPAN("v@b.example"),
		.subject = lines[2],
		.message_id = lines[3],
		.in_reply_to = lines[4],
		.references = &lines[4],
		.reference_count = 1,
		.date = 1772470800,
		.zone = "Europe/Paris",
		.list_name = lines[5],
		.list_id = SPAN("v.b.example"),
		.list_post = SPAN("v@b.example"),
		.text = text,
		.footer_text = lines[6],
		.language = "fr" };
	struct buf out = { 0 };
	struct parsed parsed;
	struct err err = { 0 };

	if (message_write(arena, &outgoing, &out, &err)) {
		check_wire(buf_span(&out));
		check_fields(arena, buf_span(&out));
		mail_read(arena, buf_span(&out), &parsed);
		must(span_is(parsed.from_address, "a@b.example") && parsed.from_count == 1);
		must(span_is(parsed.list_id, "v.b.example") && parsed.date == 1772470800);
		must(span_equal(parsed.message_id, lines[3]));
		must(span_equal(as_line(arena, parsed.subject), as_line(arena, lines[2])));
		must(parsed.references.count <= 1 && parsed.to_cc.count == 1);
	} else
		must(err.kind == ERR_INVALID && err.text[0] != '\0');
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span lines[7] = { { 0 } }, text = span_make(data, len);
	struct arena *arena = arena_new();

	for (size_t i = 0;
	     i < sizeof(lines) / sizeof(lines[0]) && span_next(&text, '\n', &lines[i]); i++)
		lines[i] = utf8_clean(arena, span_first(lines[i], ONE_LINE));
	try_message(arena, lines, utf8_clean(arena, text));
	arena_free(&arena);
	return 0;
}
