/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "web/form.h"

#include <string.h>

#include "base/token.h"
#include "base/utf8.h"
#include "web/login.h"
#include "web/request.h"

enum { LINE_MAX_OCTETS = 2000, KEY_LEN = 43 };

bool
form_read(struct request *req, struct err *err)
{
	struct span type = http_head_get(&req->http->head, "content-type");
	struct form *form = &req->form;
	struct span boundary;

	if (req->http->body.len == 0)
		return true;
	if (multipart_boundary(req->arena, type, &boundary, err)) {
		form->is_multipart = true;
		return multipart_read(req->arena, boundary, req->http->body, &form->parts, err);
	}
	if (!err_forgive(err, ERR_NOT_FOUND))
		return false;
	type = span_trim(span_first(type, span_find(type, ';')));
	if (!span_is_nocase(type, "application/x-www-form-urlencoded"))
		return err_set(err, ERR_INVALID, "this is not a form");
	return http_form_read(req->arena, req->http->body, &form->fields, err);
}

struct span
form_raw(const struct request *req, const char *name)
{
	return req->form.is_multipart ? multipart_get(&req->form.parts, name)
				      : http_form_get(&req->form.fields, name);
}

bool
form_has(const struct request *req, const char *name)
{
	return form_raw(req, name).data != NULL;
}

const char *
form_line(struct request *req, const char *name)
{
	struct span value = span_first(form_raw(req, name), LINE_MAX_OCTETS);

	value = span_trim(utf8_line(req->arena, utf8_clean(req->arena, value)));
	return arena_strndup(req->arena, value.data, value.len);
}

/* Browsers end lines with CRLF; a lone CR ends one too. */
static void
add_lines(struct buf *out, struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];

		if (c == '\r') {
			buf_add_char(out, '\n');
			if (i + 1 < text.len && text.data[i + 1] == '\n')
				i++;
		} else if (!ascii_is_control(c) || c == '\n' || c == '\t') {
			buf_add_char(out, c);
		}
	}
}

struct span
form_text(struct request *req, const char *name)
{
	struct buf out = { 0 };
	struct span text;

	add_lines(&out, utf8_clean(req->arena, form_raw(req, name)));
	text = arena_span(req->arena, buf_span(&out));
	buf_free(&out);
	while (text.len > 0 && ascii_is_space(text.data[text.len - 1]))
		text.len--;
	return text;
}

static bool
is_key(struct span value)
{
	uint8_t octets[33];
	size_t len;

	return value.len == KEY_LEN && token_unbase64url(value, octets, sizeof(octets), &len);
}

const char *
form_key(struct request *req)
{
	struct span value = form_raw(req, "key");
	char *key;

	if (is_key(value))
		return arena_strndup(req->arena, value.data, value.len);
	key = arena_alloc(req->arena, KEY_LEN + 1);
	token_secret(key);
	return key;
}

/* Pages whose address is a secret send no referrer, and browsers then say "null" where
 * they would name the origin. */
static bool
is_origin_ok(const struct request *req, struct span origin)
{
	if (origin.data == NULL || span_is_nocase(origin, req->site->origin))
		return true;
	return span_is(origin, "null") && req->route != NULL &&
	       (req->route->flags & ROUTE_TOKEN) != 0;
}

bool
form_check_origin(const struct request *req, struct err *err)
{
	struct span origin = http_head_get(&req->http->head, "origin");
	struct span site = http_head_get(&req->http->head, "sec-fetch-site");

	if (is_origin_ok(req, origin) && (site.data == NULL || span_is(site, "same-origin")))
		return true;
	return err_set(err, ERR_DENIED, TR("This form was sent from another site. Please open this "
					   "forum yourself, then try again."));
}

bool
form_check_token(struct request *req, struct err *err)
{
	struct span given = form_raw(req, "csrf");
	struct span expected = span_of(login_csrf_expected(req));

	if (expected.len > 0 && given.len == expected.len &&
	    token_equal(given.data, expected.data, expected.len))
		return true;
	return err_set(err, ERR_DENIED,
	    TR("This page was open for too long, or you have signed in or out meanwhile. Please "
	       "send the form again; if it is not shown any more, go back to the page before and "
	       "reload it."));
}

bool
form_is_own_path(struct span path)
{
	if (path.len == 0 || path.len > 200 || path.data[0] != '/')
		return false;
	if (path.len > 1 && path.data[1] == '/')
		return false;
	for (size_t i = 0; i < path.len; i++)
		if (!ascii_is_graphic(path.data[i]) || path.data[i] == '\\')
			return false;
	return true;
}

struct span
form_input(struct request *req, const char *const *names)
{
	struct buf input = { 0 };
	struct span out;

	for (; *names != NULL; names++)
		fields_add_text(&input, *names, form_line(req, *names));
	out = arena_span(req->arena, buf_span(&input));
	buf_free(&input);
	return out;
}
