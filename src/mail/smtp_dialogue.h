/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* mail/smtp_dialogue.h: the inside of smtp_client.c, shared with smtp_say.c (what we
 * say) and smtp_hear.c (what each reply does). Nobody else includes it. */
#pragma once

#include "mail/smtp_client.h"

enum client_state {
	CLIENT_GREETING, /* waits for 220 */
	CLIENT_HELLO,	 /* EHLO, LHLO or HELO was said */
	CLIENT_STARTTLS, /* STARTTLS was said */
	CLIENT_TLS,	 /* 220 came; waits for the handshake */
	CLIENT_READY,	 /* messages may be given */
	CLIENT_QUIT,	 /* QUIT was said */
	CLIENT_CLOSED,	 /* nothing more is said or heard */
	CLIENT_STATES
};

/* What a reply will be about. They come in the order of the commands, always. */
enum about {
	ABOUT_GREETING,
	ABOUT_EHLO,
	ABOUT_HELO,
	ABOUT_STARTTLS,
	ABOUT_MAIL,
	ABOUT_RCPT,
	ABOUT_DATA,
	ABOUT_DOT,   /* SMTP: of all recipients; LMTP: of one */
	ABOUT_EMPTY, /* of a dot behind nothing, see on_data() */
	ABOUT_RSET,
	ABOUT_QUIT,
	ABOUTS
};

/* A message inside. */
struct slot {
	struct smtp_message *message;
	size_t said;	 /* 0; 1 = MAIL; then one for each recipient; then DATA */
	size_t accepted; /* recipients */
	bool refused;	 /* MAIL was */
	bool dot;	 /* its body and final dot stand in the output */
};

struct expect {
	enum about about;
	struct slot *slot;
	size_t rcpt;
};

enum { SLOTS = 3 }; /* one whose dot is said, one whose DATA is, one that waits */

struct smtp_client {
	struct smtp_client_options options;
	char name[256], session[64], error[200];
	enum client_state state;
	struct smtp_reply_reader reader;
	struct buf output;
	struct expect *expects; /* a ring */
	size_t first, count, room;
	struct slot *slots[SLOTS]; /* oldest first */
	size_t slot_count;
	uint64_t progress;
	size_t size_max; /* SIZE of the server, 0 = not said */
	bool pipelining, eight_bit, utf8, starttls, size;
	bool secure, was_ready, quitting, told_tls;
};

/* ---- smtp_client.c ---- */

/* The only place that changes the state; traces. */
void
client_enter(struct smtp_client *client, enum client_state state);

void
expect(struct smtp_client *client, enum about about, struct slot *slot, size_t rcpt);

struct expect
expect_take(struct smtp_client *client);

/* A recipient's result, unless it has one; of all recipients. */
void
settle(struct smtp_rcpt *rcpt, enum smtp_verdict verdict, const struct smtp_reply *reply);
void
settle_all(struct smtp_message *message, enum smtp_verdict verdict, const struct smtp_reply *reply);

bool
is_settled(const struct smtp_message *message);

/* Gives the message back. */
void
slot_end(struct smtp_client *client, struct slot *slot);

/* The dialogue is over: everybody inside gets a result. */
void
client_fail(struct smtp_client *client, const char *why);
void
client_fail_reply(struct smtp_client *client, const char *what, const struct smtp_reply *reply);

/* ---- smtp_say.c ---- */

void
say_hello(struct smtp_client *client);

/* The next command of the transaction; false where all were said. */
bool
say_next(struct smtp_client *client, struct slot *slot);

void
say_reset(struct smtp_client *client);

/* The message and its final dot. */
void
say_message(struct smtp_client *client, struct slot *slot);

/* Begins the first message that waits, if its turn has come: with PIPELINING behind a
 * final dot, else behind its reply (RFC 2920 §3.1: a group may follow the dot). */
void
say_waiting(struct smtp_client *client);

/* QUIT, if it was asked for and nothing is open. */
void
say_quit(struct smtp_client *client);

bool
has_high(struct span s); /* octets over 127 */

/* The local part is not ASCII: no A-label helps. */
bool
needs_utf8(const struct mail_address *address);

/* ---- smtp_hear.c ---- */

/* The reader holds a whole reply. */
void
hear(struct smtp_client *client);

/* A line of an EHLO reply. */
void
hear_extension(void *context, struct span words);

/* Seconds to wait for such a reply. */
unsigned
hear_patience(enum about about);
