/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Forums and lists of threads, as the viewer may see them. */
#include <string.h>

#include "rules/reading_work.h"
#include "rules/words.h"
#include "store/subscription.h"
#include "text/i18n.h"

enum { LATEST_TURNS = 20, TRACES = 100 };

bool
reading_standing(struct reading *reading, const struct forum *forum, struct standing *standing,
    struct err *err)
{
	*standing = (struct standing){ 0 };
	if (reading->person.id == 0)
		return true;
	return standing_of(reading->db, reading->arena, reading->now, &reading->person, reading->mandates,
	    reading->mandate_count, forum, standing, err);
}

bool
reading_may_forum(struct reading *reading, int64_t id, struct forum *forum,
    struct standing *standing, struct err *err)
{
	struct axes axes;

	if (!forum_find(reading->db, reading->arena, id, forum, err) ||
	    !reading_standing(reading, forum, standing, err))
		return false;
	axes = standing_axes(forum);
	return permission_read(standing, &axes) ||
	    err_set(err, ERR_NOT_FOUND, "there is no such forum");
}

static bool
find_mode(struct reading *reading, int64_t forum, const char **mode, struct err *err)
{
	struct subscription row;

	*mode = "";
	if (reading->person.id == 0)
		return true;
	if (subscription_find(reading->db, reading->arena, forum, reading->person.id, &row, err)) {
		*mode = strcmp(row.mode, "none") == 0 ? "" : row.mode;
		return true;
	}
	return err_forgive(err, ERR_NOT_FOUND);
}

static void
fill_axes(const struct forum *forum, const struct standing *standing, struct forum_view *view)
{
	struct axes axes = standing_axes(forum);
	struct err why;

	*view = (struct forum_view){
		.id = forum->id,
		.slug = forum->slug,
		.name = forum->name,
		.description = forum->description,
		.theme = forum->theme,
		.who_writes = forum->who_writes,
		.appears = forum->appears,
		.who_reads = forum->who_reads,
		.mode = "",
	};
	/* On the web whoever writes has signed in: an anonymous reader may not yet. */
	view->may_write = standing->person != 0 && permission_write(standing, &axes, &why);
	view->may_moderate = permission_moderate(standing);
}

bool
reading_fill_forum(struct reading *reading, const struct forum *forum,
    const struct standing *standing, struct forum_view *view, struct err *err)
{
	struct forum_total total;

	fill_axes(forum, standing, view);
	if (!forum_total(reading->db, forum->id, &total, err))
		return false;
	view->threads = total.threads;
	view->posts = total.posts;
	view->last = total.last;
	return find_mode(reading, forum->id, &view->mode, err);
}

bool
reading_forum(struct reading *reading, struct span slug, struct forum_view *view, struct err *err)
{
	struct standing standing;
	struct forum forum;
	struct axes axes;

	if (!forum_find_slug(reading->db, reading->arena, slug, &forum, err) ||
	    !reading_standing(reading, &forum, &standing, err))
		return false;
	axes = standing_axes(&forum);
	if (!permission_read(&standing, &axes))
		return err_set(err, ERR_NOT_FOUND, "there is no such forum");
	return reading_fill_forum(reading, &forum, &standing, view, err);
}

/* ---- all forums ---- */

bool
reading_forum_names(struct reading *reading, struct forum_view **out, size_t *count,
    struct err *err)
{
	struct forum *forums;
	size_t total;

	*count = 0;
	if (!forum_list(reading->db, reading->arena, &forums, &total, err))
		return false;
	*out = arena_array(reading->arena, total, sizeof(**out));
	for (size_t i = 0; i < total; i++) {
		struct standing standing;
		struct axes axes = standing_axes(&forums[i]);
		if (!reading_standing(reading, &forums[i], &standing, err))
			return false;
		if (permission_read(&standing, &axes))
			fill_axes(&forums[i], &standing, &(*out)[(*count)++]);
	}
	return true;
}

