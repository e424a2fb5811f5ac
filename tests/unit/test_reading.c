/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <inttypes.h>
#include <string.h>

#include "store/post.h"
#include "world.h"

static int64_t marie, moderator;
static const char *nobody = "", *member, *chief;

static void
town(void)
{
	world_forum("voirie");
	marie = world_person("marie");
	moderator = world_person("moderator");
	world_moderator(moderator, "voirie");
	member = world_session(marie);
	chief = world_session(moderator);
}

static const char *
text(int64_t id)
{
	return arena_printf(world.arena, "%" PRId64, id);
}

static int64_t
post(const char *forum, const char *subject)
{
	world.clerk.now += 60;
	world_do(DOOR_WEB, marie, "post.add", "forum", forum, "subject", subject, "source",
	    "Un **trou**.", NULL);
	return world_int("post");
}

static int64_t
reply(int64_t to, const char *source)
{
	world.clerk.now += 60;
	world_do(DOOR_WEB, marie, "post.add", "parent", text(to), "source", source, NULL);
	return world_int("post");
}

/* ---- who may see ---- */

static void
set_readers(const char *who)
{
	world_do(DOOR_CONSOLE, 0, "forum.set", "slug", "voirie", "who_reads", who, NULL);
}

/* By every function that could show it: the forum, its threads, a thread, its posts, a
 * post, a post by id, what is latest. All agree. */
static bool
sees(const char *secret, int64_t thread, int64_t id)
{
	struct reading *r = world_reading(secret);
	struct forum_view forum, *forums;
	struct thread_view view, *threads;
	struct post_view one, *posts;
	struct err err = { 0 };
	bool seen = reading_forum(r, SPAN("voirie"), &forum, &err);
	char *message_id = arena_printf(world.arena, "m%" PRId64 "@x.example", id);
	size_t count;

	assert_true(seen || err.kind == ERR_NOT_FOUND);
	assert_int_equal(reading_threads(r, 1, 0, 0, 10, &threads, &count, &err), seen);
	assert_true(seen || err.kind == ERR_NOT_FOUND);
	assert_int_equal(reading_thread(r, thread, &view, &err), seen);
	assert_true(seen || err.kind == ERR_NOT_FOUND);
	world_reading_end();
	r = world_reading(secret);
	assert_int_equal(reading_posts(r, thread, 0, 0, 10, &posts, &count, &err), seen);
	assert_true(seen || err.kind == ERR_NOT_FOUND);
	assert_int_equal(reading_post(r, id, &one, &err), seen);
	assert_true(seen || err.kind == ERR_NOT_FOUND);
	assert_int_equal(reading_post_by_message_id(r, span_of(message_id), &one, &err), seen);
	assert_true(seen || err.kind == ERR_NOT_FOUND);
	book_ok(reading_latest(r, 10, &threads, &count, &err), &err);
	assert_int_equal(count, seen ? 1 : 0);
	book_ok(reading_forums(r, &forums, &count, &err), &err);
	assert_int_equal(count, seen ? 1 : 0);
	world_reading_end();
	return seen;
}

static void
test_who_reads(void **state)
{
	int64_t id, thread;

	(void)state;
	town();
	id = post("voirie", "Un trou");
	thread = world_int("thread");
	book_do(world.db, "UPDATE post SET message_id = 'm1@x.example'");
	assert_true(sees(nobody, thread, id));
	set_readers("registered");
	assert_false(sees(nobody, thread, id));
	assert_false(sees("no such session", thread, id));
	assert_true(sees(member, thread, id));
	set_readers("members");
	assert_false(sees(member, thread, id));
	assert_true(sees(chief, thread, id));
	world_no(ERR_NOT_FOUND, DOOR_WEB, marie, "subscription.set", "forum", "voirie", "mode",
	    "each", NULL);
	world_no(ERR_NOT_FOUND, DOOR_WEB, marie, "post.add", "parent", text(id), "source", "x", NULL);
	world_subscribe(marie, "voirie", "none");
	assert_true(sees(member, thread, id));
	/* A session of a person who was suspended reads as anonymous. */
	world_do(DOOR_CONSOLE, 0, "person.set", "person", text(marie), "state", "suspended", NULL);
	assert_false(sees(member, thread, id));
}

/* ---- what is held is not there ---- */

