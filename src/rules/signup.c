/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "rules/signup.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/token.h"
#include "mail/address.h"
#include "rules/delivery.h"
#include "rules/limit.h"
#include "rules/password.h"
#include "store/db.h"
#include "store/organisation.h"
#include "store/person.h"
#include "store/session.h"
#include "store/token_row.h"
#include "text/i18n.h"

enum {
	CODE_TRIES = 5,            /* wrong codes before a code is dead */
	LINK_LIFE = SIGNUP_LINK_MINUTES * 60,
	RESET_LIFE = SIGNUP_RESET_MINUTES * 60,
	LINK_LIFE_MOST = 86400,    /* of one made by the administrator */
	IDLE = 30 * 86400,         /* a session nobody uses ends */
	ABSOLUTE = 180 * 86400,    /* and every session ends some day */
	STAFF_IDLE = 12 * 3600,    /* of those who may decide over others */
	STAFF_ABSOLUTE = 7 * 86400
};

bool
signup_not_opened(struct err *err)
{
	return err_set(err, ERR_DENIED,
	    TR("this did not open: the link or code is too old or was used, or the words are wrong"));
}

/* ---- links and codes ---- */

void
signup_code_hash(int64_t person, struct span code, uint8_t hash[SHA256_SIZE])
{
	struct buf text = { 0 };

	buf_printf(&text, "%" PRId64 ":", person);
	buf_add_span(&text, code);
	token_sha256(buf_span(&text), hash);
	buf_free(&text);
}

/* Uniform: what the modulo would favour is drawn again. */
void
signup_draw_code(char code[SIGNUP_CODE_ROOM])
{
	uint64_t number;

	do
		number = token_random_u64();
	while (number >= UINT64_MAX - UINT64_MAX % 100000000);
	(void)snprintf(code, SIGNUP_CODE_ROOM, "%08u", (unsigned)(number % 100000000));
}

static bool
draw_link(struct clerk *clerk, const char *purpose, int64_t person, int64_t address, int64_t life,
    const char *code, char token[MAIL_TOKEN_ROOM], struct err *err)
{
	uint8_t hash[SHA256_SIZE], code_sum[SHA256_SIZE];
	struct token_row row = {
		.purpose = purpose,
		.person = person,
		.object = address,
		.created = clerk->now,
		.expires = clerk->now + life,
	};

	if (code) {
		signup_code_hash(person, span_of(code), code_sum);
		row.code = span_make(code_sum, sizeof(code_sum));
	}
	mail_token_draw(token);
	token_sha256(span_of(token), hash);
	return token_row_add(clerk->db, hash, &row, NULL, err);
}

/* True with person->id 0 where the address is nobody's who may come in. */
static bool
find_entrant(struct clerk *clerk, const struct act *act, struct person *person,
    struct person_address *address, struct err *err)
{
	char folded[ADDRESS_MAX + 1];
	struct err ignored;

	*person = (struct person){ 0 };
	if (!address_fold_text(fields_get(&act->input, "address"), folded, &ignored))
		return true;
	if (!person_find_address(clerk->db, act->arena, span_of(folded), person, address, err)) {
		*person = (struct person){ 0 };
		return err_forgive(err, ERR_NOT_FOUND);
	}
	if (address->verified == 0 || strcmp(person->state, "active") != 0)
		*person = (struct person){ 0 };
	return true;
}

/* A link to sign in has a code for another device; one to choose a new password has none, and
 * lives longer (reliability study §5.10). */
static bool
send_link(struct clerk *clerk, struct arena *arena, bool reset, int64_t person, int64_t address,
    struct err *err)
{
	const char *purpose = reset ? "reset" : "login";
	int64_t life = reset ? RESET_LIFE : LINK_LIFE;
	struct notice_new notice = { .template = purpose, .person = person, .address = address };
	char token[MAIL_TOKEN_ROOM], code[SIGNUP_CODE_ROOM] = "";
	struct buf input = { 0 };
	bool ok;

