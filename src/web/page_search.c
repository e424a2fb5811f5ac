/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/page_search.c: what people look for, and where it stands. */
#include <inttypes.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "web/pages.h"
#include "web/show.h"
#include "web/url.h"

enum {
	FOUND_A_PAGE = 20,
	YEAR_MOST = 9999,
	TYPED_MAX = 800 /* octets of a field: 200 letters of any language */
};

/* What was typed, longer than parameters are elsewhere; data NULL where absent or no text. */
static struct span
typed(const struct request *req, const char *name)
{
	struct span value = http_form_get(&req->query, name);

	return value.len <= TYPED_MAX && utf8_is_line(value) ? value : (struct span){ NULL, 0 };
}

static bool
is_date(struct span text, struct clock_date *day)
{
	int64_t year, month, date;
	struct clock_date again;

	if (text.len != 10 || text.data[4] != '-' || text.data[7] != '-' ||
	    !span_int(span_first(text, 4), 1970, YEAR_MOST, &year) ||
	    !span_int(span_make(text.data + 5, 2), 1, 12, &month) ||
	    !span_int(span_make(text.data + 8, 2), 1, 31, &date))
		return false;
	*day = (struct clock_date){ .year = (int)year, .month = (int)month, .day = (int)date };
	again = clock_date_at(clock_seconds_of(day), 0);
	return again.day == day->day; /* there is no 31 February */
}

/* "2026-11-27" as the browser sends a date: the first second of that day, or of the one after
 * so many days, in the zone of the site. 0 where nothing was typed. */
static bool
read_day(const struct request *req, const char *name, int days, int64_t *seconds)
{
	struct span text = span_trim(typed(req, name));
	struct clock_date day;

	*seconds = 0;
	if (text.len == 0)
		return http_form_get(&req->query, name).len == 0;
	if (!is_date(text, &day))
		return false;
	*seconds = clock_seconds_of(&day) + days * 86400;
	*seconds -= clock_date_in(*seconds, req->site->settings->site_zone).offset;
	return true;
}

/* What is wrong with what was typed, or NULL. */
static const char *
read_ask(struct request *req, struct search_ask *ask)
{
	bool dates;

	*ask = (struct search_ask){
		.words = typed(req, "q"),
		.author = typed(req, "author"),
		.forum = request_query(req, "forum"),
		.ranked = span_is(request_query(req, "order"), "best"),
	};
	if (!span_int(request_query(req, "place"), 1, INT64_MAX, &ask->place))
		ask->place = 0;
	dates = read_day(req, "since", 0, &ask->since);
	if (!read_day(req, "until", 1, &ask->until) || !dates)
		return TR("A date was not understood. Please write it as 2026-03-31.");
	if (ask->since != 0 && ask->until != 0 && ask->since >= ask->until)
		return TR("The first date comes after the second one: nothing lies between them.");
	if (http_form_get(&req->query, "q").len > ask->words.len ||
	    http_form_get(&req->query, "author").len > ask->author.len)
		return TR("That is too long, or contains characters that are no text. A few words "
			  "are enough.");
	return NULL;
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
add_typed(const struct request *req, struct view *page, const struct search_ask *ask)
{
	view_span(page, "q", ask->words);
	view_span(page, "author", ask->author);
	view_span(page, "since", typed(req, "since"));
	view_span(page, "until", typed(req, "until"));
	view_flag(page, "ranked", ask->ranked);
	view_flag(page, "narrow",
	    ask->author.len > 0 || typed(req, "since").len > 0 || typed(req, "until").len > 0);
}

/* ---- what was found ---- */

static void
show_pieces(struct view *item, const char *name, const struct found_piece *pieces, size_t count)
{
	struct view_list *list = view_list(item, name);

	for (size_t i = 0; i < count; i++) {
		struct view *piece = view_list_add(list);
		view_span(piece, "text", pieces[i].text);
		view_flag(piece, "marked", pieces[i].marked);
	}
}

static void
show_found(struct request *req, struct view *item, const struct found_view *found)
{
	view_text(item, "title", found->title);
	(void)view_url(item, "url", url_post(req, found->post));
	view_text(item, "author", found->author);
	view_text(item, "organisation", found->organisation);
	view_text(item, "forum", found->forum_name);
	(void)view_url(item, "forum_url", url_forum(req, found->forum_slug));
	show_date(req, item, "date", found->date);
	show_pieces(item, "title_pieces", found->title_pieces, found->title_piece_count);
	show_pieces(item, "pieces", found->pieces, found->piece_count);
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
		struct span value = typed(req, names[i]);
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

/* What cannot be looked for is told on the page, beside the form. */
static bool
tell_refusal(struct request *req, struct view *page, struct err *err)
{
	if (err->kind == ERR_INVALID)
		view_text(
		    page, "error", tr(req->lang, TR("Please type at least one word to look for.")));
	else if (err->kind == ERR_NOT_FOUND)
		view_text(page, "error", request_sentence(req, err));
	else if (err->kind == ERR_TEMPORARY)
		view_text(page, "error",
		    tr(req->lang, TR("That is too much to look through: please add a word, or "
				     "dates.")));
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
	show_pager(page, "", next != 0 ? url_place(req, next) : "");
	return true;
}

static bool
is_asked(const struct request *req)
{
	return http_form_get(&req->query, "q").data != NULL ||
	       http_form_get(&req->query, "author").len > 0;
}

/* GET /search */
bool
page_search_show(struct request *req, struct reply *reply, struct err *err)
{
	struct view *page = reply->view;
	struct search_ask ask;
	const char *wrong = read_ask(req, &ask);

	if (!add_forums(req, page, &ask, err))
		return false;
	if (wrong != NULL)
		view_text(page, "error", tr(req->lang, wrong));
	else if (is_asked(req) && !add_found(req, page, &ask, err))
		return false;
	add_typed(req, page, &ask);
	(void)view_url(page, "action", "/search");
	view_text(page, "title", tr(req->lang, TR("Search")));
	return reply_page(req, reply, "search", err);
}
