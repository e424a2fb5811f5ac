/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "web/handle.h"

#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "web/login.h"
#include "web/pages.h"
#include "web/url.h"

enum { UPLOAD_MAX = 12 * 1024 * 1024, FORM_MAX = 64 * 1024 };

static const struct viewer nobody = { .name = "", .locale = "" };

/* ---- pages kept ---- */

static enum lang
lang_asked(const struct site *site, const struct http_head *head)
{
	enum lang fallback = lang_find(span_of(site->settings->site_locale), LANG_FR);

	return lang_accept(http_head_get(head, "accept-language"), fallback);
}

static bool
is_our_host(const struct site *site, const struct http_head *head)
{
	return span_is_nocase(head->host, site->host);
}

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

/* The short way, for what most readers ask: nothing but the key is built. */
static bool
reply_from_cache(struct site *site, struct http_request *http)
{
	const struct cache_page *page;
	struct buf *key = &site->scratch;

	if (http->head.method == HTTP_POST || http->head.query.len > 0 ||
	    !is_our_host(site, &http->head) || login_has_session(site, &http->head))
		return false;
	site_check_version(site);
	buf_clear(key);
	buf_add_text(key, lang_code(lang_asked(site, &http->head)));
	buf_add_span(key, http->head.path);
	page = cache_find(site->cache, buf_span(key));
	if (page == NULL)
		return false;
	reply_kept(site, http, page);
	return true;
}

static bool
may_keep(const struct request *req)
{
	return req->route != NULL && (req->route->flags & ROUTE_CACHE) != 0 &&
	       req->session.len == 0;
}

/* ---- answering ---- */

static void
log_request(const struct request *req, int status)
{
	const struct http_head *head = &req->http->head;
	const char *pattern = req->route != NULL ? req->route->pattern : "-";

	if (status >= 500)
		log_warn("web request=%s route=%s status=%d", req->trace, pattern, status);
	else if (head->method == HTTP_POST)
		log_info("web request=%s route=%s status=%d", req->trace, pattern, status);
	else
		log_debug("web request=%s route=%s status=%d", req->trace, pattern, status);
}

static bool
is_kept_page(const struct request *req, const struct reply *reply)
{
	return may_keep(req) && reply->status == 200 && reply->head == HEAD_PUBLIC &&
	       reply->fields.len == 0 && reply->body.len > 0;
}

static void
on_more(struct http_request *http, void *arg);

/* The request may be gone afterwards. */
static void
start_saying(struct request *req, struct reply *reply)
{
	struct http_reply out = {
		.status = reply->status,
		.type = reply->type,
		.fields = site_head(req->site, reply->head),
		.fields_too = buf_span(&reply->fields),
		.body = buf_span(&reply->body),
	};

	struct site *site = req->site;

	req->saying = true;
	req->more = reply->more;
	log_request(req, reply->status);
	if (http_reply_start(req->http, &out, on_more, req))
		site->saying++;
	buf_free(&reply->fields);
	buf_free(&reply->body);
}

/* The next piece, and the end where that was all. A trouble cuts the connection. */
static void
go_on_saying(struct request *req, struct reply *reply, bool ok, const struct err *err)
{
	bool there = true, last = !ok || reply->more == NULL;
	struct http_request *http = req->http;
	struct site *site = req->site;

	req->more = reply->more;
	if (!ok)
		log_warn(
		    "web request=%s event=cut text=%s", req->trace, log_text(span_of(err->text)));
	if (ok && reply->body.len > 0)
		there = http_reply_piece(http, buf_span(&reply->body));
	if (there && last)
		http_reply_end(http, ok);
	if (!there || last)
		site->saying--;
	buf_free(&reply->fields);
	buf_free(&reply->body);
}

/* Whoever is told to come back is told when: by error pages, and by forms shown again. */
static void
add_retry(struct request *req, struct reply *reply)
{
	if (reply->status == 429 || reply->status == 503)
		http_field_add(&reply->fields, "Retry-After",
		    span_of(arena_printf(req->arena, "%d", REPLY_RETRY_SECONDS)));
}

