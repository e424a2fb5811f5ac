/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "mail/smtp_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "mail/smtp_dialogue.h"

static const char *const state_names[CLIENT_STATES] = {
	[CLIENT_GREETING] = "greeting",
	[CLIENT_HELLO] = "hello",
	[CLIENT_STARTTLS] = "starttls",
	[CLIENT_TLS] = "tls",
	[CLIENT_READY] = "ready",
	[CLIENT_QUIT] = "quit",
	[CLIENT_CLOSED] = "closed",
};

void
client_enter(struct smtp_client *client, enum client_state state)
{
	log_debug("smtp-out session=%s state=%s was=%s", client->session, state_names[state],
	    state_names[client->state]);
	client->state = state;
}

/* ---- the queue of expected replies ---- */

void
expect(struct smtp_client *client, enum about about, struct slot *slot, size_t rcpt)
{
	if (client->count == client->room) {
		size_t room = client->room == 0 ? 16 : 2 * client->room;
		struct expect *grown = x_calloc(room, sizeof(*grown));

		for (size_t i = 0; i < client->count; i++)
			grown[i] = client->expects[(client->first + i) % client->room];
		free(client->expects);
		client->expects = grown;
		client->room = room;
		client->first = 0;
	}
	client->expects[(client->first + client->count++) % client->room] =
	    (struct expect){ about, slot, rcpt };
}

struct expect
expect_take(struct smtp_client *client)
{
	struct expect front = client->expects[client->first];

	client->first = (client->first + 1) % client->room;
	client->count--;
	return front;
}

/* ---- results ---- */

void
settle(struct smtp_rcpt *rcpt, enum smtp_verdict verdict, const struct smtp_reply *reply)
{
	struct smtp_result *result = &rcpt->result;

	if (result->verdict != SMTP_PENDING)
		return;
	result->verdict = verdict;
	result->code = reply->code;
	memcpy(result->enhanced, reply->enhanced, sizeof(result->enhanced));
	memcpy(result->text, reply->text, sizeof(result->text));
}

void
settle_all(struct smtp_message *message, enum smtp_verdict verdict, const struct smtp_reply *reply)
{
	for (size_t i = 0; i < message->rcpt_count; i++)
		settle(&message->rcpts[i], verdict, reply);
}

/* A result of our own making. */
static struct smtp_reply
own_words(const char *enhanced, const char *text)
{
	struct smtp_reply reply = { 0 };

	(void)snprintf(reply.enhanced, sizeof(reply.enhanced), "%s", enhanced);
	(void)snprintf(reply.text, sizeof(reply.text), "%s", text);
	return reply;
}

bool
is_settled(const struct smtp_message *message)
{
	for (size_t i = 0; i < message->rcpt_count; i++) {
		if (message->rcpts[i].result.verdict == SMTP_PENDING)
			return false;
	}
	return true;
}

void
slot_end(struct smtp_client *client, struct slot *slot)
{
	struct smtp_message *message = slot->message;
	size_t at = 0;

	while (client->slots[at] != slot)
		at++;
	client->slot_count--;
	memmove(&client->slots[at], &client->slots[at + 1],
	    (client->slot_count - at) * sizeof(client->slots[0]));
	free(slot);
	client->options.done(client->options.context, message);
}

void
client_fail(struct smtp_client *client, const char *why)
{
	struct smtp_reply words = own_words("", why);

	if (client->state == CLIENT_CLOSED)
		return;
	(void)snprintf(client->error, sizeof(client->error), "%s", why);
	client_enter(client, CLIENT_CLOSED);
	client->count = 0;
	buf_clear(&client->output);
	while (client->slot_count > 0) {
		struct slot *slot = client->slots[0];

		settle_all(slot->message, slot->dot ? SMTP_UNKNOWN : SMTP_LATER, &words);
		slot_end(client, slot);
	}
}

void
client_fail_reply(struct smtp_client *client, const char *what, const struct smtp_reply *reply)
{
	char why[200];

	(void)snprintf(why, sizeof(why), "%s: %d %.150s", what, reply->code, reply->text);
	client_fail(client, why);
}

/* ---- life ---- */

struct smtp_client *
smtp_client_new(const struct smtp_client_options *options)
{
	struct smtp_client *client = x_calloc(1, sizeof(*client));

	client->options = *options;
	(void)snprintf(client->name, sizeof(client->name), "%s", options->name);
	(void)snprintf(client->session, sizeof(client->session), "%s", options->session);
	client->options.name = client->name;
	client->options.session = client->session;
	smtp_reply_begin(&client->reader);
	expect(client, ABOUT_GREETING, NULL, 0);
	return client;
}

