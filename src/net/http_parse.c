/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The head of a request. */
#include <string.h>

#include "net/http_octet.h"
#include "net/http_parse.h"

enum { EMPTY_LINES_MAX = 4 };

/* t token (RFC 9110 §5.6.2), v visible and no token, blank for SP and HTAB, x control */
static const char kinds[128 + 1] = "xxxxxxxxx xxxxxxxxxxxxxxxxxxxxxx"  /* 00-1f */
				   " tvtttttvvttvttvttttttttttvvvvvv"  /* 20-3f */
				   "vttttttttttttttttttttttttttvvvtt"  /* 40-5f */
				   "tttttttttttttttttttttttttttvtvtx"; /* 60-7f */

static char
kind_of(char c)
{
	unsigned char octet = (unsigned char)c;

	return octet < 128 ? kinds[octet] : 'o'; /* obs-text */
}

bool
http_is_token(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (kind_of(s.data[i]) != 't')
			return false;
	return s.len > 0;
}

bool
http_is_value(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (kind_of(s.data[i]) == 'x')
			return false;
	return true;
}

int
http_percent(struct span s, size_t at)
{
	int high, low;

	if (at + 2 >= s.len)
		return -1;
	high = ascii_hex(s.data[at + 1]);
	low = ascii_hex(s.data[at + 2]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

struct span
http_trim(struct span s)
{
	while (s.len > 0 && ascii_is_blank(s.data[0]))
		s = span_from(s, 1);
	while (s.len > 0 && ascii_is_blank(s.data[s.len - 1]))
		s.len--;
	return s;
}

static enum http_progress
bad(int *status, int code)
{
	*status = code;
	return HTTP_BAD;
}

/* A request line begins with a method, whatever else: a TLS hello does not. */
static bool
begins_badly(const struct http_scan *scan, struct span data)
{
	char first = scan->line < data.len ? data.data[scan->line] : '\r';

	return scan->lines == 0 && first != '\r' && kind_of(first) != 't';
}

/* What cannot become a head is refused before it is whole. */
static enum http_progress
find_more(struct http_scan *scan, struct span data, int *status)
{
	scan->at = data.len;
	if (scan->lines == 0 && data.len - scan->line >= HTTP_LINE_MAX)
		return bad(status, 414);
	if (data.len >= HTTP_HEAD_MAX)
		return bad(status, 431);
	return HTTP_MORE;
}

enum http_progress
http_head_find(struct http_scan *scan, struct span data, size_t *len, int *status)
{
	const char *found;
	size_t end;

	for (;;) {
		if (begins_badly(scan, data))
			return bad(status, 400);
		found = data.len > scan->at
			    ? memchr(data.data + scan->at, '\n', data.len - scan->at)
			    : NULL;
		if (found == NULL)
			return find_more(scan, data, status);
		end = (size_t)(found - data.data) + 1;
		if (end - scan->line < 2 || found[-1] != '\r')
			return bad(status, 400);
		if (scan->lines == 0 && end - scan->line > HTTP_LINE_MAX)
			return bad(status, 414);
		if (end > HTTP_HEAD_MAX || scan->lines > HTTP_FIELDS_MAX + 1)
			return bad(status, 431);
		if (end - scan->line == 2 && scan->lines > 0) {
			*len = end;
			return HTTP_DONE;
		}
		if (end - scan->line > 2)
			scan->lines++;
		else if (end > 2 * EMPTY_LINES_MAX)
			return bad(status, 400);
		scan->at = scan->line = end;
	}
}

/* Ends in CRLF: the finder saw to that. */
static struct span
next_line(struct span *rest)
{
	size_t end = span_find(*rest, '\n');
	struct span line = span_first(*rest, end > 0 ? end - 1 : 0);

	*rest = span_from(*rest, end + 1);
	return line;
}

static int
read_method(struct http_head *head, struct span s)
{
	static const char *const refused[] = { "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE",
		"CONNECT" };

	if (span_is(s, "GET"))
		head->method = HTTP_GET;
	else if (span_is(s, "HEAD"))
		head->method = HTTP_HEAD;
	else if (span_is(s, "POST"))
		head->method = HTTP_POST;
	else {
		for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
			if (span_is(s, refused[i]))
				return 405;
		return 501;
	}
	return 0;
}

/* Origin form only. Controls are refused in the path even when encoded: no page has any,
 * and what is echoed in a log or a Location must not either. */
static int
read_target(struct http_head *head, struct span s)
{
	size_t mark = span_find(s, '?');
	unsigned char c;
	int code;

	if (!span_starts(s, "/"))
		return 400;
	for (size_t i = 0; i < s.len; i++) {
		c = (unsigned char)s.data[i];
		if (c <= 0x20 || c >= 0x7f || c == '#')
			return 400;
		if (c != '%')
			continue;
		code = http_percent(s, i);
		if (code < 0 || (i < mark && (code < 0x20 || code == 0x7f)))
			return 400;
	}
	head->target = s;
	head->path = span_first(s, mark);
	head->query = span_from(s, mark + 1);
	return 0;
}

/* method SP target SP version, one blank each. A method we do not serve is told only after
 * the rest of the head was found sound. */
static int
read_request_line(struct http_head *head, struct span line, int *method_status)
{
	size_t first = span_find(line, ' ');
	struct span method = span_first(line, first), rest = span_from(line, first + 1);
	size_t second = span_find(rest, ' ');
	struct span target = span_first(rest, second), version = span_from(rest, second + 1);

	if (!http_is_token(method) || second == rest.len)
		return 400;
	if (span_is(version, "HTTP/1.1"))
		head->minor = 1;
	else if (!span_is(version, "HTTP/1.0"))
		return 400;
	*method_status = read_method(head, method);
	if (*method_status != 0 && !span_starts(target, "/"))
		return http_is_value(target) && target.len > 0 ? 0 : 400;
	return read_target(head, target);
}

static int
read_field(struct http_head *head, struct span line)
{
	size_t colon = span_find(line, ':');
	struct http_field *field;

	if (head->field_count == HTTP_FIELDS_MAX)
		return 431;
	field = &head->fields[head->field_count++];
	field->name = span_first(line, colon);
	field->value = http_trim(span_from(line, colon + 1));
	if (colon == line.len || !http_is_token(field->name) || !http_is_value(field->value))
		return 400;
	return 0;
}

/* reg-name, IPv4, [IPv6], with a port: nothing that a URL would read otherwise */
static int
on_host(struct http_head *head, struct span value)
{
	static const char allowed[] = "-._~!$&'()*+,;=:[]%";

	for (size_t i = 0; i < value.len; i++)
		if (!ascii_is_alpha(value.data[i]) && !ascii_is_digit(value.data[i]) &&
		    (value.data[i] == '\0' || strchr(allowed, value.data[i]) == NULL))
			return 400;
	head->host = value;
	return value.len > 0 ? 0 : 400;
}

static int
on_content_length(struct http_head *head, struct span value)
{
	return span_int(value, 0, INT64_MAX, &head->content_length) ? 0 : 400;
}

static int
on_transfer_encoding(struct http_head *head, struct span value)
{
	head->chunked = true;
	return span_is_nocase(value, "chunked") && head->minor == 1 ? 0 : 400;
}

static int
on_expect(struct http_head *head, struct span value)
{
	head->expect_continue = head->minor == 1;
	return span_is_nocase(value, "100-continue") ? 0 : 417;
}

/* "upgrade": the request is answered as it stands, and nothing after it is read, for the
 * client may go on in another protocol. */
static int
on_connection(struct http_head *head, struct span value)
{
	struct span token;

	while (span_next(&value, ',', &token)) {
		token = http_trim(token);
		if (span_is_nocase(token, "close") || span_is_nocase(token, "upgrade"))
			head->keep_alive = false;
		else if (span_is_nocase(token, "keep-alive") && head->minor == 0)
			head->keep_alive = true;
	}
	return 0;
}

static int
on_once(struct http_head *head, struct span value)
{
	(void)head;
	(void)value;
	return 0;
}

struct known_field {
	const char *name;
	size_t len;
	bool once; /* given twice, two readers might take different ones */
	int (*read)(struct http_head *head, struct span value);
};

static const struct known_field known_fields[] = {
	{ "host", 4, true, on_host },
	{ "content-length", 14, true, on_content_length },
	{ "transfer-encoding", 17, true, on_transfer_encoding },
	{ "connection", 10, false, on_connection },
	{ "expect", 6, true, on_expect },
	{ "content-type", 12, true, on_once },
	{ "origin", 6, true, on_once },
	{ "authorization", 13, true, on_once },
	{ "if-none-match", 13, true, on_once },
};

enum { KNOWN_FIELDS = sizeof(known_fields) / sizeof(known_fields[0]) };

static int
read_known(struct http_head *head, const struct http_field *field, unsigned *seen)
{
	for (unsigned i = 0; i < KNOWN_FIELDS; i++) {
		if (field->name.len != known_fields[i].len ||
		    !span_is_nocase(field->name, known_fields[i].name))
			continue;
		if (known_fields[i].once && *seen & 1U << i)
			return 400;
		*seen |= 1U << i;
		return known_fields[i].read(head, field->value);
	}
	return 0;
}

/* The worst refusal counts: framing (400) before a wish that is not met (417). */
static int
read_fields(struct http_head *head, struct span rest)
{
	struct span line;
	unsigned seen = 0;
	int status, wish = 0;

	while ((line = next_line(&rest)).len > 0) {
		status = read_field(head, line);
		if (status == 0)
			status = read_known(head, &head->fields[head->field_count - 1], &seen);
		if (status == 417)
			wish = status;
		else if (status != 0)
			return status;
	}
	if (head->chunked && head->content_length >= 0)
		return 400;
	if (head->minor == 1 && head->host.len == 0)
		return 400;
	return wish;
}

int
http_head_read(struct http_head *head, struct span data)
{
	int method_status = 0, status;

	while (span_starts(data, "\r\n"))
		data = span_from(data, 2);
	/* not the whole of it: the array of fields is written before it is read */
	memset(head, 0, offsetof(struct http_head, fields));
	head->content_length = -1;
	status = read_request_line(head, next_line(&data), &method_status);
	if (status != 0)
		return status;
	head->keep_alive = head->minor == 1;
	status = read_fields(head, data);
	return status != 0 ? status : method_status;
}

struct span
http_head_get(const struct http_head *head, const char *name)
{
	struct span wanted = span_of(name);

	for (size_t i = 0; i < head->field_count; i++)
		if (span_equal_nocase(head->fields[i].name, wanted))
			return head->fields[i].value.data != NULL ? head->fields[i].value
								  : SPAN("");
	return (struct span){ 0 };
}
