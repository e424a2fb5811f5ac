/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "rules/queue.h"

#include "base/clock.h"
#include "store/inbox.h"
#include "store/outbox.h"

enum { PAGE_ROWS = 200 };

static const char *
state_of(const struct act *act, const char *otherwise)
{
	return fields_has(&act->input, "state") ? fields_text(&act->input, "state", act->arena) :
						  otherwise;
}

static void
add_time(struct buf *row, const char *name, int64_t time)
{
	char text[24];

	clock_format_iso(time, text);
	fields_add_text(row, name, text);
}

static void
add_inbox(struct outcome *outcome, const struct inbox *inbox)
{
	struct buf row = { 0 };

	fields_add_int(&row, "inbox", inbox->id);
	fields_add_text(&row, "state", inbox->state);
	add_time(&row, "received", inbox->received);
	fields_add_text(&row, "from", inbox->mail_from);
	fields_add_text(&row, "recipient", inbox->recipient);
	fields_add_int(&row, "tries", inbox->tries);
	fields_add_text(&row, "note", inbox->note);
	fields_add(&outcome->output, "row", buf_span(&row));
	buf_free(&row);
}

bool
queue_inbox(struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	struct inbox *list;
	size_t count;

	if (!inbox_list(clerk->db, act->arena, state_of(act, "aside"),
		fields_int(&act->input, "after", 0), PAGE_ROWS, &list, &count, err))
		return false;
	for (size_t i = 0; i < count; i++)
		add_inbox(outcome, &list[i]);
	fields_add_int(&outcome->output, "more", count == PAGE_ROWS);
	return true;
}

static void
add_outbox(struct outcome *outcome, const struct outbox *outbox)
{
	struct buf row = { 0 };

	fields_add_int(&row, "outbox", outbox->id);
	fields_add_text(&row, "state", outbox->state);
	fields_add_int(&row, outbox->post != 0 ? "post" : "notice",
	    outbox->post != 0 ? outbox->post : outbox->notice);
	fields_add_text(&row, "to", outbox->address);
	fields_add_int(&row, "attempts", outbox->attempts);
	add_time(&row, "next", outbox->next);
	fields_add_text(&row, "answer", outbox->answer);
	fields_add(&outcome->output, "row", buf_span(&row));
	buf_free(&row);
}

bool
queue_outbox(struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	struct outbox *list;
	size_t count;

	if (!outbox_list(clerk->db, act->arena, state_of(act, "due"),
		fields_int(&act->input, "after", 0), PAGE_ROWS, &list, &count, err))
		return false;
	for (size_t i = 0; i < count; i++)
		add_outbox(outcome, &list[i]);
	fields_add_int(&outcome->output, "more", count == PAGE_ROWS);
	return true;
}

bool
queue_replay(struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	int64_t id = fields_int(&act->input, "outbox", 0);

	outcome_about(outcome, "outbox", id, 0);
	clerk->relay_due = true;
	return outbox_replay(clerk->db, id, clerk->now, err);
}
