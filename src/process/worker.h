/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/worker.h: the skeleton of every role: `preau work ROLE`.
 *
 * Descriptor 3 is the control pair. The first message on it says who we are, gives
 * settings, secrets and the numbers of the other descriptors. Then: log name →
 * start of the role → READY → loop → drain → exit. When the control pair closes,
 * the process exits at once: no worker outlives its supervisor. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/frame.h"
#include "net/loop.h"
#include "process/channel.h"
#include "rules/settings.h"

struct mail_keys;
struct role_ops;

/* How the last life of a worker ended. SIGKILL comes from outside (an administrator, the
 * kernel out of memory): what was in hand is hardly the cause, yet it may be. */
enum worker_end { WORKER_ENDED, WORKER_DIED, WORKER_KILLED };

struct worker {
	const struct role_ops *ops;
	struct loop *loop;
	const char *role;
	int index;
	uint32_t incarnation;     /* this life of this worker; frames carry it */
	bool after_death;         /* the life before ended badly: be careful */
	struct settings settings; /* replaced by a reload, before ops->reload */
	struct fields start;      /* the START message, kept */
	struct span tls_chain, tls_key; /* PEM, of roles that listen; empty: none. A reload renews them */
	struct channel *channel;  /* to the clerk; NULL in the clerk */
	void *state;              /* the role's own */
	/* private */
	struct channel *control;
	struct arena *arena, *settings_arena;
	struct loop_timer *drain_timer, *beat_timer;
	bool draining;
};

/* What a role file supplies; NULL where nothing is to be done. */
struct role_ops {
	/* Sets worker->state. False: the sentence is logged, the process ends with 78 (TEMPORARY: 75). */
	bool (*start)(struct worker *, struct err *);
	/* A message of the clerk (its incarnation is ours: stale ones are dropped before). */
	void (*message)(struct worker *, const struct frame *, int *fd);
	/* New settings stand in worker->settings. False: logged; the old ways go on. */
	bool (*reload)(struct worker *, struct err *);
	/* Another clerk answers now: what was unanswered is sent again. */
	void (*clerk_up)(struct worker *);
	/* Take nothing new; call worker_exit() when all is done (30 s at most). NULL: exit. */
	void (*drain)(struct worker *);
	/* The clerk alone: a worker was started. */
	void (*worker_up)(struct worker *, const char *role, int index, uint32_t incarnation,
	    enum worker_end last);
	/* After the loop: close what is open. */
	void (*stop)(struct worker *);
};

/* The number-th descriptor of that name ("listen.http", "spool", "channel"...), -1: none. */
int
worker_fd(const struct worker *worker, const char *name, int number);

/* A secret handed to this role: KEY_SIZE octets. False: this role was given none. */
bool
worker_key(const struct worker *worker, const char *name, uint8_t key[32]);

/* The keys of the tokens in mail addresses, as far as this role was given them. */
void
worker_token_keys(const struct worker *worker, struct mail_keys *keys);

/* To the clerk; begin the frame with worker->incarnation. */
void
worker_send(struct worker *worker, struct span message, int fd);

/* Ends the loop after this turn. */
void
worker_exit(struct worker *worker);

/* main() of `preau work ROLE`; answers the exit status. */
int
worker_main(const char *role);
