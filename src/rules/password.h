/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/password.h: is a password good enough? (CNIL 2022-100, ASVS 6.2; study §5.9) */
#pragma once

#include "rules/clerk.h"
#include "store/person.h"

enum { PASSWORD_MIN = 12, PASSWORD_MOST = 128 }; /* characters */

/* INVALID with a sentence for whoever chose it: too short, too long, too easy (less
 * than 50 bits: digits alone, the same few characters), or made of what everybody knows: the
 * person's name or address, the name of the site. Any character may stand in it. */
bool
password_check(struct clerk *, struct arena *, const struct person *, struct span typed,
    struct err *);
