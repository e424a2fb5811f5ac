/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "rules/mail_word.h"

#include <stddef.h>
#include <string.h>

#include "base/utf8.h"

enum { WHY_MAX = 500 }; /* code points of a reason */

/* clang-format off */
static const struct {
	const char *word;
	enum mail_verb verb;
} verbs[] = {
	{ "ok",        MAIL_VERB_APPROVE },
	{ "oui",       MAIL_VERB_APPROVE },
	{ "accepter",  MAIL_VERB_APPROVE },
	{ "approuver", MAIL_VERB_APPROVE },
	{ "yes",       MAIL_VERB_APPROVE },
	{ "accept",    MAIL_VERB_APPROVE },
	{ "approve",   MAIL_VERB_APPROVE },
	{ "non",       MAIL_VERB_REFUSE },
	{ "refuser",   MAIL_VERB_REFUSE },
	{ "refuse",    MAIL_VERB_REFUSE },
	{ "reject",    MAIL_VERB_REFUSE },
	{ "jeter",     MAIL_VERB_DISCARD },
	{ "discard",   MAIL_VERB_DISCARD },
};
/* clang-format on */

static size_t
word_length(struct span text)
{
	size_t i = 0;

	while (i < text.len && ascii_is_alpha(text.data[i]))
		i++;
	return i;
}

/* After the word only an end of a sentence or blanks may follow: "ok." and "Non : hors
 * sujet" are answers, "ok-ko" and "non-dit" are not. */
static bool
ends_well(struct span rest)
{
	return rest.len == 0 || ascii_is_space(rest.data[0]) || rest.data[0] == ':' ||
	    rest.data[0] == '.' || rest.data[0] == ',' || rest.data[0] == '!' ||
	    (unsigned char)rest.data[0] == 0xc2 || (unsigned char)rest.data[0] == 0xe2;
}

/* What may stand between the word and the reason: French typography puts a no-break
 * space before a colon. */
static size_t
mark_length(struct span text)
{
	if (span_starts(text, "\xc2\xa0"))
		return 2;
	if (span_starts(text, "\xe2\x80\xaf"))
		return 3;
	return text.len > 0 && (ascii_is_space(text.data[0]) || strchr(":.,!", text.data[0])) ? 1 : 0;
}

static struct span
reason_of(struct arena *arena, struct span rest)
{
	size_t mark;

	while ((mark = mark_length(rest)) > 0)
		rest = span_from(rest, mark);
	return utf8_first(utf8_line(arena, rest), WHY_MAX);
}

/* "No" alone or before a colon refuses; "No problem" must not. */
static bool
is_short_no(struct span word, struct span rest)
{
	struct span after = span_trim(rest);

	if (!span_is_nocase(word, "no"))
		return false;
	return after.len == 0 || after.data[0] == ':' || after.data[0] == '.' ||
	    rest.data[0] == '\n';
}

struct mail_answer
mail_word_read(struct arena *arena, struct span own)
{
	struct mail_answer answer = { MAIL_VERB_NONE, { 0 } };
	struct span text = span_trim(own), word;

	word = span_first(text, word_length(text));
	text = span_from(text, word.len);
	if (!ends_well(text))
		return answer;
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (span_is_nocase(word, verbs[i].word))
			answer.verb = verbs[i].verb;
	if (is_short_no(word, text))
		answer.verb = MAIL_VERB_REFUSE;
	if (answer.verb == MAIL_VERB_REFUSE)
		answer.why = reason_of(arena, text);
	return answer;
}
