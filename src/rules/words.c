/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "rules/words.h"

#include <string.h>

#include "base/utf8.h"

enum { SLUG_MAX = 60 }; /* octets: long enough to tell threads apart, short enough to be sent on */

/* clang-format off */
static const struct {
	const char *word; /* of the book */
	const char *text; /* for people */
} hold_reasons[] = {
	{ "stranger",   TR("The sender may not write in this forum without a moderator's consent.") },
	{ "unproved",   TR("Nothing proves that the mail was sent by the person it names.") },
	{ "failed",     TR("The sender's mail service says that this mail is not from there.") },
	{ "first",      TR("It is the author's first message: in this forum first messages are read beforehand.") },
	{ "always",     TR("In this forum every message is read beforehand.") },
	{ "emergency",  TR("This forum is held for the moment: every message waits.") },
	{ "robot",      TR("The mail was sent by a machine.") },
	{ "list",       TR("The mail comes from another mailing list.") },
	{ "absence",    TR("The mail looks like an absence note.") },
	{ "spam",       TR("A filter took the mail for spam.") },
	{ "no-subject", TR("The mail has no subject.") },
	{ "no-text",    TR("The mail has no text.") },
	{ "sender",     TR("The mail names no sender, or several.") },
	{ "over-limit", TR("The mail is too large or too intricate to be taken apart.") },
	{ "encrypted",  TR("The mail is encrypted.") },
	{ "closed",     TR("The discussion that it answers is closed.") },
	{ "limit",      TR("The author has written very often within an hour.") },
};

static const struct {
	const char *word, *text;
} capacities[] = {
	{ "moderator",   TR("moderator") },
	{ "association", TR("association") },
	{ "service",     TR("town service") },
	{ "council",     TR("town council") },
	{ "townhall",    TR("town hall") },
};
/* clang-format on */

const char *
words_hold_reason(const char *word)
{
	for (size_t i = 0; i < sizeof(hold_reasons) / sizeof(hold_reasons[0]); i++)
		if (strcmp(hold_reasons[i].word, word) == 0)
			return hold_reasons[i].text;
	return TR("The message waits for a moderator.");
}

const char *
words_capacity(enum lang lang, const char *capacity)
{
	for (size_t i = 0; i < sizeof(capacities) / sizeof(capacities[0]); i++)
		if (strcmp(capacities[i].word, capacity) == 0)
			return tr(lang, capacities[i].text);
	return "";
}

char *
words_slug(struct arena *arena, struct span title)
{
	return utf8_slug(arena, title, SLUG_MAX);
}

bool
words_check_name(const char *name, struct err *err)
{
	return strchr(name, '@') == NULL ||
	    err_set(err, ERR_INVALID,
		TR("Everybody reads the name: please choose one without a mail address."));
}
