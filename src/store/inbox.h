/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/inbox.h: mail we answered 250 to: one row a recipient. new → done or aside;
 * aside → new by replay. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct db;
struct db_count;

struct inbox {
	int64_t id;
	int64_t raw;
	const char *recipient; /* local part */
	const char *mail_from; /* "" for <> */
	const char *peer;
	const char *door; /* smtp, lmtp, fetch, console */
	int64_t received;
	const char *state; /* new, done, aside */
	int64_t tries;
	const char *outcome;
	int64_t post; /* 0 */
	const char *note;
	int64_t size; /* octets of the raw; filled when read */
};

/* From *inbox: raw, recipient, mail_from, peer, door, received; state is new. */
bool
inbox_add(struct db *db, const struct inbox *inbox, int64_t *id, struct err *err);

bool
inbox_find(struct db *db, struct arena *arena, int64_t id, struct inbox *out, struct err *err);

/* The first of state new after an id. NOT_FOUND: none. */
bool
inbox_next(struct db *db, struct arena *arena, int64_t after, struct inbox *out, struct err *err);

/* By id; of a state (NULL: any), after an id. */
bool
inbox_list(struct db *db, struct arena *arena, const char *state, int64_t after, size_t room,
    struct inbox **out, size_t *count, struct err *err);

/* What became this post, or was taken for it again; what came from that envelope sender,
 * in whatever case. Newest first; the whole table is read: for the console. */
bool
inbox_list_post(struct db *db, struct arena *arena, int64_t post, size_t room, struct inbox **out,
    size_t *count, struct err *err);
bool
inbox_list_sender(struct db *db, struct arena *arena, const char *mail_from, size_t room,
    struct inbox **out, size_t *count, struct err *err);

/* How many there are in each state, 0 too. */
bool
inbox_count_states(
    struct db *db, struct arena *arena, struct db_count **counts, size_t *count, struct err *err);

/* new → done. CONFLICT where it is not new. */
bool
inbox_finish(struct db *db, int64_t id, const char *outcome, int64_t post, struct span note,
    struct err *err);

/* A process died at it: tries + 1, told back. */
bool
inbox_died(struct db *db, int64_t id, int64_t *tries, struct err *err);

/* new → aside; aside → new, tries 0. CONFLICT from another state. */
bool
inbox_aside(struct db *db, int64_t id, struct span note, struct err *err);
bool
inbox_replay(struct db *db, int64_t id, struct err *err);

/* Forgets mails that were done and came before, at most 500, and the octets of those that
 * nothing else names: a post keeps what it came as. */
bool
inbox_clean(struct db *db, int64_t before, struct err *err);
