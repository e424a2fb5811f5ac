/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* net/http_parse.h: what stands in an HTTP/1.1 request (RFC 9112), read strictly.
 *
 * Pure functions on octets. Whatever two parsers might read differently is refused
 * with 400: bare LF, folded lines, a blank before the colon, NUL and controls, two
 * lengths, a length beside `chunked`, any other transfer coding, no Host or two. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum {
	HTTP_LINE_MAX = 4 * 1024,  /* octets of the request line, CRLF included */
	HTTP_HEAD_MAX = 16 * 1024, /* octets of the head, last empty line included */
	HTTP_FIELDS_MAX = 64,      /* header fields */
	HTTP_FORM_MAX = 100,       /* fields of a form or query */
	HTTP_SEGMENTS_MAX = 16     /* parts of a path */
};

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST };

enum http_progress {
	HTTP_MORE, /* sound so far, not complete */
	HTTP_DONE,
	HTTP_BAD /* refused: answer the status and close */
};

struct http_field {
	struct span name;  /* as sent; compare without case */
	struct span value; /* blanks at both ends removed */
};

struct http_head {
	enum http_method method;
	struct span target;     /* as sent: begins with '/' */
	struct span path;       /* before '?', still percent-encoded, encoding checked */
	struct span query;      /* after '?', or empty */
	int minor;              /* HTTP/1.0 or HTTP/1.1 */
	struct span host;       /* empty only for HTTP/1.0 */
	int64_t content_length; /* -1 = none given */
	bool chunked;
	bool keep_alive;      /* the client wants more on this connection */
	bool expect_continue; /* waits for 100 before it sends the body */
	size_t field_count;
	struct http_field fields[HTTP_FIELDS_MAX];
};

/* Where the end of a head was looked for; zeroed at the start of each head. */
struct http_scan {
	size_t at;   /* octets seen */
	size_t line; /* where the current line begins */
	size_t lines;
};

/* Is the head whole? DONE: *len octets, with the final empty line. Linear however the
 * octets arrive: data is the same octets as before and more. BAD: *status. */
enum http_progress
http_head_find(struct http_scan *scan, struct span data, size_t *len, int *status);

/* Reads a whole head (as found above). Answers 0 and fills head with slices of data, or
 * answers the status to refuse with: 400 405 414 417 431 501 505. */
int
http_head_read(struct http_head *head, struct span data);

/* First value of that name, any case; data NULL where absent. */
struct span
http_head_get(const struct http_head *head, const char *name);

/* Chunked bodies (RFC 9112 §7.1), decoded strictly; extensions and trailer fields are
 * checked and thrown away. Zeroed at the start. */
struct http_chunked {
	int state;
	int64_t left;     /* octets of this chunk still to come */
	size_t overhead;  /* octets of trailer fields, capped */
	uint64_t framing; /* octets that were not data, capped against the data */
	uint64_t total;   /* octets of data so far */
};

/* Eats from in: *used octets, of which *data (a slice of in) is content. Call again with
 * the rest until used == 0 (MORE), DONE or BAD. */
enum http_progress
http_chunked_read(struct http_chunked *chunked, struct span in, size_t *used, struct span *data);

/* Percent-decoded parts of a path: "/t/12-voirie" is "t", "12-voirie"; "/" has none; a
 * final '/' gives a last empty part. False (answer 400): bad encoding, not UTF-8, a
 * control, "." or ".."; too many parts. A part may hold a decoded '/'. */
struct http_path {
	size_t count;
	struct span parts[HTTP_SEGMENTS_MAX];
};

bool
http_path_split(struct arena *arena, struct span path, struct http_path *out);

/* application/x-www-form-urlencoded, of a body or a query. INVALID: bad encoding;
 * TOO_MUCH: over HTTP_FORM_MAX fields. Values may hold any octet. */
struct http_form {
	size_t count;
	struct http_field *fields; /* in order; names may repeat */
};

bool
http_form_read(struct arena *arena, struct span text, struct http_form *out, struct err *err);

/* First value of that name; data NULL where absent. */
struct span
http_form_get(const struct http_form *form, const char *name);

/* First cookie of that name, case kept; data NULL where absent. */
struct span
http_cookie(const struct http_head *head, const char *name);

/* If-None-Match against one entity tag with its quotes, weak comparison (RFC 9110 §13.1.2). */
bool
http_etag_matches(struct span list, struct span etag);

/* Appends with everything but unreserved characters (RFC 3986 §2.3) encoded. */
void
http_percent_encode(struct buf *out, struct span text);

/* Appends "Name: value CRLF"; CR, LF, NUL and other controls of the value become blanks. */
void
http_field_add(struct buf *out, const char *name, struct span value);

/* A parameter of a field value: `charset` of "text/html; charset=utf-8"; quoted values
 * unquoted in the arena; data NULL where absent. Quadratic in nothing. */
struct span
http_parameter(struct arena *arena, struct span value, const char *name);
