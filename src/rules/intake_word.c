/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Mail that is a command: moderation, unsubscribing, confirmations. Every command is an
 * act like any other, run in the name of whom the token or the proof names; a machine
 * commands nothing, since an absence note would approve and confirm. */
#include <string.h>

#include "rules/intake_work.h"
#include "rules/mail_word.h"
#include "rules/moderation_tell.h"
#include "rules/proof.h"
#include "rules/standing.h"
#include "store/token_row.h"

static bool
say(struct intake *intake, const char *outcome, const char *note)
{
	intake->outcome = outcome;
	intake->note = note;
	return true;
}

static bool
is_robot(struct intake *intake)
{
	if (intake->robot.action == ROBOT_NONE)
		return false;
	(void)say(intake,
	    intake->robot.action == ROBOT_DROP ? intake->robot.word : "dropped-robot", "");
	return true;
}

/* Runs another act in the name of a person, as the mail door would. What it refuses
 * becomes the note, and outcome "refused"; only TEMPORARY and BROKEN are false. */
static bool
run(struct intake *intake, const char *name, int64_t actor, struct span input,
    struct err *err)
{
	struct act act = {
		.kind = act_kind_find(span_of(name)),
		.door = DOOR_MAIL,
		.actor = actor,
		.hashed = "",
		.fd = -1,
		.trace = intake->act->trace,
		.arena = intake->arena,
	};
	struct outcome outcome = { 0 };
	struct err why = { 0 };
	bool ok;

	if (!act.kind || !fields_read(&act.input, input))
		return err_set(err, ERR_BROKEN, "no such act: %s", name);
	ok = act_run(intake->clerk, &act, &outcome, &why);
	buf_free(&outcome.output);
	if (!ok && (why.kind == ERR_TEMPORARY || why.kind == ERR_BROKEN)) {
		*err = why;
		return false;
	}
	return ok ? say(intake, "command", name) :
		    say(intake, "refused", arena_strdup(intake->arena, why.text));
}

/* ---- voirie+m.TOKEN ---- */

static bool
find_token(struct intake *intake, const char *purpose, struct token_row *row, bool *found,
    struct err *err)
{
	uint8_t hash[SHA256_SIZE];

	token_sha256(span_of(intake->to.token), hash);
	*found = token_row_find(intake->clerk->db, intake->arena, hash, row, err);
	if (!*found && !err_forgive(err, ERR_NOT_FOUND))
		return false;
	*found = *found && strcmp(row->purpose, purpose) == 0;
	return true;
}

/* Nothing was done: who meant to decide hears of it. */
static bool
tell_undone(struct intake *intake, const struct token_row *row, const char *why, struct err *err)
{
	return moderation_tell_again(
	    intake->clerk, intake->arena, row->object, row->person, why, err);
}

static bool
decide(struct intake *intake, const struct token_row *row, const struct mail_answer *answer,
    struct err *err)
{
	const char *acts[] = { "", "post.approve", "post.refuse", "post.discard" };
	struct buf input = { 0 };
	bool ok;

	fields_add_int(&input, "post", row->object);
	if (answer->verb == MAIL_VERB_REFUSE)
		fields_add(&input, "why", answer->why);
	intake->post = row->object;
	ok = run(intake, acts[answer->verb], row->person, buf_span(&input), err);
	buf_free(&input);
	return ok && (strcmp(intake->outcome, "refused") != 0 || tell_undone(intake, row, intake->note, err));
}

/* The token names the item and the moderator; the mail must be proved to come from an
 * address of that moderator as well, since mails are forwarded and cited. */
