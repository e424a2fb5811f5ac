/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/standing.h: fills from the book what permission.h decides over.
 *
 * The same for the clerk and for readers: it takes the book, not the clerk. It asks
 * the book only for what the axes of that forum will look at. */
#pragma once

#include "base/arena.h"
#include "rules/permission.h"
#include "store/forum.h"
#include "store/organisation.h"
#include "store/person.h"

struct db;

struct axes
standing_axes(const struct forum *forum);

/* person NULL or id 0: an anonymous reader. forum NULL: what the person is to the site
 * alone. */
bool
standing_load(struct db *db, struct arena *arena, int64_t now, const struct person *person,
    const struct forum *forum, struct standing *standing, struct err *err);

/* The same where the mandates of the person are at hand already (reading many forums). */
bool
standing_of(struct db *db, struct arena *arena, int64_t now, const struct person *person,
    const struct mandate *mandates, size_t count, const struct forum *forum,
    struct standing *standing, struct err *err);

/* Person and standing in one go, of an id; 0: anonymous (then *person is zeroed). */
bool
standing_find(struct db *db, struct arena *arena, int64_t now, int64_t person,
    const struct forum *forum, struct person *row, struct standing *standing, struct err *err);
