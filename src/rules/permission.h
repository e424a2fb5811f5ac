/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/permission.h: who may read, write and decide; and when a post appears.
 *
 * Pure decisions over what the book says of a person and a forum: no query, no
 * clock, no door. The web, mail and the console ask here and nowhere else, so that
 * a cell of the matrix (tests/unit/test_permission.c) is true for all of them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* What the person is to the site and to one forum. Zeroed: an anonymous reader. */
struct standing {
	int64_t person;      /* 0: nobody known */
	bool active;         /* registered and neither suspended nor erased */
	bool barred;         /* suspended or erased */
	bool administrator;
	bool trusted;        /* posts appear at once where first posts are read */
	bool on_roll;        /* claimed an identifier */
	bool moderator;      /* live mandates over this forum */
	bool animator;
	bool writer;
	bool speaker;        /* may speak for some organisation */
	bool subscribed;     /* to this forum, in whatever mode */
	bool was_read;       /* a moderator let a post of this person into this forum */
};

enum who_writes { WRITES_EVERYONE, WRITES_REGISTERED, WRITES_ROLL, WRITES_MANDATED, WRITES_NOBODY };
enum appears { APPEARS_AT_ONCE, APPEARS_FIRST_READ, APPEARS_ALWAYS_READ, APPEARS_UNLESS_ROLL };
enum who_reads { READS_EVERYONE, READS_REGISTERED, READS_MEMBERS };

/* The axes of a forum. Zeroed: everyone writes and reads, at once. */
struct axes {
	enum who_writes who_writes;
	enum appears appears;
	enum who_reads who_reads;
	bool refuses_strangers; /* else their mail is held */
	bool emergency;         /* everything is held */
};

/* The words of the book; an unknown word gives the strictest axis. */
struct axes
axes_of(const char *who_writes, const char *appears, const char *who_reads, const char *strangers,
    bool emergency);

bool
permission_read(const struct standing *standing, const struct axes *axes);

/* DENIED with a sentence that the person may read. */
bool
permission_write(const struct standing *standing, const struct axes *axes, struct err *err);

bool
permission_moderate(const struct standing *standing);

/* May subscribe without anybody's help? */
bool
permission_subscribe(const struct standing *standing, const struct axes *axes);

/* Word of rules/posting.h why a post of somebody who may write waits, or "". */
const char *
permission_hold(const struct standing *standing, const struct axes *axes);
