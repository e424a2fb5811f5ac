/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* text/quote_words.h: the words by which mail programs mark what is not the author's.
 *
 * All words are as utf8_fold() writes them: small letters, no accents. Lines are
 * compared in the same form (struct quote_line's `said`). */
#pragma once

#include <stdbool.h>

#include "base/str.h"

enum header_role {
	HEADER_NONE,
	HEADER_FROM,
	HEADER_DATE,
	HEADER_SENT, /* a date that only mail programs name so */
	HEADER_TO,
	HEADER_CC,
	HEADER_SUBJECT,
	HEADER_OTHER
};

/* "De :", "Envoyé le :", "*Objet :*" at the front of a line. */
enum header_role
quote_words_header(struct span said);

/* "-----Message d'origine-----", "Message du 29/09/26 14:31". */
bool
quote_words_reply(struct span said);

/* "---------- Message transféré ---------", "Début du message réexpédié :". */
bool
quote_words_forward(struct span said);

/* Does it end with "a écrit", "wrote", "schrieb" ...? */
bool
quote_words_ends_with_verb(struct span said);

/* Does such a verb stand anywhere in it, as a word? */
bool
quote_words_has_verb(struct span said);

/* Does it begin as attributions do: "Le ", "On ", "Am "? */
bool
quote_words_opens_attribution(struct span said);

/* "Envoyé de mon iPhone", "Télécharger Outlook pour iOS". */
bool
quote_words_device(struct span said);

/* First line of a legal notice, a scanner's advertising, "Pensez à l'environnement". */
bool
quote_words_legal(struct span said);

/* Words of list footers: "liste de diffusion", "unsubscribe". */
bool
quote_words_list_footer(struct span said);

/* Our own answer mark. */
bool
quote_words_answer_mark(struct span said);

/* For the tests: every word of every table, NULL at the end. */
const char *
quote_words_nth(unsigned n);
