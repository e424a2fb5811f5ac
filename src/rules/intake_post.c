/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A mail to a forum: who wrote it, may it appear, was it here before. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "mail/address.h"
#include "rules/intake_work.h"
#include "rules/limit.h"
#include "rules/moderation.h"
#include "rules/posting.h"
#include "rules/proof.h"
#include "rules/standing.h"

enum { REPLY_LIFE = 365 * 86400 }; /* of a reply token: it proves nobody any more, and still names the thread */

struct mail_post {
	struct intake *intake;
	struct forum forum;
	struct author author;
	struct standing standing;
	struct axes axes;
	struct proof proof;
	int64_t token_person; /* of the reply token; 0: none, or of another forum */
	int64_t token_parent; /* the post that it answers */
	bool token_is_old;
	struct draft draft;
};

/* ---- the author ---- */

/* A token is of a post of this very forum, or it says nothing: neither whom it was made for
 * nor what is answered. */
static bool
find_token_post(struct mail_post *work, int64_t person, int64_t post, struct err *err)
{
	struct clerk *clerk = work->intake->clerk;
	struct post head;

	if (!post_find_head(clerk->db, work->intake->arena, post, &head, err))
		return err_forgive(err, ERR_NOT_FOUND);
	if (head.forum != work->forum.id || head.thread == 0)
		return true;
	work->token_person = person;
	work->token_parent = head.id;
	work->token_is_old = head.date + REPLY_LIFE <= clerk->now;
	return true;
}

static bool
read_reply_token(struct mail_post *work, struct err *err)
{
	struct intake *intake = work->intake;
	enum mail_purpose purpose;
	uint64_t post, person;

	if (intake->to.kind != MAIL_TO_REPLY ||
	    !mail_token_read(&intake->clerk->token_keys, span_of(intake->to.token), &purpose, &post,
		&person) ||
	    purpose != MAIL_PURPOSE_REPLY)
		return true;
	return find_token_post(work, (int64_t)person, (int64_t)post, err);
}

static struct proof
prove(struct intake *intake, const struct author *author, bool token)
{
	struct proof_facts facts = {
		.known = author_is_known(author),
		.remembered = author->unproved_ok,
		.token = token,
		.verdict = proof_verdict(intake->clerk->settings, intake->parsed,
		    span_of(intake->row.mail_from), span_of(intake->row.peer)),
	};

	/* Of several authors nobody knows which one was proved. */
	if (intake->parsed->from_count != 1)
		facts = (struct proof_facts){ .verdict = VERDICT_NONE };
	return proof_judge(&facts);
}

bool
intake_prove_author(struct intake *intake, struct author *author, bool *proved, struct err *err)
{
	enum verdict verdict = proof_verdict(intake->clerk->settings, intake->parsed,
	    span_of(intake->row.mail_from), span_of(intake->row.peer));

	if (!author_find(intake->clerk, intake->arena, intake->parsed, author, err))
		return false;
	*proved = intake->parsed->from_count == 1 && author_is_known(author) &&
	    (verdict == VERDICT_PASS || verdict == VERDICT_LOCAL);
	return true;
}

static bool
load_author(struct mail_post *work, struct err *err)
{
	struct intake *intake = work->intake;
	struct clerk *clerk = intake->clerk;

	if (!author_find(clerk, intake->arena, intake->parsed, &work->author, err) ||
	    !standing_load(clerk->db, intake->arena, clerk->now, &work->author.person,
		&work->forum, &work->standing, err) ||
	    !read_reply_token(work, err))
		return false;
	work->proof = prove(intake, &work->author,
	    work->token_person != 0 && work->token_person == work->author.person.id &&
		!work->token_is_old);
	return true;
}

/* ---- does it wait? ---- */

static bool
is_over_rate(struct mail_post *work, bool *over, struct err *err)
{
	char subject[24];

	(void)snprintf(subject, sizeof(subject), "%" PRId64, work->author.person.id);
	*over = !limit_take(work->intake->clerk, "POST_MAIL", subject, err);
	return !*over || err_forgive(err, ERR_TOO_MUCH);
}

static bool
answers_something(const struct mail_post *work)
{
	return work->draft.parent != 0 || *work->draft.chain;
}

