/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "rules/posting.h"

#include <string.h>

#include "mail/mail_token.h"
#include "mail/message_write.h"
#include "mail/thread_id.h"
#include "rules/delivery.h"
#include "rules/moderation.h"
#include "store/attachment.h"
#include "store/organisation.h"
#include "store/search.h"
#include "store/thread.h"
#include "text/i18n.h"
#include "text/rich.h"

/* ---- the row ---- */

/* What stands beside the name that day: an organisation where one is spoken for under a
 * live mandate, else what the person is to the forum. */
static bool
fill_capacity(struct clerk *clerk, struct arena *arena, const struct draft *draft,
    struct post *post, struct err *err)
{
	struct mandate *mandates;
	size_t count;

	post->author_shown = draft->author->name_shown;
	post->organisation_shown = "";
	post->capacity = draft->standing->moderator ? "moderator" :
	    draft->standing->active                 ? "resident" :
						      "";
	if (draft->organisation == 0)
		return true;
	if (!mandate_list_person(clerk->db, arena, draft->author->id, clerk->now, &mandates, &count,
		err))
		return false;
	for (size_t i = 0; i < count; i++)
		if (mandates[i].organisation == draft->organisation) {
			post->organisation_shown = mandates[i].organisation_name;
			post->capacity = mandates[i].organisation_kind;
			return true;
		}
	return err_set(err, ERR_DENIED, TR("you may not speak for that organisation"));
}

static struct span
own_message_id(struct clerk *clerk, struct arena *arena)
{
	return message_id_new(arena, "p", span_of(clerk->settings->mail_domain));
}

/* Whoever reads the address at which another answers could write in his name. What is cited
 * around the author's own words is folded by the parser where it is recognised; this is for
 * the rest, and for what people paste. */
static struct span
without_tokens(struct arena *arena, struct span text)
{
	char *copy = arena_strndup(arena, text.data, text.len);

	return mail_token_hide(copy, text.len) > 0 ? span_make(copy, text.len) : text;
}

static bool
fill_post(struct clerk *clerk, struct arena *arena, const struct draft *draft, struct post *post,
    struct err *err)
{
	const struct parsed *parsed = draft->parsed;
	struct span id = draft->message_id, subject = without_tokens(arena, draft->subject);

	if (id.len == 0)
		id = own_message_id(clerk, arena);
	*post = (struct post){
		.forum = draft->forum->id,
		.parent = draft->parent,
		.awaits = "",
		.chain = draft->chain,
		.state = *draft->hold ? "held" : "published",
		.hold = draft->hold,
		.date = draft->date,
		.sent = draft->sent ? draft->sent : draft->date,
		.message_id = arena_strndup(arena, id.data, id.len),
		.alias = draft->alias,
		.subject = arena_strndup(arena, subject.data, subject.len),
		.author = draft->author->id,
		.door = draft->door,
		.proof = draft->proof,
		.body_hash = span_make(parsed->body_hash, SHA256_SIZE),
		.raw = draft->raw,
		.kind = parsed->format == PARSED_FORMAT_MARKDOWN ? "markdown" : "mail",
		.renderer = RICH_VERSION,
		.why = "",
		.html = without_tokens(arena, parsed->html.octets),
		.text = without_tokens(arena, parsed->own),
		.source = without_tokens(arena, parsed->source),
	};
	return fill_capacity(clerk, arena, draft, post, err);
}

static const char *
encoding_word(enum parsed_encoding encoding)
{
	return encoding == PARSED_ENCODING_BASE64 ? "base64" :
	    encoding == PARSED_ENCODING_QP	  ? "qp" :
						    "none";
}

static bool
add_attachments(struct clerk *clerk, struct arena *arena, const struct draft *draft, int64_t post,
    struct err *err)
{
	char public_id[MAIL_TOKEN_ROOM];

	for (size_t i = 0; i < draft->attachment_count; i++) {
		const struct draft_attachment *from = &draft->attachments[i];
		struct attachment row = {
			.public_id = public_id,
			.post = post,
			.position = (int64_t)i,
			.name = arena_strndup(arena, from->name.data, from->name.len),
			.type = arena_strndup(arena, from->type.data, from->type.len),
			.raw = from->raw,
			.offset = (int64_t)from->offset,
			.length = (int64_t)from->length,
			.encoding = encoding_word(from->encoding),
			.size = (int64_t)from->size,
		};

		mail_token_draw(public_id);
		if (!attachment_add(clerk->db, &row, NULL, err))
			return false;
	}
	return true;
}

/* ---- published ---- */

static struct threading_post
threading_of(struct arena *arena, const struct post *post, struct span title)
{
	struct thread_subject subject;

	if (title.len == 0) {
		subject = thread_subject_read(arena, span_of(post->subject), (struct span){ 0 },
		    true);
		title = subject.base.len > 0 ? subject.base : span_of(post->subject);
	}
	return (struct threading_post){
		.forum = post->forum,
		.message_id = span_of(post->message_id),
		.parent = post->parent,
		.chain = post->chain,
		.title = title,
		.date = post->date,
	};
}

