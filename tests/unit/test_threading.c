/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Threads must not depend on the order of arrival: every order of a small set, and many
 * orders of larger ones, give the same threads and the same parents. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/post.h"
#include "world.h"

enum { MAILS_MOST = 30, CIRCLE = 8 };

/* A mail of a set: its letter, and the letters of its References, root first. Capital
 * letters among the references never arrive: they stay ghosts. */
struct mail {
	char id;
	const char *chain;
};

/* clang-format off */
static const struct {
	const char *name;
	struct mail mails[7];
	size_t count;
	const char *threads; /* for each mail the lowest letter of its thread */
	const char *parents; /* for each mail its parent, - = none */
} sets[] = {
	{ "a simple chain",            { { 'a', "" }, { 'b', "a" }, { 'c', "ab" } }, 3, "aaa", "-ab" },
	{ "two replies",               { { 'a', "" }, { 'b', "a" }, { 'c', "a" } },  3, "aaa", "-aa" },
	{ "two threads",               { { 'a', "" }, { 'b', "" }, { 'c', "a" }, { 'd', "b" } }, 4, "abab", "--ab" },
	{ "a ghost unites",            { { 'a', "G" }, { 'b', "G" } }, 2, "aa", "--" },
	{ "a chain unites",            { { 'a', "" }, { 'b', "G" }, { 'c', "aGb" } }, 3, "aaa", "--b" },
	{ "the middle is missing",     { { 'a', "" }, { 'c', "aB" }, { 'd', "aBc" } }, 3, "aaa", "-ac" },
	{ "only the parent is named",  { { 'a', "" }, { 'b', "a" }, { 'c', "b" }, { 'd', "c" } }, 4, "aaaa", "-abc" },
	{ "a nearer parent came late", { { 'a', "" }, { 'b', "a" }, { 'c', "abX" } }, 3, "aaa", "-ab" },
	{ "nothing in common",         { { 'a', "" }, { 'b', "" }, { 'c', "" } }, 3, "abc", "---" },
};
/* clang-format on */

static int64_t forum;

static const char *
id_of(int run, char letter)
{
	return arena_printf(world.arena, "%c.%d@x.example", letter, run);
}

static void
arrive(int run, const struct mail *mail)
{
	char more[400] = "";
	size_t len = 0;

	if (*mail->chain) {
		len = (size_t)snprintf(more, sizeof(more), "References:");
		for (const char *c = mail->chain; *c; c++)
			len += (size_t)snprintf(more + len, sizeof(more) - len, " <%s>",
			    id_of(run, *c));
		(void)snprintf(more + len, sizeof(more) - len, "\n");
	}
	world_do(DOOR_CONSOLE, 0, "import.add", "forum", "voirie", "raw",
	    world_raw("marie", "x", id_of(run, mail->id), more,
		arena_printf(world.arena, "%c %d", mail->id, run)),
	    NULL);
	assert_string_equal(world_text("outcome"), "published");
}

static int64_t
post_of(int run, char letter)
{
	return world_number("SELECT id FROM post WHERE message_id = '%s'", id_of(run, letter));
}

/* The lowest letter of the thread that a mail stands in. */
static char
thread_letter(int run, const struct mail *mails, size_t count, char letter)
{
	int64_t thread = world_number("SELECT thread FROM post WHERE id = %" PRId64,
	    post_of(run, letter));

	for (size_t i = 0; i < count; i++)
		if (world_number("SELECT thread FROM post WHERE id = %" PRId64,
			post_of(run, mails[i].id)) == thread)
			return mails[i].id;
	return '?';
}

static void
check_set(int run, size_t set, const size_t *order)
{
	size_t count = sets[set].count;
	int64_t parent;

	for (size_t i = 0; i < count; i++)
		arrive(run, &sets[set].mails[order[i]]);
	for (size_t i = 0; i < count; i++) {
		char letter = sets[set].mails[i].id, want = sets[set].parents[i];

		if (thread_letter(run, sets[set].mails, count, letter) != sets[set].threads[i])
			fail_msg("%s, order %zu%zu%zu: thread of %c", sets[set].name, order[0],
			    order[1], order[2], letter);
		parent = world_number("SELECT coalesce(parent, 0) FROM post WHERE id = %" PRId64,
		    post_of(run, letter));
		if (parent != (want == '-' ? 0 : post_of(run, want)))
			fail_msg("%s, order %zu%zu%zu: parent of %c", sets[set].name, order[0],
			    order[1], order[2], letter);
	}
}

