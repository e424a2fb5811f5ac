/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Parameters of Content-Type and its like: RFC 2045 §5.1, RFC 2231, and the names
 * of files as mail programs really write them. */
#include "mail/header.h"

#include <string.h>

#include "base/utf8.h"
#include "mail/charset.h"

enum {
	RAW_MAX = 100,	       /* parameters looked at, pieces of RFC 2231 counted each */
	PARAM_VALUE_MAX = 4096 /* octets of a value */
};

/* One piece as it stands: name*2*=value. */
struct piece {
	struct span name; /* without marks */
	int64_t index;	  /* of a continuation, or -1 */
	bool is_encoded;  /* percent-encoded, the mark was there */
	struct span value;
};

struct pieces {
	struct piece list[RAW_MAX];
	size_t count;
};

/* Where a comment at `at` ends. */
static size_t
skip_comment(struct span in, size_t at)
{
	size_t depth = 0;

	for (; at < in.len; at++) {
		if (in.data[at] == '\\')
			at++;
		else if (in.data[at] == '(')
			depth++;
		else if (in.data[at] == ')' && --depth == 0)
			return at + 1;
	}
	return in.len;
}

static size_t
skip_blanks(struct span in, size_t at)
{
	while (at < in.len && (ascii_is_space(in.data[at]) || in.data[at] == '('))
		at = in.data[at] == '(' ? skip_comment(in, at) : at + 1;
	return at;
}

/* The first word, comments and the blanks around its slash removed: "text / plain (x)". */
static struct span
read_word(struct arena *arena, struct span in, size_t *at)
{
	char *out = arena_alloc(arena, in.len + 1);
	size_t n = 0, i = skip_blanks(in, 0);

	while (i < in.len && in.data[i] != ';') {
		size_t next = skip_blanks(in, i);
		bool is_gap =
		    next > i && next < in.len && in.data[next] != '/' && n > 0 && out[n - 1] != '/';
		if (is_gap)
			break; /* a ";" was forgotten: what follows is a parameter */
		i = next;
		if (i < in.len && in.data[i] != ';')
			out[n++] = ascii_lower(in.data[i++]);
	}
	*at = i;
	if (n >= 2 && out[0] == '"' && out[n - 1] == '"')
		return span_make(out + 1, n - 2);
	return span_make(out, n);
}

/* A quoted value at `at`; backslashes stand for themselves but before " and \. */
static struct span
read_quoted(struct arena *arena, struct span in, size_t *at)
{
	char *out = arena_alloc(arena, in.len - *at + 1);
	size_t n = 0, i = *at + 1;

	for (; i < in.len && in.data[i] != '"'; i++) {
		bool is_pair = in.data[i] == '\\' && i + 1 < in.len &&
			       (in.data[i + 1] == '"' || in.data[i + 1] == '\\');
		if (is_pair)
			i++;
		out[n++] = in.data[i];
	}
	*at = i < in.len ? i + 1 : i;
	return span_make(out, n);
}

/* Is there "name=" at `at`, so that the value before it ended at a blank? */
static bool
is_param_next(struct span in, size_t at)
{
	size_t i = at;

	while (i < in.len && i - at < 40 && in.data[i] > 32 && in.data[i] < 127 &&
	       strchr("=;\"(),", in.data[i]) == NULL)
		i++;
	return i > at && i < in.len && in.data[i] == '=';
}

/* Without quotes: up to ";", or to a blank where a parameter follows it. The name
 * of a file may hold blanks and brackets, other values end at a comment. */
static struct span
read_bare(struct span in, size_t *at, bool is_file)
{
	size_t begin = *at, i = begin;

	for (; i < in.len && in.data[i] != ';'; i++) {
		if (!ascii_is_space(in.data[i]))
			continue;
		size_t next = skip_blanks(in, i);
		if (!is_file || is_param_next(in, next))
			break;
	}
	struct span value = span_first(span_from(in, begin), i - begin);
	if (!is_file)
		value = span_first(value, span_find(value, '('));
	*at = i;
	return span_trim(value);
}

/* name, name*, name*0, name*0*: taken apart. */
static void
piece_name(struct piece *piece, struct span name)
{
	size_t star = span_find(name, '*');

	piece->name = span_first(name, star);
	piece->index = -1;
	if (star == name.len)
		return;
	struct span mark = span_from(name, star + 1);
	if (mark.len == 0 || span_ends(mark, "*")) {
		piece->is_encoded = true;
		mark = span_first(mark, mark.len > 0 ? mark.len - 1 : 0);
	}
	if (mark.len > 0 && !span_int(mark, 0, RAW_MAX, &piece->index))
		piece->index = -1;
}

static bool
is_file_name(struct span name)
{
	return span_is_nocase(name, "name") || span_is_nocase(name, "filename");
}

