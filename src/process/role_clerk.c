/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/role_clerk.c: the one writer: who speaks to it, and what becomes of it.
 *
 * Messages become works (clerk_peer.h); works wait for a helper (clerk_jobs.c) or go
 * straight to the next turn (clerk_turn.c). Which door a message came through is known
 * from its channel, never from what it says. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "process/clerk_state.h"
#include "process/door.h"
#include "store/db.h"
#include "store/migrate.h"
#include "store/raw.h"

enum { TICK_MS = 250, CLEAN_MS = 3600 * 1000, CONSOLES_MAX = 16, CONSOLE_OPEN_MAX = 64 };
enum { WENT_BACK = 2 /* seconds: less is a rounding, or a leap second */ };

static enum door
door_of(const char *role)
{
	if (strcmp(role, "web") == 0)
		return DOOR_WEB;
	if (strcmp(role, "relay") == 0)
		return DOOR_RELAY;
	if (strcmp(role, "checker") == 0)
		return DOOR_CHECKER;
	return DOOR_MAIL;
}

static bool
is_helper(const struct peer *peer)
{
	return strcmp(peer->role, "parser") == 0 || strcmp(peer->role, "auth") == 0;
}

/* ---- a message of a door ---- */

/* Copies the message into the work, since it outlives the call. */
static bool
read_request(struct work *work, const struct frame *frame, struct err *err)
{
	struct fields fields = { arena_span(work->arena, frame->fields.octets) };
	struct span name = fields_get(&fields, work->kind == WORK_ASK ? "ask" : "act");
	struct span trace = fields_get(&fields, "trace");

	work->session = fields_get(&fields, "session");
	work->as = fields_int(&fields, "as", 0);
	work->act.key = fields_get(&fields, "key");
	if (trace.len > 0)
		work->act.trace = arena_strndup(work->arena, trace.data, trace.len);
	if (!fields_read(&work->act.input, fields_get(&fields, "input")))
		return err_set(err, ERR_INVALID, "the input is not a list of fields");
	if (work->kind == WORK_ASK)
		work->ask = ask_kind_find(name);
	else
		work->act.kind = act_kind_find(name);
	if (work->ask == NULL && work->act.kind == NULL)
		return err_set(err, ERR_NOT_FOUND, "there is no act " SPAN_FORMAT,
		    SPAN_ARGS(span_first(name, 60)));
	return true;
}

/* Who speaks: the console of the owner or root is the administrator, unless it asks to
 * act as a person; the web shows a session. */
static bool
find_actor(struct clerk_state *state, struct work *work, struct err *err)
{
	struct act *act = &work->act;

	act->door = work->peer->door;
	if (act->door == DOOR_CONSOLE) {
		act->administrator = work->as == 0;
		work->session = (struct span){ 0 };
		return work->as == 0 || act_set_actor(&state->clerk, act, work->as, err);
	}
	if (act->door != DOOR_WEB) /* nobody is signed in by mail, nor at the relay */
		work->session = (struct span){ 0 };
	return work->session.len == 0 || act_find_actor(&state->clerk, act, work->session, err);
}

/* Before a helper is troubled with it. */
static bool
may_ask_for(struct clerk_state *state, struct work *work, struct err *err)
{
	if (work->kind == WORK_ACT)
		return act_may(&state->clerk, &work->act, err);
	return ask_may(&state->clerk, work->ask, &work->act, err);
}

/* Fields, actor, the cheap permission; then a helper or the turn. */
static bool
take_in_hand(struct clerk_state *state, struct work *work, const struct frame *frame)
{
	struct err *err = &work->err;

	if (!read_request(work, frame, err))
		return false;
	state->clerk.now = clock_now();
	work->act.door = work->peer->door;
	if (!clerk_closed_may(state, work, err))
		return false;
	if (!find_actor(state, work, err))
		return false;
	if (work->kind == WORK_ACT && !act_check_fields(work->act.kind->fields, &work->act.input, err))
		return false;
	if (clerk_job_of(work) == JOB_NONE) {
		clerk_ready(state, work);
		return true;
	}
	if (!may_ask_for(state, work, err))
		return false;
	return clerk_job_start(state, work);
}

static void
on_request(struct peer *peer, const struct frame *frame, int *fd)
{
	struct clerk_state *state = peer->state;
	struct work *work;
	int most = peer->door == DOOR_CONSOLE ? CONSOLE_OPEN_MAX : 2 * DOOR_OPEN_MAX;
	bool lost;

	if (clerk_job_is_pending(state, peer, frame->id, frame->incarnation))
		return;
	work = work_new(frame->kind == MESSAGE_ASK ? WORK_ASK : WORK_ACT, peer);
	work->id = frame->id;
	work->incarnation = frame->incarnation;
	lost = *fd == CHANNEL_FD_LOST;
	work->act.fd = lost ? -1 : *fd;
	*fd = -1;
	if (peer->open > most || lost) {
		err_set(&work->err, ERR_TEMPORARY, lost ? "too many files are open" : "too many acts are open at this door");
		clerk_refuse(state, work);
	} else if (!take_in_hand(state, work, frame)) {
		clerk_refuse(state, work);
	}
}

