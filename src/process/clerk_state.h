/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/clerk_state.h: the clerk process as a whole, shared by its files: role_clerk.c
 * (who speaks), clerk_turn.c (the transaction), clerk_jobs.c (helpers), clerk_closed.c (damage). */
#pragma once

#include "process/clerk_peer.h"
#include "process/role.h"
#include "rules/intake.h"
#include "store/readonly.h"

enum {
	CLERK_PEERS_MAX = WEB_WORKERS_MAX + 8,
	TURN_ACTS = 64,        /* at most 64 acts ... */
	TURN_MS = 20,          /* ... or 20 ms in one transaction */
	GATHER_FROM = 4,       /* acts of the turn before: from here on it pays to wait a moment ... */
	GATHER_MS = 2,         /* ... for others that are on their way */
	RELAY_CALL_MS = 5,     /* from a commit to the relay's hearing of it */
	REST_MS = 250,         /* after a turn of which nothing was kept: the next will hardly fare better */
	LANE_DEPTH = 16,       /* jobs sent to one parser and not yet answered */
	AUTH_WAITING_MAX = 32, /* then 503: a hash costs 45 ms */
	KILLS_MAX = 5          /* so many SIGKILLs from outside count as one such death */
};

struct clerk_state {
	struct worker *worker;
	struct clerk clerk;
	struct peer peers[CLERK_PEERS_MAX];
	int count;
	struct peer *consoles;
	struct work_queue house; /* works of the house itself */
	int next_peer;           /* round robin */
	uint64_t next_job;
	int64_t inbox_after;     /* rows up to this one were taken in hand */
	int mails_in_hand;
	bool inbox_more;         /* there may be rows to take */
	bool inbox_again;        /* some row stayed new: look from the start when idle */
	bool careful;            /* after a death that was not ours to explain: one row at a time */
	struct loop_watch *console_watch;
	struct loop_task turn_again;
	struct loop_timer *gather;
	struct loop_timer *rest; /* set: no turn before it is over */
	struct loop_timer *relay_call;
	int last_turn;           /* acts of the turn before */
	bool gathered;           /* the moment is over */
	struct loop_timer *tick;
	bool is_closed;          /* the book is only read: clerk_closed.c */
	struct readonly closed;
	bool alarm_due;          /* its act is to be queued */
	int64_t damage;          /* db_damage_count() as of the last turn */
	int64_t clean_at;        /* ticks: when the house is cleaned next */
	int64_t wall;            /* seconds between the two clocks, as of the last tick */
};

/* ---- clerk_turn.c ---- */

/* The hook at the end of each turn of the loop: one transaction. */
void
clerk_turn(void *state);

/* That mail is due: of a timer. */
void
clerk_call_relay(void *state);

/* Into the queue for the next turn. */
void
clerk_ready(struct clerk_state *state, struct work *work);

/* Answers and frees, outside any turn (work->ok, outcome, err are set). */
void
clerk_answer(struct clerk_state *state, struct work *work);

/* Refuses with work->err, answers, frees. */
void
clerk_refuse(struct clerk_state *state, struct work *work);

/* An act of the house to itself with one number, into the next turn. */
void
clerk_queue_number(struct clerk_state *state, const char *act, const char *field, int64_t number);

/* ---- clerk_closed.c ---- */

/* At the start, once the book is open. */
void
clerk_closed_open(struct clerk_state *state);

/* From now on the book is only read. */
void
clerk_close(struct clerk_state *state, const char *why);

/* TEMPORARY where it would write, and nothing may be written. */
bool
clerk_closed_may(const struct clerk_state *state, const struct work *work, struct err *err);

/* After each turn; `kept`: what it did is in the book. */
void
clerk_closed_turn(struct clerk_state *state, bool kept);

/* ---- clerk_jobs.c ---- */

/* What must be done by a helper before this act or ask: JOB_NONE, or the work is
 * prepared and queued (true). False: refused already (work->err), caller refuses. */
bool
clerk_job_start(struct clerk_state *state, struct work *work);

enum job_kind
clerk_job_of(const struct work *work);

void
clerk_job_result(struct clerk_state *state, struct peer *helper, const struct frame *frame);

/* A helper was replaced: its unanswered jobs are sent again, or given up. */
void
clerk_job_helper_up(struct clerk_state *state, struct peer *helper, enum worker_end last);

/* Takes rows of the inbox in hand as far as the parser has room. */
void
clerk_feed(struct clerk_state *state);

/* After the turn of a WORK_MAIL or WORK_NOTE; frees. */
void
clerk_mail_done(struct clerk_state *state, struct work *work);

/* Is the same message of the same asker in hand already (it was sent again)? */
bool
clerk_job_is_pending(const struct clerk_state *state, const struct peer *peer, uint64_t id,
    uint32_t incarnation);