static void
test_held(void **state)
{
	struct held_view *held, one;
	struct attachment_data data;
	struct post_view view;
	struct thread_view *threads;
	struct buf upload = { 0 };
	struct err err = { 0 };
	struct reading *r;
	char public_id[32];
	size_t count;
	int64_t id;

	(void)state;
	town();
	world_do(DOOR_CONSOLE, 0, "forum.set", "slug", "voirie", "appears", "always_read", NULL);
	fields_add_text(&upload, "name", "plan.txt");
	fields_add_text(&upload, "octets", "le plan");
	world_field("attach", buf_span(&upload));
	buf_free(&upload);
	id = post("voirie", "Un trou");
	for (int i = 0; i < 26; i++)
		public_id[i] = (char)world_number(
		    "SELECT unicode(substr(public, %d, 1)) FROM attachment", i + 1);
	for (int who = 0; who < 2; who++) { /* its own author sees no more than others */
		r = world_reading(who ? member : nobody);
		assert_false(reading_post(r, id, &view, &err));
		assert_int_equal(err.kind, ERR_NOT_FOUND);
		assert_false(reading_attachment(r, span_make(public_id, 26), &data, &err));
		assert_int_equal(err.kind, ERR_NOT_FOUND);
		assert_false(reading_held_post(r, id, &one, &err));
		assert_int_equal(err.kind, ERR_NOT_FOUND);
		book_ok(reading_held(r, 10, &held, &count, &err), &err);
		assert_int_equal(count, 0);
		book_ok(reading_latest(r, 10, &threads, &count, &err), &err);
		assert_int_equal(count, 0);
		assert_int_equal(reading_viewer(r)->waiting, 0);
	}
	r = world_reading(chief);
	assert_int_equal(reading_viewer(r)->waiting, 1);
	assert_true(reading_viewer(r)->moderates);
	book_ok(reading_held(r, 10, &held, &count, &err), &err);
	assert_int_equal(count, 1);
	assert_string_equal(held[0].hold, "always");
	assert_string_equal(held[0].from_address, "marie@example.org");
	assert_int_equal(held[0].post.attachment_count, 1);
	assert_string_equal(held[0].forum.slug, "voirie");
	book_ok(reading_held_post(r, id, &one, &err), &err);
	book_ok(reading_attachment(r, span_make(public_id, 26), &data, &err), &err);
	assert_string_equal(buf_text(&data.octets), "le plan");
	buf_free(&data.octets);
	world_reading_end();
	world_do(DOOR_WEB, moderator, "post.approve", "post", text(id), NULL);
	r = world_reading(nobody);
	book_ok(reading_post(r, id, &view, &err), &err);
	book_ok(reading_attachment(r, span_make(public_id, 26), &data, &err), &err);
	assert_string_equal(data.view.name, "plan.txt");
	buf_free(&data.octets);
	/* Refused: gone for everybody. */
	world_reading_end();
	id = post("voirie", "Autre");
	world_do(DOOR_WEB, moderator, "post.refuse", "post", text(id), NULL);
	r = world_reading(chief);
	assert_false(reading_post(r, id, &view, &err));
	assert_false(reading_held_post(r, id, &one, &err));
}

/* ---- a thread ---- */

static void
test_tree(void **state)
{
	struct post_view *posts;
	struct err err = { 0 };
	struct reading *r;
	int64_t a, b, c, d, thread;
	size_t count;

	(void)state;
	town();
	a = post("voirie", "Un trou");
	thread = world_int("thread");
	b = reply(a, "b");
	c = reply(b, "c");
	d = reply(a, "d");
	r = world_reading(nobody);
	book_ok(reading_posts(r, thread, 0, 0, 10, &posts, &count, &err), &err);
	assert_int_equal(count, 4);
	assert_int_equal(posts[0].depth, 0);
	assert_int_equal(posts[1].depth, 1);
	assert_int_equal(posts[2].depth, 2);
	assert_int_equal(posts[3].depth, 1);
	assert_int_equal(posts[3].id, d);
	assert_string_equal(posts[2].parent_author, "marie");
	assert_false(posts[1].subject_changed);
	assert_non_null(strstr(posts[0].html.octets.data, "<strong>trou</strong>"));
	/* The next page knows the depths too. */
	book_ok(reading_posts(r, thread, posts[1].date, posts[1].id, 1, &posts, &count, &err), &err);
	assert_int_equal(count, 1);
	assert_int_equal(posts[0].id, c);
	assert_int_equal(posts[0].depth, 2);
	/* A circle, which no act can make, ends all the same. */
	world_reading_end();
	book_do(world.db, "UPDATE post SET parent = 3 WHERE id = 1");
	r = world_reading(nobody);
	book_ok(reading_posts(r, thread, 0, 0, 10, &posts, &count, &err), &err);
	assert_int_equal(count, 4);
}

/* A long chain of replies: deep, and not slow. */
static void
test_deep(void **state)
{
	struct post_view *posts;
	struct err err = { 0 };
	struct reading *r;
	int64_t last, thread;
	size_t count;

	(void)state;
	town();
	last = post("voirie", "Un trou");
	thread = world_int("thread");
	book_do(world.db,
	    "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)"
	    " INSERT INTO post (id, forum, thread, parent, state, date, sent, message_id, subject,"
	    " author, author_shown, door, body_hash, kind, renderer, text, source, html)"
	    " SELECT i, 1, 1, i - 1, 'published', 1700000060 + i, 0, 'd' || i || '@x', 'x', 1, 'm',"
	    " 'import', x'00', 'mail', 1, 't', 't', 't' FROM n");
	assert_int_equal(last, 1);
	r = world_reading(nobody);
	book_ok(reading_posts(r, thread, 1700004000, 3000, 20, &posts, &count, &err), &err);
	assert_int_equal(count, 20);
	assert_int_equal(posts[19].depth, 100);
}

