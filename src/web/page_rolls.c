/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/page_rolls.c: rolls and their identifiers, for administrators. */
#include <inttypes.h>
#include <string.h>

#include "base/token.h"
#include "rules/identifier.h"
#include "rules/roll.h"
#include "web/pages.h"
#include "web/show.h"
#include "web/url.h"

enum { LINES_A_PAGE = 100 };

static const char *
url_roll(struct request *req, int64_t id, const char *more)
{
	return url_own(req, arena_printf(req->arena, "/admin/rolls/%" PRId64 "%s", id, more));
}

static void
show_roll(struct request *req, struct view *view, const struct roll_view *roll)
{
	view_text(view, "name", roll->name);
	view_text(view, "source", roll->source);
	view_text(view, "purpose", roll->purpose);
	(void)view_url(view, "url", url_roll(req, roll->id, ""));
	view_text(view, "issued",
	    trn_count(
		req->arena, req->lang, TR("%d not used yet"), TR("%d not used yet"), roll->issued));
	view_text(view, "claimed",
	    trn_count(req->arena, req->lang, TR("%d in use"), TR("%d in use"), roll->claimed));
	view_text(view, "revoked",
	    trn_count(req->arena, req->lang, TR("%d revoked"), TR("%d revoked"), roll->revoked));
	show_date(req, view, "expires", roll->expires);
}

/* ---- all of them ---- */

static bool
show_rolls(struct request *req, struct reply *reply, const char *error, struct err *err)
{
	struct view_list *list = view_list(reply->view, "rolls");
	struct view *page = reply->view;
	struct roll_view *rolls;
	size_t count;

	if (!reading_rolls(req->reading, &rolls, &count, err))
		return false;
	for (size_t i = 0; i < count; i++)
		show_roll(req, view_list_add(list), &rolls[i]);
	(void)view_url(page, "action", url_own(req, "/admin/rolls"));
	view_text(page, "key", form_key(req));
	view_text(page, "name", form_line(req, "name"));
	view_text(page, "source", form_line(req, "source"));
	view_text(page, "purpose", form_line(req, "purpose"));
	view_text(page, "error", error);
	view_text(page, "title", tr(req->lang, TR("Rolls and identifiers")));
	return reply_page(req, reply, "rolls", err);
}

/* GET /admin/rolls */
bool
page_rolls_show(struct request *req, struct reply *reply, struct err *err)
{
	return show_rolls(req, reply, "", err);
}

static bool
on_created(
    struct request *req, const struct site_answer *answer, struct reply *reply, struct err *err)
{
	if (answer->ok)
		return reply_redirect(
		    req, reply, 303, url_roll(req, fields_int(&answer->output, "roll", 0), ""));
	reply->status = http_status_of(answer->err.kind);
	return show_rolls(req, reply, request_sentence(req, &answer->err), err);
}

/* POST /admin/rolls */
bool
page_rolls_create(struct request *req, struct reply *reply, struct err *err)
{
	static const char *const names[] = { "name", "source", "purpose", NULL };
	struct site_act act = { .name = "roll.create", .fd = -1 };

	if (form_line(req, "name")[0] == '\0') {
		reply->status = 400;
		return show_rolls(
		    req, reply, tr(req->lang, TR("Please give the roll a name.")), err);
	}
	act.key = span_of(form_key(req));
	act.input = form_input(req, names);
	return request_act(req, reply, &act, on_created, err);
}

/* ---- one ---- */

static const char *
state_word(enum lang lang, const char *state)
{
	if (strcmp(state, "issued") == 0)
		return tr(lang, TR("not used yet"));
	if (strcmp(state, "claimed") == 0)
		return tr(lang, TR("in use"));
	return tr(lang, TR("revoked"));
}

static void
show_line(struct request *req, struct view *item, const struct line_view *line)
{
	view_int(item, "id", line->id);
	view_text(item, "selector", line->selector);
	view_text(item, "state", state_word(req->lang, line->state));
	view_text(item, "name", line->name);
	show_date(req, item, "changed", line->changed);
	view_flag(item, "can_revoke", strcmp(line->state, "revoked") != 0);
	view_flag(item, "can_suspend", strcmp(line->state, "claimed") == 0);
}

static bool
add_lines(struct request *req, struct view *page, const struct roll_view *roll, struct err *err)
{
	struct view_list *list = view_list(page, "lines");
	struct line_view *lines;
	int64_t after = 0;
	size_t count;
	bool more;

	if (!span_int(request_query(req, "after"), 1, INT64_MAX, &after))
		after = 0;
	if (!reading_roll_lines(
		req->reading, roll->id, after, LINES_A_PAGE + 1, &lines, &count, err))
		return false;
	more = count > LINES_A_PAGE;
	for (size_t i = 0; i < count && i < LINES_A_PAGE; i++)
		show_line(req, view_list_add(list), &lines[i]);
	show_pager(page, after != 0 ? url_roll(req, roll->id, "") : "",
	    more ? url_with(req, url_roll(req, roll->id, ""), "after",
		       arena_printf(req->arena, "%" PRId64, lines[LINES_A_PAGE - 1].id))
		 : "");
	return true;
}

