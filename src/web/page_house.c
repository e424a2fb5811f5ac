/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/page_house.c: what was decided, and the people of a forum: for those who look after it. */
#include <inttypes.h>
#include <string.h>

#include "web/pages.h"
#include "web/show.h"
#include "web/url.h"

enum { ENTRIES_A_PAGE = 50, MEMBERS_A_PAGE = 100 };

/* clang-format off */
static const struct {
	const char *act, *text;
} acts[] = {
	{ "post.approve",     TR("published a message that waited") },
	{ "post.refuse",      TR("refused a message") },
	{ "post.discard",     TR("discarded a message") },
	{ "post.hide",        TR("took a message down") },
	{ "post.restore",     TR("put a message back") },
	{ "post.withdraw",    TR("took a message of their own back") },
	{ "post.confirm",     TR("confirmed to have written a message") },
	{ "thread.set",       TR("closed, opened or pinned a discussion") },
	{ "forum.create",     TR("created the forum") },
	{ "forum.set",        TR("changed the settings of the forum") },
	{ "person.create",    TR("added a person") },
	{ "person.set",       TR("changed a person") },
	{ "mandate.set",      TR("gave a mandate") },
	{ "mandate.end",      TR("ended a mandate") },
	{ "password.set",     TR("changed a password of their own") },
	{ "roll.create",      TR("created a roll") },
	{ "roll.change",      TR("changed a roll") },
	{ "roll.issue",       TR("had identifiers printed") },
	{ "roll.revoke",      TR("revoked an identifier") },
	{ "registration.confirm", TR("registered") },
	{ "subscription.remove", TR("took somebody out of the forum") },
	{ "subscription.leave", TR("stopped the mail of the forum") },
	{ "mail.aside",       TR("set a mail aside") },
	{ "mail.died",        TR("counted the end of a process over a mail") },
	{ "mail.replay",      TR("had a mail read again") },
	{ "delivery.replay",  TR("had a copy sent again") },
	{ "session.link",     TR("made a link to sign in") },
	{ "organisation.create", TR("added an organisation") },
};
/* clang-format on */

static const char *
act_text(enum lang lang, const char *act)
{
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (strcmp(acts[i].act, act) == 0)
			return tr(lang, acts[i].text);
	return act;
}

static const char *
actor_text(enum lang lang, const struct journal_view *entry)
{
	if (entry->actor[0] != '\0')
		return entry->actor;
	return strcmp(entry->door, "console") == 0 ? tr(lang, TR("the administrator"))
						   : tr(lang, TR("the house"));
}

static void
show_entry(struct request *req, struct view *item, const struct journal_view *entry)
{
	const char *url = "";
	bool registers;

	if (entry->post != 0)
		url = url_post(req, entry->post);
	else if (entry->thread != 0)
		url = url_thread(req, entry->thread, "");
	show_date(req, item, "date", entry->date);
	/* Who registers acts without being signed in: the person is what it is about. */
	registers = strcmp(entry->act, "registration.confirm") == 0 && entry->about[0] != '\0';
	view_text(item, "actor", registers ? entry->about : actor_text(req->lang, entry));
	view_text(item, "act", act_text(req->lang, entry->act));
	view_text(item, "about", registers ? "" : entry->about);
	(void)view_url(item, "url", url);
	view_span(item, "why", entry->text);
	view_flag(item, "refused", strcmp(entry->outcome, "done") != 0);
	view_flag(item, "by_mail", strcmp(entry->door, "mail") == 0);
}

static void
add_pager(struct request *req, struct view *page, bool first, const char *name, int64_t next)
{
	struct span path = req->http->head.path;
	const char *self = arena_strndup(req->arena, path.data, path.len);
	const char *url = url_own(req, self);

	show_pager(page, first ? "" : url,
	    next == 0 ? ""
		      : url_with(req, url, name, arena_printf(req->arena, "%" PRId64, next)));
}

static int64_t
place_of(const struct request *req, const char *name)
{
	int64_t place;

	return span_int(request_query(req, name), 1, INT64_MAX, &place) ? place : 0;
}

/* slug empty: of the whole house. */
static bool
show_journal(struct request *req, struct reply *reply, struct span slug, struct err *err)
{
	struct view_list *list = view_list(reply->view, "entries");
	int64_t before = place_of(req, "before"), next = 0;
	struct journal_view *entries;
	size_t count;

	if (!reading_journal(req->reading, slug, before, ENTRIES_A_PAGE + 1, &entries, &count, err))
		return false;
	for (size_t i = 0; i < count && i < ENTRIES_A_PAGE; i++)
		show_entry(req, view_list_add(list), &entries[i]);
	if (count > ENTRIES_A_PAGE)
		next = entries[ENTRIES_A_PAGE - 1].id;
	add_pager(req, reply->view, before == 0, "before", next);
	view_text(reply->view, "title", tr(req->lang, TR("Journal")));
	return reply_page(req, reply, "journal", err);
}

/* GET /moderate/SLUG/journal */
bool
page_house_journal(struct request *req, struct reply *reply, struct err *err)
{
	struct forum_view forum;

	if (!reading_forum(req->reading, req->at.slug, &forum, err))
		return false;
	show_forum(req, view_sub(reply->view, "forum"), &forum);
	return show_journal(req, reply, req->at.slug, err);
}

/* GET /admin/journal */
bool
page_house_all(struct request *req, struct reply *reply, struct err *err)
{
	return show_journal(req, reply, SPAN(""), err);
}

