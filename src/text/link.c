/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "text/link.h"

#include <string.h>

#include "text/escape.h"

enum { LOCAL_MAX = 64, DOMAIN_MAX = 253 }; /* RFC 5321 §4.5.3.1 */

static bool
is_word(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || (unsigned char)c >= 0x80;
}

/* Does a letter of another alphabet, or one with an accent, stand before i? Not so
 * no-break spaces and typographic quotation marks. */
static bool
after_foreign_letter(struct span s, size_t i)
{
	if (i == 0 || (unsigned char)s.data[i - 1] < 0x80)
		return false;
	if (i >= 2 && (unsigned char)s.data[i - 2] == 0xc2) /* no-break space, « and kin */
		return false;
	return i < 3 || memcmp(s.data + i - 3, "\xe2\x80", 2) != 0;
}

static bool
after_letter(struct span s, size_t i)
{
	if (i > 0 && (ascii_is_alpha(s.data[i - 1]) || ascii_is_digit(s.data[i - 1])))
		return true;
	return after_foreign_letter(s, i);
}

/* Octets up to the first that cannot stand in an address in running text. */
static size_t
run_len(struct span s)
{
	size_t i = 0;

	while (i < s.len && i <= ESCAPE_URL_MAX) {
		unsigned char c = (unsigned char)s.data[i];
		unsigned char d = i + 1 < s.len ? (unsigned char)s.data[i + 1] : 0;

		if (c <= 0x20 || c == 0x7f || strchr("<>\"\\`|^{}", (char)c))
			break;
		if (c == 0xc2 && (d < 0xa1 || d == 0xab || d == 0xbb)) /* no-break space, « » */
			break;
		if (c == 0xe2 && d == 0x80) /* typographic blanks, dashes and quotation marks */
			break;
		i++;
	}
	return i;
}

/* Without the punctuation that ends a sentence, and without a bracket that was
 * opened before the address. */
static size_t
trimmed_len(const char *data, size_t len)
{
	size_t opened = 0, closed = 0;

	for (size_t i = 0; i < len; i++) {
		opened += data[i] == '(';
		closed += data[i] == ')';
	}
	while (len > 0) {
		char c = data[len - 1];

		if (c == ')' && closed > opened)
			closed--;
		else if (c == ')' || !strchr(".,;:!?'*_~]", c))
			break;
		len--;
	}
	return len;
}

/* Octets of an address of the web at the front of s, 0 where there is none; *run
 * is what was looked at, which is not worth a second look. */
static size_t
web_len(struct span s, enum link_kind *kind, size_t *run)
{
	size_t lead, len;

	if (span_starts_nocase(s, "https://"))
		lead = 8;
	else if (span_starts_nocase(s, "http://"))
		lead = 7;
	else if (span_starts_nocase(s, "www."))
		lead = 4;
	else
		return 0;
	*kind = lead == 4 ? LINK_WWW : LINK_WEB;
	len = *run = run_len(s);
	if (len > ESCAPE_URL_MAX)
		return 0;
	len = trimmed_len(s.data, len);
	if (len <= lead || !is_word(s.data[lead]))
		return 0;
	if (*kind == LINK_WWW && span_find(span_make(s.data + lead, len - lead), '.') == len - lead)
		return 0;
	return *kind == LINK_WWW || escape_url_ok(span_first(s, len)) ? len : 0;
}

static bool
is_local(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || (c != '\0' && strchr("._%+-'", c));
}

/* Length of a domain with at least one dot and a last label of letters, else 0. */
static size_t
domain_len(struct span s)
{
	size_t len = 0, dot = 0;

	while (len < s.len && len <= DOMAIN_MAX &&
	       (ascii_is_alpha(s.data[len]) || ascii_is_digit(s.data[len]) || s.data[len] == '-' ||
		   s.data[len] == '.')) {
		if (s.data[len] == '.' && (len == 0 || s.data[len - 1] == '.'))
			break;
		len++;
	}
	while (len > 0 && (s.data[len - 1] == '.' || s.data[len - 1] == '-'))
		len--;
	for (size_t i = 0; i < len; i++)
		if (s.data[i] == '.')
			dot = i;
	if (len > DOMAIN_MAX || dot == 0 || len - dot < 3 || !ascii_is_alpha(s.data[dot + 1]))
		return 0;
	return len;
}

/* The address around the @ at `at`, not before `from`. */
static bool
mail_at(struct span s, size_t from, size_t at, size_t *start, size_t *len)
{
	size_t i = at, domain;

	while (i > from && at - i <= LOCAL_MAX && is_local(s.data[i - 1]))
		i--;
	while (i < at && strchr(".'-", s.data[i]))
		i++;
	if (i == at || at - i > LOCAL_MAX || s.data[at - 1] == '.' || after_foreign_letter(s, i) ||
	    (i > 0 && s.data[i - 1] == '@'))
		return false;
	domain = domain_len(span_from(s, at + 1));
	if (domain == 0 || (at + 1 + domain < s.len && s.data[at + 1 + domain] == '@'))
		return false;
	*start = i;
	*len = at + 1 + domain - i;
	return true;
}

bool
link_next(struct span *rest, struct span *before, struct span *link, enum link_kind *kind)
{
	struct span s = *rest;
	size_t from = 0;

	for (size_t i = 0; i < s.len; i++) {
		char c = ascii_lower(s.data[i]);
		size_t start = i, len = 0, run = 0;

		if ((c == 'h' || c == 'w') && !after_letter(s, i))
			len = web_len(span_from(s, i), kind, &run);
		else if (c == '@' && mail_at(s, from, i, &start, &len))
			*kind = LINK_MAIL;
		if (len > 0) {
			*before = span_first(s, start);
			*link = span_make(s.data + start, len);
			*rest = span_from(s, start + len);
			return true;
		}
		if (run > 0) {
			i += run - 1;
			from = i + 1;
		}
	}
	return false;
}
