/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "web/pages.h"
#include "web/route.h"

/* clang-format off */
static const struct {
	const char *name;
	enum http_method method;
	const char *path;
	const char *pattern; /* NULL: none */
	bool other;          /* it exists for the other method */
	int64_t id;
	const char *text;    /* what slug, token or name took; NULL: nothing */
} cases[] = {
	{ "home",                     HTTP_GET,  "/",                        "/",                     false, 0, NULL },
	{ "home, head only",          HTTP_HEAD, "/",                        "/",                     false, 0, NULL },
	{ "home takes no form",       HTTP_POST, "/",                        NULL,                    true,  0, NULL },
	{ "forum",                    HTTP_GET,  "/f/voirie",                "/f/:slug",              false, 0, "voirie" },
	{ "forum, encoded letter",    HTTP_GET,  "/f/v%6firie",              "/f/:slug",              false, 0, "voirie" },
	{ "forum in capitals",        HTTP_GET,  "/f/Voirie",                NULL,                    false, 0, NULL },
	{ "forum with a slash inside", HTTP_GET, "/f/a%2Fb",                 NULL,                    false, 0, NULL },
	{ "forum with an accent",     HTTP_GET,  "/f/%C3%A9cole",            NULL,                    false, 0, NULL },
	{ "no forum named",           HTTP_GET,  "/f/",                      NULL,                    false, 0, NULL },
	{ "a slash too many",         HTTP_GET,  "/f/voirie/",               NULL,                    false, 0, NULL },
	{ "new discussion",           HTTP_GET,  "/f/voirie/new",            "/f/:slug/new",          false, 0, "voirie" },
	{ "new discussion sent",      HTTP_POST, "/f/voirie/new",            "/f/:slug/new",          false, 0, "voirie" },
	{ "a forum takes no form",    HTTP_POST, "/f/voirie",                NULL,                    true,  0, NULL },
	{ "subscription is sent",     HTTP_GET,  "/f/voirie/subscription",   NULL,                    true,  0, NULL },
	{ "thread by number",         HTTP_GET,  "/t/12",                    "/t/:thread",            false, 12, NULL },
	{ "thread with its words",    HTTP_GET,  "/t/12-rue-haute",          "/t/:thread",            false, 12, "rue-haute" },
	{ "thread with any words",    HTTP_GET,  "/t/12-%C3%A9cole",         "/t/:thread",            false, 12, "\xc3\xa9" "cole" },
	{ "thread with empty words",  HTTP_GET,  "/t/12-",                   "/t/:thread",            false, 12, NULL },
	{ "thread zero",              HTTP_GET,  "/t/0",                     NULL,                    false, 0, NULL },
	{ "thread minus one",         HTTP_GET,  "/t/-1",                    NULL,                    false, 0, NULL },
	{ "thread plus one",          HTTP_GET,  "/t/+1",                    NULL,                    false, 0, NULL },
	{ "thread with a zero before", HTTP_GET, "/t/012",                   NULL,                    false, 0, NULL },
	{ "thread in hexadecimal",    HTTP_GET,  "/t/0x10",                  NULL,                    false, 0, NULL },
	{ "largest thread",           HTTP_GET,  "/t/9223372036854775807",   "/t/:thread",            false, INT64_MAX, NULL },
	{ "more than any thread",     HTTP_GET,  "/t/9223372036854775808",   NULL,                    false, 0, NULL },
	{ "post",                     HTTP_GET,  "/p/7",                     "/p/:id",                false, 7, NULL },
	{ "post with words",          HTTP_GET,  "/p/7-x",                   NULL,                    false, 0, NULL },
	{ "reply",                    HTTP_POST, "/p/7/reply",               "/p/:id/reply",          false, 7, NULL },
	{ "message id",               HTTP_GET,  "/m/a%2Fb@x.example",       "/m/:name",              false, 0, "a/b@x.example" },
	{ "message id, empty",        HTTP_GET,  "/m/",                      NULL,                    false, 0, NULL },
	{ "attachment",               HTTP_GET,  "/a/abcdefghij0123456789klmnop/plan.pdf", "/a/:token/:name", false, 0, "plan.pdf" },
	{ "attachment, short id",     HTTP_GET,  "/a/abc/plan.pdf",          NULL,                    false, 0, NULL },
	{ "attachment without name",  HTTP_GET,  "/a/abcdefghij0123456789klmnop", NULL,               false, 0, NULL },
	{ "static file",              HTTP_GET,  "/static/0123456789abcdef/style.css", "/static/:token/:name", false, 0, "style.css" },
	{ "confirmation",             HTTP_POST, "/ok/0123456789-_ABCdef",   "/ok/:token",            false, 0, "0123456789-_ABCdef" },
	{ "confirmation, bad letter", HTTP_GET,  "/ok/0123456789.ABCdef",    NULL,                    false, 0, NULL },
	{ "unsubscribe",              HTTP_POST, "/u/abcdefghij0123456789klmnop", "/u/:token",        false, 0, "abcdefghij0123456789klmnop" },
	{ "queue",                    HTTP_GET,  "/moderate",                "/moderate",             false, 0, NULL },
	{ "queue of a forum",         HTTP_GET,  "/moderate/voirie",         "/moderate/:slug",       false, 0, "voirie" },
	{ "decision",                 HTTP_POST, "/moderate/12",             "/moderate/:id",         false, 12, NULL },
	{ "signing out is sent",      HTTP_GET,  "/logout",                  NULL,                    true,  0, NULL },
	{ "nothing",                  HTTP_GET,  "/wp-login.php",            NULL,                    false, 0, NULL },
	{ "two slashes",              HTTP_GET,  "//evil.example/",          NULL,                    false, 0, NULL },
	{ "deeper than anything",     HTTP_GET,  "/f/voirie/new/er",         NULL,                    false, 0, NULL },
};
/* clang-format on */