bool
intake_moderate(struct intake *intake, struct err *err)
{
	struct mail_answer answer;
	struct token_row row;
	struct author author;
	bool found, proved;

	if (is_robot(intake))
		return true;
	if (!find_token(intake, "moderate", &row, &found, err) ||
	    !intake_prove_author(intake, &author, &proved, err))
		return false;
	if (!found)
		return say(intake, "refused", "the moderation address is out of date");
	if (!proved || author.person.id != row.person)
		return say(intake, "refused", "not proved to come from the moderator");
	if (row.expires <= intake->clerk->now)
		return say(intake, "refused", "the moderation address is out of date") &&
		       tell_undone(intake, &row, TR("Nothing was done: the address you answered was good for seven days."), err);
	answer = mail_word_read(intake->arena, intake->parsed->own);
	if (answer.verb == MAIL_VERB_NONE)
		return say(intake, "command", "no word that is known: nothing was done") &&
		       tell_undone(intake, &row, TR("Nothing was done: the first line of your answer has none of the words below."), err);
	return decide(intake, &row, &answer, err);
}

/* ---- voirie+u.TOKEN ---- */

/* The token is the credential. A mail program may answer List-Unsubscribe by itself:
 * what is merely generated counts, what answers another mail does not. */
bool
intake_leave(struct intake *intake, struct err *err)
{
	struct buf input = { 0 };
	bool ok;

	if (intake->robot.action == ROBOT_DROP || intake->robot.action == ROBOT_BOUNCE) {
		(void)is_robot(intake);
		return true;
	}
	fields_add_text(&input, "token", intake->to.token);
	ok = run(intake, "subscription.leave", 0, buf_span(&input), err);
	buf_free(&input);
	return ok;
}

/* ---- ok.TOKEN ---- */

/* Whether the answer says yes and comes from whom was asked: many machines answer what they
 * should not, without saying that they are machines, and quote nothing of the question. */
static bool
says_yes(struct intake *intake, bool *yes, struct err *err)
{
	struct token_row row;
	struct author author;

	if (!find_token(intake, "author", &row, yes, err))
		return false;
	*yes = *yes && row.expires > intake->clerk->now;
	if (!*yes)
		return true;
	if (!author_find(intake->clerk, intake->arena, intake->parsed, &author, err))
		return false;
	*yes = author.person.id == row.person &&
	    mail_word_read(intake->arena, intake->parsed->own).verb == MAIL_VERB_APPROVE;
	return true;
}

bool
intake_confirm(struct intake *intake, struct err *err)
{
	struct buf input = { 0 };
	bool ok, yes;

	if (is_robot(intake))
		return true;
	if (!says_yes(intake, &yes, err))
		return false;
	if (!yes)
		return say(intake, "refused", "no yes of the person who was asked");
	fields_add_text(&input, "token", intake->to.token);
	ok = run(intake, "post.confirm", 0, buf_span(&input), err);
	buf_free(&input);
	return ok;
}

/* ---- voirie+abonner and its kin ---- */

static bool
set_mode(struct intake *intake, int64_t person, const char *mode, struct err *err)
{
	struct buf input = { 0 };
	bool ok;

	fields_add_text(&input, "forum", intake->to.slug);
	fields_add_text(&input, "mode", mode);
	ok = run(intake, "subscription.set", person, buf_span(&input), err);
	buf_free(&input);
	return ok;
}

/* Pause and help come with the settings of one's own mail; what we cannot do is kept. */
bool
intake_word(struct intake *intake, struct err *err)
{
	struct author author;
	bool proved;

	if (is_robot(intake))
		return true;
	if (intake->to.word == MAIL_WORD_OWNERS)
		return owners_intake(intake, err);
	if (intake->to.word != MAIL_WORD_SUBSCRIBE && intake->to.word != MAIL_WORD_UNSUBSCRIBE)
		return say(intake, "kept", mail_word_name(intake->to.word));
	if (!intake_prove_author(intake, &author, &proved, err))
		return false;
	if (!proved)
		return say(intake, "refused", "not proved to come from a registered person");
	return set_mode(intake, author.person.id,
	    intake->to.word == MAIL_WORD_SUBSCRIBE ? "each" : "none", err);
}
