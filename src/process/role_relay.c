/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/role_relay.c: what is due, when to look, and the life of the role. */
#include "process/role_relay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/tls.h"
#include "store/db.h"
#include "store/outbox.h"
#include "text/theme.h"

enum {
	AGAIN_MS = 500,	    /* after a trouble with the book */
	DOWN_MIN_MS = 1000, /* between tries of a target that cannot be reached */
	DOWN_MAX_MS = 60 * 1000,
	FILES_AT_ONCE = 16 /* of RELAY_DIR, in one turn */
};

/* ---- when to look ---- */

void
relay_wake(struct relay *relay)
{
	loop_defer(relay->worker->loop, &relay->task);
}

void
relay_wake_in(struct relay *relay, int64_t ms)
{
	int64_t at = clock_ticks_ms() + ms;

	if (relay->timer_at != 0 && relay->timer_at <= at)
		return;
	relay->timer_at = at;
	loop_timer_set(relay->timer, ms > 0 ? ms : 1);
}

static void
on_timer(void *arg)
{
	struct relay *relay = arg;

	relay->timer_at = 0;
	relay->dry = false;
	relay_wake(relay);
}

static bool
has_ready_link(const struct relay *relay)
{
	for (const struct relay_link *link = relay->links; link != NULL; link = link->next) {
		if (!link->closing && smtp_client_was_ready(link->client))
			return true;
	}
	return false;
}

/* Nobody's fault but the target's: rows go back and cost no attempt. While one dialogue
 * lives, the target only refuses to have more of them. */
void
relay_down(struct relay *relay, const char *why)
{
	int64_t wait = relay->down_wait * 2;

	log_warn("relay target=down why=%s", log_text(span_of(why)));
	relay->address_at++;
	if (has_ready_link(relay)) {
		relay->down_until = clock_ticks_ms() + RELAY_POLL_MS;
		return;
	}
	wait = wait < DOWN_MIN_MS ? DOWN_MIN_MS : wait > DOWN_MAX_MS ? DOWN_MAX_MS : wait;
	relay->down_wait = wait;
	relay->down_until = clock_ticks_ms() + wait;
	relay_copy_put_back(relay, INT64_MAX);
	relay->dry = false;
	relay_wake_in(relay, wait);
}

void
relay_up(struct relay *relay)
{
	if (relay->down_wait > 0)
		log_info("relay target=up");
	relay->down_wait = 0;
	relay->down_until = 0;
}

/* ---- rows one by one, after a death of our own making ---- */

static void
on_started(const struct door_answer *answer, void *arg)
{
	struct relay *relay = arg;

	relay->started = answer->ok;
	if (!answer->ok) {
		relay->starting = 0;
		relay_wake_in(relay, AGAIN_MS);
	}
	relay->dry = false;
	relay_wake(relay);
}

static void
announce(struct relay *relay, int64_t id)
{
	struct door_request request = { .name = "delivery.start", .fd = -1 };
	struct buf input = { 0 };
	char key[sizeof(relay->life) + 24];

	fields_add_int(&input, "id", id);
	(void)snprintf(key, sizeof(key), "%s %lld", relay->life, (long long)id);
	request.key = span_of(key);
	request.input = buf_span(&input);
	relay->started = false;
	relay->starting = id;
	if (door_send(relay->door, &request, on_started, relay) == 0) {
		relay->starting = 0;
		relay_wake_in(relay, AGAIN_MS);
	}
	buf_free(&input);
}

/* May this row be taken? Only where it is the one that was announced and counted; the
 * clerk may have set it aside, then another comes first and is announced. One that came
 * since has killed nobody. One that was put back, while the target was down, is announced
 * again under the same key, and so is counted once in this life. */
static bool
may_take(struct relay *relay, int64_t id)
{
	if (relay->careful == 0)
		return true;
	if (id > relay->suspects_to) {
		relay->careful--;
		return true;
	}
	if (relay->starting == id && relay->started) {
		relay->starting = 0;
		relay->careful--;
		return true;
	}
	if (relay->starting == 0 || relay->started)
		announce(relay, id);
	return false;
}

