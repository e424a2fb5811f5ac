/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/page_settings.c: a new forum, and what an administrator may set of one. */
#include <string.h>

#include "web/pages.h"
#include "web/show.h"
#include "web/url.h"

/* clang-format off */
static const struct choice {
	const char *field, *word, *text;
} choices[] = {
	{ "who_writes", "registered", TR("who is registered") },
	{ "who_writes", "roll",       TR("who registered with an identifier") },
	{ "who_writes", "mandated",   TR("only the persons appointed for it") },
	{ "who_writes", "everyone",   TR("everybody") },
	{ "who_writes", "nobody",     TR("nobody any more") },
	{ "appears",    "at_once",    TR("at once") },
	{ "appears",    "first_read", TR("at once, after a first message that a moderator read") },
	{ "appears",    "always_read", TR("once a moderator has read them") },
	{ "appears",    "read_unless_roll", TR("at once for who registered with an identifier, read for the others") },
	{ "who_reads",  "everyone",   TR("everybody") },
	{ "who_reads",  "registered", TR("who is registered") },
	{ "who_reads",  "members",    TR("who receives the forum") },
	{ "strangers",  "hold",       TR("waits for a moderator") },
	{ "strangers",  "refuse",     TR("is refused at once") },
	{ "reply_to",   "forum",      TR("the whole forum") },
	{ "reply_to",   "author",     TR("the author alone") },
};
/* clang-format on */

static const char *const names[] = { "slug", "name", "description", "theme", "who_writes",
	"appears", "who_reads", "strangers", "reply_to", "position", NULL };

static void
add_choices(struct request *req, struct view *page, const char *field, const char *current)
{
	struct view_list *list = view_list(page, field);

	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		struct view *item;
		if (strcmp(choices[i].field, field) != 0)
			continue;
		item = view_list_add(list);
		view_text(item, "slug", choices[i].word);
		view_text(item, "name", tr(req->lang, choices[i].text));
		view_flag(item, "selected", strcmp(choices[i].word, current) == 0);
	}
}

static bool
show_settings(struct request *req, struct reply *reply, const struct forum_settings *forum,
    bool fresh, const char *error, struct err *err)
{
	struct view *page = reply->view;

	view_flag(page, "fresh", fresh);
	view_text(page, "slug", forum->slug);
	view_text(page, "name", forum->name);
	view_text(page, "description", forum->description);
	view_text(page, "theme", forum->theme);
	view_int(page, "position", forum->position);
	view_flag(page, "emergency", forum->emergency);
	add_choices(req, page, "who_writes", forum->who_writes);
	add_choices(req, page, "appears", forum->appears);
	add_choices(req, page, "who_reads", forum->who_reads);
	add_choices(req, page, "strangers", forum->strangers);
	add_choices(req, page, "reply_to", forum->reply_to);
	view_text(page, "domain", req->site->settings->mail_domain);
	view_text(page, "error", error);
	view_text(page, "key", form_key(req));
	(void)view_url(page, "action",
	    url_own(req, fresh ? "/admin/forums/new"
			       : arena_printf(req->arena, "/admin/forums/%s", forum->slug)));
	view_text(page, "title",
	    fresh ? tr(req->lang, TR("New forum")) : tr(req->lang, TR("Settings of the forum")));
	return reply_page(req, reply, "forum-form", err);
}

static void
fill_typed(struct request *req, struct forum_settings *forum)
{
	int64_t position;

	*forum = (struct forum_settings){
		.slug = form_line(req, "slug"),
		.name = form_line(req, "name"),
		.description = form_line(req, "description"),
		.theme = form_line(req, "theme"),
		.who_writes = form_line(req, "who_writes"),
		.appears = form_line(req, "appears"),
		.who_reads = form_line(req, "who_reads"),
		.strangers = form_line(req, "strangers"),
		.reply_to = form_line(req, "reply_to"),
		.emergency = form_has(req, "emergency"),
	};
	if (span_int(form_raw(req, "position"), 0, 1000000, &position))
		forum->position = position;
}

static bool
on_saved(
    struct request *req, const struct site_answer *answer, struct reply *reply, struct err *err)
{
	bool fresh = strcmp(req->route->pattern, "/admin/forums/new") == 0;
	struct forum_settings forum;

	fill_typed(req, &forum);
	if (answer->ok)
		return reply_redirect(req, reply, 303, url_forum(req, forum.slug));
	reply->status = http_status_of(answer->err.kind);
	return show_settings(req, reply, &forum, fresh,
	    answer->err.kind == ERR_INVALID
		? tr(req->lang, TR("Please give a name, and an address of small letters, digits "
				   "and hyphens."))
		: request_sentence(req, &answer->err),
	    err);
}

static bool
send_form(struct request *req, struct reply *reply, const char *name, struct err *err)
{
	struct site_act act = { .name = name, .fd = -1 };
	struct buf input = { 0 };

	buf_add_span(&input, form_input(req, names));
	if (strcmp(name, "forum.set") == 0)
		fields_add_text(&input, "emergency", form_has(req, "emergency") ? "1" : "0");
	act.key = span_of(form_key(req));
	act.input = arena_span(req->arena, buf_span(&input));
	buf_free(&input);
	return request_act(req, reply, &act, on_saved, err);
}

/* GET /admin/forums/new */
bool
page_settings_new(struct request *req, struct reply *reply, struct err *err)
{
	static const struct forum_settings fresh = { "", "", "", "", "registered", "at_once",
		"everyone", "hold", "forum", false, 0 };

	return reading_must_administer(req->reading, err) && show_settings(req, reply, &fresh, true, "", err);
}

/* POST /admin/forums/new */
bool
page_settings_create(struct request *req, struct reply *reply, struct err *err)
{
	return reading_must_administer(req->reading, err) && send_form(req, reply, "forum.create", err);
}

/* GET /admin/forums/SLUG */
bool
page_settings_show(struct request *req, struct reply *reply, struct err *err)
{
	struct forum_settings forum;

	return reading_forum_settings(req->reading, req->at.slug, &forum, err) &&
	       show_settings(req, reply, &forum, false, "", err);
}

/* POST /admin/forums/SLUG */
bool
page_settings_save(struct request *req, struct reply *reply, struct err *err)
{
	return reading_must_administer(req->reading, err) && send_form(req, reply, "forum.set", err);
}
