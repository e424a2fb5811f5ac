/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What is decided about posts that everybody has read, and about discussions. */
#include <string.h>

#include "rules/delivery.h"
#include "rules/moderation.h"
#include "rules/moderation_tell.h"
#include "store/outbox.h"
#include "store/search.h"
#include "store/thread.h"
#include "text/i18n.h"

static struct search_entry
entry_of(const struct post *post)
{
	return (struct search_entry){ post->id, post->date, span_of(post->subject), post->text,
		span_of(post->author_shown) };
}

/* Copies that have not left yet do not leave any more. */
static bool
take_down(struct clerk *clerk, const struct post *post, const char *to, int64_t by, struct span why,
    struct err *err)
{
	const struct search_entry entry = entry_of(post);
	int64_t cancelled;

	return post_move(clerk->db, post->id, "published", to, by, clerk->now, why, err) &&
	       indexing_remove(clerk, &entry, err) &&
	       outbox_cancel_post(clerk->db, post->id, clerk->now, &cancelled, err) &&
	       thread_recount(clerk->db, post->thread, err);
}

/* Said twice, or by two at once: the second is answered what is. */
static bool
answer(const struct post *post, const char *state, struct outcome *outcome)
{
	fields_add_int(&outcome->output, "post", post->id);
	fields_add_int(&outcome->output, "thread", post->thread);
	fields_add_text(&outcome->output, "state", state);
	outcome_about(outcome, "post", post->id, post->forum);
	return true;
}

static bool
find_public(struct clerk *clerk, const struct act *act, struct post *post, struct err *err)
{
	if (!post_find(clerk->db, act->arena, fields_int(&act->input, "post", 0), post, err))
		return false;
	return post->thread != 0 || err_set(err, ERR_NOT_FOUND, TR("there is no such message"));
}

static bool
tell_hidden(
    struct clerk *clerk, struct arena *arena, const struct post *post, int64_t by, struct err *err)
{
	if (post->author == by || strcmp(post->proof, "none") == 0 ||
	    strcmp(post->door, "import") == 0)
		return true;
	return moderation_tell_author(clerk, arena, post, "hidden", err);
}

bool
moderation_hide(
    struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	struct span why = fields_get(&act->input, "why");
	struct post post;

	if (!find_public(clerk, act, &post, err))
		return false;
	if (strcmp(post.state, "published") != 0)
		return answer(&post, post.state, outcome);
	if (!take_down(clerk, &post, "hidden", act->actor, why, err) ||
	    !tell_hidden(clerk, act->arena, &post, act->actor, err))
		return false;
	outcome->text = why;
	return answer(&post, "hidden", outcome);
}

bool
moderation_restore(
    struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	struct search_entry entry;
	struct post post;

	if (!find_public(clerk, act, &post, err))
		return false;
	if (strcmp(post.state, "hidden") != 0)
		return answer(&post, post.state, outcome);
	entry = entry_of(&post);
	return post_move(clerk->db, post.id, "hidden", "published", act->actor, clerk->now,
		   (struct span){ 0 }, err) &&
	       indexing_add(clerk, &entry, err) && thread_recount(clerk->db, post.thread, err) &&
	       answer(&post, "published", outcome);
}

/* Of one's own; a moderator's act would be hiding. */
bool
moderation_withdraw(
    struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	struct post post;

	if (!find_public(clerk, act, &post, err))
		return false;
	if (post.author != act->actor)
		return err_set(err, ERR_DENIED, TR("only its author may take a message back"));
	if (strcmp(post.state, "published") != 0)
		return answer(&post, post.state, outcome);
	return take_down(clerk, &post, "withdrawn", act->actor, (struct span){ 0 }, err) &&
	       answer(&post, "withdrawn", outcome);
}

bool
moderation_thread(
    struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	struct thread thread;

	if (!thread_find_head(
		clerk->db, act->arena, fields_int(&act->input, "thread", 0), &thread, err))
		return false;
	if (fields_has(&act->input, "closed") &&
	    !thread_set_state(
		clerk->db, thread.id, act_flag(act, "closed") ? "closed" : "open", err))
		return false;
	if (fields_has(&act->input, "pinned") &&
	    !thread_set_pinned(clerk->db, thread.id, act_flag(act, "pinned"), err))
		return false;
	fields_add_int(&outcome->output, "thread", thread.id);
	outcome_about(outcome, "thread", thread.id, thread.forum);
	return true;
}
