/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* text/plural.h: the plural expressions of catalogues (gettext manual §11.2.6),
 * a subset of C over n. Bounded in length and depth; anything else is refused. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum { PLURAL_FORMS_MAX = 6, PLURAL_LENGTH_MAX = 500, PLURAL_DEPTH_MAX = 20 };

struct plural {
	unsigned int forms;	/* nplurals */
	struct span expression; /* borrowed */
};

/* Reads "nplurals=2; plural=n>1;" and proves it for many n: INVALID. */
bool
plural_read(struct plural *plural, struct span text, struct err *err);

/* The form for n, below plural->forms. */
unsigned int
plural_form(const struct plural *plural, uint64_t n);
