/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/identifier.h: the lines of rolls. Of a code only its selector, which is no secret,
 * and a hash are kept (rules/identifier.h says what a code is). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct db;

struct identifier {
	int64_t id;
	int64_t roll;
	const char *selector;
	const char *verifier; /* PHC string */
	const char *state;    /* issued, claimed, revoked */
	int64_t tries;
	int64_t person; /* 0: nobody yet */
	int64_t issued, changed;
	const char *name; /* of who claimed it; "" */
	int64_t expires;  /* with its roll; 0: never */
};

/* CONFLICT: that selector is taken. */
bool
identifier_add(struct db *db, int64_t roll, struct span selector, const char *verifier,
    int64_t now, struct err *err);

bool
identifier_find_selector(struct db *db, struct arena *arena, struct span selector,
    struct identifier *row, struct err *err);

bool
identifier_find(
    struct db *db, struct arena *arena, int64_t id, struct identifier *row, struct err *err);

/* Lines of a roll after one (0: from the start), by id. */
bool
identifier_list(struct db *db, struct arena *arena, int64_t roll, int64_t after, size_t room,
    struct identifier **rows, size_t *count, struct err *err);

/* A wrong one with that selector was given. */
bool
identifier_try(struct db *db, int64_t id, struct err *err);

/* NOT_FOUND where it is not issued any more, so once only, or its roll is over. */
bool
identifier_claim(struct db *db, int64_t id, int64_t person, int64_t now, struct err *err);

/* Nothing where it is revoked already. */
bool
identifier_revoke(struct db *db, int64_t id, int64_t now, struct err *err);

/* Revokes at most 1 000 lines of rolls that ended before. */
bool
identifier_clean(struct db *db, int64_t before, struct err *err);
