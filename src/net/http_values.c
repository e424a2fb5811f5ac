/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What stands inside targets, forms and field values. */
#include <string.h>

#include "base/utf8.h"
#include "net/http_octet.h"
#include "net/http_parse.h"

/* Decodes into the arena; '+' is a blank where asked. False: a '%' without two digits. */
static bool
decode(struct arena *arena, struct span s, bool plus, struct span *out)
{
	char *to;
	size_t len = 0;
	int code;

	if (span_find(s, '%') == s.len && (!plus || span_find(s, '+') == s.len)) {
		*out = s.data != NULL ? s : SPAN("");
		return true;
	}
	to = arena_alloc(arena, s.len + 1);
	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] != '%') {
			to[len++] = plus && s.data[i] == '+' ? ' ' : s.data[i];
			continue;
		}
		code = http_percent(s, i);
		if (code < 0)
			return false;
		to[len++] = (char)code;
		i += 2;
	}
	*out = span_make(to, len);
	return true;
}

bool
http_path_split(struct arena *arena, struct span path, struct http_path *out)
{
	struct span part;
	size_t end;

	out->count = 0;
	if (!span_starts(path, "/"))
		return false;
	if (path.len == 1)
		return true;
	do {
		path = span_from(path, 1);
		end = span_find(path, '/');
		if (out->count == HTTP_SEGMENTS_MAX ||
		    !decode(arena, span_first(path, end), false, &part))
			return false;
		if (span_is(part, ".") || span_is(part, "..") || !utf8_is_line(part))
			return false;
		out->parts[out->count++] = part;
		path = span_from(path, end);
	} while (path.len > 0);
	return true;
}

static size_t
count_fields(struct span text)
{
	size_t count = 1;

	for (size_t i = 0; i < text.len && count < HTTP_FORM_MAX; i++)
		if (text.data[i] == '&')
			count++;
	return count;
}

bool
http_form_read(struct arena *arena, struct span text, struct http_form *out, struct err *err)
{
	struct span pair;
	struct http_field *field;
	size_t equals;

	out->count = 0;
	out->fields = arena_array(arena, count_fields(text), sizeof(*out->fields));
	while (span_next(&text, '&', &pair)) {
		if (pair.len == 0)
			continue;
		if (out->count == HTTP_FORM_MAX)
			return err_set(
			    err, ERR_TOO_MUCH, "a form has at most %d fields", HTTP_FORM_MAX);
		field = &out->fields[out->count++];
		equals = span_find(pair, '=');
		if (!decode(arena, span_first(pair, equals), true, &field->name) ||
		    !decode(arena, span_from(pair, equals + 1), true, &field->value))
			return err_set(err, ERR_INVALID, "the form is not well encoded");
	}
	return true;
}

struct span
http_form_get(const struct http_form *form, const char *name)
{
	for (size_t i = 0; i < form->count; i++)
		if (span_is(form->fields[i].name, name))
			return form->fields[i].value;
	return (struct span){ 0 };
}

/* A browser sends one field; a proxy that came from HTTP/2 may send several. */
struct span
http_cookie(const struct http_head *head, const char *name)
{
	struct span list, pair;
	size_t equals;

	for (size_t i = 0; i < head->field_count; i++) {
		if (!span_is_nocase(head->fields[i].name, "cookie"))
			continue;
		list = head->fields[i].value;
		while (span_next(&list, ';', &pair)) {
			pair = http_trim(pair);
			equals = span_find(pair, '=');
			if (equals == pair.len || !span_is(span_first(pair, equals), name))
				continue;
			pair = span_from(pair, equals + 1);
			return pair.data != NULL ? pair : SPAN("");
		}
	}
	return (struct span){ 0 };
}

bool
http_etag_matches(struct span list, struct span etag)
{
	struct span one;
	size_t end;

	if (span_starts(etag, "W/"))
		etag = span_from(etag, 2);
	list = http_trim(list);
	if (span_is(list, "*"))
		return etag.len > 0;
	while (list.len > 0) {
		if (span_starts(list, "W/"))
			list = span_from(list, 2);
		if (!span_starts(list, "\""))
			return false;
		end = span_find(span_from(list, 1), '"') + 2;
		one = span_first(list, end);
		if (span_equal(one, etag))
			return true;
		list = http_trim(span_from(list, end));
		if (list.len > 0 && list.data[0] != ',')
			return false;
		while (list.len > 0 && list.data[0] == ',')
			list = http_trim(span_from(list, 1));
	}
	return false;
}

void
http_percent_encode(struct buf *out, struct span text)
{
	static const char digits[] = "0123456789ABCDEF";
	unsigned char c;

	for (size_t i = 0; i < text.len; i++) {
		c = (unsigned char)text.data[i];
		if (ascii_is_alpha((char)c) || ascii_is_digit((char)c) ||
		    (c != '\0' && strchr("-._~", c) != NULL)) {
			buf_add_char(out, (char)c);
			continue;
		}
		buf_add_char(out, '%');
		buf_add_char(out, digits[c >> 4]);
		buf_add_char(out, digits[c & 15]);
	}
}

void
http_field_add(struct buf *out, const char *name, struct span value)
{
	char c;

	buf_add_text(out, name);
	buf_add_text(out, ": ");
	for (size_t i = 0; i < value.len; i++) {
		c = value.data[i];
		buf_add_char(out, ascii_is_control(c) ? ' ' : c);
	}
	buf_add_text(out, "\r\n");
}

static bool
is_escape(struct span s, size_t at)
{
	return s.data[at] == '\\' && at + 1 < s.len &&
	       (s.data[at + 1] == '"' || s.data[at + 1] == '\\');
}

/* After the opening quote. Only \" and \\ are taken for escapes: browsers send the
 * backslashes of file names as they are. Octets taken with the closing quote, or 0. */
static size_t
unquote(struct arena *arena, struct span s, struct span *out)
{
	size_t end = 0, len = 0;
	char *to;

	while (end < s.len && s.data[end] != '"')
		end += is_escape(s, end) ? 2 : 1;
	if (end >= s.len)
		return 0;
	to = arena_alloc(arena, end + 1);
	for (size_t i = 0; i < end; i++) {
		if (is_escape(s, i))
			i++;
		to[len++] = s.data[i];
	}
	*out = span_make(to, len);
	return end + 1;
}

/* One "name=value" after a ';'. False: nothing sound is left. */
static bool
next_parameter(struct arena *arena, struct span *rest, struct http_field *out)
{
	size_t len;

	*rest = http_trim(*rest);
	while (span_starts(*rest, ";"))
		*rest = http_trim(span_from(*rest, 1));
	len = span_find(*rest, '=');
	out->name = span_first(*rest, len);
	if (len == rest->len || !http_is_token(out->name))
		return false;
	*rest = span_from(*rest, len + 1);
	if (span_starts(*rest, "\"")) {
		*rest = span_from(*rest, 1);
		len = unquote(arena, *rest, &out->value);
		*rest = span_from(*rest, len);
		*rest = http_trim(*rest);
		return len > 0 && (rest->len == 0 || rest->data[0] == ';');
	}
	len = span_find(*rest, ';');
	out->value = http_trim(span_first(*rest, len));
	*rest = span_from(*rest, len);
	return http_is_token(out->value);
}

struct span
http_parameter(struct arena *arena, struct span value, const char *name)
{
	struct span rest = span_from(value, span_find(value, ';'));
	struct http_field field;

	while (next_parameter(arena, &rest, &field))
		if (span_is_nocase(field.name, name))
			return field.value.data != NULL ? field.value : SPAN("");
	return (struct span){ 0 };
}
