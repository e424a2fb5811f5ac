/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Chunked bodies, line by line. Nothing of what chunked smuggling lives on is allowed:
 * signs, 0x, blanks, bare LF, extensions out of grammar. */
#include "net/http_octet.h"
#include "net/http_parse.h"

enum {
	CHUNK_LINE_MAX = 256,
	TRAILER_LINE_MAX = 1024,
	TRAILER_MAX = 4 * 1024,
	CHUNK_DIGITS_MAX = 8,
	FRAMING_FREE = 64 * 1024, /* octets of framing before it is held against the data */
	FRAMING_RATE = 8          /* and then: so many octets for one of data */
};

enum { AT_SIZE, AT_DATA, AT_DATA_END, AT_TRAILER, AT_END };

/* A whole line without its CRLF. MORE: not there yet. */
static enum http_progress
take_line(struct http_chunked *chunked, struct span in, size_t max, size_t *used, struct span *line)
{
	size_t end = span_find(span_first(in, max), '\n');

	if (end == in.len)
		return HTTP_MORE;
	if (end == max || end == 0 || in.data[end - 1] != '\r')
		return HTTP_BAD;
	*line = span_first(in, end - 1);
	*used = end + 1;
	chunked->framing += end + 1;
	if (chunked->framing > FRAMING_FREE + FRAMING_RATE * chunked->total)
		return HTTP_BAD;
	return HTTP_DONE;
}

/* A quoted string (RFC 9110 §5.6.4) at the front; octets it takes, or 0. */
static size_t
quoted_len(struct span s)
{
	for (size_t i = 1; i < s.len; i++) {
		if (s.data[i] == '"')
			return i + 1;
		if (s.data[i] == '\\')
			i++;
	}
	return 0;
}

static size_t
token_len(struct span s)
{
	size_t len = 0;

	while (len < s.len && http_is_token(span_first(span_from(s, len), 1)))
		len++;
	return len;
}

/* *( ";" name [ "=" ( token / quoted ) ] ), no blanks (RFC 9112 §7.1.1) */
static bool
extensions_are_sound(struct span s)
{
	size_t len;

	if (!http_is_value(s))
		return false;
	while (s.len > 0) {
		if (s.data[0] != ';' || (len = token_len(span_from(s, 1))) == 0)
			return false;
		s = span_from(s, 1 + len);
		if (!span_starts(s, "="))
			continue;
		s = span_from(s, 1);
		len = span_starts(s, "\"") ? quoted_len(s) : token_len(s);
		if (len == 0)
			return false;
		s = span_from(s, len);
	}
	return true;
}

static bool
read_size(struct span line, int64_t *size)
{
	size_t digits = 0;

	*size = 0;
	while (digits < line.len && ascii_hex(line.data[digits]) >= 0) {
		if (++digits > CHUNK_DIGITS_MAX)
			return false;
		*size = *size * 16 + ascii_hex(line.data[digits - 1]);
	}
	return digits > 0 && extensions_are_sound(span_from(line, digits));
}

static enum http_progress
at_size(struct http_chunked *chunked, struct span in, size_t *used)
{
	struct span line;
	enum http_progress progress = take_line(chunked, in, CHUNK_LINE_MAX, used, &line);

	if (progress != HTTP_DONE)
		return progress;
	if (!read_size(line, &chunked->left))
		return HTTP_BAD;
	chunked->state = chunked->left > 0 ? AT_DATA : AT_TRAILER;
	return HTTP_MORE;
}

static enum http_progress
at_data(struct http_chunked *chunked, struct span in, size_t *used, struct span *data)
{
	*data = in.len > (size_t)chunked->left ? span_first(in, (size_t)chunked->left) : in;
	*used = data->len;
	chunked->total += data->len;
	chunked->left -= (int64_t)data->len;
	if (chunked->left == 0)
		chunked->state = AT_DATA_END;
	return HTTP_MORE;
}

static enum http_progress
at_data_end(struct http_chunked *chunked, struct span in, size_t *used)
{
	if (in.len > 0 && in.data[0] != '\r')
		return HTTP_BAD;
	if (in.len < 2)
		return HTTP_MORE;
	if (in.data[1] != '\n')
		return HTTP_BAD;
	*used = 2;
	chunked->framing += 2;
	chunked->state = AT_SIZE;
	return HTTP_MORE;
}

static enum http_progress
at_trailer(struct http_chunked *chunked, struct span in, size_t *used)
{
	struct span line;
	enum http_progress progress = take_line(chunked, in, TRAILER_LINE_MAX, used, &line);
	size_t colon;

	if (progress != HTTP_DONE)
		return progress;
	if (line.len == 0) {
		chunked->state = AT_END;
		return HTTP_DONE;
	}
	chunked->overhead += line.len;
	colon = span_find(line, ':');
	if (colon == line.len || !http_is_token(span_first(line, colon)) ||
	    !http_is_value(span_from(line, colon + 1)) || chunked->overhead > TRAILER_MAX)
		return HTTP_BAD;
	return HTTP_MORE;
}

enum http_progress
http_chunked_read(struct http_chunked *chunked, struct span in, size_t *used, struct span *data)
{
	*used = 0;
	*data = (struct span){ 0 };
	switch (chunked->state) {
	case AT_SIZE:
		return at_size(chunked, in, used);
	case AT_DATA:
		return at_data(chunked, in, used, data);
	case AT_DATA_END:
		return at_data_end(chunked, in, used);
	case AT_TRAILER:
		return at_trailer(chunked, in, used);
	default:
		return HTTP_DONE;
	}
}