/* Next order (lexicographic); false after the last. */
static bool
next_order(size_t *order, size_t count)
{
	size_t i = count - 1, j = count - 1, swap;

	while (i > 0 && order[i - 1] >= order[i])
		i--;
	if (i == 0)
		return false;
	while (order[j] <= order[i - 1])
		j--;
	swap = order[i - 1], order[i - 1] = order[j], order[j] = swap;
	for (j = count - 1; i < j; i++, j--)
		swap = order[i], order[i] = order[j], order[j] = swap;
	return true;
}

static void
test_every_order(void **state)
{
	int run = 0;

	(void)state;
	forum = world_forum("voirie");
	for (size_t set = 0; set < sizeof(sets) / sizeof(sets[0]); set++) {
		size_t order[] = { 0, 1, 2, 3, 4, 5, 6 };

		do
			check_set(run++, set, order);
		while (next_order(order, sets[set].count));
	}
	assert_true(run > 60);
	/* Counters agree with what is there, whatever was merged on the way. */
	assert_int_equal(world_number("SELECT count(*) FROM thread AS t WHERE state <> 'merged' AND"
				      " posts <> (SELECT count(*) FROM post WHERE thread = t.id)"),
	    0);
	assert_int_equal(world_number("SELECT count(*) FROM reference WHERE thread NOT IN"
				      " (SELECT id FROM thread WHERE state <> 'merged')"),
	    0);
	assert_int_equal(world_number("SELECT count(*) FROM thread WHERE state = 'merged' AND"
				      " merged NOT IN (SELECT id FROM thread WHERE state <> 'merged')"),
	    0);
}

/* ---- random trees ---- */

static unsigned seed;

static unsigned
draw(unsigned below)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 16) % below;
}

struct tree {
	int parent[MAILS_MOST]; /* -1: a root */
	size_t count;
};

static void
grow(struct tree *tree, size_t count)
{
	tree->count = count;
	for (size_t i = 0; i < count; i++)
		tree->parent[i] = i < 3 ? -1 : (int)draw((unsigned)i);
}

static const char *
chain_of(int run, const struct tree *tree, size_t mail)
{
	const char *chain = "";

	for (int up = tree->parent[mail]; up >= 0; up = tree->parent[up])
		chain = arena_printf(world.arena, "<m%d.%d@x.example> %s", up, run, chain);
	return *chain ? arena_printf(world.arena, "References: %s\n", chain) : "";
}

static void
shuffle(size_t *order, size_t count)
{
	for (size_t i = count - 1; i > 0; i--) {
		size_t j = draw((unsigned)i + 1), swap = order[i];

		order[i] = order[j];
		order[j] = swap;
	}
}

static void
check_tree(int run, const struct tree *tree)
{
	for (size_t i = 0; i < tree->count; i++) {
		int parent = tree->parent[i];

		if (parent >= 0)
			assert_int_equal(world_number("SELECT count(*) FROM post AS p JOIN post AS q ON"
						      " q.id = p.parent WHERE p.message_id ="
						      " 'm%zu.%d@x.example' AND q.message_id ="
						      " 'm%d.%d@x.example' AND p.thread = q.thread",
					     i, run, parent, run),
			    1);
	}
	assert_int_equal(world_number("SELECT count(DISTINCT thread) FROM post WHERE message_id LIKE"
				      " 'm%%.%d@x.example'",
			     run),
	    3);
}

static void
test_random_trees(void **state)
{
	struct tree tree;
	size_t order[MAILS_MOST];

	(void)state;
	forum = world_forum("voirie");
	for (int run = 0; run < 15; run++) {
		seed = (unsigned)run + 1;
		grow(&tree, 10 + draw(MAILS_MOST - 10));
		for (size_t i = 0; i < tree.count; i++)
			order[i] = i;
		shuffle(order, tree.count);
		for (size_t i = 0; i < tree.count; i++)
			world_do(DOOR_CONSOLE, 0, "import.add", "forum", "voirie", "raw",
			    world_raw("marie", "x",
				arena_printf(world.arena, "m%zu.%d@x.example", order[i], run),
				chain_of(run, &tree, order[i]),
				arena_printf(world.arena, "%zu %d", order[i], run)),
			    NULL);
		check_tree(run, &tree);
	}
}