static void
put_total(const struct forum_total *totals, size_t count, struct forum_view *view)
{
	for (size_t i = 0; i < count; i++)
		if (totals[i].forum == view->id) {
			view->threads = totals[i].threads;
			view->posts = totals[i].posts;
			view->last = totals[i].last;
		}
}

static void
put_mode(const struct subscription *rows, size_t count, struct forum_view *view)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].forum == view->id && strcmp(rows[i].mode, "none") != 0)
			view->mode = rows[i].mode;
}

bool
reading_forums(struct reading *reading, struct forum_view **out, size_t *count, struct err *err)
{
	struct subscription *rows = NULL;
	struct forum_total *totals;
	size_t sums, modes = 0;

	*count = 0;
	if (!reading_forum_names(reading, out, count, err) ||
	    !forum_totals(reading->db, reading->arena, &totals, &sums, err))
		return false;
	if (reading->person.id != 0 &&
	    !subscription_list_person(reading->db, reading->arena, reading->person.id, &rows,
		&modes, err))
		return false;
	for (size_t i = 0; i < *count; i++) {
		put_total(totals, sums, &(*out)[i]);
		put_mode(rows, modes, &(*out)[i]);
	}
	return true;
}

bool
reading_moderated(struct reading *reading, struct forum **out, size_t *count, struct err *err)
{
	struct forum *forums;
	size_t total;

	*count = 0;
	if (!forum_list(reading->db, reading->arena, &forums, &total, err))
		return false;
	*out = arena_array(reading->arena, total, sizeof(**out));
	for (size_t i = 0; i < total; i++) {
		struct standing standing;

		if (!reading_standing(reading, &forums[i], &standing, err))
			return false;
		if (permission_moderate(&standing))
			(*out)[(*count)++] = forums[i];
	}
	return true;
}

/* ---- threads ---- */

static void
fill_thread(struct reading *reading, const struct thread *thread, struct thread_view *view)
{
	*view = (struct thread_view){
		.id = thread->id,
		.forum = thread->forum,
		.slug = words_slug(reading->arena, span_of(thread->title)),
		.forum_slug = thread->forum_slug,
		.forum_name = thread->forum_name,
		.title = thread->title,
		.starter = thread->starter,
		.last_author = thread->last_author,
		.posts = thread->posts,
		.created = thread->created,
		.last = thread->last,
		.pinned = thread->pinned,
		.closed = strcmp(thread->state, "closed") == 0,
		.merged = thread->merged,
	};
}

static void
add_threads(struct reading *reading, const struct thread *threads, size_t found, size_t room,
    struct thread_view *out, size_t *count)
{
	for (size_t i = 0; i < found && *count < room; i++)
		fill_thread(reading, &threads[i], &out[(*count)++]);
}

bool
reading_threads(struct reading *reading, int64_t forum, int64_t before_last, int64_t before_id,
    size_t room, struct thread_view **out, size_t *count, struct err *err)
{
	struct standing standing;
	struct thread *threads;
	struct forum row;
	size_t found;

	*count = 0;
	if (!reading_may_forum(reading, forum, &row, &standing, err))
		return false;
	*out = arena_array(reading->arena, room, sizeof(**out));
	if (before_last == 0 && before_id == 0) {
		if (!thread_list_pinned(reading->db, reading->arena, forum, &threads, &found, err))
			return false;
		add_threads(reading, threads, found, room, *out, count);
	}
	if (*count >= room)
		return true;
	if (!thread_list(reading->db, reading->arena, forum, before_last, before_id, room - *count,
		&threads, &found, err))
		return false;
	add_threads(reading, threads, found, room, *out, count);
	return true;
}

static bool
may_see_forum(struct reading *reading, const struct forum *forums, size_t count, int64_t id,
    bool *may, struct err *err)
{
	*may = false;
	for (size_t i = 0; i < count; i++) {
		struct standing standing;
		struct axes axes;

		if (forums[i].id != id)
			continue;
		if (!reading_standing(reading, &forums[i], &standing, err))
			return false;
		axes = standing_axes(&forums[i]);
		*may = permission_read(&standing, &axes);
	}
	return true;
}

