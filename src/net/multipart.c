/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <string.h>

#include "base/utf8.h"
#include "net/http_octet.h"
#include "net/http_parse.h"
#include "net/multipart.h"

/* The whole body, and how far it was read. */
struct reader {
	struct arena *arena;
	struct span body;
	struct span delimiter; /* CRLF "--" boundary */
	size_t at;
};

/* RFC 2046 §5.1.1, without the blank: browsers and libraries send none. */
static bool
boundary_is_sound(struct span s)
{
	if (s.len == 0 || s.len > MULTIPART_BOUNDARY_MAX)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_alpha(s.data[i]) && !ascii_is_digit(s.data[i]) &&
		    (s.data[i] == '\0' || strchr("'()+_,-./:=?", s.data[i]) == NULL))
			return false;
	return true;
}

bool
multipart_boundary(
    struct arena *arena, struct span content_type, struct span *boundary, struct err *err)
{
	struct span type = http_trim(span_first(content_type, span_find(content_type, ';')));

	if (!span_is_nocase(type, "multipart/form-data"))
		return err_set(err, ERR_NOT_FOUND, "the body is no form with files");
	*boundary = arena_span(arena, http_parameter(arena, content_type, "boundary"));
	if (!boundary_is_sound(*boundary))
		return err_set(err, ERR_INVALID, "the form has no sound boundary");
	return true;
}

static bool
bad_framing(struct err *err)
{
	return err_set(err, ERR_INVALID, "the form with files is cut or not well formed");
}

/* Blanks of transport, then the end of the delimiter line. */
static bool
skip_line_end(struct reader *reader)
{
	struct span rest = span_from(reader->body, reader->at);
	size_t blanks = 0;

	while (blanks < rest.len && ascii_is_blank(rest.data[blanks]))
		blanks++;
	if (!span_starts(span_from(rest, blanks), "\r\n"))
		return false;
	reader->at += blanks + 2;
	return true;
}

/* WHATWG: a quote in a name is sent as %22. */
static struct span
unescape_quotes(struct arena *arena, struct span s)
{
	struct span copy;
	size_t at, len = 0;
	char *to;

	if (span_find_text(s, "%22") == s.len)
		return s;
	copy = arena_span(arena, s);
	to = arena_alloc(arena, s.len + 1);
	for (at = 0; at < copy.len; at++) {
		if (span_starts(span_from(copy, at), "%22")) {
			to[len++] = '"';
			at += 2;
		} else {
			to[len++] = copy.data[at];
		}
	}
	return span_make(to, len);
}

/* RFC 8187: UTF-8'language'percent-encoded. False: absent or in another charset. */
static bool
extended_name(struct arena *arena, struct span value, struct span *out)
{
	struct span s = http_parameter(arena, value, "filename*");
	char *to;
	size_t len = 0;
	int code;

	if (!span_starts_nocase(s, "utf-8'"))
		return false;
	s = span_from(s, 6);
	s = span_from(s, span_find(s, '\'') + 1);
	to = arena_alloc(arena, s.len + 1);
	for (size_t i = 0; i < s.len; i++) {
		code = s.data[i] == '%' ? http_percent(s, i) : (unsigned char)s.data[i];
		if (code < 0)
			return false;
		to[len++] = (char)code;
		i += s.data[i] == '%' ? 2 : 0;
	}
	*out = span_make(to, len);
	return true;
}

/* Folders are not ours to know, whichever way their slashes lean. */
static struct span
last_component(struct span s)
{
	size_t start = 0;

	for (size_t i = 0; i < s.len; i++)
		if (s.data[i] == '/' || s.data[i] == '\\')
			start = i + 1;
	return span_from(s, start);
}

static bool
read_names(struct reader *reader, struct span value, struct multipart_part *part, struct err *err)
{
	struct arena *arena = reader->arena;
	struct span name = http_parameter(arena, value, "name");
	struct span file = http_parameter(arena, value, "filename");

	if (!span_is_nocase(http_trim(span_first(value, span_find(value, ';'))), "form-data") ||
	    name.len == 0)
		return err_set(err, ERR_INVALID, "a part of the form has no name");
	part->is_file = extended_name(arena, value, &file) || file.data != NULL;
	file = last_component(unescape_quotes(arena, file));
	if (name.len > MULTIPART_NAME_MAX || file.len > MULTIPART_NAME_MAX)
		return err_set(
		    err, ERR_TOO_MUCH, "a name has at most %d octets", MULTIPART_NAME_MAX);
	if (!utf8_is_valid(name))
		return err_set(err, ERR_INVALID, "a part of the form has no readable name");
	part->name = utf8_line(arena, unescape_quotes(arena, name));
	part->file_name = utf8_line(arena, utf8_clean(arena, file));
	return true;
}

