/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* net/loop.h: one process, one thread, one loop.
 *
 * A turn of the loop is: wait for descriptors, timers and signals; call their
 * functions; call what was deferred meanwhile; call the turn hooks. The hooks
 * are the last thing before the loop may block, so that what a turn gathered is
 * committed (clerk) or looked at once (web). What a hook defers is done without
 * blocking first. Nobody outside net/ sees libevent.
 *
 * Every object here may be freed in its own function or in any other. After it
 * was freed its function is not called again. Free all of them before the loop. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_timer;
struct loop_watch;
struct loop_signal;

enum { LOOP_READ = 1, LOOP_WRITE = 2 };

typedef void loop_fn(void *arg);
/* what: LOOP_READ or LOOP_WRITE; a hang-up counts as whatever was wanted. */
typedef void loop_watch_fn(int fd, unsigned what, void *arg);
typedef void loop_signal_fn(int number, void *arg);

/* Make it after fork and exec, not before. SIGPIPE is ignored from here on. */
struct loop *
loop_new(void);

void
loop_free(struct loop **loop);

/* Turns until loop_stop(), or until nothing is left that could ever happen. */
void
loop_run(struct loop *loop);

/* One turn; waits for something to happen only if asked to. For tests and for
 * whoever must pump the loop by hand. False: nothing is left to wait for. */
bool
loop_turn(struct loop *loop, bool may_block);

/* The turn is finished, deferred calls and hooks included, then loop_run() returns. */
void
loop_stop(struct loop *loop);

/* A hook at the end of each turn; at most 8 of them, called in this order, for ever. */
void
loop_on_turn(struct loop *loop, loop_fn *fn, void *arg);

/* A call after the functions of this turn. The task belongs to the caller, lives
 * in its own struct and is zeroed at first; deferring it twice calls it once. */
struct loop_task {
	loop_fn *fn;
	void *arg;
	struct loop_task *next;  /* in the queue; private */
	struct loop_task **prev; /* NULL: not queued; private */
};

void
loop_defer(struct loop *loop, struct loop_task *task);

/* Not called any more; harmless where it is not queued. */
void
loop_undefer(struct loop *loop, struct loop_task *task);

/* Timers: set or repeat replaces what was set before; ms is counted from now. */
struct loop_timer *
loop_timer_new(struct loop *loop, loop_fn *fn, void *arg);

void
loop_timer_free(struct loop_timer **timer);

void
loop_timer_set(struct loop_timer *timer, int64_t ms); /* once; 0 is the next turn */

void
loop_timer_repeat(struct loop_timer *timer, int64_t ms); /* every ms >= 1 */

void
loop_timer_stop(struct loop_timer *timer);

bool
loop_timer_is_set(const struct loop_timer *timer);

/* Watches a descriptor as long as it is ready (level-triggered): for channels and
 * pipes. The descriptor stays the caller's: free the watch before closing it.
 * A new watch waits for nothing until loop_watch_want(). */
struct loop_watch *
loop_watch_new(struct loop *loop, int fd, loop_watch_fn *fn, void *arg);

void
loop_watch_free(struct loop_watch **watch);

/* LOOP_READ, LOOP_WRITE, both or 0. Cheap where nothing changes. */
void
loop_watch_want(struct loop_watch *watch, unsigned what);

/* Signals, called as ordinary functions of the loop. One loop of a process only. */
struct loop_signal *
loop_signal_new(struct loop *loop, int number, loop_signal_fn *fn, void *arg);

void
loop_signal_free(struct loop_signal **signal);

/* For net/ alone. */
struct event_base;

struct event_base *
loop_base(struct loop *loop);
