/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "rules/registration.h"

#include <inttypes.h>
#include <string.h>

#include "base/utf8.h"
#include "mail/address.h"
#include "rules/act_may.h"
#include "rules/delivery.h"
#include "rules/identifier.h"
#include "rules/limit.h"
#include "rules/signup.h"
#include "rules/words.h"
#include "store/identifier.h"
#include "store/person.h"
#include "store/registration.h"
#include "text/i18n.h"

enum {
	LIFE = REGISTRATION_HOURS * 3600,
	TRIES_MAX = 10 /* wrong ones with a selector, for life: then it must be issued anew */
};

static bool
not_known(struct err *err)
{
	return err_set(err, ERR_DENIED,
	    TR("This identifier does not open anything. If it was given to you, please ask the "
	       "town hall or the association for a new one."));
}

/* ---- the identifier ---- */

/* The line that a typed identifier names; id 0 (true) where there is none. */
static bool
find_line(struct clerk *clerk, const struct act *act, struct identifier *line, struct err *err)
{
	char symbols[IDENTIFIER_LEN + 1];

	*line = (struct identifier){ .verifier = "", .state = "" };
	if (!identifier_read(fields_get(&act->input, "identifier"), symbols, err))
		return false;
	if (identifier_find_selector(
		clerk->db, act->arena, identifier_selector(symbols), line, err))
		return true;
	*line = (struct identifier){ .verifier = "", .state = "" };
	return err_forgive(err, ERR_NOT_FOUND);
}

const char *
registration_verifier(struct clerk *clerk, const struct act *act)
{
	struct identifier line;
	struct err err = { 0 };

	return find_line(clerk, act, &line, &err) ? line.verifier : "";
}

static bool
is_open(const struct clerk *clerk, const struct act *act, const struct identifier *line)
{
	return line->id != 0 && act->checked_password && line->tries < TRIES_MAX &&
	       strcmp(line->state, "issued") == 0 &&
	       (line->expires == 0 || line->expires > clerk->now);
}

/* Of failures, asked before the identifier is looked at. */
static bool
check_limits(struct clerk *clerk, const struct act *act, struct err *err)
{
	if (act->door != DOOR_WEB)
		return true;
	return limit_check(clerk, "IDENT_IP", fields_text(&act->input, "peer", act->arena), err) &&
	       limit_check(clerk, "IDENT_GLOBAL", "all", err);
}

bool
registration_may(struct clerk *clerk, const struct act *act, struct err *err)
{
	return may_visit(clerk, act, err) && check_limits(clerk, act, err);
}

/* Counted by where it comes from, by the line, and by all together: whoever guesses is slow,
 * however many machines they have. */
bool
registration_ask_failed(struct clerk *clerk, const struct act *act, struct err *err)
{
	struct identifier line;

	if (!find_line(clerk, act, &line, err))
		return err_forgive(err, ERR_INVALID); /* mistyped */
	if (is_open(clerk, act, &line) || act->door != DOOR_WEB)
		return true;
	if (!check_limits(clerk, act, err))
		return err_forgive(err, ERR_TOO_MUCH); /* it was not even looked at */
	if (!limit_count(clerk, "IDENT_IP", fields_text(&act->input, "peer", act->arena), err) ||
	    !limit_count(clerk, "IDENT_GLOBAL", "all", err))
		return false;
	return line.id == 0 || identifier_try(clerk->db, line.id, err);
}

/* ---- asking ---- */

/* Who has that address, or a stranger made for it. */
static bool
find_or_add_person(struct clerk *clerk, const struct act *act, const char *name,
    struct registration *row, struct err *err)
{
	struct span given = fields_get(&act->input, "address");
	const struct person stranger = { .state = "stranger",
		.name_shown = name,
		.locale = row->locale,
		.created = clerk->now };
	struct person_address address;
	char folded[ADDRESS_MAX + 1];
	struct person person;

	if (!address_fold_text(given, folded, err))
		return false;
	if (person_find_address(clerk->db, act->arena, span_of(folded), &person, &address, err)) {
		row->person = person.id;
		row->address = address.id;
		return true;
	}
	if (!err_forgive(err, ERR_NOT_FOUND))
		return false;
	return person_add(clerk->db, &stranger, &row->person, err) &&
	       person_address_add(clerk->db, row->person, given, span_of(folded), 0, clerk->now,
		   &row->address, err);
}

static bool
send_mail(struct clerk *clerk, struct arena *arena, const struct registration *row,
    const char *token, const char *code, struct err *err)
{
	struct notice_new notice = {
		.template = "register", .person = row->person, .address = row->address
	};
	struct buf input = { 0 };
	bool ok;

	fields_add_text(&input, "token", token);
	fields_add_text(&input, "code", code);
	fields_add_text(&input, "name", row->name);
	fields_add_int(&input, "hours", REGISTRATION_HOURS);
	notice.input = buf_span(&input);
	ok = delivery_queue_notice(clerk, arena, &notice, err);
	token_wipe(input.data, input.len);
	buf_free(&input);
	return ok;
}

/* Whoever waits for the mail and asks again is told where it is. */
static bool
wrote_already(struct err *err)
{
	return err_set(err, ERR_TOO_MUCH,
	    TR("A message has left for this address already: please look for it, among unwanted mail too. "
	       "Another one is sent tomorrow at the earliest, and three a week at most."));
}

/* Nobody can make us write again and again to somebody who asked for nothing, whatever letters
 * they hold (reliability study, P5). */
