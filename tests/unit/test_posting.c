/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <inttypes.h>

#include "base/file.h"
#include "store/search.h"
#include "world.h"

/* Everything that a published post causes, counted. */
static void
assert_counts(int64_t posts, int64_t threads, int64_t copies, int64_t indexed)
{
	assert_int_equal(world_number("SELECT count(*) FROM post WHERE state = 'published'"), posts);
	assert_int_equal(world_number("SELECT count(*) FROM thread WHERE state <> 'merged'"),
	    threads);
	assert_int_equal(world_number("SELECT count(*) FROM outbox WHERE post IS NOT NULL"), copies);
	assert_int_equal(world_number("SELECT count(*) FROM search WHERE search MATCH 'lampadaire'"),
	    indexed);
}

static void
test_a_thread_and_a_reply(void **state)
{
	int64_t marie, paul, first;

	(void)state;
	world_forum("voirie");
	marie = world_person("marie");
	paul = world_person("paul");
	world_subscribe(marie, "voirie", "each");
	world_subscribe(paul, "voirie", "topics");
	world_do(DOOR_WEB, marie, "post.add", "forum", "voirie", "subject", "Un lampadaire",
	    "source", "Le *lampadaire* est cassé.", NULL);
	assert_string_equal(world_text("state"), "published");
	assert_string_equal(world_text("slug"), "un-lampadaire");
	first = world_int("post");
	assert_counts(1, 1, 2, 1);
	assert_true(world.clerk.relay_due);
	world_do(DOOR_WEB, paul, "post.add", "parent",
	    arena_printf(world.arena, "%" PRId64, first), "source", "En effet, le lampadaire.", NULL);
	assert_counts(2, 1, 3, 2);
	assert_int_equal(world_number("SELECT parent FROM post WHERE id = %" PRId64,
			     world_int("post")),
	    first);
	assert_int_equal(world_number("SELECT count(*) FROM post WHERE subject = 'Re: Un lampadaire'"),
	    1);
	assert_int_equal(world_number("SELECT posts FROM thread"), 2);
}

static void
test_refusals(void **state)
{
	int64_t marie;

	(void)state;
	world_forum("voirie");
	marie = world_person("marie");
	world_no(ERR_DENIED, DOOR_WEB, 0, "post.add", "forum", "voirie", "subject", "x", "source",
	    "x", NULL);
	world_no(ERR_NOT_FOUND, DOOR_WEB, marie, "post.add", "forum", "nope", "subject", "x",
	    "source", "x", NULL);
	world_no(ERR_INVALID, DOOR_WEB, marie, "post.add", "forum", "voirie", "source", "x", NULL);
	world_no(ERR_INVALID, DOOR_WEB, marie, "post.add", "forum", "voirie", "subject", "x",
	    "source", " \n", NULL);
	world_no(ERR_NOT_FOUND, DOOR_WEB, marie, "post.add", "parent", "99", "source", "x", NULL);
	world_no(ERR_DENIED, DOOR_WEB, marie, "post.add", "forum", "voirie", "subject", "x",
	    "source", "x", "speaker", "1", NULL);
	assert_int_equal(world_number("SELECT count(*) FROM post"), 0);
	assert_int_equal(world_number("SELECT count(*) FROM thread"), 0);
}

static void
test_a_key_twice_is_one_post(void **state)
{
	int64_t marie, first;

	(void)state;
	world_forum("voirie");
	marie = world_person("marie");
	world_key("nonce-1");
	world_do(DOOR_WEB, marie, "post.add", "forum", "voirie", "subject", "x", "source", "y", NULL);
	first = world_int("post");
	world_key("nonce-1");
	world_do(DOOR_WEB, marie, "post.add", "forum", "voirie", "subject", "x", "source", "y", NULL);
	assert_int_equal(world_int("post"), first);
	assert_int_equal(world_number("SELECT count(*) FROM post"), 1);
	/* The same key of another person is another key. */
	world_key("nonce-1");
	world_do(DOOR_WEB, world_person("paul"), "post.add", "forum", "voirie", "subject", "x",
	    "source", "y", NULL);
	assert_int_not_equal(world_int("post"), first);
}

static void
test_in_the_name_of(void **state)
{
	int64_t marie;

	(void)state;
	world_forum("voirie");
	marie = world_person("marie");
	world_do(DOOR_CONSOLE, 0, "organisation.create", "name", "Les Amis du vélo", "kind",
	    "association", NULL);
	world_do(DOOR_CONSOLE, 0, "mandate.set", "person",
	    arena_printf(world.arena, "%" PRId64, marie), "organisation", "Les Amis du vélo", "role",
	    "speaker", NULL);
	world_do(DOOR_WEB, marie, "post.add", "forum", "voirie", "subject", "x", "source", "y",
	    "speaker", "1", NULL);
	assert_int_equal(world_number("SELECT count(*) FROM post WHERE organisation_shown ="
				      " 'Les Amis du vélo' AND capacity = 'association'"),
	    1);
	world_do(DOOR_CONSOLE, 0, "mandate.end", "mandate", "1", NULL);
	world.clerk.now += 60;
	world_no(ERR_DENIED, DOOR_WEB, marie, "post.add", "forum", "voirie", "subject", "x",
	    "source", "y", "speaker", "1", NULL);
}