/* What is wrong with the mail itself, whoever wrote it; "" = nothing. */
static const char *
hold_of_mail(const struct mail_post *work)
{
	const struct parsed *parsed = work->intake->parsed;

	if (parsed->over_limit.len > 0)
		return "over-limit";
	if (parsed->is_encrypted)
		return "encrypted";
	if (parsed->subject.len == 0 && !answers_something(work))
		return "no-subject";
	if (parsed->own.len == 0 && parsed->attachment_count == 0)
		return "no-text";
	return "";
}

/* What the place asks of everybody: open discussions, no floods, the forum's own rule. */
static bool
find_hold_of_place(struct mail_post *work, struct err *err)
{
	struct draft *draft = &work->draft;
	struct threading_post place = {
		.forum = work->forum.id,
		.message_id = draft->message_id,
		.parent = draft->parent,
		.chain = draft->chain,
	};
	bool closed, over = false;

	if (!posting_is_closed(work->intake->clerk, work->intake->arena, &place, &closed, err) ||
	    (!closed && !is_over_rate(work, &over, err)))
		return false;
	draft->hold = closed ? "closed" :
	    over	     ? "limit" :
			       permission_hold(&work->standing, &work->axes);
	return true;
}

/* First reason found. The order goes from what says most about the sender to what the
 * forum asks of everybody. */
static bool
find_hold(struct mail_post *work, struct err *err)
{
	struct draft *draft = &work->draft;
	struct err why;

	if (work->intake->robot.action == ROBOT_HOLD) {
		draft->hold = work->intake->robot.word;
	} else if (work->intake->parsed->from_count != 1 || work->author.address == 0) {
		draft->hold = "sender";
	} else if (!permission_write(&work->standing, &work->axes, &why)) {
		draft->hold = "stranger";
		draft->tell_author = work->proof.action == PROOF_GOOD;
	} else if (work->proof.action != PROOF_GOOD) {
		draft->hold = work->proof.hold;
		draft->ask_author = work->proof.action == PROOF_ASK;
	} else {
		draft->tell_author = true;
		draft->hold = hold_of_mail(work);
		return *draft->hold || find_hold_of_place(work, err);
	}
	return true;
}

/* ---- what it becomes ---- */

/* "TR :" without our token is a deliberate share: it opens a thread of its own. */
static void
fill_place(struct mail_post *work)
{
	const struct parsed *parsed = work->intake->parsed;

	work->draft.chain = "";
	work->draft.parent = work->token_parent;
	if (work->draft.parent == 0 && !parsed->is_forward)
		work->draft.chain = threading_chain(work->intake->arena, parsed);
}

static void
fill_attachments(struct mail_post *work)
{
	const struct parsed *parsed = work->intake->parsed;
	struct draft_attachment *list;

	list = arena_array(work->intake->arena, parsed->attachment_count, sizeof(*list));
	for (size_t i = 0; i < parsed->attachment_count; i++) {
		const struct parsed_attachment *from = &parsed->attachments[i];

		list[i] = (struct draft_attachment){ from->name, from->type, work->intake->row.raw,
			from->offset, from->length, from->encoding, from->size };
	}
	work->draft.attachments = list;
	work->draft.attachment_count = parsed->attachment_count;
}

/* People in To and Cc have it already; our own addresses among them are no people. */
static void
fill_already(struct mail_post *work)
{
	const struct parsed *parsed = work->intake->parsed;
	struct arena *arena = work->intake->arena;
	const char *ours = arena_printf(arena, "@%s", work->intake->clerk->settings->mail_domain);
	struct span *list = arena_array(arena, parsed->to_cc.count, sizeof(*list));
	char folded[ADDRESS_MAX + 1];
	size_t count = 0;
	struct err err;

	for (size_t i = 0; i < parsed->to_cc.count; i++)
		if (address_fold_text(parsed->to_cc.items[i], folded, &err) &&
		    !span_ends(span_of(folded), ours))
			list[count++] = arena_span(arena, span_of(folded));
	work->draft.already = list;
	work->draft.already_count = count;
}

static void
fill_draft(struct mail_post *work)
{
	struct intake *intake = work->intake;
	const struct parsed *parsed = intake->parsed;
	struct draft *draft = &work->draft;

	draft->forum = &work->forum;
	draft->author = &work->author.person;
	draft->standing = &work->standing;
	draft->door = "mail";
	draft->proof = work->proof.word;
	draft->from_address = work->author.address;
	draft->subject = parsed->subject;
	draft->title = parsed->base_subject;
	draft->message_id = threading_message_id(intake->clerk, intake->arena, parsed);
	draft->alias = "";
	draft->date = intake->clerk->now;
	draft->sent = parsed->date;
	draft->raw = intake->row.raw;
	draft->parsed = parsed;
	fill_attachments(work);
	fill_already(work);
	fill_place(work);
}

