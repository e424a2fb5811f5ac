/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/page_write.c: a new discussion, a reply, a preview.
 *
 * Whatever becomes of a form, its text is shown again until it is safe: refused,
 * previewed, sent without being signed in any more, or while the house is busy. */
#include <string.h>

#include "base/file.h"
#include "web/login.h"
#include "web/pages.h"
#include "web/show.h"
#include "web/url.h"

enum {
	FILES_MAX = 10,
	FILES_INLINE = 48 * 1024,
	SUBJECT_MAX = 300, /* octets, as the act has it */
	TEXT_MAX = 64 * 1024
};

/* What the form writes into; read again for each page that shows it. */
struct place {
	struct forum_view forum;
	struct thread_view thread; /* of a reply */
	struct post_view parent;
	bool is_reply;
};

static bool
read_new(struct request *req, struct place *place, struct err *err)
{
	memset(place, 0, sizeof(*place));
	return reading_forum(req->reading, req->at.slug, &place->forum, err);
}

static bool
read_reply(struct request *req, struct place *place, struct err *err)
{
	memset(place, 0, sizeof(*place));
	place->is_reply = true;
	return reading_post(req->reading, req->at.id, &place->parent, err) &&
	       reading_thread(req->reading, place->parent.thread, &place->thread, err) &&
	       reading_forum(req->reading, span_of(place->thread.forum_slug), &place->forum, err);
}

static bool
read_place(struct request *req, struct place *place, struct err *err)
{
	return req->at.id != 0 ? read_reply(req, place, err) : read_new(req, place, err);
}

static const char *
action_of(const struct request *req, const struct place *place)
{
	return place->is_reply ? url_reply(req, place->parent.id)
			       : url_forum_page(req, place->forum.slug, "new");
}

/* The page with the form as it was typed; error and preview may be empty. */
static bool
show_write(struct request *req, struct reply *reply, const char *error, struct html preview,
    struct err *err)
{
	struct view *page = reply->view, *form;
	struct place place;
	struct show_form shown;

	if (!read_place(req, &place, err))
		return false;
	shown = (struct show_form){
		.action = action_of(req, &place),
		.key = form_key(req),
		.parent = place.parent.id,
		.subject = form_line(req, "subject"),
		.text = form_text(req, "text"),
		.error = error,
		.waits =
		    strcmp(place.forum.appears, "always_read") == 0 && !place.forum.may_moderate,
	};
	show_forum(req, view_sub(page, "forum"), &place.forum);
	if (place.is_reply) {
		show_thread(req, view_sub(page, "thread"), &place.thread);
		show_post(req, view_sub(page, "parent"), &place.parent, &place.thread, 0);
	}
	form = show_form(req, page, &shown);
	if (preview.octets.len > 0) {
		struct view *sub = view_sub(form, "preview");
		view_text(sub, "subject", place.is_reply ? "" : shown.subject);
		view_html(sub, "body", preview);
	}
	view_text(page, "csrf", login_csrf(req, reply));
	view_text(
	    page, "title", tr(req->lang, place.is_reply ? TR("Reply") : TR("New discussion")));
	return reply_page(req, reply, "post-form", err);
}

/* GET /f/SLUG/new, GET /p/ID/reply: who may not write is told before he types. */
static bool
show_empty(struct request *req, struct reply *reply, struct err *err)
{
	struct place place;

	if (!read_place(req, &place, err))
		return false;
	if (place.is_reply && strcmp(place.parent.state, "published") != 0)
		return err_set(err, ERR_NOT_FOUND, "hidden or withdrawn");
	if (!place.forum.may_write)
		return err_set(err, ERR_DENIED, TR("You may read this forum, not write in it."));
	if (place.is_reply && place.thread.closed)
		return err_set(err, ERR_DENIED, TR("This discussion is closed."));
	return show_write(req, reply, "", (struct html){ { NULL, 0 } }, err);
}

bool
page_write_new(struct request *req, struct reply *reply, struct err *err)
{
	return show_empty(req, reply, err);
}

bool
page_write_reply(struct request *req, struct reply *reply, struct err *err)
{
	return show_empty(req, reply, err);
}

/* A refusal keeps its status and shows the form again. */
static bool
show_refused(struct request *req, struct reply *reply, const struct err *why, struct err *err)
{
	reply->status = http_status_of(why->kind);
	return show_write(
	    req, reply, request_sentence(req, why), (struct html){ { NULL, 0 } }, err);
}

/* ---- files ---- */

static bool
is_file(const struct multipart_part *part)
{
	return part->is_file && span_is(part->name, "file") && part->data.len > 0;
}

static bool
count_files(struct request *req, size_t *octets, struct err *err)
{
	const struct multipart *parts = &req->form.parts;
	int64_t most = req->site->settings->mail_size;
	size_t count = 0;

	*octets = 0;
	for (size_t i = 0; i < parts->count; i++) {
		if (!is_file(&parts->parts[i]))
			continue;
		*octets += parts->parts[i].data.len; /* within one body: no overflow */
		count++;
	}
	if (count > FILES_MAX)
		return err_set(err, ERR_TOO_MUCH, TR("These are too many files for one message."));
	if (*octets > (size_t)most)
		return err_set(err, ERR_TOO_MUCH, TR("The files are too large for one message."));
	return true;
}

