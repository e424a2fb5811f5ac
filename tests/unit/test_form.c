/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "web/login.h"
#include "web/request.h"

#define SECRET "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define OTHER "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA"

/* A request as the parser of heads gives it, from text. */
struct fixture {
	struct arena *arena;
	struct http_request http;
	struct settings settings;
	struct site site;
	struct viewer viewer;
	struct request req;
};

static const struct route plain_route = { .method = HTTP_POST, .pattern = "/x" };
static const struct route token_route = {
	.method = HTTP_POST,
	.pattern = "/ok/:token",
	.flags = ROUTE_TOKEN,
};

static void
open_fixture(struct fixture *f, const char *url, const char *fields, const char *body)
{
	char *head;

	memset(f, 0, sizeof(*f));
	f->arena = arena_new();
	f->settings.site_url = url;
	f->settings.site_locale = "fr";
	f->site.settings = &f->settings;
	f->site.cache = cache_new(1000);
	site_open(&f->site);
	head = arena_printf(f->arena, "POST /x HTTP/1.1\r\nHost: a.example\r\n%s\r\n", fields);
	assert_int_equal(http_head_read(&f->http.head, span_of(head)), 0);
	f->http.arena = f->arena;
	f->http.body = span_of(body);
	f->req = (struct request){
		.site = &f->site,
		.http = &f->http,
		.arena = f->arena,
		.route = &plain_route,
		.viewer = &f->viewer,
		.lang_query = "",
	};
	login_read(&f->req);
}

static void
close_fixture(struct fixture *f)
{
	site_close(&f->site);
	cache_free(&f->site.cache);
	arena_free(&f->arena);
}

/* ---- what was sent ---- */

#define URLENCODED "Content-Type: application/x-www-form-urlencoded\r\n"
#define MULTIPART "Content-Type: multipart/form-data; boundary=b\r\n"
#define PART(name, data) "--b\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" data "\r\n"

/* clang-format off */
static const struct {
	const char *name, *fields, *body;
	bool ok;
	const char *line, *text; /* of the field a */
} reads[] = {
	{ "urlencoded", URLENCODED, "a=un+deux%20trois&b=x", true, "un deux trois", "un deux trois" },
	{ "charset and capitals", "Content-Type: Application/X-WWW-Form-URLEncoded; charset=UTF-8\r\n", "a=x", true, "x", "x" },
	{ "multipart", MULTIPART, PART("a", "un") "--b--\r\n", true, "un", "un" },
	{ "nothing sent", "", "", true, "", "" },
	{ "field absent", URLENCODED, "b=1", true, "", "" },
	{ "first of two", URLENCODED, "a=1&a=2", true, "1", "1" },
	{ "no type", "", "a=1", false, NULL, NULL },
	{ "plain text", "Content-Type: text/plain\r\n", "a=1", false, NULL, NULL },
	{ "json", "Content-Type: application/json\r\n", "{}", false, NULL, NULL },
	{ "multipart without boundary", "Content-Type: multipart/form-data\r\n", "a=1", false, NULL, NULL },
	{ "multipart cut", MULTIPART, PART("a", "un"), false, NULL, NULL },
	{ "bad encoding", URLENCODED, "a=%zz", false, NULL, NULL },
	{ "lines", URLENCODED, "a=+un%0D%0Adeux%0Dtrois%0A%0A", true, "un deux trois", " un\ndeux\ntrois" },
	{ "not UTF-8", URLENCODED, "a=%ff%00x", true, "\xef\xbf\xbdx", "\xef\xbf\xbdx" },
	{ "controls", URLENCODED, "a=x%07%1by%7fz%09.", true, "xyz .", "xyz\t." },
	{ "bidi override", URLENCODED, "a=x%E2%80%AEy", true, "xy", "x\xe2\x80\xaey" },
};
/* clang-format on */

static void
test_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
		struct fixture f;
		struct err err = { 0 };
		bool ok;

		open_fixture(&f, "http://a.example", reads[i].fields, reads[i].body);
		ok = form_read(&f.req, &err);
		if (ok != reads[i].ok)
			fail_msg("%s: %s", reads[i].name, err.text);
		if (!ok)
			assert_int_equal(http_status_of(err.kind), 400);
		if (ok && strcmp(form_line(&f.req, "a"), reads[i].line) != 0)
			fail_msg("%s: line <%s>", reads[i].name, form_line(&f.req, "a"));
		if (ok && !span_is(form_text(&f.req, "a"), reads[i].text))
			fail_msg("%s: text", reads[i].name);
		close_fixture(&f);
	}
}

