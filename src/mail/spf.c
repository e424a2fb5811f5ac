/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "mail/spf.h"

#include <netinet/in.h>
#include <string.h>

enum {
	LOOKUPS_MAX = 10, /* RFC 7208 §4.6.4 */
	VOIDS_MAX = 2,
	NAMES_MAX = 10, /* of an mx */
	DOMAIN_MAX = 253
};

/* One mechanism: "+a:example.org/24//64". */
struct term {
	struct span text, name;
	struct span domain;	/* behind the colon; empty: the domain of the record */
	enum spf_result sign;	/* what a match means */
	struct net_address net; /* of ip4 and ip6 */
	int64_t bits4, bits6;
};

static enum spf_result
check(struct spf *spf, const char *domain);

static enum spf_result
broken(struct spf *spf, const char *why)
{
	spf->why = why;
	return SPF_BROKEN;
}

static const char *
text_of(struct spf *spf, struct span span)
{
	return arena_strndup(spf->arena, span.data, span.len);
}

/* ---- addresses ---- */

/* 4 or 16 octets; an IPv4 address in IPv6 is an IPv4 address. 0: neither. */
static size_t
octets_of(const struct net_address *address, uint8_t out[16])
{
	const struct sockaddr_storage *any = &address->storage;
	struct sockaddr_in6 six;
	struct sockaddr_in four;

	if (any->ss_family == AF_INET) {
		memcpy(&four, any, sizeof(four));
		memcpy(out, &four.sin_addr, 4);
		return 4;
	}
	if (any->ss_family != AF_INET6)
		return 0;
	memcpy(&six, any, sizeof(six));
	memcpy(out, &six.sin6_addr, 16);
	if (!IN6_IS_ADDR_V4MAPPED(&six.sin6_addr))
		return 16;
	memmove(out, out + 12, 4);
	return 4;
}

static bool
is_four(const struct spf *spf)
{
	uint8_t octets[16];

	return octets_of(&spf->address, octets) == 4;
}

/* Are the first bits those of the address that sends? */
static bool
is_within(const struct spf *spf, const struct net_address *net, int64_t bits)
{
	uint8_t ours[16], theirs[16];
	size_t len = octets_of(&spf->address, ours), whole = (size_t)bits / 8;
	unsigned rest = (unsigned)bits % 8;

	if (octets_of(net, theirs) != len || len == 0 || memcmp(ours, theirs, whole) != 0)
		return false;
	return rest == 0 || (ours[whole] ^ theirs[whole]) >> (8 - rest) == 0;
}

/* ---- the DNS ---- */

/* One more term that asks. */
static bool
may_ask(struct spf *spf)
{
	return ++spf->lookups <= LOOKUPS_MAX;
}

/* SPF_PASS: answered. An answer of nothing counts. */
static enum spf_result
ask(struct spf *spf, const char *name, enum dns_type type, struct dns_answer *answer)
{
	if (!spf->ask(spf->arg, name, type, answer)) {
		spf->why = name;
		return SPF_LATER;
	}
	if (answer->count == 0 && ++spf->voids > VOIDS_MAX)
		return broken(
		    spf, arena_printf(spf->arena, "%s: too many names that are not there", name));
	return SPF_PASS;
}

/* SPF_PASS: one of its addresses is ours; SPF_NEUTRAL: none. */
static enum spf_result
match_host(struct spf *spf, const char *host, const struct term *term)
{
	struct dns_answer answer;
	struct net_address found;
	enum spf_result result = ask(spf, host, is_four(spf) ? DNS_A : DNS_AAAA, &answer);

	if (result != SPF_PASS)
		return result;
	for (size_t i = 0; i < answer.count; i++)
		if (net_address_read_host(span_of(answer.records[i].text), &found) &&
		    is_within(spf, &found, is_four(spf) ? term->bits4 : term->bits6))
			return SPF_PASS;
	return SPF_NEUTRAL;
}

static enum spf_result
match_mx(struct spf *spf, const char *domain, const struct term *term)
{
	struct dns_answer answer;
	enum spf_result result = ask(spf, domain, DNS_MX, &answer);

	if (result != SPF_PASS)
		return result;
	if (answer.count > NAMES_MAX)
		return broken(spf, arena_printf(spf->arena, "%s has more than 10 MX", domain));
	for (size_t i = 0; i < answer.count; i++) {
		result = match_host(spf, answer.records[i].text, term);
		if (result != SPF_NEUTRAL)
			return result;
	}
	return SPF_NEUTRAL;
}