static void
read_pieces(struct arena *arena, struct span in, size_t at, struct pieces *pieces)
{
	while (pieces->count < RAW_MAX) {
		while (at < in.len && (in.data[at] == ';' || ascii_is_space(in.data[at])))
			at = skip_blanks(in, at + 1);
		at = skip_blanks(in, at);
		size_t begin = at;
		while (at < in.len && strchr("=;", in.data[at]) == NULL)
			at++;
		if (at >= in.len)
			return;
		if (in.data[at] == ';')
			continue;
		struct piece *piece = &pieces->list[pieces->count++];
		piece_name(piece, span_trim(span_first(span_from(in, begin), at - begin)));
		at = skip_blanks(in, at + 1);
		if (at < in.len && in.data[at] == '"')
			piece->value = read_quoted(arena, in, &at);
		else
			piece->value = read_bare(in, &at, is_file_name(piece->name));
	}
}

static void
add_percent(struct buf *out, struct span in)
{
	for (size_t i = 0; i < in.len; i++) {
		int high = -1, low = -1;
		if (in.data[i] == '%' && i + 2 < in.len) {
			high = ascii_hex(in.data[i + 1]);
			low = ascii_hex(in.data[i + 2]);
		}
		if (high >= 0 && low >= 0) {
			buf_add_char(out, (char)(unsigned char)(high << 4 | low));
			i += 2;
		} else {
			buf_add_char(out, in.data[i]);
		}
	}
}

/* charset'language'rest: takes the first two off. */
static struct span
take_charset(struct span *value)
{
	size_t first = span_find(*value, '\'');
	struct span rest = span_from(*value, first + 1), charset = { 0 };
	size_t second = span_find(rest, '\'');

	if (first == value->len || second == rest.len)
		return charset;
	charset = span_first(*value, first);
	*value = span_from(rest, second + 1);
	return charset;
}

static struct piece *
find_piece(struct pieces *pieces, struct span name, int64_t index, bool is_encoded)
{
	for (size_t i = 0; i < pieces->count; i++) {
		struct piece *p = &pieces->list[i];
		if (p->index == index && p->is_encoded == is_encoded &&
		    span_equal_nocase(p->name, name))
			return p;
	}
	return NULL;
}

/* The continuation after p, or NULL. */
static struct piece *
next_piece(struct pieces *pieces, const struct piece *p)
{
	if (p->index < 0)
		return NULL;
	struct piece *next = find_piece(pieces, p->name, p->index + 1, true);
	return next != NULL ? next : find_piece(pieces, p->name, p->index + 1, false);
}

/* name*0, name*1 ... put together; decoded with the charset of the first. */
static struct span
join_pieces(struct arena *arena, struct pieces *pieces, struct piece *first)
{
	struct buf octets;
	struct span charset = { 0 };
	bool is_encoded = false;

	buf_init(&octets, PARAM_VALUE_MAX);
	for (struct piece *p = first; p != NULL; p = next_piece(pieces, p)) {
		struct span value = p->value;
		if (p->is_encoded && p == first)
			charset = take_charset(&value);
		if (p->is_encoded)
			add_percent(&octets, value);
		else
			buf_add_span(&octets, value);
		is_encoded |= p->is_encoded;
	}
	struct span value = is_encoded ? utf8_line(arena, charset_decode(arena, charset,
							      buf_span(&octets), PARAM_VALUE_MAX))
				       : header_text(arena, buf_span(&octets), PARAM_VALUE_MAX);
	buf_free(&octets);
	return value;
}

/* Best spelling first: name*, name*0*, name*0, name. */
static void
add_param(struct arena *arena, struct pieces *pieces, struct span name, struct header_value *out)
{
	struct piece *best = find_piece(pieces, name, -1, true);

	if (best == NULL)
		best = find_piece(pieces, name, 0, true);
	if (best == NULL)
		best = find_piece(pieces, name, 0, false);
	if (best == NULL)
		best = find_piece(pieces, name, -1, false);
	if (best == NULL)
		return;
	char *lower = arena_strndup(arena, name.data, name.len);
	for (size_t i = 0; i < name.len; i++)
		lower[i] = ascii_lower(lower[i]);
	out->params[out->count++] =
	    (struct header_param){ span_make(lower, name.len), join_pieces(arena, pieces, best) };
}

void
header_value(struct arena *arena, struct span value, struct header_value *out)
{
	size_t at = 0;

	*out = (struct header_value){ .word = read_word(arena, value, &at) };
	struct pieces *pieces = arena_alloc(arena, sizeof(*pieces));
	read_pieces(arena, value, at, pieces);
	out->params = arena_array(arena, HEADER_PARAMS_MAX, sizeof(*out->params));
	for (size_t i = 0; i < pieces->count && out->count < HEADER_PARAMS_MAX; i++) {
		struct span name = pieces->list[i].name;
		if (name.len > 0 &&
		    header_param(out, arena_strndup(arena, name.data, name.len)).data == NULL)
			add_param(arena, pieces, name, out);
	}
}

struct span
header_param(const struct header_value *value, const char *name)
{
	for (size_t i = 0; i < value->count; i++)
		if (span_is_nocase(value->params[i].name, name))
			return value->params[i].value;
	return (struct span){ 0 };
}
