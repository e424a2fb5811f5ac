/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/page_thread.c: a discussion, whole up to THREAD_WHOLE posts, then in pages. */
#include <inttypes.h>
#include <string.h>

#include "web/pages.h"
#include "web/show.h"
#include "web/url.h"

enum { MERGES_MAX = 8 };

/* Old links lead to where the posts went. */
static bool
read_thread(struct request *req, struct thread_view *thread, struct err *err)
{
	int64_t id = req->at.id;

	for (int i = 0; i < MERGES_MAX; i++) {
		if (!reading_thread(req->reading, id, thread, err))
			return false;
		if (thread->merged == 0)
			return true;
		id = thread->merged;
	}
	return err_set(err, ERR_BROKEN, "thread %" PRId64 " is merged in a circle", req->at.id);
}

/* The one address of a thread has its id and its words. */
static bool
is_right_address(const struct request *req, const struct thread_view *thread)
{
	return thread->id == req->at.id && span_is(req->at.slug, thread->slug);
}

static void
read_after(const struct request *req, int64_t *date, int64_t *id)
{
	struct span value = request_query(req, "after");
	size_t dot = span_find(value, '.');

	if (span_int(span_first(value, dot), INT64_MIN + 1, INT64_MAX, date) &&
	    span_int(span_from(value, dot + 1), 0, INT64_MAX, id))
		return;
	*date = INT64_MIN; /* of everything */
	*id = 0;
}

static void
add_pager(struct request *req, struct view *page, const struct thread_view *thread, bool first,
    const struct post_view *next)
{
	show_pager(page, first ? "" : url_thread(req, thread->id, thread->slug),
	    next == NULL ? ""
			 : url_thread_from(req, thread->id, thread->slug, next->date, next->id));
}

/* The form at the end answers the last post. */
static void
add_form(struct request *req, struct view *page, const struct forum_view *forum,
    const struct thread_view *thread, const struct post_view *last)
{
	struct show_form form = {
		.subject = "",
		.error = "",
		.waits = strcmp(forum->appears, "always_read") == 0 && !forum->may_moderate,
	};

	if (!request_is_signed(req) || !forum->may_write || thread->closed)
		return;
	form.action = url_reply(req, last->id);
	form.key = form_key(req);
	form.parent = last->id;
	(void)show_form(req, page, &form);
}

static bool
add_posts(struct request *req, struct view *page, const struct forum_view *forum,
    const struct thread_view *thread, struct err *err)
{
	const struct thread_view *answerable =
	    forum->may_write || thread->may_moderate ? thread : NULL;
	struct view_list *list = view_list(page, "posts");
	struct post_view *posts;
	int64_t date, id, before = 0;
	size_t count;
	bool more;

	read_after(req, &date, &id);
	if (!reading_posts(
		req->reading, thread->id, date, id, THREAD_WHOLE + 1, &posts, &count, err))
		return false;
	more = count > THREAD_WHOLE;
	if (more)
		count = THREAD_WHOLE;
	for (size_t i = 0; i < count; i++) {
		show_post(req, view_list_add(list), &posts[i], answerable, before);
		before = posts[i].id;
	}
	add_pager(req, page, thread, date == INT64_MIN, more ? &posts[THREAD_WHOLE] : NULL);
	while (!more && count > 0 && strcmp(posts[count - 1].state, "published") != 0)
		count--; /* what was taken down cannot be answered */
	if (!more && count > 0)
		add_form(req, page, forum, thread, &posts[count - 1]);
	return true;
}

static void
add_canonical(struct request *req, struct view *page, const struct thread_view *thread)
{
	(void)view_url(page, "canonical",
	    arena_printf(req->arena, "%s/t/%" PRId64 "%s%s", req->site->settings->site_url,
		thread->id, thread->slug[0] != '\0' ? "-" : "", thread->slug));
}

/* GET /t/ID-slug */
bool
page_thread_show(struct request *req, struct reply *reply, struct err *err)
{
	struct thread_view thread;
	struct forum_view forum;
	struct view *page = reply->view;

	if (!read_thread(req, &thread, err))
		return false;
	if (!is_right_address(req, &thread))
		return reply_redirect(req, reply, 301, url_thread(req, thread.id, thread.slug));
	if (!reading_forum(req->reading, span_of(thread.forum_slug), &forum, err) ||
	    !add_posts(req, page, &forum, &thread, err))
		return false;
	show_forum(req, view_sub(page, "forum"), &forum);
	show_thread(req, view_sub(page, "thread"), &thread);
	view_text(page, "title", thread.title);
	(void)view_url(page, "feed_url", url_thread_page(req, thread.id, "feed"));
	add_canonical(req, page, &thread);
	return reply_page(req, reply, "thread", err);
}