static enum spf_result
match_exists(struct spf *spf, const char *domain)
{
	struct dns_answer answer;
	enum spf_result result = ask(spf, domain, DNS_A, &answer);

	return result == SPF_PASS && answer.count == 0 ? SPF_NEUTRAL : result;
}

/* What another record says of the address, as a match here (RFC 7208 §5.2). */
static enum spf_result
match_include(struct spf *spf, const char *domain)
{
	enum spf_result result = check(spf, domain);

	if (result == SPF_NONE)
		return broken(
		    spf, arena_printf(spf->arena, "include:%s, where there is no SPF", domain));
	return result == SPF_FAIL || result == SPF_SOFTFAIL ? SPF_NEUTRAL : result;
}

/* ---- terms ---- */

static bool
is_domain(struct span name)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.data[i] <= ' ' || name.data[i] > '~' || name.data[i] == '/')
			return false;
	return name.len > 0 && name.len <= DOMAIN_MAX;
}

/* No sign, no zero before another digit. */
static bool
read_bits(struct span text, int64_t most, int64_t *bits)
{
	return (text.len == 1 || (text.len > 1 && text.data[0] != '0')) &&
	       span_int(text, 0, most, bits);
}

/* "/24", "//64" or "/24//64" at the end of *rest, which is cut off. */
static bool
take_bits(struct span *rest, struct term *term)
{
	size_t slash = span_find(*rest, '/');
	struct span bits = span_from(*rest, slash), four, six;
	size_t two = span_find_text(bits, "//");

	*rest = span_first(*rest, slash);
	four = span_first(bits, two);
	six = span_from(bits, two);
	return (four.len == 0 || read_bits(span_from(four, 1), 32, &term->bits4)) &&
	       (six.len == 0 || read_bits(span_from(six, 2), 128, &term->bits6));
}

/* ADDRESS/BITS of ip4 and ip6. */
static bool
take_net(struct term *term)
{
	bool four = span_is_nocase(term->name, "ip4");
	size_t slash = span_find(term->domain, '/');
	struct span bits = span_from(term->domain, slash);

	return net_address_read_host(span_first(term->domain, slash), &term->net) &&
	       (term->net.storage.ss_family == AF_INET) == four &&
	       (bits.len == 0 || read_bits(span_from(bits, 1), four ? 32 : 128,
				     four ? &term->bits4 : &term->bits6));
}

static enum spf_result
sign_of(struct span *text)
{
	static const char signs[] = "+-~?";
	static const enum spf_result meant[] = { SPF_PASS, SPF_FAIL, SPF_SOFTFAIL, SPF_NEUTRAL };
	const char *at = text->len > 0 ? strchr(signs, text->data[0]) : NULL;

	if (at == NULL || *at == '\0')
		return SPF_PASS;
	*text = span_from(*text, 1);
	return meant[at - signs];
}

static bool
is_one_of(struct span name, const char *names)
{
	struct span rest = span_of(names), word;

	while (span_next(&rest, ' ', &word))
		if (span_equal_nocase(name, word))
			return true;
	return false;
}

/* SPF_PASS: sound. */
static enum spf_result
read_term(struct spf *spf, struct span text, struct term *term)
{
	struct span rest = text;
	size_t end;

	*term = (struct term){ .text = text, .bits4 = 32, .bits6 = 128 };
	term->sign = sign_of(&rest);
	end = span_find(rest, ':');
	if (span_find(rest, '/') < end)
		end = span_find(rest, '/');
	term->name = span_first(rest, end);
	rest = span_from(rest, end);
	if (is_one_of(term->name, "a mx") && !take_bits(&rest, term))
		return broken(spf, text_of(spf, text));
	term->domain = span_from(rest, 1);
	if (!is_one_of(term->name, "all include a mx ptr ip4 ip6 exists") ||
	    (is_one_of(term->name, "include exists") && term->domain.len == 0) ||
	    (is_one_of(term->name, "ip4 ip6") && !take_net(term)) ||
	    (is_one_of(term->name, "all") && rest.len > 0) ||
	    (rest.len > 0 && !is_one_of(term->name, "ip4 ip6") && !is_domain(term->domain)))
		return broken(spf, text_of(spf, text));
	return SPF_PASS;
}

