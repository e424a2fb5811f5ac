/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/words.h: words of the book as people read them.
 *
 * The book keeps short words (why a post waits, what its author was that day); pages
 * and mails show the texts of the same tables. Nothing of the book is needed here. */
#pragma once

#include "text/i18n.h"

/* Why a post waits. The word is of the book; tr() of the text is for people. */
struct hold_reason {
	const char *word;
	const char *text; /* a sentence in English, in the catalogues */
};
extern const struct hold_reason hold_reasons[]; /* ends with a NULL word */

/* The sentence of a word, untranslated; a general one for an unknown word. */
const char *
hold_reason_text(const char *word);

/* "town hall", "moderator" ... for the word in post.capacity; "" for a resident. */
const char *
mail_capacity(enum lang lang, const char *capacity);