	if (!reset)
		signup_draw_code(code);
	if (!draw_link(clerk, purpose, person, address, life, *code ? code : NULL, token, err))
		return false;
	fields_add_text(&input, "token", token);
	fields_add_text(&input, "code", code);
	fields_add_int(&input, "minutes", life / 60);
	notice.input = buf_span(&input);
	ok = delivery_queue_notice(clerk, arena, &notice, err);
	token_wipe(input.data, input.len);
	buf_free(&input);
	return ok;
}

/* For an address of nobody's all that a link takes is done, and undone: else the time of a commit
 * would tell them apart. For whom is all the same: for the first person there is. */
static bool
send_nothing(struct clerk *clerk, struct arena *arena, bool reset, struct err *err)
{
	struct person_address address;
	struct person *first;
	size_t count;
	bool ok;

	if (!person_list(clerk->db, arena, 0, 1, &first, &count, err))
		return false;
	if (count == 0)
		return true;
	if (!person_address_preferred(clerk->db, arena, first->id, &address, err))
		return err_forgive(err, ERR_NOT_FOUND);
	if (!db_savepoint(clerk->db, err))
		return false;
	ok = send_link(clerk, arena, reset, first->id, address.id, err);
	if (db_undo(clerk->db))
		return ok;
	return ok ? err_set(err, ERR_TEMPORARY, "the book cannot be written just now") : false;
}

/* The limit is silent: asking again too soon looks like asking for the first time. It is
 * kept for addresses of nobody too. */
bool
signup_ask(struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	bool reset = act_flag(act, "reset");
	char subject[33], folded[ADDRESS_MAX + 1];
	struct person_address address;
	struct person person;
	struct err ignored;

	(void)outcome;
	if (!find_entrant(clerk, act, &person, &address, err))
		return false;
	if (!address_fold_text(fields_get(&act->input, "address"), folded, &ignored))
		return true;
	if (reset && !limit_take(clerk, "FORGOT_IP", fields_text(&act->input, "peer", act->arena), err))
		return false;
	limit_subject_address(span_of(folded), subject);
	if (!limit_take(clerk, reset ? "FORGOT_MAIL" : "LOGIN_MAIL", subject, err)) {
		return err_forgive(err, ERR_TOO_MUCH);
	}
	return person.id == 0 ? send_nothing(clerk, act->arena, reset, err) :
	    send_link(clerk, act->arena, reset, person.id, address.id, err);
}

bool
signup_link(struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	int64_t person = fields_int(&act->input, "person", 0);
	int64_t life = fields_int(&act->input, "life", LINK_LIFE);
	struct person_address address = { 0 };
	struct person row;
	char token[MAIL_TOKEN_ROOM];

	if (person == 0) {
		if (!find_entrant(clerk, act, &row, &address, err))
			return false;
		person = row.id;
	}
	if (person == 0 || !person_find(clerk->db, act->arena, person, &row, err) ||
	    strcmp(row.state, "active") != 0)
		return err_set(err, ERR_NOT_FOUND, "there is no such active person");
	if (life < 1 || life > LINK_LIFE_MOST)
		return err_set(err, ERR_INVALID, "life must be 1 to %d seconds", LINK_LIFE_MOST);
	if (!draw_link(clerk, "login", person, address.id, life, NULL, token, err))
		return false;
	fields_add_text(&outcome->output, "url",
	    arena_printf(act->arena, "%s/ok/%s", clerk->settings->site_url, token));
	fields_add_int(&outcome->output, "person", person);
	outcome_about(outcome, "person", person, 0);
	return true;
}

bool
signup_shut_out(struct clerk *clerk, int64_t person, struct err *err)
{
	return session_close_person(clerk->db, person, err) &&
	       token_row_end_person(clerk->db, "login", person, clerk->now, err) &&
	       token_row_end_person(clerk->db, "reset", person, clerk->now, err);
}

/* ---- opening ---- */

