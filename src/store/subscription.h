/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/subscription.h: who receives which forum, and who follows or mutes a thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

struct db;

struct subscription {
	int64_t forum;
	int64_t person;
	const char *mode; /* each, topics, daily, weekly, none */
	int64_t paused;	  /* until then; 0 */
	int64_t since;
	const char *forum_slug; /* filled when read */
	const char *forum_name;
	const char *name_shown; /* of the person */
};

/* Adds it or changes its mode and pause; `since` stays. */
bool
subscription_set(struct db *db, int64_t forum, int64_t person, const char *mode, int64_t paused,
    int64_t now, struct err *err);

/* Out of the forum: no row, and so no member. Nothing where there is none. */
bool
subscription_remove(struct db *db, int64_t forum, int64_t person, struct err *err);

bool
subscription_find(struct db *db, struct arena *arena, int64_t forum, int64_t person,
    struct subscription *out, struct err *err);

/* By forum. At most 1 000. */
bool
subscription_list_person(struct db *db, struct arena *arena, int64_t person,
    struct subscription **out, size_t *count, struct err *err);

/* By person, after one. */
bool
subscription_list_forum(struct db *db, struct arena *arena, int64_t forum, int64_t after,
    size_t room, struct subscription **out, size_t *count, struct err *err);

/* how: follow, mute, or "" for neither. */
bool
follow_set(struct db *db, int64_t thread, int64_t person, const char *how, struct err *err);