static bool
read_field(struct reader *reader, struct span line, struct multipart_part *part, struct err *err)
{
	size_t colon = span_find(line, ':');
	struct span name = span_first(line, colon), value = http_trim(span_from(line, colon + 1));

	if (colon == line.len || !http_is_token(name) || !http_is_value(value))
		return bad_framing(err);
	if (span_is_nocase(name, "content-disposition")) {
		if (part->name.data != NULL)
			return bad_framing(err);
		return read_names(reader, value, part, err);
	}
	if (span_is_nocase(name, "content-type"))
		part->type = value;
	/* RFC 7578 §4.7: deprecated; what is encoded we do not decode */
	if (span_is_nocase(name, "content-transfer-encoding") && !span_is_nocase(value, "binary") &&
	    !span_is_nocase(value, "8bit") && !span_is_nocase(value, "7bit"))
		return bad_framing(err);
	return true;
}

static bool
read_head(struct reader *reader, struct multipart_part *part, struct err *err)
{
	struct span rest = span_first(span_from(reader->body, reader->at), MULTIPART_HEAD_MAX);
	struct span line;
	size_t end;

	for (;;) {
		end = span_find(rest, '\n');
		if (end == rest.len && reader->body.len - reader->at > rest.len)
			return err_set(err, ERR_TOO_MUCH, "the head of a part is too long");
		if (end == rest.len || end == 0 || rest.data[end - 1] != '\r')
			return bad_framing(err);
		line = span_first(rest, end - 1);
		rest = span_from(rest, end + 1);
		reader->at += end + 1;
		if (line.len == 0)
			return part->name.data != NULL || bad_framing(err);
		if (!read_field(reader, line, part, err))
			return false;
	}
}

/* Up to the next delimiter, which is left behind. */
static bool
read_data(struct reader *reader, struct multipart_part *part, struct err *err)
{
	struct span rest = span_from(reader->body, reader->at);
	/* an empty part ends in the CRLF of its own head */
	struct span back = span_from(reader->body, reader->at - 2);
	size_t end;
	const char *found =
	    memmem(back.data, back.len, reader->delimiter.data, reader->delimiter.len);

	if (found == NULL)
		return bad_framing(err);
	end = (size_t)(found - back.data);
	part->offset = reader->at;
	part->data = end < 2 ? span_first(rest, 0) : span_first(rest, end - 2);
	reader->at += end - 2 + reader->delimiter.len;
	return true;
}

static bool
read_part(struct reader *reader, struct multipart *out, struct err *err)
{
	struct multipart_part *part;

	if (out->count == MULTIPART_PARTS_MAX)
		return err_set(
		    err, ERR_TOO_MUCH, "a form has at most %d parts", MULTIPART_PARTS_MAX);
	part = &out->parts[out->count];
	if (!skip_line_end(reader))
		return bad_framing(err);
	if (!read_head(reader, part, err) || !read_data(reader, part, err))
		return false;
	out->count++;
	return true;
}

bool
multipart_read(struct arena *arena, struct span boundary, struct span body, struct multipart *out,
    struct err *err)
{
	struct reader reader = { .arena = arena, .body = body };
	char *text = arena_printf(arena, "\r\n--" SPAN_FORMAT, SPAN_ARGS(boundary));

	reader.delimiter = span_of(text);
	out->count = 0;
	out->parts = arena_array(arena, MULTIPART_PARTS_MAX, sizeof(*out->parts));
	if (!span_starts(body, text + 2)) /* no preamble: no browser sends one */
		return bad_framing(err);
	reader.at = reader.delimiter.len - 2;
	while (!span_starts(span_from(body, reader.at), "--"))
		if (!read_part(&reader, out, err))
			return false;
	return true;
}

struct span
multipart_get(const struct multipart *multipart, const char *name)
{
	for (size_t i = 0; i < multipart->count; i++)
		if (!multipart->parts[i].is_file && span_is(multipart->parts[i].name, name))
			return multipart->parts[i].data;
	return (struct span){ 0 };
}
