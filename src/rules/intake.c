/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "rules/intake.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "mail/address.h"
#include "rules/intake_work.h"
#include "rules/standing.h"
#include "store/house.h"
#include "store/raw.h"
#include "store/token_row.h"

enum { DEATHS_MAX = 2, RECIPIENTS_MAX = 20 };

/* ---- who is known ---- */

static bool
forum_writes(struct clerk *clerk, struct arena *arena, const char *slug, struct forum *forum,
    struct err *err)
{
	if (!forum_find_slug(clerk->db, arena, span_of(slug), forum, err))
		return false;
	if (standing_axes(forum).who_writes == WRITES_NOBODY)
		return err_set(err, ERR_DENIED, "this forum is closed: nobody writes in it any more");
	return true;
}

static bool
derived_is_true(struct clerk *clerk, const char *token, enum mail_purpose want)
{
	enum mail_purpose purpose;
	uint64_t a, b;

	if (!mail_token_read(&clerk->token_keys, span_of(token), &purpose, &a, &b))
		return false;
	return purpose == want || (want == MAIL_PURPOSE_BOUNCE && purpose == MAIL_PURPOSE_NOTICE);
}

static bool
drawn_is_there(struct clerk *clerk, struct arena *arena, const char *token, struct err *err)
{
	uint8_t hash[SHA256_SIZE];
	struct token_row row;

	token_sha256(span_of(token), hash);
	return token_row_find(clerk->db, arena, hash, &row, err);
}

static bool
known_derived(struct clerk *clerk, const char *token, enum mail_purpose purpose, struct err *err)
{
	return derived_is_true(clerk, token, purpose) ||
	    err_set(err, ERR_NOT_FOUND, "no such address here");
}

/* Is there somebody or something behind this local part? *forum is filled where a forum
 * is meant. */
static bool
recipient_known(struct clerk *clerk, struct arena *arena, const struct mail_recipient *to,
    struct forum *forum, struct err *err)
{
	switch (to->kind) {
	case MAIL_TO_FORUM:
		return forum_writes(clerk, arena, to->slug, forum, err);
	case MAIL_TO_REPLY:
		return known_derived(clerk, to->token, MAIL_PURPOSE_REPLY, err) &&
		    forum_writes(clerk, arena, to->slug, forum, err);
	case MAIL_TO_UNSUBSCRIBE:
		return known_derived(clerk, to->token, MAIL_PURPOSE_UNSUBSCRIBE, err);
	case MAIL_TO_BOUNCE:
		return known_derived(clerk, to->token, MAIL_PURPOSE_BOUNCE, err);
	case MAIL_TO_AUTHOR:
		return known_derived(clerk, to->token, MAIL_PURPOSE_AUTHOR, err);
	case MAIL_TO_MODERATE:
	case MAIL_TO_CONFIRM:
		return drawn_is_there(clerk, arena, to->token, err);
	case MAIL_TO_WORD:
		return forum_find_slug(clerk->db, arena, span_of(to->slug), forum, err);
	case MAIL_TO_POSTMASTER:
		return true;
	case MAIL_TO_UNKNOWN:
	case MAIL_TO_KINDS:
		break;
	}
	return err_set(err, ERR_NOT_FOUND, "no such address here");
}

bool
intake_address_known(struct clerk *clerk, const struct act *act, struct outcome *outcome,
    struct err *err)
{
	struct mail_recipient to;
	struct forum forum;

	mail_recipient_read(fields_get(&act->input, "recipient"), &to);
	if (!recipient_known(clerk, act->arena, &to, &forum, err)) {
		if (err->kind == ERR_NOT_FOUND)
			(void)err_set(err, ERR_NOT_FOUND, "no such address here");
		return false;
	}
	fields_add_text(&outcome->output, "kind", mail_recipient_kind_name(to.kind));
	return true;
}

/* ---- mail.receive ---- */

/* Where a forum refuses strangers, the head alone may say it before the 250. Proof is
 * not asked here: a forged From of a member goes on and is held. */
static bool
check_stranger(struct clerk *clerk, const struct act *act, const struct forum *forum,
    struct err *err)
{
	struct axes axes = standing_axes(forum);
	char folded[ADDRESS_MAX + 1];
	struct person person = { 0 };
	struct standing standing;
	struct err ignored;

	if (!axes.refuses_strangers || !fields_has(&act->input, "head.from"))
		return true;
	if (address_fold_text(fields_get(&act->input, "head.from"), folded, &ignored) &&
	    !person_find_address(clerk->db, act->arena, span_of(folded), &person, NULL, err)) {
		if (err->kind != ERR_NOT_FOUND)
			return false;
		err_clear(err);
	}
	return standing_load(clerk->db, act->arena, clerk->now, &person, forum, &standing, err) &&
	    permission_write(&standing, &axes, err);
}

static bool
check_recipient(struct clerk *clerk, const struct act *act, struct span local, struct err *err)
{
	struct mail_recipient to;
	struct forum forum;

	mail_recipient_read(local, &to);
	if (!recipient_known(clerk, act->arena, &to, &forum, err))
		return false;
	if (to.kind != MAIL_TO_FORUM && to.kind != MAIL_TO_REPLY)
		return true;
	return check_stranger(clerk, act, &forum, err);
}

static bool
keep_raw(struct clerk *clerk, const struct act *act, int64_t *raw, struct err *err)
{
	if (act->fd >= 0)
		return raw_add_fd(clerk->db, act->fd, fields_int(&act->input, "size", -1), raw, err);
	return raw_add(clerk->db, fields_get(&act->input, "raw"), raw, err);
}

static bool
keep_row(struct clerk *clerk, const struct act *act, struct span recipient, int64_t raw,
    int64_t *id, struct err *err)
{
	const struct inbox row = {
		.raw = raw,
		.recipient = arena_strndup(act->arena, recipient.data, recipient.len),
		.mail_from = fields_text(&act->input, "from", act->arena),
		.peer = fields_text(&act->input, "peer", act->arena),
		.door = fields_text(&act->input, "door", act->arena),
		.received = clerk->now,
	};

	return inbox_add(clerk->db, &row, id, err);
}

/* One answer a recipient, in order: the id of its row, or 0 where it was refused. All
 * refused: the first refusal is the answer. */
bool
intake_receive(struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	struct err why, first = { 0 };
	struct span name, value;
	size_t at = 0, accepted = 0;
	int64_t raw = 0, id;

	while (fields_next(&act->input, &at, &name, &value)) {
		if (!span_is(name, "recipient"))
			continue;
		id = 0;
		err_clear(&why);
		if (check_recipient(clerk, act, value, &why)) {
			if ((raw == 0 && !keep_raw(clerk, act, &raw, err)) ||
			    !keep_row(clerk, act, value, raw, &id, err))
				return false;
			accepted++;
		} else if (why.kind != ERR_NOT_FOUND && why.kind != ERR_DENIED) {
			*err = why;
			return false;
		} else if (first.kind == ERR_NONE) {
			first = why;
		}
		fields_add_int(&outcome->output, "inbox", id);
	}
	if (accepted > 0) {
		clerk->inbox_due = true;
		return true;
	}
	*err = first;
	return false;
}

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
	if (tries < DEATHS_MAX)
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
intake_kept(struct intake *intake, struct err *err)
{
	(void)err;
	intake->outcome = "kept";
	return true;
}

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
	[MAIL_TO_POSTMASTER]  = intake_kept,
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
