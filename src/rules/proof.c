/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "rules/proof.h"

#include <stddef.h>

#include "mail/address.h"

/* ---- Authentication-Results, RFC 8601 §2.2: authserv-id [version] *(; method=result ...) ---- */

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

/* Of a quoted string at the front, with its quotes; all of it where it has no end. */
static size_t
quoted_length(struct span rest)
{
	size_t i = 1;

	while (i < rest.len && rest.data[i] != '"')
		i += rest.data[i] == '\\' ? 2 : 1;
	return i < rest.len ? i + 1 : rest.len;
}

static size_t
word_length(struct span rest)
{
	size_t i = 0;

	while (i < rest.len && !ascii_is_space(rest.data[i]) && rest.data[i] != ';' &&
	    rest.data[i] != '=' && rest.data[i] != '(')
		i += rest.data[i] == '"' ? quoted_length(span_from(rest, i)) : 1;
	return i;
}

/* Cuts one word off: blanks and comments before it are skipped; ; and = are words of
 * their own. A word that is one quoted string loses its quotes; quotes within a longer one,
 * an address with a quoted local part, stay and hide what is between them. False at the end. */
static bool
next_word(struct span *rest, struct span *word)
{
	size_t len;

	skip_blanks(rest);
	if (rest->len == 0)
		return false;
	len = word_length(*rest);
	if (len == 0)
		len = 1;
	*word = span_first(*rest, len);
	*rest = span_from(*rest, len);
	if (len > 1 && word->data[0] == '"' && word->data[len - 1] == '"' && quoted_length(*word) == len)
		*word = span_make(word->data + 1, len - 2);
	return true;
}

struct result {
	struct span method, result;
	struct span domain; /* of header.d, or of header.i */
	bool has_signer;    /* header.d was said */
	bool odd;           /* and again */
	struct span from;   /* of header.from: the domain that DMARC speaks of */
	struct span path;   /* of smtp.mailfrom: the domain that SPF speaks of */
};

/* Behind the last @, since a quoted local part may have others; all of it where there is none. */
static struct span
after_at(struct span value)
{
	return span_from(value, span_behind_last(value, '@'));
}

static void
read_property(struct span name, struct span value, struct result *result)
{
	if (span_is_nocase(name, "header.d")) {
		result->odd = result->has_signer;
		result->has_signer = true;
		result->domain = value;
	} else if (span_is_nocase(name, "header.i") && result->domain.len == 0)
		result->domain = after_at(value);
	else if (span_is_nocase(name, "header.from"))
		result->from = after_at(value);
	else if (span_is_nocase(name, "smtp.mailfrom"))
		result->path = after_at(value);
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

/* What all fields of our server say together. */
struct heard {
	bool dmarc, dkim;               /* some field speaks of it */
	bool dmarc_passes, dkim_passes; /* every field that speaks of it says pass */
	bool dmarc_fails;               /* some field says so */
	bool breaks;                    /* a signature or the path of the author's own domain failed */
};

/* Of nobody in particular is of the author: then nothing is published on its word. */
static bool
is_of_author(struct span domain, struct span from)
{
	return domain.len == 0 || is_aligned(domain, from);
}

static bool
passes_dmarc(const struct result *result, struct span from)
{
	return span_is_nocase(result->result, "pass") &&
	    (result->from.len == 0 || span_equal_nocase(result->from, from));
}

/* A mail may bear several signatures: one that is good will do, within one field. */
static void
hear_field(struct span field, struct span from, struct heard *heard)
{
	bool dmarc = false, dmarc_passes = true, dkim = false, dkim_passes = false, fails;
	struct result result;

	while (next_result(&field, &result)) {
		fails = span_is_nocase(result.result, "fail");
		if (span_is_nocase(result.method, "dmarc")) {
			dmarc = true;
			dmarc_passes = dmarc_passes && passes_dmarc(&result, from);
			heard->dmarc_fails = heard->dmarc_fails || fails;
		} else if (span_is_nocase(result.method, "dkim")) {
			dkim = true;
			dkim_passes = dkim_passes ||
			    (span_is_nocase(result.result, "pass") && !result.odd &&
				is_aligned(result.domain, from));
			heard->breaks = heard->breaks || (fails && is_of_author(result.domain, from));
		} else if (span_is_nocase(result.method, "spf")) {
			heard->breaks = heard->breaks || (fails && is_of_author(result.path, from));
		}
	}
	if (dmarc)
		heard->dmarc_passes = dmarc_passes && (heard->dmarc_passes || !heard->dmarc);
	if (dkim)
		heard->dkim_passes = dkim_passes && (heard->dkim_passes || !heard->dkim);
	heard->dmarc = heard->dmarc || dmarc;
	heard->dkim = heard->dkim || dkim;
}

/* A signature that broke on its way, or a way that is not the domain's, says something against
 * a mail only where nothing good speaks for it. */
static enum verdict
verdict_of(const struct heard *heard)
{
	if (heard->dmarc_fails)
		return VERDICT_FAIL;
	if (heard->dmarc_passes || heard->dkim_passes)
		return VERDICT_PASS;
	return heard->breaks ? VERDICT_FAIL : VERDICT_NONE;
}

/* A front server writes its fields on top, and may write one for each filter. What
 * stands below the first foreign field came with the mail and is worth nothing. Where two
 * fields bear our server's name and disagree, one of them came with the mail too, and which
 * one nobody knows: a server that forgets to strip such fields would have lent its name to
 * anybody, wherever it puts its own. */
static enum verdict
results_verdict(const char *authserv, const struct parsed *parsed)
{
	struct span from = after_at(parsed->from_address), field, id, rest;
	struct heard heard = { 0 };

	for (size_t i = 0; i < parsed->authentication_results.count; i++) {
		field = parsed->authentication_results.items[i];
		rest = span_first(field, span_find(field, ';'));
		if (!next_word(&rest, &id) || !span_is_nocase(id, authserv))
			break;
		hear_field(span_from(field, span_find(field, ';') + 1), from, &heard);
	}
	return verdict_of(&heard);
}

static bool
is_loopback(struct span peer)
{
	return span_is(peer, "local") || span_is(peer, "unix") || span_is(peer, "::1") ||
	    span_starts(peer, "127.") || span_starts(peer, "::ffff:127.");
}

enum verdict
proof_verdict(const struct settings *settings, const struct parsed *parsed, struct span sender,
    struct span peer)
{
	enum verdict verdict = VERDICT_NONE;

	if (*settings->mail_authserv && address_is_plain(sender) && !parsed->odd_signature)
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
