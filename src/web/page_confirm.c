/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/page_confirm.c: links of mails: GET shows one button, POST does it.
 *
 * Mail programs and filters follow links by themselves; nothing happens by that. */
#include <string.h>

#include "web/login.h"
#include "web/pages.h"
#include "web/url.h"

/* clang-format off */
static const struct purpose {
	const char *word, *act, *title, *text, *button;
} purposes[] = {
	{ "login",   "session.open", TR("Sign in"),
	  TR("One more step: this button signs you in on this device."), TR("Sign in") },
	{ "reset",   "session.open", TR("A new password"),
	  TR("One more step: this button signs you in on this device, and you choose a new password. Everywhere else you are signed out."),
	  TR("Choose a new password") },
	{ "register", "registration.confirm", TR("Finish my registration"),
	  TR("One more step: this button finishes your registration and signs you in on this device."),
	  TR("Finish my registration") },
	{ "author",  "post.confirm", TR("Was it you?"),
	  TR("A message was sent in your name. Confirm only if you wrote it."), TR("Yes, I wrote it") },
	{ "confirm", "post.confirm", TR("Was it you?"),
	  TR("A message was sent in your name. Confirm only if you wrote it."), TR("Yes, I wrote it") },
};
/* clang-format on */

static const struct purpose *
find_purpose(const char *word)
{
	for (size_t i = 0; i < sizeof(purposes) / sizeof(purposes[0]); i++)
		if (strcmp(purposes[i].word, word) == 0)
			return &purposes[i];
	return NULL;
}

static bool
show_expired(struct request *req, struct reply *reply, struct err *err)
{
	struct view *page = reply->view;

	view_text(page, "title", tr(req->lang, TR("This link is over")));
	view_flag(page, "expired", true);
	if (reply->status == 0)
		reply->status = 404;
	return reply_page(req, reply, "confirm", err);
}

/* What the token is for; NULL (true): it is over. */
static bool
read_purpose(struct request *req, const struct purpose **purpose, struct err *err)
{
	struct token_view token;

	*purpose = NULL;
	if (!reading_token(req->reading, req->at.token, &token, err)) {
		return err_forgive(err, ERR_NOT_FOUND);
	}
	if (!token.spent)
		*purpose = find_purpose(token.purpose);
	return true;
}

/* GET /ok/TOKEN */
bool
page_confirm_show(struct request *req, struct reply *reply, struct err *err)
{
	const struct purpose *purpose;
	struct view *page = reply->view;
	struct span path = req->http->head.path;

	if (!read_purpose(req, &purpose, err))
		return false;
	if (purpose == NULL)
		return show_expired(req, reply, err);
	view_text(page, "title", tr(req->lang, purpose->title));
	view_text(page, "text", tr(req->lang, purpose->text));
	view_text(page, "button", tr(req->lang, purpose->button));
	view_flag(page, "expired", false);
	(void)view_url(
	    page, "action", url_own(req, arena_strndup(req->arena, path.data, path.len)));
	view_text(page, "csrf", login_csrf(req, reply));
	return reply_page(req, reply, "confirm", err);
}

static bool
show_confirmed(
    struct request *req, struct reply *reply, const struct site_answer *answer, struct err *err)
{
	bool waits = span_is(fields_get(&answer->output, "state"), "held");
	struct view *page = reply->view, *link;

	view_text(page, "title", tr(req->lang, TR("Thank you")));
	view_text(page, "text",
	    tr(req->lang,
		waits ? TR("It is noted. A moderator will read the message before it appears.")
		      : TR("It is noted, and the message appears.")));
	view_flag(page, "good", !waits);
	view_flag(page, "waits", waits);
	link = view_list_add(view_list(page, "links"));
	view_text(link, "text", tr(req->lang, TR("To the forums")));
	(void)view_url(link, "url", url_home(req));
	return reply_page(req, reply, "message", err);
}

static bool
on_done(struct request *req, const struct site_answer *answer, struct reply *reply, struct err *err)
{
	struct span secret = fields_get(&answer->output, "secret");

	if (!answer->ok && answer->err.kind == ERR_TEMPORARY) {
		*err = answer->err;
		return false;
	}
	if (!answer->ok) {
		reply->status = http_status_of(answer->err.kind);
		return show_expired(req, reply, err);
	}
	if (secret.len == 0)
		return show_confirmed(req, reply, answer, err);
	return page_register_enter(req, reply, answer);
}

/* POST /ok/TOKEN */
bool
page_confirm_send(struct request *req, struct reply *reply, struct err *err)
{
	const struct purpose *purpose;
	struct site_act act = { .fd = -1 };
	struct buf input = { 0 };

	if (!read_purpose(req, &purpose, err))
		return false;
	if (purpose == NULL)
		return show_expired(req, reply, err);
	act.name = purpose->act;
	fields_add(&input, "token", req->at.token);
	act.input = arena_span(req->arena, buf_span(&input));
	buf_free(&input);
	return request_act(req, reply, &act, on_done, err);
}