/* ---- what is due ---- */

static size_t
room_for(const struct relay *relay)
{
	size_t ready = relay_copy_count(relay, COPY_READY);
	size_t free_places = relay_copy_count(relay, COPY_FREE);

	if (relay->careful > 0)
		return free_places == RELAY_COPIES ? 1 : 0;
	if (ready >= RELAY_READY_MIN)
		return 0;
	return free_places < RELAY_READY - ready ? free_places : RELAY_READY - ready;
}

static void
take_rows(struct relay *relay, struct arena *arena, const struct delivery *rows, size_t count)
{
	struct err err = { 0 };

	for (size_t i = 0; i < count; i++) {
		if (!may_take(relay, rows[i].id))
			return;
		if (!relay_copy_take(relay, arena, &rows[i], &err)) {
			log_warn("relay delivery=%lld built=later why=\"%s\"",
			    (long long)rows[i].id, err.text);
			relay_wake_in(relay, AGAIN_MS);
			return;
		}
	}
}

static void
read_rows(struct relay *relay, size_t room)
{
	struct arena *arena = arena_new();
	struct delivery rows[RELAY_READY];
	int64_t busy[RELAY_COPIES], wait = -1;
	size_t busy_count = relay_copy_busy(relay, busy), count = 0;
	struct err err = { 0 };

	relay->clerk.now = clock_now();
	if (!db_read_begin(relay->clerk.db, &err)) {
		log_warn("relay outbox=unread why=\"%s\"", err.text);
		relay_wake_in(relay, AGAIN_MS);
	} else if (delivery_due(&relay->clerk, arena, relay->clerk.now, busy, busy_count, room,
		       rows, &count, &wait, &err)) {
		take_rows(relay, arena, rows, count);
	} else if (err.kind == ERR_NOT_FOUND) {
		relay->dry = true;
		if (wait >= 0 && wait * 1000 < RELAY_POLL_MS)
			relay_wake_in(relay, wait * 1000);
	} else {
		log_warn("relay outbox=unread why=\"%s\"", err.text);
		relay_wake_in(relay, AGAIN_MS);
	}
	db_read_end(relay->clerk.db);
	arena_free(&arena);
}

static void
fetch(struct relay *relay)
{
	size_t room = room_for(relay);

	/* What cannot be reported would be sent again by the next life: no more of that. */
	if (relay->dry || relay->unheard || room == 0 ||
	    (relay->careful > 0 && relay->starting != 0 && !relay->started))
		return;
	if (clock_ticks_ms() < relay->down_until && !has_ready_link(relay)) {
		relay_wake_in(relay, relay->down_until - clock_ticks_ms());
		return;
	}
	read_rows(relay, room);
}

/* ---- a folder instead of a target ---- */

static void
write_files(struct relay *relay)
{
	struct relay_copy *copy;
	struct err err = { 0 };

	for (int i = 0; i < FILES_AT_ONCE; i++) {
		copy = relay_copy_find(relay, COPY_READY);
		if (copy == NULL)
			return;
		if (!relay_target_write(&relay->target, copy->id, &copy->message, &err)) {
			relay_down(relay, err.text);
			return;
		}
		relay_up(relay);
		relay_copy_set(copy, "sent", "250 2.0.0 written to a file");
	}
	relay_wake(relay);
}

/* ---- one look at everything ---- */

static bool
is_over(const struct relay *relay)
{
	return relay_copy_count(relay, COPY_GIVEN) == 0 &&
	       relay_copy_count(relay, COPY_DONE) == 0 && relay->reports == 0;
}

