/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/page_moderate.c: what waits, and what is decided. Whoever may decide nothing finds
 * nothing here: the queue is not there for them. */
#include <string.h>

#include "web/pages.h"
#include "web/show.h"
#include "web/url.h"

enum { HELD_A_PAGE = 100 };

static bool
may_open(const struct request *req, struct err *err)
{
	if (req->viewer->moderates || req->viewer->administrator)
		return true;
	return err_set(err, ERR_NOT_FOUND, "no such address");
}

/* clang-format off */
static const struct decision {
	const char *word, *act, *state; /* state: what the message is then */
	bool trust, why;
	const char *done;
} decisions[] = {
	{ "approve", "post.approve", "published", false, false, TR("The message is published.") },
	{ "trust",   "post.approve", "published", true,  false,
	  TR("The message is published, and its author is trusted from now on.") },
	{ "refuse",  "post.refuse",  "refused",   false, true,  TR("The message is refused; its author is told why.") },
	{ "discard", "post.discard", "refused",   false, false, TR("The message is discarded.") },
	{ "before",  NULL,           "",          false, false, TR("Somebody had decided about this message before you.") },
};
/* clang-format on */

static const struct decision *
find_decision(struct span word)
{
	for (size_t i = 0; i < sizeof(decisions) / sizeof(decisions[0]); i++)
		if (span_is(word, decisions[i].word))
			return &decisions[i];
	return NULL;
}

static void
add_held(struct request *req, struct view *page, const struct held_view *held, size_t count,
    const struct forum_view *only)
{
	struct view_list *list = view_list(page, "held");
	int64_t shown = 0;

	for (size_t i = 0; i < count; i++) {
		struct view *item;
		if (only != NULL && held[i].forum.id != only->id)
			continue;
		item = view_list_add(list);
		show_held(req, item, &held[i]);
		view_text(item, "key", form_key(req));
		shown++;
	}
	view_text(page, "count",
	    shown == 0 ? ""
		       : trn_count(req->arena, req->lang, TR("%d message waits for a moderator"),
			     TR("%d messages wait for a moderator"), shown));
}

static bool
show_queue(struct request *req, struct reply *reply, const struct forum_view *only, struct err *err)
{
	const struct decision *done = find_decision(request_query(req, "done"));
	struct view *page = reply->view;
	struct held_view *held;
	size_t count;

	if (!reading_held(req->reading, HELD_A_PAGE, &held, &count, err))
		return false;
	add_held(req, page, held, count, only);
	if (only != NULL)
		show_forum(req, view_sub(page, "forum"), only);
	if (done != NULL)
		view_text(page, "notice", tr(req->lang, done->done));
	view_text(page, "title", tr(req->lang, TR("Moderation")));
	return reply_page(req, reply, "moderate", err);
}

/* GET /moderate */
bool
page_moderate_show(struct request *req, struct reply *reply, struct err *err)
{
	return may_open(req, err) && show_queue(req, reply, NULL, err);
}

/* GET /moderate/SLUG */
bool
page_moderate_forum(struct request *req, struct reply *reply, struct err *err)
{
	struct forum_view forum;

	if (!may_open(req, err) || !reading_forum(req->reading, req->at.slug, &forum, err))
		return false;
	if (!forum.may_moderate)
		return err_set(err, ERR_NOT_FOUND, "no such address");
	return show_queue(req, reply, &forum, err);
}

static bool
on_decided(
    struct request *req, const struct site_answer *answer, struct reply *reply, struct err *err)
{
	const struct decision *decision = find_decision(form_raw(req, "decision"));

	if (!answer->ok) {
		*err = answer->err;
		return false;
	}
	if (!span_is(fields_get(&answer->output, "state"), decision->state))
		decision = find_decision(SPAN("before"));
	return reply_redirect(req, reply, 303,
	    arena_printf(req->arena, "%s%cdone=%s", url_own(req, "/moderate"),
		req->lang_query[0] != '\0' ? '&' : '?', decision->word));
}

/* POST /moderate/ID */
bool
page_moderate_decide(struct request *req, struct reply *reply, struct err *err)
{
	const struct decision *decision = find_decision(form_raw(req, "decision"));
	struct site_act act = { .fd = -1 };
	struct buf input = { 0 };

	if (!may_open(req, err))
		return false;
	if (decision == NULL || decision->act == NULL)
		return err_set(err, ERR_INVALID, TR("Nothing was decided."));
	act.name = decision->act;
	act.key = span_of(form_key(req));
	fields_add_int(&input, "post", req->at.id);
	if (decision->trust)
		fields_add_text(&input, "trust", "1");
	if (decision->why)
		fields_add(&input, "why", form_text(req, "why"));
	act.input = arena_span(req->arena, buf_span(&input));
	buf_free(&input);
	return request_act(req, reply, &act, on_decided, err);
}
