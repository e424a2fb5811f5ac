/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Forums, threads, posts, references, attachments, search. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "book.h"
#include "store/attachment.h"
#include "store/forum.h"
#include "store/post.h"
#include "store/reference.h"
#include "store/search.h"
#include "store/thread.h"

static struct arena *arena;
static struct db *db;
static int64_t author, forum;

static int
setup(void **state)
{
	arena = arena_new();
	if (book_setup(state) != 0)
		return 1;
	db = *state;
	author = book_person(db, "Marie Dupont", "marie@ville.example");
	forum = book_forum(db, "voirie");
	return 0;
}

static int
teardown(void **state)
{
	arena_free(&arena);
	return book_teardown(state);
}

static int64_t
add_thread(const char *title, int64_t now)
{
	struct err err = { 0 };
	int64_t id;

	book_ok(thread_add(db, forum, span_of(title), now, &id, &err), &err);
	return id;
}

/* A published post of that date, counted in its thread. */
static int64_t
add_post(int64_t thread, int64_t date, int64_t parent)
{
	struct post post = book_post(forum, author, "published", thread);
	struct err err = { 0 };
	int64_t id;

	post.date = date;
	post.parent = parent;
	book_ok(post_add(db, &post, &id, &err), &err);
	book_ok(thread_posted(db, thread, date, &err), &err);
	return id;
}

/* Whatever a page shows of a post is what was written, or the page is not shown. */
static void
test_damage(void **state)
{
	static const struct {
		const char *column;
		bool page; /* a page of its thread sees it */
	} cases[] = {
		{ "html", true },
		{ "text", true },
		{ "subject", true },
		{ "author_shown", true },
		{ "source", false },
	};
	int64_t thread = add_thread("Travaux", BOOK_NOW), last;
	int64_t id = add_post(thread, BOOK_NOW, 0);
	struct err err = { 0 };
	struct post post, *posts;
	size_t count;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		book_ok(post_find(db, arena, id, &post, &err), &err);
		book_do(db, arena_printf(arena, "UPDATE post SET %s = %s || 'x'", cases[i].column,
				cases[i].column));
		assert_false(post_find(db, arena, id, &post, &err));
		assert_int_equal(err.kind, ERR_BROKEN);
		assert_int_equal(post_list_thread(db, arena, thread, 0, 0, 9, &posts, &count, &err),
		    !cases[i].page);
		assert_false(post_check_some(db, 0, 9, &last, &err));
		assert_int_equal(last, id);
		book_ok(post_sum_set(db, id, &err), &err);
	}
	book_ok(post_check_some(db, 0, 9, &last, &err), &err);
	book_ok(post_check_some(db, id, 9, &last, &err), &err);
	assert_int_equal(last, 0);
	book_do(db, "DELETE FROM post_sum");
	assert_false(post_check_some(db, 0, 9, &last, &err));
	book_ok(post_sum_fill(db, &err), &err);
	book_ok(post_check_some(db, 0, 9, &last, &err), &err);
}

