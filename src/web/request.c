/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "web/request.h"

#include <string.h>

#include "base/log.h"
#include "base/token.h"
#include "base/utf8.h"
#include "net/resolve.h"
#include "rules/health.h"
#include "web/login.h"
#include "web/url.h"

enum { QUERY_MAX = 200 };

bool
request_is_signed(const struct request *req)
{
	return req->viewer->person != 0;
}

struct span
request_query(const struct request *req, const char *name)
{
	struct span value = http_form_get(&req->query, name);

	return value.len <= QUERY_MAX && utf8_is_line(value) ? value : (struct span){ NULL, 0 };
}

bool
request_is_local(const struct request *req)
{
	static const char *const passed_on[] = { "x-forwarded-for", "forwarded", "x-real-ip", "via" };
	struct net_address address;

	for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++)
		if (http_head_get(&req->http->head, passed_on[i]).data != NULL)
			return false;
	return net_address_read_host(span_of(req->http->peer), &address) &&
	       net_address_is_loopback(&address);
}

const char *
request_peer(struct request *req)
{
	bool ours = req->site->settings->mail_trust == MAIL_TRUST_LOCAL;
	struct net_address address;
	uint8_t hash[SHA256_SIZE];
	char key[9], *hex;

	if (!net_address_read_host(span_of(req->http->peer), &address) ||
	    (ours && net_address_is_loopback(&address)))
		return "";
	token_sha256(span_make(key, net_address_key(&address, key)), hash);
	hex = arena_alloc(req->arena, 33);
	token_hex(hash, 16, hex);
	return hex;
}

/* Sentences of the house begin small and end open, since others put words before them. */
const char *
request_sentence(const struct request *req, const struct err *err)
{
	const char *text = tr(req->lang, arena_strdup(req->arena, err->text));
	size_t len;
	char *out;

	if (err->kind == ERR_TEMPORARY && reading_book_closed(req->site->book))
		text = tr(req->lang, health_closed);
	else if (err->kind == ERR_TEMPORARY) /* whatever it was, it passes */
		text = tr(req->lang, TR("The site is busy for a moment. Please try again soon."));
	else if (err->kind == ERR_BROKEN || err->text[0] == '\0')
		text = tr(req->lang, TR("Something went wrong on our side."));
	len = strlen(text);
	out =
	    arena_printf(req->arena, "%s%s", text, strchr(".!?", text[len - 1]) != NULL ? "" : ".");
	if (ascii_is_lower(out[0]))
		out[0] = (char)(out[0] - 'a' + 'A');
	return out;
}

/* ---- the values of every page (doc/themes.md) ---- */

static void
add_languages(struct request *req, struct view *page)
{
	static const struct {
		enum lang lang;
		const char *name;
	} rows[] = { { LANG_FR, "français" }, { LANG_EN, "English" } };
	struct view_list *list = view_list(page, "languages");

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct view *item = view_list_add(list);
		const char *code = lang_code(rows[i].lang);
		view_text(item, "code", code);
		view_text(item, "name", rows[i].name);
		view_url(item, "url", url_self(req, code));
		view_flag(item, "current", rows[i].lang == req->lang);
	}
}

static void
add_viewer(struct request *req, struct view *page)
{
	const struct viewer *viewer = req->viewer;
	struct view *sub;

	if (!request_is_signed(req))
		return;
	sub = view_sub(page, "viewer");
	view_text(sub, "name", viewer->name);
	view_flag(sub, "moderator", viewer->moderates || viewer->administrator);
	view_url(sub, "queue_url", url_own(req, "/moderate"));
	view_text(sub, "waiting",
	    viewer->waiting == 0 ? "" : i18n_number(req->arena, req->lang, viewer->waiting));
	view_url(sub, "account_url", url_own(req, "/account"));
	view_flag(sub, "administrator", viewer->administrator);
	view_url(sub, "journal_url", viewer->administrator ? url_own(req, "/admin/journal") : "");
	view_url(sub, "new_forum_url",
	    viewer->administrator ? url_own(req, "/admin/forums/new") : "");
	view_url(sub, "rolls_url", viewer->administrator ? url_own(req, "/admin/rolls") : "");
	view_url(sub, "logout_url", "/logout");
}

static void
add_common(struct request *req, struct reply *reply)
{
	struct view *page = reply->view, *site = view_sub(page, "site");

	view_text(site, "name", req->site->settings->site_name);
	view_text(site, "about", req->site->settings->site_about);
	view_url(site, "url", url_home(req));
	view_url(site, "accent_url",
	    req->site->settings->site_accent[0] == '\0'
		? ""
		: arena_printf(req->arena, "/accent/%s.css", req->site->settings->site_accent));
	view_text(page, "lang", lang_code(req->lang));
	add_languages(req, page);
	add_viewer(req, page);
	view_url(page, "search_url", "/search");
	view_text(page, "lang_asked", req->lang_query[0] != '\0' ? lang_code(req->lang) : "");
	view_url(page, "login_url", url_login(req));
	view_url(page, "register_url", url_register(req));
	if (request_is_signed(req))
		view_text(page, "csrf", login_csrf(req, reply));
	if (req->viewer->administrator && reading_book_closed(req->site->book))
		view_flag(page, "read_only", true);
	if (reply->head != HEAD_PUBLIC)
		view_flag(page, "private", true);
}

bool
reply_page(struct request *req, struct reply *reply, const char *page, struct err *err)
{
	add_common(req, reply);
	buf_clear(&reply->body);
	if (!theme_page(req->site->theme, req->lang, page, reply->view, &reply->body, err)) {
		buf_clear(&reply->body);
		return err_in(err, "page %s", page);
	}
	reply->type = "text/html; charset=utf-8";
	if (reply->status == 0)
		reply->status = 200;
	return true;
}

bool
reply_redirect(struct request *req, struct reply *reply, int status, const char *url)
{
	(void)req;
	http_field_add(&reply->fields, "Location", span_of(url));
	reply->status = status;
	return true;
}

bool
reply_text(struct reply *reply, const char *text)
{
	buf_clear(&reply->body);
	buf_add_text(&reply->body, text);
	reply->type = "text/plain; charset=utf-8";
	if (reply->status == 0)
		reply->status = 200;
	return true;
}

bool
reply_refuse(struct reply *reply, int status, struct err *err, enum err_kind kind, const char *text)
{
	reply->status = status;
	reply->refused = true;
	return err_set(err, kind, "%s", text);
}
