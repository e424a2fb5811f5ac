/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/token_row.h: drawn tokens: the rows of the table token. (What makes and hashes
 * secrets is base/token.h; tokens derived from keys have no row.) */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/token.h"

struct db;

struct token_row {
	int64_t id;
	const char *purpose; /* login, confirm, moderate, author, reset */
	int64_t person;	     /* who holds it; 0: nobody in particular */
	int64_t object;	     /* what it is about */
	struct span code;    /* SHA-256 of the short code; empty: none */
	int64_t tries;	     /* wrong codes so far */
	int64_t created, expires;
	int64_t used; /* when; 0: not yet */
};

/* From *row: purpose, person, object, code, created, expires. */
bool
token_row_add(struct db *db, const uint8_t hash[SHA256_SIZE], const struct token_row *row,
    int64_t *id, struct err *err);

/* Used and expired ones too: the rule says what that means. */
bool
token_row_find(struct db *db, struct arena *arena, const uint8_t hash[SHA256_SIZE],
    struct token_row *row, struct err *err);

/* The newest of a person that has a code, is not used and lives at `now`. */
bool
token_row_find_code(struct db *db, struct arena *arena, const char *purpose, int64_t person,
    int64_t now, struct token_row *row, struct err *err);

/* NOT_FOUND where it was used before: once only. */
bool
token_row_use(struct db *db, int64_t id, int64_t now, struct err *err);

/* A wrong code was given. */
bool
token_row_try(struct db *db, int64_t id, struct err *err);

/* All of that purpose that are not used count as used now: of an object; of a person. */
bool
token_row_end_object(
    struct db *db, const char *purpose, int64_t object, int64_t now, struct err *err);
bool
token_row_end_person(
    struct db *db, const char *purpose, int64_t person, int64_t now, struct err *err);

/* Drops at most 1 000 that expired before. */
bool
token_row_clean(struct db *db, int64_t before, struct err *err);
