/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Any octets to the SMTP and LMTP door. Whatever comes: replies are whole lines of
 * printable ASCII, a message that is handed on has no NUL and no bare CR or LF, nothing
 * is eaten while an answer is awaited, and the same octets in other pieces give the
 * same replies. First octet: 1 LMTP, 2 STARTTLS, 4 answers of the house vary. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "mail/smtp_server.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct stage {
	struct smtp_server *server;
	struct buf replies;
	char last; /* octet of the message */
	bool vary;
	unsigned answers, messages;
	size_t kept;
};

static bool
on_data(void *context, struct span octets)
{
	struct stage *stage = context;

	for (size_t i = 0; i < octets.len; i++) {
		char c = octets.data[i];

		must(c != '\0' && (c == '\n') == (stage->last == '\r'));
		stage->last = c;
	}
	stage->kept += octets.len;
	return true;
}

static void
on_drop(void *context)
{
	struct stage *stage = context;

	stage->last = 0;
	stage->kept = 0;
}

static void
gather(struct stage *stage)
{
	struct buf *replies = smtp_server_replies(stage->server);

	buf_add_span(&stage->replies, buf_span(replies));
	buf_clear(replies);
}

static enum err_kind
next_answer(struct stage *stage)
{
	return stage->vary ? (enum err_kind)(stage->answers++ % ERR_KINDS) : ERR_NONE;
}

static void
answer(struct stage *stage, enum smtp_event event)
{
	const struct smtp_envelope *envelope = smtp_server_envelope(stage->server);
	struct smtp_answer say = { next_answer(stage), "because\r\n" };
	struct span more = SPAN("QUIT\r\n");

	must(smtp_server_input(stage->server, &more) == SMTP_EVENT_NONE && more.len == 6);
	if (event == SMTP_EVENT_RCPT) {
		must(strchr(smtp_server_rcpt(stage->server)->local, '\n') == NULL);
		smtp_server_answer_rcpt(stage->server, &say);
		return;
	}
	must(envelope->rcpt_count > 0 && envelope->size == stage->kept);
	must(stage->last == '\n' || stage->kept == 0);
	stage->messages++;
	smtp_server_answer_message(stage->server, &say, 1);
}

/* Everything, `step` octets at a time. */
static void
run(struct stage *stage, const uint8_t *data, size_t size, uint8_t flags, size_t step)
{
	static const char *const domains[] = { "l.test", NULL };
	struct smtp_server_options options = {
		.lmtp = (flags & 1) != 0,
		.tls = (flags & 2) != 0,
		.name = "l.test",
		.session = "f",
		.domains = domains,
		.size_max = 4096,
		.data = on_data,
		.drop = on_drop,
		.context = stage,
	};
	struct buf wire = { 0 };
	enum smtp_event event = SMTP_EVENT_NONE;

	memset(stage, 0, sizeof(*stage));
	stage->vary = (flags & 4) != 0;
	stage->server = smtp_server_new(&options);
	gather(stage);
	for (size_t at = 0; at < size && event != SMTP_EVENT_CLOSE; at += step) {
		buf_add(&wire, data + at, size - at < step ? size - at : step);
		do {
			struct span rest = buf_span(&wire);

			event = smtp_server_input(stage->server, &rest);
			buf_drop(&wire, wire.len - rest.len);
			gather(stage);
			if (event == SMTP_EVENT_RCPT || event == SMTP_EVENT_MESSAGE)
				answer(stage, event);
			else if (event == SMTP_EVENT_STARTTLS)
				smtp_server_secured(stage->server);
			gather(stage);
		} while (event != SMTP_EVENT_NONE && event != SMTP_EVENT_CLOSE);
	}
	smtp_server_free(&stage->server);
	buf_free(&wire);
}

static void
check_replies(struct span replies)
{
	struct span line;

	must(span_ends(replies, "\r\n"));
	while (span_next_line(&replies, &line)) {
		must(line.len >= 4 && line.len <= 510);
		for (size_t i = 0; i < line.len; i++)
			must(line.data[i] >= ' ' && line.data[i] <= '~');
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stage whole, pieces;

	log_open("fuzz", LOG_LEVEL_ERROR);
	if (size == 0)
		return 0;
	/* STARTTLS throws away what stands in the same packet: pieces matter there */
	run(&whole, data + 1, size - 1, data[0], size);
	run(&pieces, data + 1, size - 1, data[0], 1 + (size_t)data[0] / 16);
	check_replies(buf_span(&whole.replies));
	check_replies(buf_span(&pieces.replies));
	if ((data[0] & 2) == 0) {
		must(span_equal(buf_span(&whole.replies), buf_span(&pieces.replies)));
		must(whole.messages == pieces.messages);
	}
	buf_free(&whole.replies);
	buf_free(&pieces.replies);
	return 0;
}