/* Forums that may not be seen may hold most of the latest threads: a bounded number of
 * further looks, then a shorter list. */
bool
reading_latest(struct reading *reading, size_t room, struct thread_view **out, size_t *count,
    struct err *err)
{
	int64_t last = 0, id = 0;
	struct thread *threads;
	struct forum *forums;
	size_t total, found;
	bool may;

	*count = 0;
	*out = arena_array(reading->arena, room, sizeof(**out));
	if (!forum_list(reading->db, reading->arena, &forums, &total, err))
		return false;
	for (int turn = 0; turn < LATEST_TURNS && *count < room; turn++) {
		if (!thread_list_latest(reading->db, reading->arena, last, id, room, &threads,
			&found, err))
			return false;
		for (size_t i = 0; i < found && *count < room; i++) {
			if (!may_see_forum(reading, forums, total, threads[i].forum, &may, err))
				return false;
			if (may)
				fill_thread(reading, &threads[i], &(*out)[(*count)++]);
		}
		if (found < room)
			return true;
		last = threads[found - 1].last;
		id = threads[found - 1].id;
	}
	return true;
}

bool
reading_threads_span(struct reading *reading, int64_t after, int64_t until,
    struct thread_view **out, size_t *count, struct err *err)
{
	struct thread *threads;
	struct forum *forums;
	size_t total, found;
	bool may = false;
	int64_t asked = 0; /* of the thread before: they come in runs */

	*count = 0;
	if (!forum_list(reading->db, reading->arena, &forums, &total, err) ||
	    !thread_list_span(reading->db, reading->arena, after, until, &threads, &found, err))
		return false;
	*out = arena_array(reading->arena, found, sizeof(**out));
	for (size_t i = 0; i < found; i++) {
		if (threads[i].forum != asked &&
		    !may_see_forum(reading, forums, total, threads[i].forum, &may, err))
			return false;
		asked = threads[i].forum;
		if (may)
			(*out)[(*count)++] = (struct thread_view){ .id = threads[i].id,
				.slug = words_slug(reading->arena, span_of(threads[i].title)),
				.last = threads[i].last };
	}
	return true;
}

bool
reading_thread_newest(struct reading *reading, int64_t *id, struct err *err)
{
	return thread_newest_id(reading->db, id, err);
}

/* Of a discussion without any message left: those who moderate, and whose messages were there, see
 * what became of them; to all others it is not there. */
static bool
may_see_traces(struct reading *reading, int64_t thread, const struct standing *standing, bool *may,
    struct err *err)
{
	struct post *posts;
	size_t count;

	*may = false;
	if (reading->person.id == 0)
		return true;
	if (!post_list_thread(
		reading->db, reading->arena, thread, INT64_MIN, 0, TRACES, &posts, &count, err))
		return false;
	for (size_t i = 0; i < count; i++)
		if (permission_moderate(standing) || posts[i].author == reading->person.id)
			*may = true;
	return true;
}

bool
reading_thread(struct reading *reading, int64_t id, struct thread_view *view, struct err *err)
{
	struct standing standing;
	struct thread thread;
	struct forum forum;
	bool may = true;

	if (!thread_find(reading->db, reading->arena, id, &thread, err) ||
	    !reading_may_forum(reading, thread.forum, &forum, &standing, err))
		return false;
	if (thread.merged == 0 && thread.posts == 0 &&
	    !may_see_traces(reading, thread.id, &standing, &may, err))
		return false;
	if (!may)
		return err_set(err, ERR_NOT_FOUND, TR("there is no such discussion"));
	reading->thread = thread;
	fill_thread(reading, &thread, view);
	view->may_moderate = permission_moderate(&standing);
	return true;
}
