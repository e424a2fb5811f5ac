/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/clerk_jobs.c: what the parsers and auth do for the clerk.
 *
 * Two parsers, two lanes: mail in the first, the web in the second, so that a flood of
 * mail delays no preview. A lane has LANE_DEPTH jobs on their way: the parser works
 * them off in order, so the oldest unanswered one is what it died of. */
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "base/token.h"
#include "process/clerk_state.h"
#include "rules/intake.h"

enum { LANE_MAIL = 0, LANE_WEB = 1, JOB_OCTETS_MAX = 60 * 1024 };

static struct peer *
find_peer(struct clerk_state *state, const char *role, int index)
{
	for (int i = 0; i < state->count; i++)
		if (span_is(span_of(state->peers[i].role), role) && state->peers[i].index == index)
			return &state->peers[i];
	return NULL;
}

static struct peer *
helper_for(struct clerk_state *state, enum job_kind job)
{
	switch (job) {
	case JOB_MAIL:
		return find_peer(state, "parser", LANE_MAIL);
	case JOB_MARKDOWN:
	case JOB_PLAIN:
		return find_peer(state, "parser", LANE_WEB);
	case JOB_HASH:
	case JOB_VERIFY:
		return find_peer(state, "auth", 0);
	case JOB_NONE:
		break;
	}
	return NULL;
}

enum job_kind
clerk_job_of(const struct work *work)
{
	unsigned needs = work->ask != NULL ? work->ask->needs : work->act.kind->needs;

	if ((needs & NEEDS_PARSE) != 0)
		return JOB_MARKDOWN;
	if ((needs & NEEDS_PARSE_MAIL) != 0)
		return JOB_MAIL;
	if (!act_has_secret(&work->act))
		return JOB_NONE;
	if ((needs & NEEDS_HASH) != 0)
		return JOB_HASH;
	return (needs & NEEDS_VERIFY) != 0 ? JOB_VERIFY : JOB_NONE;
}

static const char *
job_name(enum job_kind job)
{
	switch (job) {
	case JOB_MAIL:
		return "mail";
	case JOB_MARKDOWN:
		return "markdown";
	case JOB_PLAIN:
		return "plain";
	case JOB_HASH:
		return "hash";
	case JOB_VERIFY:
		return "verify";
	case JOB_NONE:
		break;
	}
	return "";
}

/* What a file is needed for: more octets than fit a packet with its fields. */
static void
put_in_file(struct work *work)
{
	if (work->job_fd < 0 && work->job_octets.len > JOB_OCTETS_MAX)
		work->job_fd = file_memory("job", work->job_octets);
}

static void
send_job(struct clerk_state *state, struct peer *helper, struct work *work)
{
	struct buf message = { 0 };
	bool password = work->job == JOB_HASH || work->job == JOB_VERIFY;

	work->job_id = ++state->next_job;
	buf_init(&message, MESSAGE_MAX);
	frame_begin(&message, MESSAGE_JOB, helper->incarnation, work->job_id);
	fields_add_text(&message, "job", job_name(work->job));
	if (password) {
		act_add_secrets(&state->clerk, &work->act, &message);
	} else {
		put_in_file(work);
		fields_add_text(&message, "domain", state->worker->settings.mail_domain);
		fields_add_int(&message, "size", (int64_t)work->job_size);
		if (work->inbox != 0) /* for the parser's line in the log */
			fields_add_int(&message, "inbox", work->inbox);
		if (work->job_fd < 0)
			fields_add(&message, "octets", work->job_octets);
	}
	channel_send(helper->channel, buf_span(&message), work->job_fd);
	if (password)
		token_wipe(message.data, message.len);
	buf_free(&message);
	work_push(&helper->jobs, work);
}

static void
send_waiting(struct clerk_state *state, struct peer *helper)
{
	while (helper->wait.count > 0 && helper->jobs.count < LANE_DEPTH)
		send_job(state, helper, work_pop(&helper->wait));
}

static bool
set_job_input(struct work *work)
{
	const char *field = work->job == JOB_MAIL ? "raw" : "source";

	work->job_octets = fields_get(&work->act.input, field);
	work->job_size = work->job_octets.len;
	if (work->job != JOB_MAIL || work->job_octets.data != NULL)
		return true;
	if (work->act.fd < 0)
		return err_set(&work->err, ERR_INVALID, "raw is missing");
	work->job_fd = dup(work->act.fd);
	work->job_size = (size_t)fields_int(&work->act.input, "size", 0);
	return work->job_fd >= 0 || err_set(&work->err, ERR_TEMPORARY, "no descriptor is free");
}

