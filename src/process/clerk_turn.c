/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/clerk_turn.c: one turn of the loop, one transaction, then the answers.
 *
 * The acts that are ready are taken from their queues in turn, one a door, so that a
 * flood at one door delays no other. Nothing is answered before the commit: an answer
 * says that what it speaks of will survive. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "process/clerk_state.h"
#include "store/db.h"

void
clerk_ready(struct clerk_state *state, struct work *work)
{
	struct work_queue *queue = work->peer != NULL ? &work->peer->turn : &state->house;

	work_push(queue, work);
}

void
clerk_queue_number(struct clerk_state *state, const char *act, const char *field, int64_t number)
{
	struct work *work = work_new(WORK_NOTE, NULL);
	struct buf input = { 0 };

	fields_add_int(&input, field, number);
	work->act.kind = act_kind_find(span_of(act));
	if (!fields_read(&work->act.input, arena_span(work->arena, buf_span(&input))))
		die("an input of our own is not sound");
	buf_free(&input);
	clerk_ready(state, work);
}

void
clerk_answer(struct clerk_state *state, struct work *work)
{
	struct buf message = { 0 };

	(void)state;
	if (work->peer != NULL && work->peer->channel != NULL) {
		buf_init(&message, MESSAGE_MAX);
		frame_begin(&message, MESSAGE_ANSWER, work->incarnation, work->id);
		fields_add_text(&message, "outcome", work->ok ? "ok" : err_kind_name(work->err.kind));
		if (work->ok)
			fields_add(&message, "output", buf_span(&work->outcome.output));
		else
			fields_add_text(&message, "text", work->err.text);
		channel_send(work->peer->channel, buf_span(&message), -1);
		buf_free(&message);
	}
	work_free(&work);
}

void
clerk_refuse(struct clerk_state *state, struct work *work)
{
	work->ok = false;
	if (work->kind == WORK_MAIL || work->kind == WORK_NOTE)
		clerk_mail_done(state, work);
	else
		clerk_answer(state, work);
}

/* The next queue that has something, after the one served last. */
static struct work *
next_work(struct clerk_state *state)
{
	int places = state->count + 2;

	for (int i = 0; i < places; i++) {
		int place = (state->next_peer + i) % places;
		struct work *work = NULL;
		if (place < state->count) {
			work = work_pop(&state->peers[place].turn);
		} else if (place == state->count) {
			work = work_pop(&state->house);
		} else {
			struct peer *console = state->consoles;
			while (console != NULL && console->turn.count == 0)
				console = console->next;
			if (console != NULL)
				work = work_pop(&console->turn);
		}
		if (work != NULL) {
			state->next_peer = place + 1;
			return work;
		}
	}
	return NULL;
}

static int
count_waiting(const struct clerk_state *state)
{
	int count = state->house.count;

	for (int i = 0; i < state->count; i++)
		count += state->peers[i].turn.count;
	for (const struct peer *console = state->consoles; console != NULL; console = console->next)
		count += console->turn.count;
	return count;
}

/* Many senders at once come back a moment after they were answered: a turn that begins
 * with the first of them would pay a commit for few. A lone sender never waits. */
static bool
is_gathering(struct clerk_state *state, int waiting)
{
	if (state->gathered || state->last_turn < GATHER_FROM || waiting * 2 >= state->last_turn) {
		loop_timer_stop(state->gather);
		state->gathered = false;
		return false;
	}
	if (!loop_timer_is_set(state->gather))
		loop_timer_set(state->gather, GATHER_MS);
	return true;
}

static void
do_work(struct clerk_state *state, struct work *work)
{
	struct act *act = &work->act;

	if (work->session.len > 0 &&
	    !act_find_actor(&state->clerk, act, work->session, &work->err)) {
		work->ok = false;
		return;
	}
	if (!clerk_closed_may(state, work, &work->err))
		work->ok = false;
	else if (work->kind == WORK_ASK)
		work->ok = ask_run(&state->clerk, work->ask, act, &work->outcome, &work->err);
	else
		work->ok = act_run(&state->clerk, act, &work->outcome, &work->err);
}

/* The transaction is gone: nothing of this turn happened. */
static void
all_temporary(struct work **batch, int count)
{
	for (int i = 0; i < count; i++) {
		batch[i]->ok = false;
		err_set(&batch[i]->err, ERR_TEMPORARY, "the book cannot be written just now");
	}
}

/* What became of a message, where its lines can be found again: what it was called at the door,
 * what it is called where it leaves. */
static void
log_message_of(const struct work *work)
{
	struct fields output;
	struct arena *arena = work->arena;

	if (!work->ok || !fields_read(&output, buf_span(&work->outcome.output)))
		return;
	if (work->kind == WORK_MAIL)
		log_info("clerk inbox=%lld message=%s outcome=%s post=%lld",
		    (long long)work->inbox, log_message(work->outcome.message),
		    fields_text(&output, "outcome", arena),
		    (long long)fields_int(&output, "post", 0));
	else if (work->outcome.message.len > 0)
		log_info("clerk trace=%s message=%s outcome=%s post=%lld",
		    log_text(span_of(work->act.trace)), log_message(work->outcome.message),
		    fields_text(&output, "state", arena),
		    (long long)fields_int(&output, "post", 0));
}

