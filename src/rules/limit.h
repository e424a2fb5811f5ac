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

/* The subject of an address: a hash of its folded form; out holds 33. */
void
limit_subject_address(struct span folded, char out[33]);
