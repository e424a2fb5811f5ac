/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/words.h: words of the book as people read them.
 *
 * The book keeps short words (why a post waits, what its author was that day); pages
 * and mails show the texts of the same tables. Nothing of the book is needed here. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "text/i18n.h"

/* Why a post waits: the sentence of a word, untranslated; a general one for an unknown word. */
const char *
words_hold_reason(const char *word);

/* "town hall", "moderator" ... for the word in post.capacity; "" for a resident. */
const char *
words_capacity(enum lang lang, const char *capacity);

/* The title in the address of a thread, "reunion-du-3-mars": for people, it decides nothing. */
char *
words_slug(struct arena *arena, struct span title);

/* A name stands beside all that its person writes: INVALID where it holds an address, which
 * everybody would then read, and other mail programs might take for the sender's. */
bool
words_check_name(const char *name, struct err *err);
