/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/page_post.c: permalinks of a post lead to its place in its discussion. */
#include <inttypes.h>

#include "web/pages.h"
#include "web/url.h"

static bool
redirect_to_post(
    struct request *req, struct reply *reply, const struct post_view *post, struct err *err)
{
	struct thread_view thread;
	const char *url;

	if (!reading_thread(req->reading, post->thread, &thread, err))
		return false;
	url = thread.posts > THREAD_WHOLE
		  ? url_thread_from(req, thread.id, thread.slug, post->date, post->id)
		  : url_thread(req, thread.id, thread.slug);
	return reply_redirect(
	    req, reply, 302, arena_printf(req->arena, "%s#p%" PRId64, url, post->id));
}

/* GET /p/ID */
bool
page_post_show(struct request *req, struct reply *reply, struct err *err)
{
	struct post_view post;

	return reading_post(req->reading, req->at.id, &post, err) &&
	       redirect_to_post(req, reply, &post, err);
}

/* GET /m/MESSAGE-ID, with or without its brackets. */
bool
page_post_find(struct request *req, struct reply *reply, struct err *err)
{
	struct span id = span_trim(req->at.name);
	struct post_view post;

	if (span_starts(id, "<") && span_ends(id, ">"))
		id = span_make(id.data + 1, id.len - 2);
	return reading_post_by_message_id(req->reading, id, &post, err) &&
	       redirect_to_post(req, reply, &post, err);
}
