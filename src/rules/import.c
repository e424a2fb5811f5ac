/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "rules/import.h"

#include "rules/author.h"
#include "rules/posting.h"
#include "rules/threading.h"

static void
fill_attachments(const struct act *act, int64_t raw, struct draft *draft)
{
	const struct parsed *parsed = act->parsed;
	struct draft_attachment *list;

	list = arena_array(act->arena, parsed->attachment_count, sizeof(*list));
	for (size_t i = 0; i < parsed->attachment_count; i++)
		list[i] = (struct draft_attachment){ parsed->attachments[i].name,
			parsed->attachments[i].type, raw, parsed->attachments[i].offset,
			parsed->attachments[i].length, parsed->attachments[i].encoding,
			parsed->attachments[i].size };
	draft->attachments = list;
	draft->attachment_count = parsed->attachment_count;
}

/* *id is the post that is this mail already, or 0. Another body under the same id makes
 * the id an alias. */
static bool
find_same(struct clerk *clerk, const struct act *act, struct draft *draft, struct post *same,
    struct err *err)
{
	struct span hash = span_make(act->parsed->body_hash, SHA256_SIZE);
	struct post *posts;
	size_t count;

	same->id = 0;
	if (!post_list_message(clerk->db, act->arena, draft->message_id, draft->forum->id, &posts,
		&count, err))
		return false;
	for (size_t i = 0; i < count && same->id == 0; i++)
		if (span_equal(posts[i].body_hash, hash))
			*same = posts[i];
	if (count > 0 && same->id == 0) {
		draft->alias = arena_strndup(act->arena, draft->message_id.data,
		    draft->message_id.len);
		draft->message_id = (struct span){ 0 };
	}
	return true;
}

static void
answer(struct outcome *outcome, int64_t post, int64_t thread, int64_t forum, const char *how)
{
	fields_add_int(&outcome->output, "post", post);
	fields_add_int(&outcome->output, "thread", thread);
	fields_add_text(&outcome->output, "outcome", how);
	outcome_about(outcome, "post", post, forum);
}

static bool
store(struct clerk *clerk, const struct act *act, const struct draft *begun,
    struct outcome *outcome, struct err *err)
{
	struct draft draft = *begun;
	struct standing standing;
	struct posted posted;
	struct author author;
	int64_t raw;

	if (!act_keep_raw(clerk, act, &raw, err) ||
	    !author_find(clerk, act->arena, act->parsed, &author, err) ||
	    !standing_load(clerk->db, act->arena, clerk->now, &author.person, NULL, &standing, err))
		return false;
	draft.author = &author.person;
	draft.standing = &standing;
	draft.raw = raw;
	fill_attachments(act, raw, &draft);
	if (!posting_store(clerk, act->arena, &draft, &posted, err))
		return false;
	answer(outcome, posted.post, posted.thread, draft.forum->id, "published");
	return true;
}

bool
import_add(struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	const struct parsed *parsed = act->parsed;
	struct draft draft = { .door = "import", .proof = "none", .hold = "", .silent = true,
		.alias = "", .chain = "", .parsed = parsed };
	struct forum forum;
	struct post same = { 0 };

	if (!parsed)
		return err_set(err, ERR_INVALID, "raw is missing");
	if (!forum_find_slug(clerk->db, act->arena, fields_get(&act->input, "forum"), &forum, err))
		return false;
	draft.forum = &forum;
	draft.subject = parsed->subject;
	draft.title = parsed->base_subject;
	draft.sent = parsed->date;
	draft.date = parsed->date > 0 && parsed->date < clerk->now ? parsed->date : clerk->now;
	draft.message_id = threading_message_id(clerk, act->arena, parsed);
	if (!parsed->is_forward)
		draft.chain = threading_chain(act->arena, parsed);
	if (!find_same(clerk, act, &draft, &same, err))
		return false;
	if (same.id == 0)
		return store(clerk, act, &draft, outcome, err);
	answer(outcome, same.id, same.thread, forum.id, "merged");
	return true;
}