bool
clerk_job_start(struct clerk_state *state, struct work *work)
{
	struct peer *helper;

	work->job = clerk_job_of(work);
	helper = helper_for(state, work->job);
	if (helper == NULL)
		return err_set(&work->err, ERR_TEMPORARY, "nobody is there to read this");
	if (work->job == JOB_HASH || work->job == JOB_VERIFY) {
		if (helper->wait.count >= AUTH_WAITING_MAX)
			return err_set(&work->err, ERR_TEMPORARY, "too many sign-ins just now");
	} else if (!set_job_input(work)) {
		return false;
	}
	work_push(&helper->wait, work);
	send_waiting(state, helper);
	return true;
}

/* ---- results ---- */

static void
set_aside(struct clerk_state *state, int64_t inbox, const char *act, const char *note)
{
	struct work *work = work_new(WORK_NOTE, NULL);
	struct buf input = { 0 };

	fields_add_int(&input, "inbox", inbox);
	fields_add_text(&input, "note", note);
	work->inbox = inbox;
	work->act.kind = act_kind_find(span_of(act));
	if (!fields_read(&work->act.input, arena_span(work->arena, buf_span(&input))))
		die("an input of our own is not sound");
	buf_free(&input);
	clerk_ready(state, work);
}

/* The parser could not: a post is shown as typed, a mail is set aside. */
static void
on_failed(struct clerk_state *state, struct peer *helper, struct work *work, const char *why)
{
	log_warn("clerk job=%s failed=\"%s\"", job_name(work->job), log_text(span_of(why)));
	if (work->kind == WORK_MAIL) {
		set_aside(state, work->inbox, "mail.aside", why);
		state->mails_in_hand--;
		work_free(&work);
	} else if (work->job == JOB_MARKDOWN) {
		work->job = JOB_PLAIN;
		work_push(&helper->wait, work);
	} else {
		err_set(&work->err, ERR_INVALID, "this text cannot be read: %s", why);
		clerk_refuse(state, work);
	}
}

static bool
take_result(struct work *work, const struct fields *fields, struct err *err)
{
	struct fields parsed;

	if (work->job == JOB_VERIFY) {
		work->act.checked_password = fields_int(fields, "match", 0) == 1;
		return true;
	}
	if (work->job == JOB_HASH) {
		work->act.hashed = fields_text(fields, "phc", work->arena);
		work->act.hashes.octets = arena_span(work->arena, fields->octets);
		return work->act.hashed[0] != '\0' ||
		       err_set(err, ERR_TEMPORARY, "the password could not be hashed");
	}
	if (!fields_read(&parsed, arena_span(work->arena, fields_get(fields, "parsed"))))
		return err_set(err, ERR_INVALID, "the parser answered nonsense");
	work->act.parsed = &work->parsed;
	return parsed_read(work->arena, &parsed, work->job == JOB_MAIL ? work->job_size : 0,
	    &work->parsed, err);
}

void
clerk_job_result(struct clerk_state *state, struct peer *helper, const struct frame *frame)
{
	struct work *work = work_take_job(&helper->jobs, frame->id);
	struct err err = { 0 };

	if (work == NULL)
		return; /* of an earlier life */
	if (fields_has(&frame->fields, "failed")) {
		const char *why = fields_text(&frame->fields, "failed", work->arena);
		on_failed(state, helper, work, why);
	} else if (!take_result(work, &frame->fields, &err)) {
		on_failed(state, helper, work, arena_strdup(work->arena, err.text));
	} else {
		work->job = JOB_NONE;
		clerk_ready(state, work);
	}
	send_waiting(state, helper);
}

/* The one the helper died of. False: given up, the work is gone. */
static bool
count_death(struct clerk_state *state, struct work *work)
{
	work->deaths++;
	log_warn("clerk job=%s deaths=%d inbox=%lld", job_name(work->job), work->deaths,
	    (long long)work->inbox);
	if (work->kind == WORK_MAIL)
		set_aside(state, work->inbox, "mail.died", "the parser died of it");
	if (work->job == JOB_MARKDOWN)
		work->job = JOB_PLAIN;
	if (work->deaths < INTAKE_DEATHS_MAX)
		return true;
	if (work->kind == WORK_MAIL) {
		state->mails_in_hand--;
		work_free(&work);
	} else {
		err_set(&work->err, work->job == JOB_PLAIN ? ERR_INVALID : ERR_TEMPORARY,
		    "this could not be read, twice");
		clerk_refuse(state, work);
	}
	return false;
}

static bool
is_death(struct work *work, enum worker_end last)
{
	return last == WORKER_DIED || ++work->kills % KILLS_MAX == 0;
}