static struct span
taken(const struct route_values *at)
{
	return at->name.len > 0 ? at->name : at->token.len > 0 ? at->token : at->slug;
}

static void
check_case(size_t i)
{
	struct arena *arena = arena_new();
	const struct route *route;
	struct route_values at;
	struct http_path path;
	bool other;

	assert_true(http_path_split(arena, span_of(cases[i].path), &path));
	route = route_find(routes, cases[i].method, &path, &at, &other);
	if (cases[i].pattern == NULL) {
		if (route != NULL || other != cases[i].other)
			fail_msg("%s", cases[i].name);
	} else if (route == NULL || strcmp(route->pattern, cases[i].pattern) != 0) {
		fail_msg("%s: %s", cases[i].name, route == NULL ? "none" : route->pattern);
	} else if (at.id != cases[i].id || !span_is(taken(&at), cases[i].text ? cases[i].text : "")) {
		fail_msg("%s: took " SPAN_FORMAT, cases[i].name, SPAN_ARGS(taken(&at)));
	}
	arena_free(&arena);
}

static void
test_find(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_case(i);
}

/* What may be kept for everybody is read only, and what changes something is never kept;
 * what needs no proof of its form has a secret for an address. */
static void
test_flags(void **state)
{
	(void)state;
	for (const struct route *route = routes; route->pattern != NULL; route++) {
		assert_non_null(route->page);
		if ((route->flags & ROUTE_CACHE) != 0) {
			assert_int_equal(route->method, HTTP_GET);
			assert_int_equal(route->flags & (ROUTE_SIGNED | ROUTE_TOKEN), 0);
		}
		if ((route->flags & ROUTE_OPEN) != 0)
			assert_true((route->flags & ROUTE_TOKEN) != 0);
		if ((route->flags & ROUTE_UPLOAD) != 0)
			assert_int_equal(route->method, HTTP_POST);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_flags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
