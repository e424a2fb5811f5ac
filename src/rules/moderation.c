/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "rules/moderation.h"

#include <string.h>

#include "mail/mail_token.h"
#include "rules/moderation_tell.h"
#include "rules/words.h"
#include "store/thread.h"
#include "store/token_row.h"

enum decision { DECISION_APPROVE, DECISION_REFUSE, DECISION_DISCARD };

/* Whoever is not proved may be somebody's victim: they hear nothing of us. */
static bool
tell_decided(struct clerk *clerk, struct arena *arena, const struct post *post,
    enum decision decision, struct err *err)
{
	if (strcmp(post->proof, "none") == 0 || decision == DECISION_DISCARD)
		return true;
	return moderation_tell_author(clerk, arena, post,
	    decision == DECISION_APPROVE ? "approved" : "refused", err);
}

static bool
answer_state(struct clerk *clerk, struct arena *arena, int64_t post, struct outcome *outcome,
    struct err *err)
{
	struct thread thread;
	struct post head;

	if (!post_find_head(clerk->db, arena, post, &head, err))
		return false;
	fields_add_int(&outcome->output, "post", post);
	fields_add_text(&outcome->output, "state", head.state);
	outcome_about(outcome, "post", post, head.forum);
	if (head.thread == 0)
		return true;
	if (!thread_find(clerk->db, arena, head.thread, &thread, err))
		return false;
	fields_add_int(&outcome->output, "thread", head.thread);
	fields_add_text(&outcome->output, "slug", words_slug(arena, span_of(thread.title)));
	return true;
}

static bool
do_decision(struct clerk *clerk, struct arena *arena, const struct post *post, int64_t by,
    enum decision decision, struct span why, struct err *err)
{
	struct posted posted;

	if (decision == DECISION_APPROVE)
		return posting_publish_held(clerk, arena, post->id, by, &posted, err);
	return post_move(clerk->db, post->id, "held", "refused", by, clerk->now, why, err);
}

/* The emergency brake is there for accounts in wrong hands too: nobody lets himself through. */
static bool
may_decide(struct clerk *clerk, const struct act *act, const struct post *post,
    enum decision decision, struct err *err)
{
	struct forum forum;

	if (decision != DECISION_APPROVE || act->administrator || post->author != act->actor)
		return true;
	if (!forum_find(clerk->db, act->arena, post->forum, &forum, err))
		return false;
	return !forum.emergency ||
	       err_set(err, ERR_DENIED,
		   TR("While the forum is held, somebody else decides on your messages."));
}

/* The decision itself; *done: this act took it, not one before. */
static bool
decide(struct clerk *clerk, const struct act *act, enum decision decision, struct span why,
    struct outcome *outcome, bool *done, struct err *err)
{
	static const char *const words[] = { "approved", "refused", "discarded" };
	struct arena *arena = act->arena;
	int64_t id = fields_int(&act->input, "post", 0), by = act->actor;
	struct post post;

	if (!post_find_head(clerk->db, arena, id, &post, err))
		return false;
	*done = strcmp(post.state, "held") == 0;
	if (!*done)
		return answer_state(clerk, arena, id, outcome, err);
	if (!may_decide(clerk, act, &post, decision, err) ||
	    !do_decision(clerk, arena, &post, by, decision, why, err) ||
	    !token_row_end_object(clerk->db, "author", id, clerk->now, err) ||
	    !tell_decided(clerk, arena, &post, decision, err) ||
	    !moderation_tell_others(clerk, arena, &post, by, words[decision], why, err))
		return false;
	outcome->text = why;
	return answer_state(clerk, arena, id, outcome, err);
}

/* Trust is for authors whose first message was just read, in a forum that reads those. A post
 * that somebody else decided on first, or one's own, gives none. */
static bool
trust_author(struct clerk *clerk, const struct act *act, struct err *err)
{
	struct forum forum;
	struct post post;

	if (!post_find_head(
		clerk->db, act->arena, fields_int(&act->input, "post", 0), &post, err) ||
	    !forum_find(clerk->db, act->arena, post.forum, &forum, err))
		return false;
	if (post.author == act->actor || standing_axes(&forum).appears != APPEARS_FIRST_READ)
		return true;
	return person_set_trusted(clerk->db, post.author, true, err);
}

bool
moderation_approve(struct clerk *clerk, const struct act *act, struct outcome *outcome,
    struct err *err)
{
	bool done;

	if (!decide(clerk, act, DECISION_APPROVE, (struct span){ 0 }, outcome, &done, err))
		return false;
	return !done || !act_flag(act, "trust") || trust_author(clerk, act, err);
}

bool
moderation_refuse(struct clerk *clerk, const struct act *act, struct outcome *outcome,
    struct err *err)
{
	bool done;

	return decide(
	    clerk, act, DECISION_REFUSE, fields_get(&act->input, "why"), outcome, &done, err);
}

