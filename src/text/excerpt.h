/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* text/excerpt.h: the place of a text where the words of a search stand, with marks. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

struct excerpt_piece {
	struct span text; /* plain; a line break is a blank */
	bool marked;      /* one of the words */
};

/* The whole text where it is no longer than `octets`; else about so many octets of UTF-8 around
 * the first of the words (folded as by utf8_fold), cut between words; the beginning where none
 * stands in the first 32 KiB. Cut ends are said by "…". */
struct excerpt_piece *
excerpt_make(struct arena *arena, struct span text, const struct span *words, size_t count,
    size_t octets, size_t *pieces);