bool
posting_is_closed(struct clerk *clerk, struct arena *arena, const struct threading_post *post,
    bool *closed, struct err *err)
{
	struct thread thread;
	int64_t id;

	*closed = false;
	if (!threading_find(clerk, arena, post, &id, err))
		return false;
	if (id == 0)
		return true;
	if (!thread_find_head(clerk->db, arena, id, &thread, err))
		return false;
	*closed = strcmp(thread.state, "closed") == 0;
	return true;
}

/* All that a published post causes, once its row and its place are there. */
static bool
publish(struct clerk *clerk, struct arena *arena, const struct post *post,
    const struct threading_post *threading, const struct placement *placement,
    const struct draft *draft, struct err *err)
{
	struct search_entry entry = { post->id, post->date, span_of(post->subject), post->text,
		span_of(post->author_shown) };
	struct delivery_new copies = {
		.post = post->id,
		.thread = placement->thread,
		.forum = post->forum,
		.opens = placement->opens,
		.already = draft ? draft->already : NULL,
		.already_count = draft ? draft->already_count : 0,
	};

	if (!threading_settle(clerk, arena, threading, placement, post->id, err) ||
	    !indexing_add(clerk, &entry, err))
		return false;
	return (draft && draft->silent) || delivery_queue_post(clerk, &copies, err);
}

static struct span
or_no_subject(struct clerk *clerk, struct span title)
{
	if (title.len > 0)
		return title;
	return span_of(tr(lang_find(span_of(clerk->settings->site_locale), LANG_FR),
	    TR("(no subject)")));
}

static void
fill_posted(struct arena *arena, const struct post *post, int64_t thread, struct span title,
    struct posted *posted)
{
	*posted = (struct posted){
		.post = post->id,
		.thread = thread,
		.published = true,
		.slug = words_slug(arena, title),
		.message_id = post->message_id,
	};
}

static bool
store_published(struct clerk *clerk, struct arena *arena, const struct draft *draft,
    struct post *post, struct posted *posted, struct err *err)
{
	struct span title = without_tokens(arena, draft->title);
	struct threading_post threading = threading_of(arena, post, title);
	struct placement placement;

	threading.title = or_no_subject(clerk, threading.title);
	if (!threading_place(clerk, arena, &threading, &placement, err))
		return false;
	post->thread = placement.thread;
	post->parent = placement.parent;
	post->awaits = arena_strndup(arena, placement.awaits.data, placement.awaits.len);
	if (!post_add(clerk->db, post, &post->id, err) ||
	    !add_attachments(clerk, arena, draft, post->id, err) ||
	    !publish(clerk, arena, post, &threading, &placement, draft, err))
		return false;
	fill_posted(arena, post, placement.thread, threading.title, posted);
	return true;
}

static bool
store_held(struct clerk *clerk, struct arena *arena, const struct draft *draft, struct post *post,
    struct posted *posted, struct err *err)
{
	if (!post_add(clerk->db, post, &post->id, err) ||
	    !add_attachments(clerk, arena, draft, post->id, err))
		return false;
	*posted = (struct posted){ .post = post->id, .slug = "", .message_id = post->message_id };
	return moderation_tell_held(clerk, arena, draft, post, err);
}

bool
posting_store(struct clerk *clerk, struct arena *arena, const struct draft *draft,
    struct posted *posted, struct err *err)
{
	struct post post;

	if (!fill_post(clerk, arena, draft, &post, err))
		return false;
	if (*draft->hold)
		return store_held(clerk, arena, draft, &post, posted, err);
	return store_published(clerk, arena, draft, &post, posted, err);
}

/* The date is that of the publication: a post must not slip in unseen between others
 * that were read long ago, and its thread rises like any other. */
bool
posting_publish_held(struct clerk *clerk, struct arena *arena, int64_t id, int64_t by,
    struct posted *posted, struct err *err)
{
	struct threading_post threading;
	struct placement placement;
	struct post post;

	if (!post_find(clerk->db, arena, id, &post, err) ||
	    !post_move(clerk->db, id, "held", "published", by, clerk->now, (struct span){ 0 }, err))
		return false;
	post.date = clerk->now;
	threading = threading_of(arena, &post, (struct span){ 0 });
	threading.title = or_no_subject(clerk, threading.title);
	if (!threading_place(clerk, arena, &threading, &placement, err) ||
	    !post_place(clerk->db, id, placement.thread, placement.parent, placement.awaits,
		post.date, err))
		return false;
	if (!publish(clerk, arena, &post, &threading, &placement, NULL, err))
		return false;
	fill_posted(arena, &post, placement.thread, threading.title, posted);
	return true;
}