static void
test_subject_changed(void **state)
{
	static const struct {
		const char *subject;
		bool changed;
	} cases[] = {
		{ "Re: Un trou", false },
		{ "RE : Un trou", false },
		{ "Re: Re: un TROU", false },
		{ "Un trou", false },
		{ "Et les bancs ?", true },
		{ "", false },
	};
	struct post_view view;
	struct err err = { 0 };
	int64_t a, b;

	(void)state;
	town();
	a = post("voirie", "Un trou");
	b = reply(a, "b");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		book_do(world.db, arena_printf(world.arena,
				      "UPDATE post SET subject = '%s' WHERE id = %" PRId64,
				      cases[i].subject, b));
		book_ok(post_sum_set(world.db, b, &err), &err);
		book_ok(reading_post(world_reading(nobody), b, &view, &err), &err);
		if (view.subject_changed != cases[i].changed)
			fail_msg("'%s'", cases[i].subject);
		world_reading_end();
	}
}

/* ---- lists ---- */

static void
test_threads_by_pages(void **state)
{
	struct thread_view *threads;
	int64_t last = 0, id = 0;
	struct err err = { 0 };
	struct reading *r;
	size_t count, total = 0;

	(void)state;
	town();
	world.settings.limit_posts = 0;
	for (int i = 0; i < 25; i++)
		(void)post("voirie", arena_printf(world.arena, "Sujet %d", i));
	book_do(world.db, "UPDATE thread SET pinned = 1 WHERE id = 3");
	r = world_reading(nobody);
	do {
		book_ok(reading_threads(r, 1, last, id, 10, &threads, &count, &err), &err);
		if (total == 0) {
			assert_int_equal(threads[0].id, 3);
			assert_true(threads[0].pinned);
			assert_string_equal(threads[1].title, "Sujet 24");
		}
		total += count;
		if (count > 0) {
			last = threads[count - 1].last;
			id = threads[count - 1].id;
		}
	} while (count > 0);
	assert_int_equal(total, 25);
}

static void
test_forums(void **state)
{
	struct forum_view *forums;
	struct err err = { 0 };
	size_t count;

	(void)state;
	town();
	world_forum("culture");
	(void)post("voirie", "Un trou");
	world_subscribe(marie, "voirie", "each");
	book_ok(reading_forums(world_reading(member), &forums, &count, &err), &err);
	assert_int_equal(count, 2);
	assert_string_equal(forums[1].slug, "voirie");
	assert_int_equal(forums[1].threads, 1);
	assert_int_equal(forums[1].posts, 1);
	assert_int_equal(forums[1].last, world.clerk.now);
	assert_string_equal(forums[1].mode, "each");
	assert_string_equal(forums[0].mode, "");
	assert_true(forums[0].may_write);
	assert_false(forums[0].may_moderate);
	book_ok(reading_forums(world_reading(chief), &forums, &count, &err), &err);
	assert_true(forums[1].may_moderate);
	assert_false(forums[0].may_moderate);
	book_ok(reading_forums(world_reading(nobody), &forums, &count, &err), &err);
	assert_false(forums[0].may_write);
}

/* ---- tokens and forms ---- */

static void
test_tokens(void **state)
{
	struct token_view view;
	struct err err = { 0 };
	struct fields input;
	const char *token;

	(void)state;
	town();
	world_do(DOOR_WEB, 0, "session.ask", "address", "marie@example.org", NULL);
	input = world_notice("login");
	token = fields_text(&input, "token", world.arena);
	for (int i = 0; i < 3; i++) { /* looking consumes nothing */
		book_ok(reading_token(world_reading(nobody), span_of(token), &view, &err), &err);
		assert_string_equal(view.purpose, "login");
		assert_false(view.spent);
		world_reading_end();
	}
	world_do(DOOR_WEB, 0, "session.open", "token", token, NULL);
	book_ok(reading_token(world_reading(nobody), span_of(token), &view, &err), &err);
	assert_true(view.spent);
	world_reading_end();
	book_ok(reading_token(world_reading(nobody), SPAN("aaaaaaaaaaaaaaaaaaaaaaaaaa"), &view, &err),
	    &err);
	assert_string_equal(view.purpose, "unsubscribe");
	assert_false(reading_token(world_reading(nobody), SPAN("../../etc/passwd"), &view, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void
test_csrf(void **state)
{
	char one[44], two[44];

	(void)state;
	reading_csrf(SPAN("secret"), "form", one);
	reading_csrf(SPAN("secret"), "form", two);
	assert_string_equal(one, two);
	assert_int_equal(strlen(one), 43);
	reading_csrf(SPAN("secret"), "other", two);
	assert_string_not_equal(one, two);
	reading_csrf(SPAN("secrets"), "form", two);
	assert_string_not_equal(one, two);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_who_reads),
		TEST(test_held),
		TEST(test_tree),
		TEST(test_deep),
		TEST(test_subject_changed),
		TEST(test_threads_by_pages),
		TEST(test_forums),
		TEST(test_tokens),
		cmocka_unit_test(test_csrf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
