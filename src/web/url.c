/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "web/url.h"

#include <inttypes.h>
#include <string.h>

/* What a page may depend on beside its path. */
static const char *const parameters[] = { "after", "author", "before", "done", "forum", "lang",
	"next", "order", "place", "q", "since", "until" };

enum { PARAMETERS = sizeof(parameters) / sizeof(parameters[0]) };

const char *
url_own(const struct request *req, const char *path)
{
	if (req->lang_query[0] == '\0')
		return path;
	return arena_printf(req->arena, "%s%s", path, req->lang_query);
}

const char *
url_home(const struct request *req)
{
	return url_own(req, "/");
}

const char *
url_forum(const struct request *req, const char *slug)
{
	return arena_printf(req->arena, "/f/%s%s", slug, req->lang_query);
}

const char *
url_forum_page(const struct request *req, const char *slug, const char *page)
{
	return arena_printf(req->arena, "/f/%s/%s%s", slug, page, req->lang_query);
}

/* "feed", "mbox": by number alone, for programs that come back for years. */
const char *
url_thread_page(const struct request *req, int64_t thread, const char *page)
{
	return arena_printf(req->arena, "/t/%" PRId64 "/%s", thread, page);
}

const char *
url_thread(const struct request *req, int64_t thread, const char *slug)
{
	const char *dash = slug[0] != '\0' ? "-" : "";

	return arena_printf(
	    req->arena, "/t/%" PRId64 "%s%s%s", thread, dash, slug, req->lang_query);
}

const char *
url_thread_from(
    const struct request *req, int64_t thread, const char *slug, int64_t date, int64_t post)
{
	return url_with(req, url_thread(req, thread, slug), "after",
	    arena_printf(req->arena, "%" PRId64 ".%" PRId64, date, post - 1));
}

const char *
url_with(const struct request *req, const char *url, const char *name, const char *value)
{
	return arena_printf(
	    req->arena, "%s%c%s=%s", url, strchr(url, '?') != NULL ? '&' : '?', name, value);
}

const char *
url_post(const struct request *req, int64_t post)
{
	return arena_printf(req->arena, "/p/%" PRId64 "%s", post, req->lang_query);
}

const char *
url_reply(const struct request *req, int64_t post)
{
	return arena_printf(req->arena, "/p/%" PRId64 "/reply%s", post, req->lang_query);
}

const char *
url_attachment(const struct request *req, const char *public_id, const char *name)
{
	struct buf out = { 0 };
	const char *url;

	buf_printf(&out, "/a/%s/", public_id);
	http_percent_encode(&out, name[0] != '\0' ? span_of(name) : span_of("file"));
	url = arena_strdup(req->arena, buf_text(&out));
	buf_free(&out);
	return url;
}

void
url_query(const struct request *req, const char *lang, struct buf *out)
{
	char separator = '?';

	for (int i = 0; i < PARAMETERS; i++) {
		struct span value = request_query(req, parameters[i]);

		if (lang != NULL && span_is(span_of("lang"), parameters[i]))
			value = span_of(lang);
		if (value.len == 0)
			continue;
		buf_add_char(out, separator);
		buf_add_text(out, parameters[i]);
		buf_add_char(out, '=');
		http_percent_encode(out, value);
		separator = '&';
	}
}

const char *
url_self(const struct request *req, const char *lang)
{
	struct buf out = { 0 };
	const char *url;

	buf_add_span(&out, req->http->head.path);
	url_query(req, lang, &out);
	url = arena_strdup(req->arena, buf_text(&out));
	buf_free(&out);
	return url;
}

static bool
is_door(struct span path)
{
	return span_is(path, "/login") || span_is(path, "/register") || span_is(path, "/forgot");
}

/* Where to come back to after signing in: this page, or where the door that is this page leads
 * to; not a form that was sent, nor an address that is a secret. */
static struct span
page_at_hand(const struct request *req)
{
	struct span path = req->http->head.path, none = { NULL, 0 };

	if (req->route == NULL || req->route->method != HTTP_GET ||
	    (req->route->flags & ROUTE_TOKEN) != 0)
		return none;
	if (is_door(path))
		path = request_query(req, "next");
	return path.len > 1 && path.len < 200 && form_is_own_path(path) ? path : none;
}

static const char *
door(const struct request *req, const char *path)
{
	struct span next = page_at_hand(req);
	struct buf out = { 0 };
	const char *url;

	buf_add_text(&out, path);
	buf_add_text(&out, req->lang_query);
	if (next.len > 0) {
		buf_add_text(&out, req->lang_query[0] != '\0' ? "&next=" : "?next=");
		http_percent_encode(&out, next);
	}
	url = arena_strdup(req->arena, buf_text(&out));
	buf_free(&out);
	return url;
}

const char *
url_login(const struct request *req)
{
	return door(req, "/login");
}

const char *
url_register(const struct request *req)
{
	return door(req, "/register");
}
