/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* post.add: a post written on the web (or on the console in somebody's name). */
#include <string.h>
#include <sys/stat.h>

#include "base/utf8.h"
#include "rules/act_may.h"
#include "rules/posting.h"
#include "store/raw.h"
#include "store/thread.h"
#include "text/i18n.h"

enum {
	ATTACHMENTS_MAX = 10,
	NAME_CODES = 120 /* code points of a file's name */
};

/* ---- attachments ---- */

/* Without a path, never empty: what is left is only shown and offered for saving. */
static struct span
clean_name(struct arena *arena, struct span name)
{
	for (size_t i = name.len; i > 0; i--)
		if (name.data[i - 1] == '/' || name.data[i - 1] == '\\') {
			name = span_from(name, i);
			break;
		}
	name = utf8_first(utf8_line(arena, utf8_clean(arena, name)), NAME_CODES);
	return name.len > 0 ? name : SPAN("file");
}

static struct span
clean_type(struct arena *arena, struct span type)
{
	char *out = arena_strndup(arena, type.data, type.len);

	for (size_t i = 0; i < type.len; i++) {
		out[i] = ascii_lower(out[i]);
		if (!ascii_is_alpha(out[i]) && !ascii_is_digit(out[i]) && !strchr("/.+-", out[i]))
			return SPAN("application/octet-stream");
	}
	return type.len > 0 && type.len <= 100 ? span_make(out, type.len) :
						 SPAN("application/octet-stream");
}

struct uploads {
	struct draft_attachment *list;
	size_t count;
	int64_t file_raw; /* of the descriptor; 0: not kept yet */
	int64_t file_size;
	size_t file_at;   /* where the next one begins that names no offset */
};

static bool
keep_file(struct clerk *clerk, const struct act *act, struct uploads *uploads, struct err *err)
{
	struct stat stat;

	if (uploads->file_raw != 0)
		return true;
	if (act->fd < 0 || fstat(act->fd, &stat) != 0)
		return err_set(err, ERR_INVALID, "attach: the octets are missing");
	if (stat.st_size > clerk->settings->mail_size)
		return err_set(err, ERR_TOO_MUCH, TR("the attachments are too large"));
	uploads->file_size = stat.st_size;
	return raw_add_fd(clerk->db, act->fd, stat.st_size, &uploads->file_raw, err);
}

/* An extent of the file that came along: at "offset", or right behind the one before. */
static bool
take_extent(struct uploads *uploads, const struct fields *fields, struct draft_attachment *one,
    struct err *err)
{
	int64_t size = fields_int(fields, "size", -1);
	int64_t offset = fields_int(fields, "offset", (int64_t)uploads->file_at);

	if (size < 0 || offset < 0 || offset > uploads->file_size ||
	    size > uploads->file_size - offset)
		return err_set(err, ERR_INVALID, "attach: outside of the file");
	one->raw = uploads->file_raw;
	one->offset = (size_t)offset;
	one->length = one->size = (size_t)size;
	uploads->file_at = (size_t)(offset + size);
	return true;
}

static bool
take_upload(struct clerk *clerk, const struct act *act, struct span value, struct uploads *uploads,
    struct err *err)
{
	struct draft_attachment *one = &uploads->list[uploads->count];
	struct fields fields;
	struct span octets;

	if (!fields_read(&fields, value))
		return err_set(err, ERR_INVALID, "attach is not a list of fields");
	one->name = clean_name(act->arena, fields_get(&fields, "name"));
	one->type = clean_type(act->arena, fields_get(&fields, "type"));
	one->encoding = PARSED_ENCODING_NONE;
	uploads->count++;
	if (!fields_has(&fields, "octets"))
		return keep_file(clerk, act, uploads, err) &&
		    take_extent(uploads, &fields, one, err);
	octets = fields_get(&fields, "octets");
	one->length = one->size = octets.len;
	return raw_add(clerk->db, octets, &one->raw, err);
}

static bool
take_uploads(struct clerk *clerk, const struct act *act, struct draft *draft, struct err *err)
{
	struct uploads uploads = { 0 };
	struct span name, value;
	size_t at = 0;

	uploads.list = arena_array(act->arena, ATTACHMENTS_MAX, sizeof(*uploads.list));
	while (fields_next(&act->input, &at, &name, &value)) {
		if (!span_is(name, "attach"))
			continue;
		if (uploads.count == ATTACHMENTS_MAX)
			return err_set(err, ERR_TOO_MUCH, "at most %d attachments",
			    ATTACHMENTS_MAX);
		if (!take_upload(clerk, act, value, &uploads, err))
			return false;
	}
	draft->attachments = uploads.list;
	draft->attachment_count = uploads.count;
	return true;
}

/* ---- where it goes ---- */

/* One "Re: " before the base of what is answered. */
static struct span
reply_subject(struct arena *arena, const char *title)
{
	char *text = arena_printf(arena, "Re: %s", title);

	return span_of(text);
}

static bool
fill_reply(struct clerk *clerk, const struct act *act, int64_t parent, struct draft *draft,
    struct err *err)
{
	struct thread thread;
	struct post head;

	if (!post_find_head(clerk->db, act->arena, parent, &head, err) ||
	    !thread_find_head(clerk->db, act->arena, head.thread, &thread, err))
		return false;
	if (strcmp(thread.state, "closed") == 0)
		return err_set(err, ERR_DENIED, TR("this discussion is closed"));
	draft->parent = parent;
	draft->subject = reply_subject(act->arena, thread.title);
	return true;
}

static bool
fill_opening(const struct act *act, struct draft *draft, struct err *err)
{
	draft->subject = utf8_line(act->arena, fields_get(&act->input, "subject"));
	draft->title = draft->subject;
	return draft->subject.len > 0 ||
	    err_set(err, ERR_INVALID, "subject is missing");
}

static void
answer(const struct draft *draft, const struct posted *posted, struct outcome *outcome)
{
	fields_add_int(&outcome->output, "post", posted->post);
	fields_add_int(&outcome->output, "thread", posted->thread);
	fields_add_text(&outcome->output, "state", posted->published ? "published" : "held");
	fields_add_text(&outcome->output, "slug", posted->slug);
	outcome_about(outcome, "post", posted->post, draft->forum->id);
	outcome->message = span_of(posted->message_id);
}

bool
posting_add(struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	int64_t parent = fields_int(&act->input, "parent", 0);
	struct draft draft = { .chain = "", .alias = "", .date = clerk->now };
	struct standing standing;
	struct person person;
	struct posted posted;
	struct forum forum;
	struct axes axes;

	if (!act->parsed)
		return err_set(err, ERR_INVALID, "source is missing");
	if (!act_forum(clerk, act, &forum, err) ||
	    !standing_find(clerk->db, act->arena, clerk->now, act->actor, &forum, &person,
		&standing, err))
		return false;
	if (!(parent != 0 ? fill_reply(clerk, act, parent, &draft, err) :
			    fill_opening(act, &draft, err)) ||
	    !take_uploads(clerk, act, &draft, err))
		return false;
	axes = standing_axes(&forum);
	draft.forum = &forum;
	draft.author = &person;
	draft.standing = &standing;
	draft.organisation = fields_int(&act->input, "speaker", 0);
	draft.door = act->door == DOOR_CONSOLE ? "console" : "web";
	draft.proof = "session";
	draft.hold = permission_hold(&standing, &axes);
	draft.parsed = act->parsed;
	if (draft.parsed->own.len == 0 && draft.attachment_count == 0)
		return err_set(err, ERR_INVALID, TR("the message is empty"));
	if (!posting_store(clerk, act->arena, &draft, &posted, err))
		return false;
	answer(&draft, &posted, outcome);
	return true;
}

bool
posting_preview(struct clerk *clerk, const struct act *act, struct outcome *outcome,
    struct err *err)
{
	(void)clerk;
	if (!act->parsed)
		return err_set(err, ERR_INVALID, "source is missing");
	fields_add(&outcome->output, "html", act->parsed->html.octets);
	return true;
}
