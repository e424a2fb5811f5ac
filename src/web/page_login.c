/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/page_login.c: signing in by a mailed link, its code, or a password; signing out.
 *
 * Whether an address is known is told to nobody: the same page follows whatever was
 * typed. */
#include <string.h>

#include "rules/signup.h"
#include "web/login.h"
#include "web/pages.h"
#include "web/url.h"


const char *
page_login_next(struct request *req)
{
	struct span next = req->http->head.method == HTTP_POST ? span_of(form_line(req, "next"))
							       : request_query(req, "next");

	return form_is_own_path(next) ? arena_strndup(req->arena, next.data, next.len) : "";
}

static bool
show_login(struct request *req, struct reply *reply, bool sent, const char *error, struct err *err)
{
	struct view *page = reply->view;

	view_text(page, "title", tr(req->lang, TR("Sign in")));
	(void)view_url(page, "action", url_own(req, "/login"));
	(void)view_url(page, "code_action", url_own(req, "/login/code"));
	view_text(page, "address", form_line(req, "address"));
	view_text(page, "next", page_login_next(req));
	view_text(page, "error", error);
	(void)view_url(page, "forgot_url", url_own(req, "/forgot"));
	view_flag(page, "password", true);
	view_flag(page, "sent", sent);
	view_int(page, "minutes", SIGNUP_LINK_MINUTES);
	view_text(page, "csrf", login_csrf(req, reply));
	return reply_page(req, reply, "login", err);
}

static bool
show_refused(
    struct request *req, struct reply *reply, bool sent, const struct err *why, struct err *err)
{
	reply->status = http_status_of(why->kind);
	return show_login(req, reply, sent, request_sentence(req, why), err);
}

/* GET /login */
bool
page_login_show(struct request *req, struct reply *reply, struct err *err)
{
	const char *next = page_login_next(req);

	if (request_is_signed(req))
		return reply_redirect(req, reply, 303, next[0] != '\0' ? next : url_home(req));
	return show_login(req, reply, false, "", err);
}

static bool
on_asked(
    struct request *req, const struct site_answer *answer, struct reply *reply, struct err *err)
{
	if (!answer->ok)
		return show_refused(req, reply, false, &answer->err, err);
	return show_login(req, reply, true, "", err);
}

static bool
send_ask(struct request *req, struct reply *reply, struct err *err)
{
	struct site_act act = { .name = "session.ask", .fd = -1 };
	struct buf input = { 0 };

	fields_add_text(&input, "address", form_line(req, "address"));
	fields_add_text(&input, "peer", request_peer(req));
	act.input = arena_span(req->arena, buf_span(&input));
	buf_free(&input);
	return request_act(req, reply, &act, on_asked, err);
}

bool
page_login_enter(
    struct request *req, struct reply *reply, const struct site_answer *answer, const char *next)
{
	login_set_session(req, reply, fields_get(&answer->output, "secret"));
	if (next == NULL || !form_is_own_path(span_of(next)))
		next = url_home(req);
	return reply_redirect(req, reply, 303, next);
}

static bool
on_opened(
    struct request *req, const struct site_answer *answer, struct reply *reply, struct err *err)
{
	if (!answer->ok)
		return show_refused(req, reply, form_has(req, "code"), &answer->err, err);
	return page_login_enter(req, reply, answer, page_login_next(req));
}

/* field: "code" or "password". */
static bool
send_open(struct request *req, struct reply *reply, const char *field, struct err *err)
{
	struct site_act act = { .name = "session.open", .fd = -1 };
	struct buf input = { 0 };

	fields_add_text(&input, "address", form_line(req, "address"));
	fields_add_text(&input, "peer", request_peer(req));
	fields_add(&input, field,
	    strcmp(field, "code") == 0 ? span_of(form_line(req, field)) : form_raw(req, field));
	act.input = arena_span(req->arena, buf_span(&input));
	buf_free(&input);
	return request_act(req, reply, &act, on_opened, err);
}

/* POST /login: with a password it is tried, without one a link is sent. */
bool
page_login_ask(struct request *req, struct reply *reply, struct err *err)
{
	struct err why = { 0 };

	if (!form_check_token(req, &why))
		return show_refused(req, reply, false, &why, err);
	if (form_line(req, "address")[0] == '\0') {
		err_set(&why, ERR_INVALID, TR("Please type your e-mail address."));
		return show_refused(req, reply, false, &why, err);
	}
	if (form_raw(req, "password").len > 0)
		return send_open(req, reply, "password", err);
	return send_ask(req, reply, err);
}

/* POST /login/code */
bool
page_login_code(struct request *req, struct reply *reply, struct err *err)
{
	struct err why = { 0 };

	if (form_check_token(req, &why))
		return send_open(req, reply, "code", err);
	return show_refused(req, reply, true, &why, err);
}

static bool
on_closed(
    struct request *req, const struct site_answer *answer, struct reply *reply, struct err *err)
{
	if (!answer->ok) {
		*err = answer->err;
		return false;
	}
	login_drop_session(req, reply);
	if (req->site->secure) /* browsers heed it there only */
		http_field_add(
		    &reply->fields, "Clear-Site-Data", SPAN("\"cache\", \"cookies\", \"storage\""));
	return reply_redirect(req, reply, 303, url_home(req));
}

/* POST /logout */
bool
page_login_logout(struct request *req, struct reply *reply, struct err *err)
{
	struct site_act act = { .name = "session.close", .fd = -1 };
	struct buf input = { 0 };

	if (!request_is_signed(req))
		return reply_redirect(req, reply, 303, url_home(req));
	fields_add(&input, "session", req->session);
	act.input = arena_span(req->arena, buf_span(&input));
	buf_free(&input);
	return request_act(req, reply, &act, on_closed, err);
}
