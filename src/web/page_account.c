/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/page_account.c: who I am here, what I receive, where I am signed in. */
#include <string.h>

#include "web/login.h"
#include "web/pages.h"
#include "web/show.h"
#include "web/url.h"

static void
add_locales(struct request *req, struct view *page)
{
	static const struct {
		const char *code, *name;
	} rows[] = { { "fr", "français" }, { "en", "English" } };
	struct view_list *list = view_list(page, "locales");

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct view *item = view_list_add(list);
		view_text(item, "code", rows[i].code);
		view_text(item, "name", rows[i].name);
		view_flag(item, "current", strcmp(rows[i].code, req->viewer->locale) == 0);
	}
}

/* "daily" and "weekly" are for later: until then they are as none. */
static void
add_membership(struct request *req, struct view *item, const struct forum_view *forum)
{
	bool each = strcmp(forum->mode, "each") == 0, topics = strcmp(forum->mode, "topics") == 0;

	show_forum(req, view_sub(item, "forum"), forum);
	(void)view_url(item, "action", url_forum_page(req, forum->slug, "subscription"));
	view_flag(item, "each", each);
	view_flag(item, "topics", topics);
	view_flag(item, "none", !each && !topics);
}

static bool
add_memberships(struct request *req, struct view *page, struct err *err)
{
	struct view_list *list = view_list(page, "memberships");
	struct forum_view *forums;
	size_t count;

	if (!reading_forums(req->reading, &forums, &count, err))
		return false;
	for (size_t i = 0; i < count; i++)
		add_membership(req, view_list_add(list), &forums[i]);
	return true;
}

