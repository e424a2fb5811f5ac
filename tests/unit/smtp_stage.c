/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "smtp_stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const domains[] = { "l.test", NULL };

static bool
on_data(void *context, struct span octets)
{
	struct stage *stage = context;

	buf_add_span(&stage->message, octets);
	return !stage->broken_disk;
}

static void
on_drop(void *context)
{
	struct stage *stage = context;

	stage->drops++;
	buf_clear(&stage->message);
}

void
stage_open(struct stage *stage, bool lmtp, const struct smtp_server_options *limits)
{
	struct smtp_server_options options = { 0 };

	memset(stage, 0, sizeof(*stage));
	if (limits != NULL)
		options = *limits;
	options.lmtp = lmtp;
	options.name = "l.test";
	options.session = "s1";
	options.domains = domains;
	options.data = on_data;
	options.drop = on_drop;
	options.context = stage;
	stage->server = smtp_server_new(&options);
}

void
stage_close(struct stage *stage)
{
	smtp_server_free(&stage->server);
	buf_free(&stage->wire);
	buf_free(&stage->replies);
	buf_free(&stage->message);
	buf_free(&stage->accepted);
}

static void
answer_rcpt(struct stage *stage)
{
	const struct mail_address *rcpt = smtp_server_rcpt(stage->server);
	struct smtp_answer answer = { ERR_NOT_FOUND, "" };

	if (span_is_nocase(span_of(rcpt->local), "list") ||
	    span_is_nocase(span_of(rcpt->local), "postmaster"))
		answer.kind = ERR_NONE;
	smtp_server_answer_rcpt(stage->server, &answer);
}

static void
answer_message(struct stage *stage)
{
	const struct smtp_envelope *envelope = smtp_server_envelope(stage->server);
	struct smtp_answer answer = { stage->outcome, "" };

	assert_int_equal(envelope->size, stage->message.len);
	assert_true(envelope->rcpt_count > 0);
	stage->messages++;
	(void)snprintf(stage->senders + strlen(stage->senders),
	    sizeof(stage->senders) - strlen(stage->senders), "%s;", envelope->sender.local);
	buf_clear(&stage->accepted);
	buf_add_span(&stage->accepted, buf_span(&stage->message));
	smtp_server_answer_message(stage->server, &answer, 1);
}

void
gather(struct stage *stage)
{
	struct buf *replies = smtp_server_replies(stage->server);

	buf_add_span(&stage->replies, buf_span(replies));
	buf_clear(replies);
}

void
feed(struct stage *stage, const char *octets, size_t len)
{
	enum smtp_event event;

	buf_add(&stage->wire, octets, len);
	do {
		struct span rest = buf_span(&stage->wire);

		event = smtp_server_input(stage->server, &rest);
		buf_drop(&stage->wire, stage->wire.len - rest.len);
		gather(stage);
		stage->closed = event == SMTP_EVENT_CLOSE;
		stage->tls = event == SMTP_EVENT_STARTTLS;
		if (event == SMTP_EVENT_RCPT)
			answer_rcpt(stage);
		else if (event == SMTP_EVENT_MESSAGE)
			answer_message(stage);
	} while (event == SMTP_EVENT_RCPT || event == SMTP_EVENT_MESSAGE);
	gather(stage);
}

const char *
codes(const struct stage *stage)
{
	static char out[8000];
	struct span rest = buf_span(&stage->replies), line;
	size_t n = 0;

	out[0] = '\0';
	assert_true(rest.len == 0 || span_ends(rest, "\r\n"));
	while (span_next_line(&rest, &line)) {
		assert_true(line.len >= 4 && line.len <= 510);
		for (size_t i = 0; i < line.len; i++)
			assert_in_range((unsigned char)line.data[i], ' ', '~');
		if (line.data[3] == '-')
			continue;
		assert_true(line.data[3] == ' ' && n + 8 < sizeof(out));
		n += (size_t)snprintf(
		    out + n, sizeof(out) - n, "%s%.3s", n == 0 ? "" : " ", line.data);
	}
	return out;
}

bool
said(const struct stage *stage, const char *text)
{
	return strstr(buf_text(&stage->replies), text) != NULL;
}
