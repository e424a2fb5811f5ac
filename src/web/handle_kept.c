/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/handle_kept.c: pages that were made before, for readers who are nobody in particular. */
#include "web/handle_inner.h"

#include "web/login.h"
#include "web/url.h"

/* The language, then the address with the parameters that matter, in their order: an
 * address with a question of somebody's own is the same page. */
static void
write_key(const struct request *req, struct buf *key)
{
	buf_clear(key);
	buf_add_text(key, lang_code(req->lang));
	buf_add_span(key, req->http->head.path);
	url_query(req, NULL, key);
}

static void
reply_kept(struct site *site, struct http_request *http, const struct cache_page *page)
{
	struct http_reply reply = {
		.status = 200,
		.type = page->type,
		.fields = site_head(site, HEAD_PUBLIC),
		.etag = span_of(page->etag),
		.blob = page->blob,
	};

	http_reply(http, &reply);
}

bool
handle_from_cache(struct site *site, struct http_request *http)
{
	const struct cache_page *page;
	struct buf *key = &site->scratch;

	if (http->head.method == HTTP_POST || http->head.query.len > 0 ||
	    !site_is_host(site, http->head.host) || login_has_session(site, &http->head))
		return false;
	site_check_version(site);
	buf_clear(key);
	buf_add_text(key, lang_code(site_lang_asked(site, &http->head)));
	buf_add_span(key, http->head.path);
	page = cache_find(site->cache, buf_span(key));
	if (page == NULL)
		return false;
	reply_kept(site, http, page);
	return true;
}

bool
handle_may_keep(const struct request *req)
{
	return req->route != NULL && (req->route->flags & ROUTE_CACHE) != 0 &&
	       req->session.len == 0;
}

bool
handle_from_cache_late(struct request *req)
{
	const struct cache_page *page;

	if (!handle_may_keep(req) || req->http->head.query.len == 0)
		return false;
	site_check_version(req->site);
	write_key(req, &req->site->scratch);
	page = cache_find(req->site->cache, buf_span(&req->site->scratch));
	if (page == NULL)
		return false;
	reply_kept(req->site, req->http, page);
	return true;
}

bool
handle_is_kept(const struct request *req, const struct reply *reply)
{
	return handle_may_keep(req) && reply->status == 200 && reply->head == HEAD_PUBLIC &&
	       reply->fields.len == 0 && reply->body.len > 0;
}

void
handle_keep(const struct request *req, const struct reply *reply, struct http_blob *blob,
    const char *etag)
{
	write_key(req, &req->site->scratch);
	cache_add(req->site->cache, buf_span(&req->site->scratch), blob, etag, reply->type);
}
