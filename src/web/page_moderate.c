/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/page_moderate.c: what waits, and what is decided. Whoever may decide nothing finds
 * nothing here: the queue is not there for them. */
#include <inttypes.h>
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
	{ "several", NULL,           "",          false, false, TR("It is done for all that were ticked.") },
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

/* Reasons that come again and again, chosen instead of typed, or before what is typed. */
/* clang-format off */
static const struct {
	const char *word, *text;
} reasons[] = {
	{ "topic",   TR("This message is not about the subject of this forum.") },
	{ "hurtful", TR("This message hurts somebody. You may write it again in other words.") },
	{ "advert",  TR("This message is an advertisement.") },
	{ "double",  TR("This was said already in the forum.") },
	{ "private", TR("This message tells private things about somebody.") },
};
/* clang-format on */

static void
add_reasons(struct request *req, struct view *page)
{
	struct view_list *list = view_list(page, "reasons");

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		struct view *item = view_list_add(list);
		view_text(item, "slug", reasons[i].word);
		view_text(item, "name", tr(req->lang, reasons[i].text));
		view_flag(item, "selected", false);
	}
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
	add_reasons(req, page);
	(void)view_url(page, "bulk_action", url_own(req, "/moderate"));
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

static void
add_why(struct request *req, struct buf *input)
{
	struct span chosen = form_raw(req, "reason");
	struct buf why = { 0 };

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (span_is(chosen, reasons[i].word))
			buf_printf(&why, "%s\n", tr(req->lang, reasons[i].text));
	buf_add_span(&why, form_text(req, "why"));
	fields_add(input, "why", span_trim(buf_span(&why)));
	buf_free(&why);
}

/* The queue goes on where it was: at the next message that waits. */
static const char *
place_after(struct request *req, int64_t post, struct err *err)
{
	struct held_view *held;
	size_t count;

	if (!reading_held(req->reading, HELD_A_PAGE, &held, &count, err)) {
		err_clear(err);
		return "";
	}
	for (size_t i = 0; i < count; i++)
		if (held[i].post.id > post)
			return arena_printf(req->arena, "#h%" PRId64, held[i].post.id);
	return count > 0 ? arena_printf(req->arena, "#h%" PRId64, held[0].post.id) : "";
}

static struct span
decision_input(struct request *req, const struct decision *decision, int64_t post)
{
	struct buf input = { 0 };
	struct span kept;

	fields_add_int(&input, "post", post);
	if (decision->trust)
		fields_add_text(&input, "trust", "1");
	if (decision->why)
		add_why(req, &input);
	kept = arena_span(req->arena, buf_span(&input));
	buf_free(&input);
	return kept;
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
	    arena_printf(req->arena, "%s%s",
		url_with(req, url_own(req, "/moderate"), "done", decision->word),
		place_after(req, req->at.id, err)));
}

/* POST /moderate/ID */
bool
page_moderate_decide(struct request *req, struct reply *reply, struct err *err)
{
	const struct decision *decision = find_decision(form_raw(req, "decision"));
	struct site_act act = { .fd = -1 };

	if (!may_open(req, err))
		return false;
	if (decision == NULL || decision->act == NULL)
		return err_set(err, ERR_INVALID, TR("Nothing was decided."));
	act.name = decision->act;
	act.key = span_of(form_key(req));
	act.input = decision_input(req, decision, req->at.id);
	return request_act(req, reply, &act, on_decided, err);
}

/* ---- several at once ---- */

struct bulk {
	const struct decision *decision;
	size_t at; /* in the form's fields: the next one */
};

static bool
decide_next(struct request *req, struct reply *reply, struct err *err);

/* One that somebody decided before, or that went away, does not stop the others. */
static bool
on_one(struct request *req, const struct site_answer *answer, struct reply *reply, struct err *err)
{
	if (!answer->ok && answer->err.kind != ERR_NOT_FOUND && answer->err.kind != ERR_CONFLICT) {
		*err = answer->err;
		return false;
	}
	return decide_next(req, reply, err);
}

static bool
decide_next(struct request *req, struct reply *reply, struct err *err)
{
	struct bulk *bulk = req->state;
	struct site_act act = { .name = bulk->decision->act, .fd = -1 };
	int64_t post = 0;

	while (bulk->at < req->form.fields.count) {
		const struct http_field *field = &req->form.fields.fields[bulk->at++];
		if (span_is(field->name, "post") && span_int(field->value, 1, INT64_MAX, &post))
			break;
		post = 0;
	}
	if (post == 0)
		return reply_redirect(req, reply, 303,
		    url_with(req, url_own(req, "/moderate"), "done", "several"));
	act.input = decision_input(req, bulk->decision, post);
	return request_act(req, reply, &act, on_one, err);
}

/* POST /moderate: one decision about all that are ticked. */
bool
page_moderate_bulk(struct request *req, struct reply *reply, struct err *err)
{
	struct bulk *bulk = arena_alloc(req->arena, sizeof(*bulk));

	if (!may_open(req, err))
		return false;
	bulk->decision = find_decision(form_raw(req, "decision"));
	if (bulk->decision == NULL || bulk->decision->act == NULL || !form_has(req, "post"))
		return err_set(err, ERR_INVALID, TR("Nothing was decided."));
	req->state = bulk;
	return decide_next(req, reply, err);
}
