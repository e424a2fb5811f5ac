/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What is found, and the latest posts for feeds, as the viewer may see them. */
#include <string.h>

#include "rules/reading_work.h"
#include "store/search.h"
#include "text/excerpt.h"

enum { EXCERPT_OCTETS = 260, PLACES = 2000 /* best first: nobody looks further */ };

struct search_work {
	struct reading *reading;
	struct span words[SEARCH_WORDS_MAX];
	size_t word_count;
	struct forum_view *forums; /* those that the viewer may read */
	size_t forum_count;
};

static const struct forum_view *
find_forum(const struct search_work *work, int64_t id)
{
	for (size_t i = 0; i < work->forum_count; i++)
		if (work->forums[i].id == id)
			return &work->forums[i];
	return NULL;
}

/* What the viewer may not read is not looked into: that it is there is not told either. */
static bool
fill_forums(struct search_work *work, struct span slug, struct search_query *query, struct err *err)
{
	int64_t *ids = arena_array(work->reading->arena, work->forum_count, sizeof(*ids));

	for (size_t i = 0; i < work->forum_count; i++) {
		ids[i] = work->forums[i].id;
		if (span_is(slug, work->forums[i].slug))
			query->forum = ids[i];
	}
	query->forums = ids;
	query->forum_count = work->forum_count;
	return slug.len == 0 || query->forum != 0 ||
	       err_set(err, ERR_NOT_FOUND, "there is no such forum");
}

static bool
fill_query(struct search_work *work, const struct search_ask *ask, struct search_query *query,
    struct err *err)
{
	*query = (struct search_query){ .words = ask->words,
		.author = ask->author,
		.since = ask->since,
		.until = ask->until,
		.ranked = ask->ranked };
	if (ask->ranked)
		query->skip = ask->place < PLACES ? ask->place : PLACES;
	else
		query->before = ask->place;
	return fill_forums(work, ask->forum, query, err);
}

static struct found_piece *
make_pieces(struct search_work *work, struct span text, size_t octets, size_t *count)
{
	struct arena *arena = work->reading->arena;
	struct excerpt_piece *pieces =
	    excerpt_make(arena, text, work->words, work->word_count, octets, count);
	struct found_piece *out = arena_array(arena, *count, sizeof(*out));

	for (size_t i = 0; i < *count; i++)
		out[i] = (struct found_piece){ pieces[i].text, pieces[i].marked };
	return out;
}

static void
fill_found(struct search_work *work, const struct search_hit *hit, struct found_view *view)
{
	const struct forum_view *forum = find_forum(work, hit->forum);

	*view = (struct found_view){
		.post = hit->post,
		.title = hit->title,
		.author = hit->author,
		.organisation = hit->organisation,
		.forum_name = forum->name,
		.forum_slug = forum->slug,
		.date = hit->date,
	};
	view->pieces = make_pieces(work, hit->text, EXCERPT_OCTETS, &view->piece_count);
	view->title_pieces =
	    make_pieces(work, span_of(hit->title), strlen(hit->title), &view->title_piece_count);
}

/* One more than is shown tells whether there is a next page. */
bool
reading_search(struct reading *reading, const struct search_ask *ask, size_t room,
    struct found_view **out, size_t *count, int64_t *next, struct err *err)
{
	struct search_work work = { .reading = reading };
	struct search_query query;
	struct search_hit *hits;
	size_t found;

	*count = 0;
	*next = 0;
	work.word_count = search_words(reading->arena, ask->words, work.words);
	if (!reading_forum_names(reading, &work.forums, &work.forum_count, err) ||
	    !fill_query(&work, ask, &query, err) ||
	    !search_find(reading->db, reading->arena, &query, room + 1, &hits, &found, err))
		return false;
	*count = found > room ? room : found;
	*out = arena_array(reading->arena, *count, sizeof(**out));
	for (size_t i = 0; i < *count; i++)
		fill_found(&work, &hits[i], &(*out)[i]);
	if (found > room && !ask->ranked)
		*next = hits[room - 1].key;
	else if (found > room && query.skip < PLACES)
		*next = query.skip + (int64_t)room;
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
