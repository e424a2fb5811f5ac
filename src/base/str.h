/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* base/str.h: slices of bytes and growing buffers.
 *
 * A span is a borrowed run of octets, not NUL-terminated, which may hold any
 * octet. A buf owns its memory, grows by itself, is NUL-terminated beyond its
 * length for the convenience of printing, and has a hard cap: going over it
 * sets `full`, drops what does not fit, and never moves on silently if the
 * caller asks buf_ok(). */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
	const char *data; /* never NULL where len > 0 */
	size_t len;       /* octets */
};

#define SPAN_FORMAT "%.*s"
#define SPAN_ARGS(s) (int)(s).len, (s).data
#define SPAN(literal) ((struct span){ "" literal, sizeof(literal) - 1 })

struct span
span_of(const char *text); /* strlen; NULL gives the empty span */

struct span
span_make(const void *data, size_t len);

struct span
span_from(struct span s, size_t offset); /* the rest; empty if offset is beyond */

struct span
span_first(struct span s, size_t len); /* at most len octets */

bool
span_equal(struct span a, struct span b);

bool
span_is(struct span s, const char *text);

/* ASCII case is ignored, other octets compared exactly. */
bool
span_is_nocase(struct span s, const char *text);

bool
span_equal_nocase(struct span a, struct span b);

bool
span_starts(struct span s, const char *prefix);

bool
span_starts_nocase(struct span s, const char *prefix);

bool
span_ends(struct span s, const char *suffix);

/* Without ASCII blanks (space, tab, CR, LF) at both ends. */
struct span
span_trim(struct span s);

/* Offset of the first such octet, or s.len. */
size_t
span_find(struct span s, char octet);

/* Offset behind the last such octet, or 0 where there is none. */
size_t
span_behind_last(struct span s, char octet);

/* Offset of the first occurrence of text, or s.len. */
size_t
span_find_text(struct span s, const char *text);

/* Does any octet of C0, or DEL, stand in it? */
bool
span_has_control(struct span s);

/* Cuts the next line off *rest: without its end (LF or CRLF). False at the end. */
bool
span_next_line(struct span *rest, struct span *line);

/* Cuts off what stands before the next separator octet. False at the end; nothing
 * after the last separator is the end, not an empty item. */
bool
span_next(struct span *rest, char separator, struct span *item);

/* Digits only (one minus before them where min < 0), whole span, within [min, max]:
 * the one way numbers come in. */
bool
span_int(struct span s, int64_t min, int64_t max, int64_t *value);

struct buf {
	char *data;  /* NUL-terminated once anything was added */
	size_t len;  /* octets */
	size_t room; /* allocated */
	size_t cap;  /* hard limit of len; 0 = BUF_CAP */
	bool full;   /* something did not fit */
};

enum { BUF_CAP = 64 * 1024 * 1024 };

/* A zeroed struct buf is a valid empty buffer with the default cap. */
void
buf_init(struct buf *b, size_t cap);

void
buf_free(struct buf *b);

/* Empties it, keeps the memory, clears `full`. */
void
buf_clear(struct buf *b);

void
buf_add(struct buf *b, const void *data, size_t len);

void
buf_add_span(struct buf *b, struct span s);

void
buf_add_text(struct buf *b, const char *text);

void
buf_add_char(struct buf *b, char octet);

void
buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Removes octets at the front. */
void
buf_drop(struct buf *b, size_t len);

struct span
buf_span(const struct buf *b);

/* Text of the buffer, "" when nothing was ever added. */
const char *
buf_text(const struct buf *b);

bool
buf_ok(const struct buf *b); /* everything fitted */

/* ASCII only; independent of the locale. Inline, since they stand in the loops over every
 * octet that comes in. */
static inline char
ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static inline bool
ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
ascii_is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static inline bool
ascii_is_alpha(char c)
{
	return ascii_is_lower(ascii_lower(c));
}

/* Space, tab. */
static inline bool
ascii_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Space, tab, CR, LF, VT, FF. */
static inline bool
ascii_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* C0 and DEL; octets over 127 are not. */
static inline bool
ascii_is_control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f;
}

/* What is printed and no space; octets over 127 are not. */
static inline bool
ascii_is_graphic(char c)
{
	return c > ' ' && c < 0x7f;
}

/* 0 to 15, or -1. */
static inline int
ascii_hex(char c)
{
	c = ascii_lower(c);
	if (ascii_is_digit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