/* Whoever lost a password may have lost it to somebody: all sessions end. */
static bool
by_token(struct clerk *clerk, const struct act *act, int64_t *person, struct outcome *outcome,
    struct err *err)
{
	bool reset;
	char token[MAIL_TOKEN_ROOM];
	uint8_t hash[SHA256_SIZE];
	struct token_row row;

	if (!mail_token_fold(fields_get(&act->input, "token"), token))
		return signup_not_opened(err);
	token_sha256(span_of(token), hash);
	if (!token_row_find(clerk->db, act->arena, hash, &row, err))
		return err->kind == ERR_NOT_FOUND ? signup_not_opened(err) : false;
	reset = strcmp(row.purpose, "reset") == 0;
	if ((strcmp(row.purpose, "login") != 0 && !reset) || row.used != 0 ||
	    row.expires <= clerk->now)
		return signup_not_opened(err);
	*person = row.person;
	if (reset)
		fields_add_text(&outcome->output, "next", "/account/password");
	return token_row_use(clerk->db, row.id, clerk->now, err) &&
	    (!reset || signup_shut_out(clerk, row.person, err));
}

/* False with ERR_NOT_FOUND where no code of that person lives. */
static bool
live_code(struct clerk *clerk, const struct act *act, struct token_row *row, struct err *err)
{
	struct person_address address;
	struct person person;

	if (!find_entrant(clerk, act, &person, &address, err))
		return false;
	if (person.id == 0)
		return err_set(err, ERR_NOT_FOUND, "no code");
	return token_row_find_code(clerk->db, act->arena, "login", person.id, clerk->now, row, err);
}

static struct span
typed_code(const struct act *act)
{
	struct span code = span_trim(fields_get(&act->input, "code"));
	char *out = arena_alloc(act->arena, code.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < code.len; i++) /* people type "1234 5678" */
		if (ascii_is_digit(code.data[i]))
			out[len++] = code.data[i];
	return span_make(out, len);
}

bool
signup_is_code(const struct act *act, int64_t person, struct span kept, int64_t tries)
{
	uint8_t hash[SHA256_SIZE];

	signup_code_hash(person, typed_code(act), hash);
	return tries < CODE_TRIES && kept.len == SHA256_SIZE &&
	       token_equal(kept.data, hash, SHA256_SIZE);
}

static bool
by_code(struct clerk *clerk, const struct act *act, int64_t *person, struct err *err)
{
	struct token_row row;

	if (!live_code(clerk, act, &row, err))
		return err->kind == ERR_NOT_FOUND ? signup_not_opened(err) : false;
	if (!signup_is_code(act, row.person, row.code, row.tries))
		return signup_not_opened(err);
	*person = row.person;
	return token_row_use(clerk->db, row.id, clerk->now, err);
}

static bool
by_password(struct clerk *clerk, const struct act *act, int64_t *id, struct err *err)
{
	struct person_address address;
	struct person person;

	if (!find_entrant(clerk, act, &person, &address, err))
		return false;
	if (!act->checked_password || person.id == 0 || !*person.password)
		return signup_not_opened(err);
	*id = person.id;
	return true;
}

static bool
is_staff(struct clerk *clerk, struct arena *arena, const struct person *person, bool *is,
    struct err *err)
{
	struct mandate *mandates;
	size_t count;

	*is = person->administrator;
	if (!mandate_list_person(clerk->db, arena, person->id, clerk->now, &mandates, &count, err))
		return false;
	for (size_t i = 0; i < count; i++)
		*is = *is || strcmp(mandates[i].role, "moderator") == 0;
	return true;
}

bool
signup_session(struct clerk *clerk, const struct act *act, int64_t id, struct outcome *outcome,
    struct err *err)
{
	struct person person;
	uint8_t hash[SHA256_SIZE];
	char secret[44];
	int64_t row, expires;
	bool staff;

