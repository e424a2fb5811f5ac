/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/outbox.h: what leaves: one row a recipient of a post or of a notice; the notices
 * themselves; and the bounces that came back.
 *
 * due → sent, failed, cancelled or aside, once; reporting a row that has left `due`
 * changes nothing. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct db;
struct db_count;

struct outbox {
	int64_t id;
	int64_t post, notice; /* one of them is 0 */
	int64_t person;
	int64_t address_id;
	const char *state; /* due, sent, failed, cancelled, aside */
	int64_t attempts;
	int64_t tries;
	int64_t next; /* not before */
	int64_t created;
	int64_t done; /* when it left due; 0 */
	const char *answer;
	int64_t bounced;	/* 0: never */
	const char *address;	/* to whom; filled when read */
	const char *locale;	/* of the person; filled when read */
	const char *message_id; /* of the post or notice; filled when read */
	int64_t forum;		/* of the post, 0 for a notice; filled when read */
};

/* Rows for every subscriber of the forum who takes this post: mode each; topics where
 * `opens` (it opens its thread) or the thread is followed; followers of the thread. Not
 * those who muted it, paused, are suspended or erased, have no verified preferred
 * address, or whose folded address is in `already`. Two statements, whatever the number.
 * Who may read the forum is the rules' business: followers are taken as they stand. */
struct outbox_post {
	int64_t post, thread, forum;
	bool opens;
	int64_t now;
	const struct span *already; /* folded addresses */
	size_t already_count;
};
bool
outbox_add_post(struct db *db, const struct outbox_post *what, int64_t *count, struct err *err);

/* One row for a notice. */
bool
outbox_add_notice(struct db *db, int64_t notice, int64_t person, int64_t address, int64_t now,
    int64_t *id, struct err *err);

bool
outbox_find(struct db *db, struct arena *arena, int64_t id, struct outbox *out, struct err *err);

/* Due at `now`, by (next, id). None is no error. */
bool
outbox_list_due(struct db *db, struct arena *arena, int64_t now, size_t room, struct outbox **out,
    size_t *count, struct err *err);

/* When the next one is due, whether past or to come. NOT_FOUND: none is. */
bool
outbox_next_due(struct db *db, int64_t *next, struct err *err);

/* Of a state (NULL: any), by id, after one. */
bool
outbox_list(struct db *db, struct arena *arena, const char *state, int64_t after, size_t room,
    struct outbox **out, size_t *count, struct err *err);

/* Of a post, by person, after one. */
bool
outbox_list_post(struct db *db, struct arena *arena, int64_t post, int64_t after_person,
    size_t room, struct outbox **out, size_t *count, struct err *err);

/* To a person, newest first; the whole table may be read: for the console. */
bool
outbox_list_person(struct db *db, struct arena *arena, int64_t person, size_t room,
    struct outbox **out, size_t *count, struct err *err);

/* *changed (may be NULL) is false where it was not due any more. */
bool
outbox_sent(
    struct db *db, int64_t id, int64_t now, struct span answer, bool *changed, struct err *err);
bool
outbox_failed(
    struct db *db, int64_t id, int64_t now, struct span answer, bool *changed, struct err *err);
/* attempts + 1, due again at `next`. */
bool
outbox_retry(
    struct db *db, int64_t id, int64_t next, struct span answer, bool *changed, struct err *err);

/* What is due later is due `seconds` earlier, now at the earliest; with 0 seconds what is due in
 * more than `most` seconds is due now. */
bool
outbox_bring_near(struct db *db, int64_t now, int64_t seconds, int64_t most, int64_t *count,
    struct err *err);

/* The id of the newest row; 0: there is none. */
bool
outbox_last(struct db *db, int64_t *id, struct err *err);

/* The relay died and this row may be why: tries + 1; at `most` it is set aside. */
bool
outbox_started(struct db *db, int64_t id, int64_t now, int64_t most, struct err *err);

/* aside → due now, tries 0. CONFLICT from another state. */
bool
outbox_replay(struct db *db, int64_t id, int64_t now, struct err *err);

/* What is due of a post; of a person in a forum (0: in all) is cancelled. */
bool
outbox_cancel_post(struct db *db, int64_t post, int64_t now, int64_t *count, struct err *err);
bool
outbox_cancel_person(
    struct db *db, int64_t person, int64_t forum, int64_t now, int64_t *count, struct err *err);

/* Forgets rows that had an end before, at most 1 000; those that are aside stay. */
bool
outbox_clean(struct db *db, int64_t before, struct err *err);

/* How many are due. */
bool
outbox_count_due(struct db *db, int64_t *count, struct err *err);

/* How many there are in each state, 0 too. */
bool
outbox_count_states(
    struct db *db, struct arena *arena, struct db_count **counts, size_t *count, struct err *err);

/* When the oldest of those that are due was queued, whatever its next try; 0: none is due. */
bool
outbox_oldest_due(struct db *db, int64_t *created, struct err *err);

/* ---- notices: mails of the house itself ---- */

struct notice {
	int64_t id;
	const char *template; /* themes/…/mail/NAME */
	int64_t forum, post;  /* 0: none */
	const char *reply_to; /* local part, "" */
	const char *answers;  /* Message-ID, "" */
	const char *message_id;
	struct span input; /* encoded fields */
	int64_t created;
};

bool
notice_add(struct db *db, const struct notice *notice, int64_t *id, struct err *err);

bool
notice_find(struct db *db, struct arena *arena, int64_t id, struct notice *out, struct err *err);

/* Forgets those made before that no row of the outbox names, at most 1 000. */
bool
notice_clean(struct db *db, int64_t before, struct err *err);

/* ---- bounces ---- */

struct bounce {
	int64_t id;
	int64_t outbox; /* 0: not known */
	int64_t person;
	int64_t address;
	int64_t date;
	bool hard;
	const char *status; /* "5.1.1", "" */
	const char *text;
};

/* Adds it; with `outbox` set, the row's `bounced` is set too where it was not. */
bool
bounce_add(struct db *db, const struct bounce *bounce, int64_t *id, struct err *err);

bool
bounce_count(
    struct db *db, int64_t address, bool hard, int64_t since, int64_t *count, struct err *err);

/* Forgets those from before, at most 1 000. */
bool
bounce_clean(struct db *db, int64_t before, struct err *err);

/* Of an address, newest first. */
bool
bounce_list(struct db *db, struct arena *arena, int64_t address, size_t room, struct bounce **out,
    size_t *count, struct err *err);