/* ---- was it here before? ---- */

static bool
drop(struct intake *intake, const char *outcome)
{
	intake->outcome = outcome;
	return true;
}

/* The same mail came by another way: to the forum and to the reply address, or with a
 * verdict the first copy had not. What was missing then may be here now. */
static bool
merge_into(struct mail_post *work, const struct post *post, struct err *err)
{
	struct intake *intake = work->intake;
	struct posted posted;

	intake->outcome = "merged";
	intake->post = post->id;
	intake->message_id = post->message_id;
	if (work->proof.action != PROOF_GOOD || intake->robot.action != ROBOT_NONE ||
	    strcmp(post->state, "held") != 0 || post->author != work->author.person.id)
		return true;
	return moderation_prove(intake->clerk, intake->arena, post->id, work->proof.word, &posted,
	    err);
}

/* The same words under the same id are the same mail only of the same author: else whoever
 * knew them beforehand could make a member's mail vanish into one of his own that waits. An
 * author without an address is a new one each time. */
static bool
is_same_mail(const struct mail_post *work, const struct post *post)
{
	return span_equal(post->body_hash,
		   span_make(work->draft.parsed->body_hash, SHA256_SIZE)) &&
	    (post->author == work->author.person.id || work->author.address == 0);
}

/* What was published here and comes back under its own number by way of another list is a
 * loop, whatever that list made of the text: two lists that take each other's mail would go on
 * for as long as their moderators say yes. */
static bool
is_back(const struct mail_post *work, const struct post *post)
{
	return work->intake->parsed->list_id.len > 0 && strcmp(post->state, "held") != 0 &&
	    strcmp(post->state, "refused") != 0;
}

static bool
look_before(struct mail_post *work, bool *settled, struct err *err)
{
	struct draft *draft = &work->draft;
	struct post *posts;
	size_t count;

	*settled = false;
	if (!post_list_message(work->intake->clerk->db, work->intake->arena, draft->message_id,
		work->forum.id, &posts, &count, err))
		return false;
	for (size_t i = 0; i < count && !fault_is("post-twice"); i++)
		if (is_same_mail(work, &posts[i])) {
			*settled = true;
			return merge_into(work, &posts[i], err);
		}
	for (size_t i = 0; i < count; i++)
		if (is_back(work, &posts[i])) {
			*settled = true;
			return drop(work->intake, "dropped-loop");
		}
	if (count > 0) { /* taken: the old id stays as an alias, ours is another */
		draft->alias = arena_strndup(work->intake->arena, draft->message_id.data,
		    draft->message_id.len);
		draft->message_id = (struct span){ 0 };
	}
	return true;
}

static bool
store(struct mail_post *work, struct err *err)
{
	struct intake *intake = work->intake;
	struct posted posted;

	if (!find_hold(work, err) ||
	    !posting_store(intake->clerk, intake->arena, &work->draft, &posted, err))
		return false;
	intake->outcome = posted.published ? "published" : "held";
	intake->post = posted.post;
	intake->message_id = posted.message_id;
	intake->note = work->draft.hold;
	return true;
}

bool
intake_post(struct intake *intake, struct err *err)
{
	struct mail_post work = { .intake = intake };
	bool settled;

	if (intake->robot.action == ROBOT_DROP || intake->robot.action == ROBOT_BOUNCE)
		return drop(intake, intake->robot.action == ROBOT_DROP ? intake->robot.word :
									 "dropped-report");
	if (!forum_find_slug(intake->clerk->db, intake->arena, span_of(intake->to.slug),
		&work.forum, err)) {
		if (!err_forgive(err, ERR_NOT_FOUND))
			return false;
		return drop(intake, "dropped-unknown");
	}
	if (!load_author(&work, err))
		return false;
	work.axes = standing_axes(&work.forum);
	if (work.standing.barred || work.axes.who_writes == WRITES_NOBODY)
		return drop(intake, "refused");
	fill_draft(&work);
	return look_before(&work, &settled, err) && (settled || store(&work, err));
}
