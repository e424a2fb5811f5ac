/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/page_search.c: what people look for, and where it stands. */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "web/pages.h"
#include "web/show.h"
#include "web/url.h"

enum { FOUND_A_PAGE = 20, YEAR_MOST = 9999 };

/* "2026-11-27" as the browser sends a date: the first second of that day in the zone of the
 * site; 0 for anything else. */
static int64_t
day_of(const struct request *req, const char *name)
{
	struct span text = request_query(req, name);
	struct clock_date day = { 0 };
	int64_t year, month, date;

	if (text.len != 10 || text.data[4] != '-' || text.data[7] != '-' ||
	    !span_int(span_first(text, 4), 1970, YEAR_MOST, &year) ||
	    !span_int(span_make(text.data + 5, 2), 1, 12, &month) ||
	    !span_int(span_make(text.data + 8, 2), 1, 31, &date))
		return 0;
	day.year = (int)year;
	day.month = (int)month;
	day.day = (int)date;
	day.offset = clock_date_in(clock_seconds_of(&day), req->site->settings->site_zone).offset;
	return clock_seconds_of(&day);
}

static void
read_ask(struct request *req, struct search_ask *ask)
{
	*ask = (struct search_ask){
		.words = request_query(req, "q"),
		.author = request_query(req, "author"),
		.forum = request_query(req, "forum"),
		.since = day_of(req, "since"),
		.until = day_of(req, "until"),
		.ranked = span_is(request_query(req, "order"), "best"),
	};
	if (ask->until != 0)
		ask->until += 86400; /* that day too */
	if (!span_int(request_query(req, "place"), 1, INT64_MAX, &ask->place))
		ask->place = 0;
}

/* ---- the form ---- */

static bool
add_forums(struct request *req, struct view *page, const struct search_ask *ask, struct err *err)
{
	struct view_list *list = view_list(page, "forums");
	struct forum_view *forums;
	size_t count;

	if (!reading_forum_names(req->reading, &forums, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct view *item = view_list_add(list);
		view_text(item, "slug", forums[i].slug);
		view_text(item, "name", forums[i].name);
		view_flag(item, "selected", span_is(ask->forum, forums[i].slug));
	}
	return true;
}

static void
add_typed(struct request *req, struct view *page, const struct search_ask *ask)
{
	view_span(page, "q", ask->words);
	view_span(page, "author", ask->author);
	view_span(page, "since", ask->since != 0 ? request_query(req, "since") : SPAN(""));
	view_span(page, "until", ask->until != 0 ? request_query(req, "until") : SPAN(""));
	view_flag(page, "ranked", ask->ranked);
	view_flag(page, "narrow", ask->author.len > 0 || ask->since != 0 || ask->until != 0);
}

/* ---- what was found ---- */

static void
show_found(struct request *req, struct view *item, const struct found_view *found)
{
	struct view_list *pieces = view_list(item, "pieces");

	view_text(item, "title", found->title);
	(void)view_url(item, "url", url_post(req, found->post));
	view_text(item, "author", found->author);
	view_text(item, "organisation", found->organisation);
	view_text(item, "forum", found->forum_name);
	(void)view_url(item, "forum_url", url_forum(req, found->forum_slug));
	show_date(req, item, "date", found->date);
	for (size_t i = 0; i < found->piece_count; i++) {
		struct view *piece = view_list_add(pieces);
		view_span(piece, "text", found->pieces[i].text);
		view_flag(piece, "marked", found->pieces[i].marked);
	}
}

/* The same question, further on. */
static const char *
url_place(struct request *req, int64_t place)
{
	static const char *const names[] = { "q", "author", "forum", "since", "until", "order",
		"lang" };
	struct buf out = { 0 };
	const char *url;

	buf_add_text(&out, "/search?");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct span value = request_query(req, names[i]);
		if (value.len == 0)
			continue;
		buf_printf(&out, "%s=", names[i]);
		http_percent_encode(&out, value);
		buf_add_char(&out, '&');
	}
	buf_printf(&out, "place=%" PRId64, place);
	url = arena_strdup(req->arena, buf_text(&out));
	buf_free(&out);
	return url;
}

static void
add_pager(struct request *req, struct view *page, int64_t next)
{
	struct view *pager;

	if (next == 0)
		return;
	pager = view_sub(page, "pager");
	view_text(pager, "text", "");
	(void)view_url(pager, "previous_url", "");
	(void)view_url(pager, "next_url", url_place(req, next));
}

/* What cannot be looked for is told on the page, beside the form. */
static bool
tell_refusal(struct request *req, struct view *page, struct err *err)
{
	if (err->kind == ERR_INVALID)
		view_text(
		    page, "error", tr(req->lang, TR("Please type at least one word to look for.")));
	else if (err->kind == ERR_NOT_FOUND)
		view_text(page, "error", tr(req->lang, TR("there is no such forum")));
	else if (err->kind == ERR_TEMPORARY)
		view_text(page, "error",
		    tr(req->lang, TR("That is too much to look through: please add a word, or "
				     "choose a forum.")));
	else
		return false;
	err_clear(err);
	return true;
}

static bool
add_found(struct request *req, struct view *page, const struct search_ask *ask, struct err *err)
{
	struct view_list *list = view_list(page, "found");
	struct found_view *found;
	int64_t next;
	size_t count;

	if (!reading_search(req->reading, ask, FOUND_A_PAGE, &found, &count, &next, err))
		return tell_refusal(req, page, err);
	for (size_t i = 0; i < count; i++)
		show_found(req, view_list_add(list), &found[i]);
	view_flag(page, "nothing", count == 0 && next == 0);
	add_pager(req, page, next);
	return true;
}

static bool
is_asked(const struct request *req)
{
	return request_query(req, "q").data != NULL || request_query(req, "author").len > 0;
}

/* GET /search */
bool
page_search_show(struct request *req, struct reply *reply, struct err *err)
{
	struct view *page = reply->view;
	struct search_ask ask;

	read_ask(req, &ask);
	if (!add_forums(req, page, &ask, err) ||
	    (is_asked(req) && !add_found(req, page, &ask, err)))
		return false;
	add_typed(req, page, &ask);
	(void)view_url(page, "action", "/search");
	view_text(page, "title", tr(req->lang, TR("Search")));
	return reply_page(req, reply, "search", err);
}
