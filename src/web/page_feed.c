/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/page_feed.c: Atom feeds (RFC 4287), and the site as machines want it: sitemap.xml
 * (sitemaps.org 0.9), robots.txt. */
#include <inttypes.h>

#include "base/clock.h"
#include "text/escape.h"
#include "web/cache.h"
#include "web/pages.h"

enum {
	ENTRIES = 30,
	MAP_PART = 5000 /* ids of threads in one part of the map: 50 000 may stand there, but what
			 * is made at once keeps other readers waiting */
};

static void
add_element(struct buf *out, const char *name, const char *text)
{
	buf_printf(out, "<%s>", name);
	escape_text(out, span_of(text));
	buf_printf(out, "</%s>\n", name);
}

static void
add_time(struct buf *out, const char *name, int64_t seconds)
{
	char iso[24];

	clock_format_iso(seconds, iso);
	add_element(out, name, iso);
}

static void
add_link(struct buf *out, const char *rel, const char *type, const char *href)
{
	buf_printf(out, "<link rel=\"%s\" type=\"%s\" href=\"", rel, type);
	escape_attr(out, span_of(href));
	buf_add_text(out, "\"/>\n");
}

/* An id that lasts as long as the mails of the site do (RFC 4151). */
static const char *
tag_of(const struct request *req, const char *noun, int64_t id)
{
	return arena_printf(
	    req->arena, "tag:%s,2026:%s/%" PRId64, req->site->settings->mail_domain, noun, id);
}

static const char *
whole_url(const struct request *req, const char *path)
{
	return arena_printf(req->arena, "%s%s", req->site->settings->site_url, path);
}

/* ---- entries ---- */

static void
add_author(struct buf *out, const struct post_view *post)
{
	buf_add_text(out, "<author>");
	buf_add_text(out, "<name>");
	escape_text(out, span_of(post->author_shown));
	if (post->organisation_shown[0] != '\0') {
		buf_add_text(out, ", ");
		escape_text(out, span_of(post->organisation_shown));
	}
	buf_add_text(out, "</name></author>\n");
}

static void
add_entry(struct request *req, struct buf *out, const struct post_view *post)
{
	const char *url = whole_url(req, arena_printf(req->arena, "/p/%" PRId64, post->id));

	buf_add_text(out, "<entry>\n");
	add_element(out, "id", tag_of(req, "post", post->id));
	add_element(out, "title", post->subject[0] != '\0' ? post->subject : "–");
	add_author(out, post);
	add_time(out, "published", post->date);
	add_time(out, "updated", post->date);
	add_link(out, "alternate", "text/html", url);
	buf_add_text(out, "<content type=\"html\">");
	escape_text(out, post->html.octets);
	buf_add_text(out, "</content>\n</entry>\n");
}

struct feed {
	const char *id, *title, *page, *self; /* page, self: whole addresses */
	const struct post_view *posts;
	size_t count;
};

static int64_t
latest_of(const struct feed *feed, int64_t fallback)
{
	int64_t latest = 0;

	for (size_t i = 0; i < feed->count; i++)
		if (feed->posts[i].date > latest)
			latest = feed->posts[i].date;
	return latest != 0 ? latest : fallback;
}

static bool
reply_xml(struct request *req, struct reply *reply, const char *type)
{
	char *etag = arena_alloc(req->arena, ETAG_MAX);

	cache_etag(buf_span(&reply->body), etag);
	reply->etag = span_of(etag);
	reply->type = type;
	reply->status = 200;
	reply->head = request_is_signed(req) || reply->fields.len > 0 ? HEAD_PRIVATE : HEAD_PUBLIC;
	return true;
}

static bool
reply_feed(struct request *req, struct reply *reply, const struct feed *feed, int64_t made)
{
	struct buf *out = &reply->body;

	buf_clear(out);
	buf_add_text(out, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
			  "<feed xmlns=\"http://www.w3.org/2005/Atom\">\n");
	add_element(out, "id", feed->id);
	add_element(out, "title", feed->title);
	add_time(out, "updated", latest_of(feed, made));
	add_link(out, "self", "application/atom+xml", feed->self);
	add_link(out, "alternate", "text/html", feed->page);
	for (size_t i = 0; i < feed->count; i++)
		add_entry(req, out, &feed->posts[i]);
	buf_add_text(out, "</feed>\n");
	return reply_xml(req, reply, "application/atom+xml; charset=utf-8");
}

/* GET /f/SLUG/feed */
bool
page_feed_forum(struct request *req, struct reply *reply, struct err *err)
{
	struct forum_view forum;
	struct post_view *posts;
	struct feed feed;
	const char *page;

	if (!reading_forum(req->reading, req->at.slug, &forum, err) ||
	    !reading_forum_latest(req->reading, &forum, ENTRIES, &posts, &feed.count, err))
		return false;
	page = whole_url(req, arena_printf(req->arena, "/f/%s", forum.slug));
	feed.posts = posts;
	feed.id = tag_of(req, "forum", forum.id);
	feed.title =
	    arena_printf(req->arena, "%s – %s", forum.name, req->site->settings->site_name);
	feed.page = page;
	feed.self = arena_printf(req->arena, "%s/feed", page);
	return reply_feed(req, reply, &feed, forum.last);
}

