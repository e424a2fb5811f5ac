/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "mail/signature.h"

#include <string.h>

/* Atoms, dots and the @ (RFC 5322 §3.2.3, §3.4.1), and UTF-8 (RFC 6532). */
static bool
is_plain(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || (unsigned char)c >= 0x80 ||
	    (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~.@", c) != NULL);
}

/* dkim-quoted-printable (RFC 6376 §2.11): "=3B" is ";", blanks are nothing. An = that begins no
 * such octet stands for itself. */
static bool
value_is_plain(struct span value)
{
	int high, low;
	size_t i = 0;

	while (i < value.len) {
		char c = value.data[i++];

		if (ascii_is_space(c))
			continue;
		high = c == '=' && i + 1 < value.len ? ascii_hex(value.data[i]) : -1;
		low = high >= 0 ? ascii_hex(value.data[i + 1]) : -1;
		if (low >= 0) {
			c = (char)(high * 16 + low);
			i += 2;
		}
		if (!is_plain(c))
			return false;
	}
	return true;
}

bool
signature_is_plain(struct span field)
{
	struct span tag, name;
	size_t equal;

	while (span_next(&field, ';', &tag)) {
		equal = span_find(tag, '=');
		name = span_trim(span_first(tag, equal));
		if ((span_is_nocase(name, "d") || span_is_nocase(name, "i") ||
			span_is_nocase(name, "s")) &&
		    !value_is_plain(span_from(tag, equal + 1)))
			return false;
	}
	return true;
}
