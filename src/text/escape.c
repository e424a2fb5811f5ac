/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "text/escape.h"

#include <string.h>

enum { TOKEN_MIN = 20 }; /* letters that make a path segment of ours a secret */

/* What an octet becomes, NULL where it stays: the apostrophe is the caller's. */
static const char *
instead_of(unsigned char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	case '\t':
	case '\n':
		return NULL;
	default:
		return c < 0x20 || c == 0x7f ? "" : NULL;
	}
}

/* Octets that may have to be replaced; all others are passed over quickly. */
static bool
is_plain(unsigned char c)
{
	return c > '>' ? c != 0x7f : c == ' ' || (c > '\'' && c < '<') || (c >= '#' && c < '&');
}

static void
add_escaped(struct buf *out, struct span text, bool apostrophe)
{
	size_t start = 0;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];
		const char *instead;

		if (is_plain(c) || (c == '\'' && !apostrophe))
			continue;
		instead = instead_of(c);
		if (c == '\r') /* browsers read CRLF and CR as LF */
			instead = i + 1 < text.len && text.data[i + 1] == '\n' ? "" : "\n";
		if (instead == NULL)
			continue;
		buf_add(out, text.data + start, i - start);
		buf_add_text(out, instead);
		start = i + 1;
	}
	buf_add_span(out, span_from(text, start));
}

void
escape_text(struct buf *out, struct span text)
{
	add_escaped(out, text, false);
}

void
escape_attr(struct buf *out, struct span text)
{
	add_escaped(out, text, true);
}

/* What may stand in an address at all: no blank, no control, nothing that browsers
 * rewrite (a backslash becomes a slash, tabs and line ends vanish), no invisible
 * character that makes one address look like another. */
static bool
url_octets_ok(struct span url)
{
	for (size_t i = 0; i < url.len; i++) {
		unsigned char c = (unsigned char)url.data[i];
		unsigned char d = i + 1 < url.len ? (unsigned char)url.data[i + 1] : 0;
		unsigned char e = i + 2 < url.len ? (unsigned char)url.data[i + 2] : 0;

		if (c <= 0x20 || c == 0x7f || c == '\\' || c == '<' || c == '>' || c == '"')
			return false;
		if (c == 0xc2 && (d < 0xa1 || d == 0xad)) /* C1, no-break space, soft hyphen */
			return false;
		if (c == 0xe2 && d == 0x80 && e >= 0x80 && e <= 0xaf) /* U+2000-202F */
			return false;
		if (c == 0xe2 && d == 0x81 && e >= 0x9f && e <= 0xaf) /* U+205F-206F */
			return false;
		if (c == 0xef && d == 0xbb && e == 0xbf) /* U+FEFF */
			return false;
		if (c == 0xe3 && d == 0x80 && e == 0x80) /* U+3000 */
			return false;
	}
	return true;
}

/* "host[:port]" up to the path; a name or password before the host is refused. */
static bool
url_host_ok(struct span rest)
{
	size_t end = 0;

	while (end < rest.len && !strchr("/?#", rest.data[end]))
		end++;
	rest = span_first(rest, end);
	if (rest.len == 0 || span_find(rest, '@') < rest.len)
		return false;
	return rest.data[0] == '[' || (unsigned char)rest.data[0] >= 0x80 ||
	       ascii_is_alpha(rest.data[0]) || ascii_is_digit(rest.data[0]);
}

static bool
is_mailto(struct span url)
{
	return span_starts_nocase(url, "mailto:");
}

bool
escape_url_ok(struct span url)
{
	if (url.len > ESCAPE_URL_MAX || !url_octets_ok(url))
		return false;
	if (span_starts_nocase(url, "https://"))
		return url_host_ok(span_from(url, 8));
	if (span_starts_nocase(url, "http://"))
		return url_host_ok(span_from(url, 7));
	if (is_mailto(url)) {
		size_t at = span_find(url, '@');

		return at > 7 && at + 1 < url.len && url.data[7] != '?';
	}
	return false;
}

