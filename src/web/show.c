/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "web/show.h"

#include <inttypes.h>
#include <string.h>

#include "rules/words.h"
#include "web/url.h"

enum { LINKS_MAX = 50 };

static const char *
count_of(const struct request *req, const char *one, const char *many, int64_t n)
{
	return trn_count(req->arena, req->lang, one, many, n);
}

void
show_date(const struct request *req, struct view *view, const char *name, int64_t seconds)
{
	if (seconds == 0)
		return;
	i18n_date_view(view, name, req->arena, req->lang, seconds, req->site->settings->site_zone);
}

/* ---- forums ---- */

static void
show_address(const struct request *req, struct view *view, const char *slug)
{
	const char *domain = req->site->settings->mail_domain;
	const char *address = arena_printf(req->arena, "%s@%s", slug, domain);

	view_text(view, "address", address);
	(void)view_url(view, "address_url", arena_printf(req->arena, "mailto:%s", address));
}

/* The words of the book as flags; a word that no flag has sets none. */
static void
show_word(struct view *view, const char *name, const char *word, const char *const *flags)
{
	struct view *sub = view_sub(view, name);

	for (; *flags != NULL; flags++)
		view_flag(sub, *flags, strcmp(*flags, word) == 0);
}

static void
show_axes(struct view *view, const struct forum_view *forum)
{
	static const char *const writes[] = { "everyone", "registered", "roll", "mandated",
		"nobody", NULL };
	static const char *const appears[] = { "at_once", "first_read", "always_read",
		"read_unless_roll", NULL };

	show_word(view, "who_writes", forum->who_writes, writes);
	show_word(view, "appears", forum->appears, appears);
}

void
show_forum(const struct request *req, struct view *view, const struct forum_view *forum)
{
	const char *queue = arena_printf(req->arena, "/moderate/%s", forum->slug);

	view_text(view, "name", forum->name);
	view_text(view, "description", forum->description);
	view_text(view, "theme", forum->theme);
	(void)view_url(view, "url", url_forum(req, forum->slug));
	(void)view_url(view, "new_url", url_forum_page(req, forum->slug, "new"));
	view_text(view, "slug", forum->slug);
	(void)view_url(view, "feed_url", url_forum_page(req, forum->slug, "feed"));
	(void)view_url(view, "archive_url", url_forum_page(req, forum->slug, "mbox"));
	(void)view_url(view, "queue_url", forum->may_moderate ? url_own(req, queue) : "");
	(void)view_url(view, "journal_url",
	    forum->may_moderate ? url_own(req, arena_printf(req->arena, "%s/journal", queue)) : "");
	(void)view_url(view, "members_url",
	    forum->may_moderate ? url_own(req, arena_printf(req->arena, "%s/members", queue)) : "");
	(void)view_url(view, "settings_url",
	    req->viewer->administrator
		? url_own(req, arena_printf(req->arena, "/admin/forums/%s", forum->slug))
		: "");
	show_address(req, view, forum->slug);
	show_axes(view, forum);
	view_flag(view, "can_write", forum->may_write && request_is_signed(req));
	view_text(view, "threads",
	    count_of(req, TR("%d discussion"), TR("%d discussions"), forum->threads));
	view_text(view, "posts", count_of(req, TR("%d message"), TR("%d messages"), forum->posts));
	if (forum->last != 0)
		show_date(req, view, "last", forum->last);
	else
		view_flag(view, "last", false);
}

/* ---- threads ---- */

void
show_thread(const struct request *req, struct view *view, const struct thread_view *thread)
{
	struct view *forum = view_sub(view, "forum");

	view_text(forum, "name", thread->forum_name);
	(void)view_url(forum, "url", url_forum(req, thread->forum_slug));
	view_text(view, "title", thread->title);
	(void)view_url(view, "url", url_thread(req, thread->id, thread->slug));
	(void)view_url(view, "feed_url", url_thread_page(req, thread->id, "feed"));
	(void)view_url(view, "archive_url", url_thread_page(req, thread->id, "mbox"));
	view_text(view, "author", thread->starter);
	(void)view_url(view, "decide_action",
	    thread->may_moderate
		? url_own(req, arena_printf(req->arena, "/t/%" PRId64 "/decide", thread->id))
		: "");
	view_text(view, "organisation", "");
	view_text(view, "last_author", thread->last_author);
	view_text(view, "posts", count_of(req, TR("%d message"), TR("%d messages"), thread->posts));
	show_date(req, view, "created", thread->created);
	show_date(req, view, "last", thread->last);
	view_flag(view, "pinned", thread->pinned);
	view_flag(view, "closed", thread->closed);
	view_text(view, "excerpt", "");
}

