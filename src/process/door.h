/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/door.h: acts and asks on their way to the clerk and back.
 *
 * A door has at most DOOR_OPEN_MAX acts open; one more is refused at once
 * (TEMPORARY: 503, 451). When the clerk is replaced, what is unanswered is sent
 * again, once; the key of a creating act makes that harmless. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/frame.h"
#include "process/worker.h"

enum { DOOR_OPEN_MAX = 32 };

struct doorway; /* the open acts of one worker (enum door says which kind of door) */

struct door_request {
	const char *name;    /* of the act or ask */
	bool ask;            /* an answer, no change */
	struct span key;     /* of a creating act */
	struct span session; /* secret of the cookie */
	int64_t as;          /* console: act as this person; 0: as the administrator */
	const char *trace;   /* id for the log, or NULL */
	struct span input;   /* encoded fields */
	int fd;              /* goes along, stays the caller's; -1: none */
};

struct door_answer {
	bool ok;
	struct err err;       /* where not ok */
	struct fields output; /* where ok; borrowed for the call */
};

typedef void door_fn(const struct door_answer *answer, void *arg);

struct doorway *
door_new(struct worker *worker);

void
door_free(struct doorway **door);

/* Sends; fn is called once, later. 0: refused, too many are open (fn is not called);
 * else a number for door_cancel(). */
uint64_t
door_send(struct doorway *door, const struct door_request *request, door_fn *fn, void *arg);

/* fn will not be called; the act itself goes on. */
void
door_cancel(struct doorway *door, uint64_t number);

/* For role_ops.message: an ANSWER. */
void
door_message(struct doorway *door, const struct frame *frame);

/* For role_ops.clerk_up. */
void
door_clerk_up(struct doorway *door);

int
door_open_count(const struct doorway *door);

/* Builds an ACT or ASK message, for those who speak without a door (the console). */
void
door_write(struct buf *message, uint32_t incarnation, uint64_t id, const struct door_request *request);

/* Reads an ANSWER. */
void
door_read_answer(const struct frame *frame, struct door_answer *answer);
