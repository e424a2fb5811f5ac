/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* mail/smtp_client.h: the sending side of SMTP and LMTP, without a socket.
 *
 * The transport connects, gives what came in, writes what stands in the output, and
 * gives messages while smtp_client_wants(). Every recipient of every message given
 * gets exactly one result, whatever happens; a message belongs to the client until
 * its `done` was called. With PIPELINING a message costs one round trip: MAIL, RCPT
 * and DATA go in one write, right behind the final dot of the message before it.
 *
 * Waiting is the transport's: smtp_client_patience() says how long for the phase. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "mail/address.h"
#include "mail/smtp_reply.h"

struct smtp_client;

enum smtp_verdict {
	SMTP_PENDING,	/* no result yet */
	SMTP_DELIVERED, /* 2xx for this recipient, after the final dot */
	SMTP_LATER,	/* 4xx, or the dialogue ended before the final dot */
	SMTP_REFUSED,	/* 5xx */
	SMTP_UNKNOWN	/* cut after the final dot: try again, it may come twice */
};

struct smtp_result {
	enum smtp_verdict verdict;
	int code;			    /* 0 where the server said nothing */
	char enhanced[12];		    /* "5.1.1", "" where none */
	char text[SMTP_REPLY_TEXT_MAX + 1]; /* its words, printable UTF-8; ours where code is 0 */
};

struct smtp_rcpt {
	struct mail_address address;
	struct smtp_result result;
	bool accepted; /* the client's own: 2xx to RCPT */
};

struct smtp_message {
	struct mail_address sender; /* null path: both empty */
	struct smtp_rcpt *rcpts;
	size_t rcpt_count;
	struct span octets; /* head and body; borrowed until done */
	void *context;	    /* the transport's */
};

enum smtp_tls {
	SMTP_TLS_NEVER,	 /* not even if offered */
	SMTP_TLS_TRY,	 /* where offered */
	SMTP_TLS_REQUIRE /* or nothing is sent */
};

struct smtp_client_options {
	bool lmtp;
	const char *name; /* ours, for EHLO; copied */
	enum smtp_tls tls;
	unsigned patience_max; /* seconds, caps every phase; 0 = RFC 5321 §4.5.3.2 */
	/* All recipients of the message have their result; it is the transport's again. Must
	 * not call the client. */
	void (*done)(void *context, struct smtp_message *message);
	void *context;
	const char *session; /* id, for the log; copied */
};

enum smtp_client_event {
	SMTP_CLIENT_NONE,     /* write the output; give messages while it wants any */
	SMTP_CLIENT_STARTTLS, /* write the output, shake hands, -> smtp_client_secured() or
			       * smtp_client_lost() */
	SMTP_CLIENT_CLOSE     /* write the output, close; smtp_client_error() says why */
};

struct smtp_client *
smtp_client_new(const struct smtp_client_options *options);

/* Messages still inside get their results first. */
void
smtp_client_free(struct smtp_client **client);

/* Eats all of it. The octets behind a STARTTLS reply are an attack: CLOSE. */
enum smtp_client_event
smtp_client_input(struct smtp_client *client, struct span input);

/* What to write; drop from it what was taken. */
struct buf *
smtp_client_output(struct smtp_client *client);

/* A message may be given now. */
bool
smtp_client_wants(const struct smtp_client *client);

/* Only while it wants one. What this server cannot take (SIZE, SMTPUTF8, 8BITMIME)
 * is done before this returns. */
void
smtp_client_give(struct smtp_client *client, struct smtp_message *message);

/* Messages given and not done. */
size_t
smtp_client_open(const struct smtp_client *client);

/* The dialogue reached its messages at least once: the target is alive. */
bool
smtp_client_was_ready(const struct smtp_client *client);

/* The handshake is done and the certificate was verified where that is asked. */
void
smtp_client_secured(struct smtp_client *client);

/* Says QUIT once nothing is open; CLOSE comes with its reply. */
void
smtp_client_quit(struct smtp_client *client);

/* The connection ended, could not be made, or the transport's patience did ("timeout").
 * Every open message is done: UNKNOWN where the final dot was given to the output
 * and not answered, else LATER. */
void
smtp_client_lost(struct smtp_client *client, const char *why);

/* Seconds to wait for the next reply; 0 while none is waited for. */
unsigned
smtp_client_patience(const struct smtp_client *client);

/* Counts replies: the clock of the patience starts again when it changed. */
uint64_t
smtp_client_progress(const struct smtp_client *client);

/* Why it was closed: one sentence, "" where by QUIT. */
const char *
smtp_client_error(const struct smtp_client *client);
