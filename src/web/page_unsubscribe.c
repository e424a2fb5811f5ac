/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/page_unsubscribe.c: /u/TOKEN, for people (a button) and for their mail services
 * (RFC 8058: POST List-Unsubscribe=One-Click, no cookie, an answer at once).
 *
 * The token itself is the right to do it, so that the form needs no other proof. */
#include <string.h>

#include "web/pages.h"
#include "web/show.h"
#include "web/url.h"

static void
show_what(struct request *req, struct view *page, const char *name, const char *slug)
{
	struct view *forum;

	if (name == NULL || name[0] == '\0') {
		view_flag(page, "forum", false);
		return;
	}
	forum = view_sub(page, "forum");
	view_text(forum, "name", name);
	(void)view_url(forum, "url", slug != NULL && slug[0] != '\0' ? url_forum(req, slug) : "");
}

static bool
show_page(struct request *req, struct reply *reply, bool done, bool expired, struct err *err)
{
	struct span path = req->http->head.path;
	struct view *page = reply->view;

	view_text(page, "title", tr(req->lang, TR("Messages of this forum")));
	(void)view_url(
	    page, "action", url_own(req, arena_strndup(req->arena, path.data, path.len)));
	view_flag(page, "done", done);
	view_flag(page, "expired", expired);
	return reply_page(req, reply, "unsubscribe", err);
}

/* GET /u/TOKEN */
bool
page_unsubscribe_show(struct request *req, struct reply *reply, struct err *err)
{
	struct token_view token;

	if (!reading_token(req->reading, req->at.token, &token, err)) {
		if (!err_forgive(err, ERR_NOT_FOUND))
			return false;
		reply->status = 404;
		return show_page(req, reply, false, true, err);
	}
	show_what(req, reply->view, token.forum_name, token.forum_slug);
	return show_page(req, reply, false, false, err);
}

static bool
on_left(struct request *req, const struct site_answer *answer, struct reply *reply, struct err *err)
{
	bool gone = !answer->ok && answer->err.kind != ERR_TEMPORARY;

	if (!answer->ok && !gone) {
		*err = answer->err;
		return false;
	}
	if (gone)
		reply->status = http_status_of(answer->err.kind);
	if (span_is(form_raw(req, "List-Unsubscribe"), "One-Click"))
		return reply_text(reply, gone ? "unknown\n" : "ok\n");
	if (!gone)
		show_what(req, reply->view, fields_text(&answer->output, "name", req->arena),
		    fields_text(&answer->output, "forum", req->arena));
	return show_page(req, reply, !gone, gone, err);
}

/* POST /u/TOKEN */
bool
page_unsubscribe_send(struct request *req, struct reply *reply, struct err *err)
{
	struct site_act act = { .name = "subscription.leave", .fd = -1 };
	struct buf input = { 0 };

	fields_add(&input, "token", req->at.token);
	act.input = arena_span(req->arena, buf_span(&input));
	buf_free(&input);
	return request_act(req, reply, &act, on_left, err);
}
