/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/page_health.c: is this worker able to read, and is there a clerk to write?
 *
 * Anybody may ask, so asking costs little: at most one question of a worker is open at the
 * clerk, all who come meanwhile wait for its answer, and a yes counts for a second. */
#include "base/clock.h"
#include "web/pages.h"

enum {
	PULSE_COUNTS_MS = 1000, /* an answer is good for so long */
	PULSE_WAIT_MS = 2000	/* no answer after so long: there is none */
};

static bool
say_missing(struct reply *reply, const char *what)
{
	reply->status = 503;
	return reply_text(reply, what);
}

static bool
say_pulse(
    struct request *req, const struct site_answer *answer, struct reply *reply, struct err *err)
{
	(void)err;
	if (answer->ok)
		return reply_text(reply, "ok\n");
	return say_missing(reply, arena_printf(req->arena, "clerk: %s\n", answer->err.text));
}

static void
tell_waiting(struct site *site, const struct site_answer *answer)
{
	struct request *req = site->pulse.waiting, *next;

	site->pulse.waiting = NULL;
	for (; req != NULL; req = next) {
		next = req->state;
		request_answered(req, answer);
	}
}

static void
on_pulse(const struct site_answer *answer, void *arg)
{
	struct site *site = arg;
	struct site_pulse *pulse = &site->pulse;

	pulse->asked = pulse->late = false;
	pulse->known_until = answer->ok ? clock_ticks_ms() + PULSE_COUNTS_MS : 0;
	loop_timer_stop(pulse->timer);
	tell_waiting(site, answer);
}

/* The question stays open: its answer says that the clerk is back. */
static void
on_late(void *arg)
{
	struct site_answer none = { .ok = false };
	struct site *site = arg;

	site->pulse.late = true;
	err_set(&none.err, ERR_TEMPORARY, "no answer");
	tell_waiting(site, &none);
}

/* False: it takes nothing more. */
static bool
ask_clerk(struct site *site, const char *trace)
{
	struct site_act ask = { .name = "house.ping", .ask = true, .trace = trace, .fd = -1 };
	struct site_pulse *pulse = &site->pulse;

	if (pulse->asked)
		return true;
	if (pulse->timer == NULL)
		pulse->timer = loop_timer_new(site->loop, on_late, site);
	pulse->asked = site->send(site->door, &ask, on_pulse, site);
	if (pulse->asked)
		loop_timer_set(pulse->timer, PULSE_WAIT_MS);
	return pulse->asked;
}

/* GET /healthz */
bool
page_health_show(struct request *req, struct reply *reply, struct err *err)
{
	struct site_pulse *pulse = &req->site->pulse;
	int64_t version;

	if (!reading_public_version(req->site->book, &version, err))
		return say_missing(reply, "book: it cannot be read\n");
	if (reading_book_closed(req->site->book))
		return say_missing(reply, "read-only: data is damaged, see the log\n");
	if (clock_ticks_ms() < pulse->known_until)
		return reply_text(reply, "ok\n");
	if (!ask_clerk(req->site, req->trace))
		return say_missing(reply, "clerk: too many acts are open\n");
	if (pulse->late)
		return say_missing(reply, "clerk: no answer\n");
	req->state = pulse->waiting;
	pulse->waiting = req;
	request_wait(req, reply, say_pulse);
	return true;
}
