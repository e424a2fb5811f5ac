/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* text/colour.h: the accent of a town, legible by day and by night (WCAG 2.2 §1.4.3). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct colour {
	uint8_t red, green, blue; /* sRGB */
};

/* Six hex digits, "1f4e79". */
bool
colour_read(struct span text, struct colour *out);

/* Contrast ratio, 1 to 21. */
double
colour_contrast(struct colour a, struct colour b);

/* Is it dark enough for words on the paper of the theme, and for white words on it? */
bool
colour_is_legible(struct colour accent);

/* A stylesheet that sets --accent and --accent-ink: as given by day, lightened by night until
 * it can be read on the dark paper. */
void
colour_write_css(struct colour accent, struct buf *out);
