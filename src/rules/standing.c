/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "rules/standing.h"

#include <string.h>

#include "store/post.h"
#include "store/subscription.h"

struct axes
standing_axes(const struct forum *forum)
{
	return axes_of(forum->who_writes, forum->appears, forum->who_reads, forum->strangers,
	    forum->emergency);
}

static void
add_mandate(struct standing *standing, const struct mandate *mandate, int64_t forum)
{
	if (mandate->organisation != 0)
		standing->speaker = true;
	if (mandate->forum == 0 || mandate->forum != forum)
		return;
	if (strcmp(mandate->role, "moderator") == 0)
		standing->moderator = true;
	else if (strcmp(mandate->role, "animator") == 0)
		standing->animator = true;
	else if (strcmp(mandate->role, "writer") == 0)
		standing->writer = true;
}

static bool
look_subscribed(struct db *db, struct arena *arena, int64_t person, int64_t forum, bool *is,
    struct err *err)
{
	struct subscription row;

	*is = subscription_find(db, arena, forum, person, &row, err);
	return *is || err_forgive(err, ERR_NOT_FOUND);
}

bool
standing_of(struct db *db, struct arena *arena, int64_t now, const struct person *person,
    const struct mandate *mandates, size_t count, const struct forum *forum,
    struct standing *standing, struct err *err)
{
	struct axes axes;

	*standing = (struct standing){ .person = person->id };
	standing->barred = strcmp(person->state, "suspended") == 0 ||
	    strcmp(person->state, "erased") == 0;
	standing->active = strcmp(person->state, "active") == 0;
	standing->trusted = person->trusted;
	standing->on_roll = person->roll_until > now;
	if (standing->active) {
		standing->administrator = person->administrator;
		for (size_t i = 0; i < count; i++)
			add_mandate(standing, &mandates[i], forum ? forum->id : 0);
	}
	if (!forum)
		return true;
	axes = standing_axes(forum);
	if (axes.who_reads == READS_MEMBERS && standing->active &&
	    !look_subscribed(db, arena, person->id, forum->id, &standing->subscribed, err))
		return false;
	return axes.appears != APPEARS_FIRST_READ || standing->trusted ||
	    post_was_read(db, person->id, forum->id, &standing->was_read, err);
}

bool
standing_load(struct db *db, struct arena *arena, int64_t now, const struct person *person,
    const struct forum *forum, struct standing *standing, struct err *err)
{
	struct mandate *mandates = NULL;
	size_t count = 0;

	*standing = (struct standing){ 0 };
	if (!person || person->id == 0)
		return true;
	if (strcmp(person->state, "active") == 0 &&
	    !mandate_list_person(db, arena, person->id, now, &mandates, &count, err))
		return false;
	return standing_of(db, arena, now, person, mandates, count, forum, standing, err);
}

bool
standing_find(struct db *db, struct arena *arena, int64_t now, int64_t person,
    const struct forum *forum, struct person *row, struct standing *standing, struct err *err)
{
	*row = (struct person){ 0 };
	*standing = (struct standing){ 0 };
	if (person == 0)
		return true;
	return person_find(db, arena, person, row, err) &&
	    standing_load(db, arena, now, row, forum, standing, err);
}
