/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/mail_word.h: what a moderator answers by mail: the first word decides.
 *
 * ok, oui, accepter, approuver publish; non, refuser refuse, and what follows a
 * colon or the next line is the reason; jeter discards. Anything else does nothing:
 * an empty answer too, since a vacation robot writes those. Pure. */
#pragma once

#include "base/arena.h"
#include "base/str.h"

enum mail_verb { MAIL_VERB_NONE, MAIL_VERB_APPROVE, MAIL_VERB_REFUSE, MAIL_VERB_DISCARD };

struct mail_answer {
	enum mail_verb verb;
	struct span why; /* of the arena; for a refusal; may be empty */
};

struct mail_answer
mail_word_read(struct arena *arena, struct span own);
