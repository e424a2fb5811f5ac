/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The door's side of intake.h: who is known, and what is kept before the 250. */
#include <string.h>

#include "mail/address.h"
#include "rules/intake.h"
#include "rules/standing.h"
#include "store/forum.h"
#include "store/inbox.h"
#include "store/token_row.h"

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
		if (!err_forgive(err, ERR_NOT_FOUND))
			return false;
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

static size_t
count_recipients(const struct act *act)
{
	struct span name, value;
	size_t at = 0, count = 0;

	while (fields_next(&act->input, &at, &name, &value))
		count += span_is(name, "recipient");
	return count;
}

static bool
next_recipient(const struct act *act, size_t *at, struct span *local)
{
	struct span name;

	while (fields_next(&act->input, at, &name, local))
		if (span_is(name, "recipient"))
			return true;
	return false;
}

/* good: for each recipient whether it takes this mail. The first refusal stays in *first. */
static bool
check_recipients(struct clerk *clerk, const struct act *act, bool *good, size_t *accepted,
    struct err *first, struct err *err)
{
	struct span local;
	struct err why;
	size_t at = 0;

	for (size_t i = 0; next_recipient(act, &at, &local); i++) {
		err_clear(&why);
		good[i] = check_recipient(clerk, act, local, &why);
		*accepted += good[i];
		if (!good[i] && why.kind != ERR_NOT_FOUND && why.kind != ERR_DENIED) {
			*err = why;
			return false;
		}
		if (!good[i] && first->kind == ERR_NONE)
			*first = why;
	}
	return true;
}

/* One answer a recipient, in order: the id of its row, or 0 where it was refused. All
 * refused: the first refusal is the answer. SMTP has one reply for all of them: where it is yes
 * each has a row, and what becomes of a mail that would have been refused stands there. */
bool
intake_receive(struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	bool *good = arena_array(act->arena, count_recipients(act), sizeof(*good));
	bool one_reply = span_is(fields_get(&act->input, "door"), "smtp");
	size_t at = 0, accepted = 0;
	struct err first = { 0 };
	int64_t raw = 0, id;
	struct span local;

	if (!check_recipients(clerk, act, good, &accepted, &first, err))
		return false;
	if (accepted == 0) {
		*err = first;
		return false;
	}
	if (!act_keep_raw(clerk, act, &raw, err))
		return false;
	for (size_t i = 0; next_recipient(act, &at, &local); i++) {
		id = 0;
		if ((good[i] || one_reply) && !keep_row(clerk, act, local, raw, &id, err))
			return false;
		fields_add_int(&outcome->output, "inbox", id);
	}
	clerk->inbox_due = true;
	return true;
}
