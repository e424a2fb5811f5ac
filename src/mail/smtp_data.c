/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "mail/smtp_data.h"

#include <string.h>

/* Where we are in a line of the wire. */
enum {
	AT_START,  /* before its first octet */
	IN_LINE,   /* in it */
	AT_CR,	   /* behind a CR: only LF may follow */
	AT_DOT,	   /* behind a first octet that is a dot */
	AT_DOT_CR, /* behind dot and CR: LF ends the message */
	AT_END	   /* behind the end */
};

void
smtp_data_begin(struct smtp_data *data, const struct smtp_data_limits *limits, smtp_data_sink *sink,
    void *context)
{
	memset(data, 0, sizeof(*data));
	data->limits = *limits;
	data->sink = sink;
	data->context = context;
	data->at = AT_START;
	data->in_head = true;
}

static void
fault(struct smtp_data *data, enum smtp_data_fault why)
{
	if (data->fault == SMTP_DATA_SOUND)
		data->fault = why;
}

/* Octets of the message, CRs and LFs too. A faulty message is drained, not kept. */
static void
keep(struct smtp_data *data, const char *from, const char *to)
{
	struct span octets = { from, (size_t)(to - from) };

	if (octets.len == 0 || data->fault != SMTP_DATA_SOUND)
		return;
	if (octets.len > data->limits.size_max - data->size) {
		fault(data, SMTP_DATA_SIZE);
		return;
	}
	data->size += octets.len;
	if (!data->sink(data->context, octets))
		fault(data, SMTP_DATA_STORE);
}

/* Octets inside a line. */
static void
count_octets(struct smtp_data *data, const char *octets, size_t len)
{
	size_t start = sizeof(data->start) - data->start_len;

	start = len < start ? len : start;
	memcpy(data->start + data->start_len, octets, start);
	data->start_len = (uint8_t)(data->start_len + start);
	data->line += len;
	if (data->line > data->limits.line_max)
		fault(data, SMTP_DATA_LONG);
}

/* A line of the message ended: is the head over, is it one more hop? */
static void
count_line(struct smtp_data *data, size_t pending)
{
	if (data->in_head) {
		if (data->line == 0)
			data->in_head = false;
		else if (data->size + pending > data->limits.head_max)
			fault(data, SMTP_DATA_HEAD);
		if (span_is_nocase(span_make(data->start, data->start_len), "Received:") &&
		    ++data->hops > data->limits.hops_max)
			fault(data, SMTP_DATA_LOOP);
	}
	data->line = 0;
	data->start_len = 0;
}

/* Takes one octet; false where it belongs to no message (dot stuffed, NUL, the end). */
static bool
take(struct smtp_data *data, char c)
{
	bool cr = data->at == AT_CR, dot_cr = data->at == AT_DOT_CR;

	if (dot_cr && c == '\n') {
		data->at = AT_END;
		return false;
	}
	if (cr && c == '\n') {
		data->at = AT_START;
		return true;
	}
	if (cr || dot_cr || c == '\n')
		fault(data, SMTP_DATA_BARE);
	if (c == '\r') {
		data->at = data->at == AT_DOT ? AT_DOT_CR : AT_CR;
		return data->at == AT_CR;
	}
	data->at = data->at == AT_START && c == '.' ? AT_DOT : IN_LINE;
	if (data->at == AT_DOT || c == '\0')
		return false;
	count_octets(data, &c, 1);
	return true;
}

/* Most octets of a message: over CR, inside a line. Answers how many there are. */
static size_t
take_run(struct smtp_data *data, const char *at, const char *end)
{
	const char *p = at;

	if (data->at != IN_LINE)
		return 0;
	while (p < end && (unsigned char)*p > '\r')
		p++;
	if (p > at)
		count_octets(data, at, (size_t)(p - at));
	return (size_t)(p - at);
}

bool
smtp_data_input(struct smtp_data *data, struct span *input)
{
	const char *from = input->data, *at = from, *end = from + input->len;
	size_t used;

	while (at < end && data->at != AT_END) {
		at += take_run(data, at, end);
		if (at == end)
			break;
		if (!take(data, *at)) {
			keep(data, from, at);
			from = at + 1;
		} else if (data->at == AT_START) {
			count_line(data, (size_t)(at + 1 - from));
		}
		at++;
	}
	keep(data, from, at);
	used = (size_t)(at - input->data);
	data->seen += used;
	*input = span_from(*input, used);
	return data->at == AT_END;
}

/* Cuts a line off the front: at CRLF, CR or LF. */
static struct span
next_line(struct span *rest)
{
	struct span line = { rest->data, 0 };
	size_t end;

	while (line.len < rest->len && line.data[line.len] != '\r' && line.data[line.len] != '\n')
		line.len++;
	end = line.len + 1;
	end += end < rest->len && line.data[line.len] == '\r' && line.data[end] == '\n';
	*rest = span_from(*rest, end);
	return line;
}

/* NULs go first: what stands behind one may be the dot that begins the line. */
static void
write_line(struct buf *out, struct span line)
{
	size_t before = out->len;

	while (line.len > 0) {
		struct span run = span_first(line, span_find(line, '\0'));

		if (out->len == before && run.len > 0 && run.data[0] == '.')
			buf_add_char(out, '.');
		buf_add_span(out, run);
		line = span_from(line, run.len + 1);
	}
	buf_add(out, "\r\n", 2);
}

void
smtp_data_write(struct buf *out, struct span message)
{
	while (message.len > 0)
		write_line(out, next_line(&message));
	buf_add(out, ".\r\n", 3);
}