static void
on_message(struct channel *channel, const struct frame *frame, int *fd, void *arg)
{
	struct peer *peer = arg;

	(void)channel;
	if (is_helper(peer)) {
		if (frame->kind == MESSAGE_RESULT)
			clerk_job_result(peer->state, peer, frame);
	} else if (frame->kind == MESSAGE_ACT || frame->kind == MESSAGE_ASK) {
		on_request(peer, frame, fd);
	}
}

static void
on_worker_channel_closed(struct channel *channel, void *arg)
{
	const struct peer *peer = arg;

	(void)channel;
	log_error("clerk channel=%s.%d closed", peer->role, peer->index);
	_exit(1); /* out of step with the supervisor: start anew from the book */
}

/* ---- the console ---- */

static void
console_free(struct peer *console)
{
	struct peer **at = &console->state->consoles;

	while (*at != console)
		at = &(*at)->next;
	*at = console->next;
	channel_free(&console->channel);
	free(console);
}

static void
sweep_consoles(struct clerk_state *state)
{
	struct peer *next;

	for (struct peer *console = state->consoles; console != NULL; console = next) {
		next = console->next;
		if (console->gone && console->open == 0)
			console_free(console);
	}
}

static void
on_console_closed(struct channel *channel, void *arg)
{
	struct peer *console = arg;

	(void)channel;
	console->gone = true; /* swept by the tick: works may still point here */
	channel_free(&console->channel);
}

static bool
is_trusted(int fd)
{
	struct ucred peer = { 0 };
	socklen_t size = sizeof peer;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return false;
	return peer.uid == 0 || peer.uid == geteuid();
}

static void
on_console(int fd, unsigned what, void *arg)
{
	struct clerk_state *state = arg;
	struct peer *console;
	int count = 0;
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)what;
	if (client < 0) {
		if (errno == EMFILE || errno == ENFILE)
			loop_watch_want(state->console_watch, 0); /* until the next tick */
		return;
	}
	sweep_consoles(state); /* those who left do not count */
	for (const struct peer *other = state->consoles; other != NULL; other = other->next)
		count++;
	if (count >= CONSOLES_MAX || !is_trusted(client)) {
		log_warn("clerk console=refused");
		close(client);
		return;
	}
	console = x_calloc(1, sizeof *console);
	console->state = state;
	console->role = "console";
	console->door = DOOR_CONSOLE;
	work_queue_init(&console->turn);
	work_queue_init(&console->jobs);
	work_queue_init(&console->wait);
	console->channel =
	    channel_new(state->worker->loop, client, on_message, on_console_closed, console);
	console->next = state->consoles;
	state->consoles = console;
}

/* ---- the role ---- */

/* What the book may forget, as an act of the house to itself (rules/upkeep.h). */
static void
clean_house(struct clerk_state *state, int64_t back)
{
	int64_t now = clock_now();

	raw_clean(state->worker->settings.data, now);
	raw_sweep(state->clerk.db, now);
	clerk_queue_number(state, "house.clean", "back", back);
	state->clean_at = clock_ticks_ms() + CLEAN_MS;
}

/* How many seconds the wall clock was set back since the last look, where that is worth a word:
 * what was to be done at a time would wait until it comes round again. */
static int64_t
seconds_back(struct clerk_state *state)
{
	int64_t before = state->wall;

	state->wall = clock_now() - clock_ticks_ms() / 1000;
	if (before - state->wall < WENT_BACK)
		return 0;
	log_warn("clerk clock=back seconds=%lld", (long long)(before - state->wall));
	return before - state->wall;
}

/* Every hour by the clock that does not jump, and when the other one did. */
static void
tend_house(struct clerk_state *state)
{
	int64_t back = seconds_back(state);

	if (back > 0 || clock_ticks_ms() >= state->clean_at)
		clean_house(state, back);
}

static void
on_tick(void *arg)
{
	struct clerk_state *state = arg;
	bool more = !state->is_closed && db_idle(state->clerk.db);

	sweep_consoles(state);
	loop_watch_want(state->console_watch, LOOP_READ);
	if (!state->is_closed)
		tend_house(state);
	loop_timer_set(state->tick, more ? 10 : TICK_MS);
}

static void
on_turn_again(void *arg)
{
	(void)arg; /* the loop went round once more: the hook does the rest */
}

