/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "web/handle_inner.h"

#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "web/login.h"
#include "web/pages.h"
#include "web/url.h"

enum { UPLOAD_MAX = 12 * 1024 * 1024, FORM_MAX = 64 * 1024 };

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
	handle_choose_lang(req);
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
	if (site_is_host(req->site, req->http->head.host) || is_for_machines(req))
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
make_page(struct request *req, struct reply *reply, struct err *err)
{
	bool done = false;

	if ((req->route->flags & ROUTE_BARE) != 0)
		return req->route->page(req, reply, err);
	if (!handle_open_reading(req, err))
		return false;
	note_visit(req, reply);
	forget_dead_session(req, reply);
	if (!check_signed(req, reply, &done, err) || done)
		return done;
	if (!check_form(req, err))
		return false;
	/* What sets a cookie is one reader's own. */
	if (handle_may_keep(req) && reply->fields.len == 0)
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
	req->viewer = &handle_nobody;
	req->lang_query = "";
	req->lang = site_lang_asked(site, &http->head);
	req->trace = arena_printf(req->arena, "%s-%" PRIx64, site->name, http->id);
	http->user = req;
	return req;
}

void
handle_request(struct http_request *http, void *arg)
{
	struct site *site = arg;
	struct request *req;
	struct reply reply;
	struct err err = { 0 };
	bool ok, done = false;

	if (handle_from_cache(site, http))
		return;
	req = request_new(site, http);
	handle_begin(req, &reply);
	ok = read_request(req, &reply, &done, &err);
	if (ok && !done) {
		if (handle_from_cache_late(req))
			return;
		ok = make_page(req, &reply, &err);
	}
	if (ok && reply.later)
		handle_close_reading(req);
	else
		handle_end(req, &reply, ok, &err);
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