static void
send_reply(struct request *req, struct reply *reply)
{
	struct http_blob *blob = NULL;
	char etag[ETAG_MAX];
	struct http_reply out = {
		.status = reply->status,
		.type = reply->type,
		.fields = site_head(req->site, reply->head),
		.fields_too = buf_span(&reply->fields),
		.etag = reply->etag,
	};
	bool keep = is_kept_page(req, reply);

	if (reply->more != NULL) {
		start_saying(req, reply);
		return;
	}
	log_request(req, reply->status);
	if (keep) {
		cache_etag(buf_span(&reply->body), etag);
		out.etag = span_of(etag);
	}
	out.blob = blob = http_blob_take(&reply->body);
	if (keep) {
		write_key(req, &req->site->scratch);
		cache_add(req->site->cache, buf_span(&req->site->scratch), blob, etag, reply->type);
	}
	http_reply(req->http, &out); /* the request is gone from here on */
	http_blob_drop(&blob);
	buf_free(&reply->fields);
	buf_free(&reply->body);
}

static void
close_reading(struct request *req)
{
	if (req->reading != NULL)
		reading_end(&req->reading);
	req->viewer = &nobody;
}

static void
begin_reply(struct request *req, struct reply *reply)
{
	memset(reply, 0, sizeof(*reply));
	reply->head = req->route != NULL && (req->route->flags & ROUTE_TOKEN) != 0 ? HEAD_TOKEN
										   : HEAD_PRIVATE;
	reply->view = view_new(req->arena);
}

/* ---- reading ---- */

static void
choose_lang(struct request *req)
{
	struct span asked = request_query(req, "lang");
	const char *code = req->viewer->locale;

	req->lang_query = "";
	req->lang = lang_asked(req->site, &req->http->head);
	if (code[0] != '\0')
		req->lang = lang_find(span_of(code), req->lang);
	for (int lang = 0; lang < LANG_COUNT; lang++) {
		if (!span_is(asked, lang_code((enum lang)lang)))
			continue;
		req->lang = (enum lang)lang;
		req->lang_query = arena_printf(req->arena, "?lang=%s", lang_code(req->lang));
	}
}

/* A visit is noted at most hourly: the one thing that reading changes. The cookie then
 * lives on as the session does. */
static void
note_visit(struct request *req, struct reply *reply)
{
	struct site_act act = { .name = "session.seen", .trace = req->trace, .fd = -1 };
	struct buf input = { 0 };

	if (!req->viewer->seen_stale)
		return;
	fields_add(&input, "session", req->session);
	act.session = req->session;
	act.input = buf_span(&input);
	if (req->site->send(req->site->door, &act, NULL, NULL))
		login_set_session(req, reply, req->session);
	buf_free(&input);
}

static bool
open_reading(struct request *req, struct err *err)
{
	if (!reading_begin(req->site->book, req->arena, req->session, &req->reading, err)) {
		req->reading = NULL;
		return false;
	}
	req->viewer = reading_viewer(req->reading);
	choose_lang(req);
	return true;
}

/* Something of this page proved damaged: the clerk counts it. */
static void
tell_damage(struct request *req)
{
	struct site *site = req->site;
	int64_t now = reading_book_damage(site->book);
	struct site_act act = { .name = "house.damage", .trace = req->trace, .fd = -1 };
	struct buf input = { 0 };

	if (now == site->damage)
		return;
	req->damaged = true;
	fields_add_int(&input, "times", now - site->damage);
	act.input = buf_span(&input);
	if (site->send(site->door, &act, NULL, NULL))
		site->damage = now;
	buf_free(&input);
}

/* What the page that failed has set is forgotten, except what belongs to its status. Who is
 * signed in is told so on this page too, where the book can be read. */
static void
end_reply(struct request *req, struct reply *reply, bool ok, const struct err *err)
{
	struct err unread;

	if (!ok) {
		tell_damage(req);
		if (req->reading == NULL && req->session.len > 0)
			(void)open_reading(req, &unread);
		reply->view = view_new(req->arena);
		if (reply->head != HEAD_TOKEN)
			reply->head = HEAD_PRIVATE;
		reply->etag = (struct span){ NULL, 0 };
		page_error_show(req, reply, err);
	}
	close_reading(req);
	add_retry(req, reply);
	send_reply(req, reply);
}

/* ---- acts ---- */

static bool
has_reading(const struct request *req)
{
	return !req->saying && (req->route->flags & ROUTE_BARE) == 0;
}

void
request_answered(struct request *req, const struct site_answer *answer)
{
	struct reply reply;
	struct err err = { 0 };
	bool ok;

	begin_reply(req, &reply);
	ok = (!has_reading(req) || open_reading(req, &err)) &&
	     req->answer(req, answer, &reply, &err);
	if (ok && reply.later)
		close_reading(req);
	else if (req->saying)
		go_on_saying(req, &reply, ok, &err);
	else
		end_reply(req, &reply, ok, &err);
}

