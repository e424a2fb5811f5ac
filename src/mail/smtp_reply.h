/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* mail/smtp_reply.h: the replies of another server, read strictly.
 *
 * RFC 5321 §4.2. Lines end with CRLF and have at most 512 octets, a reply at most 50
 * lines of one code. Anything else ends the dialogue: a server that counts its
 * replies otherwise than we do would have results change hands. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

enum {
	SMTP_REPLY_LINE_MAX = 512, /* octets with CRLF */
	SMTP_REPLY_LINES_MAX = 50,
	SMTP_REPLY_TEXT_MAX = 512 /* octets kept of the words */
};

struct smtp_reply {
	int code;			    /* 200-559 */
	char enhanced[12];		    /* "5.1.1", "" where none */
	char text[SMTP_REPLY_TEXT_MAX + 1]; /* lines joined by a space, printable UTF-8 */
};

enum smtp_reply_state {
	SMTP_REPLY_MORE,  /* give more octets */
	SMTP_REPLY_WHOLE, /* reply is filled; start again for the next */
	SMTP_REPLY_BAD	  /* not SMTP: end the dialogue */
};

struct smtp_reply_reader {
	char line[SMTP_REPLY_LINE_MAX];
	size_t line_len;
	unsigned lines;
	bool whole;		 /* the reply was told: the next octet begins another */
	struct smtp_reply reply; /* growing */
};

void
smtp_reply_begin(struct smtp_reply_reader *reader);

/* Called for each line of a multi-line reply but the first, with its words: for the
 * extensions in an EHLO reply. May be NULL. */
typedef void
smtp_reply_line(void *context, struct span words);

/* Eats from *input up to the end of one reply. After WHOLE, reader->reply is valid
 * until the next call. */
enum smtp_reply_state
smtp_reply_input(
    struct smtp_reply_reader *reader, struct span *input, smtp_reply_line *line, void *context);
