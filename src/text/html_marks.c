/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "text/html_marks.h"

#include <string.h>

#include "text/quote_words.h"

/* clang-format off */
/* A word of a class, an id, or a data-marker; "x_" is what Outlook on the web puts
 * before the names it finds in what is answered. */
static const struct {
	const char *attribute;
	const char *word;
	enum html_mark mark;
} marks[] = {
	/* Gmail */
	{ "class", "gmail_quote",                MARK_QUOTE },
	{ "class", "gmail_attr",                 MARK_ATTRIBUTION },
	{ "class", "gmail_signature",            MARK_SIGNATURE },
	{ "class", "gmail_signature_prefix",     MARK_DROP },
	/* Thunderbird */
	{ "class", "moz-cite-prefix",            MARK_ATTRIBUTION },
	{ "class", "moz-forward-container",      MARK_FORWARD },
	{ "class", "moz-signature",              MARK_SIGNATURE },
	{ "class", "moz-txt-sig",                MARK_SIGNATURE },
	/* Outlook, its mobile form and the one on the web */
	{ "id",    "divRplyFwdMsg",              MARK_REST },
	{ "id",    "OLK_SRC_BODY_SECTION",       MARK_QUOTE },
	{ "id",    "mail-editor-reference-message-container", MARK_QUOTE },
	{ "id",    "Signature",                  MARK_SIGNATURE },
	{ "id",    "ms-outlook-mobile-signature", MARK_SIGNATURE },
	{ "id",    "ms-outlook-mobile-body-separator-line", MARK_DROP },
	/* Apple Mail */
	{ "id",    "AppleMailSignature",         MARK_SIGNATURE },
	{ "class", "AppleOriginalContents",      MARK_QUOTE },
	/* Yahoo */
	{ "class", "yahoo_quoted",               MARK_QUOTE },
	{ "class", "yahoo-quoted-begin",         MARK_REST },
	{ "class", "yahoo-signature",            MARK_SIGNATURE },
	/* Proton, Tuta, Spark, Zoho, Front, Missive, Hubspot */
	{ "class", "protonmail_quote",           MARK_QUOTE },
	{ "class", "protonmail_signature_block", MARK_SIGNATURE },
	{ "class", "tutanota_quote",             MARK_QUOTE },
	{ "class", "tutanota-signature",         MARK_SIGNATURE },
	{ "name",  "messageReplySection",        MARK_QUOTE },
	{ "name",  "messageSignatureSection",    MARK_SIGNATURE },
	{ "class", "zmail_extra",                MARK_QUOTE },
	{ "class", "front-blockquote",           MARK_QUOTE },
	{ "class", "missive_quote",              MARK_QUOTE },
	{ "class", "hs_reply",                   MARK_QUOTE },
	/* Zimbra */
	{ "data-marker", "__HEADERS__",          MARK_REST },
	{ "data-marker", "__QUOTED_TEXT__",      MARK_QUOTE },
	{ "data-marker", "__SIG_PRE__",          MARK_SIGNATURE },
	{ "data-marker", "__SIG_POST__",         MARK_SIGNATURE },
	/* Roundcube, SOGo, Orange, La Poste */
	{ "id",    "reply-intro",                MARK_ATTRIBUTION },
	{ "id",    "replybody1",                 MARK_QUOTE },
	{ "id",    "_rc_sig",                    MARK_SIGNATURE },
	{ "id",    "forwardbody1",               MARK_FORWARD },
	{ "class", "orange_quote",               MARK_QUOTE },
	{ "class", "laposte_quote",              MARK_QUOTE },
};
/* clang-format on */

/* Is the word among those of the value? */
static bool
has_word(struct span value, const char *word)
{
	struct span item;

	while (span_next(&value, ' ', &item)) {
		item = span_trim(item);
		if (span_starts(item, "x_"))
			item = span_from(item, 2);
		if (span_is(item, word))
			return true;
	}
	return false;
}

/* "display : none" with its blanks anywhere. */
static bool
style_says(struct span style, const char *rule)
{
	size_t at = 0;

	for (size_t i = 0; i < style.len; i++) {
		char c = ascii_lower(style.data[i]);

		if (ascii_is_space(c))
			continue;
		if (c != rule[at])
			at = 0;
		at += c == rule[at];
		if (rule[at] == '\0')
			return true;
	}
	return false;
}

/* Outlook for the desktop has no name for it: a line above the headers. */
static bool
is_outlook_header(const char *element, struct span style)
{
	return strcmp(element, "div") == 0 && style_says(style, "border:none;border-top:solid#") &&
	       style_says(style, "padding:3.0pt0");
}

static enum html_mark
mark_of_style(const char *element, struct span style)
{
	if (style_says(style, "display:none") || style_says(style, "visibility:hidden") ||
	    style_says(style, "mso-hide:all"))
		return MARK_DROP;
	return is_outlook_header(element, style) ? MARK_REST : MARK_NONE;
}

enum html_mark
html_marks_attribute(const char *element, const char *name, struct span value)
{
	if (strcmp(name, "style") == 0)
		return mark_of_style(element, value);
	if (strcmp(name, "hidden") == 0)
		return MARK_DROP;
	if (strcmp(element, "blockquote") == 0 &&
	    ((strcmp(name, "type") == 0 && span_is_nocase(value, "cite")) ||
		(strcmp(name, "cite") == 0 && span_starts_nocase(value, "mid:"))))
		return MARK_QUOTE;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (strcmp(name, marks[i].attribute) == 0 && has_word(value, marks[i].word))
			return marks[i].mark;
	return MARK_NONE;
}

bool
html_marks_attribution(struct span folded)
{
	folded = span_trim(folded);
	if (span_ends(folded, ":"))
		folded = span_trim(span_first(folded, folded.len - 1));
	else if (!span_ends(folded, ">"))
		return quote_words_ends_with_verb(folded);
	return quote_words_ends_with_verb(folded) || quote_words_has_verb(folded);
}
