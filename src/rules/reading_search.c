/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What is found, and the latest posts for feeds, as the viewer may see them. */
#include <string.h>

#include "rules/reading_work.h"
#include "store/search.h"
#include "text/excerpt.h"

enum {
	LOOK = 60, /* hits of one statement */
	TURNS = 5, /* statements of one page: most hits may be of forums not to be seen */
	EXCERPT_OCTETS = 260
};

/* A forum that was asked about in this search, and whether the viewer may read it. */
struct known {
	struct forum forum;
	bool may;
};

struct search_work {
	struct reading *reading;
	struct span words[SEARCH_WORDS_MAX];
	size_t word_count;
	struct known *known;
	size_t known_count, known_room;
	struct found_view *out;
	size_t count, room;
};

static bool
look_at_forum(struct search_work *work, int64_t id, struct known *known, struct err *err)
{
	struct standing standing;

	known->may = reading_may_forum(work->reading, id, &known->forum, &standing, err);
	if (!known->may && err->kind != ERR_NOT_FOUND)
		return false;
	err_clear(err);
	known->forum.id = id;
	return true;
}

/* NULL: no room, or (err) a trouble. */
static const struct known *
find_forum(struct search_work *work, int64_t id, struct err *err)
{
	for (size_t i = 0; i < work->known_count; i++)
		if (work->known[i].forum.id == id)
			return &work->known[i];
	if (work->known_count == work->known_room)
		return NULL;
	if (!look_at_forum(work, id, &work->known[work->known_count], err))
		return NULL;
	return &work->known[work->known_count++];
}

static void
fill_pieces(struct search_work *work, struct span text, struct found_view *view)
{
	struct arena *arena = work->reading->arena;
	struct excerpt_piece *pieces = excerpt_make(
	    arena, text, work->words, work->word_count, EXCERPT_OCTETS, &view->piece_count);

	view->pieces = arena_array(arena, view->piece_count, sizeof(*view->pieces));
	for (size_t i = 0; i < view->piece_count; i++)
		view->pieces[i] = (struct found_piece){ pieces[i].text, pieces[i].marked };
}

static bool
take_hit(struct search_work *work, const struct search_hit *hit, struct err *err)
{
	const struct known *known = find_forum(work, hit->forum, err);
	struct found_view *view;

	if (known == NULL)
		return err->kind == ERR_NONE;
	if (!known->may)
		return true;
	view = &work->out[work->count++];
	*view = (struct found_view){
		.post = hit->post,
		.title = hit->title,
		.author = hit->author,
		.organisation = hit->organisation,
		.forum_name = known->forum.name,
		.forum_slug = known->forum.slug,
		.date = hit->date,
	};
	fill_pieces(work, hit->text, view);
	return true;
}

static void
move_on(struct search_query *query, const struct search_hit *hit)
{
	if (query->ranked)
		query->skip++;
	else
		query->before = hit->post;
}

/* Until the page is full and one more is seen, or nothing is left. */
static bool
look(struct search_work *work, struct search_query *query, int64_t *next, struct err *err)
{
	struct search_hit *hits;
	size_t found;

	*next = 0;
	for (int turn = 0; turn < TURNS; turn++) {
		if (!search_find(
			work->reading->db, work->reading->arena, query, LOOK, &hits, &found, err))
			return false;
		for (size_t i = 0; i < found; i++) {
			if (work->count == work->room) {
				*next = query->ranked ? query->skip : query->before;
				return true;
			}
			if (!take_hit(work, &hits[i], err))
				return false;
			move_on(query, &hits[i]);
		}
		if (found < LOOK)
			return true;
	}
	*next = query->ranked ? query->skip : query->before;
	return true;
}

static bool
fill_query(struct reading *reading, const struct search_ask *ask, struct search_query *query,
    struct err *err)
{
	struct forum forum;

	*query = (struct search_query){ .words = ask->words,
		.author = ask->author,
		.since = ask->since,
		.until = ask->until,
		.ranked = ask->ranked };
	if (ask->ranked)
		query->skip = ask->place;
	else
		query->before = ask->place;
	if (ask->forum.len == 0)
		return true;
	if (!forum_find_slug(reading->db, reading->arena, ask->forum, &forum, err))
		return false;
	query->forum = forum.id;
	return true;
}

bool
reading_search(struct reading *reading, const struct search_ask *ask, size_t room,
    struct found_view **out, size_t *count, int64_t *next, struct err *err)
{
	struct search_work work = { .reading = reading, .room = room, .known_room = 1000 };
	struct search_query query;

	*count = 0;
	*next = 0;
	work.out = *out = arena_array(reading->arena, room, sizeof(**out));
	work.known = arena_array(reading->arena, work.known_room, sizeof(*work.known));
	work.word_count = search_words(reading->arena, ask->words, work.words);
	if (!fill_query(reading, ask, &query, err) || !look(&work, &query, next, err))
		return false;
	*count = work.count;
	return true;
}

/* ---- feeds ---- */

static bool
fill_posts(struct reading *reading, const struct post *posts, size_t count, const char *title,
    struct post_view **out, struct err *err)
{
	*out = arena_array(reading->arena, count, sizeof(**out));
	for (size_t i = 0; i < count; i++) {
		reading_fill_post(reading, &posts[i], title, &(*out)[i]);
		if (!reading_fill_attachments(reading, &(*out)[i], err))
			return false;
	}
	return true;
}

bool
reading_forum_latest(struct reading *reading, const struct forum_view *forum, size_t room,
    struct post_view **out, size_t *count, struct err *err)
{
	struct post *posts;

	return post_list_forum_latest(
		   reading->db, reading->arena, forum->id, room, &posts, count, err) &&
	       fill_posts(reading, posts, *count, NULL, out, err);
}

bool
reading_thread_latest(struct reading *reading, const struct thread_view *thread, size_t room,
    struct post_view **out, size_t *count, struct err *err)
{
	struct post *posts;

	return post_list_thread_latest(
		   reading->db, reading->arena, thread->id, room, &posts, count, err) &&
	       fill_posts(reading, posts, *count, thread->title, out, err);
}