static const char *
says(int64_t person, const char *slug)
{
	world.clerk.now += 60;
	world_do(DOOR_WEB, person, "post.add", "forum", slug, "subject", "x", "source", "y", NULL);
	return world_text("state");
}

/* First messages are read in each forum that asks for it: what was published elsewhere, or
 * while nobody read beforehand, opens nothing. */
static void
test_first_read(void **state)
{
	int64_t marie, first;

	(void)state;
	world_forum("voirie");
	world_forum("culture");
	marie = world_person("marie");
	first = world_person("first");
	world_moderator(first, "voirie");
	assert_string_equal(says(marie, "voirie"), "published");
	assert_string_equal(says(marie, "culture"), "published");
	world_do(DOOR_CONSOLE, 0, "forum.set", "slug", "voirie", "appears", "first_read", NULL);
	assert_string_equal(says(marie, "voirie"), "held");
	world_do(DOOR_WEB, first, "post.approve", "post",
	    arena_printf(world.arena, "%" PRId64, world_int("post")), NULL);
	assert_string_equal(says(marie, "voirie"), "published");
	world_do(DOOR_CONSOLE, 0, "forum.set", "slug", "culture", "appears", "first_read", NULL);
	assert_string_equal(says(marie, "culture"), "held");
	/* The console decides as a moderator does. */
	world_do(DOOR_CONSOLE, 0, "post.approve", "post",
	    arena_printf(world.arena, "%" PRId64, world_int("post")), NULL);
	assert_string_equal(says(marie, "culture"), "published");
}

/* clang-format off */
static const struct {
	const char *name, *setting, *value;
	bool trusted;
	const char *hold; /* "" = published */
} held[] = {
	{ "at once",                  "appears",   "at_once",     false, "" },
	{ "first posts are read",     "appears",   "first_read",  false, "first" },
	{ "a trusted one appears",    "appears",   "first_read",  true,  "" },
	{ "every post is read",       "appears",   "always_read", true,  "always" },
	{ "the emergency brake",      "emergency", "1",           true,  "emergency" },
};
/* clang-format on */

static void
test_held(void **state)
{
	int64_t version;

	(void)state;
	world_person("moderator");
	for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++) {
		char *slug = arena_printf(world.arena, "forum-%zu", i);
		char *name = arena_printf(world.arena, "person-%zu", i);
		int64_t person;

		world_forum(slug);
		person = world_person(name);
		world_subscribe(person, slug, "each");
		world_do(DOOR_CONSOLE, 0, "forum.set", "slug", slug, held[i].setting, held[i].value,
		    NULL);
		world_do(DOOR_CONSOLE, 0, "person.set", "person",
		    arena_printf(world.arena, "%" PRId64, person), "trusted",
		    held[i].trusted ? "1" : "0", NULL);
		version = world_number("SELECT value FROM public_version");
		world_do(DOOR_WEB, person, "post.add", "forum", slug, "subject", held[i].name,
		    "source", "lampadaire", NULL);
		if (!*held[i].hold) {
			assert_string_equal(world_text("state"), "published");
			continue;
		}
		assert_string_equal(world_text("state"), "held");
		assert_int_equal(world_number("SELECT count(*) FROM post WHERE id = %" PRId64
					      " AND hold = '%s' AND thread IS NULL",
				     world_int("post"), held[i].hold),
		    1);
		assert_int_equal(world_number("SELECT value FROM public_version"), version);
		assert_int_equal(world_number("SELECT count(*) FROM outbox WHERE post = %" PRId64,
				     world_int("post")),
		    0);
	}
}

static struct span
upload(struct buf *out, const char *name, const char *type, const char *octets, int64_t size)
{
	buf_clear(out);
	fields_add_text(out, "name", name);
	fields_add_text(out, "type", type);
	if (octets)
		fields_add_text(out, "octets", octets);
	else
		fields_add_int(out, "size", size);
	return buf_span(out);
}

