/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The relay's side of rules/delivery.h: what is due, and what a copy says. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mail/address.h"
#include "mail/thread_id.h"
#include "rules/delivery.h"
#include "rules/mail_view.h"
#include "rules/notice.h"
#include "rules/standing.h"
#include "store/forum.h"
#include "store/outbox.h"
#include "store/post.h"
#include "store/thread.h"

/* ---- what is due ---- */

static bool
is_busy(const int64_t *busy, size_t count, int64_t id)
{
	size_t low = 0, high = count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (busy[middle] == id)
			return true;
		if (busy[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static bool
find_wait(struct clerk *clerk, int64_t now, int64_t *wait, struct err *err)
{
	int64_t next;

	*wait = -1;
	if (outbox_next_due(clerk->db, &next, err))
		*wait = next > now ? next - now : 1;
	else if (err->kind != ERR_NOT_FOUND)
		return false;
	return err_set(err, ERR_NOT_FOUND, "nothing is due");
}

/* Every mail server knows a domain by its A-labels, few by other letters (RFC 6531). */
static const char *
address_for_servers(struct arena *arena, const char *written)
{
	char domain[ADDRESS_DOMAIN_MAX + 1];
	struct mail_address address;
	struct buf text = { 0 };
	struct err ignored;

	if (!address_parse(span_of(written), ADDRESS_UTF8, &address, &ignored) ||
	    !address_is_utf8(&address) || !address_fold_domain(address.domain, domain))
		return written;
	(void)snprintf(address.domain, sizeof(address.domain), "%s", domain);
	address_write(&address, &text);
	written = arena_strndup(arena, text.data, text.len);
	buf_free(&text);
	return written;
}

bool
delivery_due(struct clerk *clerk, struct arena *arena, int64_t now, const int64_t *busy,
    size_t busy_count, size_t room, struct delivery *out, size_t *count, int64_t *wait,
    struct err *err)
{
	struct outbox *rows;
	size_t found;

	*count = 0;
	*wait = 0;
	if (!outbox_list_due(clerk->db, arena, now, room + busy_count, &rows, &found, err))
		return false;
	for (size_t i = 0; i < found && *count < room; i++) {
		if (is_busy(busy, busy_count, rows[i].id))
			continue;
		out[*count] = (struct delivery){
			.id = rows[i].id,
			.post = rows[i].post,
			.notice = rows[i].notice,
			.forum = rows[i].forum,
			.person = rows[i].person,
			.address = address_for_servers(arena, rows[i].address),
			.locale = rows[i].locale,
			.attempts = rows[i].attempts,
		};
		(*count)++;
	}
	return *count > 0 || find_wait(clerk, now, wait, err);
}

/* ---- a copy of a post ---- */

struct copy {
	struct clerk *clerk;
	struct arena *arena;
	enum lang lang;
	struct post post;
	struct forum forum;
	struct thread thread;
	struct outgoing *out;
};

static struct span
local_at(struct copy *copy, const char *detail, struct span token)
{
	char *local = arena_printf(copy->arena, "%s%s%.*s", copy->forum.slug, detail,
	    SPAN_ARGS(token));

	return span_of(mail_address_of(copy->clerk, copy->arena, local));
}

static bool
author_address(struct copy *copy, struct span *address, struct err *err)
{
	char token[MAIL_TOKEN_ROOM];

	if (!mail_token_make_one(&copy->clerk->token_keys, MAIL_PURPOSE_AUTHOR,
		(uint64_t)copy->post.author, token))
		return err_set(err, ERR_BROKEN, "no address can be made for that author");
	*address = span_of(mail_address_of(copy->clerk, copy->arena,
	    arena_printf(copy->arena, "a.%s", token)));
	return true;
}

static bool
fill_people(struct copy *copy, struct err *err)
{
	struct outgoing *out = copy->out;
	const char *organisation = copy->post.organisation_shown;

	if (!author_address(copy, &out->from_address, err))
		return false;
	out->from_name = span_of(arena_printf(copy->arena, "%s%s%s (%s)", copy->post.author_shown,
	    *organisation ? ", " : "", organisation, copy->forum.name));
	out->to_name = span_of(copy->forum.name);
	out->to_address = span_of(mail_address_of(copy->clerk, copy->arena, copy->forum.slug));
	if (strcmp(copy->forum.reply_to, "author") == 0) {
		out->reply_address = out->from_address;
		return true;
	}
	out->reply_name = out->to_name;
	out->reply_address = local_at(copy, "+r.", message_slot(MESSAGE_REPLY));
	return true;
}

/* From the parent up; the root last of all where the way is longer. */
static bool
fill_references(struct copy *copy, struct err *err)
{
	struct span *ids = arena_array(copy->arena, MESSAGE_REFERENCES_MAX, sizeof(*ids));
	size_t at = MESSAGE_REFERENCES_MAX;
	int64_t climb = copy->post.parent, root = copy->thread.first;
	struct post head = { 0 };

	if (*copy->post.awaits) {
		ids[--at] = span_of(copy->post.awaits);
		copy->out->in_reply_to = ids[at];
	}
	while (climb != 0 && at > 1) {
		if (!post_find_head(copy->clerk->db, copy->arena, climb, &head, err))
			return false;
		ids[--at] = span_of(head.message_id);
		if (copy->out->in_reply_to.len == 0)
			copy->out->in_reply_to = ids[at];
		climb = head.parent;
	}
	if (climb != 0 && root != 0 && root != head.id && root != copy->post.id) {
		if (!post_find_head(copy->clerk->db, copy->arena, root, &head, err))
			return false;
		ids[--at] = span_of(head.message_id);
	}
	copy->out->references = ids + at;
	copy->out->reference_count = MESSAGE_REFERENCES_MAX - at;
	return true;
}

static void
fill_list(struct copy *copy)
{
	struct outgoing *out = copy->out;
	struct arena *arena = copy->arena;
	const struct settings *settings = copy->clerk->settings;
	struct span unsubscribe = message_slot(MESSAGE_UNSUBSCRIBE);
	struct axes axes = standing_axes(&copy->forum);

	out->list_name = span_of(arena_printf(arena, "%s – %s", copy->forum.name,
	    settings->site_name));
	out->list_id = span_of(arena_printf(arena, "%s.%s", copy->forum.slug,
	    settings->mail_domain));
	if (axes.who_writes != WRITES_NOBODY)
		out->list_post = out->to_address;
	out->list_archive = span_of(mail_url_forum(copy->clerk, arena, copy->forum.slug));
	out->list_help = out->list_archive;
	out->list_subscribe = out->list_archive;
	out->list_owner = local_at(copy, "+responsables", SPAN(""));
	out->archived_at = span_of(mail_url_post(copy->clerk, arena, copy->post.id));
	out->unsubscribe_url = span_of(arena_printf(arena, "%s/u/%.*s", settings->site_url,
	    SPAN_ARGS(unsubscribe)));
	out->unsubscribe_mail = local_at(copy, "+u.", unsubscribe);
}

/* One "Re:" where the post answers something, whatever its author's client wrote
 * ("RE :", "Antw:", nothing at all); a forward keeps its own prefix. Study §4.6. */
static const char *
shown_subject(const struct copy *copy)
{
	const struct post *post = &copy->post;
	bool answers = post->parent != 0 || post->awaits[0] != '\0';
	struct thread_subject read = thread_subject_read(copy->arena, span_of(post->subject),
	    span_of(copy->forum.name), answers);

	if (answers && read.base.len == 0)
		return arena_printf(copy->arena, "Re: %s", copy->thread.title);
	if (!answers || read.is_forward)
		return post->subject;
	return arena_printf(copy->arena, "Re: " SPAN_FORMAT, SPAN_ARGS(read.base));
}

static bool
fill_body(struct copy *copy, struct err *err)
{
	struct outgoing *out = copy->out;
	struct view *view = mail_view_new(copy->clerk, copy->arena, copy->lang, &copy->forum), *sub;

	sub = view_sub(view, "thread");
	view_text(sub, "title", copy->thread.title);
	(void)view_url(sub, "url",
	    mail_url_thread(copy->clerk, copy->arena, copy->thread.id, copy->thread.title));
	view_text(view, "subject", shown_subject(copy));
	view_flag(view, "reply", copy->post.parent != 0 || *copy->post.awaits);
	(void)view_url(view, "unsubscribe_url",
	    arena_strndup(copy->arena, out->unsubscribe_url.data, out->unsubscribe_url.len));
	if (!mail_view_post(copy->clerk, copy->arena, copy->lang, view, &copy->post, err))
		return false;
	return mail_view_render(copy->clerk, copy->arena, copy->lang, "post", view, out, err) &&
	    mail_view_links(copy->clerk, copy->arena, copy->lang, copy->post.id, out, err);
}

static bool
load_copy(struct copy *copy, int64_t post, struct err *err)
{
	return post_find(copy->clerk->db, copy->arena, post, &copy->post, err) &&
	    forum_find(copy->clerk->db, copy->arena, copy->post.forum, &copy->forum, err) &&
	    thread_find_head(copy->clerk->db, copy->arena, copy->post.thread, &copy->thread, err);
}

/* What a copy says of the post itself, whoever it is for. */
static bool
fill_post(struct copy *copy, struct err *err)
{
	struct outgoing *out = copy->out;

	if (!fill_people(copy, err) || !fill_references(copy, err))
		return false;
	out->message_id = span_of(copy->post.message_id);
	out->date = copy->post.date;
	out->zone = copy->clerk->settings->site_zone;
	out->language = lang_code(copy->lang);
	out->auto_submitted = "";
	return true;
}

static bool
outgoing_post(struct clerk *clerk, struct arena *arena, const struct delivery *delivery,
    struct outgoing *out, struct err *err)
{
	struct copy copy = { .clerk = clerk, .arena = arena, .out = out };

	*out = (struct outgoing){ 0 };
	copy.lang = lang_find(span_of(delivery->locale), LANG_FR);
	if (!load_copy(&copy, delivery->post, err) || !fill_post(&copy, err))
		return false;
	fill_list(&copy);
	return fill_body(&copy, err);
}

bool
delivery_archived(struct clerk *clerk, struct arena *arena, int64_t post, struct outgoing *out,
    struct err *err)
{
	struct copy copy = { .clerk = clerk, .arena = arena, .out = out };

	*out = (struct outgoing){ 0 };
	copy.lang = lang_find(span_of(clerk->settings->site_locale), LANG_FR);
	if (!load_copy(&copy, post, err) || !fill_post(&copy, err))
		return false;
	out->reply_name = out->reply_address = (struct span){ 0 };
	out->subject = span_of(shown_subject(&copy));
	out->archived_at = span_of(mail_url_post(clerk, arena, post));
	out->text = copy.post.text;
	return mail_view_links(clerk, arena, copy.lang, post, out, err);
}

bool
delivery_outgoing(struct clerk *clerk, struct arena *arena, const struct delivery *delivery,
    struct outgoing *out, struct err *err)
{
	struct notice notice;

	if (delivery->post != 0)
		return outgoing_post(clerk, arena, delivery, out, err);
	return notice_find(clerk->db, arena, delivery->notice, &notice, err) &&
	    notice_outgoing(clerk, arena, &notice, delivery->address, delivery->locale, out, err);
}

/* ---- what differs from copy to copy ---- */

static bool
make_pair(struct clerk *clerk, struct arena *arena, enum mail_purpose purpose, int64_t a, int64_t b,
    struct span *slot, struct err *err)
{
	char *token = arena_alloc(arena, MAIL_TOKEN_ROOM);

	if (!mail_token_make(&clerk->token_keys, purpose, (uint64_t)a, (uint64_t)b, token))
		return err_set(err, ERR_BROKEN, "an id is too large for a token");
	*slot = span_make(token, MAIL_TOKEN_LEN);
	return true;
}

bool
delivery_slots(struct clerk *clerk, struct arena *arena, const struct delivery *delivery,
    struct message_tokens *tokens, const char **sender, struct err *err)
{
	char token[MAIL_TOKEN_ROOM];

	*tokens = (struct message_tokens){ 0 };
	*sender = "";
	if (delivery->post == 0)
		return true;
	if (!make_pair(clerk, arena, MAIL_PURPOSE_REPLY, delivery->post, delivery->person,
		&tokens->slot[MESSAGE_REPLY], err) ||
	    !make_pair(clerk, arena, MAIL_PURPOSE_UNSUBSCRIBE, delivery->forum, delivery->person,
		&tokens->slot[MESSAGE_UNSUBSCRIBE], err))
		return false;
	if (!mail_token_make_one(&clerk->token_keys, MAIL_PURPOSE_BOUNCE, (uint64_t)delivery->id,
		token))
		return err_set(err, ERR_BROKEN, "an id is too large for a token");
	*sender = mail_address_of(clerk, arena, arena_printf(arena, "b.%s", token));
	return true;
}
