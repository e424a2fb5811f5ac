/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "rules/membership.h"

#include <string.h>

#include "base/utf8.h"
#include "mail/address.h"
#include "rules/delivery.h"
#include "rules/signup.h"
#include "rules/standing.h"
#include "rules/words.h"
#include "store/organisation.h"
#include "store/person.h"
#include "store/session.h"
#include "store/subscription.h"
#include "text/i18n.h"

static const char *
text_or(const struct act *act, const char *name, const char *fallback)
{
	struct span value = fields_get(&act->input, name);

	return value.len > 0 ? fields_text(&act->input, name, act->arena) : fallback;
}

/* ---- subscriptions ---- */

/* The actor, or whom the administrator names by id or address. */
static bool
find_subject(struct clerk *clerk, const struct act *act, struct person *person, struct err *err)
{
	struct span address = fields_get(&act->input, "address");
	int64_t id = fields_int(&act->input, "person", act->actor);
	char folded[ADDRESS_MAX + 1];

	if (address.len == 0)
		return person_find(clerk->db, act->arena, id, person, err);
	return address_fold_text(address, folded, err) &&
	    person_find_address(clerk->db, act->arena, span_of(folded), person, NULL, err);
}

/* The same whether it is not there or not to be seen. */
static bool
no_forum(struct err *err)
{
	return err_set(err, ERR_NOT_FOUND, "there is no such forum");
}

/* Whoever has a row may always stop the mail; to have one where none is takes the right to
 * read, whatever the mode: a row is what makes a member. */
static bool
check_subscribe(struct clerk *clerk, const struct act *act, const struct person *person,
    const struct forum *forum, const char *mode, struct err *err)
{
	struct axes axes = standing_axes(forum);
	struct standing standing;
	struct subscription row;

	if (act->administrator)
		return true;
	if (strcmp(mode, "none") == 0) {
		if (subscription_find(clerk->db, act->arena, forum->id, person->id, &row, err))
			return true;
		if (!err_forgive(err, ERR_NOT_FOUND))
			return false;
	}
	if (!standing_load(clerk->db, act->arena, clerk->now, person, forum, &standing, err))
		return false;
	return permission_subscribe(&standing, &axes) || no_forum(err);
}

bool
membership_subscribe(struct clerk *clerk, const struct act *act, struct outcome *outcome,
    struct err *err)
{
	const char *mode = fields_text(&act->input, "mode", act->arena);
	struct person person;
	struct forum forum;

	if (!forum_find_slug(clerk->db, act->arena, fields_get(&act->input, "forum"), &forum, err))
		return err->kind == ERR_NOT_FOUND ? no_forum(err) : false;
	if (!find_subject(clerk, act, &person, err) ||
	    !check_subscribe(clerk, act, &person, &forum, mode, err) ||
	    !subscription_set(clerk->db, forum.id, person.id, mode, 0, clerk->now, err))
		return false;
	if (strcmp(mode, "none") == 0 &&
	    !delivery_cancel_person(clerk, person.id, forum.id, err))
		return false;
	fields_add_text(&outcome->output, "forum", forum.slug);
	fields_add_text(&outcome->output, "mode", mode);
	outcome_about(outcome, "person", person.id, forum.id);
	return true;
}

bool
membership_remove(struct clerk *clerk, const struct act *act, struct outcome *outcome,
    struct err *err)
{
	struct person person;
	struct forum forum;

	if (!forum_find_slug(clerk->db, act->arena, fields_get(&act->input, "forum"), &forum, err) ||
	    !person_find(
		clerk->db, act->arena, fields_int(&act->input, "person", 0), &person, err))
		return false;
	outcome_about(outcome, "person", person.id, forum.id);
	return subscription_remove(clerk->db, forum.id, person.id, err) &&
	    delivery_cancel_person(clerk, person.id, forum.id, err);
}

static bool
stop_mail(struct clerk *clerk, struct arena *arena, int64_t forum, int64_t person, struct err *err)
{
	const struct notice_new notice = { .template = "unsubscribed", .person = person,
		.forum = forum };

	return subscription_set(clerk->db, forum, person, "none", 0, clerk->now, err) &&
	    delivery_cancel_person(clerk, person, forum, err) &&
	    delivery_queue_notice(clerk, arena, &notice, err);
}

bool
membership_leave(struct clerk *clerk, const struct act *act, struct outcome *outcome,
    struct err *err)
{
	struct span token = fields_get(&act->input, "token");
	struct subscription row;
	enum mail_purpose purpose;
	struct forum forum;
	uint64_t a, b;

