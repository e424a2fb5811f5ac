/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "mail/address.h"

#include <arpa/inet.h>
#include <idn2.h>
#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"

/* RFC 5322 §3.2.3 atext beside letters and digits. */
static const char atext_signs[] = "!#$%&'*+-/=?^_`{|}~";

static bool
is_high(char c)
{
	return (unsigned char)c >= 0x80;
}

static bool
is_atext(char c)
{
	if (ascii_is_alpha(c) || ascii_is_digit(c))
		return true;
	return c != '\0' && strchr(atext_signs, c) != NULL;
}

/* Dots part atoms: none at an end, never two in a row. */
static bool
is_dot_string(struct span s)
{
	char before = '.';

	for (size_t i = 0; i < s.len; i++) {
		char c = s.data[i];

		if (c == '.' ? before == '.' : !is_atext(c) && !is_high(c))
			return false;
		before = c;
	}
	return before != '.';
}

bool
address_is_plain(struct span text)
{
	size_t at = span_behind_last(text, '@');

	return text.len == 0 || is_dot_string(span_first(text, at > 0 ? at - 1 : text.len));
}

/* Offset behind a quoted string that starts s, its content copied; 0 where it is none. */
static size_t
read_quoted(struct span s, char *out, size_t room, size_t *out_len)
{
	size_t i, n = 0;

	for (i = 1; i < s.len && s.data[i] != '"'; i++) {
		if (s.data[i] == '\\' && ++i == s.len)
			return 0;
		if (ascii_is_control(s.data[i]) || n == room)
			return 0;
		out[n++] = s.data[i];
	}
	*out_len = n;
	return i < s.len ? i + 1 : 0;
}

/* Reads the local part at the front of text; *used is the offset of the "@" or the end. */
static bool
read_local(struct span text, struct mail_address *address, size_t *used)
{
	struct span local;
	size_t len = 0;

	if (text.len > 0 && text.data[0] == '"') {
		*used = read_quoted(text, address->local, ADDRESS_LOCAL_MAX, &len);
		return *used > 0 && len > 0;
	}
	*used = span_find(text, '@');
	local = span_first(text, *used);
	if (local.len > ADDRESS_LOCAL_MAX || !is_dot_string(local))
		return false;
	memcpy(address->local, local.data, local.len);
	return true;
}

static bool
is_label(struct span label)
{
	if (label.len == 0 || label.len > 63)
		return false;
	if (label.data[0] == '-' || label.data[label.len - 1] == '-')
		return false;
	for (size_t i = 0; i < label.len; i++) {
		char c = label.data[i];

		if (!ascii_is_alpha(c) && !ascii_is_digit(c) && c != '-' && !is_high(c))
			return false;
	}
	return true;
}

/* RFC 5321 §4.1.3: an IPv4 or IPv6 literal between brackets. */
static bool
is_literal(struct span domain)
{
	char text[64];
	unsigned char number[16];
	struct span inner = { domain.data + 1, domain.len - 2 };
	int family = AF_INET;

	if (span_starts_nocase(inner, "IPv6:")) {
		inner = span_from(inner, 5);
		family = AF_INET6;
	}
	if (inner.len == 0 || inner.len >= sizeof(text) || memchr(inner.data, 0, inner.len))
		return false;
	memcpy(text, inner.data, inner.len);
	text[inner.len] = '\0';
	return inet_pton(family, text, number) == 1;
}

static bool
is_domain(struct span domain)
{
	struct span rest = domain, label;

	if (domain.len == 0 || domain.len > ADDRESS_DOMAIN_MAX)
		return false;
	if (domain.data[0] == '[')
		return domain.len > 2 && domain.data[domain.len - 1] == ']' && is_literal(domain);
	if (domain.data[domain.len - 1] == '.')
		return false;
	while (span_next(&rest, '.', &label)) {
		if (!is_label(label))
			return false;
	}
	return true;
}

static bool
has_high(const char *text)
{
	for (; *text != '\0'; text++) {
		if (is_high(*text))
			return true;
	}
	return false;
}

bool
address_parse(struct span text, unsigned flags, struct mail_address *address, struct err *err)
{
	struct span domain;
	size_t used = 0;

	memset(address, 0, sizeof(*address));
	if (text.len == 0 || text.len > ADDRESS_MAX || !address_is_safe(text) ||
	    !read_local(text, address, &used))
		return err_set(err, ERR_INVALID, "This is not an address.");
	if (used == text.len) {
		if ((flags & ADDRESS_NO_DOMAIN) == 0)
			return err_set(err, ERR_INVALID, "The address has no domain.");
	} else {
		domain = span_from(text, used + 1);
		if (text.data[used] != '@' || !is_domain(domain))
			return err_set(err, ERR_INVALID, "The address has no sound domain.");
		memcpy(address->domain, domain.data, domain.len);
	}
	if ((flags & ADDRESS_UTF8) == 0 && address_is_utf8(address))
		return err_set(err, ERR_INVALID, "The address needs SMTPUTF8.");
	return true;
}

