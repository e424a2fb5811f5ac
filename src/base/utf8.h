/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* base/utf8.h: UTF-8 as RFC 3629 has it: no overlong form, no surrogate, no
 * code point over U+10FFFF. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

bool
utf8_is_valid(struct span s);

/* Valid, and without control characters (C0, DEL). */
bool
utf8_is_line(struct span s);

/* Cuts one code point off the front; a bad octet gives U+FFFD and is skipped
 * alone. False at the end. */
bool
utf8_next(struct span *rest, uint32_t *code);

void
utf8_add(struct buf *out, uint32_t code);

/* Valid UTF-8 whatever came in: bad octets become U+FFFD, NUL is dropped. */
struct span
utf8_clean(struct arena *arena, struct span s);

/* Code points. */
size_t
utf8_count(struct span s);

/* At most `count` code points, cut between code points. */
struct span
utf8_first(struct span s, size_t count);

/* One line fit to be shown or put in a header: control characters (C0, DEL, C1,
 * U+2028/9) and bidi overrides removed, runs of blanks made one, trimmed. */
struct span
utf8_line(struct arena *arena, struct span s);

/* Folded for comparing names and searching: lower case, accents of Latin letters
 * removed, oe/ae ligatures opened, apostrophes unified. */
struct span
utf8_fold(struct arena *arena, struct span s);

/* "Réunion du 3 mars" -> "reunion-du-3-mars": [a-z0-9-], at most max octets. */
char *
utf8_slug(struct arena *arena, struct span s, size_t max);
