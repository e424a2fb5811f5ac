/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Slices and growing buffers: the only string handling of the house, so that
 * lengths and overflows are thought about once. */
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum { BUF_FIRST = 256 /* octets of the first allocation */ };

struct span
span_of(const char *text)
{
	if (text == NULL)
		return (struct span){ 0 };
	return (struct span){ text, strlen(text) };
}

struct span
span_make(const void *data, size_t len)
{
	return (struct span){ data, len };
}

struct span
span_from(struct span s, size_t offset)
{
	if (s.data == NULL)
		return s;
	if (offset > s.len)
		offset = s.len;
	return (struct span){ s.data + offset, s.len - offset };
}

struct span
span_first(struct span s, size_t len)
{
	return (struct span){ s.data, len < s.len ? len : s.len };
}

bool
span_equal(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool
span_is(struct span s, const char *text)
{
	return span_equal(s, span_of(text));
}

bool
span_is_nocase(struct span s, const char *text)
{
	return span_equal_nocase(s, span_of(text));
}

bool
span_equal_nocase(struct span a, struct span b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (ascii_lower(a.data[i]) != ascii_lower(b.data[i]))
			return false;
	return true;
}

bool
span_starts(struct span s, const char *prefix)
{
	struct span want = span_of(prefix);

	return span_equal(span_first(s, want.len), want);
}

bool
span_starts_nocase(struct span s, const char *prefix)
{
	struct span want = span_of(prefix);

	return span_equal_nocase(span_first(s, want.len), want);
}

bool
span_ends(struct span s, const char *suffix)
{
	struct span want = span_of(suffix);

	return s.len >= want.len && span_equal(span_from(s, s.len - want.len), want);
}

static bool
is_trimmed(char c)
{
	return ascii_is_blank(c) || c == '\r' || c == '\n';
}

struct span
span_trim(struct span s)
{
	while (s.len > 0 && is_trimmed(s.data[0]))
		s = span_from(s, 1);
	while (s.len > 0 && is_trimmed(s.data[s.len - 1]))
		s.len--;
	return s;
}

bool
span_has_control(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (ascii_is_control(s.data[i]))
			return true;
	return false;
}

size_t
span_find(struct span s, char octet)
{
	const char *found = s.len == 0 ? NULL : memchr(s.data, octet, s.len);

	return found == NULL ? s.len : (size_t)(found - s.data);
}

size_t
span_behind_last(struct span s, char octet)
{
	const char *found = s.len == 0 ? NULL : memrchr(s.data, octet, s.len);

	return found == NULL ? 0 : (size_t)(found - s.data) + 1;
}

size_t
span_find_text(struct span s, const char *text)
{
	struct span want = span_of(text);
	const char *found;

	if (want.len == 0)
		return 0;
	found = s.len == 0 ? NULL : memmem(s.data, s.len, want.data, want.len);
	return found == NULL ? s.len : (size_t)(found - s.data);
}

bool
span_next_line(struct span *rest, struct span *line)
{
	if (!span_next(rest, '\n', line))
		return false;
	/* A CR at the very end, with no LF after it, is of the line. */
	if (line->len > 0 && line->data[line->len - 1] == '\r' &&
	    rest->data != line->data + line->len)
		line->len--;
	return true;
}

bool
span_next(struct span *rest, char separator, struct span *item)
{
	size_t at;

	if (rest->len == 0)
		return false;
	at = span_find(*rest, separator);
	*item = span_first(*rest, at);
	*rest = span_from(*rest, at + 1);
	return true;
}

bool
span_int(struct span s, int64_t min, int64_t max, int64_t *value)
{
	bool negative = min < 0 && s.len > 0 && s.data[0] == '-';
	int64_t sum = 0;

	if (negative)
		s = span_from(s, 1);
	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		int digit = s.data[i] - '0';

		if (!ascii_is_digit(s.data[i]) || __builtin_mul_overflow(sum, 10, &sum) ||
		    __builtin_add_overflow(sum, negative ? -digit : digit, &sum))
			return false;
	}
	if (sum < min || sum > max)
		return false;
	*value = sum;
	return true;
}

static size_t
buf_cap(const struct buf *b)
{
	return b->cap == 0 ? BUF_CAP : b->cap;
}

/* Makes room for len octets and a NUL; answers how many of them fit under the cap. */
static size_t
buf_reserve(struct buf *b, size_t len)
{
	size_t left = buf_cap(b) - b->len, need, room;

	if (len > left) {
		b->full = true;
		len = left;
	}
	need = size_plus(size_plus(b->len, len), 1);
	if (need <= b->room)
		return len;
	room = b->room < BUF_FIRST ? BUF_FIRST : b->room;
	while (room < need)
		room = size_times(room, 2);
	b->data = x_realloc(b->data, room, 1);
	b->room = room;
	return len;
}

void
buf_init(struct buf *b, size_t cap)
{
	*b = (struct buf){ .cap = cap };
}

void
buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ .cap = b->cap };
}

void
buf_clear(struct buf *b)
{
	b->len = 0;
	b->full = false;
	if (b->data != NULL)
		b->data[0] = '\0';
}

void
buf_add(struct buf *b, const void *data, size_t len)
{
	len = buf_reserve(b, len);
	if (len > 0)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void
buf_add_span(struct buf *b, struct span s)
{
	buf_add(b, s.data, s.len);
}

void
buf_add_text(struct buf *b, const char *text)
{
	buf_add_span(b, span_of(text));
}

void
buf_add_char(struct buf *b, char octet)
{
	buf_add(b, &octet, 1);
}

/* Twice through the format only where the room at hand was too small. */
void
buf_printf(struct buf *b, const char *format, ...)
{
	size_t fits = buf_reserve(b, 0), at_hand = b->room - b->len;
	va_list args, again;
	int len;

	va_start(args, format);
	va_copy(again, args);
	len = vsnprintf(b->data + b->len, at_hand, format, args);
	va_end(args);
	if (len < 0)
		die("buf_printf: not a format: %s", format);
	fits = buf_reserve(b, (size_t)len);
	if ((size_t)len >= at_hand)
		(void)vsnprintf(b->data + b->len, fits + 1, format, again);
	va_end(again);
	b->len += fits;
	b->data[b->len] = '\0';
}

void
buf_drop(struct buf *b, size_t len)
{
	if (len >= b->len)
		len = b->len;
	if (len == 0)
		return;
	memmove(b->data, b->data + len, b->len - len);
	b->len -= len;
	b->data[b->len] = '\0';
}

struct span
buf_span(const struct buf *b)
{
	return (struct span){ b->data, b->len };
}

const char *
buf_text(const struct buf *b)
{
	return b->data == NULL ? "" : b->data;
}

bool
buf_ok(const struct buf *b)
{
	return !b->full;
}
