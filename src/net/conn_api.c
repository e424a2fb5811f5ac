/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The small calls on a connection: input, output, STARTTLS, names. */
#include <stdlib.h>

#include "base/alloc.h"
#include "net/conn_inner.h"

static bool
may_queue(const struct conn *conn)
{
	if (conn->state == CONN_HANDSHAKING)
		return conn->greeting == CONN_OPEN;
	return conn->state == CONN_RUNNING || conn->state == CONN_CONNECTING;
}

static void
pass_later(struct conn *conn)
{
	if (conn->inside == 0)
		loop_defer(conn->loop, &conn->task);
}

void
conn_stay(struct conn *conn)
{
	conn->stay = true;
}

void
conn_quick_ack(struct conn *conn)
{
	conn->quick_ack = true;
}

struct span
conn_input(const struct conn *conn)
{
	size_t len = conn_io_waiting(conn);

	if (len == 0)
		return (struct span){ 0 };
	return span_make(conn->in + conn->in_at, len);
}

void
conn_consume(struct conn *conn, size_t len)
{
	size_t waiting = conn_io_waiting(conn);

	conn->in_at += len < waiting ? len : waiting;
	pass_later(conn); /* there may be room to read again */
}

void
conn_hold_input(struct conn *conn, bool hold)
{
	if (conn->held == hold)
		return;
	conn->held = hold;
	if (hold)
		return;
	conn->tell_data = true;
	loop_defer(conn->loop, &conn->task);
}

void
conn_send(struct conn *conn, struct span data)
{
	if (!may_queue(conn) || data.len == 0)
		return;
	if (evbuffer_add(conn->out, data.data, data.len) != 0)
		die("no memory to send");
	pass_later(conn);
}

/* libevent gives back what it was given; ours is a function and its argument. */
struct shared {
	loop_fn *done;
	void *arg;
};

static void
on_shared_done(const void *data, size_t len, void *arg)
{
	struct shared *shared = arg;

	(void)data;
	(void)len;
	shared->done(shared->arg);
	free(shared);
}

void
conn_send_shared(struct conn *conn, struct span data, loop_fn *done, void *arg)
{
	struct shared *shared;

	if (!may_queue(conn) || data.len == 0) {
		done(arg);
		return;
	}
	shared = x_calloc(1, sizeof(*shared));
	shared->done = done;
	shared->arg = arg;
	if (evbuffer_add_reference(conn->out, data.data, data.len, on_shared_done, shared) != 0)
		die("no memory to send");
	pass_later(conn);
}

void
conn_send_both(struct conn *conn, struct span head, struct span body, loop_fn *done, void *arg)
{
	conn_send(conn, head);
	conn_send_shared(conn, body, done, arg);
}

size_t
conn_output_len(const struct conn *conn)
{
	return conn->out == NULL ? 0 : evbuffer_get_length(conn->out);
}

uint64_t
conn_sent(const struct conn *conn)
{
	return conn->sent;
}

/* Whatever came in before the switch came from anybody on the wire (CVE-2011-0411). */
static void
start_tls(struct conn *conn, struct tls *tls, const char *host)
{
	if (conn->state >= CONN_SWITCHING)
		return;
	if (conn->state != CONN_RUNNING || conn->session != NULL) {
		conn_doom(conn, CONN_TLS_REFUSED);
		return;
	}
	if (conn_io_waiting(conn) > 0) {
		conn_doom(conn, CONN_INJECTED);
		return;
	}
	conn->coming = host != NULL ? tls_connect(tls, conn->fd, host) : tls_accept(tls, conn->fd);
	conn->state = CONN_SWITCHING;
	pass_later(conn);
}

void
conn_start_tls_server(struct conn *conn, struct tls *tls)
{
	start_tls(conn, tls, NULL);
}

void
conn_start_tls_client(struct conn *conn, struct tls *tls, const char *host)
{
	start_tls(conn, tls, host);
}

bool
conn_is_secure(const struct conn *conn)
{
	return conn->secure;
}

const char *
conn_tls_text(const struct conn *conn)
{
	return conn->tls_text;
}

enum conn_reason
conn_reason(const struct conn *conn)
{
	return conn->reason;
}

const char *
conn_reason_text(const struct conn *conn)
{
	static const char *const words[] = {
		[CONN_BY_US] = "done",
		[CONN_BY_PEER] = "peer",
		[CONN_TIMED_OUT] = "timeout",
		[CONN_NO_ANSWER] = "no answer",
		[CONN_TLS_REFUSED] = "tls",
		[CONN_INJECTED] = "plain text before tls",
	};

	return conn->detail != NULL ? conn->detail : words[conn->reason];
}

uint64_t
conn_id(const struct conn *conn)
{
	return conn->id;
}

const char *
conn_peer(const struct conn *conn)
{
	return conn->peer;
}

const struct net_address *
conn_peer_address(const struct conn *conn)
{
	return &conn->address;
}