static bool
add_sessions(struct request *req, struct view *page, struct err *err)
{
	struct view_list *list = view_list(page, "sessions");
	struct session_view *sessions;
	size_t count;

	if (!reading_sessions(req->reading, &sessions, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct view *item = view_list_add(list);
		view_int(item, "id", sessions[i].id);
		show_date(req, item, "created", sessions[i].created);
		show_date(req, item, "seen", sessions[i].seen);
		view_flag(item, "current", sessions[i].current);
	}
	(void)view_url(page, "session_action", url_own(req, "/account/session"));
	return true;
}

static bool
add_account(struct request *req, struct view *page, struct err *err)
{
	struct view_list *list = view_list(page, "addresses");
	struct account_view account;

	if (!reading_account(req->reading, &account, err))
		return false;
	for (size_t i = 0; i < account.address_count; i++)
		view_text(view_list_add(list), "text", account.addresses[i]);
	view_flag(page, "on_roll", account.on_roll);
	view_flag(page, "has_password", account.has_password);
	(void)view_url(page, "password_url", url_own(req, "/account/password"));
	return true;
}

/* clang-format off */
static const struct {
	const char *word, *sentence;
} notices[] = {
	{ "registered", TR("You are registered: you may write in the forums. Choose below what you receive by e-mail.") },
	{ "saved",    TR("It is saved.") },
	{ "mail",     TR("What you receive by e-mail is changed.") },
	{ "ended",    TR("That session is ended.") },
	{ "password", TR("Your password is changed.") },
	{ "removed",  TR("You sign in by a mailed link from now on.") },
};
/* clang-format on */

static void
add_notice(struct request *req, struct view *page)
{
	struct span done = request_query(req, "done");

	for (size_t i = 0; i < sizeof(notices) / sizeof(notices[0]); i++)
		if (span_is(done, notices[i].word))
			view_text(page, "notice", tr(req->lang, notices[i].sentence));
}

static bool
show_account(struct request *req, struct reply *reply, const char *error, struct err *err)
{
	bool posted = req->http->head.method == HTTP_POST;
	struct view *page = reply->view;

	if (!add_account(req, page, err) || !add_memberships(req, page, err) ||
	    !add_sessions(req, page, err))
		return false;
	add_locales(req, page);
	add_notice(req, page);
	view_text(page, "name", posted ? form_line(req, "name") : req->viewer->name);
	view_text(page, "error", error);
	(void)view_url(page, "action", url_own(req, "/account"));
	view_text(page, "title", tr(req->lang, TR("My account")));
	return reply_page(req, reply, "account", err);
}

/* GET /account */
bool
page_account_show(struct request *req, struct reply *reply, struct err *err)
{
	return show_account(req, reply, "", err);
}

static bool
back_to(struct request *req, struct reply *reply, const char *done)
{
	return reply_redirect(req, reply, 303,
	    url_with(req, url_own(req, "/account"), "done", done));
}

static bool
on_set(struct request *req, const struct site_answer *answer, struct reply *reply, struct err *err)
{
	if (answer->ok)
		return back_to(req, reply, "saved");
	reply->status = http_status_of(answer->err.kind);
	return show_account(req, reply, request_sentence(req, &answer->err), err);
}

/* POST /account */
bool
page_account_set(struct request *req, struct reply *reply, struct err *err)
{
	static const char *const names[] = { "name", "locale", NULL };
	struct site_act act = { .name = "person.set", .fd = -1 };

	if (form_line(req, "name")[0] == '\0') {
		reply->status = 400;
		return show_account(req, reply,
		    tr(req->lang, TR("Please say under which name you will write.")), err);
	}
	act.input = form_input(req, names);
	return request_act(req, reply, &act, on_set, err);
}

static bool
on_ended(
    struct request *req, const struct site_answer *answer, struct reply *reply, struct err *err)
{
	if (answer->ok)
		return back_to(req, reply, "ended");
	*err = answer->err;
	return false;
}

/* POST /account/session */
bool
page_account_session(struct request *req, struct reply *reply, struct err *err)
{
	static const char *const names[] = { "number", NULL };
	struct site_act act = { .name = "session.revoke", .fd = -1 };

	act.input = form_input(req, names);
	return request_act(req, reply, &act, on_ended, err);
}

/* ---- the password ---- */

static bool
show_password(struct request *req, struct reply *reply, const char *error, struct err *err)
{
	struct view *page = reply->view;
	struct account_view account;

	if (!reading_account(req->reading, &account, err))
		return false;
	view_flag(page, "has_password", account.has_password);
	view_flag(page, "lately", account.lately);
	view_text(page, "address", account.address_count > 0 ? account.addresses[0] : "");
	(void)view_url(page, "link_action", url_own(req, "/forgot"));
	view_text(page, "error", error);
	(void)view_url(page, "action", url_own(req, "/account/password"));
	view_text(page, "title", tr(req->lang, TR("My password")));
	return reply_page(req, reply, "password", err);
}

/* GET /account/password */
bool
page_password_show(struct request *req, struct reply *reply, struct err *err)
{
	return show_password(req, reply, "", err);
}

static bool
on_password(
    struct request *req, const struct site_answer *answer, struct reply *reply, struct err *err)
{
	if (answer->ok) {
		login_set_session(req, reply, fields_get(&answer->output, "secret"));
		return back_to(req, reply, form_has(req, "remove") ? "removed" : "password");
	}
	reply->status = http_status_of(answer->err.kind);
	return show_password(req, reply, request_sentence(req, &answer->err), err);
}

/* POST /account/password */
bool
page_password_set(struct request *req, struct reply *reply, struct err *err)
{
	struct site_act act = { .name = "password.set", .fd = -1 };
	struct span typed = form_raw(req, "password");
	struct buf input = { 0 };

	if (!form_has(req, "remove")) {
		if (typed.len == 0) {
			reply->status = 400;
			return show_password(
			    req, reply, tr(req->lang, TR("Please type a password.")), err);
		}
		fields_add(&input, "password", typed);
	}
	act.input = arena_span(req->arena, buf_span(&input));
	buf_free(&input);
	return request_act(req, reply, &act, on_password, err);
}
