/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/clerk_peer.h: the clerk's own structures: who speaks to it, what is in hand.
 *
 * A work is one act or ask from its arrival to its answer. It waits in the queue of
 * its peer for the next turn, or for a job (parser, auth) and then for the turn. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "process/channel.h"
#include "rules/act.h"

struct clerk_state;
struct peer;

enum work_kind {
	WORK_ACT,
	WORK_ASK,
	WORK_MAIL, /* a row of the inbox: mail.process by the house */
	WORK_NOTE  /* mail.died or mail.aside by the house */
};

enum job_kind { JOB_NONE, JOB_MAIL, JOB_MARKDOWN, JOB_PLAIN, JOB_HASH, JOB_VERIFY };

struct work {
	struct work *next;         /* in the queue of its peer, or among the jobs of a helper */
	enum work_kind kind;
	struct peer *peer;         /* who asked; NULL: the house, or a console that left */
	uint64_t id;               /* of the message to answer */
	uint32_t incarnation;      /* of the asker */
	struct arena *arena;
	struct act act;
	const struct ask_kind *ask;
	struct span session;
	int64_t as;
	int64_t inbox;             /* WORK_MAIL, WORK_NOTE */
	enum job_kind job;         /* what it waits for, or JOB_NONE */
	uint64_t job_id;
	int deaths;                /* of the helper while at it */
	int kills;                 /* of the helper, from outside, while at it */
	int job_fd;                /* goes with the job, or -1 */
	struct span job_octets;
	size_t job_size;
	struct parsed parsed;
	bool answered_early;       /* a refusal before the turn */
	/* the result of the turn */
	bool ok;
	struct outcome outcome;
	struct err err;
};

struct work_queue {
	struct work *head, **tail;
	int count;
};

struct peer {
	struct peer *next;      /* consoles */
	struct clerk_state *state;
	const char *role;       /* "web", "console" ... */
	int index;
	uint32_t incarnation;
	enum door door;
	struct channel *channel;
	struct work_queue turn; /* ready to be done */
	struct work_queue jobs; /* parser, auth: sent and unanswered, oldest first */
	struct work_queue wait; /* parser, auth: not yet sent */
	int open;               /* works of this peer in hand */
	bool gone;              /* a console that hung up: freed with its last work */
};

void
work_queue_init(struct work_queue *queue);
void
work_push(struct work_queue *queue, struct work *work);
/* To the front: what is sent again keeps its turn. */
void
work_push_front(struct work_queue *queue, struct work *work);
struct work *
work_pop(struct work_queue *queue);
/* Takes the one with that job id out, or NULL. */
struct work *
work_take_job(struct work_queue *queue, uint64_t job_id);

struct work *
work_new(enum work_kind kind, struct peer *peer);
void
work_free(struct work **work);