/* ---- what somebody may do on purpose ---- */

/* Chains that go in a circle: everything arrives, and every way up ends. */
static void
test_circles(void **state)
{
	static const struct mail circle[] = { { 'a', "b" }, { 'b', "a" }, { 'c', "acb" },
		{ 'd', "d" }, { 'e', "fd" }, { 'f', "ef" }, { 'g', "hZ" }, { 'h', "g" } };
	size_t order[] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	int run = 0;

	(void)state;
	forum = world_forum("voirie");
	do {
		for (size_t i = 0; i < CIRCLE; i++)
			arrive(run, &circle[order[i]]);
		run++;
	} while (run < 40 && next_order(order, CIRCLE));
	assert_int_equal(
	    world_number("WITH RECURSIVE up (id, parent, steps) AS ("
			 " SELECT id, parent, 0 FROM post"
			 " UNION ALL SELECT up.id, p.parent, steps + 1 FROM up JOIN post AS p ON p.id ="
			 " up.parent WHERE steps < 20)"
			 " SELECT count(*) FROM up WHERE steps >= 19"),
	    0);
	assert_int_equal(world_number("SELECT count(*) FROM post"), run * CIRCLE);
}

/* One mail that names several discussions joins the nearest; it does not make them one, nor
 * may it reach into a discussion that was closed. */
static void
test_names_several(void **state)
{
	(void)state;
	forum = world_forum("voirie");
	world_person("marie");
	(void)world_mail("voirie", world_raw("marie", "Un", "a@x.example", "", "Un."));
	(void)world_mail("voirie", world_raw("marie", "Deux", "b@x.example", "", "Deux."));
	(void)world_mail("voirie",
	    world_raw("marie", "Trois", "c@x.example", "References: <gone@x.example>\n", "Trois."));
	world_do(DOOR_CONSOLE, 0, "thread.set", "thread",
	    arena_printf(world.arena, "%" PRId64,
		world_number("SELECT thread FROM post WHERE message_id = 'c@x.example'")),
	    "closed", "1", NULL);
	(void)world_mail("voirie",
	    world_raw("marie", "Re: Deux", "d@x.example",
		"References: <a@x.example> <c@x.example> <b@x.example>\n", "Quatre."));
	assert_int_equal(world_number("SELECT count(DISTINCT thread) FROM post"), 3);
	assert_int_equal(world_number("SELECT count(*) FROM thread WHERE state = 'merged'"), 0);
	assert_int_equal(world_number("SELECT count(*) FROM post AS p JOIN post AS q ON q.id = p.parent"
				      " WHERE p.message_id = 'd@x.example' AND q.message_id ="
				      " 'b@x.example' AND p.thread = q.thread"),
	    1);
	/* Nor by the id of a mail that others named before it came. */
	(void)world_mail("voirie",
	    world_raw("marie", "Re: Un", "e@x.example", "References: <a@x.example> <late@x.example>\n",
		"Cinq."));
	(void)world_mail("voirie",
	    world_raw("marie", "Re: Deux", "late@x.example", "References: <b@x.example>\n", "Six."));
	assert_int_equal(world_number("SELECT count(*) FROM thread WHERE state = 'merged'"), 0);
	assert_int_equal(world_number("SELECT count(*) FROM post AS p JOIN post AS q ON q.id = p.parent"
				      " WHERE p.thread <> q.thread"),
	    0);
	assert_int_equal(world_number("SELECT count(*) FROM post WHERE message_id = 'e@x.example' AND"
				      " parent = (SELECT id FROM post WHERE message_id ="
				      " 'a@x.example')"),
	    1);
}

/* A long chain is looked at from its end, in bounded time. */
static void
test_long_chain(void **state)
{
	struct buf more = { 0 };

	(void)state;
	forum = world_forum("voirie");
	buf_add_text(&more, "References:");
	for (int i = 0; i < 500; i++)
		buf_printf(&more, "\n <long%d@x.example>", i);
	buf_add_text(&more, "\n");
	world_do(DOOR_CONSOLE, 0, "import.add", "forum", "voirie", "raw",
	    world_raw("marie", "x", "end@x.example", buf_text(&more), "x"), NULL);
	assert_in_range(world_number("SELECT count(*) FROM reference"), 2, 30);
	world_do(DOOR_CONSOLE, 0, "import.add", "forum", "voirie", "raw",
	    world_raw("marie", "x", "long499@x.example", "", "y"), NULL);
	assert_int_equal(world_number("SELECT count(*) FROM thread"), 1);
	assert_int_equal(world_number("SELECT count(*) FROM post WHERE parent IS NOT NULL"), 1);
	buf_free(&more);
}

