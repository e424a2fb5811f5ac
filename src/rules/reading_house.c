/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The house as those see it who look after it: the journal, the people of a forum. */
#include <string.h>

#include "rules/reading_work.h"
#include "store/journal.h"
#include "store/roll.h"
#include "store/subscription.h"

/* Who may moderate it, and what that takes. */
static bool
find_moderated(struct reading *reading, struct span slug, struct forum *forum, struct err *err)
{
	struct standing standing;

	return forum_find_slug(reading->db, reading->arena, slug, forum, err) &&
	       reading_standing(reading, forum, &standing, err) &&
	       (permission_moderate(&standing) || err_set(err, ERR_NOT_FOUND, "no such address"));
}

/* ---- the journal ---- */

static bool
name_of(struct reading *reading, int64_t person, const char **name, struct err *err)
{
	struct person row;

	*name = "";
	if (person == 0)
		return true;
	if (person_find(reading->db, reading->arena, person, &row, err)) {
		*name = row.name_shown;
		return true;
	}
	return err_forgive(err, ERR_NOT_FOUND);
}

static bool
name_of_roll(struct reading *reading, int64_t id, const char **name, struct err *err)
{
	struct roll roll;

	if (!roll_find(reading->db, reading->arena, id, &roll, err))
		return err_forgive(err, ERR_NOT_FOUND);
	*name = roll.name;
	return true;
}

static bool
name_of_forum(struct reading *reading, int64_t id, const char **name, struct err *err)
{
	struct forum forum;

	if (!forum_find(reading->db, reading->arena, id, &forum, err))
		return err_forgive(err, ERR_NOT_FOUND);
	*name = forum.name;
	return true;
}

/* "post 12" and what it is called. */
static bool
fill_object(
    struct reading *reading, const struct journal *row, struct journal_view *view, struct err *err)
{
	struct span object = span_of(row->object), noun;
	struct post post;
	int64_t id;

	view->post = view->thread = 0;
	view->about = "";
	if (!span_next(&object, ' ', &noun))
		return true;
	if (!span_int(object, 1, INT64_MAX, &id))
		return true;
	if (span_is(noun, "thread"))
		view->thread = id;
	if (span_is(noun, "person"))
		return name_of(reading, id, &view->about, err);
	if (span_is(noun, "roll"))
		return name_of_roll(reading, id, &view->about, err);
	if (span_is(noun, "forum"))
		return name_of_forum(reading, id, &view->about, err);
	if (!span_is(noun, "post"))
		return true;
	view->post = id;
	if (!post_find_head(reading->db, reading->arena, view->post, &post, err)) {
		return err_forgive(err, ERR_NOT_FOUND);
	}
	view->about = post.subject;
	if (post.thread == 0)
		view->post = 0; /* nowhere to be read */
	return true;
}

static bool
fill_entry(
    struct reading *reading, const struct journal *row, struct journal_view *view, struct err *err)
{
	*view = (struct journal_view){
		.id = row->id,
		.date = row->date,
		.act = row->act,
		.door = row->door,
		.outcome = row->outcome,
		.text = row->text,
	};
	return name_of(reading, row->actor, &view->actor, err) &&
	       fill_object(reading, row, view, err);
}

bool
reading_journal(struct reading *reading, struct span slug, int64_t before, size_t room,
    struct journal_view **out, size_t *count, struct err *err)
{
	struct forum forum = { .id = 0 };
	struct journal *rows;

	*count = 0;
	if (slug.len > 0 && !find_moderated(reading, slug, &forum, err))
		return false;
	if (slug.len == 0 && !reading_must_administer(reading, err))
		return false;
	if (!journal_list(reading->db, reading->arena, forum.id, before, room, &rows, count, err))
		return false;
	*out = arena_array(reading->arena, *count, sizeof(**out));
	for (size_t i = 0; i < *count; i++)
		if (!fill_entry(reading, &rows[i], &(*out)[i], err))
			return false;
	return true;
}

/* ---- people of a forum ---- */

static bool
fill_member(struct reading *reading, const struct forum *forum, const struct subscription *row,
    struct member_view *view, struct err *err)
{
	struct mandate *mandates;
	struct person person;
	size_t count;

	if (!person_find(reading->db, reading->arena, row->person, &person, err) ||
	    !mandate_list_person(
		reading->db, reading->arena, row->person, reading->now, &mandates, &count, err) ||
	    !post_count_author(
		reading->db, row->person, forum->id, "published", 1000, &view->published, err))
		return false;
	view->person = row->person;
	view->name = person.name_shown;
	view->mode = row->mode;
	view->since = row->since;
	view->trusted = person.trusted;
	view->on_roll = person.roll_until > reading->now;
	view->suspended = strcmp(person.state, "suspended") == 0;
	view->moderator = false;
	for (size_t i = 0; i < count; i++)
		if (mandates[i].forum == forum->id && strcmp(mandates[i].role, "moderator") == 0)
			view->moderator = true;
	return true;
}

bool
reading_members(struct reading *reading, struct span slug, int64_t after, size_t room,
    struct member_view **out, size_t *count, struct err *err)
{
	struct subscription *rows;
	struct forum forum;

	*count = 0;
	if (!find_moderated(reading, slug, &forum, err) ||
	    !subscription_list_forum(
		reading->db, reading->arena, forum.id, after, room, &rows, count, err))
		return false;
	*out = arena_array(reading->arena, *count, sizeof(**out));
	for (size_t i = 0; i < *count; i++)
		if (!fill_member(reading, &forum, &rows[i], &(*out)[i], err))
			return false;
	return true;
}

bool
reading_moderators(struct reading *reading, struct span slug, struct moderator_view **out,
    size_t *count, struct err *err)
{
	struct mandate *mandates;
	struct person person;
	struct forum forum;

	*count = 0;
	if (!find_moderated(reading, slug, &forum, err) ||
	    !mandate_list_forum(reading->db, reading->arena, forum.id, "moderator", reading->now,
		&mandates, count, err))
		return false;
	*out = arena_array(reading->arena, *count, sizeof(**out));
	for (size_t i = 0; i < *count; i++) {
		if (!person_find(
			reading->db, reading->arena, mandates[i].person, &person, err))
			return false;
		(*out)[i] = (struct moderator_view){
			.mandate = mandates[i].id,
			.name = person.name_shown,
			.since = mandates[i].since,
			.suspended = strcmp(person.state, "suspended") == 0,
		};
	}
	return true;
}

bool
reading_forum_settings(
    struct reading *reading, struct span slug, struct forum_settings *out, struct err *err)
{
	struct forum forum;

	if (!reading_must_administer(reading, err))
		return false;
	if (!forum_find_slug(reading->db, reading->arena, slug, &forum, err))
		return false;
	*out = (struct forum_settings){ forum.slug, forum.name, forum.description, forum.theme,
		forum.who_writes, forum.appears, forum.who_reads, forum.strangers, forum.reply_to,
		forum.emergency, forum.position };
	return true;
}
