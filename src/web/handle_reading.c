/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/handle_reading.c: the book opened for one request: who asks, in which language. */
#include "web/handle_inner.h"

const struct viewer handle_nobody = { .name = "", .locale = "" };

void
handle_choose_lang(struct request *req)
{
	struct span asked = request_query(req, "lang");
	const char *code = req->viewer->locale;

	req->lang_query = "";
	req->lang = site_lang_asked(req->site, &req->http->head);
	if (code[0] != '\0')
		req->lang = lang_find(span_of(code), req->lang);
	for (int lang = 0; lang < LANG_COUNT; lang++) {
		if (!span_is(asked, lang_code((enum lang)lang)))
			continue;
		req->lang = (enum lang)lang;
		req->lang_query = arena_printf(req->arena, "?lang=%s", lang_code(req->lang));
	}
}

bool
handle_open_reading(struct request *req, struct err *err)
{
	if (!reading_begin(req->site->book, req->arena, req->session, &req->reading, err)) {
		req->reading = NULL;
		return false;
	}
	req->viewer = reading_viewer(req->reading);
	handle_choose_lang(req);
	return true;
}

void
handle_close_reading(struct request *req)
{
	if (req->reading != NULL)
		reading_end(&req->reading);
	req->viewer = &handle_nobody;
}

void
handle_tell_damage(struct request *req)
{
	struct site *site = req->site;
	int64_t now = reading_book_damage(site->book);
	struct site_act act = { .name = "house.damage", .trace = req->trace, .fd = -1 };
	struct buf input = { 0 };

	if (now == site->damage)
		return;
	req->damaged = true;
	fields_add_int(&input, "times", now - site->damage);
	act.input = buf_span(&input);
	if (site->send(site->door, &act, NULL, NULL))
		site->damage = now;
	buf_free(&input);
}
