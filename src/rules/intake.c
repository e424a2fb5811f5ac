/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "rules/intake.h"

#include <string.h>

#include "rules/intake_work.h"
#include "store/house.h"
#include "store/raw.h"

/* ---- the queue ---- */

static bool
open_raw(struct clerk *clerk, struct arena *arena, int64_t id, struct inbox_item *item,
    struct err *err)
{
	struct raw raw;

	if (!raw_find(clerk->db, arena, id, &raw, err))
		return false;
	item->size = raw.size;
	item->octets = raw.octets;
	return !raw.is_file || raw_open(clerk->db, &raw, &item->fd, err);
}

bool
intake_next(struct clerk *clerk, struct arena *arena, int64_t after, struct inbox_item *item,
    struct err *err)
{
	struct inbox row;

	*item = (struct inbox_item){ .fd = -1 };
	if (!inbox_next(clerk->db, arena, after, &row, err))
		return false;
	item->id = row.id;
	item->tries = row.tries;
	return open_raw(clerk, arena, row.raw, item, err);
}

bool
intake_died(struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	int64_t id = fields_int(&act->input, "inbox", 0), tries;

	if (!inbox_died(clerk->db, id, &tries, err))
		return false;
	fields_add_int(&outcome->output, "tries", tries);
	outcome_about(outcome, "inbox", id, 0);
	if (tries < INTAKE_DEATHS_MAX)
		return true;
	return inbox_aside(clerk->db, id, fields_get(&act->input, "note"), err) &&
	    counter_add(clerk->db, "mail.aside", 1, err);
}

bool
intake_aside(struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	int64_t id = fields_int(&act->input, "inbox", 0);

	outcome_about(outcome, "inbox", id, 0);
	return inbox_aside(clerk->db, id, fields_get(&act->input, "note"), err) &&
	    counter_add(clerk->db, "mail.aside", 1, err);
}

bool
intake_replay(struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	int64_t id = fields_int(&act->input, "inbox", 0);

	outcome_about(outcome, "inbox", id, 0);
	clerk->inbox_again = true;
	return inbox_replay(clerk->db, id, err);
}

/* ---- mail.process ---- */

static bool
intake_unknown(struct intake *intake, struct err *err)
{
	(void)err;
	intake->outcome = "dropped-unknown";
	intake->note = "no such address any more";
	return true;
}

/* clang-format off */
static bool (*const by_kind[MAIL_TO_KINDS])(struct intake *, struct err *) = {
	[MAIL_TO_UNKNOWN]     = intake_unknown,
	[MAIL_TO_FORUM]       = intake_post,
	[MAIL_TO_REPLY]       = intake_post,
	[MAIL_TO_MODERATE]    = intake_moderate,
	[MAIL_TO_UNSUBSCRIBE] = intake_leave,
	[MAIL_TO_WORD]        = intake_word,
	[MAIL_TO_BOUNCE]      = bounce_intake,
	[MAIL_TO_AUTHOR]      = private_intake,
	[MAIL_TO_CONFIRM]     = intake_confirm,
	[MAIL_TO_POSTMASTER]  = owners_intake,
};
/* clang-format on */

static bool
finish(struct intake *intake, struct outcome *outcome, struct err *err)
{
	const char *counter = arena_printf(intake->arena, "mail.%s", intake->outcome);

	if (!inbox_finish(intake->clerk->db, intake->row.id, intake->outcome, intake->post,
		span_of(intake->note), err) ||
	    !counter_add(intake->clerk->db, counter, 1, err))
		return false;
	fields_add_text(&outcome->output, "outcome", intake->outcome);
	if (intake->post != 0)
		fields_add_int(&outcome->output, "post", intake->post);
	outcome->message = *intake->message_id ? span_of(intake->message_id)
					       : intake->parsed->message_id;
	return true;
}

bool
intake_process(struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	struct intake intake = {
		.clerk = clerk,
		.act = act,
		.arena = act->arena,
		.parsed = act->parsed,
		.outcome = "",
		.note = "",
		.message_id = "",
	};
	struct robot_facts facts;

	if (!act->parsed)
		return err_set(err, ERR_INVALID, "the mail was not parsed");
	if (!inbox_find(clerk->db, act->arena, fields_int(&act->input, "inbox", 0), &intake.row, err))
		return false;
	if (strcmp(intake.row.state, "new") != 0) {
		fields_add_text(&outcome->output, "outcome", intake.row.outcome);
		return true;
	}
	mail_recipient_read(span_of(intake.row.recipient), &intake.to);
	facts = (struct robot_facts){ act->parsed, *intake.row.mail_from == '\0',
		clerk->settings->mail_domain };
	intake.robot = robot_judge(&facts);
	return by_kind[intake.to.kind](&intake, err) && finish(&intake, outcome, err);
}
