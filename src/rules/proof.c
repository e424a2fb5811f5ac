/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "rules/proof.h"

#include <stddef.h>

/* ---- Authentication-Results, RFC 8601 §2.2: authserv-id [version] *(; method=result ...) ---- */

/* Cuts one word off: blanks and comments before it are skipped; ; and = are words of
 * their own. Quoted strings lose their quotes. False at the end. */
static bool
skip_comment(struct span *rest)
{
	size_t depth = 0, i;

	for (i = 0; i < rest->len; i++) {
		if (rest->data[i] == '\\')
			i++;
		else if (rest->data[i] == '(')
			depth++;
		else if (rest->data[i] == ')' && --depth == 0)
			break;
	}
	*rest = span_from(*rest, i + 1);
	return true;
}

static void
skip_blanks(struct span *rest)
{
	while (rest->len > 0) {
		if (rest->data[0] == '(')
			skip_comment(rest);
		else if (ascii_is_space(rest->data[0]))
			*rest = span_from(*rest, 1);
		else
			return;
	}
}

static size_t
word_length(struct span rest)
{
	size_t i = 0;

	while (i < rest.len && !ascii_is_space(rest.data[i]) && rest.data[i] != ';' &&
	    rest.data[i] != '=' && rest.data[i] != '(' && rest.data[i] != '"')
		i++;
	return i;
}

static bool
next_word(struct span *rest, struct span *word)
{
	size_t len;

	skip_blanks(rest);
	if (rest->len == 0)
		return false;
	if (rest->data[0] == '"') {
		*rest = span_from(*rest, 1);
		len = span_find(*rest, '"');
		*word = span_first(*rest, len);
		*rest = span_from(*rest, len + 1);
		return true;
	}
	len = word_length(*rest);
	if (len == 0)
		len = 1;
	*word = span_first(*rest, len);
	*rest = span_from(*rest, len);
	return true;
}

struct result {
	struct span method, result;
	struct span domain; /* of header.d, or of header.i */
	struct span from;   /* of header.from: the domain that DMARC speaks of */
};

static struct span
after_at(struct span value)
{
	size_t at = span_find(value, '@');

	return at < value.len ? span_from(value, at + 1) : value;
}

static void
read_property(struct span name, struct span value, struct result *result)
{
	if (span_is_nocase(name, "header.d"))
		result->domain = value;
	else if (span_is_nocase(name, "header.i") && result->domain.len == 0)
		result->domain = after_at(value);
	else if (span_is_nocase(name, "header.from"))
		result->from = after_at(value);
}

/* One "method=result prop=value ..." up to its ; or the end. */
static bool
next_result(struct span *rest, struct result *result)
{
	struct span word, name = { 0 };
	bool any = false, equal = false;

	*result = (struct result){ 0 };
	while (next_word(rest, &word)) {
		any = true;
		if (span_is(word, ";"))
			break;
		if (span_is(word, "=")) {
			equal = true;
			continue;
		}
		if (!equal) {
			name = word;
			continue;
		}
		equal = false;
		if (result->method.len == 0) {
			result->method = span_first(name, span_find(name, '/'));
			result->result = word;
		} else {
			read_property(name, word, result);
		}
	}
	return any;
}

/* Relaxed alignment without a list of public suffixes: the same domain, or one of
 * the two stands under the other. */
static bool
is_under(struct span name, struct span domain)
{
	return name.len > domain.len && name.data[name.len - domain.len - 1] == '.' &&
	    span_equal_nocase(span_from(name, name.len - domain.len), domain);
}

static bool
is_aligned(struct span domain, struct span from)
{
	if (span_find(domain, '.') == domain.len || span_find(from, '.') == from.len)
		return false;
	return span_equal_nocase(domain, from) || is_under(domain, from) || is_under(from, domain);
}

static struct span
domain_of(struct span address)
{
	size_t at = address.len;

	while (at > 0 && address.data[at - 1] != '@')
		at--;
	return span_from(address, at);
}

/* What fields further up have spoken of. */
struct spoken {
	bool dmarc, dkim;
};

