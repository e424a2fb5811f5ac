/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/identifier.h: the personal identifier that a town hands out: "K7QM-4TXW-9HRC".
 *
 * Twelve symbols of Crockford's base 32 (no I, L, O, U): ten drawn at random, 50 bits, and
 * two check symbols, a shortened Reed-Solomon code over GF(32) that finds every error in one
 * or two symbols, so every exchange of two neighbours (reliability study §5.11). The first
 * four are the selector: unique, no secret. The six that follow are the verifier: only a
 * hash of them is ever kept. The form is final: letters are printed with it. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

enum {
	IDENTIFIER_LEN = 12,     /* symbols */
	IDENTIFIER_SELECTOR = 4, /* of them, the first */
	IDENTIFIER_VERIFIER = 6, /* and those after it */
	IDENTIFIER_ROOM = 15     /* octets of "K7QM-4TXW-9HRC" and the NUL */
};

/* As people type it: any case, blanks, hyphens and dots anywhere, O for 0, I and L for 1.
 * symbols: the twelve and a NUL. INVALID with a sentence that reveals nothing but that it
 * was mistyped. */
bool
identifier_read(struct span typed, char symbols[IDENTIFIER_LEN + 1], struct err *);

/* Draws one; never with a word in it that nobody wants in a letter. */
void
identifier_draw(char symbols[IDENTIFIER_LEN + 1]);

/* In three groups, as it is printed. */
void
identifier_write(const char symbols[IDENTIFIER_LEN + 1], char out[IDENTIFIER_ROOM]);

struct span
identifier_selector(const char *symbols);
struct span
identifier_verifier(const char *symbols);
