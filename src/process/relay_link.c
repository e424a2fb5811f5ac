/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/relay_link.c: dialogues with the target (role_relay.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/tls.h"
#include "process/role_relay.h"

enum {
	CONNECT_MS = 30 * 1000,
	IDLE_MS = 3 * 1000, /* a dialogue without messages, then QUIT */
	FINISH_MS = 1000,
	PLAIN_MS = 60 * 60 * 1000 /* how long a target whose TLS failed is spoken to without */
};

static void
on_done(void *context, struct smtp_message *message)
{
	struct relay_link *link = context;

	relay_copy_done(message->context);
	relay_wake(link->relay);
}

static void
link_free(struct relay_link *link)
{
	struct relay *relay = link->relay;
	struct relay_link **at = &relay->links;

	while (*at != link)
		at = &(*at)->next;
	*at = link->next;
	relay->link_count--;
	smtp_client_free(&link->client);
	free(link);
	relay_wake(relay);
}

/* Writes what the machine said, and waits for what it waits for. */
static void
link_flush(struct relay_link *link)
{
	struct buf *output = smtp_client_output(link->client);
	unsigned patience = smtp_client_patience(link->client);
	uint64_t progress = smtp_client_progress(link->client);

	if (link->closing)
		return;
	if (output->len > 0) {
		conn_send(link->conn, buf_span(output));
		if (output->room > 256 * 1024)
			buf_free(output);
		buf_clear(output);
	}
	if (link->open && patience > 0 && (!link->waiting || progress != link->progress))
		conn_deadline(link->conn, (int64_t)patience * 1000);
	else if (link->open && patience == 0)
		conn_deadline(link->conn, IDLE_MS);
	link->waiting = patience > 0;
	link->progress = progress;
}

static void
link_close(struct relay_link *link)
{
	const char *error = smtp_client_error(link->client);

	if (link->closing)
		return;
	if (error[0] != '\0')
		log_warn("relay dialogue=ended why=%s", log_text(span_of(error)));
	link_flush(link);
	link->closing = true;
	if (!smtp_client_was_ready(link->client))
		relay_down(link->relay, error);
	conn_finish(link->conn, FINISH_MS);
}

/* ---- TLS ---- */

static bool
is_local(const struct relay_target *target)
{
	return target->address_count > 0 && net_address_is_here(&target->addresses[0]);
}

/* Where TLS is not required, it is not tried on loopback, nor for a while with a target
 * whose certificate does not hold: mail that waits for ever is worse than what happens
 * anyway when somebody on the way takes STARTTLS out of the reply. */
static enum smtp_tls
tls_wanted(const struct relay *relay)
{
	if (relay->target.require_tls)
		return SMTP_TLS_REQUIRE;
	if (is_local(&relay->target) || clock_ticks_ms() < relay->plain_until || relay->tls == NULL)
		return SMTP_TLS_NEVER;
	return SMTP_TLS_TRY;
}

static void
link_start_tls(struct relay_link *link)
{
	struct relay *relay = link->relay;

	if (relay->tls == NULL) {
		smtp_client_lost(link->client, "no TLS here");
		link_close(link);
		return;
	}
	link_flush(link);
	conn_start_tls_client(link->conn, relay->tls, relay->target.host);
}

/* ---- events ---- */

static void
link_hear(struct relay_link *link)
{
	struct span input = conn_input(link->conn);
	enum smtp_client_event event = smtp_client_input(link->client, input);

	conn_consume(link->conn, input.len);
	switch (event) {
	case SMTP_CLIENT_STARTTLS:
		link_start_tls(link);
		break;
	case SMTP_CLIENT_CLOSE:
		link_close(link);
		break;
	case SMTP_CLIENT_NONE:
		if (smtp_client_was_ready(link->client))
			relay_up(link->relay);
		link_flush(link);
		break;
	}
	relay_wake(link->relay);
}

static void
link_timeout(struct relay_link *link)
{
	if (link->open && !link->waiting) {
		smtp_client_quit(link->client);
		link_flush(link);
		if (smtp_client_patience(link->client) > 0)
			return;
	}
	smtp_client_lost(link->client, link->open ? "no answer in time" : "no connection in time");
	link_close(link);
}

static void
link_closed(struct relay_link *link)
{
	struct relay *relay = link->relay;
	char why[200];

	(void)snprintf(why, sizeof(why), "%s", conn_reason_text(link->conn));
	if (!link->closing) {
		if (conn_reason(link->conn) == CONN_TLS_REFUSED && !relay->target.require_tls) {
			log_warn("relay tls=failed why=\"%s\" go_on=plain", why);
			relay->plain_until = clock_ticks_ms() + PLAIN_MS;
		} else if (!smtp_client_was_ready(link->client)) {
			relay_down(relay, why);
		}
		smtp_client_lost(link->client, why);
	}
	link_free(link);
}

static void
on_conn(struct conn *conn, enum conn_event event, void *arg)
{
	struct relay_link *link = arg;

	(void)conn;
	switch (event) {
	case CONN_OPEN:
		link->open = true;
		link->waiting = false; /* for the connection; now for the greeting */
		link_flush(link);
		break;
	case CONN_SECURE:
		smtp_client_secured(link->client);
		link_flush(link);
		break;
	case CONN_DATA:
		if (!link->closing)
			link_hear(link);
		break;
	case CONN_TIMEOUT:
		link_timeout(link);
		break;
	case CONN_CLOSED:
		link_closed(link);
		break;
	case CONN_END:
	case CONN_DRAINED:
		break;
	}
}

/* ---- feeding ---- */

static void
link_open(struct relay *relay)
{
	struct relay_link *link = x_calloc(1, sizeof(*link));
	char session[64];
	struct smtp_client_options options = {
		.lmtp = relay->target.way == RELAY_LMTP,
		.name = relay->name,
		.tls = tls_wanted(relay),
		.patience_max = (unsigned)relay->worker->settings.relay_patience,
		.done = on_done,
		.context = link,
		.session = session,
	};
	size_t at = relay->address_at % relay->target.address_count;

	relay->next_session++;
	(void)snprintf(session, sizeof(session), "r%u.%llu", relay->worker->incarnation,
	    (unsigned long long)relay->next_session);
	link->relay = relay;
	link->next = relay->links;
	relay->links = link;
	relay->link_count++;
	link->client = smtp_client_new(&options);
	link->conn = conn_connect(relay->worker->loop, &relay->target.addresses[at], on_conn, link);
	conn_quick_ack(link->conn);
	conn_deadline(link->conn, CONNECT_MS);
	log_debug("relay session=%s open=%d", session, relay->link_count);
}

/* One message to each dialogue that wants one. */
static bool
feed_round(struct relay *relay)
{
	bool any = false;

	for (struct relay_link *link = relay->links; link != NULL; link = link->next) {
		struct relay_copy *copy;

		if (link->closing || !smtp_client_wants(link->client))
			continue;
		copy = relay_copy_find(relay, COPY_READY);
		if (copy == NULL)
			return false;
		copy->state = COPY_GIVEN;
		smtp_client_give(link->client, &copy->message);
		any = true;
	}
	return any;
}

static void
open_more(struct relay *relay)
{
	struct err err = { 0 };
	int64_t want = relay->worker->settings.relay_connections;
	size_t ready = relay_copy_count(relay, COPY_READY);
	int64_t opening = 0;

	if (ready == 0 || clock_ticks_ms() < relay->down_until)
		return;
	for (struct relay_link *link = relay->links; link != NULL; link = link->next)
		opening += !link->closing && !smtp_client_was_ready(link->client);
	/* after a reload the old dialogues may still be saying goodbye to another target */
	if ((relay->links == NULL || relay->target.address_count == 0) &&
	    !relay_target_resolve(&relay->target, &err)) {
		relay_down(relay, err.text);
		return;
	}
	/* a target that is not known to be up gets one trial; an open door gets them all */
	if (relay->down_wait > 0)
		want = 1;
	while (relay->link_count < want && opening < (int64_t)ready) {
		link_open(relay);
		opening++;
	}
}

void
relay_link_feed(struct relay *relay)
{
	while (feed_round(relay))
		;
	for (struct relay_link *link = relay->links; link != NULL; link = link->next)
		link_flush(link);
	if (!relay->draining)
		open_more(relay);
}

void
relay_link_quit(struct relay *relay)
{
	for (struct relay_link *link = relay->links; link != NULL; link = link->next) {
		if (link->closing)
			continue;
		smtp_client_quit(link->client);
		link_flush(link);
		if (!link->open || !smtp_client_was_ready(link->client)) {
			link->closing = true;
			conn_finish(link->conn, FINISH_MS);
		}
	}
}

void
relay_link_free_all(struct relay *relay)
{
	while (relay->links != NULL) {
		conn_close(&relay->links->conn);
		link_free(relay->links);
	}
}