static void
on_answer(const struct site_answer *answer, void *arg)
{
	request_answered(arg, answer);
}

/* What was said has left, or whoever asked has: the next piece tells which. */
static void
on_more(struct http_request *http, void *arg)
{
	struct request *req = arg;
	struct reply reply;
	struct err err = { 0 };
	bool ok;

	(void)http;
	begin_reply(req, &reply);
	ok = req->more(req, &reply, &err);
	if (!ok || !reply.later)
		go_on_saying(req, &reply, ok, &err);
}

void
request_wait(struct request *req, struct reply *reply, answer_fn *fn)
{
	req->answer = fn;
	reply->later = true;
}

bool
request_act(struct request *req, struct reply *reply, const struct site_act *act, answer_fn *fn,
    struct err *err)
{
	struct site_answer refusal = { .ok = false };
	struct site_act sent = *act;

	sent.session = req->session;
	sent.trace = req->trace;
	if (req->site->send(req->site->door, &sent, on_answer, req)) {
		request_wait(req, reply, fn);
		return true;
	}
	err_set(&refusal.err, ERR_TEMPORARY, "too many acts are open");
	return fn(req, &refusal, reply, err);
}

/* ---- from head to page ---- */

static bool
read_target(struct request *req, struct reply *reply, struct http_path *path, struct err *err)
{
	const struct http_head *head = &req->http->head;

	if (!http_path_split(req->arena, head->path, path))
		return err_set(err, ERR_INVALID, TR("This address is not written as it must be. "
						    "Check it, or go back to the forums."));
	if (!http_form_read(req->arena, head->query, &req->query, err)) {
		memset(&req->query, 0, sizeof(req->query));
		return reply_refuse(
		    reply, 400, err, ERR_INVALID, TR("This address is not written as it must be. "
						     "Check it, or go back to the forums."));
	}
	choose_lang(req);
	return true;
}

static const struct route *
find_row(struct request *req, enum http_method method, const struct http_path *path, bool *other)
{
	const struct route *row = route_find(routes, method, path, &req->at, other);
	bool hidden = row != NULL && (row->flags & ROUTE_LOCAL) != 0 && !request_is_local(req);

	return hidden ? NULL : row;
}

/* "/f/voirie/" was meant for "/f/voirie". Only where that exists: the rest of the path is
 * then known to be harmless. */
static bool
redirect_slash(struct request *req, struct reply *reply, struct http_path *path)
{
	struct span whole = req->http->head.path;
	bool other;

	if (path->count < 2 || path->parts[path->count - 1].len > 0)
		return false;
	path->count--;
	if (find_row(req, HTTP_GET, path, &other) == NULL)
		return false;
	whole.len--;
	return reply_redirect(req, reply, 301, arena_strndup(req->arena, whole.data, whole.len));
}

static bool
refuse_method(struct request *req, struct reply *reply, struct err *err)
{
	bool posted = req->http->head.method == HTTP_POST;

	http_field_add(&reply->fields, "Allow", posted ? SPAN("GET, HEAD") : SPAN("POST"));
	return reply_refuse(
	    reply, 405, err, ERR_INVALID, TR("This address cannot be used in that way."));
}

/* A machine that asks how we are may not know our name. */
static bool
is_for_machines(const struct request *req)
{
	struct span path = req->http->head.path;

	return span_is(path, "/healthz") || (span_is(path, "/metrics") && request_is_local(req));
}

static bool
check_host(struct request *req, struct reply *reply, struct err *err)
{
	if (is_our_host(req->site, &req->http->head) || is_for_machines(req))
		return true;
	return reply_refuse(reply, 421, err, ERR_INVALID, TR("This site has another name. Check "
							     "the address you opened; if you "
							     "administer this site, see site.url "
							     "in its settings."));
}

/* Whoever must sign in first is led there; a form with nobody behind it is not: its page
 * says so and keeps the text. */
static bool
check_signed(struct request *req, struct reply *reply, bool *done, struct err *err)
{
	if (request_is_signed(req) || (req->route->flags & ROUTE_SIGNED) == 0)
		return true;
	if (req->http->head.method == HTTP_POST)
		return err_set(err, ERR_DENIED, TR("Please sign in first."));
	*done = true;
	return reply_redirect(req, reply, 303, url_login(req));
}

