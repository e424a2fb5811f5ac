/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* net/conn.h: a buffered connection, plain or TLS, in or out.
 *
 * Octets that came wait in the input until the user consumes them; octets to be
 * sent are queued and leave together at the end of the function that queued them.
 * The user is called with one event at a time and may close the connection in any
 * of them.
 *
 * Life: conn_accept or conn_connect -> OPEN -> DATA* -> CLOSED. After CLOSED, or
 * after conn_close(), the pointer is dead and no function is called any more.
 * After conn_finish() the only event to come is CLOSED.
 *
 * Back-pressure: input over 64 KiB is left in the kernel, so that a user who waits for a
 * whole item must take longer ones in pieces; and nothing is read while more than 256 KiB
 * wait to be sent. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "net/loop.h"
#include "net/resolve.h"
#include "net/tls.h"

struct conn;

enum conn_event {
	CONN_OPEN,    /* connected (and the TLS handshake done where it starts with one) */
	CONN_SECURE,  /* STARTTLS is done: forget everything said before */
	CONN_DATA,    /* there is more input than at the last call */
	CONN_DRAINED, /* everything queued has gone to the kernel */
	CONN_END,     /* the peer sends no more; closed after this call unless conn_stay() */
	CONN_TIMEOUT, /* the deadline passed; closed after this call unless a new one is set
	               * or conn_finish() is called */
	CONN_CLOSED   /* gone, see conn_reason(); free what belongs to it */
};

enum conn_reason {
	CONN_BY_US,       /* conn_finish() is done */
	CONN_BY_PEER,     /* the peer closed, or reset */
	CONN_TIMED_OUT,   /* the deadline */
	CONN_NO_ANSWER,   /* could not connect */
	CONN_TLS_REFUSED, /* handshake or certificate */
	CONN_INJECTED     /* plain text was pending when TLS was to start */
};

typedef void conn_fn(struct conn *conn, enum conn_event event, void *arg);

/* Takes over a connected, non-blocking socket. With tls, OPEN comes after the
 * handshake. OPEN never comes before this function has returned. */
struct conn *
conn_accept(struct loop *loop, int fd, struct tls *tls, conn_fn *fn, void *arg);

/* Connects out without blocking. Failure is told by CLOSED (NO_ANSWER), never here. Set a
 * deadline. */
struct conn *
conn_connect(struct loop *loop, const struct net_address *address, conn_fn *fn, void *arg);

/* Closes now, what is queued is lost; sets *conn to NULL; no event. NULL is allowed. */
void
conn_close(struct conn **conn);

/* Sends what is queued, ends the connection in order (what still comes in is thrown
 * away for a moment, so that a last answer is not destroyed by a reset), then CLOSED.
 * The deadline of the user is replaced by this one. */
void
conn_finish(struct conn *conn, int64_t ms);

/* In CONN_END: the connection lives on to be written to. */
void
conn_stay(struct conn *conn);

/* An absolute deadline, ms from now; 0 = none. Octets that come or go do not move it. */
void
conn_deadline(struct conn *conn, int64_t ms);

/* What waits, in one piece; borrowed until the next call of conn_consume or return. */
struct span
conn_input(const struct conn *conn);

void
conn_consume(struct conn *conn, size_t len);

/* true: nothing more is read, DATA does not come, until false again. Input that waits
 * is announced again by DATA then. */
void
conn_hold_input(struct conn *conn, bool hold);

/* Copies and queues. */
void
conn_send(struct conn *conn, struct span data);

/* Queues without a copy: done(arg) is called once the octets are no longer needed,
 * at the latest when the connection goes. */
void
conn_send_shared(struct conn *conn, struct span data, loop_fn *done, void *arg);

/* Both at once, the first copied: a head and its body. */
void
conn_send_both(struct conn *conn, struct span head, struct span body, loop_fn *done, void *arg);

/* Acknowledges at once what comes: for servers that answer a group of commands in small
 * pieces and wait for our acknowledgement between them (40 ms each time). Linux only. */
void
conn_quick_ack(struct conn *conn);

/* Octets queued and not yet taken by the kernel. */
size_t
conn_output_len(const struct conn *conn);

/* Octets that the kernel took since the beginning. */
uint64_t
conn_sent(const struct conn *conn);

/* STARTTLS: what is queued leaves in plain, then the handshake; CONN_SECURE follows, and
 * what is sent before that is dropped: it would not be known how it travels.
 * Input pending at this moment is an injection: the connection is closed (INJECTED, told
 * by CLOSED later in this turn). */
void
conn_start_tls_server(struct conn *conn, struct tls *tls);

/* host: the name that the certificate must bear. */
void
conn_start_tls_client(struct conn *conn, struct tls *tls, const char *host);

bool
conn_is_secure(const struct conn *conn);

/* "TLSv1.3 ..." or "" where plain; lives as long as the connection. */
const char *
conn_tls_text(const struct conn *conn);

enum conn_reason
conn_reason(const struct conn *conn);

/* A word for the log: "peer", "timeout", "tls: certificate has expired" ... */
const char *
conn_reason_text(const struct conn *conn);

/* Never the same twice in a process. */
uint64_t
conn_id(const struct conn *conn);

/* The other end without port: "192.0.2.1", "unix". */
const char *
conn_peer(const struct conn *conn);

const struct net_address *
conn_peer_address(const struct conn *conn);