	if (!mail_token_read(&clerk->token_keys, token, &purpose, &a, &b) ||
	    purpose != MAIL_PURPOSE_UNSUBSCRIBE)
		return err_set(err, ERR_NOT_FOUND, TR("this link is not known"));
	if (!forum_find(clerk->db, act->arena, (int64_t)a, &forum, err))
		return false;
	fields_add_text(&outcome->output, "forum", forum.slug);
	fields_add_text(&outcome->output, "name", forum.name);
	outcome_about(outcome, "person", (int64_t)b, forum.id);
	if (!subscription_find(clerk->db, act->arena, forum.id, (int64_t)b, &row, err)) {
		/* gone already */
		if (!err_forgive(err, ERR_NOT_FOUND))
			return false;
		return true;
	}
	return strcmp(row.mode, "none") == 0 ||
	    stop_mail(clerk, act->arena, forum.id, (int64_t)b, err);
}

/* ---- people ---- */

static bool
add_address(struct clerk *clerk, const struct act *act, int64_t person, struct span address,
    struct err *err)
{
	char folded[ADDRESS_MAX + 1];
	int64_t verified = act_flag(act, "verified") ? clerk->now : 0, id;

	if (!address_fold_text(address, folded, err))
		return false;
	if (person_address_add(clerk->db, person, address, span_of(folded), verified, clerk->now,
		&id, err))
		return true;
	if (err->kind == ERR_CONFLICT)
		return err_set(err, ERR_CONFLICT, "this address belongs to somebody already");
	return false;
}

static const char *
name_line(const struct act *act, const char *fallback)
{
	struct span name = utf8_line(act->arena, fields_get(&act->input, "name"));

	return name.len > 0 ? arena_strndup(act->arena, name.data, name.len) : fallback;
}

bool
membership_create(struct clerk *clerk, const struct act *act, struct outcome *outcome,
    struct err *err)
{
	const struct person person = {
		.state = "active",
		.name_shown = name_line(act, ""),
		.locale = text_or(act, "locale", clerk->settings->site_locale),
		.password = act->hashed,
		.administrator = act_flag(act, "administrator"),
		.trusted = act_flag(act, "trusted"),
		.created = clerk->now,
	};
	struct span name, value;
	size_t at = 0;
	int64_t id;

	if (!*person.name_shown)
		return err_set(err, ERR_INVALID, "name is missing");
	if (!words_check_name(person.name_shown, err))
		return false;
	if (!person_add(clerk->db, &person, &id, err))
		return false;
	while (fields_next(&act->input, &at, &name, &value))
		if (span_is(name, "address") && value.len > 0 &&
		    !add_address(clerk, act, id, value, err))
			return false;
	fields_add_int(&outcome->output, "person", id);
	outcome_about(outcome, "person", id, 0);
	return true;
}

static bool
check_own_fields(const struct act *act, struct err *err)
{
	static const char *const only[] = { "state", "trusted", "administrator", "password" };

	for (size_t i = 0; !act->administrator && i < sizeof(only) / sizeof(only[0]); i++)
		if (fields_has(&act->input, only[i]))
			return err_set(err, ERR_DENIED, "only an administrator may change %s",
			    only[i]);
	return true;
}

/* Whoever may not come in any more is out at once, everywhere; whoever changed the
 * password too, since somebody else may have known the old one; and who may decide over
 * others from now on, since the session at hand is as long as a reader's. */
static bool
shut_out(struct clerk *clerk, const struct act *act, const struct person *person, bool promoted,
    struct err *err)
{
	bool active = strcmp(person->state, "active") == 0;

	if (active && !*act->hashed && !promoted)
		return true;
	if (!signup_shut_out(clerk, person->id, err))
		return false;
	return active || delivery_cancel_person(clerk, person->id, 0, err);
}

/* Nobody locks himself out by a slip: another administrator, or the console, does it. */
static bool
check_oneself(const struct act *act, const struct person *person, struct err *err)
{
	bool stays = strcmp(person->state, "active") == 0 && person->administrator;

	return act->actor == 0 || act->actor != person->id || !act->administrator || stays ||
	       err_set(err, ERR_INVALID,
		   TR("You cannot suspend yourself, nor stop being an administrator: ask another "
		      "one."));
}

bool
membership_suspend(struct clerk *clerk, const struct act *act, int64_t id, struct err *err)
{
	struct person person;

	if (!person_find(clerk->db, act->arena, id, &person, err))
		return false;
	person.state = "suspended";
	return check_oneself(act, &person, err) && person_set(clerk->db, &person, err) &&
	       shut_out(clerk, act, &person, false, err);
}

