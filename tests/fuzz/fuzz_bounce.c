/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Reports written for people: the input is the text of a mailer's message. */
#include <stdlib.h>

#include "mail/header.h"
#include "mail/mail_read.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena *arena = arena_new();
	struct buf raw = { 0 };
	struct parsed parsed;

	buf_add_text(&raw, "From: MAILER-DAEMON@mx.example\r\nSubject: failure notice\r\n\r\n");
	buf_add(&raw, data, len);
	mail_read(arena, buf_span(&raw), &parsed);
	must(parsed.report_recipient_count <= PARSED_RECIPIENTS_MAX);
	for (size_t i = 0; i < parsed.report_recipient_count; i++)
		must(header_is_address(parsed.report_recipients[i].final));
	buf_free(&raw);
	arena_free(&arena);
	return 0;
}