/* ---- posts ---- */

static bool
is_image(const char *type)
{
	static const char *const types[] = { "image/png", "image/jpeg", "image/gif", "image/webp",
		NULL };

	for (const char *const *known = types; *known != NULL; known++)
		if (strcmp(*known, type) == 0)
			return true;
	return false;
}

static void
show_attachments(const struct request *req, struct view *view, const struct post_view *post)
{
	struct view_list *list = view_list(view, "attachments");
	size_t count = post->attachment_count;

	for (size_t i = 0; i < count; i++) {
		const struct attachment_view *from = &post->attachments[i];
		struct view *item = view_list_add(list);
		view_text(item, "name", from->name);
		view_text(item, "type", from->type);
		view_text(item, "size", i18n_size(req->arena, req->lang, from->size));
		(void)view_url(item, "url", url_attachment(req, from->public_id, from->name));
		view_flag(item, "image", is_image(from->type));
	}
	view_text(view, "attached",
	    count == 0 ? ""
		       : count_of(req, TR("%d attachment"), TR("%d attachments"), (int64_t)count));
}

static void
show_parent(
    const struct request *req, struct view *view, const struct post_view *post, int64_t before)
{
	struct view *parent;

	if (post->parent == 0 || post->parent == before || post->parent_author[0] == '\0') {
		view_flag(view, "parent", false); /* not that of whatever surrounds */
		return;
	}
	parent = view_sub(view, "parent");
	view_text(parent, "author", post->parent_author);
	(void)view_url(parent, "url", url_post(req, post->parent));
}

static void
show_author(const struct request *req, struct view *view, const struct post_view *post)
{
	view_text(view, "author", post->author_shown);
	view_text(view, "organisation", post->organisation_shown);
	view_text(view, "capacity", words_capacity(req->lang, post->capacity));
	view_flag(view, "official", strcmp(post->capacity, "townhall") == 0);
}

/* What this viewer may do with a post that everybody has read. */
static void
show_decisions(const struct request *req, struct view *view, const struct post_view *post,
    const struct thread_view *thread)
{
	bool moderates = thread != NULL && thread->may_moderate;
	bool published = strcmp(post->state, "published") == 0;
	bool own = request_is_signed(req) && post->author == req->viewer->person;

	view_flag(view, "can_hide", moderates && published);
	view_flag(view, "can_restore", moderates && strcmp(post->state, "hidden") == 0);
	view_flag(view, "can_withdraw", own && published && thread != NULL);
	(void)view_url(view, "decide_action",
	    url_own(req, arena_printf(req->arena, "/p/%" PRId64 "/decide", post->id)));
}

void
show_post(const struct request *req, struct view *view, const struct post_view *post,
    const struct thread_view *thread, int64_t before)
{
	bool can_reply = request_is_signed(req) && thread != NULL && !thread->closed &&
			 strcmp(post->state, "published") == 0;

	view_int(view, "id", post->id);
	(void)view_url(view, "url", url_post(req, post->id));
	(void)view_url(view, "reply_url", can_reply ? url_reply(req, post->id) : "");
	show_author(req, view, post);
	show_date(req, view, "date", post->date);
	view_text(view, "subject", post->subject_changed ? post->subject : "");
	view_html(view, "body", post->html);
	view_span(view, "text", post->text);
	show_parent(req, view, post, before);
	show_attachments(req, view, post);
	view_flag(view, "by_mail", false);
	view_flag(view, "hidden", strcmp(post->state, "hidden") == 0);
	view_flag(view, "withdrawn", strcmp(post->state, "withdrawn") == 0);
	view_text(view, "why", post->why);
	show_decisions(req, view, post, thread);
}

/* ---- what waits ---- */

/* The addresses behind the links of a post, as moderators must see them before they say
 * yes. Our own serialiser wrote the HTML: href="..." is always in this form. */
