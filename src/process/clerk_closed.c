/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/clerk_closed.c: damage is known: from now on the book is only read.
 *
 * The file of store/readonly.h is written first, so that the next clerk knows it too. Then the
 * administrators are written to (act house.alarm) and that mail, like all that is due, may still
 * leave, as long as the book takes it; at the first refusal nothing is written any more. */
#include "process/clerk_state.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "rules/health.h"
#include "store/db.h"

static void
keep(const struct clerk_state *state)
{
	struct err err = { 0 };

	if (!readonly_write(state->worker->settings.data, &state->closed, &err))
		log_error("event=read_only kept=no why=\"%s\"", err.text);
}

/* An act of the house to itself, for the next turn. */
static void
queue_alarm(struct clerk_state *state)
{
	struct work *work = work_new(WORK_NOTE, NULL);
	struct buf input = { 0 };

	fields_add_text(&input, "why", state->closed.why);
	work->act.kind = act_kind_find(SPAN("house.alarm"));
	if (!fields_read(&work->act.input, arena_span(work->arena, buf_span(&input))))
		die("an input of our own is not sound");
	buf_free(&input);
	clerk_ready(state, work);
}

void
clerk_close(struct clerk_state *state, const char *why)
{
	if (state->is_closed)
		return;
	state->is_closed = true;
	state->closed = (struct readonly){ .since = clock_now() };
	(void)snprintf(state->closed.why, sizeof(state->closed.why), "%s", why);
	log_error("event=read_only why=%s", log_text(span_of(why)));
	keep(state);
}

/* Within a turn, or a checkpoint: files only. */
static void
on_trouble(void *arg, const char *why)
{
	struct clerk_state *state = arg;

	if (!state->is_closed) {
		clerk_close(state, why);
		state->alarm_due = true;
	} else if (!state->closed.final) {
		state->closed.final = true;
		log_error("event=read_only final=yes why=%s", log_text(span_of(why)));
		keep(state);
	}
}

void
clerk_closed_open(struct clerk_state *state)
{
	struct err err = { 0 };

	state->is_closed = readonly_read(state->worker->settings.data, &state->closed, &err);
	state->alarm_due = state->is_closed && !state->closed.told;
	db_on_trouble(state->clerk.db, on_trouble, state);
}

bool
clerk_closed_may(const struct clerk_state *state, const struct work *work, struct err *err)
{
	const char *name;

	if (!state->is_closed || work->kind == WORK_ASK)
		return true;
	name = work->act.kind->name;
	if (!state->closed.final && (work->act.door == DOOR_RELAY ||
					(strcmp(name, "house.alarm") == 0 && !state->closed.told)))
		return true;
	return err_set(err, ERR_TEMPORARY, "%s", health_closed);
}

/* An alarm may have been raised in this turn, by whomever; that it could not be kept changes
 * nothing. */
void
clerk_closed_turn(struct clerk_state *state, bool kept)
{
	struct clerk *clerk = &state->clerk;
	int64_t damage = db_damage_count(clerk->db);

	if (clerk->alarm[0] != '\0') {
		clerk_close(state, clerk->alarm);
		clerk->alarm[0] = '\0';
		state->closed.told = kept;
		keep(state);
	}
	if (state->alarm_due && !state->closed.final) {
		state->alarm_due = false;
		queue_alarm(state);
	}
	if (damage > state->damage && !state->is_closed)
		clerk_queue_number(state, "house.damage", "times", damage - state->damage);
	state->damage = damage;
}
