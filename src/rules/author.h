/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/author.h: the person behind a From field.
 *
 * Whoever writes for the first time becomes a person of state stranger, whose address
 * nobody proved: they cannot sign in, and whoever proves that address later is them. */
#pragma once

#include "mail/parsed.h"
#include "rules/clerk.h"
#include "store/person.h"

struct author {
	struct person person;
	int64_t address;  /* row of From's address; 0: the mail names none that is sound */
	bool verified;    /* that address */
	bool unproved_ok;
	char folded[400];
};

/* Finds the person by From, and makes one where there is none. */
bool
author_find(struct clerk *clerk, struct arena *arena, const struct parsed *parsed,
    struct author *author, struct err *err);

/* Is From a verified address of an active person? */
bool
author_is_known(const struct author *author);
