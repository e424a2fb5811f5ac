/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The transport, the clerk and the disk around a receiving machine, for its tests: known
 * are list@l.test and postmaster. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "mail/smtp_server.h"

#define S(text) text, sizeof(text) - 1
#define HELLO "EHLO c\r\n"
#define FROM "MAIL FROM:<a@example.org>\r\n"
#define TO "RCPT TO:<list@l.test>\r\n"
#define OPEN HELLO FROM TO "DATA\r\n"
#define A50 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A500 A50 A50 A50 A50 A50 A50 A50 A50 A50 A50

struct stage {
	struct smtp_server *server;
	struct buf wire;     /* not eaten yet */
	struct buf replies;  /* all of them */
	struct buf message;  /* octets of the one in hand */
	struct buf accepted; /* of the last one committed */
	int messages, drops;
	enum err_kind outcome;
	bool closed, tls, broken_disk;
	char senders[200];
};

/* limits may be NULL. */
void
stage_open(struct stage *stage, bool lmtp, const struct smtp_server_options *limits);

void
stage_close(struct stage *stage);

/* Octets of the client; questions are answered at once. */
void
feed(struct stage *stage, const char *octets, size_t len);

/* Takes what the machine said. */
void
gather(struct stage *stage);

/* Final codes of all replies, "220 250"; each line is whole, short and printable. */
const char *
codes(const struct stage *stage);

bool
said(const struct stage *stage, const char *text);
