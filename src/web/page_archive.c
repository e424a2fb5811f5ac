/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/page_archive.c: a forum carried away as an mbox file.
 *
 * The clerk builds the mails, a piece at a time; this page asks until it has them all, or as
 * much as one answer may hold: then a Link field tells where the rest begins. */
#include <inttypes.h>

#include "web/pages.h"

enum { PART_OCTETS = 32 * 1024 * 1024 };

struct archive {
	struct buf octets;
	const char *slug;
	int64_t after;
};

static bool
ask_piece(struct request *req, struct reply *reply, struct archive *archive, struct err *err);

static bool
send_file(struct request *req, struct reply *reply, struct archive *archive)
{
	const char *name = archive->slug;

	http_field_add(&reply->fields, "Content-Disposition",
	    span_of(arena_printf(req->arena, "attachment; filename=\"%s.mbox\"", name)));
	if (archive->after != 0)
		http_field_add(&reply->fields, "Link",
		    span_of(arena_printf(req->arena, "</f/%s/mbox?after=%" PRId64 ">; rel=\"next\"",
			name, archive->after)));
	reply->type = "application/mbox";
	reply->head = HEAD_FILE;
	reply->status = 200;
	buf_free(&reply->body);
	reply->body = archive->octets;
	archive->octets = (struct buf){ 0 };
	return true;
}

static bool
on_piece(
    struct request *req, const struct site_answer *answer, struct reply *reply, struct err *err)
{
	struct archive *archive = req->state;

	if (!answer->ok) {
		buf_free(&archive->octets);
		*err = answer->err;
		return false;
	}
	buf_add_span(&archive->octets, fields_get(&answer->output, "octets"));
	archive->after = fields_int(&answer->output, "next", 0);
	if (archive->after == 0 || archive->octets.len >= PART_OCTETS)
		return send_file(req, reply, archive);
	return ask_piece(req, reply, archive, err);
}

static bool
ask_piece(struct request *req, struct reply *reply, struct archive *archive, struct err *err)
{
	struct site_act ask = { .name = "archive.read", .ask = true, .fd = -1 };
	struct buf input = { 0 };

	fields_add_text(&input, "forum", archive->slug);
	fields_add_int(&input, "after", archive->after);
	ask.input = arena_span(req->arena, buf_span(&input));
	buf_free(&input);
	return request_act(req, reply, &ask, on_piece, err);
}

/* GET /f/SLUG/mbox */
bool
page_archive_mbox(struct request *req, struct reply *reply, struct err *err)
{
	struct archive *archive = arena_alloc(req->arena, sizeof(*archive));
	struct forum_view forum;

	if (!reading_forum(req->reading, req->at.slug, &forum, err))
		return false;
	archive->slug = arena_strdup(req->arena, forum.slug);
	if (!span_int(request_query(req, "after"), 0, INT64_MAX, &archive->after))
		archive->after = 0;
	buf_init(&archive->octets, 2 * PART_OCTETS);
	req->state = archive;
	return ask_piece(req, reply, archive, err);
}
