/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/person.h: people and their addresses. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct db;

struct person {
	int64_t id;
	const char *state; /* stranger, active, suspended, erased */
	const char *name_shown;
	const char *locale;   /* fr, en */
	const char *password; /* PHC string; "" = none */
	bool administrator;
	bool trusted;
	int64_t roll_until; /* the end of the roll with a line of theirs; 0: none; only read */
	int64_t created;
};

struct person_address {
	int64_t id;
	int64_t person;
	const char *address; /* as given */
	const char *folded;
	int64_t verified; /* when; 0: never */
	bool preferred;
	bool unproved_ok;
	int64_t created;
};

/* From *person: state, name_shown, locale, password, administrator, trusted, created. */
bool
person_add(struct db *db, const struct person *person, int64_t *id, struct err *err);

bool
person_find(struct db *db, struct arena *arena, int64_t id, struct person *person, struct err *err);

/* All columns of person_add() but created, of the row person->id. */
bool
person_set(struct db *db, const struct person *person, struct err *err);

bool
person_set_trusted(struct db *db, int64_t id, bool trusted, struct err *err);

/* By id, after one (0: from the start). */
bool
person_list(struct db *db, struct arena *arena, int64_t after, size_t room, struct person **people,
    size_t *count, struct err *err);

/* The active administrators, by id; at most 100. */
bool
person_list_administrators(
    struct db *db, struct arena *arena, struct person **people, size_t *count, struct err *err);

/* How many are registered: strangers, the suspended and the erased do not count. */
bool
person_count_active(struct db *db, int64_t *count, struct err *err);

/* The person an address belongs to, and that address: one statement, for mail that comes
 * in. `address` may be NULL. */
bool
person_find_address(struct db *db, struct arena *arena, struct span folded, struct person *person,
    struct person_address *address, struct err *err);

/* The first address of a person is made the preferred one. CONFLICT: somebody has it.
 * verified: when it was proved, 0 = never. */
bool
person_address_add(struct db *db, int64_t person, struct span address, struct span folded,
    int64_t verified, int64_t now, int64_t *id, struct err *err);

/* Where the person's mail goes. NOT_FOUND: no address at all. */
bool
person_address_preferred(struct db *db, struct arena *arena, int64_t person,
    struct person_address *address, struct err *err);

bool
person_address_list(struct db *db, struct arena *arena, int64_t person,
    struct person_address **addresses, size_t *count, struct err *err);

bool
person_address_verify(struct db *db, int64_t id, int64_t now, struct err *err);

/* "Was it you?" was answered yes. */
bool
person_address_unproved_ok(struct db *db, int64_t id, struct err *err);

bool
person_address_prefer(struct db *db, int64_t person, int64_t id, struct err *err);
