/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "web/route.h"

#include <string.h>

#include "web/pages.h"

#define ANY ROUTE_CACHE
#define TOKEN (ROUTE_TOKEN)
#define WRITE (ROUTE_UPLOAD | ROUTE_KEEPS)

/* clang-format off */
const struct route routes[] = {
	/* method      pattern                  page                      flags */
	{ HTTP_GET,  "/",                     page_home_show,           ANY },
	{ HTTP_GET,  "/f/:slug",              page_forum_show,          ANY },
	{ HTTP_GET,  "/f/:slug/new",          page_write_new,           ROUTE_SIGNED },
	{ HTTP_POST, "/f/:slug/new",          page_write_new_send,      WRITE },
	{ HTTP_GET,  "/f/:slug/feed",         page_feed_forum,          ANY },
	{ HTTP_GET,  "/f/:slug/mbox",         page_archive_forum,       0 },
	{ HTTP_GET,  "/f/:slug/waits",        page_forum_waits,         ROUTE_SIGNED },
	{ HTTP_POST, "/f/:slug/subscription", page_forum_subscribe,     ROUTE_SIGNED },
	{ HTTP_GET,  "/t/:thread",            page_thread_show,         ANY },
	{ HTTP_GET,  "/t/:id/mbox",           page_archive_thread,      0 },
	{ HTTP_GET,  "/t/:id/feed",           page_feed_thread,         ANY },
	{ HTTP_GET,  "/p/:id",                page_post_show,           0 },
	{ HTTP_GET,  "/p/:id/reply",          page_write_reply,         ROUTE_SIGNED },
	{ HTTP_POST, "/p/:id/reply",          page_write_reply_send,    WRITE },
	{ HTTP_POST, "/p/:id/decide",         page_decide_post,         ROUTE_SIGNED },
	{ HTTP_POST, "/t/:id/decide",         page_decide_thread,       ROUTE_SIGNED },
	{ HTTP_GET,  "/m/:name",              page_post_find,           0 },
	{ HTTP_GET,  "/a/:token/:name",       page_file_attachment,     0 },
	{ HTTP_GET,  "/static/:token/:name",  page_file_static,         0 },
	{ HTTP_GET,  "/search",               page_search_show,         0 },
	{ HTTP_GET,  "/sitemap.xml",          page_feed_sitemap,        ANY },
	{ HTTP_GET,  "/sitemap/:id",          page_feed_sitemap_part,   ANY },
	{ HTTP_GET,  "/robots.txt",           page_feed_robots,         0 },
	{ HTTP_GET,  "/login",                page_login_show,          0 },
	{ HTTP_POST, "/login",                page_login_ask,           ROUTE_KEEPS },
	{ HTTP_POST, "/login/code",           page_login_code,          ROUTE_KEEPS },
	{ HTTP_POST, "/logout",               page_login_logout,        0 },
	{ HTTP_GET,  "/accent/:name",         page_file_accent,         0 },
	{ HTTP_GET,  "/forgot",               page_forgot_show,         0 },
	{ HTTP_POST, "/forgot",               page_forgot_ask,          ROUTE_KEEPS },
	{ HTTP_GET,  "/register",             page_register_show,       0 },
	{ HTTP_POST, "/register",             page_register_ask,        ROUTE_KEEPS },
	{ HTTP_POST, "/register/code",        page_register_code,       ROUTE_KEEPS },
	{ HTTP_GET,  "/account",              page_account_show,        ROUTE_SIGNED },
	{ HTTP_POST, "/account",              page_account_set,         ROUTE_SIGNED },
	{ HTTP_POST, "/account/session",      page_account_session,     ROUTE_SIGNED },
	{ HTTP_GET,  "/account/password",     page_password_show,       ROUTE_SIGNED },
	{ HTTP_POST, "/account/password",     page_password_set,        ROUTE_SIGNED },
	{ HTTP_GET,  "/admin/rolls",          page_rolls_show,          ROUTE_SIGNED },
	{ HTTP_POST, "/admin/rolls",          page_rolls_create,        ROUTE_SIGNED },
	{ HTTP_GET,  "/admin/rolls/:id",      page_roll_show,           ROUTE_SIGNED },
	{ HTTP_POST, "/admin/rolls/:id/issue", page_roll_issue,         ROUTE_SIGNED },
	{ HTTP_POST, "/admin/rolls/:id/revoke", page_roll_revoke,       ROUTE_SIGNED },
	{ HTTP_GET,  "/ok/:token",            page_confirm_show,        TOKEN },
	{ HTTP_POST, "/ok/:token",            page_confirm_send,        TOKEN },
	{ HTTP_GET,  "/u/:token",             page_unsubscribe_show,    TOKEN },
	{ HTTP_POST, "/u/:token",             page_unsubscribe_send,    TOKEN | ROUTE_OPEN },
	{ HTTP_GET,  "/moderate",             page_moderate_show,       ROUTE_SIGNED },
	{ HTTP_GET,  "/moderate/:slug",       page_moderate_forum,      ROUTE_SIGNED },
	{ HTTP_POST, "/moderate/:id",         page_moderate_decide,     ROUTE_SIGNED },
	{ HTTP_POST, "/moderate",             page_moderate_bulk,       ROUTE_SIGNED },
	{ HTTP_GET,  "/moderate/:slug/journal", page_house_journal,     ROUTE_SIGNED },
	{ HTTP_GET,  "/moderate/:slug/members", page_house_members,     ROUTE_SIGNED },
	{ HTTP_POST, "/moderate/:slug/members", page_house_member_set,  ROUTE_SIGNED },
	{ HTTP_GET,  "/admin/journal",        page_house_all,           ROUTE_SIGNED },
	{ HTTP_GET,  "/admin/forums/new",     page_settings_new,        ROUTE_SIGNED },
	{ HTTP_POST, "/admin/forums/new",     page_settings_create,     ROUTE_SIGNED },
	{ HTTP_GET,  "/admin/forums/:slug",   page_settings_show,       ROUTE_SIGNED },
	{ HTTP_POST, "/admin/forums/:slug",   page_settings_save,       ROUTE_SIGNED },
	{ HTTP_GET,  "/healthz",              page_health_show,         ROUTE_BARE },
	{ HTTP_GET,  "/metrics",              page_metrics_show,        ROUTE_LOCAL },
	{ HTTP_GET,  NULL,                    NULL,                     0 },
};
/* clang-format on */