bool
moderation_discard(struct clerk *clerk, const struct act *act, struct outcome *outcome,
    struct err *err)
{
	bool done;

	return decide(clerk, act, DECISION_DISCARD, (struct span){ 0 }, outcome, &done, err);
}

/* ---- the author says: it was me ---- */

static bool
is_proof_hold(const struct post *post)
{
	return strcmp(post->state, "held") == 0 &&
	    (strcmp(post->hold, "unproved") == 0 || strcmp(post->hold, "failed") == 0);
}

/* Proved, but the forum lets it wait all the same. */
static bool
hold_anew(struct clerk *clerk, struct arena *arena, const struct forum *forum, struct post *post,
    const char *hold, const char *proof, struct err *err)
{
	return post_set_hold(clerk->db, post->id, hold, proof, err) &&
	    moderation_tell_moderators(clerk, arena, forum, post, err);
}

/* Why a post waits whose author is proved; "": it need not. */
static bool
find_hold(struct clerk *clerk, struct arena *arena, const struct post *post,
    const struct forum *forum, const struct standing *standing, const char **hold, struct err *err)
{
	struct threading_post place = {
		.forum = post->forum,
		.message_id = span_of(post->message_id),
		.parent = post->parent,
		.chain = post->chain,
	};
	struct axes axes = standing_axes(forum);
	struct err why;
	bool closed;

	if (!posting_is_closed(clerk, arena, &place, &closed, err))
		return false;
	*hold = !permission_write(standing, &axes, &why) ? "stranger" :
	    closed					 ? "closed" :
							   permission_hold(standing, &axes);
	return true;
}

bool
moderation_prove(struct clerk *clerk, struct arena *arena, int64_t id, const char *proof,
    struct posted *posted, struct err *err)
{
	struct post post;
	struct forum forum;
	struct person person;
	struct standing standing;
	const char *hold;

	*posted = (struct posted){ .post = id, .slug = "" };
	if (!post_find_head(clerk->db, arena, id, &post, err) ||
	    !forum_find(clerk->db, arena, post.forum, &forum, err) ||
	    !standing_find(clerk->db, arena, clerk->now, post.author, &forum, &person, &standing,
		err))
		return false;
	if (!is_proof_hold(&post))
		return true;
	if (!find_hold(clerk, arena, &post, &forum, &standing, &hold, err))
		return false;
	if (*hold)
		return hold_anew(clerk, arena, &forum, &post, hold, proof, err);
	return post_set_hold(clerk->db, id, "", proof, err) &&
	    posting_publish_held(clerk, arena, id, 0, posted, err);
}

static bool
believe_address(struct clerk *clerk, struct arena *arena, const char *token,
    const struct post *post, struct err *err)
{
	struct token_row row;
	uint8_t hash[SHA256_SIZE];

	/* A verdict of "fail" says something against this mail: the author's yes frees it
	 * alone, and the next one is asked about again. */
	if (strcmp(post->hold, "failed") == 0)
		return true;
	moderation_address_hash(token, hash);
	if (!token_row_find(clerk->db, arena, hash, &row, err)) {
		return err_forgive(err, ERR_NOT_FOUND);
	}
	return person_address_unproved_ok(clerk->db, row.object, err);
}

static bool
find_author_token(struct clerk *clerk, const struct act *act, char token[MAIL_TOKEN_ROOM],
    struct token_row *row, struct err *err)
{
	uint8_t hash[SHA256_SIZE];

	if (!mail_token_fold(fields_get(&act->input, "token"), token))
		return err_set(err, ERR_NOT_FOUND, "this link is not known");
	token_sha256(span_of(token), hash);
	if (!token_row_find(clerk->db, act->arena, hash, row, err))
		return false;
	if (strcmp(row->purpose, "author") != 0)
		return err_set(err, ERR_NOT_FOUND, "this link is not known");
	if (row->used == 0 && row->expires <= clerk->now)
		return err_set(err, ERR_NOT_FOUND, "this link came too late");
	return true;
}

bool
moderation_confirm(struct clerk *clerk, const struct act *act, struct outcome *outcome,
    struct err *err)
{
	char token[MAIL_TOKEN_ROOM];
	struct token_row row;
	struct posted posted;
	struct post post;

	if (!find_author_token(clerk, act, token, &row, err))
		return false;
	if (row.used != 0) /* said before: the same answer */
		return answer_state(clerk, act->arena, row.object, outcome, err);
	if (!token_row_use(clerk->db, row.id, clerk->now, err) ||
	    !post_find_head(clerk->db, act->arena, row.object, &post, err) ||
	    !believe_address(clerk, act->arena, token, &post, err) ||
	    !moderation_prove(clerk, act->arena, row.object, "author", &posted, err))
		return false;
	return answer_state(clerk, act->arena, row.object, outcome, err);
}
