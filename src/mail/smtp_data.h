/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* mail/smtp_data.h: the octets between "354" and the end of the message.
 *
 * The end is CRLF "." CRLF and nothing else. A bare CR or LF is never an end of
 * line: the message is drained to its true end, then refused, since another server
 * on the way may have seen two messages in it (SMTP smuggling). NUL is dropped, but
 * counts for the framing: CRLF NUL "." CRLF is no end. Dots are unstuffed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum smtp_data_fault {
	SMTP_DATA_SOUND, /* may be kept */
	SMTP_DATA_BARE,	 /* bare CR or LF */
	SMTP_DATA_LONG,	 /* a line over line_max */
	SMTP_DATA_SIZE,	 /* more than size_max octets */
	SMTP_DATA_HEAD,	 /* a head over head_max */
	SMTP_DATA_LOOP,	 /* more Received fields than hops_max */
	SMTP_DATA_STORE	 /* the sink did not take it */
};

struct smtp_data_limits {
	size_t size_max; /* octets of the message */
	size_t head_max; /* octets of the head */
	size_t line_max; /* octets of a line without its CRLF */
	unsigned hops_max;
};

/* Takes octets of the message, unstuffed, in order; false where they cannot be kept. */
typedef bool
smtp_data_sink(void *context, struct span octets);

struct smtp_data {
	struct smtp_data_limits limits;
	smtp_data_sink *sink;
	void *context;
	enum smtp_data_fault fault; /* the first one */
	uint8_t at;		    /* where in a line, see smtp_data.c */
	bool in_head;
	uint8_t start_len; /* octets in start */
	char start[9];	   /* first octets of the line: "Received:" */
	size_t line;	   /* octets of this line */
	size_t size;	   /* octets of the message so far */
	uint64_t seen;	   /* octets on the wire so far, refused ones too */
	unsigned hops;
};

void
smtp_data_begin(struct smtp_data *data, const struct smtp_data_limits *limits, smtp_data_sink *sink,
    void *context);

/* Eats from the front of *input; true at the end of the message (input then starts
 * behind it), false when all was eaten and more is to come. */
bool
smtp_data_input(struct smtp_data *data, struct span *input);

/* The other way: appends the message for the wire, dots stuffed, with the final dot. What
 * is no CRLF becomes one, NUL is dropped: we never send a bare CR or LF. */
void
smtp_data_write(struct buf *out, struct span message);