static bool
may_mail(struct clerk *clerk, const struct act *act, int64_t line, struct err *err)
{
	char folded[ADDRESS_MAX + 1], subject[33], domain[33];

	if (!address_fold_text(fields_get(&act->input, "address"), folded, err))
		return false;
	limit_subject_address(span_of(folded), subject);
	limit_subject_address(span_of(strrchr(folded, '@') + 1), domain);
	if (!limit_take(clerk, "REGISTER_MAIL", subject, err))
		return err->kind == ERR_TOO_MUCH ? wrote_already(err) : false;
	return limit_take(clerk, "REGISTER_DOMAIN", domain, err) &&
	       limit_take(clerk, "REGISTER_ALL", "all", err) &&
	       limit_take(clerk, "REGISTER_IDENT",
		   arena_printf(act->arena, "%" PRId64, line), err);
}

bool
registration_ask(
    struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	struct span name = utf8_line(act->arena, fields_get(&act->input, "name"));
	struct registration row = {
		.name = arena_strndup(act->arena, name.data, name.len),
		.locale = fields_text(&act->input, "locale", act->arena),
		.next = fields_text(&act->input, "next", act->arena),
		.created = clerk->now,
		.expires = clerk->now + LIFE,
	};
	uint8_t hash[SHA256_SIZE], code_sum[SHA256_SIZE];
	char token[MAIL_TOKEN_ROOM], code[SIGNUP_CODE_ROOM];
	struct identifier line;

	if (!*row.name)
		return err_set(err, ERR_INVALID, TR("Please say under which name you will write."));
	if (!words_check_name(row.name, err) || !find_line(clerk, act, &line, err))
		return false;
	if (!is_open(clerk, act, &line))
		return not_known(err);
	if (!may_mail(clerk, act, line.id, err) || !find_or_add_person(clerk, act, row.name, &row, err))
		return false;
	row.identifier = line.id;
	mail_token_draw(token);
	signup_draw_code(code);
	token_sha256(span_of(token), hash);
	signup_code_hash(row.person, span_of(code), code_sum);
	row.code = span_make(code_sum, sizeof(code_sum));
	outcome_about(outcome, "identifier", line.id, 0);
	return registration_add(clerk->db, hash, &row, err) &&
	       send_mail(clerk, act->arena, &row, token, code, err);
}

/* ---- confirming ---- */

static bool
by_token(struct clerk *clerk, const struct act *act, struct registration *row, struct err *err)
{
	char token[MAIL_TOKEN_ROOM];
	uint8_t hash[SHA256_SIZE];

	if (!mail_token_fold(fields_get(&act->input, "token"), token))
		return err_set(err, ERR_NOT_FOUND, "no such token");
	token_sha256(span_of(token), hash);
	return registration_find(clerk->db, act->arena, hash, row, err);
}

/* The newest that waits for that address, whatever code was typed. */
static bool
by_address(struct clerk *clerk, const struct act *act, struct registration *row, struct err *err)
{
	struct person_address address;
	char folded[ADDRESS_MAX + 1];
	struct person person;
	struct err ignored;

	if (!address_fold_text(fields_get(&act->input, "address"), folded, &ignored))
		return err_set(err, ERR_NOT_FOUND, "no such address");
	return person_find_address(
		   clerk->db, act->arena, span_of(folded), &person, &address, err) &&
	       registration_find_address(clerk->db, act->arena, address.id, clerk->now, row, err);
}

static bool
has_token(const struct act *act)
{
	return fields_get(&act->input, "token").len > 0;
}

static bool
find_registration(
    struct clerk *clerk, const struct act *act, struct registration *row, struct err *err)
{
	bool found =
	    has_token(act) ? by_token(clerk, act, row, err) : by_address(clerk, act, row, err);

	if (!found)
		return err->kind == ERR_NOT_FOUND ? signup_not_opened(err) : false;
	if (row->used != 0 || row->expires <= clerk->now)
		return signup_not_opened(err);
	return has_token(act) || signup_is_code(act, row->person, row->code, row->tries) || signup_not_opened(err);
}

/* A stranger becomes a member, and keeps what was written from that address before; who is
 * a member already keeps the name. */
static bool
admit(struct clerk *clerk, const struct act *act, const struct registration *row, struct err *err)
{
	struct person person;

	if (!person_find(clerk->db, act->arena, row->person, &person, err))
		return false;
	if (strcmp(person.state, "active") == 0)
		return true;
	if (strcmp(person.state, "stranger") != 0)
		return signup_not_opened(err);
	person.state = "active";
	person.name_shown = row->name;
	person.locale = row->locale;
	return person_set(clerk->db, &person, err);
}

bool
registration_confirm(
    struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	struct registration row;

	if (!find_registration(clerk, act, &row, err) || !admit(clerk, act, &row, err) ||
	    !person_address_verify(clerk->db, row.address, clerk->now, err))
		return false;
	/* Somebody else was quicker with the same letter, or it was revoked meanwhile. */
	if (!identifier_claim(clerk->db, row.identifier, row.person, clerk->now, err))
		return err->kind == ERR_NOT_FOUND ? not_known(err) : false;
	fields_add_text(&outcome->output, "next", row.next);
	fields_add_text(&outcome->output, "registered", "1");
	return registration_use(clerk->db, row.id, clerk->now, err) &&
	       signup_session(clerk, act, row.person, outcome, err);
}

bool
registration_confirm_failed(struct clerk *clerk, const struct act *act, struct err *err)
{
	struct registration row;

	if (has_token(act))
		return true;
	if (by_address(clerk, act, &row, err))
		return registration_try(clerk->db, row.id, err);
	return err_forgive(err, ERR_NOT_FOUND);
}
