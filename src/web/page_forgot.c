/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/page_forgot.c: a link to a new password. The same page follows whatever was typed. */
#include "rules/signup.h"
#include "web/login.h"
#include "web/pages.h"
#include "web/url.h"

static bool
show_forgot(struct request *req, struct reply *reply, bool sent, const char *error, struct err *err)
{
	struct view *page = reply->view;

	view_text(page, "title", tr(req->lang, TR("Forgotten password")));
	(void)view_url(page, "action", url_own(req, "/forgot"));
	view_text(page, "address", form_line(req, "address"));
	view_text(page, "error", error);
	view_flag(page, "sent", sent);
	view_int(page, "minutes", SIGNUP_RESET_MINUTES);
	view_text(page, "csrf", login_csrf(req, reply));
	return reply_page(req, reply, "forgot", err);
}

/* GET /forgot */
bool
page_forgot_show(struct request *req, struct reply *reply, struct err *err)
{
	return show_forgot(req, reply, false, "", err);
}

static bool
refuse(struct request *req, struct reply *reply, const struct err *why, struct err *err)
{
	reply->status = http_status_of(why->kind);
	return show_forgot(req, reply, false, request_sentence(req, why), err);
}

static bool
on_asked(
    struct request *req, const struct site_answer *answer, struct reply *reply, struct err *err)
{
	return answer->ok ? show_forgot(req, reply, true, "", err)
			  : refuse(req, reply, &answer->err, err);
}

/* POST /forgot */
bool
page_forgot_ask(struct request *req, struct reply *reply, struct err *err)
{
	static const char *const names[] = { "address", NULL };
	struct site_act act = { .name = "session.ask", .fd = -1 };
	struct buf input = { 0 };
	struct err why = { 0 };

	if (!form_check_token(req, &why))
		return refuse(req, reply, &why, err);
	if (form_line(req, "address")[0] == '\0') {
		err_set(&why, ERR_INVALID, TR("Please type your e-mail address."));
		return refuse(req, reply, &why, err);
	}
	buf_add_span(&input, form_input(req, names));
	fields_add_text(&input, "reset", "1");
	fields_add_text(&input, "peer", request_peer(req));
	act.input = arena_span(req->arena, buf_span(&input));
	buf_free(&input);
	return request_act(req, reply, &act, on_asked, err);
}
