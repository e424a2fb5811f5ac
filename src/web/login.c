/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "web/login.h"

#include <string.h>

#include "base/token.h"
#include "rules/reading.h"

enum {
	SECRET_LEN = 43,	   /* base64url of 256 bits */
	SESSION_LIFE = 30 * 86400, /* seconds, from the last visit; the book has the last word */
	VISIT_LIFE = 3600
};

static bool
is_secret(struct span value)
{
	uint8_t octets[33];
	size_t len;

	return value.len == SECRET_LEN && token_unbase64url(value, octets, sizeof(octets), &len) &&
	       len == 32;
}

static const char *
cookie_name(const struct site *site, const char *plain, const char *host)
{
	return site->secure ? host : plain;
}

static struct span
read_secret(
    const struct site *site, const struct http_head *head, const char *plain, const char *host)
{
	struct span value = http_cookie(head, cookie_name(site, plain, host));

	return is_secret(value) ? value : (struct span){ NULL, 0 };
}

bool
login_has_session(const struct site *site, const struct http_head *head)
{
	return read_secret(site, head, "s", "__Host-s").len > 0;
}

void
login_read(struct request *req)
{
	req->session = read_secret(req->site, &req->http->head, "s", "__Host-s");
	req->visit = read_secret(req->site, &req->http->head, "p", "__Host-p");
}

static void
set_cookie(struct request *req, struct reply *reply, const char *name, struct span value, int life)
{
	char *line = arena_printf(req->arena,
	    "%s=" SPAN_FORMAT "; Path=/; %sHttpOnly; SameSite=Lax; Max-Age=%d", name,
	    SPAN_ARGS(value), req->site->secure ? "Secure; " : "", life);

	http_field_add(&reply->fields, "Set-Cookie", span_of(line));
}

/* Whose secret binds the forms of this visitor. */
static struct span
form_secret(const struct request *req)
{
	return request_is_signed(req) ? req->session : req->visit;
}

const char *
login_csrf(struct request *req, struct reply *reply)
{
	char *token = arena_alloc(req->arena, 44);

	if (form_secret(req).len == 0) {
		char secret[44];
		token_secret(secret);
		req->visit = arena_span(req->arena, span_of(secret));
		token_wipe(secret, sizeof(secret));
		set_cookie(
		    req, reply, cookie_name(req->site, "p", "__Host-p"), req->visit, VISIT_LIFE);
	}
	reading_csrf(form_secret(req), "form", token);
	return token;
}

const char *
login_csrf_expected(struct request *req)
{
	char *token;

	if (form_secret(req).len == 0)
		return "";
	token = arena_alloc(req->arena, 44);
	reading_csrf(form_secret(req), "form", token);
	return token;
}

void
login_set_session(struct request *req, struct reply *reply, struct span secret)
{
	set_cookie(req, reply, cookie_name(req->site, "s", "__Host-s"), secret, SESSION_LIFE);
	if (req->visit.len > 0)
		set_cookie(req, reply, cookie_name(req->site, "p", "__Host-p"), span_of(""), 0);
}

void
login_drop_session(struct request *req, struct reply *reply)
{
	set_cookie(req, reply, cookie_name(req->site, "s", "__Host-s"), span_of(""), 0);
}