/* Offset of the ">" that ends a path, quoted strings skipped; len where there is none. */
static size_t
path_end(struct span s)
{
	bool quoted = false;

	for (size_t i = 1; i < s.len; i++) {
		if (s.data[i] == '"')
			quoted = !quoted;
		else if (quoted && s.data[i] == '\\')
			i++;
		else if (!quoted && s.data[i] == '>')
			return i;
	}
	return s.len;
}

/* RFC 5321 §4.1.1.3 and appendix C: a source route is accepted and ignored. */
static bool
skip_route(struct span *inner)
{
	struct span route = span_first(*inner, span_find(*inner, ':'));
	struct span hop;

	if (route.len == inner->len)
		return false;
	*inner = span_from(*inner, route.len + 1);
	while (span_next(&route, ',', &hop)) {
		if (hop.len < 2 || hop.data[0] != '@' || !is_domain(span_from(hop, 1)))
			return false;
	}
	return true;
}

bool
address_parse_path(struct span *rest, unsigned flags, struct mail_address *address, struct err *err)
{
	struct span inner;
	size_t end;

	memset(address, 0, sizeof(*address));
	end = rest->len > 0 && rest->data[0] == '<' ? path_end(*rest) : rest->len;
	if (end == rest->len)
		return err_set(err, ERR_INVALID, "An address stands between < and >.");
	inner = span_first(span_from(*rest, 1), end - 1);
	*rest = span_from(*rest, end + 1);
	if (inner.len == 0)
		return true;
	if (inner.data[0] == '@' && !skip_route(&inner))
		return err_set(err, ERR_INVALID, "The route before the address is not sound.");
	return address_parse(inner, flags, address, err);
}

bool
address_is_utf8(const struct mail_address *address)
{
	return has_high(address->local) || has_high(address->domain);
}

bool
address_is_safe(struct span text)
{
	uint32_t code;

	if (!utf8_is_valid(text))
		return false;
	while (utf8_next(&text, &code)) {
		if (code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 ||
		    code == 0x2029)
			return false;
	}
	return true;
}

void
address_write(const struct mail_address *address, struct buf *out)
{
	struct span local = span_of(address->local);

	if (is_dot_string(local)) {
		buf_add_span(out, local);
	} else if (local.len > 0) {
		buf_add_char(out, '"');
		for (size_t i = 0; i < local.len; i++) {
			if (local.data[i] == '"' || local.data[i] == '\\')
				buf_add_char(out, '\\');
			buf_add_char(out, local.data[i]);
		}
		buf_add_char(out, '"');
	}
	if (address->domain[0] != '\0') {
		buf_add_char(out, '@');
		buf_add_text(out, address->domain);
	}
}

static void
lower_into(const char *from, char *out, size_t room)
{
	size_t n = 0;

	for (; from[n] != '\0' && n + 1 < room; n++)
		out[n] = ascii_lower(from[n]);
	out[n] = '\0';
}

bool
address_fold_domain(const char *domain, char out[ADDRESS_DOMAIN_MAX + 1])
{
	char *ascii = NULL;
	size_t len;
	bool known = true;

	lower_into(domain, out, ADDRESS_DOMAIN_MAX + 1);
	if (has_high(domain)) {
		known = idn2_to_ascii_8z(domain, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) ==
			IDN2_OK;
		known = known && strlen(ascii) <= ADDRESS_DOMAIN_MAX;
		if (known)
			lower_into(ascii, out, ADDRESS_DOMAIN_MAX + 1);
		idn2_free(ascii);
	}
	len = strlen(out);
	if (len > 1 && out[len - 1] == '.')
		out[len - 1] = '\0';
	return known;
}

bool
address_fold(const struct mail_address *address, char out[ADDRESS_MAX + 1])
{
	struct mail_address folded;
	struct buf text;
	bool known;

	lower_into(address->local, folded.local, sizeof(folded.local));
	known = address_fold_domain(address->domain, folded.domain);
	buf_init(&text, ADDRESS_MAX);
	address_write(&folded, &text);
	memcpy(out, buf_text(&text), text.len);
	out[text.len] = '\0';
	buf_free(&text);
	return known;
}

bool
address_fold_text(struct span text, char out[ADDRESS_MAX + 1], struct err *err)
{
	struct mail_address address;

	out[0] = '\0';
	if (!address_parse(span_trim(text), ADDRESS_ANY, &address, err))
		return false;
	if (!address_fold(&address, out))
		return err_set(err, ERR_INVALID, "The address has no sound domain.");
	return true;
}

void
address_split_detail(struct span local, char delimiter, struct span *base, struct span *detail)
{
	size_t at = local.len > 0 ? 1 + span_find(span_from(local, 1), delimiter) : 0;

	*base = local;
	*detail = (struct span){ NULL, 0 };
	if (at < local.len) {
		*base = span_first(local, at);
		*detail = span_make(local.data + at + 1, local.len - at - 1);
	}
}