static bool
check_form(struct request *req, struct err *err)
{
	if (req->http->head.method != HTTP_POST)
		return true;
	if (!form_read(req, err)) {
		log_debug("web request=%s form=\"%s\"", req->trace, err->text);
		return err_set(err, err->kind, TR("This form was not understood. Please go back to "
						  "the page before, reload it and try again."));
	}
	if ((req->route->flags & ROUTE_OPEN) != 0)
		return true;
	if (!form_check_origin(req, err))
		return false;
	return (req->route->flags & ROUTE_KEEPS) != 0 || form_check_token(req, err);
}

/* The cookie of a session that is over only keeps its holder from the quick way. */
static void
forget_dead_session(struct request *req, struct reply *reply)
{
	if (req->session.len == 0 || request_is_signed(req))
		return;
	login_drop_session(req, reply);
	req->session = (struct span){ NULL, 0 };
}

static bool
find_route(
    struct request *req, struct reply *reply, struct http_path *path, bool *done, struct err *err)
{
	bool other;

	req->route = find_row(req, req->http->head.method, path, &other);
	if (req->route != NULL) {
		if ((req->route->flags & ROUTE_TOKEN) != 0)
			reply->head = HEAD_TOKEN;
		return true;
	}
	if (other)
		return refuse_method(req, reply, err);
	*done = redirect_slash(req, reply, path);
	return *done || err_set(err, ERR_NOT_FOUND, "no such address");
}

/* What can be said without the book. */
static bool
read_request(struct request *req, struct reply *reply, bool *done, struct err *err)
{
	struct http_path path;

	login_read(req);
	return check_host(req, reply, err) && read_target(req, reply, &path, err) &&
	       find_route(req, reply, &path, done, err);
}

static bool
make_page(struct request *req, struct reply *reply, struct err *err)
{
	bool done = false;

	if ((req->route->flags & ROUTE_BARE) != 0)
		return req->route->page(req, reply, err);
	if (!open_reading(req, err))
		return false;
	note_visit(req, reply);
	forget_dead_session(req, reply);
	if (!check_signed(req, reply, &done, err) || done)
		return done;
	if (!check_form(req, err))
		return false;
	if (may_keep(req) && reply->fields.len == 0) /* what sets a cookie is one reader's own */
		reply->head = HEAD_PUBLIC;
	return req->route->page(req, reply, err);
}

static struct request *
request_new(struct site *site, struct http_request *http)
{
	struct request *req = arena_alloc(http->arena, sizeof(*req));

	req->site = site;
	req->http = http;
	req->arena = http->arena;
	req->viewer = &nobody;
	req->lang_query = "";
	req->lang = lang_asked(site, &http->head);
	req->trace = arena_printf(req->arena, "%s-%" PRIx64, site->name, http->id);
	http->user = req;
	return req;
}

/* A kept page whose address has a question: the key needs the question read. */
static bool
reply_from_cache_late(struct request *req)
{
	const struct cache_page *page;

	if (!may_keep(req) || req->http->head.query.len == 0)
		return false;
	site_check_version(req->site);
	write_key(req, &req->site->scratch);
	page = cache_find(req->site->cache, buf_span(&req->site->scratch));
	if (page == NULL)
		return false;
	reply_kept(req->site, req->http, page);
	return true;
}

void
handle_request(struct http_request *http, void *arg)
{
	struct site *site = arg;
	struct request *req;
	struct reply reply;
	struct err err = { 0 };
	bool ok, done = false;

	if (reply_from_cache(site, http))
		return;
	req = request_new(site, http);
	begin_reply(req, &reply);
	ok = read_request(req, &reply, &done, &err);
	if (ok && !done) {
		if (reply_from_cache_late(req))
			return;
		ok = make_page(req, &reply, &err);
	}
	if (ok && reply.later)
		close_reading(req);
	else
		end_reply(req, &reply, ok, &err);
}

size_t
handle_body_max(const struct http_request *http, void *arg)
{
	const struct site *site = arg;
	struct http_path path;
	struct route_values at;
	const struct route *route;
	bool other;

	if (!http_path_split(http->arena, http->head.path, &path))
		return FORM_MAX;
	route = route_find(routes, http->head.method, &path, &at, &other);
	if (route == NULL || (route->flags & ROUTE_UPLOAD) == 0 ||
	    !login_has_session(site, &http->head))
		return FORM_MAX;
	return UPLOAD_MAX;
}