/* GET /t/ID/feed */
bool
page_feed_thread(struct request *req, struct reply *reply, struct err *err)
{
	struct thread_view thread;
	struct post_view *posts;
	struct feed feed;

	if (!reading_thread(req->reading, req->at.id, &thread, err))
		return false;
	if (thread.merged != 0)
		return reply_redirect(req, reply, 301,
		    arena_printf(req->arena, "/t/%" PRId64 "/feed", thread.merged));
	if (!reading_thread_latest(req->reading, &thread, ENTRIES, &posts, &feed.count, err))
		return false;
	feed.posts = posts;
	feed.id = tag_of(req, "thread", thread.id);
	feed.title = arena_printf(req->arena, "%s – %s", thread.title, thread.forum_name);
	feed.page = whole_url(req, arena_printf(req->arena, "/t/%" PRId64, thread.id));
	feed.self = arena_printf(req->arena, "%s/feed", feed.page);
	return reply_feed(req, reply, &feed, thread.created);
}

/* ---- for those who gather pages ---- */

static void
add_url(struct request *req, struct buf *out, const char *path, int64_t changed)
{
	buf_add_text(out, "<url>");
	add_element(out, "loc", whole_url(req, path));
	if (changed != 0)
		add_time(out, "lastmod", changed);
	buf_add_text(out, "</url>\n");
}

static bool
add_thread_urls(struct request *req, struct buf *out, int64_t part, struct err *err)
{
	struct thread_view *threads;
	size_t count;

	if (!reading_threads_span(
		req->reading, (part - 1) * MAP_PART, part * MAP_PART, &threads, &count, err))
		return false;
	for (size_t i = 0; i < count; i++)
		add_url(req, out,
		    arena_printf(req->arena, "/t/%" PRId64 "%s%s", threads[i].id,
			threads[i].slug[0] != '\0' ? "-" : "", threads[i].slug),
		    threads[i].last);
	return true;
}

static bool
add_forum_urls(struct request *req, struct buf *out, struct err *err)
{
	struct forum_view *forums;
	size_t count;

	if (!reading_forums(req->reading, &forums, &count, err))
		return false;
	add_url(req, out, "/", 0);
	for (size_t i = 0; i < count; i++)
		add_url(
		    req, out, arena_printf(req->arena, "/f/%s", forums[i].slug), forums[i].last);
	return true;
}

static void
begin_map(struct reply *reply, const char *kind)
{
	buf_clear(&reply->body);
	buf_printf(&reply->body,
	    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
	    "<%s xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n",
	    kind);
}

/* The first part has the forums too. */
static bool
reply_map(struct request *req, struct reply *reply, int64_t part, struct err *err)
{
	begin_map(reply, "urlset");
	if ((part == 1 && !add_forum_urls(req, &reply->body, err)) ||
	    !add_thread_urls(req, &reply->body, part, err))
		return false;
	buf_add_text(&reply->body, "</urlset>\n");
	return reply_xml(req, reply, "application/xml; charset=utf-8");
}

static bool
count_parts(struct request *req, int64_t *parts, struct err *err)
{
	int64_t newest;

	if (!reading_thread_newest(req->reading, &newest, err))
		return false;
	*parts = newest <= MAP_PART ? 1 : (newest + MAP_PART - 1) / MAP_PART;
	return true;
}

/* GET /sitemap.xml: the map, or the list of its parts where it has several. */
bool
page_feed_sitemap(struct request *req, struct reply *reply, struct err *err)
{
	int64_t parts;

	if (!count_parts(req, &parts, err))
		return false;
	if (parts == 1)
		return reply_map(req, reply, 1, err);
	begin_map(reply, "sitemapindex");
	for (int64_t part = 1; part <= parts; part++) {
		buf_add_text(&reply->body, "<sitemap>");
		add_element(&reply->body, "loc",
		    whole_url(req, arena_printf(req->arena, "/sitemap/%" PRId64, part)));
		buf_add_text(&reply->body, "</sitemap>\n");
	}
	buf_add_text(&reply->body, "</sitemapindex>\n");
	return reply_xml(req, reply, "application/xml; charset=utf-8");
}

/* GET /sitemap/PART */
bool
page_feed_sitemap_part(struct request *req, struct reply *reply, struct err *err)
{
	int64_t parts;

	if (!count_parts(req, &parts, err))
		return false;
	if (req->at.id > parts)
		return err_set(err, ERR_NOT_FOUND, "there is no such part");
	return reply_map(req, reply, req->at.id, err);
}

/* GET /robots.txt: doors and forms are nobody's to gather. */
bool
page_feed_robots(struct request *req, struct reply *reply, struct err *err)
{
	(void)err;
	return reply_text(reply,
	    arena_printf(req->arena,
		"User-agent: *\n"
		"Disallow: /login\nDisallow: /register\nDisallow: /forgot\nDisallow: /search\n"
		"Disallow: /ok/\nDisallow: /u/\nDisallow: /account\nDisallow: /moderate\n"
		"Disallow: /admin/\nDisallow: /f/*/new\nDisallow: /f/*/mbox\n"
		"Disallow: /t/*/mbox\n"
		"Sitemap: %s/sitemap.xml\n",
		req->site->settings->site_url));
}
