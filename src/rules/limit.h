/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/limit.h: named rate limits (reliability study §5.12), counted in the book.
 *
 * A limit is one row or several of the table in limit.c: so many within a window. The
 * count is written even where what it guards fails afterwards. */
#pragma once

#include "rules/act.h"

/* Counts this act for the limits of its kind. TOO_MUCH where it goes over one. The
 * administrator at the console and the house itself are never limited. */
bool
limit_take_act(struct clerk *clerk, const struct act *act, struct err *err);

/* The same without counting: before a helper is troubled with the act. */
bool
limit_check_act(struct clerk *clerk, const struct act *act, struct err *err);

/* Counts one of `name` for a subject: a person's id as text, a hash, "all"; "" is not
 * counted. TOO_MUCH. */
bool
limit_take(struct clerk *clerk, const char *name, const char *subject, struct err *err);

/* For what is counted only where it fails: is the limit reached (TOO_MUCH)? One more. */
bool
limit_check(struct clerk *clerk, const char *name, const char *subject, struct err *err);
bool
limit_count(struct clerk *clerk, const char *name, const char *subject, struct err *err);

/* A row of the table, for preau show limits; false past its end. */
struct limit_row {
	const char *name, *window; /* "LOGIN_ACCT", and "LOGIN_ACCT.1min": so its counter is called */
	int64_t seconds, most;     /* most 0: the setting says that there is no limit */
	const char *by;            /* whose count: actor, address, peer, all */
};

bool
limit_row(const struct settings *settings, size_t at, struct limit_row *out);

/* The subject of an address: a hash of its folded form; out holds 33. */
void
limit_subject_address(struct span folded, char out[33]);