/* SPF_PASS: it matches; SPF_NEUTRAL: it does not. */
static enum spf_result
match(struct spf *spf, const char *domain, const struct term *term)
{
	const char *name = term->domain.len > 0 ? text_of(spf, term->domain) : domain;

	if (span_is_nocase(term->name, "all"))
		return SPF_PASS;
	if (is_one_of(term->name, "ip4 ip6"))
		return is_within(spf, &term->net, is_four(spf) ? term->bits4 : term->bits6)
			   ? SPF_PASS
			   : SPF_NEUTRAL;
	if (!may_ask(spf))
		return broken(spf, "more than 10 terms ask the DNS");
	if (span_is_nocase(term->name, "ptr") || strchr(name, '%') != NULL) {
		spf->why = text_of(spf, term->text);
		return SPF_UNJUDGED;
	}
	if (span_is_nocase(term->name, "include"))
		return match_include(spf, name);
	if (span_is_nocase(term->name, "exists"))
		return match_exists(spf, name);
	return span_is_nocase(term->name, "mx") ? match_mx(spf, name, term)
						: match_host(spf, name, term);
}

/* ---- records ---- */

/* "redirect=example.org": a name, then =. */
static bool
is_modifier(struct span text)
{
	size_t at = 0;

	while (at < text.len && (ascii_is_alpha(text.data[at]) || ascii_is_digit(text.data[at]) ||
				    strchr("-_.", text.data[at]) != NULL))
		at++;
	return at > 0 && at < text.len && text.data[at] == '=';
}

/* A mistake anywhere spoils the whole record, also behind what would match. */
static enum spf_result
read_record(struct spf *spf, struct span record, struct span *redirect)
{
	struct term term;
	struct span text;

	*redirect = (struct span){ 0 };
	while (span_next(&record, ' ', &text)) {
		if (text.len == 0)
			continue;
		if (!is_modifier(text)) {
			if (read_term(spf, text, &term) != SPF_PASS)
				return SPF_BROKEN;
		} else if (span_starts_nocase(text, "redirect=")) {
			if (redirect->len > 0 || !is_domain(span_from(text, 9)))
				return broken(spf, text_of(spf, text));
			*redirect = span_from(text, 9);
		}
	}
	return SPF_PASS;
}

static enum spf_result
follow(struct spf *spf, struct span redirect)
{
	enum spf_result result;

	if (redirect.len == 0) {
		spf->why = "";
		return SPF_NEUTRAL;
	}
	if (!may_ask(spf))
		return broken(spf, "more than 10 terms ask the DNS");
	if (span_find(redirect, '%') < redirect.len) {
		spf->why = text_of(spf, redirect);
		return SPF_UNJUDGED;
	}
	result = check(spf, text_of(spf, redirect));
	if (result != SPF_NONE)
		return result;
	return broken(
	    spf, arena_printf(spf->arena, "redirect=" SPAN_FORMAT ", where there is no SPF",
		     SPAN_ARGS(redirect)));
}

static enum spf_result
evaluate(struct spf *spf, const char *domain, struct span record)
{
	struct span rest = record, text, redirect;
	struct term term;

	if (read_record(spf, record, &redirect) != SPF_PASS)
		return SPF_BROKEN;
	while (span_next(&rest, ' ', &text)) {
		enum spf_result result;

		if (text.len == 0 || is_modifier(text))
			continue;
		(void)read_term(spf, text, &term);
		result = match(spf, domain, &term);
		if (result == SPF_NEUTRAL)
			continue;
		if (result != SPF_PASS)
			return result;
		spf->why = text_of(spf, text);
		return term.sign;
	}
	return follow(spf, redirect);
}

bool
spf_is_record(struct span text)
{
	return span_starts_nocase(text, "v=spf1") && (text.len == 6 || text.data[6] == ' ');
}

static enum spf_result
check(struct spf *spf, const char *domain)
{
	struct dns_answer answer;
	struct span record = { 0 };
	size_t count = 0;

	if (!spf->ask(spf->arg, domain, DNS_TXT, &answer)) {
		spf->why = domain;
		return SPF_LATER;
	}
	for (size_t i = 0; i < answer.count; i++)
		if (spf_is_record(span_of(answer.records[i].text))) {
			record = span_of(answer.records[i].text);
			count++;
		}
	if (count == 0)
		return SPF_NONE;
	if (count > 1)
		return broken(
		    spf, arena_printf(spf->arena, "%s has more than one SPF record", domain));
	return evaluate(spf, domain, span_from(record, 6));
}

enum spf_result
spf_check(struct spf *spf, const char *domain)
{
	spf->why = "";
	return check(spf, domain);
}
