/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/page_forum.c: the discussions of a forum; receiving its messages. */
#include <inttypes.h>
#include <string.h>

#include "web/pages.h"
#include "web/show.h"
#include "web/url.h"

enum { THREADS_A_PAGE = 50 };

static bool
read_forum(struct request *req, struct forum_view *forum, struct err *err)
{
	return reading_forum(req->reading, req->at.slug, forum, err);
}

/* "DATE.ID" of the last thread of the page before; anything else is the first page. */
static void
read_before(const struct request *req, int64_t *date, int64_t *id)
{
	struct span value = request_query(req, "before");
	size_t dot = span_find(value, '.');

	if (span_int(span_first(value, dot), 0, INT64_MAX, date) &&
	    span_int(span_from(value, dot + 1), 1, INT64_MAX, id))
		return;
	*date = *id = 0;
}

static void
add_pager(struct request *req, struct view *page, const struct forum_view *forum, bool first,
    const struct thread_view *next_after)
{
	const char *url = url_forum(req, forum->slug);
	const char *next = "";

	if (next_after != NULL)
		next = url_with(req, url, "before",
		    arena_printf(req->arena, "%" PRId64 ".%" PRId64, next_after->last,
			next_after->id));
	show_pager(page, first ? "" : url, next);
}

static bool
add_threads(struct request *req, struct view *page, const struct forum_view *forum, struct err *err)
{
	struct view_list *list = view_list(page, "threads");
	struct thread_view *threads;
	int64_t date, id;
	size_t count;
	bool more;

	read_before(req, &date, &id);
	if (!reading_threads(
		req->reading, forum->id, date, id, THREADS_A_PAGE + 1, &threads, &count, err))
		return false;
	more = count > THREADS_A_PAGE;
	if (more)
		count = THREADS_A_PAGE;
	for (size_t i = 0; i < count; i++)
		show_thread(req, view_list_add(list), &threads[i]);
	add_pager(req, page, forum, id == 0, more ? &threads[count - 1] : NULL);
	return true;
}

static void
add_subscription(struct request *req, struct view *page, const struct forum_view *forum)
{
	struct view *sub;

	if (!request_is_signed(req))
		return;
	sub = view_sub(page, "subscription");
	(void)view_url(sub, "action", url_forum_page(req, forum->slug, "subscription"));
	view_flag(sub, "subscribed", strcmp(forum->mode, "each") == 0);
}

/* How many of what waits is in this forum's queue. */
static bool
add_waiting(struct request *req, struct view *page, const struct forum_view *forum, struct err *err)
{
	struct held_view *held;
	size_t count;
	int64_t here = 0;

	if (!forum->may_moderate || req->viewer->waiting == 0)
		return true;
	if (!reading_held(req->reading, 200, &held, &count, err))
		return false;
	for (size_t i = 0; i < count; i++)
		here += held[i].forum.id == forum->id;
	if (here > 0)
		view_text(page, "waiting",
		    trn_count(req->arena, req->lang, TR("%d message waits for a moderator"),
			TR("%d messages wait for a moderator"), here));
	return true;
}

static void
add_notice(struct request *req, struct view *page)
{
	struct span done = request_query(req, "done");

	if (span_is(done, "each"))
		view_text(page, "notice",
		    tr(req->lang, TR("You will receive the messages of this forum by e-mail.")));
	else if (span_is(done, "none"))
		view_text(page, "notice",
		    tr(req->lang, TR("You will not receive the messages of this forum any more.")));
}

bool
page_forum_show(struct request *req, struct reply *reply, struct err *err)
{
	struct forum_view forum;
	struct view *page = reply->view;

	if (!read_forum(req, &forum, err) || !add_threads(req, page, &forum, err) ||
	    !add_waiting(req, page, &forum, err))
		return false;
	show_forum(req, view_sub(page, "forum"), &forum);
	add_subscription(req, page, &forum);
	add_notice(req, page);
	view_text(page, "title", forum.name);
	(void)view_url(page, "feed_url", arena_printf(req->arena, "/f/%s/feed", forum.slug));
	(void)view_url(page, "canonical",
	    arena_printf(req->arena, "%s/f/%s", req->site->settings->site_url, forum.slug));
	return reply_page(req, reply, "forum", err);
}

/* GET /f/SLUG/waits: where one is led after a message that a moderator will read. */
bool
page_forum_waits(struct request *req, struct reply *reply, struct err *err)
{
	struct view *page = reply->view, *link;
	struct forum_view forum;

	if (!read_forum(req, &forum, err))
		return false;
	view_text(page, "title", tr(req->lang, TR("Thank you")));
	view_text(page, "text",
	    tr(req->lang,
		TR("Your message was received. A moderator will read it before it appears.")));
	view_text(page, "more", tr(req->lang, TR("If it is published or refused, you will be told "
						 "by e-mail.")));
	view_flag(page, "good", false);
	view_flag(page, "waits", true);
	link = view_list_add(view_list(page, "links"));
	view_text(link, "text", forum.name);
	(void)view_url(link, "url", url_forum(req, forum.slug));
	return reply_page(req, reply, "message", err);
}

static bool
on_subscribed(
    struct request *req, const struct site_answer *answer, struct reply *reply, struct err *err)
{
	const char *slug = arena_strndup(req->arena, req->at.slug.data, req->at.slug.len);

	if (!answer->ok) {
		*err = answer->err;
		return false;
	}
	if (page_login_next(req)[0] != '\0')
		return reply_redirect(req, reply, 303,
		    url_with(req, page_login_next(req), "done", "mail"));
	return reply_redirect(req, reply, 303,
	    url_with(req, url_forum(req, slug), "done",
		strcmp(form_line(req, "mode"), "none") == 0 ? "none" : "each"));
}

/* POST /f/SLUG/subscription */
bool
page_forum_subscribe(struct request *req, struct reply *reply, struct err *err)
{
	struct buf input = { 0 };
	struct site_act act = { .name = "subscription.set", .fd = -1 };

	fields_add(&input, "forum", req->at.slug);
	fields_add_text(&input, "mode", form_line(req, "mode"));
	act.input = arena_span(req->arena, buf_span(&input));
	buf_free(&input);
	return request_act(req, reply, &act, on_subscribed, err);
}