static void
test_attachments(void **state)
{
	int fd = file_memory("uploads", SPAN("firstsecond"));
	struct buf one = { 0 };
	int64_t marie;

	(void)state;
	world_forum("voirie");
	marie = world_person("marie");
	world_field("attach", upload(&one, "C:\\photos\\trou.jpg", "Image/JPEG", "not really", 0));
	world_field("attach", upload(&one, "../a.txt", "text/plain", NULL, 5));
	world_field("attach", upload(&one, "", "<script>", NULL, 6));
	world_fd(fd);
	world_do(DOOR_WEB, marie, "post.add", "forum", "voirie", "subject", "x", "source", "y", NULL);
	assert_int_equal(world_number("SELECT count(*) FROM attachment WHERE name = 'trou.jpg' AND"
				      " type = 'image/jpeg' AND size = 10 AND encoding = 'none'"),
	    1);
	assert_int_equal(world_number("SELECT count(*) FROM attachment WHERE name = 'a.txt' AND"
				      " offset = 0 AND length = 5"),
	    1);
	assert_int_equal(world_number("SELECT count(*) FROM attachment WHERE name = 'file' AND"
				      " type = 'application/octet-stream' AND offset = 5 AND length = 6"),
	    1);
	/* Beyond the end of what came along, or without it: no post at all. */
	world_field("attach", upload(&one, "a", "text/plain", NULL, 12));
	world_fd(fd);
	world_no(ERR_INVALID, DOOR_WEB, marie, "post.add", "forum", "voirie", "subject", "x",
	    "source", "y", NULL);
	world_field("attach", upload(&one, "a", "text/plain", NULL, 1));
	world_no(ERR_INVALID, DOOR_WEB, marie, "post.add", "forum", "voirie", "subject", "x",
	    "source", "y", NULL);
	world_field("attach", SPAN("no list"));
	world_no(ERR_INVALID, DOOR_WEB, marie, "post.add", "forum", "voirie", "subject", "x",
	    "source", "y", NULL);
	assert_int_equal(world_number("SELECT count(*) FROM post"), 1);
	buf_free(&one);
	file_close(&fd);
}

/* A limit over the counted hour: the setting, and the rows of the table. */
static void
test_limit(void **state)
{
	int64_t marie;

	(void)state;
	world_forum("voirie");
	marie = world_person("marie");
	world.settings.limit_posts = 3;
	for (int i = 0; i < 3; i++) {
		world.clerk.now += 60;
		world_do(DOOR_WEB, marie, "post.add", "forum", "voirie", "subject", "x", "source",
		    "y", NULL);
	}
	world.clerk.now += 60;
	world_no(ERR_TOO_MUCH, DOOR_WEB, marie, "post.add", "forum", "voirie", "subject", "x",
	    "source", "y", NULL);
	world.clerk.now += 3600;
	world_do(DOOR_WEB, marie, "post.add", "forum", "voirie", "subject", "x", "source", "y", NULL);
}

static int64_t
indexed(const char *word)
{
	return world_number("SELECT count(*) FROM search WHERE search MATCH '%s'", word);
}

/* The index is written last in a turn: an act that was undone, and a turn that was rolled
 * back, leave nothing for the next one to write. */
static void
test_index_of_a_turn(void **state)
{
	const struct search_entry kept = { 7, 0, SPAN("kept"), SPAN("x"), SPAN("y") };
	const struct search_entry undone = { 8, 0, SPAN("undone"), SPAN("x"), SPAN("y") };
	const struct search_entry lost = { 3, 0, SPAN("lost"), SPAN("x"), SPAN("y") };
	const struct search_entry later = { 5, 0, SPAN("later"), SPAN("x"), SPAN("y") };
	struct err err = { 0 };
	size_t mark;

	(void)state;
	book_ok(act_begin(&world.clerk, &err), &err);
	book_ok(indexing_add(&world.clerk, &kept, &err), &err);
	mark = indexing_count(&world.clerk);
	book_ok(indexing_add(&world.clerk, &undone, &err), &err);
	indexing_cut(&world.clerk, mark);
	book_ok(indexing_add(&world.clerk, &later, &err), &err);
	book_ok(act_commit(&world.clerk, &err), &err);
	assert_int_equal(indexed("kept"), 1);
	assert_int_equal(indexed("later"), 1);
	assert_int_equal(indexed("undone"), 0);
	book_ok(act_begin(&world.clerk, &err), &err);
	book_ok(indexing_add(&world.clerk, &lost, &err), &err);
	db_rollback(world.db);
	book_ok(act_begin(&world.clerk, &err), &err);
	book_ok(act_commit(&world.clerk, &err), &err);
	assert_int_equal(indexed("lost"), 0);
	/* An act that fails after its post was made. */
	world_forum("voirie");
	world_subscribe(world_person("marie"), "voirie", "each");
	book_do(world.db, "CREATE TRIGGER no BEFORE INSERT ON outbox BEGIN"
			  " SELECT RAISE(ABORT, 'no'); END");
	world_no(ERR_CONFLICT, DOOR_WEB, 1, "post.add", "forum", "voirie", "subject", "x", "source",
	    "failed", NULL);
	assert_int_equal(indexed("failed"), 0);
	assert_int_equal(world_number("SELECT count(*) FROM post"), 0);
	book_do(world.db, "DROP TRIGGER no");
	/* Without a turn it is written at once. */
	book_ok(indexing_add(&world.clerk, &lost, &err), &err);
	assert_int_equal(indexed("lost"), 1);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_thread_and_a_reply),
		TEST(test_refusals),
		TEST(test_a_key_twice_is_one_post),
		TEST(test_in_the_name_of),
		TEST(test_first_read),
		TEST(test_held),
		TEST(test_attachments),
		TEST(test_limit),
		TEST(test_index_of_a_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
