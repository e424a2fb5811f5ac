/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "rules/moderation_tell.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/token.h"
#include "mail/mail_token.h"
#include "rules/delivery.h"
#include "rules/limit.h"
#include "store/organisation.h"
#include "store/token_row.h"

enum { TOKEN_LIFE = 7 * 86400 };

/* ---- who decides ---- */

struct people {
	int64_t *ids;
	size_t count;
};

static void
put_person(struct people *people, int64_t id)
{
	for (size_t i = 0; i < people->count; i++)
		if (people->ids[i] == id)
			return;
	people->ids[people->count++] = id;
}

/* A mandate outlives a suspension; mail of others does not go there meanwhile. */
static bool
put_active(struct clerk *clerk, struct arena *arena, struct people *people, int64_t id,
    struct err *err)
{
	struct person person;

	if (!person_find(clerk->db, arena, id, &person, err))
		return false;
	if (strcmp(person.state, "active") == 0)
		put_person(people, id);
	return true;
}

static bool
find_administrators(struct clerk *clerk, struct arena *arena, struct people *out, struct err *err)
{
	struct person *people;
	size_t count;

	if (!person_list_administrators(clerk->db, arena, &people, &count, err))
		return false;
	out->ids = arena_array(arena, count, sizeof(*out->ids));
	for (size_t i = 0; i < count; i++)
		put_person(out, people[i].id);
	return true;
}

static bool
find_moderators(struct clerk *clerk, struct arena *arena, int64_t forum, struct people *out,
    struct err *err)
{
	struct mandate *mandates;
	size_t count;

	*out = (struct people){ 0 };
	if (!mandate_list_forum(clerk->db, arena, forum, "moderator", clerk->now, &mandates, &count,
		err))
		return false;
	out->ids = arena_array(arena, count, sizeof(*out->ids));
	for (size_t i = 0; i < count; i++)
		if (!put_active(clerk, arena, out, mandates[i].person, err))
			return false;
	return out->count > 0 || find_administrators(clerk, arena, out, err);
}

/* ---- who is told ---- */

/* False with *go false where the limit says no: a notice less, nothing wrong. */
static bool
may_notice(struct clerk *clerk, const char *limit, int64_t person, bool *go, struct err *err)
{
	char subject[24];

	(void)snprintf(subject, sizeof(subject), "%" PRId64, person);
	*go = limit_take(clerk, limit, subject, err);
	return *go || err_forgive(err, ERR_TOO_MUCH);
}

static bool
draw_token(struct clerk *clerk, const char *purpose, int64_t person, int64_t object,
    char token[MAIL_TOKEN_ROOM], struct err *err)
{
	struct token_row row = {
		.purpose = purpose,
		.person = person,
		.object = object,
		.created = clerk->now,
		.expires = clerk->now + TOKEN_LIFE,
	};
	uint8_t hash[SHA256_SIZE];

	mail_token_draw(token);
	token_sha256(span_of(token), hash);
	return token_row_add(clerk->db, hash, &row, NULL, err);
}

/* undone: why a word did nothing, or "". */
static bool
tell_moderator(struct clerk *clerk, struct arena *arena, const struct forum *forum,
    const struct post *post, int64_t person, const char *undone, struct err *err)
{
	struct notice_new notice = {
		.template = "held-moderator",
		.person = person,
		.forum = forum->id,
		.post = post->id,
	};
	char token[MAIL_TOKEN_ROOM];
	struct buf input = { 0 };
	bool go, ok;

	if (!may_notice(clerk, *undone ? "WORD_AGAIN" : "MOD_NOTICE", person, &go, err))
		return false;
	if (!go)
		return true;
	if (!draw_token(clerk, "moderate", person, post->id, token, err))
		return false;
	notice.reply_to = arena_printf(arena, "%s+m.%s", forum->slug, token);
	fields_add_text(&input, "undone", undone);
	notice.input = buf_span(&input);
	ok = delivery_queue_notice(clerk, arena, &notice, err);
	buf_free(&input);
	return ok;
}

bool
moderation_tell_moderators(struct clerk *clerk, struct arena *arena, const struct forum *forum,
    const struct post *post, struct err *err)
{
	struct people people;

	if (!find_moderators(clerk, arena, forum->id, &people, err))
		return false;
	for (size_t i = 0; i < people.count; i++)
		if (!tell_moderator(clerk, arena, forum, post, people.ids[i], "", err))
			return false;
	return true;
}

bool
moderation_tell_again(struct clerk *clerk, struct arena *arena, int64_t id, int64_t person,
    const char *why, struct err *err)
{
	struct standing standing;
	struct person row;
	struct forum forum;
	struct post post;

	if (!post_find(clerk->db, arena, id, &post, err) ||
	    !forum_find(clerk->db, arena, post.forum, &forum, err) ||
	    !standing_find(clerk->db, arena, clerk->now, person, &forum, &row, &standing, err))
		return false;
	if (strcmp(post.state, "held") != 0 || !permission_moderate(&standing))
		return true;
	return tell_moderator(clerk, arena, &forum, &post, person, why, err);
}

