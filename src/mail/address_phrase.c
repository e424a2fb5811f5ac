/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Display names of mailboxes, as a header may carry them (mail/address.h). */
#include "mail/address.h"

#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"

enum { WORD_MAX = 75 }; /* octets of an encoded-word, RFC 2047 §2 */

/* Words without what follows an "@": a name never carries an address (a sign of spam
 * to filters, and people see the name where they expect the address). */
static void
drop_addresses(struct span name, struct buf *out)
{
	struct span word;

	while (span_next(&name, ' ', &word)) {
		word = span_first(word, span_find(word, '@'));
		if (word.len == 0)
			continue;
		if (out->len > 0)
			buf_add_char(out, ' ');
		buf_add_span(out, word);
	}
}

/* May it stand between quotes? What looks like an encoded-word may not: many readers decode
 * it there all the same, and then it says what it likes, ends of lines included. */
static bool
is_quotable(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		if ((unsigned char)s.data[i] >= 0x80)
			return false;
	}
	return span_find_text(s, "=?") == s.len;
}

static void
write_quoted(struct span name, struct buf *out)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < name.len; i++) {
		if (name.data[i] == '"' || name.data[i] == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, name.data[i]);
	}
	buf_add_char(out, '"');
}

/* RFC 2047 §5 (3): what stands for itself inside a phrase. */
static bool
is_plain(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || (c != '\0' && strchr("!*+-/", c) != NULL);
}

/* One code point in Q; answers octets written. */
static size_t
write_q(struct span point, char out[12])
{
	static const char hex[] = "0123456789ABCDEF";
	size_t n = 0;

	for (size_t i = 0; i < point.len; i++) {
		unsigned char c = (unsigned char)point.data[i];

		if (c == ' ') {
			out[n++] = '_';
		} else if (is_plain((char)c)) {
			out[n++] = (char)c;
		} else {
			out[n++] = '=';
			out[n++] = hex[c >> 4];
			out[n++] = hex[c & 15];
		}
	}
	return n;
}

/* Encoded-words never part a code point (RFC 2047 §5), whence the walk by code points. */
static void
write_encoded(struct span name, struct buf *out)
{
	size_t line = WORD_MAX;
	const char *gap = "";

	while (name.len > 0) {
		struct span rest = name;
		char q[12];
		uint32_t code;
		size_t n;

		(void)utf8_next(&rest, &code);
		n = write_q(span_first(name, name.len - rest.len), q);
		if (line + n + 2 > WORD_MAX) {
			buf_add_text(out, gap);
			buf_add_text(out, "=?UTF-8?Q?");
			gap = "?= ";
			line = 10;
		}
		buf_add(out, q, n);
		line += n;
		name = rest;
	}
	buf_add_text(out, "?=");
}

void
address_write_phrase(struct span name, struct buf *out)
{
	struct arena *arena = arena_new();
	struct buf clean;
	struct span text;

	buf_init(&clean, 0);
	drop_addresses(utf8_line(arena, utf8_clean(arena, name)), &clean);
	text = span_trim(utf8_first(buf_span(&clean), ADDRESS_NAME_MAX));
	if (text.len > 0) {
		if (is_quotable(text))
			write_quoted(text, out);
		else
			write_encoded(text, out);
	}
	buf_free(&clean);
	arena_free(&arena);
}

void
address_write_mailbox(struct span name, struct span address, struct buf *out)
{
	size_t before = out->len;

	address_write_phrase(name, out);
	buf_add_text(out, out->len > before ? " <" : "<");
	buf_add_span(out, address);
	buf_add_char(out, '>');
}