static void
add_file(struct request *req, struct buf *input, const struct multipart_part *part, size_t offset,
    bool is_inline)
{
	struct span name = part->file_name, type = part->type;
	struct buf entry = { 0 };

	type = span_first(type, span_find(type, ';'));
	fields_add(&entry, "name", name.len > 0 ? name : span_of(tr(req->lang, TR("file"))));
	fields_add(
	    &entry, "type", type.len > 0 ? span_trim(type) : SPAN("application/octet-stream"));
	fields_add_int(&entry, "size", (int64_t)part->data.len);
	if (is_inline)
		fields_add(&entry, "octets", part->data);
	else
		fields_add_int(&entry, "offset", (int64_t)offset);
	fields_add(input, "attach", buf_span(&entry));
	buf_free(&entry);
}

/* Small ones ride in the act; else one file holds them all, one after the other. The form
 * around them (its secrets) stays behind. */
static bool
add_files(struct request *req, struct buf *input, int *fd, struct err *err)
{
	const struct multipart *parts = &req->form.parts;
	size_t octets, offset = 0;
	bool is_inline;

	if (!count_files(req, &octets, err))
		return false;
	is_inline = octets <= FILES_INLINE;
	if (!is_inline)
		*fd = file_memory("upload", (struct span){ NULL, 0 });
	for (size_t i = 0; i < parts->count; i++) {
		const struct multipart_part *part = &parts->parts[i];
		if (!is_file(part))
			continue;
		add_file(req, input, part, offset, is_inline);
		offset += part->data.len;
		if (!is_inline && !file_write_fd(*fd, part->data, err))
			return false;
	}
	return true;
}

/* ---- sending ---- */

static bool
on_posted(
    struct request *req, const struct site_answer *answer, struct reply *reply, struct err *err)
{
	const struct fields *out = &answer->output;
	const char *url;

	if (!answer->ok)
		return show_refused(req, reply, &answer->err, err);
	if (span_is(fields_get(out, "state"), "published")) {
		url = url_thread(
		    req, fields_int(out, "thread", 0), fields_text(out, "slug", req->arena));
		url = arena_printf(
		    req->arena, "%s#p%lld", url, (long long)fields_int(out, "post", 0));
		return reply_redirect(req, reply, 303, url);
	}
	struct place place;
	if (!read_place(req, &place, err))
		return false;
	return reply_redirect(req, reply, 303, url_forum_page(req, place.forum.slug, "waits"));
}

static bool
on_preview(
    struct request *req, const struct site_answer *answer, struct reply *reply, struct err *err)
{
	struct html html;

	if (!answer->ok)
		return show_refused(req, reply, &answer->err, err);
	html.octets = arena_span(req->arena, fields_get(&answer->output, "html"));
	return show_write(req, reply, "", html, err);
}

static bool
send_preview(struct request *req, struct reply *reply, struct err *err)
{
	struct site_act act = { .name = "preview", .ask = true, .fd = -1 };
	struct buf input = { 0 };

	fields_add(&input, "source", form_text(req, "text"));
	act.input = arena_span(req->arena, buf_span(&input));
	buf_free(&input);
	return request_act(req, reply, &act, on_preview, err);
}

static void
add_text(struct request *req, struct buf *input)
{
	if (req->at.id != 0) {
		fields_add_int(input, "parent", req->at.id);
	} else {
		fields_add(input, "forum", req->at.slug);
		fields_add_text(input, "subject", form_line(req, "subject"));
	}
	fields_add(input, "source", form_text(req, "text"));
}

static bool
send_post(struct request *req, struct reply *reply, struct err *err)
{
	struct site_act act = { .name = "post.add", .key = span_of(form_key(req)), .fd = -1 };
	struct buf input = { 0 };
	struct err why = { 0 };
	bool ok;

	add_text(req, &input);
	ok = add_files(req, &input, &act.fd, &why);
	act.input = arena_span(req->arena, buf_span(&input));
	buf_free(&input);
	ok = ok ? request_act(req, reply, &act, on_posted, err)
		: show_refused(req, reply, &why, err);
	file_close(&act.fd);
	return ok;
}

/* What needs no clerk to be refused. */
static bool
check_written(struct request *req, struct err *why)
{
	if (!request_is_signed(req))
		return err_set(why, ERR_DENIED,
		    TR("You are not signed in any more. Sign in in another window, then send this "
		       "again: your text stays here."));
	if (!form_check_token(req, why))
		return false;
	if (form_text(req, "text").len == 0)
		return err_set(why, ERR_INVALID, TR("The message is empty."));
	if (form_text(req, "text").len > TEXT_MAX)
		return err_set(why, ERR_TOO_MUCH, TR("The message is too long."));
	if (req->at.id == 0 && form_line(req, "subject")[0] == '\0')
		return err_set(why, ERR_INVALID, TR("A new discussion needs a subject."));
	if (strlen(form_line(req, "subject")) > SUBJECT_MAX)
		return err_set(why, ERR_TOO_MUCH, TR("The subject is too long."));
	return true;
}

static bool
send_written(struct request *req, struct reply *reply, struct err *err)
{
	struct err why = { 0 };

	if (!check_written(req, &why))
		return show_refused(req, reply, &why, err);
	return form_has(req, "preview") ? send_preview(req, reply, err)
					: send_post(req, reply, err);
}

/* POST /f/SLUG/new */
bool
page_write_new_send(struct request *req, struct reply *reply, struct err *err)
{
	return send_written(req, reply, err);
}

/* POST /p/ID/reply */
bool
page_write_reply_send(struct request *req, struct reply *reply, struct err *err)
{
	return send_written(req, reply, err);
}