static void
test_key(void **state)
{
	static const char *const refused[] = { "", "x", SECRET "A", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA!" };
	struct fixture f;
	struct err err = { 0 };

	(void)state;
	open_fixture(&f, "http://a.example", URLENCODED, "key=" SECRET);
	assert_true(form_read(&f.req, &err));
	assert_string_equal(form_key(&f.req), SECRET);
	close_fixture(&f);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct buf body = { 0 };
		buf_printf(&body, "key=%s", refused[i]);
		open_fixture(&f, "http://a.example", URLENCODED, buf_text(&body));
		assert_true(form_read(&f.req, &err));
		assert_int_equal(strlen(form_key(&f.req)), 43);
		assert_string_not_equal(form_key(&f.req), form_key(&f.req));
		close_fixture(&f);
		buf_free(&body);
	}
}

/* ---- where it comes from ---- */

#define HTTPS "https://a.example"

/* clang-format off */
static const struct {
	const char *name, *url, *fields;
	const struct route *route;
	bool ok;
} origins[] = {
	{ "an old browser says nothing", HTTPS, "", &plain_route, true },
	{ "our origin", HTTPS, "Origin: https://a.example\r\n", &plain_route, true },
	{ "our origin with a port", "http://127.0.0.1:8080", "Origin: http://127.0.0.1:8080\r\n", &plain_route, true },
	{ "the port that goes without saying", "https://a.example:443", "Origin: https://a.example\r\n", &plain_route, true },
	{ "another scheme", HTTPS, "Origin: http://a.example\r\n", &plain_route, false },
	{ "another port", HTTPS, "Origin: https://a.example:8443\r\n", &plain_route, false },
	{ "another host", HTTPS, "Origin: https://evil.example\r\n", &plain_route, false },
	{ "a host that begins like ours", HTTPS, "Origin: https://a.example.evil.example\r\n", &plain_route, false },
	{ "null", HTTPS, "Origin: null\r\n", &plain_route, false },
	{ "null of a page without referrer", HTTPS, "Origin: null\r\n", &token_route, true },
	{ "empty", HTTPS, "Origin:\r\n", &plain_route, false },
	{ "the browser agrees", HTTPS, "Origin: https://a.example\r\nSec-Fetch-Site: same-origin\r\n", &plain_route, true },
	{ "cross-site", HTTPS, "Sec-Fetch-Site: cross-site\r\n", &plain_route, false },
	{ "a neighbour", HTTPS, "Sec-Fetch-Site: same-site\r\n", &plain_route, false },
	{ "none", HTTPS, "Sec-Fetch-Site: none\r\n", &plain_route, false },
	{ "cross-site, origin forged", HTTPS, "Origin: https://a.example\r\nSec-Fetch-Site: cross-site\r\n", &plain_route, false },
	{ "null, cross-site, to a token", HTTPS, "Origin: null\r\nSec-Fetch-Site: cross-site\r\n", &token_route, false },
};
/* clang-format on */

static void
test_origin(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++) {
		struct fixture f;
		struct err err = { 0 };

		open_fixture(&f, origins[i].url, origins[i].fields, "");
		f.req.route = origins[i].route;
		if (form_check_origin(&f.req, &err) != origins[i].ok)
			fail_msg("%s", origins[i].name);
		if (!origins[i].ok)
			assert_int_equal(err.kind, ERR_DENIED);
		close_fixture(&f);
	}
}

/* ---- whose it is ---- */

enum given { GIVEN_NONE, GIVEN_RIGHT, GIVEN_OTHERS, GIVEN_PURPOSE, GIVEN_CUT, GIVEN_SECRET };

