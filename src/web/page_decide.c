/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/page_decide.c: what is decided about posts and discussions that everybody reads. */

#include "web/pages.h"
#include "web/url.h"

/* clang-format off */
static const struct decision {
	const char *word, *act;
	bool why;
} decisions[] = {
	{ "hide",     "post.hide",     true },
	{ "restore",  "post.restore",  false },
	{ "withdraw", "post.withdraw", false },
};
/* clang-format on */

static bool
on_decided(
    struct request *req, const struct site_answer *answer, struct reply *reply, struct err *err)
{
	if (answer->ok)
		return reply_redirect(req, reply, 303, url_post(req, req->at.id));
	*err = answer->err;
	return false;
}

/* POST /p/ID/decide */
bool
page_decide_post(struct request *req, struct reply *reply, struct err *err)
{
	struct span word = form_raw(req, "decision");
	struct site_act act = { .fd = -1 };
	struct buf input = { 0 };

	for (size_t i = 0; i < sizeof(decisions) / sizeof(decisions[0]); i++) {
		if (!span_is(word, decisions[i].word))
			continue;
		act.name = decisions[i].act;
		fields_add_int(&input, "post", req->at.id);
		if (decisions[i].why)
			fields_add(&input, "why", form_text(req, "why"));
		act.input = arena_span(req->arena, buf_span(&input));
		buf_free(&input);
		return request_act(req, reply, &act, on_decided, err);
	}
	return err_set(err, ERR_INVALID, TR("Nothing was decided."));
}

static bool
on_thread(
    struct request *req, const struct site_answer *answer, struct reply *reply, struct err *err)
{
	if (answer->ok)
		return reply_redirect(req, reply, 303, url_thread(req, req->at.id, ""));
	*err = answer->err;
	return false;
}

/* POST /t/ID/decide: one of close, open, pin, unpin. */
bool
page_decide_thread(struct request *req, struct reply *reply, struct err *err)
{
	/* clang-format off */
	static const struct { const char *word, *field, *value; } rows[] = {
		{ "close", "closed", "1" }, { "open",  "closed", "0" },
		{ "pin",   "pinned", "1" }, { "unpin", "pinned", "0" },
	};
	/* clang-format on */
	struct span word = form_raw(req, "decision");
	struct site_act act = { .name = "thread.set", .fd = -1 };
	struct buf input = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!span_is(word, rows[i].word))
			continue;
		fields_add_int(&input, "thread", req->at.id);
		fields_add_text(&input, rows[i].field, rows[i].value);
		act.input = arena_span(req->arena, buf_span(&input));
		buf_free(&input);
		return request_act(req, reply, &act, on_thread, err);
	}
	return err_set(err, ERR_INVALID, TR("Nothing was decided."));
}