static void
answer_all(struct clerk_state *state, struct work **batch, int count)
{
	for (int i = 0; i < count; i++) {
		log_message_of(batch[i]);
		if (batch[i]->kind == WORK_MAIL || batch[i]->kind == WORK_NOTE)
			clerk_mail_done(state, batch[i]);
		else
			clerk_answer(state, batch[i]);
	}
}

/* Takes and does works until the turn is full. False: the transaction is gone. */
static bool
fill_turn(struct clerk_state *state, struct work **batch, int *count)
{
	int64_t until = clock_ticks_ms() + TURN_MS;

	while (*count < TURN_ACTS && (*count == 0 || clock_ticks_ms() < until)) {
		struct work *work = next_work(state);
		if (work == NULL)
			break;
		batch[(*count)++] = work;
		do_work(state, work);
		if (!db_in_transaction(state->clerk.db))
			return false;
	}
	return true;
}

/* Asks change nothing: a turn of asks alone writes nothing to the disk. */
static void
log_commit(struct work *const *batch, int count)
{
	int acts = 0, received = 0;

	for (int i = 0; i < count; i++) {
		acts += batch[i]->kind != WORK_ASK;
		received += batch[i]->kind == WORK_ACT && batch[i]->act.door == DOOR_MAIL;
	}
	if (acts > 0)
		log_debug("clerk commit acts=%d received=%d", acts, received);
}

/* Something is there to be done at that door: it looks for itself. */
static void
hint(struct clerk_state *state, enum door door)
{
	struct buf message = { 0 };

	for (int i = 0; i < state->count; i++)
		if (state->peers[i].door == door) {
			frame_begin(&message, MESSAGE_HINT, state->peers[i].incarnation, 0);
			channel_send(state->peers[i].channel, buf_span(&message), -1);
		}
	buf_free(&message);
}

void
clerk_call_relay(void *arg)
{
	hint(arg, DOOR_RELAY);
}

/* The relay is called once the answers have gone: on a small machine it would take their time, and
 * how long an answer took would tell whether there was somebody to write to. */
static void
after_commit(struct clerk_state *state)
{
	if (state->clerk.relay_due) {
		state->clerk.relay_due = false;
		if (!loop_timer_is_set(state->relay_call))
			loop_timer_set(state->relay_call, RELAY_CALL_MS);
	}
	if (state->clerk.check_due) {
		state->clerk.check_due = false;
		hint(state, DOOR_CHECKER);
	}
	if (state->clerk.inbox_again) {
		state->clerk.inbox_again = false;
		state->inbox_again = true;
	}
	if (state->clerk.inbox_due) {
		state->clerk.inbox_due = false;
		state->inbox_more = true;
	}
}

/* A book that refuses to be written is still asked. */
static bool
begin(struct clerk_state *state, bool reads_only, struct err *err)
{
	return reads_only ? db_read_begin(state->clerk.db, err) : act_begin(&state->clerk, err);
}

/* Nothing is kept of a turn in which the book began to refuse. */
static bool
commit(struct clerk_state *state, bool reads_only, struct err *err)
{
	if (reads_only)
		return db_read_end(state->clerk.db), true;
	if (state->closed.final)
		return err_set(err, ERR_TEMPORARY, "the book refuses to be written");
	return act_commit(&state->clerk, err);
}

void
clerk_turn(void *arg)
{
	struct clerk_state *state = arg;
	struct work *batch[TURN_ACTS];
	struct err err = { 0 };
	int count = 0, waiting = count_waiting(state);
	bool kept, reads_only = state->closed.final;

	if (loop_timer_is_set(state->rest) || (waiting > 0 && is_gathering(state, waiting)))
		return;
	if (waiting > 0) {
		state->clerk.now = clock_now();
		kept = begin(state, reads_only, &err) && fill_turn(state, batch, &count);
		if (kept && fault_is("answer-early")) {
			answer_all(state, batch, count);
			count = 0;
		}
		kept = kept && commit(state, reads_only, &err);
		if (!kept) {
			log_error("clerk commit=failed acts=%d why=\"%s\"", count, err.text);
			db_rollback(state->clerk.db);
			all_temporary(batch, count);
			state->inbox_again = true;
			loop_timer_set(state->rest, REST_MS);
		} else {
			log_commit(batch, count);
		}
		state->last_turn = count;
		answer_all(state, batch, count);
		after_commit(state);
		clerk_closed_turn(state, kept);
		db_check_idle(state->clerk.db);
		if (!state->closed.final)
			db_tend(state->clerk.db);
	}
	if (loop_timer_is_set(state->rest))
		return;
	clerk_feed(state);
	if (count_waiting(state) > 0)
		loop_defer(state->worker->loop, &state->turn_again);
}
