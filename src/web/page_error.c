/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/page_error.c: refusals, in the words of the theme. */
#include <string.h>

#include "base/log.h"
#include "web/pages.h"

/* What is not there, and what broke, say nothing of why. */
static const char *
error_text(const struct request *req, const struct err *err)
{
	switch (err->kind) {
	case ERR_NOT_FOUND:
		return tr(req->lang, TR("There is nothing at this address."));
	case ERR_BROKEN:
		if (req->damaged)
			return tr(req->lang,
			    TR("What is kept here was damaged on the disk. It is not shown rather than shown "
			       "altered; whoever runs this site finds it in the log."));
		return tr(req->lang, TR("This page cannot be shown just now."));
	case ERR_NONE:
	case ERR_KINDS:
		return tr(req->lang, TR("This page cannot be shown just now."));
	case ERR_INVALID:
	case ERR_DENIED:
	case ERR_CONFLICT:
	case ERR_TOO_MUCH:
	case ERR_TEMPORARY:
		break;
	}
	return request_sentence(req, err);
}

static const char *
error_title(const struct request *req, int status)
{
	/* clang-format off */
	static const struct { int status; const char *text; } rows[] = {
		{ 400, TR("This request was not understood") },
		{ 403, TR("This is not allowed") },
		{ 404, TR("Page not found") },
		{ 405, TR("This request was not understood") },
		{ 409, TR("This is not possible any more: something changed meanwhile") },
		{ 413, TR("This is too much at once") },
		{ 421, TR("Another site is asked for") },
		{ 429, TR("This is too much at once") },
		{ 503, TR("One moment, please") },
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].status == status)
			return tr(req->lang, rows[i].text);
	return tr(req->lang, TR("Something went wrong"));
}

static void
fill(struct request *req, struct reply *reply, const struct err *err)
{
	struct view *page = reply->view;
	int status = reply->status;
	bool later = status == 503;

	view_text(page, "title", error_title(req, status));
	view_int(page, "status", status);
	view_text(page, "text", error_text(req, err));
	view_flag(page, "missing", status == 404);
	view_flag(page, "denied", status == 403);
	view_flag(page, "too_much", status == 429 || status == 413);
	view_flag(page, "temporary", status == 503);
	view_flag(page, "broken", status == 500);
	view_text(page, "seconds",
	    later ? i18n_number(req->arena, req->lang, REPLY_RETRY_SECONDS) : "");
}

void
page_error_show(struct request *req, struct reply *reply, const struct err *err)
{
	struct err again = { 0 };

	if (!reply->refused)
		reply->status = http_status_of(err->kind);
	if (reply->status >= 500)
		log_error("web request=%s refused=%s why=\"%s\"", req->trace,
		    err_kind_name(err->kind), log_text(span_of(err->text)));
	fill(req, reply, err);
	if (reply_page(req, reply, "error", &again))
		return;
	log_error(
	    "web request=%s page=error why=\"%s\"", req->trace, log_text(span_of(again.text)));
	(void)reply_text(reply, http_status_text(reply->status));
}
