/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What each reply does to the SMTP client: a row, then a function
 * (mail/smtp_dialogue.h). */
#include "mail/smtp_dialogue.h"

static enum smtp_verdict
verdict_of(const struct smtp_reply *reply)
{
	if (reply->code < 300)
		return SMTP_DELIVERED;
	return reply->code < 500 ? SMTP_LATER : SMTP_REFUSED;
}

void
hear_extension(void *context, struct span words)
{
	struct smtp_client *client = context;
	struct span word = span_first(words, span_find(words, ' '));
	int64_t size;

	if (span_is_nocase(word, "PIPELINING"))
		client->pipelining = true;
	else if (span_is_nocase(word, "8BITMIME"))
		client->eight_bit = true;
	else if (span_is_nocase(word, "SMTPUTF8"))
		client->utf8 = true;
	else if (span_is_nocase(word, "STARTTLS"))
		client->starttls = true;
	else if (span_is_nocase(word, "SIZE"))
		client->size = true;
	if (client->size && span_is_nocase(word, "SIZE") &&
	    span_int(span_trim(span_from(words, 5)), 1, INT64_MAX, &size))
		client->size_max = (size_t)size;
}

static void
become_ready(struct smtp_client *client)
{
	client->was_ready = true;
	client_enter(client, CLIENT_READY);
}

static void
on_greeting(struct smtp_client *client, const struct expect *it, const struct smtp_reply *reply)
{
	(void)it;
	if (reply->code != 220)
		client_fail_reply(client, "greeting", reply);
	else
		say_hello(client);
}

static void
on_ehlo(struct smtp_client *client, const struct expect *it, const struct smtp_reply *reply)
{
	enum smtp_tls tls = client->options.tls;
	bool helo = it->about == ABOUT_EHLO && reply->code >= 500 && !client->options.lmtp;

	if (helo && tls != SMTP_TLS_REQUIRE) {
		buf_printf(&client->output, "HELO %s\r\n", client->name);
		expect(client, ABOUT_HELO, NULL, 0);
	} else if (reply->code != 250) {
		client_fail_reply(client, "hello", reply);
	} else if (client->secure || tls == SMTP_TLS_NEVER) {
		become_ready(client);
	} else if (client->starttls) {
		buf_add_text(&client->output, "STARTTLS\r\n");
		expect(client, ABOUT_STARTTLS, NULL, 0);
		client_enter(client, CLIENT_STARTTLS);
	} else if (tls == SMTP_TLS_REQUIRE) {
		client_fail(client, "TLS is required and not offered");
	} else {
		become_ready(client);
	}
}

static void
on_starttls(struct smtp_client *client, const struct expect *it, const struct smtp_reply *reply)
{
	(void)it;
	if (reply->code == 220)
		client_enter(client, CLIENT_TLS);
	else if (client->options.tls == SMTP_TLS_REQUIRE)
		client_fail_reply(client, "TLS is required and refused", reply);
	else
		become_ready(client);
}

/* The transaction came to nothing: the next begins with a clean slate. */
static void
give_up(struct smtp_client *client, struct slot *slot)
{
	say_reset(client);
	slot_end(client, slot);
}

static void
on_mail(struct smtp_client *client, const struct expect *it, const struct smtp_reply *reply)
{
	if (reply->code >= 300) {
		it->slot->refused = true;
		settle_all(it->slot->message, verdict_of(reply), reply);
		if (!client->pipelining)
			give_up(client, it->slot);
	} else if (!client->pipelining) {
		(void)say_next(client, it->slot);
	}
}