void
smtp_client_free(struct smtp_client **client)
{
	if (*client == NULL)
		return;
	client_fail(*client, "closed here");
	buf_free(&(*client)->output);
	free((*client)->expects);
	free(*client);
	*client = NULL;
}

/* Only an EHLO reply tells extensions. */
static smtp_reply_line *
line_reader(const struct smtp_client *client)
{
	bool hello = client->count > 0 && client->expects[client->first].about == ABOUT_EHLO;

	return hello ? hear_extension : NULL;
}

enum smtp_client_event
smtp_client_input(struct smtp_client *client, struct span input)
{
	while (input.len > 0 && client->state != CLIENT_CLOSED) {
		enum smtp_reply_state state;

		if (client->state == CLIENT_TLS) {
			client_fail(client, "plain text behind STARTTLS");
			break;
		}
		state = smtp_reply_input(&client->reader, &input, line_reader(client), client);
		if (state == SMTP_REPLY_BAD)
			client_fail(client, "the server does not speak SMTP");
		else if (state == SMTP_REPLY_WHOLE)
			hear(client);
	}
	if (client->state == CLIENT_CLOSED)
		return SMTP_CLIENT_CLOSE;
	if (client->state == CLIENT_TLS && !client->told_tls) {
		client->told_tls = true;
		return SMTP_CLIENT_STARTTLS;
	}
	return SMTP_CLIENT_NONE;
}

struct buf *
smtp_client_output(struct smtp_client *client)
{
	return &client->output;
}

bool
smtp_client_wants(const struct smtp_client *client)
{
	size_t waiting = 0;

	if (client->state != CLIENT_READY || client->quitting || client->slot_count == SLOTS)
		return false;
	for (size_t i = 0; i < client->slot_count; i++)
		waiting += client->slots[i]->said == 0;
	return waiting == 0;
}

/* What this server is known not to take is refused before a word is said of it. */
static void
refuse_here(struct smtp_client *client, struct smtp_message *message)
{
	struct smtp_reply words = { 0 };
	bool utf8 = client->utf8;

	if (client->size_max > 0 && message->octets.len > client->size_max)
		words = own_words("5.3.4", "larger than the server takes");
	else if (!client->eight_bit && has_high(message->octets))
		words = own_words("5.6.3", "the server takes no 8-bit text");
	else if (!utf8 && needs_utf8(&message->sender))
		words = own_words("5.6.7", "the server takes no UTF-8 addresses");
	if (words.text[0] != '\0')
		settle_all(message, SMTP_REFUSED, &words);
	words = own_words("5.6.7", "the server takes no UTF-8 addresses");
	for (size_t i = 0; i < message->rcpt_count; i++) {
		if (!utf8 && needs_utf8(&message->rcpts[i].address))
			settle(&message->rcpts[i], SMTP_REFUSED, &words);
	}
}

void
smtp_client_give(struct smtp_client *client, struct smtp_message *message)
{
	struct slot *slot = x_calloc(1, sizeof(*slot));

	slot->message = message;
	for (size_t i = 0; i < message->rcpt_count; i++) {
		memset(&message->rcpts[i].result, 0, sizeof(message->rcpts[i].result));
		message->rcpts[i].accepted = false;
	}
	client->slots[client->slot_count++] = slot;
	refuse_here(client, message);
	if (is_settled(message))
		slot_end(client, slot);
	else
		say_waiting(client);
}

size_t
smtp_client_open(const struct smtp_client *client)
{
	return client->slot_count;
}

bool
smtp_client_was_ready(const struct smtp_client *client)
{
	return client->was_ready;
}

void
smtp_client_secured(struct smtp_client *client)
{
	if (client->state != CLIENT_TLS)
		return;
	client->secure = true;
	say_hello(client);
}

void
smtp_client_quit(struct smtp_client *client)
{
	client->quitting = true;
	say_quit(client);
}

void
smtp_client_lost(struct smtp_client *client, const char *why)
{
	client_fail(client, why);
}

unsigned
smtp_client_patience(const struct smtp_client *client)
{
	unsigned seconds, most = client->options.patience_max;

	if (client->count == 0 && client->state != CLIENT_TLS)
		return 0;
	seconds = hear_patience(
	    client->state == CLIENT_TLS ? ABOUT_STARTTLS : client->expects[client->first].about);
	return most > 0 && most < seconds ? most : seconds;
}

uint64_t
smtp_client_progress(const struct smtp_client *client)
{
	return client->progress;
}

const char *
smtp_client_error(const struct smtp_client *client)
{
	return client->error;
}