	if (!person_find(clerk->db, act->arena, id, &person, err) ||
	    !is_staff(clerk, act->arena, &person, &staff, err))
		return false;
	if (strcmp(person.state, "active") != 0)
		return signup_not_opened(err);
	expires = clerk->now + (staff ? STAFF_IDLE : IDLE);
	token_secret(secret);
	token_sha256(span_of(secret), hash);
	if (!session_add(clerk->db, id, hash, clerk->now, expires, &row, err))
		return false;
	fields_add_text(&outcome->output, "secret", secret);
	fields_add_int(&outcome->output, "person", id);
	fields_add_int(&outcome->output, "expires", expires);
	token_wipe(secret, sizeof(secret));
	outcome_about(outcome, "person", id, 0);
	return true;
}

bool
signup_open(struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	int64_t person = 0;
	bool ok;

	if (fields_get(&act->input, "token").len > 0)
		ok = by_token(clerk, act, &person, outcome, err);
	else if (fields_get(&act->input, "code").len > 0)
		ok = by_code(clerk, act, &person, err);
	else
		ok = by_password(clerk, act, &person, err);
	return ok && signup_session(clerk, act, person, outcome, err);
}

bool
signup_open_failed(struct clerk *clerk, const struct act *act, struct err *err)
{
	struct token_row row;

	if (fields_get(&act->input, "token").len > 0 || fields_get(&act->input, "code").len == 0)
		return true;
	if (live_code(clerk, act, &row, err))
		return token_row_try(clerk->db, row.id, err);
	return err_forgive(err, ERR_NOT_FOUND);
}

const char *
signup_password(struct clerk *clerk, const struct act *act)
{
	struct person_address address;
	struct person person;
	struct err err = { 0 };

	return find_entrant(clerk, act, &person, &address, &err) && person.id != 0 ?
	    person.password :
	    "";
}

/* ---- afterwards ---- */

bool
signup_close(struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	uint8_t hash[SHA256_SIZE];

	(void)outcome;
	token_sha256(fields_get(&act->input, "session"), hash);
	return session_close(clerk->db, hash, err);
}

bool
signup_seen(struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	uint8_t hash[SHA256_SIZE];
	struct session session;
	struct person person;
	int64_t expires, last;
	bool staff;

	(void)outcome;
	token_sha256(fields_get(&act->input, "session"), hash);
	if (!session_find(clerk->db, act->arena, hash, clerk->now, &session, &person, err))
		return false;
	if (clerk->now - session.seen < SESSION_SEEN_EVERY)
		return true;
	if (!is_staff(clerk, act->arena, &person, &staff, err))
		return false;
	expires = clerk->now + (staff ? STAFF_IDLE : IDLE);
	last = session.created + (staff ? STAFF_ABSOLUTE : ABSOLUTE);
	return session_seen(clerk->db, session.id, clerk->now, expires < last ? expires : last, err);
}

/* One's own, by its number; of another's nothing is said. */
bool
signup_revoke(struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	int64_t id = fields_int(&act->input, "number", 0);

	outcome_about(outcome, "session", id, 0);
	return session_close_own(clerk->db, act->actor, id, err);
}

/* Whoever did not do it learns of it, and how to shut the other out. */
static bool
tell_password(struct clerk *clerk, struct arena *arena, int64_t person, struct err *err)
{
	const struct notice_new notice = { .template = "password", .person = person };

	return delivery_queue_notice(clerk, arena, &notice, err);
}

/* All sessions end, the one at hand goes on as a new one. */
bool
signup_password_set(struct clerk *clerk, const struct act *act, struct outcome *outcome,
    struct err *err)
{
	struct span typed = fields_get(&act->input, "password");
	struct person person;

	if (!person_find(clerk->db, act->arena, act->actor, &person, err) ||
	    (typed.len > 0 && !password_check(clerk, act->arena, &person, typed, err)))
		return false;
	person.password = act->hashed;
	return person_set(clerk->db, &person, err) &&
	    signup_shut_out(clerk, person.id, err) &&
	    tell_password(clerk, act->arena, person.id, err) &&
	    signup_session(clerk, act, person.id, outcome, err);
}
