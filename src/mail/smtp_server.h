/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* mail/smtp_server.h: the receiving side of SMTP and LMTP, without a socket.
 *
 * Octets go in, replies come out in a buffer, and events tell the transport what
 * only it can do: ask whether a recipient is known, make a message durable, start
 * TLS, close. While it is asked, nothing more is read: smtp_server_input() eats
 * nothing until the answer came. 250 for a message is said only by
 * smtp_server_answer_message(): the transport calls it after the commit.
 *
 * RFC 5321, 2033 (LMTP), 2920 (PIPELINING), 1870 (SIZE), 6152 (8BITMIME), 6531
 * (SMTPUTF8), 3207 (STARTTLS), 2034 (enhanced codes). No CHUNKING, no AUTH. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "mail/address.h"
#include "mail/smtp_command.h"
#include "mail/smtp_data.h"

struct smtp_server;

enum {
	SMTP_SIZE_MAX = 10 * 1024 * 1024, /* octets of a message */
	SMTP_HEAD_MAX = 256 * 1024,	  /* octets of its head */
	SMTP_TEXT_LINE_MAX = 8 * 1024,	  /* octets of one of its lines */
	SMTP_HOPS_MAX = 50,		  /* Received fields: over that it is a loop */
	SMTP_RCPT_MAX = 20,		  /* SMTP_RCPT: recipients of one mail */
	SMTP_UNKNOWN_MAX = 5,		  /* SMTP_BAD: unknown recipients of a connection */
	SMTP_ERROR_MAX = 10,		  /* SMTP_BAD: refused commands of a connection */
	SMTP_MSG_CONN = 50,		  /* messages of a connection */
	SMTP_NO_LIMIT = 1 << 30
};

enum smtp_event {
	SMTP_EVENT_NONE,     /* give more input */
	SMTP_EVENT_RCPT,     /* is smtp_server_rcpt() known? -> smtp_server_answer_rcpt() */
	SMTP_EVENT_MESSAGE,  /* the message is whole -> smtp_server_answer_message() */
	SMTP_EVENT_STARTTLS, /* write the replies, drop all unread input, shake hands,
			      * -> smtp_server_secured(), or close where that fails */
	SMTP_EVENT_CLOSE     /* write the replies, close */
};

struct smtp_server_options {
	bool lmtp;
	bool tls;		    /* STARTTLS is offered */
	const char *name;	    /* our host name, in the greeting */
	const char *session;	    /* id of the session, for the log */
	const char *const *domains; /* ours, A-labels in lower case, NULL at the end */
	/* Limits: 0 is the default above, SMTP_NO_LIMIT none. */
	size_t size_max;
	unsigned rcpt_max, unknown_max, error_max, message_max;
	/* Where the message goes, in pieces; false: "451 4.3.0" at its end. */
	smtp_data_sink *data;
	/* What was given to data is to be forgotten: a transaction ended without a
	 * message, or one is about to begin. May be NULL. */
	void (*drop)(void *context);
	void *context;
};

/* What the client said of the message in hand. Valid from SMTP_EVENT_RCPT until the
 * answer of SMTP_EVENT_MESSAGE. */
struct smtp_envelope {
	const char *name;		  /* said in EHLO */
	struct mail_address sender;	  /* null path: both empty */
	const struct mail_address *rcpts; /* the accepted ones */
	size_t rcpt_count;
	int64_t size_said; /* MAIL SIZE=, -1 where not said */
	size_t size;	   /* octets of the message */
	bool eight_bit;	   /* BODY=8BITMIME */
	bool utf8;	   /* SMTPUTF8 */
	bool tls;	   /* over TLS */
};

/* ERR_NONE: taken. Everything else becomes 4xx or 5xx by the one table of the house;
 * text may be "", else one sentence that follows the code (made ASCII, cut). */
struct smtp_answer {
	enum err_kind kind;
	const char *text;
};

/* Copies the strings of options; domains is borrowed. The greeting already stands in
 * the replies. */
struct smtp_server *
smtp_server_new(const struct smtp_server_options *options);

void
smtp_server_free(struct smtp_server **server);

/* Eats from the front of *input until something is to be done or all was eaten. What
 * stays in *input must be given again after the answer, new octets behind it. */
enum smtp_event
smtp_server_input(struct smtp_server *server, struct span *input);

/* What to write: drop from it what was written (buf_drop, buf_clear). */
struct buf *
smtp_server_replies(struct smtp_server *server);

const struct smtp_envelope *
smtp_server_envelope(const struct smtp_server *server);

/* The recipient that SMTP_EVENT_RCPT asks about. */
const struct mail_address *
smtp_server_rcpt(const struct smtp_server *server);

/* NOT_FOUND counts for SMTP_UNKNOWN_MAX. Afterwards smtp_server_input() goes on; it
 * must be called even with nothing to give, since it may answer CLOSE. */
void
smtp_server_answer_rcpt(struct smtp_server *server, const struct smtp_answer *answer);

/* count is 1, or with LMTP one for each accepted recipient, in their order. */
void
smtp_server_answer_message(
    struct smtp_server *server, const struct smtp_answer *answers, size_t count);

/* The handshake is done: all that was said before is forgotten. */
void
smtp_server_secured(struct smtp_server *server);

/* The transport ends it: "421 ENHANCED TEXT"; nothing in the middle of a message.
 * Idle: "4.4.2"; shutting down: "4.3.2"; too many connections: "4.7.0". */
void
smtp_server_stop(struct smtp_server *server, const char *enhanced, const char *text);

/* Seconds the transport should wait for the next octet (RFC 5321 §4.5.3.2.7); 0
 * while it is the transport that is waited for. */
unsigned
smtp_server_patience(const struct smtp_server *server);

/* True inside DATA: a minimal rate of octets may be asked for. */
bool
smtp_server_in_data(const struct smtp_server *server);
