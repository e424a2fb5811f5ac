/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What a local part at our domain asks for (mail/mail_token.h). */
#include <string.h>

#include "mail/address.h"
#include "mail/mail_token.h"

/* clang-format off */
static const struct {
	const char *prefix;
	enum mail_recipient_kind kind;
} token_prefixes[] = {
	/* whole local part */
	{ "b.",  MAIL_TO_BOUNCE },
	{ "a.",  MAIL_TO_AUTHOR },
	{ "ok.", MAIL_TO_CONFIRM },
}, detail_prefixes[] = {
	/* behind "forum+" */
	{ "r.",  MAIL_TO_REPLY },
	{ "m.",  MAIL_TO_MODERATE },
	{ "u.",  MAIL_TO_UNSUBSCRIBE },
};

static const struct {
	const char *spelling;
	enum mail_word word;
} words[] = {
	{ "abonner",       MAIL_WORD_SUBSCRIBE },
	{ "subscribe",     MAIL_WORD_SUBSCRIBE },
	{ "desabonner",    MAIL_WORD_UNSUBSCRIBE },
	{ "unsubscribe",   MAIL_WORD_UNSUBSCRIBE },
	{ "aide",          MAIL_WORD_HELP },
	{ "help",          MAIL_WORD_HELP },
	{ "responsables",  MAIL_WORD_OWNERS },
	{ "owners",        MAIL_WORD_OWNERS },
	{ "owner",         MAIL_WORD_OWNERS },
	{ "pause",         MAIL_WORD_PAUSE },
};
/* clang-format on */

static const char *const kind_names[MAIL_TO_KINDS] = {
	[MAIL_TO_UNKNOWN] = "unknown",
	[MAIL_TO_FORUM] = "forum",
	[MAIL_TO_REPLY] = "reply",
	[MAIL_TO_MODERATE] = "moderate",
	[MAIL_TO_UNSUBSCRIBE] = "unsubscribe",
	[MAIL_TO_WORD] = "word",
	[MAIL_TO_BOUNCE] = "bounce",
	[MAIL_TO_AUTHOR] = "author",
	[MAIL_TO_CONFIRM] = "confirm",
	[MAIL_TO_POSTMASTER] = "postmaster",
};

static const char *const word_names[MAIL_WORDS] = {
	[MAIL_WORD_NONE] = "",
	[MAIL_WORD_SUBSCRIBE] = "subscribe",
	[MAIL_WORD_UNSUBSCRIBE] = "unsubscribe",
	[MAIL_WORD_HELP] = "help",
	[MAIL_WORD_OWNERS] = "owners",
	[MAIL_WORD_PAUSE] = "pause",
};

/* A forum's name in an address: letters, digits, inner hyphens. */
static bool
read_slug(struct span text, char *out, size_t room)
{
	if (text.len == 0 || text.len >= room || text.data[0] == '-')
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = ascii_lower(text.data[i]);

		if (!ascii_is_alpha(c) && !ascii_is_digit(c) && c != '-')
			return false;
		out[i] = c;
	}
	out[text.len] = '\0';
	return text.data[text.len - 1] != '-';
}

/* "ok.TOKEN": nothing else of ours has a dot before any "+". */
static bool
read_whole(struct span local, struct mail_recipient *out)
{
	for (size_t i = 0; i < sizeof(token_prefixes) / sizeof(token_prefixes[0]); i++) {
		const char *prefix = token_prefixes[i].prefix;

		if (span_starts_nocase(local, prefix) &&
		    mail_token_fold(span_from(local, strlen(prefix)), out->token)) {
			out->kind = token_prefixes[i].kind;
			return true;
		}
	}
	if (span_is_nocase(local, "postmaster") || span_is_nocase(local, "abuse")) {
		out->kind = MAIL_TO_POSTMASTER;
		return true;
	}
	return false;
}

static bool
read_detail(struct span detail, struct mail_recipient *out)
{
	for (size_t i = 0; i < sizeof(detail_prefixes) / sizeof(detail_prefixes[0]); i++) {
		if (span_starts_nocase(detail, detail_prefixes[i].prefix) &&
		    mail_token_fold(span_from(detail, 2), out->token)) {
			out->kind = detail_prefixes[i].kind;
			return true;
		}
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (span_is_nocase(detail, words[i].spelling)) {
			out->kind = MAIL_TO_WORD;
			out->word = words[i].word;
			return true;
		}
	}
	return false;
}

void
mail_recipient_read(struct span local, struct mail_recipient *out)
{
	struct span base, detail;

	memset(out, 0, sizeof(*out));
	if (read_whole(local, out))
		return;
	address_split_detail(local, '+', &base, &detail);
	if (read_slug(base, out->slug, sizeof(out->slug))) {
		if (detail.data == NULL) {
			out->kind = MAIL_TO_FORUM;
			return;
		}
		if (read_detail(detail, out))
			return;
	}
	memset(out, 0, sizeof(*out));
}

const char *
mail_recipient_kind_name(enum mail_recipient_kind kind)
{
	return (unsigned)kind < MAIL_TO_KINDS ? kind_names[kind] : kind_names[MAIL_TO_UNKNOWN];
}

const char *
mail_word_name(enum mail_word word)
{
	return (unsigned)word < MAIL_WORDS ? word_names[word] : "";
}
