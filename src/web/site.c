/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "web/site.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "net/http_parse.h"

#define POLICY_PAGE                                                                      \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "      \
	"font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; " \
	"base-uri 'none'; frame-ancestors 'none'; object-src 'none'; "                   \
	"require-trusted-types-for 'script'"

/* A file is shown by itself: a document that may do nothing at all. */
#define POLICY_FILE "default-src 'none'; sandbox"

/* clang-format off */
static const struct {
	const char *policy, *referrer, *cache, *vary;
} head_rows[HEAD_COUNT] = {
	[HEAD_PUBLIC]  = { POLICY_PAGE, "same-origin", "public, max-age=60", "Accept-Language, Cookie" },
	[HEAD_PRIVATE] = { POLICY_PAGE, "same-origin", "private, no-store",  NULL },
	[HEAD_TOKEN]   = { POLICY_PAGE, "no-referrer", "private, no-store",  NULL },
	[HEAD_FILE]    = { POLICY_FILE, "same-origin", NULL,                 "Cookie" },
	[HEAD_STATIC]  = { POLICY_PAGE, "same-origin", "public, max-age=31536000, immutable", NULL },
};
/* clang-format on */

static void
add(struct buf *out, const char *name, const char *value)
{
	if (value != NULL)
		http_field_add(out, name, span_of(value));
}

static void
write_head(struct site *site, enum site_head head)
{
	struct buf *out = &site->heads[head];

	buf_clear(out);
	add(out, "Content-Security-Policy", head_rows[head].policy);
	add(out, "X-Content-Type-Options", "nosniff");
	add(out, "X-Frame-Options", "DENY");
	add(out, "Referrer-Policy", head_rows[head].referrer);
	add(out, "Cross-Origin-Opener-Policy", "same-origin");
	add(out, "Cross-Origin-Resource-Policy", "same-origin");
	add(out, "Permissions-Policy",
	    "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()");
	if (site->secure)
		add(out, "Strict-Transport-Security", "max-age=63072000; includeSubDomains");
	add(out, "Cache-Control", head_rows[head].cache);
	add(out, "Vary", head_rows[head].vary);
}

/* Browsers leave out the port that goes without saying, in Host and in Origin. */
static void
read_base(struct site *site)
{
	struct span rest = span_of(site->settings->site_url);
	const char *port;

	site->secure = span_starts_nocase(rest, "https://");
	rest = span_from(rest, site->secure ? strlen("https://") : strlen("http://"));
	rest = span_first(rest, span_find(rest, '/'));
	port = site->secure ? ":443" : ":80";
	if (span_ends(rest, port))
		rest.len -= strlen(port);
	rest = span_first(rest, sizeof(site->host) - 1);
	for (size_t i = 0; i < rest.len; i++)
		site->host[i] = ascii_lower(rest.data[i]);
	site->host[rest.len] = '\0';
	(void)snprintf(site->origin, sizeof(site->origin), "%s://%s",
	    site->secure ? "https" : "http", site->host);
}

void
site_open(struct site *site)
{
	read_base(site);
	for (int head = 0; head < HEAD_COUNT; head++)
		write_head(site, (enum site_head)head);
	cache_clear(site->cache);
	cache_set_size(site->cache, (size_t)site->settings->cache_size);
	site->version_old = true;
}

void
site_close(struct site *site)
{
	for (int head = 0; head < HEAD_COUNT; head++)
		buf_free(&site->heads[head]);
	buf_free(&site->scratch);
	if (site->pulse.timer != NULL)
		loop_timer_free(&site->pulse.timer);
}

void
site_turn(void *arg)
{
	struct site *site = arg;

	site->version_old = true;
}

void
site_check_version(struct site *site)
{
	struct err err = { 0 };
	int64_t version;

	if (!site->version_old)
		return;
	site->version_old = false;
	if (cache_count(site->cache) > 0 && !reading_book_changed(site->book))
		return;
	if (reading_public_version(site->book, &version, &err)) {
		cache_set_version(site->cache, version);
		return;
	}
	log_warn("web version=unread why=\"%s\"", err.text);
	cache_clear(site->cache);
	site->version_old = true;
}

struct span
site_head(const struct site *site, enum site_head head)
{
	return buf_span(&site->heads[head]);
}

bool
site_is_host(const struct site *site, struct span host)
{
	return span_is_nocase(host, site->host);
}

enum lang
site_lang_asked(const struct site *site, const struct http_head *head)
{
	enum lang fallback = lang_find(span_of(site->settings->site_locale), LANG_FR);

	return lang_accept(http_head_get(head, "accept-language"), fallback);
}
