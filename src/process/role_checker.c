/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/role_checker.c: all that is kept is looked at once a night.
 *
 * In a process of its own, so that neither the clerk nor a page ever waits for it, in small steps
 * with a pause after each, so that the disk is there for others. What it finds it tells the clerk
 * (act house.alarm), which then lets nobody write. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "process/door.h"
#include "process/role.h"
#include "store/db.h"
#include "store/house.h"
#include "store/readonly.h"
#include "store/round.h"

enum {
	LOOK_MS = 60 * 1000, /* between looks whether a round is due */
	PAUSE_MS = 20,	     /* after each step: at most so much of the disk's time is taken */
	TRY_AGAIN_MS = 5000, /* after a trouble that passes */
	FAR = 2 * 86400	     /* seconds: the next night is nearer */
};

struct checker {
	struct worker *worker;
	struct doorway *door;
	struct loop_timer *timer;
	struct db *db;	     /* open during a round alone: it takes memory */
	struct round *round; /* NULL: none is under way */
	int64_t steps;
	bool asked; /* for a round now */
	const char *unsaid; /* an act that the clerk has not taken yet, or NULL */
	char why[181];
};

static void
end_round(struct checker *checker)
{
	if (checker->round != NULL)
		round_free(&checker->round);
	db_close(&checker->db);
	loop_timer_set(checker->timer, LOOK_MS);
}

static void
on_told(const struct door_answer *answer, void *arg)
{
	struct checker *checker = arg;

	if (answer->ok) {
		checker->unsaid = NULL;
		if (checker->asked)
			loop_timer_set(checker->timer, 1);
		return;
	}
	log_warn("checker told=no why=\"%s\"", answer->err.text);
	if (checker->round == NULL)
		loop_timer_set(checker->timer, TRY_AGAIN_MS);
}

static void
say(struct checker *checker)
{
	struct door_request request = { .name = checker->unsaid, .fd = -1 };
	struct buf input = { 0 };

	if (checker->why[0] != '\0')
		fields_add_text(&input, "why", checker->why);
	request.input = buf_span(&input);
	if (door_send(checker->door, &request, on_told, checker) == 0)
		log_warn("checker told=no why=\"the door is full\"");
	buf_free(&input);
	loop_timer_set(checker->timer, LOOK_MS);
}

/* Until the clerk has taken it nothing else is done: a round is not made anew for want of a word. */
static void
tell(struct checker *checker, const char *act, const char *why)
{
	struct span first = span_first(span_of(why), sizeof(checker->why) - 1);

	checker->unsaid = act;
	memcpy(checker->why, first.data, first.len);
	checker->why[first.len] = '\0';
	say(checker);
}

static void
step(struct checker *checker)
{
	struct err err = { 0 };
	bool more = true;

	if (round_step(checker->round, &more, &err)) {
		checker->steps++;
		loop_timer_set(checker->timer, PAUSE_MS);
		if (more)
			return;
		log_info("checker sound=yes steps=%lld", (long long)checker->steps);
		end_round(checker);
		tell(checker, "house.checked", "");
	} else if (err.kind == ERR_BROKEN) {
		log_error("checker sound=no why=\"%s\"", err.text);
		end_round(checker);
		tell(checker, "house.alarm", err.text);
	} else {
		log_warn("checker round=cut why=\"%s\"", err.text);
		end_round(checker);
		loop_timer_set(checker->timer, TRY_AGAIN_MS);
	}
}

/* A time that is farther ahead than any night was told by a clock that has been set back since.
 * A house that is closed already is not looked at again: preau check is the next to do so. */
static bool
is_due(struct checker *checker, bool *due, struct err *err)
{
	int64_t now = clock_now(), next;

	*due = false;
	if (readonly_is(checker->worker->settings.data))
		return true;
	if (!job_next(checker->db, "check", &next, err))
		return false;
	*due = checker->asked || now >= next || next > now + FAR;
	return true;
}

static void
look(struct checker *checker)
{
	struct err err = { 0 };
	bool due = false;

	if (!db_open_copier(checker->worker->settings.data, &checker->db, &err) ||
	    !is_due(checker, &due, &err)) {
		log_warn("checker book=unread why=\"%s\"", err.text);
		if (err.kind == ERR_BROKEN)
			tell(checker, "house.alarm", err.text);
	}
	if (!due) {
		end_round(checker);
		return;
	}
	checker->asked = false;
	checker->steps = 0;
	checker->round = round_new(checker->db);
	log_info("checker round=begun");
	loop_timer_set(checker->timer, PAUSE_MS);
}

static void
on_timer(void *arg)
{
	struct checker *checker = arg;

	if (readonly_is(checker->worker->settings.data))
		checker->unsaid = NULL; /* it is known, or preau check will tell */
	if (checker->round != NULL)
		step(checker);
	else if (checker->unsaid != NULL)
		say(checker);
	else
		look(checker);
}

static bool
checker_start(struct worker *worker, struct err *err)
{
	struct checker *checker = x_calloc(1, sizeof(*checker));

	(void)err;
	worker->state = checker;
	checker->worker = worker;
	checker->door = door_new(worker);
	checker->timer = loop_timer_new(worker->loop, on_timer, checker);
	loop_timer_set(checker->timer, LOOK_MS);
	return true;
}

/* A hint: an administrator wants to know now. */
static void
checker_message(struct worker *worker, const struct frame *frame, int *fd)
{
	struct checker *checker = worker->state;

	(void)fd;
	if (frame->kind != MESSAGE_HINT) {
		door_message(checker->door, frame);
	} else if (checker->round == NULL) {
		checker->asked = true;
		loop_timer_set(checker->timer, 1);
	}
}

static void
checker_clerk_up(struct worker *worker)
{
	struct checker *checker = worker->state;

	door_clerk_up(checker->door);
}

static void
checker_stop(struct worker *worker)
{
	struct checker *checker = worker->state;

	if (checker->round != NULL)
		round_free(&checker->round);
	db_close(&checker->db);
	loop_timer_free(&checker->timer);
	door_free(&checker->door);
	free(checker);
}

const struct role_ops role_checker_ops = {
	.start = checker_start,
	.message = checker_message,
	.clerk_up = checker_clerk_up,
	.stop = checker_stop,
};
