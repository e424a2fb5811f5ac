/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "mail/mime_guard.h"

#include <string.h>

#include "mail/mime_read.h"

enum {
	DASHES_MAX = 100000,
	WORK_MAX = 512 * 1024 * 1024 /* octets that may be scanned: multiparts times size */
};

/* MIME-Version, Content-Type with the boundary as a quoted string, the empty line. */
static void
write_head(struct buf *out, const struct header_value *type)
{
	struct span boundary = header_param(type, "boundary");
	bool is_digest = span_is(type->word, "multipart/digest");

	buf_add_text(out, "MIME-Version: 1.0\r\nContent-Type: ");
	buf_add_text(out, is_digest ? "multipart/mixed" : "");
	if (!is_digest)
		buf_add_span(out, type->word);
	buf_add_text(out, "; boundary=\"");
	for (size_t i = 0; i < boundary.len; i++) {
		if (boundary.data[i] == '"' || boundary.data[i] == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, boundary.data[i]);
	}
	buf_add_text(out, "\"\r\n\r\n");
}

/* NUL is a blank; where there is no LF at all, CR ends the lines. */
static void
clean_octets(char *data, size_t len)
{
	bool has_lf = len > 0 && memchr(data, '\n', len) != NULL;

	for (size_t i = 0; i < len; i++) {
		if (data[i] == '\0')
			data[i] = ' ';
		else if (data[i] == '\r' && !has_lf)
			data[i] = '\n';
	}
}

/* Everywhere, the same number of octets, so that boundaries still match: types that
 * would be descended into become unknown ones. */
static void
rename_types(char *data, size_t len)
{
	static const struct {
		const char *from;
		size_t at; /* the octet replaced by "x" */
	} names[] = { { "message/", 6 }, { "multipart/digest", 15 } };

	for (char *p = data; p < data + len; p++) {
		if (*p != 'm' && *p != 'M')
			continue;
		struct span rest = span_make(p, len - (size_t)(p - data));
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (span_starts_nocase(rest, names[i].from))
				p[names[i].at] = 'x';
	}
}

struct count {
	size_t types;	   /* lines "Content-Type" */
	size_t multiparts; /* "multipart/" anywhere */
	size_t dashes;	   /* lines that may be delimiters: each is a node of libetpan's */
	size_t open; /* brackets open in this field; a closing one behind a backslash is none */
	size_t open_max;
};

static void
count_brackets(struct count *c, struct span line)
{
	for (size_t i = 0; i < line.len; i++) {
		if (line.data[i] == '(' && ++c->open > c->open_max)
			c->open_max = c->open;
		if (line.data[i] == ')' && c->open > 0 && (i == 0 || line.data[i - 1] != '\\'))
			c->open--;
	}
}

static void
count_line(struct count *c, struct span line)
{
	bool is_more = line.len > 0 && ascii_is_blank(line.data[0]);

	if (span_starts_nocase(line, "content-type"))
		c->types++;
	if (span_starts(line, "--"))
		c->dashes++;
	for (size_t i = 0; i + 10 <= line.len; i++)
		if (ascii_lower(line.data[i]) == 'm' &&
		    span_starts_nocase(span_from(line, i), "multipart/"))
			c->multiparts++;
	if (!is_more)
		c->open = 0;
	count_brackets(c, line);
}

static const char *
check_counts(struct span body)
{
	struct count c = { 0 };
	struct span rest = body, line;

	while (span_next_line(&rest, &line))
		count_line(&c, line);
	if (c.types > MIME_TYPES_MAX || c.multiparts > MIME_TYPES_MAX || c.dashes > DASHES_MAX)
		return "too many parts";
	if (c.open_max > MIME_COMMENTS_MAX)
		return "too many brackets";
	if (c.multiparts + 1 > WORK_MAX / (body.len + 1))
		return "too many parts for its size";
	return NULL;
}

const char *
mime_guard(struct arena *arena, struct span raw, size_t body, const struct header_value *type,
    struct mime_copy *copy)
{
	struct buf head = { 0 };
	struct span rest = span_from(raw, body);

	write_head(&head, type);
	*copy = (struct mime_copy){ .len = head.len + rest.len, .head = head.len, .body = body };
	copy->data = arena_alloc(arena, copy->len + MIME_PADDING);
	memcpy(copy->data, head.data, head.len);
	buf_free(&head);
	if (rest.len > 0)
		memcpy(copy->data + copy->head, rest.data, rest.len);
	clean_octets(copy->data + copy->head, rest.len);
	rename_types(copy->data, copy->len);
	return check_counts(span_make(copy->data + copy->head, rest.len));
}

enum delimiter { DELIMITER_NONE, DELIMITER_NEXT, DELIMITER_CLOSE };

/* "--boundary" or "--boundary--", blanks behind it (RFC 2046 §5.1.1). */
static enum delimiter
read_delimiter(struct span line, struct span boundary)
{
	if (!span_starts(line, "--") ||
	    !span_equal(span_first(span_from(line, 2), boundary.len), boundary))
		return DELIMITER_NONE;
	struct span rest = span_from(line, 2 + boundary.len);
	bool is_close = span_starts(rest, "--");
	if (span_trim(span_from(rest, is_close ? 2 : 0)).len > 0)
		return DELIMITER_NONE;
	return is_close ? DELIMITER_CLOSE : DELIMITER_NEXT;
}

/* Without the line end that belongs to the delimiter. */
static struct span
part_between(struct span content, size_t begin, size_t end)
{
	if (end > begin && content.data[end - 1] == '\n')
		end--;
	if (end > begin && content.data[end - 1] == '\r')
		end--;
	return span_first(span_from(content, begin), end - begin);
}

void
mime_split(struct arena *arena, struct span content, struct span boundary, size_t max,
    struct mime_extents *extents)
{
	struct span rest = content, line;
	size_t begin = 0;
	bool is_open = false, is_closed = false;
	char line_end = span_find(content, '\n') < content.len ? '\n' : '\r';

	*extents =
	    (struct mime_extents){ .list = arena_array(arena, max + 1, sizeof(struct span)) };
	while (!is_closed && extents->count < max) {
		size_t at = content.len - rest.len;
		if (!span_next(&rest, line_end, &line))
			break;
		enum delimiter delimiter = read_delimiter(line, boundary);
		if (delimiter == DELIMITER_NONE)
			continue;
		extents->delimiters++;
		if (is_open)
			extents->list[extents->count++] = part_between(content, begin, at);
		is_open = true;
		is_closed = delimiter == DELIMITER_CLOSE;
		begin = content.len - rest.len;
	}
	if (is_open && !is_closed && begin < content.len)
		extents->list[extents->count++] = span_from(content, begin);
}
