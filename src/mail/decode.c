/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "mail/decode.h"

#include <stdint.h>
#include <string.h>

/* Value of a base64 letter, or -1. */
static int
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* The same for a whole line at a time. */
static const int8_t *
base64_table(void)
{
	static int8_t table[256];

	if (table['B'] == 0)
		for (int i = 0; i < 256; i++)
			table[i] = (int8_t)base64_value((char)(unsigned char)i);
	return table;
}

struct quantum {
	uint32_t bits;
	int count; /* letters, 0-3 */
};

static void
quantum_add(struct quantum *q, int value, struct buf *out)
{
	q->bits = q->bits << 6 | (uint32_t)value;
	if (++q->count < 4)
		return;
	char octets[3] = { (char)(uint8_t)(q->bits >> 16), (char)(uint8_t)(q->bits >> 8),
		(char)(uint8_t)q->bits };
	buf_add(out, octets, 3);
	*q = (struct quantum){ 0 };
}

/* The end of the text or of a padded run: two letters are one octet, three are two. */
static void
quantum_end(struct quantum *q, struct buf *out)
{
	if (q->count == 3) {
		buf_add_char(out, (char)(uint8_t)(q->bits >> 10));
		buf_add_char(out, (char)(uint8_t)(q->bits >> 2));
	} else if (q->count == 2) {
		buf_add_char(out, (char)(uint8_t)(q->bits >> 4));
	}
	*q = (struct quantum){ 0 };
}

/* Where the line that holds `at` ends. */
static size_t
line_end(struct span in, size_t at)
{
	const char *lf = memchr(in.data + at, '\n', in.len - at);

	return lf != NULL ? (size_t)(lf - in.data) : in.len;
}

/* After padding: is the rest of this line nothing but base64? */
static bool
line_is_base64(struct span line)
{
	line = span_trim(line);
	size_t letters = 0;

	for (size_t i = 0; i < line.len; i++) {
		if (base64_value(line.data[i]) >= 0 || line.data[i] == '=')
			letters++;
		else
			return false;
	}
	return letters % 4 == 0;
}

/* Whole quanta from `at` on, as they stand in a sound line; octets that were read. */
static size_t
decode_quanta(struct span in, size_t at, struct buf *out)
{
	const int8_t *table = base64_table();
	char octets[192];
	size_t n = 0, i = at;

	for (; i + 4 <= in.len && n + 3 <= sizeof octets; i += 4) {
		const unsigned char *c = (const unsigned char *)in.data + i;
		int v[4] = { table[c[0]], table[c[1]], table[c[2]], table[c[3]] };
		if ((v[0] | v[1] | v[2] | v[3]) < 0)
			break;
		octets[n++] = (char)(uint8_t)(v[0] << 2 | v[1] >> 4);
		octets[n++] = (char)(uint8_t)(v[1] << 4 | v[2] >> 2);
		octets[n++] = (char)(uint8_t)(v[2] << 6 | v[3]);
	}
	buf_add(out, octets, n);
	return i - at;
}

void
decode_base64(struct span in, struct buf *out)
{
	struct quantum q = { 0 };
	bool padded = false;
	size_t checked = 0; /* lines before this are known to be base64 */

	for (size_t i = 0; i < in.len && !out->full; i++) {
		if (!padded && q.count == 0)
			i += decode_quanta(in, i, out);
		if (i == in.len)
			break;
		char c = in.data[i];
		if (c == '=') {
			quantum_end(&q, out);
			padded = true;
			continue;
		}
		int value = base64_value(c);
		if (value < 0)
			continue;
		if (padded && i >= checked) {
			checked = line_end(in, i);
			if (!line_is_base64(span_first(span_from(in, i), checked - i)))
				break;
		}
		quantum_add(&q, value, out);
	}
	quantum_end(&q, out);
}

/* Octets that a soft line break at `at` (an "=") takes, or 0 where it is none. */
static size_t
soft_break(struct span in, size_t at)
{
	size_t i = at + 1;

	while (i < in.len && ascii_is_blank(in.data[i]))
		i++;
	if (i == in.len)
		return i - at;
	if (in.data[i] == '\r' && i + 1 < in.len && in.data[i + 1] == '\n')
		return i + 2 - at;
	return in.data[i] == '\n' ? i + 1 - at : 0;
}

/* Blanks at `at`: how many if a line end follows, where they were not meant. */
static size_t
trailing_blanks(struct span in, size_t at)
{
	size_t i = at;

	while (i < in.len && ascii_is_blank(in.data[i]))
		i++;
	bool is_end = i == in.len || in.data[i] == '\n' || in.data[i] == '\r';
	return is_end ? i - at : 0;
}

/* A run of blanks whole, so that a long one is looked at once. */
static size_t
decode_blanks(struct span in, size_t at, struct buf *out)
{
	size_t gone = trailing_blanks(in, at), n = 0;

	if (gone > 0)
		return gone;
	while (at + n < in.len && ascii_is_blank(in.data[at + n]))
		n++;
	buf_add(out, in.data + at, n);
	return n;
}

static size_t
decode_equals(struct span in, size_t at, struct buf *out)
{
	if (at + 2 < in.len) {
		int high = ascii_hex(in.data[at + 1]), low = ascii_hex(in.data[at + 2]);
		if (high >= 0 && low >= 0) {
			buf_add_char(out, (char)(uint8_t)(high << 4 | low));
			return 3;
		}
	}
	size_t gone = soft_break(in, at);
	if (gone > 0)
		return gone;
	buf_add_char(out, '=');
	return 1;
}

void
decode_qp(struct span in, bool underscore_is_blank, struct buf *out)
{
	for (size_t i = 0; i < in.len && !out->full;) {
		char c = in.data[i];
		if (c == '=') {
			i += decode_equals(in, i, out);
		} else if (!underscore_is_blank && ascii_is_blank(c)) {
			i += decode_blanks(in, i, out);
		} else {
			buf_add_char(out, underscore_is_blank && c == '_' ? ' ' : c);
			i++;
		}
	}
}