/* "TR :" is a deliberate share: a thread of its own; another forum has its own threads. */
static void
test_forwards_and_forums(void **state)
{
	(void)state;
	forum = world_forum("voirie");
	world_forum("culture");
	world_person("marie");
	(void)world_mail("voirie", world_raw("marie", "Un trou", "a@x.example", "", "Un trou."));
	(void)world_mail("voirie",
	    world_raw("marie", "TR : Un trou", "b@x.example", "References: <a@x.example>\n", "Pour info."));
	assert_int_equal(world_number("SELECT count(*) FROM thread"), 2);
	(void)world_mail("culture",
	    world_raw("marie", "Re: Un trou", "c@x.example", "References: <a@x.example>\n", "Ici."));
	assert_int_equal(world_number("SELECT count(DISTINCT thread) FROM post"), 3);
	assert_int_equal(world_number("SELECT count(*) FROM post WHERE parent IS NOT NULL"), 0);
	/* Same subject, no reference: subjects never merge threads. */
	(void)world_mail("voirie", world_raw("marie", "Re: Un trou", "d@x.example", "", "Encore."));
	assert_int_equal(world_number("SELECT count(DISTINCT thread) FROM post"), 4);
}

/* The title is that of the earliest post, whichever came first. */
static void
test_title(void **state)
{
	(void)state;
	forum = world_forum("voirie");
	world_do(DOOR_CONSOLE, 0, "import.add", "forum", "voirie", "raw",
	    "From: a@example.org\nSubject: Re: Les bancs\nMessage-ID: <2@x.example>\n"
	    "References: <1@x.example>\nDate: Tue, 14 Nov 2017 10:00:00 +0000\n\nOui.\n",
	    NULL);
	world_do(DOOR_CONSOLE, 0, "import.add", "forum", "voirie", "raw",
	    "From: a@example.org\nSubject: Des bancs au parc\nMessage-ID: <1@x.example>\n"
	    "Date: Mon, 13 Nov 2017 10:00:00 +0000\n\nDes bancs ?\n",
	    NULL);
	assert_int_equal(world_number("SELECT count(*) FROM thread WHERE title = 'Des bancs au parc'"
				      " AND posts = 2"),
	    1);
	assert_int_equal(world_number("SELECT count(*) FROM outbox"), 0);
}

/* A mail without Message-ID, imported twice, is one post; another of the same words on
 * another day is another. */
static void
test_import_twice(void **state)
{
	static const char *const mails[] = {
		"From: a@example.org\nSubject: Oui\nDate: Tue, 14 Nov 2017 10:00:00 +0000\n\nOui.\n",
		"From: a@example.org\nSubject: Oui\nDate: Wed, 15 Nov 2017 10:00:00 +0000\n\nOui.\n",
		"From: b@example.org\nSubject: Oui\nMessage-ID: <1@x.example>\n\nOui.\n",
		"\n",
		"no mail at all",
	};
	int64_t count = sizeof(mails) / sizeof(mails[0]);

	(void)state;
	forum = world_forum("voirie");
	for (int turn = 0; turn < 2; turn++)
		for (int64_t i = 0; i < count; i++) {
			world_do(DOOR_CONSOLE, 0, "import.add", "forum", "voirie", "raw", mails[i],
			    NULL);
			assert_string_equal(world_text("outcome"), turn ? "merged" : "published");
		}
	assert_int_equal(world_number("SELECT count(*) FROM post"), count);
	assert_int_equal(world_number("SELECT count(*) FROM post WHERE date = 1510653600"), 1);
	world_no(ERR_NOT_FOUND, DOOR_CONSOLE, 0, "import.add", "forum", "nope", "raw", "x", NULL);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_every_order),
		TEST(test_random_trees),
		TEST(test_circles),
		TEST(test_names_several),
		TEST(test_long_chain),
		TEST(test_forwards_and_forums),
		TEST(test_title),
		TEST(test_import_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