static void
relay_work(void *arg)
{
	struct relay *relay = arg;
	int64_t now = clock_ticks_ms();

	if (relay->draining) {
		relay_copy_put_back(relay, INT64_MAX);
		relay_copy_report(relay);
		relay_link_quit(relay);
		if (is_over(relay))
			worker_exit(relay->worker);
		return;
	}
	relay_copy_put_back(relay, now - RELAY_READY_MS);
	fetch(relay);
	if (relay->target.way == RELAY_DIR)
		write_files(relay);
	else
		relay_link_feed(relay);
	relay_copy_report(relay);
	relay_wake_in(relay, RELAY_POLL_MS);
}

/* ---- the role ---- */

static bool
relay_reload(struct worker *worker, struct err *err)
{
	struct relay *relay = worker->state;
	const struct settings *settings = &worker->settings;
	struct relay_target target;
	struct theme *theme = NULL;

	if (!relay_target_read(settings->relay_to, settings->data, &target, err) ||
	    !theme_open_share(&theme, settings->share, settings->theme, err))
		return false;
	theme_free(&relay->theme);
	relay->theme = theme;
	relay->clerk.theme = theme;
	relay->target = target;
	(void)snprintf(relay->name, sizeof(relay->name), "%s", settings->relay_name);
	relay->plain_until = relay->down_until = relay->down_wait = 0;
	relay_copy_forget_templates(relay);
	relay_copy_put_back(relay, INT64_MAX);
	relay_link_quit(relay);
	relay_wake(relay);
	return target.way != RELAY_DIR || relay_target_resolve(&relay->target, err);
}

static bool
relay_start(struct worker *worker, struct err *err)
{
	struct relay *relay = x_calloc(1, sizeof(*relay));
	struct err none = { 0 };

	worker->state = relay;
	relay->worker = worker;
	relay->door = door_new(worker);
	relay->task = (struct loop_task){ .fn = relay_work, .arg = relay };
	relay->timer = loop_timer_new(worker->loop, on_timer, relay);
	relay->careful = worker->after_death ? RELAY_CAREFUL : 0;
	relay->clerk.settings = &worker->settings;
	worker_token_keys(worker, &relay->clerk.token_keys);
	relay->tls = tls_client_new(NULL, &none);
	if (relay->tls == NULL)
		log_warn("relay tls=none why=\"%s\"", none.text);
	token_secret(relay->life);
	return db_open_reader(worker->settings.data, &relay->clerk.db, err) &&
	       outbox_last(relay->clerk.db, &relay->suspects_to, err) && relay_reload(worker, err);
}

static void
relay_message(struct worker *worker, const struct frame *frame, int *fd)
{
	struct relay *relay = worker->state;

	(void)fd;
	if (frame->kind != MESSAGE_HINT) {
		door_message(relay->door, frame);
		return;
	}
	relay->dry = false;
	relay_wake(relay);
}

static void
relay_clerk_up(struct worker *worker)
{
	struct relay *relay = worker->state;

	door_clerk_up(relay->door);
	relay->dry = false;
	relay_wake(relay);
}

static void
relay_drain(struct worker *worker)
{
	struct relay *relay = worker->state;

	relay->draining = true;
	relay_wake(relay);
}

static void
relay_stop(struct worker *worker)
{
	struct relay *relay = worker->state;

	relay_link_free_all(relay);
	loop_undefer(worker->loop, &relay->task);
	loop_timer_free(&relay->timer);
	relay_copy_forget_templates(relay);
	for (int i = 0; i < RELAY_COPIES; i++)
		buf_free(&relay->copies[i].octets);
	theme_free(&relay->theme);
	tls_free(&relay->tls);
	db_close(&relay->clerk.db);
	door_free(&relay->door);
	token_wipe(&relay->clerk, sizeof(relay->clerk));
	free(relay);
}

const struct role_ops role_relay_ops = {
	.start = relay_start,
	.message = relay_message,
	.reload = relay_reload,
	.clerk_up = relay_clerk_up,
	.drain = relay_drain,
	.stop = relay_stop,
};
