/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/session.h: who is signed in. Only hashes of the cookies' secrets are kept. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/token.h"
#include "store/person.h"

enum { SESSION_SEEN_EVERY = 3600 }; /* seconds between two notes that one was used */

struct session {
	int64_t id;
	int64_t person;
	int64_t created, seen, expires;
};

bool
session_add(struct db *db, int64_t person, const uint8_t hash[SHA256_SIZE], int64_t now,
    int64_t expires, int64_t *id, struct err *err);

/* A session that lives at `now`, and its person (may be NULL; any state: the rule
 * decides). NOT_FOUND: none, or expired. */
bool
session_find(struct db *db, struct arena *arena, const uint8_t hash[SHA256_SIZE], int64_t now,
    struct session *session, struct person *person, struct err *err);

bool
session_seen(struct db *db, int64_t id, int64_t now, int64_t expires, struct err *err);

/* Nothing where it is closed already. */
bool
session_close(struct db *db, const uint8_t hash[SHA256_SIZE], struct err *err);

/* By its number, of that person alone. */
bool
session_close_own(struct db *db, int64_t person, int64_t id, struct err *err);

/* Those that live at `now`, the last used first, at most 50. */
bool
session_list(struct db *db, struct arena *arena, int64_t person, int64_t now,
    struct session **sessions, size_t *count, struct err *err);

bool
session_close_person(struct db *db, int64_t person, struct err *err);

/* Drops at most 1 000 that expired before. */
bool
session_clean(struct db *db, int64_t before, struct err *err);
