/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The queue: what waits, for those who may decide, with what helps them decide. */
#include <stdlib.h>
#include <string.h>

#include "rules/reading_work.h"
#include "store/reference.h"

enum { HISTORY_MOST = 1000 };

static struct span
last_id(const char *chain)
{
	struct span rest = span_of(chain), id, last = { 0 };

	while (span_next(&rest, ' ', &id))
		last = id;
	return last;
}

/* Thread of the post it answers, or of the last message that its chain names. */
static bool
find_answered(struct reading *reading, const struct post *post, int64_t *thread, struct err *err)
{
	struct span id = last_id(post->chain);
	struct reference known;
	struct post parent;

	*thread = 0;
	if (post->parent != 0) {
		if (!post_find_head(reading->db, reading->arena, post->parent, &parent, err))
			return false;
		*thread = parent.thread;
		return true;
	}
	if (id.len == 0)
		return true;
	if (reference_find(reading->db, post->forum, id, &known, err)) {
		*thread = known.thread;
		return true;
	}
	return err_forgive(err, ERR_NOT_FOUND);
}

static bool
fill_title(struct reading *reading, const struct post *post, struct held_view *view,
    struct err *err)
{
	struct thread thread;
	int64_t id;

	view->thread_title = "";
	if (!find_answered(reading, post, &id, err))
		return false;
	if (id == 0)
		return true;
	if (!thread_find_head(reading->db, reading->arena, id, &thread, err))
		return false;
	view->thread_title = thread.posts > 0 ? thread.title : "";
	view->thread_closed = strcmp(thread.state, "closed") == 0;
	return true;
}

static bool
fill_author(struct reading *reading, const struct post *post, struct held_view *view,
    struct err *err)
{
	struct person_address address;

	view->from_address = "";
	if (person_address_preferred(reading->db, reading->arena, post->author, &address, err))
		view->from_address = address.address;
	else if (!err_forgive(err, ERR_NOT_FOUND))
		return false;
	return post_count_author(reading->db, post->author, 0, "published", HISTORY_MOST,
		   &view->author_published, err) &&
	    post_count_author(reading->db, post->author, 0, "refused", HISTORY_MOST,
		&view->author_refused, err);
}

static bool
fill_held(struct reading *reading, const struct forum *forum, const struct standing *standing,
    const struct post *post, struct held_view *view, struct err *err)
{
	*view = (struct held_view){ .hold = post->hold, .verdict = post->proof };
	reading_fill_post(reading, post, NULL, &view->post);
	return reading_fill_attachments(reading, &view->post, err) &&
	    reading_fill_forum(reading, forum, standing, &view->forum, err) &&
	    fill_title(reading, post, view, err) && fill_author(reading, post, view, err);
}

struct waiting {
	struct post *post;
	const struct forum *forum;
};

static int
by_post(const void *a, const void *b)
{
	const struct waiting *x = a, *y = b;

	return (x->post->id > y->post->id) - (x->post->id < y->post->id);
}

static bool
collect(struct reading *reading, size_t room, struct waiting **out, size_t *count, struct err *err)
{
	struct forum *forums;
	struct post *posts;
	size_t total, found;

	*count = 0;
	if (!reading_moderated(reading, &forums, &total, err))
		return false;
	*out = arena_array(reading->arena, total, room * sizeof(**out));
	for (size_t i = 0; i < total; i++) {
		if (!post_list_held(reading->db, reading->arena, forums[i].id, 0, room, &posts,
			&found, err))
			return false;
		for (size_t j = 0; j < found; j++)
			(*out)[(*count)++] = (struct waiting){ &posts[j], &forums[i] };
	}
	if (*count > 0)
		qsort(*out, *count, sizeof(**out), by_post);
	return true;
}

bool
reading_held(struct reading *reading, size_t room, struct held_view **out, size_t *count,
    struct err *err)
{
	struct waiting *waiting;
	struct standing standing;
	size_t found;

	*count = 0;
	if (!collect(reading, room, &waiting, &found, err))
		return false;
	if (found > room)
		found = room;
	*out = arena_array(reading->arena, found, sizeof(**out));
	for (size_t i = 0; i < found; i++) {
		if (!reading_standing(reading, waiting[i].forum, &standing, err) ||
		    !fill_held(reading, waiting[i].forum, &standing, waiting[i].post, &(*out)[i],
			err))
			return false;
		(*count)++;
	}
	return true;
}

bool
reading_held_post(struct reading *reading, int64_t id, struct held_view *view, struct err *err)
{
	struct standing standing;
	struct forum forum;
	struct post post;

	if (!post_find(reading->db, reading->arena, id, &post, err) ||
	    !reading_may_forum(reading, post.forum, &forum, &standing, err))
		return false;
	if (strcmp(post.state, "held") != 0 || !permission_moderate(&standing))
		return err_set(err, ERR_NOT_FOUND, "there is no such message");
	return fill_held(reading, &forum, &standing, &post, view, err);
}
