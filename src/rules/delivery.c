/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "rules/delivery.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/token.h"
#include "base/utf8.h"
#include "rules/notice.h"
#include "store/outbox.h"
#include "store/person.h"
#include "store/subscription.h"

enum {
	RETRY_MOST = 4 * 3600, /* seconds between two tries, at most */
	GIVE_UP_LEAST = 5,     /* tries, however old: the clock may have jumped, or we were down */
	TRIES_MOST = 2,        /* deaths of the relay at a row before it is set aside */
	BATCH_MOST = 1000      /* rows of one report */
};

/* ---- into the outbox ---- */

/* A fault on purpose (base/fault.h): the forum's first subscriber is left out. */
static bool
forget_one(struct clerk *clerk, struct outbox_post what, struct err *err)
{
	struct arena *arena = arena_new();
	struct subscription *first;
	struct person_address address;
	struct span folded;
	size_t found;
	int64_t count;
	bool ok;

	ok = subscription_list_forum(clerk->db, arena, what.forum, 0, 1, &first, &found, err) &&
	    found == 1 &&
	    person_address_preferred(clerk->db, arena, first->person, &address, err);
	if (ok) {
		folded = span_of(address.folded);
		what.already = &folded;
		what.already_count = 1;
	}
	ok = outbox_add_post(clerk->db, &what, &count, err);
	arena_free(&arena);
	return ok;
}

bool
delivery_queue_post(struct clerk *clerk, const struct delivery_new *new, struct err *err)
{
	struct outbox_post what = {
		.post = new->post,
		.thread = new->thread,
		.forum = new->forum,
		.opens = new->opens,
		.now = clerk->now,
		.already = new->already,
		.already_count = new->already_count,
	};
	int64_t count;

	if (fault_is("outbox-forgotten") && new->post % 8 == 0)
		return forget_one(clerk, what, err);
	if (!outbox_add_post(clerk->db, &what, &count, err))
		return false;
	clerk->relay_due = clerk->relay_due || count > 0;
	return true;
}

/* The way to answer lies in the sealed input too: it may be a moderator's secret. */
static bool
add_notice(struct clerk *clerk, struct arena *arena, const struct notice_new *new, int64_t *id,
    struct err *err)
{
	struct span message_id = message_id_new(arena, "n", span_of(clerk->settings->mail_domain));
	struct buf input = { 0 }, sealed = { 0 };
	struct notice notice = {
		.template = new->template,
		.forum = new->forum,
		.post = new->post,
		.reply_to = "",
		.answers = new->answers ? new->answers : "",
		.message_id = message_id.data,
		.created = clerk->now,
	};
	bool ok;

	buf_add_span(&input, new->input);
	if (new->reply_to)
		fields_add_text(&input, "reply_to", new->reply_to);
	notice_seal(&clerk->token_keys, buf_span(&input), &sealed);
	notice.input = buf_span(&sealed);
	ok = notice_add(clerk->db, &notice, id, err);
	token_wipe(input.data, input.len);
	buf_free(&input);
	buf_free(&sealed);
	return ok;
}

bool
delivery_queue_notice(struct clerk *clerk, struct arena *arena, const struct notice_new *new,
    struct err *err)
{
	struct person_address preferred;
	int64_t address = new->address, notice, row;

	if (address == 0) {
		if (!person_address_preferred(clerk->db, arena, new->person, &preferred, err)) {
			if (!err_forgive(err, ERR_NOT_FOUND)) /* a person without any address hears nothing */
				return false;
			return true;
		}
		address = preferred.id;
	}
	if (!add_notice(clerk, arena, new, &notice, err) ||
	    !outbox_add_notice(clerk->db, notice, new->person, address, clerk->now, &row, err))
		return false;
	clerk->relay_due = true;
	return true;
}

bool
delivery_cancel_person(struct clerk *clerk, int64_t person, int64_t forum, struct err *err)
{
	int64_t count;

	return outbox_cancel_person(clerk->db, person, forum, clerk->now, &count, err);
}

/* A wait that is longer than any can be was told by a clock that has been set right since. */
bool
delivery_clock_back(struct clerk *clerk, int64_t seconds, struct err *err)
{
	int64_t count;

	if (!outbox_bring_near(
		clerk->db, clerk->now, seconds, RETRY_MOST + RETRY_MOST / 8 + 1, &count, err))
		return false;
	clerk->relay_due = clerk->relay_due || count > 0;
	return true;
}

/* ---- what the relay reports ---- */