/* GET /admin/rolls/ID */
bool
page_roll_show(struct request *req, struct reply *reply, struct err *err)
{
	struct view *page = reply->view;
	struct roll_view roll;

	if (!reading_roll(req->reading, req->at.id, &roll, err) ||
	    !add_lines(req, page, &roll, err))
		return false;
	show_roll(req, view_sub(page, "roll"), &roll);
	(void)view_url(page, "rolls_url", url_own(req, "/admin/rolls"));
	(void)view_url(page, "issue_action", url_roll(req, roll.id, "/issue"));
	(void)view_url(page, "revoke_action", url_roll(req, roll.id, "/revoke"));
	view_int(page, "issue_max", ROLL_LOT);
	if (span_is(request_query(req, "done"), "revoked"))
		view_text(page, "notice", tr(req->lang, TR("The identifier is revoked.")));
	view_text(page, "title", roll.name);
	return reply_page(req, reply, "roll", err);
}

/* ---- the sheet ---- */

static size_t
add_codes(struct request *req, struct view *page, const struct site_answer *answer)
{
	struct view_list *list = view_list(page, "codes");
	const struct fields drawn = { *(const struct span *)req->state }; /* of the act */
	struct span name, value;
	size_t at = 0;

	while (fields_next(&drawn, &at, &name, &value))
		if (span_is(name, "line") && !roll_is_taken(&answer->output, value))
			view_span(view_list_add(list), "text", value);
	return view_list_count(list);
}

static bool
on_issued(
    struct request *req, const struct site_answer *answer, struct reply *reply, struct err *err)
{
	struct view *page = reply->view;
	struct roll_view roll;
	size_t count;

	if (!answer->ok) {
		*err = answer->err;
		return false;
	}
	if (!reading_roll(req->reading, req->at.id, &roll, err))
		return false;
	count = add_codes(req, page, answer);
	show_roll(req, view_sub(page, "roll"), &roll);
	view_text(page, "count",
	    trn_count(
		req->arena, req->lang, TR("%d identifier"), TR("%d identifiers"), (int64_t)count));
	view_text(page, "address",
	    arena_printf(req->arena, "%s/register", req->site->settings->site_url));
	view_text(page, "title", tr(req->lang, TR("Personal identifiers")));
	return reply_page(req, reply, "sheet", err);
}

/* POST /admin/rolls/ID/issue: they are drawn here, so that no answer and no table of the
 * clerk ever holds one. Sent again, the form draws others: the first are simply never used. */
bool
page_roll_issue(struct request *req, struct reply *reply, struct err *err)
{
	struct site_act act = { .name = "roll.issue", .fd = -1 };
	char symbols[IDENTIFIER_LEN + 1], line[IDENTIFIER_ROOM];
	struct buf input = { 0 };
	struct roll_view roll;
	struct span *kept;
	int64_t count;

	if (!reading_roll(req->reading, req->at.id, &roll, err))
		return false;
	if (!span_int(form_raw(req, "count"), 1, ROLL_LOT, &count))
		return err_set(err, ERR_INVALID, TR("Please say how many, 20 at most."));
	fields_add_int(&input, "roll", roll.id);
	while (count-- > 0) {
		identifier_draw(symbols);
		identifier_write(symbols, line);
		fields_add_text(&input, "line", line);
	}
	act.input = arena_span(req->arena, buf_span(&input));
	req->state = kept = arena_alloc(req->arena, sizeof(*kept));
	*kept = act.input;
	token_wipe(input.data, input.len);
	buf_free(&input);
	return request_act(req, reply, &act, on_issued, err);
}

static bool
on_revoked(
    struct request *req, const struct site_answer *answer, struct reply *reply, struct err *err)
{
	if (answer->ok)
		return reply_redirect(req, reply, 303,
		    url_with(req, url_roll(req, req->at.id, ""), "done", "revoked"));
	*err = answer->err;
	return false;
}

/* POST /admin/rolls/ID/revoke */
bool
page_roll_revoke(struct request *req, struct reply *reply, struct err *err)
{
	static const char *const names[] = { "number", "suspend", NULL };
	struct site_act act = { .name = "roll.revoke", .fd = -1 };

	act.input = form_input(req, names);
	return request_act(req, reply, &act, on_revoked, err);
}