void
clerk_job_helper_up(struct clerk_state *state, struct peer *helper, enum worker_end last)
{
	struct work_queue old = helper->jobs;
	struct work *work, *again[LANE_DEPTH];
	bool suspect = last != WORKER_ENDED; /* the oldest one */
	int count = 0;

	if (old.head == NULL)
		old.tail = &old.head;
	work_queue_init(&helper->jobs);
	while ((work = work_pop(&old)) != NULL) {
		bool given_up = suspect && is_death(work, last) && !count_death(state, work);
		suspect = false;
		if (!given_up && count < LANE_DEPTH)
			again[count++] = work;
	}
	while (count > 0)
		work_push_front(&helper->wait, again[--count]);
	send_waiting(state, helper);
}

bool
clerk_job_is_pending(const struct clerk_state *state, const struct peer *peer, uint64_t id,
    uint32_t incarnation)
{
	for (int i = 0; i < state->count; i++) {
		const struct work *lists[] = { state->peers[i].jobs.head, state->peers[i].wait.head };
		for (int list = 0; list < 2; list++)
			for (const struct work *work = lists[list]; work != NULL; work = work->next)
				if (work->peer == peer && work->id == id &&
				    work->incarnation == incarnation)
					return true;
	}
	return false;
}

/* ---- the inbox ---- */

static void
start_mail(struct clerk_state *state, struct peer *helper, struct work *work)
{
	state->mails_in_hand++;
	work_push(&helper->wait, work);
	send_waiting(state, helper);
}

/* The row after the last one, as a work ready for the parser; NULL: none, or it is damaged and
 * was set aside, so that those behind it are read (err tells). */
static struct work *
next_mail(struct clerk_state *state, struct err *err)
{
	struct work *work = work_new(WORK_MAIL, NULL);
	struct inbox_item item = { .fd = -1 };
	struct buf input = { 0 };

	if (!intake_next(&state->clerk, work->arena, state->inbox_after, &item, err)) {
		if (err->kind == ERR_BROKEN && item.id != 0) {
			state->inbox_after = item.id;
			set_aside(state, item.id, "mail.aside", err->text);
		}
		work_free(&work);
		return NULL;
	}
	state->inbox_after = item.id;
	work->inbox = item.id;
	work->job = JOB_MAIL;
	work->job_octets = item.octets;
	work->job_size = (size_t)item.size;
	work->job_fd = item.fd;
	fields_add_int(&input, "inbox", item.id);
	work->act.kind = act_kind_find(span_of("mail.process"));
	if (!fields_read(&work->act.input, arena_span(work->arena, buf_span(&input))))
		die("an input of our own is not sound");
	buf_free(&input);
	return work;
}

void
clerk_feed(struct clerk_state *state)
{
	struct peer *helper = find_peer(state, "parser", LANE_MAIL);
	int depth = state->careful ? 1 : LANE_DEPTH;
	struct err err = { 0 };

	if (state->inbox_again && state->mails_in_hand == 0) {
		state->inbox_again = false;
		state->inbox_more = true;
		state->inbox_after = 0;
	}
	/* Looking from the start waits for what is in hand: nothing new is taken till then, or
	 * a steady stream would put it off for ever. */
	while (helper != NULL && !state->is_closed && state->inbox_more && !state->inbox_again &&
	       state->mails_in_hand < depth && helper->wait.count < depth) {
		int64_t after = state->inbox_after;
		struct work *work = next_mail(state, &err);
		if (work == NULL && state->inbox_after > after)
			continue;
		if (work == NULL) {
			state->inbox_more = false;
			state->careful = false;
			if (err.kind != ERR_NOT_FOUND)
				log_error("clerk inbox=unread why=\"%s\"", err.text);
			/* The next mail may be hours away. */
			state->inbox_again = state->inbox_again || err.kind == ERR_TEMPORARY;
			break;
		}
		if (state->careful) /* counted before, committed in the turn before its result's */
			set_aside(state, work->inbox, "mail.died", "the clerk died with it in hand");
		start_mail(state, helper, work);
	}
}

/* Retry after a trouble of ours (disk full); aside after one of its own. */
void
clerk_mail_done(struct clerk_state *state, struct work *work)
{
	if (work->kind == WORK_NOTE) {
		if (!work->ok && work->err.kind == ERR_TEMPORARY)
			state->inbox_again = true;
		work_free(&work);
		return;
	}
	state->mails_in_hand--;
	if (!work->ok && work->err.kind == ERR_TEMPORARY) {
		state->inbox_again = true;
	} else if (!work->ok) {
		log_error("clerk inbox=%lld aside why=\"%s\"", (long long)work->inbox,
		    log_text(span_of(work->err.text)));
		set_aside(state, work->inbox, "mail.aside", work->err.text);
	}
	work_free(&work);
}
