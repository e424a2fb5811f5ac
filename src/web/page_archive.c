/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/page_archive.c: a forum or a discussion carried away as an mbox file.
 *
 * The clerk builds the mails, a piece at a time; a piece is asked for once the one before has
 * left, so that no more than one is in memory, whatever the size of the forum. */
#include <inttypes.h>

#include "web/pages.h"

struct archive {
	const char *forum; /* slug */
	const char *name;  /* of the file */
	int64_t thread;	   /* 0: the whole forum */
	int64_t after;	   /* 0: the first piece */
};

static bool
ask_piece(struct request *req, struct reply *reply, struct err *err);

static bool
has_room(const struct request *req, struct err *err)
{
	return req->saying || req->site->saying < SITE_SAYING_MOST ||
	       err_set(err, ERR_TEMPORARY, "too many archives are on their way");
}

static bool
on_piece(
    struct request *req, const struct site_answer *answer, struct reply *reply, struct err *err)
{
	struct archive *archive = req->state;

	if (!answer->ok) {
		*err = answer->err;
		return false;
	}
	if (!has_room(req, err)) /* others began while this one was asked for */
		return false;
	buf_clear(&reply->body);
	buf_add_span(&reply->body, fields_get(&answer->output, "octets"));
	archive->after = fields_int(&answer->output, "next", 0);
	reply->more = archive->after != 0 ? ask_piece : NULL;
	if (req->saying)
		return true;
	http_field_add(&reply->fields, "Content-Disposition",
	    span_of(arena_printf(req->arena, "attachment; filename=\"%s.mbox\"", archive->name)));
	http_field_add(&reply->fields, "Cache-Control", SPAN("private, no-store"));
	reply->type = "application/mbox";
	reply->head = HEAD_FILE;
	reply->status = 200;
	return true;
}

static bool
ask_piece(struct request *req, struct reply *reply, struct err *err)
{
	const struct archive *archive = req->state;
	struct site_act ask = { .name = "archive.read", .ask = true, .fd = -1 };
	struct buf input = { 0 };
	bool done;

	fields_add_text(&input, "forum", archive->forum);
	fields_add_int(&input, "thread", archive->thread);
	fields_add_int(&input, "after", archive->after);
	ask.input = buf_span(&input);
	done = request_act(req, reply, &ask, on_piece, err);
	buf_free(&input);
	return done;
}

static bool
start(struct request *req, struct reply *reply, const char *forum, int64_t thread, const char *name,
    struct err *err)
{
	struct archive *archive = arena_alloc(req->arena, sizeof(*archive));

	if (!has_room(req, err))
		return false;
	*archive = (struct archive){ .forum = forum, .name = name, .thread = thread };
	req->state = archive;
	return ask_piece(req, reply, err);
}

/* GET /f/SLUG/mbox */
bool
page_archive_forum(struct request *req, struct reply *reply, struct err *err)
{
	struct forum_view forum;

	return reading_forum(req->reading, req->at.slug, &forum, err) &&
	       start(req, reply, forum.slug, 0, forum.slug, err);
}

/* GET /t/ID/mbox */
bool
page_archive_thread(struct request *req, struct reply *reply, struct err *err)
{
	struct thread_view thread;

	if (!reading_thread(req->reading, req->at.id, &thread, err))
		return false;
	if (thread.merged != 0)
		return reply_redirect(req, reply, 301,
		    arena_printf(req->arena, "/t/%" PRId64 "/mbox", thread.merged));
	return start(req, reply, thread.forum_slug, thread.id,
	    arena_printf(req->arena, "%s-%" PRId64, thread.forum_slug, thread.id), err);
}
