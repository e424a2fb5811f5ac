/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* base/err.h: expected trouble: a kind for machines, a sentence for people.
 *
 * A function that may fail returns bool and takes a struct err * last; it
 * returns false exactly when it has filled it. One table in net/http.c and one
 * in mail/smtp_server.c turn kinds into status codes, so that a refusal reads
 * the same on the web, in mail and on the console. */
#pragma once

#include <stdbool.h>

#include "base/str.h"

enum err_kind {
	ERR_NONE,      /* nothing went wrong */
	ERR_INVALID,   /* the input is not as it must be: 400, 5.5.x */
	ERR_DENIED,    /* may not: 403, 5.7.1 */
	ERR_NOT_FOUND, /* not there (or not to be seen): 404, 5.1.1 */
	ERR_CONFLICT,  /* stands against what is there: 409 */
	ERR_TOO_MUCH,  /* over a limit: 413 or 429, 4.7.x */
	ERR_TEMPORARY, /* try again later: 503, 451 */
	ERR_BROKEN,    /* what is stored or configured is not sound: 500 */
	ERR_KINDS      /* how many there are */
};

struct err {
	enum err_kind kind;
	char text[240]; /* UTF-8, one sentence, no address, no secret */
};

/* Fills err and returns false, so that `return err_set(...)` reads well. */
bool
err_set(struct err *err, enum err_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts words before the sentence: "forum voirie: ...". Returns false. */
bool
err_in(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

void
err_clear(struct err *err);

/* Trouble of that kind is none here: clears it and returns true. Else false. */
bool
err_forgive(struct err *err, enum err_kind kind);

/* "denied", "not-found" ...; and back (ERR_BROKEN for an unknown word). */
const char *
err_kind_name(enum err_kind kind);

enum err_kind
err_kind_find(struct span name);
