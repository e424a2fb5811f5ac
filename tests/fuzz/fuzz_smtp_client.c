/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Any octets from the server we send to. Whatever comes: every message given has exactly
 * one result for each recipient, and what we say is whole lines without bare CR or LF.
 * First octet: 1 LMTP, 2 TLS wanted, 4 TLS required; second: octets in a piece. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "mail/smtp_client.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MESSAGES = 4, RCPTS = 2 };

struct stage {
	struct smtp_client *client;
	struct smtp_message messages[MESSAGES];
	struct smtp_rcpt rcpts[MESSAGES][RCPTS];
	bool done[MESSAGES];
	size_t given, ended;
	char last; /* octet said */
};

static void
on_done(void *context, struct smtp_message *message)
{
	struct stage *stage = context;
	size_t at = (size_t)(message - stage->messages);

	must(at < stage->given && !stage->done[at]);
	stage->done[at] = true;
	stage->ended++;
	for (size_t i = 0; i < RCPTS; i++) {
		const struct smtp_result *result = &message->rcpts[i].result;

		must(result->verdict > SMTP_PENDING && result->verdict <= SMTP_UNKNOWN);
		must(result->verdict != SMTP_DELIVERED || result->code / 100 == 2);
		must(result->verdict != SMTP_REFUSED || result->code / 100 == 5 ||
		     result->code == 0);
		must(strlen(result->text) <= SMTP_REPLY_TEXT_MAX);
		must(strpbrk(result->text, "\r\n") == NULL);
	}
}

static void
take_output(struct stage *stage)
{
	struct buf *output = smtp_client_output(stage->client);

	for (size_t i = 0; i < output->len; i++) {
		must((output->data[i] == '\n') == (stage->last == '\r'));
		stage->last = output->data[i];
	}
	must(output->len == 0 || stage->last == '\n');
	buf_clear(output);
}

static void
give(struct stage *stage)
{
	static const char text[] = "Subject: x\n\r\n.\r.\r\n\xc3\xa9\0..\n";

	while (stage->given < MESSAGES && smtp_client_wants(stage->client)) {
		struct smtp_message *message = &stage->messages[stage->given];
		struct err err;

		message->rcpts = stage->rcpts[stage->given];
		message->rcpt_count = RCPTS;
		message->octets = (struct span){ text, sizeof(text) - 1 - stage->given };
		must(address_parse(SPAN("a@x"), 0, &message->rcpts[0].address, &err));
		must(address_parse(
		    SPAN("\xc3\xa9@y"), ADDRESS_UTF8, &message->rcpts[1].address, &err));
		stage->given++;
		smtp_client_give(stage->client, message);
	}
	take_output(stage);
}

static void
talk(struct stage *stage, struct span wire, size_t step)
{
	enum smtp_client_event event = SMTP_CLIENT_NONE;

	while (wire.len > 0 && event != SMTP_CLIENT_CLOSE) {
		event = smtp_client_input(stage->client, span_first(wire, step));
		wire = span_from(wire, step);
		if (event == SMTP_CLIENT_STARTTLS)
			smtp_client_secured(stage->client);
		give(stage);
		(void)smtp_client_patience(stage->client);
	}
	if (event == SMTP_CLIENT_CLOSE)
		must(!smtp_client_wants(stage->client) && smtp_client_open(stage->client) == 0);
	else
		smtp_client_quit(stage->client);
	take_output(stage);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stage stage = { 0 };
	struct smtp_client_options options = {
		.name = "us", .done = on_done, .context = &stage, .session = "f"
	};

	log_open("fuzz", LOG_LEVEL_ERROR);
	if (size < 2)
		return 0;
	options.lmtp = (data[0] & 1) != 0;
	options.tls = (data[0] & 4) != 0   ? SMTP_TLS_REQUIRE
		      : (data[0] & 2) != 0 ? SMTP_TLS_TRY
					   : SMTP_TLS_NEVER;
	stage.client = smtp_client_new(&options);
	talk(&stage, span_make(data + 2, size - 2), 1 + (size_t)data[1]);
	smtp_client_free(&stage.client);
	must(stage.ended == stage.given);
	return 0;
}