/* Enhanced status of an answer "550 5.1.1 No such user" (RFC 2034), or "". */
static void
status_of(struct span answer, char status[16])
{
	struct span word = span_from(answer, span_find(answer, ' ') + 1);
	size_t i;

	status[0] = '\0';
	word = span_first(word, span_find(word, ' '));
	if (word.len < 5 || word.len > 15)
		return;
	for (i = 0; i < word.len; i++)
		if (!ascii_is_digit(word.data[i]) && word.data[i] != '.')
			return;
	memcpy(status, word.data, word.len);
	status[word.len] = '\0';
}

static bool
give_up(struct clerk *clerk, const struct outbox *row, struct span answer, struct err *err)
{
	char status[16];
	struct bounce bounce = {
		.outbox = row->id,
		.person = row->person,
		.address = row->address_id,
		.date = clerk->now,
		.hard = answer.len > 0 && answer.data[0] == '5',
		.status = status,
	};
	struct buf text = { 0 };
	bool changed, ok;

	status_of(answer, status);
	if (!outbox_failed(clerk->db, row->id, clerk->now, answer, &changed, err))
		return false;
	if (!changed)
		return true;
	buf_add_span(&text, answer);
	bounce.text = buf_text(&text);
	ok = bounce_add(clerk->db, &bounce, NULL, err);
	buf_free(&text);
	return ok;
}

/* The wait doubles from relay.retry up to four hours; up to an eighth more or less, so
 * that what failed together does not come back together. */
static int64_t
wait_after(const struct clerk *clerk, int64_t attempts)
{
	int64_t wait = clerk->settings->relay_retry, spread;

	for (; attempts > 0 && wait < RETRY_MOST; attempts--)
		wait *= 2;
	if (wait > RETRY_MOST)
		wait = RETRY_MOST;
	spread = wait / 4;
	if (spread > 0)
		wait += (int64_t)(token_random_u64() % (uint64_t)spread) - spread / 2;
	return wait > 0 ? wait : 1;
}

static bool
retry_later(struct clerk *clerk, const struct outbox *row, struct span answer, struct err *err)
{
	int64_t next = clerk->now + wait_after(clerk, row->attempts);
	bool changed;

	if (next - row->created > clerk->settings->relay_life && row->attempts + 1 >= GIVE_UP_LEAST)
		return give_up(clerk, row, answer, err);
	return outbox_retry(clerk->db, row->id, next, answer, &changed, err);
}

static struct span
clean_answer(struct arena *arena, const struct fields *report)
{
	return utf8_first(utf8_line(arena, utf8_clean(arena, fields_get(report, "answer"))), 300);
}

static bool
report_row(struct clerk *clerk, const struct act *act, struct span octets, struct err *err)
{
	struct fields report;
	struct outbox row;
	struct span result, answer;
	int64_t id;
	bool changed;

	if (!fields_read(&report, octets))
		return err_set(err, ERR_INVALID, "row is not a list of fields");
	id = fields_int(&report, "id", 0);
	result = fields_get(&report, "result");
	answer = clean_answer(act->arena, &report);
	if (span_is(result, "sent"))
		return outbox_sent(clerk->db, id, clerk->now, answer, &changed, err);
	if (!span_is(result, "retry") && !span_is(result, "failed"))
		return err_set(err, ERR_INVALID, "result must be sent, retry or failed");
	if (!outbox_find(clerk->db, act->arena, id, &row, err)) {
		/* one row that is gone must not stop the others of the batch */
		if (!err_forgive(err, ERR_NOT_FOUND))
			return false;
		return true;
	}
	if (strcmp(row.state, "due") != 0)
		return true;
	return span_is(result, "failed") ? give_up(clerk, &row, answer, err) :
					   retry_later(clerk, &row, answer, err);
}

bool
delivery_report(struct clerk *clerk, const struct act *act, struct outcome *outcome,
    struct err *err)
{
	struct span name, value;
	size_t at = 0, count = 0;

	(void)outcome;
	while (fields_next(&act->input, &at, &name, &value)) {
		if (!span_is(name, "row"))
			continue;
		if (++count > BATCH_MOST)
			return err_set(err, ERR_TOO_MUCH, "more than %d rows", BATCH_MOST);
		if (!report_row(clerk, act, value, err))
			return false;
	}
	return true;
}

bool
delivery_start(struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	struct span name, value;
	size_t at = 0;
	int64_t id;

	(void)outcome;
	while (fields_next(&act->input, &at, &name, &value))
		if (span_is(name, "id") && span_int(value, 1, INT64_MAX, &id) &&
		    !outbox_started(clerk->db, id, clerk->now, TRIES_MOST, err))
			return false;
	return true;
}
