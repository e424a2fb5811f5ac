/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What the SMTP client says (mail/smtp_dialogue.h). */
#include "mail/smtp_dialogue.h"

#include "mail/smtp_data.h"

/* A domain in UTF-8 can be said as A-labels where the local part is ASCII. */
static void
say_path(struct smtp_client *client, const struct mail_address *address)
{
	struct mail_address ascii = *address;

	if (address_is_utf8(address))
		(void)address_fold_domain(address->domain, ascii.domain);
	buf_add_char(&client->output, '<');
	address_write(&ascii, &client->output);
	buf_add_char(&client->output, '>');
}

bool
needs_utf8(const struct mail_address *address)
{
	struct mail_address local = *address;

	local.domain[0] = '\0';
	return address_is_utf8(&local);
}

static bool
message_needs_utf8(const struct smtp_message *message)
{
	if (needs_utf8(&message->sender))
		return true;
	for (size_t i = 0; i < message->rcpt_count; i++) {
		if (needs_utf8(&message->rcpts[i].address) &&
		    message->rcpts[i].result.verdict == SMTP_PENDING)
			return true;
	}
	return false;
}

bool
has_high(struct span s)
{
	unsigned char all = 0;

	for (size_t i = 0; i < s.len; i++)
		all |= (unsigned char)s.data[i];
	return all >= 0x80;
}

static void
say_mail(struct smtp_client *client, struct slot *slot)
{
	const struct smtp_message *message = slot->message;

	buf_add_text(&client->output, "MAIL FROM:");
	say_path(client, &message->sender);
	if (client->size)
		buf_printf(&client->output, " SIZE=%zu", message->octets.len);
	if (client->eight_bit && has_high(message->octets))
		buf_add_text(&client->output, " BODY=8BITMIME");
	if (client->utf8 && message_needs_utf8(message))
		buf_add_text(&client->output, " SMTPUTF8");
	buf_add_text(&client->output, "\r\n");
	expect(client, ABOUT_MAIL, slot, 0);
}

void
say_reset(struct smtp_client *client)
{
	buf_add_text(&client->output, "RSET\r\n");
	expect(client, ABOUT_RSET, NULL, 0);
}

bool
say_next(struct smtp_client *client, struct slot *slot)
{
	struct smtp_message *message = slot->message;

	if (slot->said == 0) {
		slot->said++;
		say_mail(client, slot);
		return true;
	}
	for (; slot->said <= message->rcpt_count; slot->said++) {
		size_t at = slot->said - 1;

		if (message->rcpts[at].result.verdict != SMTP_PENDING)
			continue; /* refused here, before anything was said */
		slot->said++;
		buf_add_text(&client->output, "RCPT TO:");
		say_path(client, &message->rcpts[at].address);
		buf_add_text(&client->output, "\r\n");
		expect(client, ABOUT_RCPT, slot, at);
		return true;
	}
	if (slot->said == message->rcpt_count + 1) {
		slot->said++;
		buf_add_text(&client->output, "DATA\r\n");
		expect(client, ABOUT_DATA, slot, 0);
		return true;
	}
	return false;
}

void
say_waiting(struct smtp_client *client)
{
	size_t at = 0;

	if (client->state != CLIENT_READY || (!client->pipelining && client->count > 0))
		return;
	while (at < client->slot_count && client->slots[at]->dot)
		at++;
	if (at == client->slot_count || client->slots[at]->said > 0)
		return;
	(void)say_next(client, client->slots[at]);
	while (client->pipelining && say_next(client, client->slots[at]))
		;
}

void
say_quit(struct smtp_client *client)
{
	if (!client->quitting || client->state != CLIENT_READY || client->slot_count > 0 ||
	    client->count > 0)
		return;
	buf_add_text(&client->output, "QUIT\r\n");
	expect(client, ABOUT_QUIT, NULL, 0);
	client_enter(client, CLIENT_QUIT);
}

void
say_hello(struct smtp_client *client)
{
	client->pipelining = client->eight_bit = client->utf8 = false;
	client->starttls = client->size = false;
	client->size_max = 0;
	buf_printf(
	    &client->output, "%s %s\r\n", client->options.lmtp ? "LHLO" : "EHLO", client->name);
	expect(client, ABOUT_EHLO, NULL, 0);
	client_enter(client, CLIENT_HELLO);
}

void
say_message(struct smtp_client *client, struct slot *slot)
{
	smtp_data_write(&client->output, slot->message->octets);
	if (!buf_ok(&client->output)) {
		client_fail(client, "the message is too large to be sent");
		return;
	}
	slot->dot = true;
	for (size_t i = 0; i < slot->message->rcpt_count; i++) {
		if (slot->message->rcpts[i].accepted)
			expect(client, ABOUT_DOT, slot, i);
		if (slot->message->rcpts[i].accepted && !client->options.lmtp)
			break;
	}
}