bool
membership_set(struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	int64_t id = fields_int(&act->input, "person", act->actor);
	struct person person;
	bool was;

	if (!check_own_fields(act, err) ||
	    !person_find(clerk->db, act->arena, id, &person, err))
		return false;
	was = person.administrator;
	if (!words_check_name(name_line(act, ""), err))
		return false;
	person.name_shown = name_line(act, person.name_shown);
	person.locale = text_or(act, "locale", person.locale);
	person.state = text_or(act, "state", person.state);
	if (fields_has(&act->input, "trusted"))
		person.trusted = act_flag(act, "trusted");
	if (fields_has(&act->input, "administrator"))
		person.administrator = act_flag(act, "administrator");
	if (*act->hashed)
		person.password = act->hashed;
	outcome_about(outcome, "person", id, 0);
	fields_add_int(&outcome->output, "person", id);
	return check_oneself(act, &person, err) && person_set(clerk->db, &person, err) &&
	       shut_out(clerk, act, &person, person.administrator && !was, err);
}

/* ---- organisations and mandates ---- */

bool
membership_organisation(struct clerk *clerk, const struct act *act, struct outcome *outcome,
    struct err *err)
{
	const struct organisation row = {
		.name = name_line(act, ""),
		.kind = fields_text(&act->input, "kind", act->arena),
		.created = clerk->now,
	};
	int64_t id;

	if (!*row.name)
		return err_set(err, ERR_INVALID, "name is missing");
	if (!organisation_add(clerk->db, &row, &id, err)) {
		if (err->kind == ERR_CONFLICT)
			(void)err_set(err, ERR_CONFLICT, "an organisation of that name is there");
		return false;
	}
	fields_add_int(&outcome->output, "organisation", id);
	outcome_about(outcome, "organisation", id, 0);
	return true;
}

static bool
find_over(struct clerk *clerk, const struct act *act, struct mandate *mandate, struct err *err)
{
	struct span slug = fields_get(&act->input, "forum");
	struct span name = fields_get(&act->input, "organisation");
	struct organisation organisation;
	struct forum forum;

	if ((slug.len > 0) == (name.len > 0))
		return err_set(err, ERR_INVALID, "give either forum or organisation");
	if (slug.len > 0) {
		if (!forum_find_slug(clerk->db, act->arena, slug, &forum, err))
			return false;
		mandate->forum = forum.id;
		return true;
	}
	if (!organisation_find_name(clerk->db, act->arena, name, &organisation, err))
		return false;
	mandate->organisation = organisation.id;
	return true;
}

/* "speaker" is of an organisation, the other roles are over a forum. */
static bool
check_role(const struct mandate *mandate, struct err *err)
{
	bool speaks = strcmp(mandate->role, "speaker") == 0;

	return speaks == (mandate->organisation != 0) ||
	    err_set(err, ERR_INVALID,
		"a speaker speaks for an organisation; the other roles are over a forum");
}

static bool
find_same(struct clerk *clerk, const struct act *act, const struct mandate *want, int64_t *id,
    struct err *err)
{
	struct mandate *list;
	size_t count;

	*id = 0;
	if (!mandate_list_person(clerk->db, act->arena, want->person, clerk->now, &list, &count,
		err))
		return false;
	for (size_t i = 0; i < count; i++)
		if (list[i].forum == want->forum && list[i].organisation == want->organisation &&
		    strcmp(list[i].role, want->role) == 0 && list[i].until == want->until)
			*id = list[i].id;
	return true;
}

/* A new moderator signs in anew: the session at hand is as long as a reader's. */
static bool
shorten_sessions(
    struct clerk *clerk, const struct person *person, const char *role, struct err *err)
{
	return strcmp(role, "moderator") != 0 || person->administrator ||
	       session_close_person(clerk->db, person->id, err);
}

bool
membership_mandate(struct clerk *clerk, const struct act *act, struct outcome *outcome,
    struct err *err)
{
	struct mandate mandate = {
		.person = fields_int(&act->input, "person", 0),
		.role = fields_text(&act->input, "role", act->arena),
		.since = clerk->now,
		.until = fields_int(&act->input, "until", 0),
	};
	struct person person;
	int64_t id;

	if (!person_find(clerk->db, act->arena, mandate.person, &person, err) ||
	    !find_over(clerk, act, &mandate, err) || !check_role(&mandate, err) ||
	    !find_same(clerk, act, &mandate, &id, err))
		return false;
	if (id == 0 && (!mandate_add(clerk->db, &mandate, &id, err) ||
			   !shorten_sessions(clerk, &person, mandate.role, err)))
		return false;
	fields_add_int(&outcome->output, "mandate", id);
	outcome_about(outcome, "person", mandate.person, mandate.forum);
	return true;
}

bool
membership_mandate_end(struct clerk *clerk, const struct act *act, struct outcome *outcome,
    struct err *err)
{
	int64_t id = fields_int(&act->input, "mandate", 0);
	struct mandate mandate;

	if (!mandate_find(clerk->db, act->arena, id, &mandate, err))
		return false;
	outcome_about(outcome, "person", mandate.person, mandate.forum);
	if (mandate.until != 0 && mandate.until <= clerk->now)
		return true; /* asked twice */
	return mandate_end(clerk->db, id, clerk->now, err);
}