/* ---- people ---- */

static void
show_member(struct request *req, struct view *item, const struct member_view *member)
{
	view_int(item, "id", member->person);
	view_text(item, "name", member->name);
	show_date(req, item, "since", member->since);
	view_text(item, "published",
	    trn_count(req->arena, req->lang, TR("%d message published"),
		TR("%d messages published"), member->published));
	view_flag(item, "moderator", member->moderator);
	view_flag(item, "trusted", member->trusted);
	view_flag(item, "on_roll", member->on_roll);
	view_flag(item, "suspended", member->suspended);
	view_flag(item, "receives", strcmp(member->mode, "none") != 0);
	view_flag(item, "can_set", req->viewer->administrator);
}

static bool
show_moderators(struct request *req, struct reply *reply, struct err *err)
{
	struct view_list *list = view_list(reply->view, "moderators");
	struct moderator_view *moderators;
	struct view *item;
	size_t count;

	if (!reading_moderators(req->reading, req->at.slug, &moderators, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		item = view_list_add(list);
		view_int(item, "mandate", moderators[i].mandate);
		view_text(item, "name", moderators[i].name);
		show_date(req, item, "since", moderators[i].since);
		view_flag(item, "suspended", moderators[i].suspended);
		view_flag(item, "can_set", req->viewer->administrator);
	}
	view_flag(reply->view, "unmoderated", count == 0);
	return true;
}

/* GET /moderate/SLUG/members */
bool
page_house_members(struct request *req, struct reply *reply, struct err *err)
{
	struct view_list *list = view_list(reply->view, "members");
	int64_t after = place_of(req, "after");
	struct member_view *members;
	struct forum_view forum;
	size_t count;

	if (!reading_forum(req->reading, req->at.slug, &forum, err) ||
	    !reading_members(
		req->reading, req->at.slug, after, MEMBERS_A_PAGE + 1, &members, &count, err) ||
	    (after == 0 && !show_moderators(req, reply, err)))
		return false;
	view_flag(reply->view, "first", after == 0);
	for (size_t i = 0; i < count && i < MEMBERS_A_PAGE; i++)
		show_member(req, view_list_add(list), &members[i]);
	add_pager(req, reply->view, after == 0, "after",
	    count > MEMBERS_A_PAGE ? members[MEMBERS_A_PAGE - 1].person : 0);
	show_forum(req, view_sub(reply->view, "forum"), &forum);
	(void)view_url(reply->view, "action",
	    url_own(req, arena_printf(req->arena, "/moderate/%s/members", forum.slug)));
	if (span_is(request_query(req, "done"), "saved"))
		view_text(reply->view, "notice", tr(req->lang, TR("It is saved.")));
	view_text(reply->view, "title", tr(req->lang, TR("People of the forum")));
	return reply_page(req, reply, "members", err);
}

static bool
on_member(
    struct request *req, const struct site_answer *answer, struct reply *reply, struct err *err)
{
	if (!answer->ok) {
		*err = answer->err;
		return false;
	}
	return reply_redirect(req, reply, 303,
	    url_with(req,
		url_own(req, arena_printf(req->arena, "/moderate/" SPAN_FORMAT "/members",
			     SPAN_ARGS(req->at.slug))),
		"done", "saved"));
}

static bool
end_mandate(struct request *req, struct reply *reply, struct err *err)
{
	struct site_act act = { .name = "mandate.end", .fd = -1 };
	struct buf input = { 0 };
	int64_t mandate;

	if (!span_int(span_of(form_line(req, "mandate")), 1, INT64_MAX, &mandate))
		return err_set(err, ERR_INVALID, TR("Nothing was decided."));
	fields_add_int(&input, "mandate", mandate);
	act.input = arena_span(req->arena, buf_span(&input));
	buf_free(&input);
	return request_act(req, reply, &act, on_member, err);
}

/* POST /moderate/SLUG/members: trust, untrust, suspend, admit, moderator, remove; dismiss. */
bool
page_house_member_set(struct request *req, struct reply *reply, struct err *err)
{
	/* clang-format off */
	static const struct { const char *word, *act, *field, *value; } rows[] = {
		{ "trust",     "person.set",  "trusted", "1" },
		{ "untrust",   "person.set",  "trusted", "0" },
		{ "suspend",   "person.set",  "state",   "suspended" },
		{ "admit",     "person.set",  "state",   "active" },
		{ "moderator", "mandate.set", "role",    "moderator" },
		{ "remove",    "subscription.remove", NULL, NULL },
	};
	/* clang-format on */
	struct span word = form_raw(req, "decision");
	struct site_act act = { .fd = -1 };
	struct buf input = { 0 };
	int64_t person;

	if (span_is(word, "dismiss"))
		return end_mandate(req, reply, err);
	if (!span_int(span_of(form_line(req, "person")), 1, INT64_MAX, &person))
		return err_set(err, ERR_INVALID, TR("Nothing was decided."));

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!span_is(word, rows[i].word))
			continue;
		act.name = rows[i].act;
		fields_add_int(&input, "person", person);
		if (rows[i].field != NULL)
			fields_add_text(&input, rows[i].field, rows[i].value);
		if (strcmp(act.name, "person.set") != 0)
			fields_add(&input, "forum", req->at.slug);
		act.input = arena_span(req->arena, buf_span(&input));
		buf_free(&input);
		return request_act(req, reply, &act, on_member, err);
	}
	return err_set(err, ERR_INVALID, TR("Nothing was decided."));
}
