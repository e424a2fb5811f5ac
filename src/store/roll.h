/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/roll.h: named lists of people, whose lines are identifiers. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

struct db;

struct roll {
	int64_t id;
	const char *name, *source, *purpose;
	int64_t expires; /* 0: never */
	int64_t created;
	int64_t issued, claimed, revoked; /* lines of each state; only read */
};

/* CONFLICT: there is one of that name. */
bool
roll_add(struct db *db, const struct roll *roll, int64_t *id, struct err *err);

bool
roll_find(struct db *db, struct arena *arena, int64_t id, struct roll *roll, struct err *err);

/* Newest first, at most 200. */
bool
roll_list(struct db *db, struct arena *arena, struct roll **rolls, size_t *count, struct err *err);

/* name, source, purpose, expires of the row roll->id. */
bool
roll_set(struct db *db, const struct roll *roll, struct err *err);
