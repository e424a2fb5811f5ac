/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/registration.h: who gave an identifier and has yet to answer a mail. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/token.h"

struct db;

struct registration {
	int64_t id;
	struct span code; /* SHA-256 of the short code */
	int64_t tries;
	int64_t identifier, person, address;
	const char *name, *locale, *next;
	int64_t created, expires;
	int64_t used; /* when; 0: not yet */
};

/* From *row: code, identifier, person, address, name, locale, next, created, expires. */
bool
registration_add(struct db *db, const uint8_t hash[SHA256_SIZE], const struct registration *row,
    struct err *err);

/* Used and expired ones too: the rule says what that means. */
bool
registration_find(struct db *db, struct arena *arena, const uint8_t hash[SHA256_SIZE],
    struct registration *row, struct err *err);

/* The newest for an address that is not used and lives at `now`. */
bool
registration_find_address(struct db *db, struct arena *arena, int64_t address, int64_t now,
    struct registration *row, struct err *err);

/* NOT_FOUND where it was used before: once only. */
bool
registration_use(struct db *db, int64_t id, int64_t now, struct err *err);

/* A wrong code was given. */
bool
registration_try(struct db *db, int64_t id, struct err *err);

/* Drops at most 1 000 that expired before. */
bool
registration_clean(struct db *db, int64_t before, struct err *err);
