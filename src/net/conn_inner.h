/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* net/conn_inner.h: what conn.c (life and events) and conn_io.c (octets) share.
 *
 * Whatever happens to a connection happens between conn_enter() and conn_leave():
 * leaving sends what was queued, moves the state on, tells CLOSED where it is due and
 * sets what the loop waits for. Functions of the interface that are called outside
 * defer such a pass to the end of the turn. */
#pragma once

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/event_struct.h>

#include "net/conn.h"

enum conn_state {
	CONN_CONNECTING,  /* connect() goes on in the kernel */
	CONN_HANDSHAKING, /* TLS begins */
	CONN_RUNNING,     /* octets go both ways */
	CONN_SWITCHING,   /* STARTTLS was said; the plain output has to leave first */
	CONN_FINISHING,   /* the last output has to leave */
	CONN_LINGERING,   /* we have ended; what comes is thrown away */
	CONN_DOOMED,      /* CLOSED is due */
	CONN_DEAD         /* told or closed by the user; memory goes when nobody is inside */
};

enum conn_io {
	CONN_IO_OK,    /* octets moved; for a flush: everything has left */
	CONN_IO_AGAIN, /* the socket is not ready */
	CONN_IO_END,   /* the peer ended in order */
	CONN_IO_BROKEN
};

struct conn {
	struct loop *loop;
	struct loop_task task; /* a pass at the end of the turn */
	conn_fn *fn;
	void *arg;
	uint64_t id;
	int fd;
	enum conn_state state;
	unsigned inside; /* calls of conn_enter() without conn_leave() */

	struct event read, write, timer;
	bool waits_read, waits_write; /* what the loop watches now */
	int64_t deadline;             /* ticks; 0 = none */
	int64_t armed;                /* when the timer fires; 0 = not set */

	char *in; /* in_at .. in_len is what waits */
	size_t in_at, in_len, in_room;
	struct evbuffer *out;
	uint64_t sent;

	struct tls_session *session; /* NULL: plain */
	struct tls_session *coming;  /* STARTTLS: takes its place once the output has left */
	bool secure;                 /* the handshake is done */
	bool read_needs_write;       /* TLS: the last read waits for the socket to be writable */
	bool write_needs_read;       /* TLS: and the other way round */
	bool tls_failed;             /* no more words on this session */
	bool held;                   /* the user wants no input */
	bool quick_ack;              /* conn_quick_ack() */
	bool ended;                  /* the peer has ended */
	bool stay;                   /* and the user stays */
	bool blocked;                /* the kernel took no more output */
	bool tell_open;              /* events due in the next pass */
	bool tell_data;
	enum conn_event greeting; /* what the handshake ends in: OPEN or SECURE */

	enum conn_reason reason;
	char *detail; /* of a TLS failure; owned */
	char tls_text[80];
	struct net_address address;
	char peer[NET_ADDRESS_TEXT];
};

/* CLOSED is told when the pass is left. The first reason counts. */
void
conn_doom(struct conn *conn, enum conn_reason reason);

/* One read into the input, at most what may be kept. */
enum conn_io
conn_io_read(struct conn *conn);

/* Reads and forgets. */
enum conn_io
conn_io_discard(struct conn *conn);

/* Sends as much as the kernel takes. */
enum conn_io
conn_io_flush(struct conn *conn);

/* Goes on with the handshake. */
enum conn_io
conn_io_handshake(struct conn *conn);

/* May more be read now? */
bool
conn_io_may_read(const struct conn *conn);

size_t
conn_io_waiting(const struct conn *conn); /* octets of input */
