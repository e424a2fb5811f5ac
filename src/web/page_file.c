/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/page_file.c: attachments, files of the theme. */
#include <string.h>

#include "text/colour.h"
#include "web/pages.h"

/* ---- attachments ---- */

/* Images are what begins like one, whatever their name and type say; nothing else is
 * ever shown by the browser itself. */
static const char *
image_type(struct span octets)
{
	/* clang-format off */
	static const struct { struct span magic; size_t at; const char *type; } rows[] = {
		{ { "\x89PNG\r\n\x1a\n", 8 }, 0, "image/png" },
		{ { "\xff\xd8\xff", 3 },      0, "image/jpeg" },
		{ { "GIF87a", 6 },            0, "image/gif" },
		{ { "GIF89a", 6 },            0, "image/gif" },
		{ { "WEBP", 4 },              8, "image/webp" },
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span there = span_first(span_from(octets, rows[i].at), rows[i].magic.len);
		if (span_equal(there, rows[i].magic) &&
		    (rows[i].at == 0 || span_starts(octets, "RIFF")))
			return rows[i].type;
	}
	return NULL;
}

/* filename= for the old, plain ASCII; filename*= for the rest (RFC 6266). */
static void
add_disposition(struct reply *reply, const char *how, const char *name)
{
	struct buf value = { 0 };

	buf_printf(&value, "%s; filename=\"", how);
	for (const char *c = name; *c != '\0'; c++) {
		bool plain = ascii_is_digit(*c) || ascii_is_alpha(*c) || strchr("._- ", *c) != NULL;
		buf_add_char(&value, plain ? *c : '_');
	}
	buf_add_text(&value, "\"; filename*=UTF-8''");
	http_percent_encode(&value, span_of(name));
	http_field_add(&reply->fields, "Content-Disposition", buf_span(&value));
	buf_free(&value);
}

/* GET /a/ID/name: the octets of an id never change; who may have them does. */
bool
page_file_attachment(struct request *req, struct reply *reply, struct err *err)
{
	struct attachment_data data = { 0 };
	const char *type;
	bool shared;

	if (!reading_attachment(req->reading, req->at.token, &data, err)) {
		buf_free(&data.octets);
		return false;
	}
	type = image_type(buf_span(&data.octets));
	shared = !request_is_signed(req) && reply->fields.len == 0; /* no cookie is set either */
	add_disposition(reply, type != NULL ? "inline" : "attachment", data.view.name);
	http_field_add(&reply->fields, "Cache-Control",
	    shared ? SPAN("public, max-age=60") : SPAN("private, no-store"));
	reply->type = type != NULL ? type : "application/octet-stream";
	reply->head = HEAD_FILE;
	reply->etag =
	    span_of(arena_printf(req->arena, "\"" SPAN_FORMAT "\"", SPAN_ARGS(req->at.token)));
	reply->status = 200;
	buf_free(&reply->body);
	reply->body = data.octets;
	return true;
}

/* ---- files of the theme ---- */

/* GET /static/HASH/name. The hash of another version leads to the present one: a page
 * from before a reload still finds its style. */
bool
page_file_static(struct request *req, struct reply *reply, struct err *err)
{
	const struct theme *theme = req->site->theme;
	struct theme_file file;
	bool current;

	if (!theme_static_find(theme, req->at.token, req->at.name, &file, &current))
		return err_set(err, ERR_NOT_FOUND, "no such file");
	if (!current) {
		const char *name = arena_strndup(req->arena, req->at.name.data, req->at.name.len);
		return reply_redirect(req, reply, 302, theme_static_url(theme, name));
	}
	reply->type = file.type;
	reply->head = HEAD_STATIC;
	reply->status = 200;
	buf_add_span(&reply->body, file.octets);
	return true;
}

/* GET /accent/1f4e79.css: the colour that the town has set. Of another one nothing is said. */
bool
page_file_accent(struct request *req, struct reply *reply, struct err *err)
{
	const char *accent = req->site->settings->site_accent;
	struct colour colour;

	if (!colour_read(span_of(accent), &colour) ||
	    !span_is(req->at.name, arena_printf(req->arena, "%s.css", accent)))
		return err_set(err, ERR_NOT_FOUND, "no such file");
	reply->type = "text/css; charset=utf-8";
	reply->head = HEAD_STATIC;
	reply->status = 200;
	colour_write_css(colour, &reply->body);
	return true;
}
