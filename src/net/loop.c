/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <event2/event.h>
#include <event2/event_struct.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "net/loop.h"

enum { HOOKS_MAX = 8 };

struct hook {
	loop_fn *fn;
	void *arg;
};

struct loop {
	struct event_base *base;
	struct loop_task *queue;   /* deferred, to be called at the end of this turn */
	struct loop_task **tail;   /* where the next one is hung */
	struct loop_task *running; /* the batch that is being called */
	struct hook hooks[HOOKS_MAX];
	size_t hook_count;
	bool stopping;
};

struct loop_timer {
	struct event event;
	struct loop *loop;
	loop_fn *fn;
	void *arg;
};

struct loop_watch {
	struct event read, write;
	loop_watch_fn *fn;
	void *arg;
	unsigned wanted;
};

struct loop_signal {
	struct event event;
	loop_signal_fn *fn;
	void *arg;
};

static void
on_libevent_log(int severity, const char *text)
{
	if (severity >= EVENT_LOG_ERR)
		log_error("event=libevent text=%s", log_text(span_of(text)));
	else if (severity == EVENT_LOG_WARN)
		log_warn("event=libevent text=%s", log_text(span_of(text)));
}

static void
on_libevent_fatal(int code)
{
	die("libevent gave up, code %d", code);
}

/* epoll, and a fresh clock for every timer: a turn of the clerk may last 20 ms, and a
 * timer set at its end is to be counted from there. */
struct loop *
loop_new(void)
{
	struct loop *loop = x_calloc(1, sizeof(*loop));
	struct event_config *config;

	event_set_log_callback(on_libevent_log);
	event_set_fatal_callback(on_libevent_fatal);
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		die("SIGPIPE cannot be ignored");
	config = event_config_new();
	if (config == NULL)
		die("no memory for a loop");
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	event_config_set_flag(config, EVENT_BASE_FLAG_NO_CACHE_TIME);
	loop->base = event_base_new_with_config(config);
	event_config_free(config);
	if (loop->base == NULL)
		die("the loop cannot be made");
	loop->tail = &loop->queue;
	return loop;
}

void
loop_free(struct loop **loop)
{
	if (*loop == NULL)
		return;
	event_base_free((*loop)->base);
	free(*loop);
	*loop = NULL;
}

struct event_base *
loop_base(struct loop *loop)
{
	return loop->base;
}

/* What is deferred by a deferred function waits for the next turn, so that two tasks
 * that defer each other cannot starve the sockets. */
static void
run_deferred(struct loop *loop)
{
	struct loop_task *task;

	loop->running = loop->queue;
	if (loop->running != NULL)
		loop->running->prev = &loop->running;
	loop->queue = NULL;
	loop->tail = &loop->queue;
	while ((task = loop->running) != NULL) {
		loop_undefer(loop, task);
		task->fn(task->arg);
	}
}

static void
end_turn(struct loop *loop)
{
	run_deferred(loop);
	for (size_t i = 0; i < loop->hook_count; i++)
		loop->hooks[i].fn(loop->hooks[i].arg);
}

bool
loop_turn(struct loop *loop, bool may_block)
{
	bool block = may_block && loop->queue == NULL;
	int result = event_base_loop(loop->base, EVLOOP_ONCE | (block ? 0 : EVLOOP_NONBLOCK));

	if (result < 0)
		die("the loop failed");
	end_turn(loop);
	return result == 0 || loop->queue != NULL;
}

void
loop_run(struct loop *loop)
{
	loop->stopping = false;
	end_turn(loop);
	while (!loop->stopping && loop_turn(loop, true))
		;
}

void
loop_stop(struct loop *loop)
{
	loop->stopping = true;
}

void
loop_on_turn(struct loop *loop, loop_fn *fn, void *arg)
{
	if (loop->hook_count == HOOKS_MAX)
		die("more than %d hooks on a loop", HOOKS_MAX);
	loop->hooks[loop->hook_count++] = (struct hook){ fn, arg };
}

void
loop_defer(struct loop *loop, struct loop_task *task)
{
	if (task->prev != NULL)
		return;
	task->next = NULL;
	task->prev = loop->tail;
	*loop->tail = task;
	loop->tail = &task->next;
}