void
escape_url(struct buf *out, struct span url)
{
	static const char hex[] = "0123456789ABCDEF";
	static const char safe[] = "-._~:/?#@!$()*+,;=%"; /* RFC 3986 §2, but [ ] and ' */

	for (size_t i = 0; i < url.len; i++) {
		unsigned char c = (unsigned char)url.data[i];

		if (c == '&') {
			buf_add_text(out, "&amp;");
		} else if (c < 0x80 && (ascii_is_alpha((char)c) || ascii_is_digit((char)c) ||
					   (c != 0 && strchr(safe, c)))) {
			buf_add_char(out, (char)c);
		} else {
			buf_add_char(out, '%');
			buf_add_char(out, hex[c >> 4]);
			buf_add_char(out, hex[c & 15]);
		}
	}
}

void
escape_link(struct buf *out, struct span url, struct span label)
{
	bool ok = escape_url_ok(url);

	if (ok) {
		buf_add_text(out, "<a href=\"");
		escape_url(out, url);
		buf_add_text(out, "\" rel=\"nofollow ugc noopener\">");
	}
	escape_text(out, label);
	if (ok)
		buf_add_text(out, "</a>");
}

/* What can stand before an @; octets of other scripts count, for masking is to err
 * on the side of hiding. */
static bool
is_local_octet(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || (unsigned char)c >= 0x80 ||
	       (c != '\0' && strchr(".!#$%&'*+-/=?^_`{|}~", c));
}

/* Octets of "@" or "%40" at i, 0 where there is none. */
static size_t
at_sign(struct span text, size_t i)
{
	if (text.data[i] == '@')
		return 1;
	return span_starts(span_from(text, i), "%40") ? 3 : 0;
}

static bool
domain_follows(struct span text, size_t i)
{
	if (i >= text.len)
		return false;
	return ascii_is_alpha(text.data[i]) || ascii_is_digit(text.data[i]) ||
	       text.data[i] == '[' || (unsigned char)text.data[i] >= 0x80;
}

/* Where the local part that ends before `at` begins, not before `from`. In an URL the
 * part after the last "/", "=", "?" or "&" is the person's. */
static size_t
local_start(struct span text, size_t from, size_t at)
{
	size_t i = at, part = at;
	bool url = false;

	while (i > from && is_local_octet(text.data[i - 1])) {
		i--;
		url = url || text.data[i] == '/' || text.data[i] == '?';
	}
	while (part > i && !strchr("/=?&", text.data[part - 1]))
		part--;
	return url ? part : i;
}

static size_t
code_point_len(struct span text, size_t i)
{
	size_t len = 1;

	while (i + len < text.len && ((unsigned char)text.data[i + len] & 0xc0) == 0x80)
		len++;
	return len;
}

/* Octets of the secret that follows "/u/" or "/ok/" at i; *lead is the prefix's. */
static size_t
token_at(struct span text, size_t i, size_t *lead)
{
	size_t end;

	if (span_starts(span_from(text, i), "/u/"))
		*lead = 3;
	else if (span_starts(span_from(text, i), "/ok/"))
		*lead = 4;
	else
		return 0;
	end = i + *lead;
	while (
	    end < text.len && (ascii_is_alpha(text.data[end]) || ascii_is_digit(text.data[end]) ||
				  text.data[end] == '-' || text.data[end] == '_'))
		end++;
	return end - i - *lead >= TOKEN_MIN ? end - i - *lead : 0;
}

void
escape_mask(struct buf *out, struct span text)
{
	size_t done = 0;

	for (size_t i = 0; i < text.len; i++) {
		size_t lead = 0, secret, at;

		if (text.data[i] == '/' && (secret = token_at(text, i, &lead)) > 0) {
			buf_add(out, text.data + done, i + lead - done);
			buf_add_text(out, "…");
			done = i + lead + secret;
			i = done - 1;
		} else if ((text.data[i] == '@' || text.data[i] == '%') &&
			   (at = at_sign(text, i)) > 0 && domain_follows(text, i + at)) {
			size_t start = local_start(text, done, i);

			if (start == i)
				continue;
			buf_add(out, text.data + done, start - done);
			buf_add(out, text.data + start, code_point_len(text, start));
			buf_add_text(out, "…");
			done = i;
		}
	}
	buf_add_span(out, span_from(text, done));
}
