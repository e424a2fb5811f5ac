/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* UTF-8, and the three shapes of text the house needs: clean, on one line, folded.
 * Folding covers Latin as Europe writes it, Greek and Cyrillic; other scripts pass
 * as they are. A table of our own keeps a Unicode library out of every process. */
#include "base/utf8.h"

#include <string.h>

#include "base/alloc.h"

enum { REPLACEMENT = 0xfffd };

/* Octets of the code point at the front, or 0: RFC 3629 §4. */
static size_t
utf8_read(struct span s, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char first = (unsigned char)s.data[0];
	size_t len = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	if (len == 0 || len > s.len || first > 0xf4)
		return 0;
	*code = len == 1 ? first : first & (0x7fU >> len);
	for (size_t i = 1; i < len; i++) {
		unsigned char next = (unsigned char)s.data[i];

		if ((next & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (next & 0x3f);
	}
	if (*code < least[len] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return len;
}

/* Octets of plain ASCII at the front, eight at a time: most text is little else. */
static size_t
ascii_run(struct span s)
{
	size_t n = 0;
	uint64_t eight;

	for (; n + sizeof(eight) <= s.len; n += sizeof(eight)) {
		memcpy(&eight, s.data + n, sizeof(eight));
		if ((eight & UINT64_C(0x8080808080808080)) != 0)
			break;
	}
	while (n < s.len && (unsigned char)s.data[n] < 0x80)
		n++;
	return n;
}

bool
utf8_is_valid(struct span s)
{
	uint32_t code;

	for (s = span_from(s, ascii_run(s)); s.len > 0; s = span_from(s, ascii_run(s))) {
		size_t len = utf8_read(s, &code);

		if (len == 0)
			return false;
		s = span_from(s, len);
	}
	return true;
}

bool
utf8_is_line(struct span s)
{
	return utf8_is_valid(s) && !span_has_control(s);
}

bool
utf8_next(struct span *rest, uint32_t *code)
{
	size_t len;

	if (rest->len == 0)
		return false;
	if ((unsigned char)rest->data[0] < 0x80) {
		*code = (unsigned char)rest->data[0];
		rest->data++;
		rest->len--;
		return true;
	}
	len = utf8_read(*rest, code);
	if (len == 0) {
		*code = REPLACEMENT;
		len = 1;
	}
	*rest = span_from(*rest, len);
	return true;
}

void
utf8_add(struct buf *out, uint32_t code)
{
	unsigned char octets[4];
	size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	if (len == 1) {
		buf_add_char(out, (char)code);
		return;
	}
	if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
		code = REPLACEMENT;
		len = 3;
	}
	for (size_t i = len - 1; i > 0; i--) {
		octets[i] = (unsigned char)(0x80 | (code & 0x3f));
		code >>= 6;
	}
	octets[0] = (unsigned char)((0xf00U >> len & 0xff) | code);
	buf_add(out, octets, len);
}

/* Moves what was built into the arena. */
static struct span
utf8_keep(struct arena *arena, struct buf *out)
{
	struct span kept = arena_span(arena, buf_span(out));

	buf_free(out);
	return kept;
}

struct span
utf8_clean(struct arena *arena, struct span s)
{
	struct buf out = { 0 };
	uint32_t code;

	if (utf8_is_valid(s) && span_find(s, '\0') == s.len)
		return arena_span(arena, s);
	while (utf8_next(&s, &code))
		if (code != 0)
			utf8_add(&out, code);
	return utf8_keep(arena, &out);
}

size_t
utf8_count(struct span s)
{
	size_t count = 0;
	uint32_t code;

	while (utf8_next(&s, &code))
		count++;
	return count;
}

struct span
utf8_first(struct span s, size_t count)
{
	struct span rest = s;
	uint32_t code;

	while (count > 0 && utf8_next(&rest, &code))
		count--;
	return span_first(s, s.len - rest.len);
}

/* Ends of lines and tabs stand for a blank; they part words. */
static bool
is_blank_control(uint32_t code)
{
	return (code >= '\t' && code <= '\r') || code == 0x85 || code == 0x2028 || code == 0x2029;
}

static bool
is_blank(uint32_t code)
{
	return code == ' ' || is_blank_control(code) || code == 0xa0 || code == 0x1680 ||
	       (code >= 0x2000 && code <= 0x200a) || code == 0x202f || code == 0x205f ||
	       code == 0x3000;
}

/* Controls, what turns the direction of writing, and what has no width at all:
 * with these a name can be made to look like another. */
static bool
is_unfit(uint32_t code)
{
	/* clang-format off */
	static const struct { uint32_t first, last; } unfit[] = {
		{ 0x00, 0x1f }, { 0x7f, 0x9f }, { 0xad, 0xad }, { 0x61c, 0x61c }, { 0x180e, 0x180e },
		{ 0x200b, 0x200b }, { 0x200e, 0x200f }, { 0x202a, 0x202e }, { 0x2060, 0x206f },
		{ 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, { 0xe0000, 0xe007f },
	};
	/* clang-format on */

	if (code >= ' ' && code < 0x7f)
		return false;
	for (size_t i = 0; i < sizeof(unfit) / sizeof(unfit[0]); i++)
		if (code >= unfit[i].first && code <= unfit[i].last)
			return true;
	return false;
}

/* A blank alone stays what it is: French has its narrow no-break space. */
struct span
utf8_line(struct arena *arena, struct span s)
{
	struct buf out = { 0 };
	uint32_t code, blank = 0;

	while (utf8_next(&s, &code)) {
		if (is_blank(code)) {
			blank = blank != 0 || is_blank_control(code) ? ' ' : code;
			continue;
		}
		if (is_unfit(code))
			continue;
		if (blank != 0 && out.len > 0)
			utf8_add(&out, blank);
		blank = 0;
		utf8_add(&out, code);
	}
	return utf8_keep(arena, &out);
}

/* clang-format off */
/* U+00C0 to U+017F; the two signs of arithmetic stay. */
static const char latin[][3] = {
	"a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i", "i", /* C0 */
	"d", "n", "o", "o", "o", "o", "o", "", "o", "u", "u", "u", "u", "y", "th", "ss", /* D0 */
	"a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i", "i", /* E0 */
	"d", "n", "o", "o", "o", "o", "o", "", "o", "u", "u", "u", "u", "y", "th", "y",  /* F0 */
	"a", "a", "a", "a", "a", "a", "c", "c", "c", "c", "c", "c", "c", "c", "d", "d",  /* 100 */
	"d", "d", "e", "e", "e", "e", "e", "e", "e", "e", "e", "e", "g", "g", "g", "g",  /* 110 */
	"g", "g", "g", "g", "h", "h", "h", "h", "i", "i", "i", "i", "i", "i", "i", "i",  /* 120 */
	"i", "i", "ij", "ij", "j", "j", "k", "k", "k", "l", "l", "l", "l", "l", "l", "l", /* 130 */
	"l", "l", "l", "n", "n", "n", "n", "n", "n", "'n", "n", "n", "o", "o", "o", "o", /* 140 */
	"o", "o", "oe", "oe", "r", "r", "r", "r", "r", "r", "s", "s", "s", "s", "s", "s", /* 150 */
	"s", "s", "t", "t", "t", "t", "t", "t", "u", "u", "u", "u", "u", "u", "u", "u",  /* 160 */
	"u", "u", "u", "u", "w", "w", "y", "y", "y", "z", "z", "z", "z", "z", "z", "s",  /* 170 */
};
/* clang-format on */

static bool
is_apostrophe(uint32_t code)
{
	return code == '`' || code == 0xb4 || code == 0x2b9 || code == 0x2bc || code == 0x2018 ||
	       code == 0x2019 || code == 0x2032;
}

/* What folds to other text, or NULL. "" drops the code point. */
static const char *
fold_text(uint32_t code)
{
	if (code >= 0xc0 && code <= 0x17f && code != 0xd7 && code != 0xf7)
		return latin[code - 0xc0];
	if (code >= 0x300 && code <= 0x36f) /* accents of decomposed letters */
		return "";
	if (is_blank(code))
		return " ";
	if (is_apostrophe(code))
		return "'";
	if (code == 0x2010 || code == 0x2011)
		return "-";
	if (code == 0x218 || code == 0x219) /* Romanian, with commas */
		return "s";
	if (code == 0x21a || code == 0x21b)
		return "t";
	return code == 0x1e9e ? "ss" : NULL;
}

static uint32_t
fold_greek(uint32_t code)
{
	static const uint32_t accented[][2] = { { 0x386, 0x3ac }, { 0x388, 0x3ad },
		{ 0x389, 0x3ae }, { 0x38a, 0x3af }, { 0x38c, 0x3cc }, { 0x38e, 0x3cd },
		{ 0x38f, 0x3ce }, { 0x3c2, 0x3c3 } };

	if (code >= 0x391 && code <= 0x3ab && code != 0x3a2)
		return code + 32;
	for (size_t i = 0; i < sizeof(accented) / sizeof(accented[0]); i++)
		if (accented[i][0] == code)
			return accented[i][1];
	return code;
}

static uint32_t
fold_cyrillic(uint32_t code)
{
	if (code <= 0x40f)
		return code + 80;
	if (code <= 0x42f)
		return code + 32;
	if ((code >= 0x460 && code <= 0x481) || (code >= 0x48a && code <= 0x4bf) || code >= 0x4d0)
		return code | 1;
	return code;
}

static uint32_t
fold_code(uint32_t code)
{
	if (code >= 'A' && code <= 'Z')
		return code + 32;
	if (code >= 0x386 && code <= 0x3ff)
		return fold_greek(code);
	if (code >= 0x400 && code <= 0x52f)
		return fold_cyrillic(code);
	return code;
}

static char
fold_ascii(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c + 32);
	if (c == '`')
		return '\'';
	return is_blank((uint32_t)c) ? ' ' : c;
}

/* Most of a text: octet by octet, in place. */
static void
fold_run(struct buf *out, struct span run)
{
	size_t at = out->len;

	buf_add_span(out, run);
	for (; at < out->len; at++)
		out->data[at] = fold_ascii(out->data[at]);
}

struct span
utf8_fold(struct arena *arena, struct span s)
{
	struct buf out = { 0 };
	uint32_t code;

	while (s.len > 0) {
		size_t run = ascii_run(s);
		const char *text;

		fold_run(&out, span_first(s, run));
		s = span_from(s, run);
		if (!utf8_next(&s, &code))
			break;
		text = fold_text(code);
		if (text != NULL)
			buf_add_text(&out, text);
		else
			utf8_add(&out, fold_code(code));
	}
	return utf8_keep(arena, &out);
}

char *
utf8_slug(struct arena *arena, struct span s, size_t max)
{
	struct span folded = utf8_fold(arena, s);
	char *slug = arena_alloc(arena, size_plus(max, 1));
	size_t len = 0;

	for (size_t i = 0; i < folded.len && len < max; i++) {
		char c = folded.data[i];

		if (ascii_is_alpha(c) || ascii_is_digit(c))
			slug[len++] = c;
		else if (len > 0 && slug[len - 1] != '-')
			slug[len++] = '-';
	}
	if (len > 0 && slug[len - 1] == '-')
		len--;
	slug[len] = '\0';
	return slug;
}
