/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What proves an author, and what a moderator answers. The input is Authentication-Results
 * fields parted by NUL; whoever cannot write our authserv-id proves nothing. */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "mail/signature.h"
#include "rules/mail_word.h"
#include "rules/proof.h"
#include "fuzz.h"

static bool
names(struct span text, const char *word)
{
	size_t size = strlen(word);

	for (size_t i = 0; i + size <= text.len; i++)
		if (span_equal_nocase(span_first(span_from(text, i), size), span_of(word)))
			return true;
	return false;
}

static void
try_results(struct span text)
{
	struct span items[PARSED_RESULTS_MAX], rest = text;
	struct parsed parsed = { 0 };
	struct settings settings = { .mail_authserv = "mx.ville.example" };
	enum verdict verdict;

	parsed.from_address = SPAN("marie@example.org");
	parsed.authentication_results.items = items;
	while (parsed.authentication_results.count < PARSED_RESULTS_MAX &&
	    span_next(&rest, '\0', &items[parsed.authentication_results.count]))
		parsed.authentication_results.count++;
	verdict = proof_verdict(&settings, &parsed, SPAN("eve@example.net"), SPAN("192.0.2.1"));
	must(verdict != VERDICT_LOCAL);
	if (verdict != VERDICT_NONE)
		must(names(text, "mx.ville.example"));
	if (verdict == VERDICT_PASS)
		must(names(text, "pass") && (names(text, "dmarc") || names(text, "dkim")));
	if (verdict == VERDICT_FAIL) /* that of a path, too */
		must(names(text, "fail") &&
		    (names(text, "dmarc") || names(text, "dkim") || names(text, "spf")));
}

static void
try_signature(struct span text)
{
	struct buf field = { 0 };
	struct span identity = span_first(text, span_find(text, ';'));

	(void)signature_is_plain(text);
	buf_add_text(&field, "v=1; i=");
	buf_add_span(&field, identity);
	if (signature_is_plain(buf_span(&field)))
		must(!names(identity, "\"") && !names(identity, "(") && !names(identity, "=20"));
	buf_free(&field);
}

static void
try_answer(struct span text)
{
	struct arena *arena = arena_new();
	struct mail_answer answer = mail_word_read(arena, utf8_clean(arena, text));

	must(utf8_count(answer.why) <= 500);
	must(answer.verb == MAIL_VERB_REFUSE || answer.why.len == 0);
	for (size_t i = 0; i < answer.why.len; i++)
		must((unsigned char)answer.why.data[i] >= 32 && answer.why.data[i] != 127);
	arena_free(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	try_results(span_make(data, len));
	try_answer(span_make(data, len));
	try_signature(span_make(data, len));
	return 0;
}