static void
on_gathered(void *arg)
{
	struct clerk_state *state = arg;

	state->gathered = true; /* the hook of this turn goes on */
}

static void
add_peer(struct clerk_state *state, const struct fields *entry)
{
	struct peer *peer = &state->peers[state->count++];

	peer->state = state;
	peer->role = fields_text(entry, "role", state->worker->arena);
	peer->index = (int)fields_int(entry, "index", 0);
	peer->incarnation = (uint32_t)fields_int(entry, "incarnation", 0);
	peer->door = door_of(peer->role);
	work_queue_init(&peer->turn);
	work_queue_init(&peer->jobs);
	work_queue_init(&peer->wait);
	peer->channel = channel_new(state->worker->loop, (int)fields_int(entry, "fd", -1), on_message,
	    on_worker_channel_closed, peer);
	channel_endure(peer->channel);
}

static void
add_peers(struct clerk_state *state)
{
	struct span name, value;
	size_t at = 0;

	while (fields_next(&state->worker->start, &at, &name, &value)) {
		struct fields entry;
		if (!span_is(name, "fd") || !fields_read(&entry, value) ||
		    !span_is(fields_get(&entry, "name"), "worker"))
			continue;
		if (state->count == CLERK_PEERS_MAX)
			die("there are more workers than places");
		add_peer(state, &entry);
	}
}

static bool
clerk_start(struct worker *worker, struct err *err)
{
	struct clerk_state *state = x_calloc(1, sizeof *state);

	worker->state = state;
	state->worker = worker;
	state->clerk.settings = &worker->settings;
	state->clerk.now = clock_now();
	state->wall = state->clerk.now - clock_ticks_ms() / 1000;
	state->next_job = (uint64_t)worker->incarnation << 32;
	state->inbox_more = true;
	state->careful = worker->after_death;
	work_queue_init(&state->house);
	worker_token_keys(worker, &state->clerk.token_keys);
	if (!worker_key(worker, "seal", state->clerk.seal_key))
		return err_set(err, ERR_BROKEN, "the clerk was given no keys");
	if (!migrate_open(worker->settings.data, &state->clerk.db, err))
		return false;
	clerk_closed_open(state);
	add_peers(state);
	state->turn_again.fn = on_turn_again;
	state->gather = loop_timer_new(worker->loop, on_gathered, state);
	state->rest = loop_timer_new(worker->loop, on_turn_again, state);
	state->relay_call = loop_timer_new(worker->loop, clerk_call_relay, state);
	state->tick = loop_timer_new(worker->loop, on_tick, state);
	loop_timer_set(state->tick, TICK_MS);
	state->console_watch =
	    loop_watch_new(worker->loop, worker_fd(worker, "console", 0), on_console, state);
	loop_watch_want(state->console_watch, LOOP_READ);
	loop_on_turn(worker->loop, clerk_turn, state);
	return true;
}

static void
clerk_worker_up(struct worker *worker, const char *role, int index, uint32_t incarnation,
    enum worker_end last)
{
	struct clerk_state *state = worker->state;

	for (int i = 0; i < state->count; i++) {
		struct peer *peer = &state->peers[i];
		if (strcmp(peer->role, role) != 0 || peer->index != index)
			continue;
		peer->incarnation = incarnation;
		channel_forget(peer->channel);
		if (is_helper(peer))
			clerk_job_helper_up(state, peer, last);
	}
}

static void
drop_queue(struct work_queue *queue)
{
	struct work *work;

	while ((work = work_pop(queue)) != NULL)
		work_free(&work);
}

static void
peer_close(struct peer *peer)
{
	drop_queue(&peer->turn);
	drop_queue(&peer->jobs);
	drop_queue(&peer->wait);
	channel_free(&peer->channel);
}

static void
clerk_stop(struct worker *worker)
{
	struct clerk_state *state = worker->state;

	drop_queue(&state->house);
	for (int i = 0; i < state->count; i++)
		peer_close(&state->peers[i]);
	while (state->consoles != NULL) {
		peer_close(state->consoles);
		console_free(state->consoles);
	}
	if (state->console_watch != NULL)
		loop_watch_free(&state->console_watch);
	if (state->tick != NULL)
		loop_timer_free(&state->tick);
	if (state->gather != NULL)
		loop_timer_free(&state->gather);
	if (state->rest != NULL)
		loop_timer_free(&state->rest);
	if (state->relay_call != NULL)
		loop_timer_free(&state->relay_call);
	indexing_free(&state->clerk);
	db_close(&state->clerk.db);
	token_wipe(&state->clerk, sizeof state->clerk);
	free(state);
}

const struct role_ops role_clerk_ops = {
	.start = clerk_start,
	.worker_up = clerk_worker_up,
	.stop = clerk_stop,
};
