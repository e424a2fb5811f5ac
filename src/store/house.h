/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/house.h: small tables of the house itself: keys of acts, rates, counters, the
 * public version. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/token.h"

struct db;

/* ---- act_key: an act seen again answers its first outcome ---- */

/* NOT_FOUND: not seen before. */
bool
act_key_find(struct db *db, struct arena *arena, const uint8_t key[SHA256_SIZE],
    struct span *outcome, struct err *err);

bool
act_key_add(struct db *db, const uint8_t key[SHA256_SIZE], struct span outcome, int64_t now,
    struct err *err);

/* Drops at most 1 000 from before. */
bool
act_key_clean(struct db *db, int64_t before, struct err *err);

/* ---- rate: how often within a window that begins with the first time ---- */

/* Counts once more, and tells how many there are in this window now, this one included; an
 * old window is forgotten. `subject` is text: a person's id, a hash, "all". */
bool
rate_take(struct db *db, const char *name, const char *subject, int64_t now, int64_t window,
    int64_t *count, struct err *err);

/* Without counting. */
bool
rate_count(struct db *db, const char *name, const char *subject, int64_t now, int64_t window,
    int64_t *count, struct err *err);

/* Drops at most 1 000 whose window began before; those that count for a year
 * ("….1y") a year later. */
bool
rate_clean(struct db *db, int64_t before, struct err *err);

/* ---- counter: what happened how often ---- */

bool
counter_add(struct db *db, const char *name, int64_t value, struct err *err);

struct counter {
	const char *name;
	int64_t value;
};

/* All of them by name; at most 1 000. */
bool
counter_list(
    struct db *db, struct arena *arena, struct counter **counters, size_t *count, struct err *err);

/* 0 where it never was. */
bool
counter_find(struct db *db, const char *name, int64_t *value, struct err *err);

/* ---- job: work of the house for later ---- */

/* When the one of that name is due next; 0 where that was never said. */
bool
job_next(struct db *db, const char *name, int64_t *next, struct err *err);

bool
job_set(struct db *db, const char *name, int64_t next, struct err *err);

/* ---- public_version: rises with whatever anonymous readers may see ---- */

bool
public_version_read(struct db *db, int64_t *version, struct err *err);