static void
on_rcpt(struct smtp_client *client, const struct expect *it, const struct smtp_reply *reply)
{
	struct smtp_rcpt *rcpt = &it->slot->message->rcpts[it->rcpt];
	enum smtp_verdict verdict = verdict_of(reply);

	if (verdict == SMTP_DELIVERED && !it->slot->refused) {
		rcpt->accepted = true;
		it->slot->accepted++;
	} else {
		/* RFC 5321 §4.5.3.1.10: 552 here means too many recipients */
		settle(rcpt, reply->code == 552 ? SMTP_LATER : verdict, reply);
	}
	if (client->pipelining)
		return;
	if (it->slot->accepted == 0 && it->slot->said > it->slot->message->rcpt_count)
		give_up(client, it->slot);
	else
		(void)say_next(client, it->slot);
}

static void
on_data(struct smtp_client *client, const struct expect *it, const struct smtp_reply *reply)
{
	if (reply->code == 354 && it->slot->accepted > 0) {
		say_message(client, it->slot);
	} else if (reply->code == 354 && !client->options.lmtp) {
		/* RFC 2920 §3.1: nobody was accepted and yet it waits for a message */
		buf_add_text(&client->output, ".\r\n");
		expect(client, ABOUT_EMPTY, NULL, 0);
		give_up(client, it->slot);
	} else if (reply->code < 400) {
		client_fail_reply(client, "DATA", reply);
	} else {
		settle_all(it->slot->message, verdict_of(reply), reply);
		give_up(client, it->slot);
	}
}

static void
on_dot(struct smtp_client *client, const struct expect *it, const struct smtp_reply *reply)
{
	if (client->options.lmtp)
		settle(&it->slot->message->rcpts[it->rcpt], verdict_of(reply), reply);
	else
		settle_all(it->slot->message, verdict_of(reply), reply);
	if (is_settled(it->slot->message))
		slot_end(client, it->slot);
}

static void
on_empty(struct smtp_client *client, const struct expect *it, const struct smtp_reply *reply)
{
	(void)client, (void)it, (void)reply;
}

static void
on_rset(struct smtp_client *client, const struct expect *it, const struct smtp_reply *reply)
{
	(void)it;
	if (reply->code >= 300)
		client_fail_reply(client, "RSET", reply);
}

static void
on_quit(struct smtp_client *client, const struct expect *it, const struct smtp_reply *reply)
{
	(void)it, (void)reply;
	client_enter(client, CLIENT_CLOSED);
}

/* clang-format off */
static const struct {
	void (*hear)(struct smtp_client *, const struct expect *, const struct smtp_reply *);
	unsigned patience; /* seconds, RFC 5321 §4.5.3.2 */
} abouts[ABOUTS] = {
	[ABOUT_GREETING] = { on_greeting, 300 },
	[ABOUT_EHLO]     = { on_ehlo,     300 },
	[ABOUT_HELO]     = { on_ehlo,     300 },
	[ABOUT_STARTTLS] = { on_starttls, 120 },
	[ABOUT_MAIL]     = { on_mail,     300 },
	[ABOUT_RCPT]     = { on_rcpt,     300 },
	[ABOUT_DATA]     = { on_data,     120 },
	[ABOUT_DOT]      = { on_dot,      600 },
	[ABOUT_EMPTY]    = { on_empty,    600 },
	[ABOUT_RSET]     = { on_rset,     300 },
	[ABOUT_QUIT]     = { on_quit,      30 },
};
/* clang-format on */

void
hear(struct smtp_client *client)
{
	const struct smtp_reply *reply = &client->reader.reply;
	struct expect it;

	client->progress++;
	if (client->count == 0) {
		client_fail_reply(client, "the server spoke unasked", reply);
		return;
	}
	it = expect_take(client);
	if (reply->code >= 300 && reply->code < 400 && it.about != ABOUT_DATA) {
		client_fail_reply(client, "the server asks for more than was said", reply);
		return;
	}
	abouts[it.about].hear(client, &it, reply);
	if (reply->code == 421)
		client_fail_reply(client, "the server closes", reply);
	say_waiting(client);
	say_quit(client);
}

unsigned
hear_patience(enum about about)
{
	return abouts[about].patience;
}
