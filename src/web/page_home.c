/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/page_home.c: the forums by theme, and what is new. */
#include <string.h>

#include "web/pages.h"
#include "web/show.h"

enum { LATEST = 12 };

/* The forums come ordered by theme: a heading begins where the theme changes. */
static void
add_themes(struct request *req, struct view *page, const struct forum_view *forums, size_t count)
{
	struct view_list *themes = view_list(page, "themes"), *list = NULL;

	for (size_t i = 0; i < count; i++) {
		if (list == NULL || strcmp(forums[i].theme, forums[i - 1].theme) != 0) {
			struct view *theme = view_list_add(themes);
			view_text(theme, "name", forums[i].theme);
			list = view_list(theme, "forums");
		}
		show_forum(req, view_list_add(list), &forums[i]);
	}
}

bool
page_home_show(struct request *req, struct reply *reply, struct err *err)
{
	struct forum_view *forums;
	struct thread_view *latest;
	struct view_list *list;
	size_t forum_count, count;

	if (!reading_forums(req->reading, &forums, &forum_count, err) ||
	    !reading_latest(req->reading, LATEST, &latest, &count, err))
		return false;
	add_themes(req, reply->view, forums, forum_count);
	list = view_list(reply->view, "latest");
	for (size_t i = 0; i < count; i++)
		show_thread(req, view_list_add(list), &latest[i]);
	view_flag(reply->view, "closed", forum_count == 0 && !request_is_signed(req));
	view_text(reply->view, "title", tr(req->lang, TR("The forums")));
	(void)view_url(reply->view, "canonical", req->site->settings->site_url);
	return reply_page(req, reply, "home", err);
}