static void
show_links(const struct request *req, struct view *view, struct span html)
{
	static const char mark[] = "<a href=\"";
	struct view_list *list = view_list(view, "links");
	int64_t count = 0;

	for (size_t at = span_find_text(html, mark); at < html.len && count < LINKS_MAX;
	     at = span_find_text(html, mark)) {
		struct span rest = span_from(html, at + strlen(mark));
		struct span url = span_first(rest, span_find(rest, '"'));
		struct view *item = view_list_add(list);
		struct buf text = { 0 };
		for (size_t i = 0; i < url.len; i++) {
			buf_add_char(&text, url.data[i]);
			if (span_starts(span_from(url, i), "&amp;"))
				i += strlen("&amp;") - 1;
		}
		view_text(item, "text", arena_strdup(req->arena, buf_text(&text)));
		(void)view_url(item, "url", "");
		buf_free(&text);
		count++;
		html = span_from(rest, url.len);
	}
	view_text(
	    view, "linked", count == 0 ? "" : count_of(req, TR("%d link"), TR("%d links"), count));
}

static const char *
standing_text(const struct request *req, const struct held_view *held)
{
	const char *published, *refused;

	if (held->author_published == 0 && held->author_refused == 0)
		return tr(req->lang, TR("A first message"));
	published = count_of(
	    req, TR("%d message published"), TR("%d messages published"), held->author_published);
	if (held->author_refused == 0)
		return published;
	refused = count_of(req, TR("%d refused"), TR("%d refused"), held->author_refused);
	return arena_printf(req->arena, "%s, %s", published, refused);
}

static const char *
proof_text(const struct request *req, const char *word)
{
	/* clang-format off */
	static const struct { const char *word, *text; } rows[] = {
		{ "session", TR("The author was signed in.") },
		{ "token",   TR("The author answered to an address made for this person alone.") },
		{ "results", TR("The mail service of the author vouches for it.") },
		{ "local",   TR("It came from a machine of this house.") },
		{ "author",  TR("The author confirmed to have written it.") },
		{ "none",    TR("Nothing proves who wrote it.") },
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].word, word) == 0)
			return tr(req->lang, rows[i].text);
	return "";
}

static void
show_held_thread(const struct request *req, struct view *view, const struct held_view *held)
{
	struct view *thread;

	if (held->thread_title[0] == '\0') {
		view_flag(view, "thread", false);
		return;
	}
	thread = view_sub(view, "thread");
	view_text(thread, "title", held->thread_title);
	view_flag(thread, "closed", held->thread_closed);
	(void)view_url(thread, "url", url_post(req, held->post.parent));
}

void
show_held(const struct request *req, struct view *view, const struct held_view *held)
{
	const char *action =
	    arena_printf(req->arena, "/moderate/%lld%s", (long long)held->post.id, req->lang_query);
	struct view *post = view_sub(view, "post");

	view_int(view, "id", held->post.id);
	show_post(req, post, &held->post, NULL, 0);
	view_text(post, "subject",
	    held->post.subject[0] != '\0' ? held->post.subject : tr(req->lang, TR("(no subject)")));
	show_forum(req, view_sub(view, "forum"), &held->forum);
	show_held_thread(req, view, held);
	view_text(view, "reason", tr(req->lang, words_hold_reason(held->hold)));
	view_text(view, "standing", standing_text(req, held));
	view_text(view, "proof", proof_text(req, held->verdict));
	view_text(view, "address", held->from_address);
	show_links(req, view, held->post.html.octets);
	(void)view_url(view, "action", action);
	view_flag(view, "can_trust", strcmp(held->forum.appears, "first_read") == 0);
}

void
show_pager(struct view *page, const char *previous, const char *next)
{
	struct view *pager;

	if (*previous == '\0' && *next == '\0')
		return;
	pager = view_sub(page, "pager");
	(void)view_url(pager, "previous_url", previous);
	(void)view_url(pager, "next_url", next);
}

/* ---- forms ---- */

struct view *
show_form(const struct request *req, struct view *view, const struct show_form *form)
{
	int64_t most = req->site->settings->mail_size;
	struct view *sub = view_sub(view, "form");

	(void)view_url(sub, "action", form->action);
	view_text(sub, "key", form->key);
	if (form->parent != 0)
		view_int(sub, "parent", form->parent);
	else
		view_text(sub, "parent", "");
	view_text(sub, "subject", form->subject);
	view_span(sub, "text", form->text);
	view_text(sub, "error", form->error);
	view_flag(sub, "preview", false);
	view_flag(sub, "can_attach", true);
	view_flag(sub, "can_speak", false);
	/* rounded down: what is promised is taken */
	view_text(sub, "size_max",
	    i18n_size(req->arena, req->lang, most - most % (most > 1000000 ? 1000000 : 1000)));
	view_flag(sub, "waits", form->waits);
	return sub;
}
