/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/reference.h: every Message-ID of a forum's published posts and of their chains,
 * and the thread it belongs to. One without a post is a ghost: named, but not here. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct db;

struct reference {
	int64_t thread;
	int64_t post; /* 0: a ghost */
};

/* NOT_FOUND: never heard of. */
bool
reference_find(
    struct db *db, int64_t forum, struct span message_id, struct reference *out, struct err *err);

/* Adds it, or changes its thread; a post it has already stays where post is 0. */
bool
reference_set(struct db *db, int64_t forum, struct span message_id, int64_t thread, int64_t post,
    struct err *err);
