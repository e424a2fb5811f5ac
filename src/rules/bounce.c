/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Mail to b.TOKEN: which delivery failed is known from the token; the report only says
 * how. Nothing that comes here is ever answered or posted. */
#include <string.h>

#include "base/utf8.h"
#include "rules/intake_work.h"
#include "store/outbox.h"

enum {
	TEXT_CODES = 300,
	LIFE = 14 * 86400 /* seconds after sending; mail servers give up after five days */
};

/* The recipient that says most: a failure before a delay before anything else. */
static const struct parsed_recipient *
worst(const struct parsed *parsed)
{
	const struct parsed_recipient *best = NULL;

	for (size_t i = 0; i < parsed->report_recipient_count; i++) {
		const struct parsed_recipient *one = &parsed->report_recipients[i];

		if (one->action == PARSED_ACTION_FAILED)
			return one;
		if (!best || one->action == PARSED_ACTION_DELAYED)
			best = one;
	}
	return best;
}

/* Reports that say nothing bad for good: late, delivered, passed on, read. */
static bool
is_no_failure(const struct parsed_recipient *one)
{
	if (!one)
		return false;
	if (one->action == PARSED_ACTION_NONE)
		return one->status.len > 0 && one->status.data[0] == '2';
	return one->action != PARSED_ACTION_FAILED;
}

static bool
mark(struct intake *intake, int64_t id, struct err *err)
{
	const struct parsed_recipient *one = worst(intake->parsed);
	struct arena *arena = intake->arena;
	struct outbox row;
	struct bounce bounce;
	struct span text = one ? utf8_first(one->diagnostic, TEXT_CODES) : (struct span){ 0 };

	if (!outbox_find(intake->clerk->db, arena, id, &row, err)) {
		if (!err_forgive(err, ERR_NOT_FOUND))
			return false;
		intake->note = "no such delivery any more";
		return true;
	}
	if (row.bounced != 0 || row.created + LIFE < intake->clerk->now) {
		intake->note = row.bounced != 0 ? "reported before" : "too late";
		return true;
	}
	bounce = (struct bounce){
		.outbox = id,
		.person = row.person,
		.address = row.address_id,
		.date = intake->clerk->now,
		.hard = !one || one->status.len == 0 || one->status.data[0] != '4',
		.status = one ? arena_strndup(arena, one->status.data, one->status.len) : "",
		.text = arena_strndup(arena, text.data, text.len),
	};
	intake->note = bounce.status;
	return bounce_add(intake->clerk->db, &bounce, &bounce.id, err);
}

bool
bounce_intake(struct intake *intake, struct err *err)
{
	enum mail_purpose purpose;
	uint64_t id, none;

	intake->outcome = "dropped-human";
	if (intake->parsed->report == PARSED_REPORT_NONE)
		return true;
	intake->outcome = "dropped-receipt";
	if (intake->parsed->report == PARSED_REPORT_DISPOSITION)
		return true;
	intake->outcome = "complaint";
	if (intake->parsed->report == PARSED_REPORT_FEEDBACK)
		return true;
	intake->outcome = "dropped-unknown";
	if (!mail_token_read(&intake->clerk->token_keys, span_of(intake->to.token), &purpose, &id,
		&none))
		return true;
	/* RFC 5321 §4.5.5: a report has no sender. Whoever has one is not a mail server. */
	intake->outcome = "dropped-report";
	if (*intake->row.mail_from)
		return true;
	intake->outcome = "bounce";
	if (purpose != MAIL_PURPOSE_BOUNCE)
		return true;
	if (is_no_failure(worst(intake->parsed))) {
		intake->note = "delayed or delivered";
		return true;
	}
	return mark(intake, (int64_t)id, err);
}
