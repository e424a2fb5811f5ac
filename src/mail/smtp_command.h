/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* mail/smtp_command.h: one SMTP or LMTP command line, read strictly.
 *
 * RFC 5321 §4.1, RFC 2033, RFC 1870 (SIZE), RFC 6152 (8BITMIME), RFC 6531
 * (SMTPUTF8). A line comes without its CRLF. Reading touches nothing: what it
 * answers is either a command with its arguments or the very reply to give. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "mail/address.h"

enum {
	SMTP_LINE_MAX = 512 + 26 + 17 + 10, /* octets with CRLF: RFC 5321, 1870, 6152, 6531 */
	SMTP_NAME_MAX = 255		    /* octets of the name said in EHLO */
};

enum smtp_verb {
	SMTP_VERB_HELO,
	SMTP_VERB_EHLO,
	SMTP_VERB_LHLO,
	SMTP_VERB_STARTTLS,
	SMTP_VERB_MAIL,
	SMTP_VERB_RCPT,
	SMTP_VERB_DATA,
	SMTP_VERB_RSET,
	SMTP_VERB_NOOP,
	SMTP_VERB_HELP,
	SMTP_VERB_VRFY,
	SMTP_VERB_QUIT,
	SMTP_VERB_FOREIGN, /* a web browser talks to us: hang up */
	SMTP_VERBS
};

struct smtp_command {
	enum smtp_verb verb;
	char name[SMTP_NAME_MAX + 1]; /* HELO, EHLO, LHLO */
	struct mail_address path;     /* MAIL, RCPT */
	int64_t size;		      /* MAIL SIZE=, -1 where not said */
	bool eight_bit;		      /* MAIL BODY=8BITMIME */
	bool utf8;		      /* MAIL SMTPUTF8 */
};

/* A reply as the server says it: code, enhanced code (RFC 3463), words. */
struct smtp_say {
	int code;
	const char *enhanced; /* "5.5.4", or NULL for none */
	const char *text;     /* one line of ASCII */
};

/* What the reader must know of the session. */
struct smtp_dialect {
	bool lmtp; /* LHLO instead of HELO and EHLO */
	bool utf8; /* SMTPUTF8 was said in this MAIL, or no MAIL was read yet */
};

/* True: *command is filled. False: *say is the refusal; nothing else to do. */
bool
smtp_command_read(struct span line, struct smtp_dialect dialect, struct smtp_command *command,
    struct smtp_say *say);