bool
moderation_tell_owners(struct clerk *clerk, struct arena *arena, struct notice_new *notice,
    size_t *told, struct err *err)
{
	struct people people;
	bool go;

	*told = 0;
	if (!find_moderators(clerk, arena, notice->forum, &people, err))
		return false;
	for (size_t i = 0; i < people.count; i++) {
		notice->person = people.ids[i];
		if (!may_notice(clerk, "MOD_NOTICE", notice->person, &go, err) ||
		    (go && !delivery_queue_notice(clerk, arena, notice, err)))
			return false;
		*told += go;
	}
	return true;
}

bool
moderation_tell_author(struct clerk *clerk, struct arena *arena, const struct post *post, const char *template,
    struct err *err)
{
	struct notice_new notice = {
		.template = template,
		.person = post->author,
		.forum = post->forum,
		.post = post->id,
		.answers = post->message_id,
	};
	bool go;

	if (!may_notice(clerk, "NOTICE_AUTHOR", post->author, &go, err))
		return false;
	return !go || delivery_queue_notice(clerk, arena, &notice, err);
}

/* The row beside that of the token says which address the answer will speak for. */
void
moderation_address_hash(const char *token, uint8_t hash[SHA256_SIZE])
{
	struct buf text = { 0 };

	buf_printf(&text, "address %s", token);
	token_sha256(buf_span(&text), hash);
	buf_free(&text);
}

static bool
remember_address(struct clerk *clerk, const char *token, int64_t person, int64_t address,
    struct err *err)
{
	struct token_row row = {
		.purpose = "confirm",
		.person = person,
		.object = address,
		.created = clerk->now,
		.expires = clerk->now + TOKEN_LIFE,
	};
	uint8_t hash[SHA256_SIZE];

	if (address == 0)
		return true;
	moderation_address_hash(token, hash);
	return token_row_add(clerk->db, hash, &row, NULL, err);
}

static bool
ask_author(struct clerk *clerk, struct arena *arena, const struct draft *draft,
    const struct post *post, struct err *err)
{
	struct notice_new notice = {
		.template = "was-it-you",
		.person = post->author,
		.address = draft->from_address,
		.forum = post->forum,
		.post = post->id,
		.answers = post->message_id,
	};
	char token[MAIL_TOKEN_ROOM];
	struct buf input = { 0 };
	bool go, ok;

	if (!may_notice(clerk, "CONFIRM_AUTHOR", post->author, &go, err))
		return false;
	if (!go)
		return true;
	if (!draw_token(clerk, "author", post->author, post->id, token, err) ||
	    !remember_address(clerk, token, post->author, draft->from_address, err))
		return false;
	fields_add_text(&input, "token", token);
	notice.input = buf_span(&input);
	notice.reply_to = arena_printf(arena, "ok.%s", token);
	ok = delivery_queue_notice(clerk, arena, &notice, err);
	buf_free(&input);
	return ok;
}

/* Whoever is not registered is told how to join, once, and nothing else: a mail a message
 * would make us the tool of who writes in somebody's name. */
static bool
tell_stranger(struct clerk *clerk, struct arena *arena, const struct post *post, struct err *err)
{
	bool go;

	if (!limit_check(clerk, "JOIN_HINT_ALL", "all", err))
		return err_forgive(err, ERR_TOO_MUCH); /* the hint of the year is not spent */
	if (!may_notice(clerk, "JOIN_HINT", post->author, &go, err))
		return false;
	if (!go)
		return true;
	return limit_take(clerk, "JOIN_HINT_ALL", "all", err) &&
	    moderation_tell_author(clerk, arena, post, "join", err);
}

bool
moderation_tell_held(struct clerk *clerk, struct arena *arena, const struct draft *draft,
    const struct post *post, struct err *err)
{
	if (draft->ask_author)
		return ask_author(clerk, arena, draft, post, err);
	if (!moderation_tell_moderators(clerk, arena, draft->forum, post, err))
		return false;
	if (!draft->tell_author)
		return true;
	return draft->standing->active ?
	    moderation_tell_author(clerk, arena, post, "held-author", err) :
	    tell_stranger(clerk, arena, post, err);
}

bool
moderation_tell_others(struct clerk *clerk, struct arena *arena, const struct post *post, int64_t by,
    const char *decision, struct span why, struct err *err)
{
	struct notice_new notice = { .template = "decided", .forum = post->forum, .post = post->id };
	struct people people;
	struct buf input = { 0 };
	bool ok = true, go;

	if (!find_moderators(clerk, arena, post->forum, &people, err))
		return false;
	fields_add_int(&input, "by", by);
	fields_add_text(&input, "decision", decision);
	fields_add(&input, "why", why);
	notice.input = buf_span(&input);
	for (size_t i = 0; ok && i < people.count; i++) {
		notice.person = people.ids[i];
		if (people.ids[i] == by)
			continue;
		ok = may_notice(clerk, "MOD_NOTICE", notice.person, &go, err) &&
		    (!go || delivery_queue_notice(clerk, arena, &notice, err));
	}
	buf_free(&input);
	return ok;
}