static bool
take_id(struct span part, int64_t *id)
{
	return part.len > 0 && part.data[0] != '0' && span_int(part, 1, INT64_MAX, id);
}

/* "12" or "12-travaux-rue-haute"; what follows the number is checked by the page, which
 * knows the right words. */
static bool
take_thread(struct span part, struct route_values *at)
{
	size_t dash = span_find(part, '-');

	at->slug = span_from(part, dash + 1);
	return take_id(span_first(part, dash), &at->id);
}

static bool
is_slug(struct span part)
{
	for (size_t i = 0; i < part.len; i++) {
		char c = part.data[i];

		if (!ascii_is_digit(c) && !ascii_is_lower(c) && c != '-')
			return false;
	}
	return part.len > 0 && part.len <= 100;
}

static bool
is_token(struct span part)
{
	for (size_t i = 0; i < part.len; i++) {
		char c = part.data[i];

		if (!ascii_is_digit(c) && !ascii_is_alpha(c) && c != '-' && c != '_')
			return false;
	}
	return part.len >= 8 && part.len <= 64;
}

static bool
take_part(struct span pattern, struct span part, struct route_values *at)
{
	if (!span_starts(pattern, ":"))
		return span_equal(pattern, part);
	if (span_is(pattern, ":id"))
		return take_id(part, &at->id);
	if (span_is(pattern, ":thread"))
		return take_thread(part, at);
	if (span_is(pattern, ":slug")) {
		at->slug = part;
		return is_slug(part);
	}
	if (span_is(pattern, ":token")) {
		at->token = part;
		return is_token(part);
	}
	at->name = part;
	return part.len > 0;
}

/* Does the path fit the pattern? */
static bool
fits(const char *pattern, const struct http_path *path, struct route_values *at)
{
	struct span rest = span_from(span_of(pattern), 1), part;
	size_t i = 0;

	memset(at, 0, sizeof(*at));
	for (; span_next(&rest, '/', &part); i++)
		if (i == path->count || !take_part(part, path->parts[i], at))
			return false;
	return i == path->count;
}

const struct route *
route_find(const struct route *rows, enum http_method method, const struct http_path *path,
    struct route_values *at, bool *other)
{
	enum http_method wanted = method == HTTP_HEAD ? HTTP_GET : method;

	*other = false;
	for (; rows->pattern != NULL; rows++) {
		if (!fits(rows->pattern, path, at))
			continue;
		if (rows->method == wanted)
			return rows;
		*other = true;
	}
	return NULL;
}