static enum verdict
verdict_of(struct span field, struct span from, struct spoken *spoken)
{
	const struct spoken above = *spoken;
	struct result result;
	enum verdict verdict = VERDICT_NONE;

	while (next_result(&field, &result)) {
		if (span_is_nocase(result.method, "dmarc") && !above.dmarc) {
			spoken->dmarc = true;
			if (span_is_nocase(result.result, "fail"))
				return VERDICT_FAIL;
			if (span_is_nocase(result.result, "pass") &&
			    (result.from.len == 0 || span_equal_nocase(result.from, from)))
				return VERDICT_PASS;
		} else if (span_is_nocase(result.method, "dkim") && !above.dkim) {
			spoken->dkim = true;
			if (span_is_nocase(result.result, "pass") && is_aligned(result.domain, from))
				verdict = VERDICT_PASS;
		}
	}
	return verdict;
}

/* A front server writes its fields on top, and may write one for each filter. What
 * stands below the first foreign field came with the mail and is worth nothing; nor is
 * what bears our server's name but speaks of what was spoken of above: a server that
 * forgets to strip such fields would have lent its name to anybody. */
static enum verdict
results_verdict(const char *authserv, const struct parsed *parsed)
{
	struct span from = domain_of(parsed->from_address), field, id, rest;
	enum verdict verdict = VERDICT_NONE, one;
	struct spoken spoken = { false, false };

	for (size_t i = 0; i < parsed->authentication_results.count; i++) {
		field = parsed->authentication_results.items[i];
		rest = span_first(field, span_find(field, ';'));
		if (!next_word(&rest, &id) || !span_is_nocase(id, authserv))
			break;
		one = verdict_of(span_from(field, span_find(field, ';') + 1), from, &spoken);
		if (one == VERDICT_FAIL)
			return VERDICT_FAIL;
		if (one != VERDICT_NONE)
			verdict = one;
	}
	return verdict;
}

static bool
is_loopback(struct span peer)
{
	return span_is(peer, "local") || span_is(peer, "unix") || span_is(peer, "::1") ||
	    span_starts(peer, "127.") || span_starts(peer, "::ffff:127.");
}

enum verdict
proof_verdict(const struct settings *settings, const struct parsed *parsed, struct span peer)
{
	enum verdict verdict = VERDICT_NONE;

	if (*settings->mail_authserv)
		verdict = results_verdict(settings->mail_authserv, parsed);
	if (verdict == VERDICT_NONE && settings->mail_trust == MAIL_TRUST_LOCAL && is_loopback(peer))
		return VERDICT_LOCAL;
	return verdict;
}

/* ---- P16 ---- */

enum { NO, YES, ANY };

/* clang-format off */
static const struct {
	int known, token, remembered;
	enum verdict verdict;
	struct proof proof;
} rows[] = {
	/* known token remembered  verdict         what follows */
	{ ANY,  ANY,  ANY,         VERDICT_PASS,  { PROOF_GOOD, "results", "" } },
	{ ANY,  ANY,  ANY,         VERDICT_LOCAL, { PROOF_GOOD, "local",   "" } },
	{ YES,  ANY,  ANY,         VERDICT_FAIL,  { PROOF_ASK,  "none",    "failed" } },
	{ NO,   ANY,  ANY,         VERDICT_FAIL,  { PROOF_HOLD, "none",    "failed" } },
	{ YES,  YES,  ANY,         VERDICT_NONE,  { PROOF_GOOD, "token",   "" } },
	{ YES,  NO,   YES,         VERDICT_NONE,  { PROOF_GOOD, "author",  "" } },
	{ YES,  NO,   NO,          VERDICT_NONE,  { PROOF_ASK,  "none",    "unproved" } },
	{ NO,   ANY,  ANY,         VERDICT_NONE,  { PROOF_HOLD, "none",    "unproved" } },
};
/* clang-format on */

static bool
fits(int want, bool is)
{
	return want == ANY || want == (is ? YES : NO);
}

struct proof
proof_judge(const struct proof_facts *facts)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].verdict == facts->verdict && fits(rows[i].known, facts->known) &&
		    fits(rows[i].token, facts->token) &&
		    fits(rows[i].remembered, facts->remembered))
			return rows[i].proof;
	return (struct proof){ PROOF_HOLD, "none", "unproved" };
}