void
loop_undefer(struct loop *loop, struct loop_task *task)
{
	if (task->prev == NULL)
		return;
	*task->prev = task->next;
	if (task->next != NULL)
		task->next->prev = task->prev;
	else if (loop->tail == &task->next)
		loop->tail = task->prev;
	task->next = NULL;
	task->prev = NULL;
}

static struct timeval
timeval_of(int64_t ms)
{
	if (ms < 0)
		ms = 0;
	return (struct timeval){ .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *timer = arg;

	(void)fd;
	(void)what;
	timer->fn(timer->arg);
}

struct loop_timer *
loop_timer_new(struct loop *loop, loop_fn *fn, void *arg)
{
	struct loop_timer *timer = x_calloc(1, sizeof(*timer));

	timer->loop = loop;
	timer->fn = fn;
	timer->arg = arg;
	event_assign(&timer->event, loop->base, -1, 0, on_timer, timer);
	return timer;
}

void
loop_timer_free(struct loop_timer **timer)
{
	if (*timer == NULL)
		return;
	event_del(&(*timer)->event);
	free(*timer);
	*timer = NULL;
}

static void
timer_add(struct loop_timer *timer, short flags, int64_t ms)
{
	struct timeval wait = timeval_of(ms);

	event_del(&timer->event);
	event_assign(&timer->event, timer->loop->base, -1, flags, on_timer, timer);
	if (event_add(&timer->event, &wait) != 0)
		die("a timer cannot be set");
}

void
loop_timer_set(struct loop_timer *timer, int64_t ms)
{
	timer_add(timer, 0, ms);
}

void
loop_timer_repeat(struct loop_timer *timer, int64_t ms)
{
	timer_add(timer, EV_PERSIST, ms < 1 ? 1 : ms);
}

void
loop_timer_stop(struct loop_timer *timer)
{
	event_del(&timer->event);
}

bool
loop_timer_is_set(const struct loop_timer *timer)
{
	return event_pending(&timer->event, EV_TIMEOUT, NULL) != 0;
}

static void
on_watch(evutil_socket_t fd, short what, void *arg)
{
	struct loop_watch *watch = arg;

	watch->fn(fd, what & EV_READ ? LOOP_READ : LOOP_WRITE, watch->arg);
}

/* Two events, so that wanting to write comes and goes without touching the other. */
struct loop_watch *
loop_watch_new(struct loop *loop, int fd, loop_watch_fn *fn, void *arg)
{
	struct loop_watch *watch = x_calloc(1, sizeof(*watch));

	watch->fn = fn;
	watch->arg = arg;
	event_assign(&watch->read, loop->base, fd, EV_READ | EV_PERSIST, on_watch, watch);
	event_assign(&watch->write, loop->base, fd, EV_WRITE | EV_PERSIST, on_watch, watch);
	return watch;
}

void
loop_watch_free(struct loop_watch **watch)
{
	if (*watch == NULL)
		return;
	loop_watch_want(*watch, 0);
	free(*watch);
	*watch = NULL;
}

static void
watch_set(struct event *event, bool want)
{
	if (!want)
		event_del(event);
	else if (event_add(event, NULL) != 0)
		die("a descriptor cannot be watched");
}

void
loop_watch_want(struct loop_watch *watch, unsigned what)
{
	unsigned change = watch->wanted ^ what;

	watch->wanted = what;
	if (change & LOOP_READ)
		watch_set(&watch->read, (what & LOOP_READ) != 0);
	if (change & LOOP_WRITE)
		watch_set(&watch->write, (what & LOOP_WRITE) != 0);
}

static void
on_signal(evutil_socket_t number, short what, void *arg)
{
	struct loop_signal *signal = arg;

	(void)what;
	signal->fn(number, signal->arg);
}

struct loop_signal *
loop_signal_new(struct loop *loop, int number, loop_signal_fn *fn, void *arg)
{
	struct loop_signal *signal = x_calloc(1, sizeof(*signal));

	signal->fn = fn;
	signal->arg = arg;
	event_assign(&signal->event, loop->base, number, EV_SIGNAL | EV_PERSIST, on_signal, signal);
	if (event_add(&signal->event, NULL) != 0)
		die("signal %d cannot be watched", number);
	return signal;
}

void
loop_signal_free(struct loop_signal **signal)
{
	if (*signal == NULL)
		return;
	event_del(&(*signal)->event);
	free(*signal);
	*signal = NULL;
}