static void
test_forums(void **state)
{
	struct forum found, *list;
	struct forum_total total, *totals;
	struct err err = { 0 };
	int64_t thread = add_thread("Travaux", BOOK_NOW);
	size_t count;

	(void)state;
	book_ok(forum_find_slug(db, arena, SPAN("voirie"), &found, &err), &err);
	assert_int_equal(found.id, forum);
	found.name = "La voirie";
	found.who_writes = "everyone";
	found.emergency = true;
	found.position = 7;
	book_ok(forum_set(db, &found, &err), &err);
	book_ok(forum_find(db, arena, forum, &found, &err), &err);
	assert_string_equal(found.name, "La voirie");
	assert_true(found.emergency && found.position == 7 && found.created == BOOK_NOW);
	found.appears = "perhaps";
	assert_false(forum_set(db, &found, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_false(forum_find_slug(db, arena, SPAN("Voirie"), &found, &err));
	book_forum(db, "ecole");
	book_ok(forum_list(db, arena, &list, &count, &err), &err);
	assert_int_equal(count, 2);
	assert_string_equal(list[0].slug, "ecole");
	book_ok(forum_total(db, forum, &total, &err), &err);
	assert_true(total.threads == 0 && total.posts == 0); /* an empty thread is nothing */
	add_post(thread, BOOK_NOW + 10, 0);
	add_post(thread, BOOK_NOW + 5, 0);
	book_ok(forum_total(db, forum, &total, &err), &err);
	assert_true(total.threads == 1 && total.posts == 2 && total.last == BOOK_NOW + 10);
	book_ok(forum_totals(db, arena, &totals, &count, &err), &err);
	assert_true(count == 1 && totals[0].forum == forum && totals[0].posts == 2);
}

static void
test_thread_grows(void **state)
{
	int64_t thread = add_thread("Travaux", BOOK_NOW);
	int64_t second = add_post(thread, BOOK_NOW + 100, 0);
	struct thread found, head;
	struct err err = { 0 };
	int64_t first;

	(void)state;
	book_ok(thread_find(db, arena, thread, &found, &err), &err);
	assert_true(found.posts == 1 && found.first == second && found.last == BOOK_NOW + 100);
	first = add_post(thread, BOOK_NOW + 50, 0); /* older mail that comes later */
	book_ok(thread_find(db, arena, thread, &found, &err), &err);
	assert_true(found.posts == 2 && found.first == first && found.last == BOOK_NOW + 100);
	assert_string_equal(found.forum_slug, "voirie");
	assert_string_equal(found.starter, "Marie Dupont");
	assert_string_equal(found.last_author, "Marie Dupont");
	book_ok(
	    post_move(db, first, "published", "hidden", author, BOOK_NOW, SPAN(""), &err), &err);
	book_ok(thread_recount(db, thread, &err), &err);
	book_ok(thread_set_title(db, thread, SPAN("Les travaux"), &err), &err);
	book_ok(thread_set_state(db, thread, "closed", &err), &err);
	book_ok(thread_set_pinned(db, thread, true, &err), &err);
	book_ok(thread_find_head(db, arena, thread, &head, &err), &err);
	assert_true(head.posts == 1 && head.first == second && head.pinned);
	assert_string_equal(head.title, "Les travaux");
	assert_string_equal(head.state, "closed");
	assert_string_equal(head.forum_slug, "");
}

static void
test_thread_pages(void **state)
{
	struct thread *list;
	struct err err = { 0 };
	int64_t last = 0, id = 0, pinned = 0;
	size_t count;
	int seen = 0;

	(void)state;
	for (int i = 0; i < 45; i++) {
		int64_t thread = add_thread("x", BOOK_NOW);

		if (i != 3)
			add_post(thread, BOOK_NOW + i / 2, 0); /* dates in pairs */
		if (i == 7) {
			book_ok(thread_set_pinned(db, thread, true, &err), &err);
			pinned = thread;
		}
	}
	do {
		book_ok(thread_list(db, arena, forum, last, id, 10, &list, &count, &err), &err);
		for (size_t i = 0; i < count; i++, seen++) {
			assert_int_not_equal(list[i].id, pinned);
			assert_true(id == 0 || list[i].last < last ||
				    (list[i].last == last && list[i].id < id));
			last = list[i].last;
			id = list[i].id;
		}
	} while (count == 10);
	assert_int_equal(seen, 43); /* neither the pinned one nor the empty one */
	book_ok(thread_list_pinned(db, arena, forum, &list, &count, &err), &err);
	assert_true(count == 1 && list[0].id == pinned);
	book_ok(thread_list_latest(db, arena, 0, 0, 100, &list, &count, &err), &err);
	assert_int_equal(count, 44);
	book_ok(thread_list_latest(db, arena, list[9].last, list[9].id, 100, &list, &count, &err),
	    &err);
	assert_int_equal(count, 34);
}

static void
test_merge(void **state)
{
	int64_t into = add_thread("A", BOOK_NOW), from = add_thread("B", BOOK_NOW);
	int64_t older = add_thread("C", BOOK_NOW);
	int64_t a = add_post(into, BOOK_NOW + 20, 0), b = add_post(from, BOOK_NOW + 10, 0);
	struct reference reference;
	struct thread thread;
	struct post post;
	struct err err = { 0 };

	(void)state;
	add_post(older, BOOK_NOW + 90, 0);
	book_ok(reference_set(db, forum, SPAN("b@x"), from, b, &err), &err);
	book_ok(thread_merge(db, older, from, &err), &err);
	book_ok(thread_merge(db, from, into, &err), &err);
	book_ok(thread_find(db, arena, into, &thread, &err), &err);
	assert_true(thread.posts == 3 && thread.first == b && thread.last == BOOK_NOW + 90);
	book_ok(thread_find(db, arena, from, &thread, &err), &err);
	assert_string_equal(thread.state, "merged");
	assert_true(thread.merged == into && thread.posts == 0);
	book_ok(thread_find(db, arena, older, &thread, &err), &err);
	assert_int_equal(thread.merged, into); /* one step, whatever the history */
	book_ok(post_find_head(db, arena, b, &post, &err), &err);
	assert_int_equal(post.thread, into);
	book_ok(reference_find(db, forum, SPAN("b@x"), &reference, &err), &err);
	assert_true(reference.thread == into && reference.post == b);
	assert_false(thread_merge(db, into, into, &err));
	assert_true(a != b);
}

static void
test_post_comes_back(void **state)
{
	struct post post = book_post(forum, author, "held", 0);
	struct post found;
	struct err err = { 0 };
	int64_t id;

	(void)state;
	post.awaits = "parent@x";
	post.alias = "taken@x";
	post.hold = "stranger";
	post.text = SPAN("NUL\0 inside stays");
	book_ok(post_add(db, &post, &id, &err), &err);
	book_ok(post_find(db, arena, id, &found, &err), &err);
	assert_string_equal(found.message_id, post.message_id);
	assert_string_equal(found.awaits, "parent@x");
	assert_string_equal(found.alias, "taken@x");
	assert_string_equal(found.hold, "stranger");
	assert_true(span_equal(found.html, post.html) && span_equal(found.text, post.text) &&
		    span_equal(found.source, post.source) &&
		    span_equal(found.body_hash, post.body_hash));
	assert_true(found.thread == 0 && found.parent == 0 && found.raw == 0 && found.decided == 0);
	book_ok(post_find_head(db, arena, id, &found, &err), &err);
	assert_true(found.id == id && found.html.data == NULL);
	post.author = 99;
	assert_false(post_add(db, &post, &id, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
}

static void
test_post_states(void **state)
{
	struct post post = book_post(forum, author, "held", 0);
	int64_t thread = add_thread("Travaux", BOOK_NOW);
	struct post found;
	struct err err = { 0 };
	int64_t id, count;

	(void)state;
	book_ok(post_add(db, &post, &id, &err), &err);
	book_ok(post_count_held(db, forum, &count, &err), &err);
	assert_int_equal(count, 1);
	book_ok(post_set_hold(db, id, "limit", "token", &err), &err);
	book_ok(post_place(db, id, thread, 0, SPAN(""), BOOK_NOW + 7, &err), &err);
	book_ok(post_move(db, id, "held", "published", author, BOOK_NOW, SPAN("bien"), &err), &err);
	assert_false(post_move(db, id, "held", "refused", author, BOOK_NOW, SPAN(""), &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_false(post_set_hold(db, id, "late", "token", &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	book_ok(post_find(db, arena, id, &found, &err), &err);
	assert_string_equal(found.state, "published");
	assert_string_equal(found.why, "bien");
	assert_true(found.decided_by == author && found.decided == BOOK_NOW &&
		    found.date == BOOK_NOW + 7 && found.thread == thread);
	book_ok(post_move(db, id, "published", "hidden", 0, 0, SPAN(""), &err), &err);
	book_ok(post_find(db, arena, id, &found, &err), &err);
	assert_int_equal(found.decided_by, author);
	book_ok(post_count_author(db, author, forum, "hidden", 10, &count, &err), &err);
	assert_int_equal(count, 1);
	book_ok(post_count_author(db, author, 0, "published", 10, &count, &err), &err);
	assert_int_equal(count, 0);
}

static void
test_post_pages(void **state)
{
	int64_t thread = add_thread("Travaux", BOOK_NOW);
	struct post *list;
	struct post held = book_post(forum, author, "held", 0);
	struct err err = { 0 };
	int64_t date = 0, id = 0, first = 0, none;
	size_t count;
	int seen = 0;

	(void)state;
	book_ok(post_add(db, &held, &none, &err), &err);
	for (int i = 0; i < 45; i++) {
		int64_t last = add_post(thread, BOOK_NOW - i / 3, first);

		first = first == 0 ? last : first;
	}
	do {
		book_ok(
		    post_list_thread(db, arena, thread, date, id, 10, &list, &count, &err), &err);
		for (size_t i = 0; i < count; i++, seen++) {
			assert_true(
			    list[i].date > date || (list[i].date == date && list[i].id > id));
			assert_true(span_is(list[i].html, "<p>Bonjour</p>"));
			assert_true(list[i].source.data == NULL);
			assert_string_equal(
			    list[i].parent_author, list[i].id == first ? "" : "Marie Dupont");
			date = list[i].date;
			id = list[i].id;
		}
	} while (count == 10);
	assert_int_equal(seen, 45);
	book_ok(post_list_tree(db, arena, thread, 1000, &list, &count, &err), &err);
	assert_true(count == 45 && list[44].date == BOOK_NOW);
	book_ok(post_list_held(db, arena, forum, 0, 10, &list, &count, &err), &err);
	assert_true(count == 1 && list[0].id == none);
	book_ok(post_list_held(db, arena, forum, none, 10, &list, &count, &err), &err);
	assert_int_equal(count, 0);
}

static void
test_ghosts(void **state)
{
	int64_t thread = add_thread("Travaux", BOOK_NOW);
	int64_t other = book_forum(db, "ecole");
	struct post post = book_post(forum, author, "published", thread);
	struct post found, *list;
	struct reference reference;
	struct err err = { 0 };
	int64_t child, foreign, parent, filled;
	size_t count;

	(void)state;
	post.awaits = "ghost@x";
	book_ok(post_add(db, &post, &child, &err), &err);
	post.forum = other;
	post.thread = 0;
	post.state = "held";
	book_ok(post_add(db, &post, &foreign, &err), &err);
	book_ok(reference_set(db, forum, SPAN("ghost@x"), thread, 0, &err), &err);
	book_ok(reference_find(db, forum, SPAN("ghost@x"), &reference, &err), &err);
	assert_true(reference.thread == thread && reference.post == 0);
	assert_false(reference_find(db, other, SPAN("ghost@x"), &reference, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	book_ok(post_list_awaiting(db, arena, thread, 10, &list, &count, &err), &err);
	assert_true(count == 1 && list[0].id == child);
	parent = add_post(thread, BOOK_NOW - 5, 0);
	book_ok(post_fill(db, thread, SPAN("ghost@x"), parent, &filled, &err), &err);
	assert_int_equal(filled, 1);
	book_ok(post_find(db, arena, child, &found, &err), &err);
	assert_int_equal(found.parent, parent);
	assert_string_equal(found.awaits, "");
	book_ok(post_find(db, arena, foreign, &found, &err), &err);
	assert_string_equal(found.awaits, "ghost@x");
	book_ok(reference_set(db, forum, SPAN("ghost@x"), thread, parent, &err), &err);
	book_ok(reference_set(db, forum, SPAN("ghost@x"), thread, 0, &err), &err);
	book_ok(reference_find(db, forum, SPAN("ghost@x"), &reference, &err), &err);
	assert_int_equal(reference.post, parent); /* never a ghost again */
}

static void
test_message_ids(void **state)
{
	int64_t thread = add_thread("Travaux", BOOK_NOW);
	int64_t other = book_forum(db, "ecole");
	struct post post = book_post(forum, author, "published", thread);
	struct post *list;
	struct err err = { 0 };
	int64_t first, second, third;
	size_t count;

	(void)state;
	post.message_id = "same@x";
	book_ok(post_add(db, &post, &first, &err), &err);
	post.message_id = "ours@ville.example";
	post.alias = "same@x";
	book_ok(post_add(db, &post, &second, &err), &err);
	post.forum = other;
	post.thread = 0;
	post.state = "held";
	post.message_id = "same@x";
	post.alias = "";
	book_ok(post_add(db, &post, &third, &err), &err);
	book_ok(post_list_message(db, arena, SPAN("same@x"), forum, &list, &count, &err), &err);
	assert_true(count == 2 && list[0].id == first && list[1].id == second);
	book_ok(post_list_message(db, arena, SPAN("same@x"), 0, &list, &count, &err), &err);
	assert_true(count == 3 && list[2].id == third);
	book_ok(post_list_message(db, arena, SPAN("Same@x"), 0, &list, &count, &err), &err);
	assert_int_equal(count, 0);
}

static void
test_attachments(void **state)
{
	int64_t thread = add_thread("Travaux", BOOK_NOW);
	int64_t posts[3];
	struct attachment attachment = { .name = "plan.pdf",
		.type = "application/pdf",
		.raw = 1,
		.offset = 10,
		.length = 20,
		.encoding = "base64",
		.size = 15 };
	struct attachment found, *list;
	struct err err = { 0 };
	char public_id[30];
	int64_t id;
	size_t count;

	(void)state;
	book_do(db, "INSERT INTO raw (hash, size, octets) VALUES (x'00', 1, x'00')");
	for (int i = 0; i < 3; i++) {
		posts[i] = add_post(thread, BOOK_NOW + i, 0);
		for (int j = 0; j < 2; j++) {
			snprintf(public_id, sizeof(public_id), "public%d%d", i, j);
			attachment.public_id = public_id;
			attachment.post = posts[i];
			attachment.position = 1 - j;
			book_ok(attachment_add(db, &attachment, &id, &err), &err);
		}
	}
	book_ok(attachment_find(db, arena, SPAN("public10"), &found, &err), &err);
	assert_true(found.post == posts[1] && found.offset == 10 && found.length == 20);
	assert_string_equal(found.encoding, "base64");
	book_ok(attachment_list_post(db, arena, posts[1], &list, &count, &err), &err);
	assert_true(count == 2 && list[0].position == 0);
	book_ok(attachment_list_thread(db, arena, thread, BOOK_NOW, posts[0], BOOK_NOW + 1,
		    posts[1], &list, &count, &err),
	    &err);
	assert_true(count == 2 && list[0].post == posts[1]);
	book_ok(attachment_list_thread(
		    db, arena, thread, 0, 0, BOOK_NOW + 9, posts[2], &list, &count, &err),
	    &err);
	assert_true(count == 6 && list[0].post == posts[0] && list[0].position == 0 &&
		    list[5].post == posts[2]);
	attachment.encoding = "zip";
	attachment.public_id = "other";
	assert_false(attachment_add(db, &attachment, &id, &err));
}

static size_t
look(struct db *book, struct span words, int64_t before, size_t room, struct search_hit **hits)
{
	const struct search_query query = {
		.words = words, .before = before, .forums = &forum, .forum_count = 1
	};
	struct err err = { 0 };
	size_t count;

	book_ok(search_find(book, arena, &query, room, hits, &count, &err), &err);
	return count;
}

static size_t
ask(const struct search_query *asked)
{
	struct search_query query = *asked;
	struct search_hit *hits;
	struct err err = { 0 };
	size_t count;

	query.forums = &forum;
	query.forum_count = 1;
	book_ok(search_find(db, arena, &query, 10, &hits, &count, &err), &err);
	return count;
}

static void
test_search(void **state)
{
	static const struct {
		const char *words;
		size_t want;
	} cases[] = {
		{ "reunion", 2 },	 /* accents do not matter */
		{ "RÉUNION mairie", 1 }, /* all the words */
		{ "dupont", 3 },	 /* the author */
		{ "école", 1 },
		{ "CŒUR", 1 }, /* ligatures */
		{ "coeur", 1 },
		{ "l'école", 1 }, /* an elision is not the word */
		{ "qu’école", 1 },
		{ "\"cour d'école\"", 1 }, /* side by side */
		{ "\"école cour\"", 0 },
		{ "« cour d’école »", 1 }, /* as French and telephones type it */
		{ "“école cour”", 0 },
		{ "reunion -mairie", 1 }, /* without */
		{ "\"cour", 1 },	  /* an open quote ends with the line */
		{ "mairie NOT reunion", 0 },
		{ "mai*", 0 }, /* no operator means anything */
		{ "subject:mairie", 0 },
		{ "a\"b OR \"c", 0 },
		{ "^ ( ) { } - + NEAR(", 0 },
		{ "\xff\xfe", 0 },
		{ "a b c d e f g h i j k l m n o p q r s t u v w x y z", 0 },
	};
	struct search_entry entries[] = {
		{ 1, BOOK_NOW, SPAN("Réunion"), SPAN("à la mairie"), SPAN("Marie Dupont") },
		{ 2, BOOK_NOW, SPAN("Autre réunion"), SPAN("cour d'école, au cœur du bourg"),
		    SPAN("Marie Dupont") },
		{ 3, BOOK_NOW, SPAN("Lilas"), SPAN("travaux"), SPAN("Marie Dupont") },
	};
	static const char *const nothing[] = { " \t", "\"", "-", "- -", "-mairie", "\"\"", "?!" };
	struct err err = { 0 };
	struct search_hit *posts;
	int64_t thread;
	size_t count;

	(void)state;
	thread = add_thread("Travaux", BOOK_NOW);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(add_post(thread, BOOK_NOW, 0), i + 1);
	for (size_t i = 0; i < 3; i++)
		book_ok(search_add(db, &entries[i], &err), &err);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		count = look(db, span_of(cases[i].words), 0, 10, &posts);
		if (count != cases[i].want)
			fail_msg("%s: %zu", cases[i].words, count);
	}
	(void)look(db, SPAN("nul\0l"), 0, 10, &posts);
	for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++) {
		const struct search_query query = { .words = span_of(nothing[i]) };
		assert_false(search_find(db, arena, &query, 10, &posts, &count, &err));
		assert_int_equal(err.kind, ERR_INVALID);
	}
	err_clear(&err);
	assert_true(look(db, SPAN("dupont"), 0, 2, &posts) == 2 && posts[0].post == 3 &&
		    posts[1].post == 2);
	assert_true(look(db, SPAN("dupont"), posts[1].key, 2, &posts) == 1 && posts[0].post == 1);
	/* By author, date, forum; best first. */
	assert_int_equal(ask(&(struct search_query){ .author = SPAN("MARIE") }), 3);
	assert_int_equal(ask(&(struct search_query){ .author = SPAN("reunion") }), 0);
	assert_int_equal(
	    ask(&(struct search_query){ .words = SPAN("reunion"), .author = SPAN("dupont") }), 2);
	assert_int_equal(
	    ask(&(struct search_query){ .words = SPAN("dupont"), .since = BOOK_NOW + 1 }), 0);
	assert_int_equal(
	    ask(&(struct search_query){ .words = SPAN("dupont"), .until = BOOK_NOW }), 0);
	assert_int_equal(ask(&(struct search_query){
			     .words = SPAN("dupont"), .since = BOOK_NOW, .until = BOOK_NOW + 1 }),
	    3);
	assert_int_equal(ask(&(struct search_query){ .words = SPAN("dupont"), .forum = forum }), 3);
	assert_int_equal(ask(&(struct search_query){ .words = SPAN("dupont"), .forum = 99 }), 0);
	assert_int_equal(
	    ask(&(struct search_query){ .words = SPAN("reunion"), .ranked = true }), 2);
	assert_int_equal(
	    ask(&(struct search_query){ .words = SPAN("reunion"), .ranked = true, .skip = 1 }), 1);
	/* What is not published is not found, whatever the index says. */
	book_do(db, "UPDATE post SET state = 'hidden' WHERE id = 2");
	assert_int_equal(ask(&(struct search_query){ .words = SPAN("école") }), 0);
	book_ok(search_remove(db, &entries[0], &err), &err);
	assert_int_equal(look(db, SPAN("mairie"), 0, 10, &posts), 0);
	book_ok(db_check(db, &err), &err);
}

/* What came later but was written earlier, in an archive, stands further down; what may not be
 * looked into is not found, and does not make a page any shorter. */
static void
test_search_by_day(void **state)
{
	enum { DAY = 86400 };
	static const int64_t dates[] = { BOOK_NOW, BOOK_NOW - 900 * DAY, BOOK_NOW - 901 * DAY, -5,
		BOOK_NOW - 1 };
	struct search_entry entry = { 0, 0, SPAN("Lilas"), SPAN("travaux"), SPAN("Marie") };
	struct search_query query = { .words = SPAN("lilas") };
	const int64_t want[] = { 5, 1, 2, 3, 4 };
	int64_t other[] = { forum + 1 };
	struct err err = { 0 };
	struct search_hit *hits;
	int64_t thread;
	size_t count;

	(void)state;
	thread = add_thread("Travaux", BOOK_NOW);
	for (size_t i = 0; i < 5; i++) {
		entry.post = add_post(thread, dates[i], 0);
		entry.date = dates[i];
		book_ok(search_add(db, &entry, &err), &err);
	}
	assert_int_equal(look(db, SPAN("lilas"), 0, 9, &hits), 5);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(hits[i].post, want[i]);
	assert_int_equal(look(db, SPAN("lilas"), hits[2].key, 9, &hits), 2);
	assert_int_equal(hits[0].post, 3);
	query.until = BOOK_NOW - 900 * DAY;
	assert_int_equal(ask(&query), 2);
	query.since = BOOK_NOW - 901 * DAY;
	assert_int_equal(ask(&query), 1);
	query.ranked = true;
	assert_int_equal(ask(&query), 1);
	query = (struct search_query){ .words = SPAN("lilas"), .forums = other, .forum_count = 1 };
	book_ok(search_find(db, arena, &query, 9, &hits, &count, &err), &err);
	assert_int_equal(count, 0);
	query.forum_count = 0;
	book_ok(search_find(db, arena, &query, 9, &hits, &count, &err), &err);
	assert_int_equal(count, 0);
	query.forum = forum; /* asked for, but not among those that may be read */
	book_ok(search_find(db, arena, &query, 9, &hits, &count, &err), &err);
	assert_int_equal(count, 0);
	/* Filled anew it is the same index. */
	book_do(db, "INSERT INTO search (search) VALUES ('delete-all')");
	assert_int_equal(look(db, SPAN("lilas"), 0, 9, &hits), 0);
	book_do(db, "UPDATE post SET state = 'hidden' WHERE id = 2");
	book_do(db, "UPDATE post SET subject = 'Œillet'");
	book_ok(search_fill(db, &err), &err);
	assert_int_equal(look(db, SPAN("oeillet"), 0, 9, &hits), 4);
	assert_true(hits[0].post == 5 && hits[2].post == 3);
	book_ok(db_check(db, &err), &err);
}

/* Idle time merges what many commits left, and then there is nothing left to do. */
static void
test_search_is_merged(void **state)
{
	struct search_entry entry = { 0, BOOK_NOW, SPAN("Lilas"), SPAN("travaux de voirie"),
		SPAN("Marie") };
	struct err err = { 0 };
	struct search_hit *posts;
	int64_t before, thread;
	int slices = 0;

	(void)state;
	thread = add_thread("Travaux", BOOK_NOW);
	for (int i = 0; i < 60; i++)
		(void)add_post(thread, BOOK_NOW, 0);
	for (int i = 1; i <= 60; i++) {
		entry.post = i;
		book_ok(search_add(db, &entry, &err), &err);
	}
	before = book_number(db, "SELECT count(DISTINCT segid) FROM search_idx");
	assert_true(before > 16);
	while (db_idle(db))
		assert_in_range(++slices, 1, 100);
	assert_true(book_number(db, "SELECT count(DISTINCT segid) FROM search_idx") < 16);
	assert_false(db_idle(db));
	assert_int_equal(look(db, SPAN("voirie"), 0, 100, &posts), 60);
	book_ok(db_check(db, &err), &err);
}

/* Another connection sees a post, its count and its index together, or nothing of it. */
static void
test_reader_sees_whole_acts(void **state)
{
	struct search_entry entry = { 0, BOOK_NOW, SPAN("Lilas"), SPAN("travaux"), SPAN("Marie") };
	struct db *reader = book_reader();
	struct err err = { 0 };
	struct post *posts;
	struct search_hit *hits;
	int64_t thread;
	size_t count;

	(void)state;
	book_ok(db_begin(db, &err), &err);
	thread = add_thread("Travaux", BOOK_NOW);
	entry.post = add_post(thread, BOOK_NOW, 0);
	book_ok(search_add(db, &entry, &err), &err);
	book_ok(post_list_thread(reader, arena, thread, 0, 0, 9, &posts, &count, &err), &err);
	assert_int_equal(count, 0);
	assert_int_equal(look(reader, SPAN("lilas"), 0, 9, &hits), 0);
	book_ok(db_commit(db, &err), &err);
	book_ok(post_list_thread(reader, arena, thread, 0, 0, 9, &posts, &count, &err), &err);
	assert_int_equal(count, 1);
	assert_int_equal(look(reader, SPAN("lilas"), 0, 9, &hits), 1);
	db_check_idle(reader);
	db_close(&reader);
}

#define BOOK_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BOOK_TEST(test_damage),
		BOOK_TEST(test_forums),
		BOOK_TEST(test_thread_grows),
		BOOK_TEST(test_thread_pages),
		BOOK_TEST(test_merge),
		BOOK_TEST(test_post_comes_back),
		BOOK_TEST(test_post_states),
		BOOK_TEST(test_post_pages),
		BOOK_TEST(test_ghosts),
		BOOK_TEST(test_message_ids),
		BOOK_TEST(test_attachments),
		BOOK_TEST(test_search),
		BOOK_TEST(test_search_by_day),
		BOOK_TEST(test_search_is_merged),
		BOOK_TEST(test_reader_sees_whole_acts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
