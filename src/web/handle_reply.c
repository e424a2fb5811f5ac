/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/handle_reply.c: what a page function made goes out: whole or in pieces, at once or
 * when the clerk has answered. */
#include "web/handle_inner.h"

#include <string.h>

#include "base/log.h"
#include "web/pages.h"

/* ---- to HTTP ---- */

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
	bool keep = handle_is_kept(req, reply);

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
	if (keep)
		handle_keep(req, reply, blob, etag);
	http_reply(req->http, &out); /* the request is gone from here on */
	http_blob_drop(&blob);
	buf_free(&reply->fields);
	buf_free(&reply->body);
}

void
handle_begin(struct request *req, struct reply *reply)
{
	memset(reply, 0, sizeof(*reply));
	reply->head = req->route != NULL && (req->route->flags & ROUTE_TOKEN) != 0 ? HEAD_TOKEN
										   : HEAD_PRIVATE;
	reply->view = view_new(req->arena);
}

/* What the page that failed has set is forgotten, except what belongs to its status. Who is
 * signed in is told so on this page too, where the book can be read. */
void
handle_end(struct request *req, struct reply *reply, bool ok, const struct err *err)
{
	struct err unread;

	if (!ok) {
		handle_tell_damage(req);
		if (req->reading == NULL && req->session.len > 0)
			(void)handle_open_reading(req, &unread);
		reply->view = view_new(req->arena);
		if (reply->head != HEAD_TOKEN)
			reply->head = HEAD_PRIVATE;
		reply->etag = (struct span){ NULL, 0 };
		page_error_show(req, reply, err);
	}
	handle_close_reading(req);
	add_retry(req, reply);
	send_reply(req, reply);
}

/* ---- pieces ---- */

/* What was said has left, or whoever asked has: the next piece tells which. */
static void
on_more(struct http_request *http, void *arg)
{
	struct request *req = arg;
	struct reply reply;
	struct err err = { 0 };
	bool ok;

	(void)http;
	handle_begin(req, &reply);
	ok = req->more(req, &reply, &err);
	if (!ok || !reply.later)
		go_on_saying(req, &reply, ok, &err);
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

	handle_begin(req, &reply);
	ok = (!has_reading(req) || handle_open_reading(req, &err)) &&
	     req->answer(req, answer, &reply, &err);
	if (ok && reply.later)
		handle_close_reading(req);
	else if (req->saying)
		go_on_saying(req, &reply, ok, &err);
	else
		handle_end(req, &reply, ok, &err);
}

static void
on_answer(const struct site_answer *answer, void *arg)
{
	request_answered(arg, answer);
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