/* clang-format off */
static const struct {
	const char *name, *url, *fields;
	bool is_signed;
	enum given given;
	bool ok;
} tokens[] = {
	{ "signed in, right",               "http://a.example", "Cookie: s=" SECRET "\r\n", true,  GIVEN_RIGHT,   true },
	{ "signed in, none",                "http://a.example", "Cookie: s=" SECRET "\r\n", true,  GIVEN_NONE,    false },
	{ "signed in, another session's",   "http://a.example", "Cookie: s=" SECRET "\r\n", true,  GIVEN_OTHERS,  false },
	{ "signed in, for another purpose", "http://a.example", "Cookie: s=" SECRET "\r\n", true,  GIVEN_PURPOSE, false },
	{ "signed in, cut",                 "http://a.example", "Cookie: s=" SECRET "\r\n", true,  GIVEN_CUT,     false },
	{ "signed in, the cookie itself",   "http://a.example", "Cookie: s=" SECRET "\r\n", true,  GIVEN_SECRET,  false },
	{ "signed in, the visitor's",       "http://a.example", "Cookie: s=" OTHER "; p=" SECRET "\r\n", true,  GIVEN_RIGHT, false },
	{ "session over",                   "http://a.example", "Cookie: s=" SECRET "\r\n", false, GIVEN_RIGHT,   false },
	{ "visitor, right",                 "http://a.example", "Cookie: p=" SECRET "\r\n", false, GIVEN_RIGHT,   true },
	{ "visitor, none",                  "http://a.example", "Cookie: p=" SECRET "\r\n", false, GIVEN_NONE,    false },
	{ "no cookie at all",               "http://a.example", "",                         false, GIVEN_RIGHT,   false },
	{ "no cookie, no token",            "http://a.example", "",                         false, GIVEN_NONE,    false },
	{ "cookie that is no secret",       "http://a.example", "Cookie: p=x\r\n",          false, GIVEN_NONE,    false },
	{ "https wants its own cookies",    HTTPS,              "Cookie: s=" SECRET "\r\n", true,  GIVEN_RIGHT,   false },
	{ "https, its own",                 HTTPS,              "Cookie: __Host-s=" SECRET "\r\n", true, GIVEN_RIGHT, true },
};
/* clang-format on */

static const char *
make_token(struct arena *arena, enum given given)
{
	char *out = arena_alloc(arena, 44);

	if (given == GIVEN_NONE)
		return "";
	if (given == GIVEN_SECRET)
		return SECRET;
	reading_csrf(given == GIVEN_OTHERS ? SPAN(OTHER) : SPAN(SECRET),
	    given == GIVEN_PURPOSE ? "mail" : "form", out);
	if (given == GIVEN_CUT)
		out[42] = '\0';
	return out;
}

static void
test_token(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
		struct arena *arena = arena_new();
		struct err err = { 0 };
		struct fixture f;
		char *fields = arena_printf(arena, "%s" URLENCODED, tokens[i].fields);

		open_fixture(&f, tokens[i].url, fields,
		    arena_printf(arena, "csrf=%s", make_token(arena, tokens[i].given)));
		f.viewer.person = tokens[i].is_signed ? 1 : 0;
		assert_true(form_read(&f.req, &err));
		if (form_check_token(&f.req, &err) != tokens[i].ok)
			fail_msg("%s", tokens[i].name);
		close_fixture(&f);
		arena_free(&arena);
	}
}

/* A page draws a cookie only where it needs one, and its token is then good. */
static void
test_draw(void **state)
{
	struct reply reply = { 0 };
	const char *token;
	struct fixture f;

	(void)state;
	open_fixture(&f, HTTPS, "", "");
	token = login_csrf(&f.req, &reply);
	assert_int_equal(strlen(token), 43);
	assert_string_equal(token, login_csrf_expected(&f.req));
	assert_true(span_starts(buf_span(&reply.fields), "Set-Cookie: __Host-p="));
	assert_true(span_find_text(buf_span(&reply.fields), "; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=3600\r\n") < reply.fields.len);
	assert_string_equal(login_csrf(&f.req, &reply), token);
	assert_int_equal(span_find(span_from(buf_span(&reply.fields), 1), 'S') == 0, false);
	buf_free(&reply.fields);
	close_fixture(&f);
	open_fixture(&f, HTTPS, "Cookie: __Host-p=" SECRET "\r\n", "");
	(void)login_csrf(&f.req, &reply);
	assert_int_equal(reply.fields.len, 0);
	close_fixture(&f);
}

/* ---- where one may be sent ---- */

/* clang-format off */
static const struct {
	const char *path;
	bool ok;
} paths[] = {
	{ "/", true }, { "/t/12-x", true }, { "/f/a?before=1.2", true },
	{ "", false }, { "t/12", false }, { "//evil.example", false }, { "https://evil.example/", false },
	{ "/\\evil.example", false }, { "/a b", false }, { "/a\r\nb", false }, { "/\tx", false },
	{ "/\xc3\xa9", false }, { "javascript:alert(1)", false },
};
/* clang-format on */

static void
test_paths(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (form_is_own_path(span_of(paths[i].path)) != paths[i].ok)
			fail_msg("%s", paths[i].path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_key),
		cmocka_unit_test(test_origin),
		cmocka_unit_test(test_token),
		cmocka_unit_test(test_draw),
		cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
