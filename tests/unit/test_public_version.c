/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Whatever anonymous readers may see raises public_version; what they may not see does
 * not. A table that is in neither list fails: say which it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "book.h"
#include "store/house.h"
#include "store/post.h"
#include "store/thread.h"

static const char *const public_tables[] = { "attachment", "forum", "mandate", "organisation",
	"post", "setting", "thread" };

static const char *const private_tables[] = {
	"act_key", "address", "bounce", "counter", "follow",
	"identifier", "inbox", "job", "journal", "journal_text", "notice", "outbox", "person", "post_sum", "public_version",
	"rate", "raw", "reference", "registration", "roll", "search", "session", "subscription", "token" };

static bool
is_in(struct span name, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (span_is(name, list[i]))
			return true;
	return false;
}

#define IS_IN(name, list) is_in((name), (list), sizeof(list) / sizeof((list)[0]))

static void
test_every_table_is_known(void **state)
{
	struct db_cursor cursor;
	struct err err = { 0 };

	db_query(*state,
	    "SELECT name FROM sqlite_schema WHERE type = 'table'"
	    "   AND name NOT LIKE 'search\\_%' ESCAPE '\\'",
	    DB_NO_VALUES, &cursor);
	while (db_next(&cursor)) {
		struct span name = db_octets(&cursor, 0);

		if (IS_IN(name, public_tables) == IS_IN(name, private_tables))
			fail_msg("is it public? " SPAN_FORMAT, SPAN_ARGS(name));
	}
	book_ok(db_end(&cursor, &err), &err);
}

static int64_t
version(struct db *db)
{
	struct err err = { 0 };
	int64_t value;

	book_ok(public_version_read(db, &value, &err), &err);
	return value;
}

/* One row in each public table, by plain SQL. */
static void
make_rows(struct db *db)
{
	int64_t person = book_person(db, "Marie", "marie@ville.example");
	int64_t forum = book_forum(db, "voirie");
	struct err err = { 0 };
	struct post post;
	int64_t thread;
	int64_t id;

	book_ok(thread_add(db, forum, SPAN("Travaux"), BOOK_NOW, &thread, &err), &err);
	post = book_post(forum, person, "published", thread);
	book_ok(post_add(db, &post, &id, &err), &err);
	book_do(db,
	    "INSERT INTO raw (hash, size, octets) VALUES (x'00', 1, x'00');"
	    "INSERT INTO attachment (public, post, position, name, type, raw, offset, length,"
	    " encoding, size) VALUES ('a', 1, 0, 'a', 'text/plain', 1, 0, 1, 'none', 1);"
	    "INSERT INTO organisation (name, kind, created) VALUES ('Amis', 'association', 0);"
	    "INSERT INTO mandate (person, forum, role, since) VALUES (1, 1, 'moderator', 0);"
	    "INSERT INTO setting (name, value) VALUES ('x', 'y');");
}

/* A column set to itself: enough for any trigger that watches it. */
static void
touch_column(struct db *db, const char *table, const char *column)
{
	int64_t before = version(db);
	struct buf sql = { 0 };

	buf_printf(&sql, "UPDATE %s SET \"%s\" = \"%s\"", table, column, column);
	book_do(db, buf_text(&sql));
	buf_free(&sql);
	if (version(db) <= before)
		fail_msg("%s.%s is not seen", table, column);
}

static void
touch_columns(struct db *db, const char *table)
{
	struct arena *arena = arena_new();
	struct db_cursor cursor;
	struct err err = { 0 };
	const char *names[40];
	size_t count = 0;

	db_query(db, "SELECT name FROM pragma_table_info($1)", DB_VALUES(DB_WORD(table)), &cursor);
	while (db_next(&cursor) && count < 40)
		names[count++] = arena_span(arena, db_octets(&cursor, 0)).data;
	book_ok(db_end(&cursor, &err), &err);
	assert_in_range(count, 2, 39);
	for (size_t i = 0; i < count; i++)
		touch_column(db, table, names[i]);
	arena_free(&arena);
}

static void
test_every_public_column(void **state)
{
	struct db *db = *state;

	make_rows(db);
	for (size_t i = 0; i < sizeof(public_tables) / sizeof(public_tables[0]); i++)
		touch_columns(db, public_tables[i]);
}

static void
test_insert_and_delete(void **state)
{
	/* children first, so that nothing points to what goes */
	static const char *const tables[] = { "setting", "mandate", "organisation", "attachment",
		"post", "thread", "forum" };
	struct db *db = *state;
	char sql[100];
	int64_t before = version(db);

	make_rows(db);
	assert_true(version(db) >= before + 7);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		before = version(db);
		snprintf(sql, sizeof(sql), "DELETE FROM %s", tables[i]);
		book_do(db, sql);
		if (version(db) <= before)
			fail_msg("a deleted %s is not seen", tables[i]);
	}
}

/* A held post is nobody's to see: not when it comes, changes, or is refused. */
static void
test_held_posts_are_silent(void **state)
{
	struct db *db = *state;
	int64_t person = book_person(db, "Marie", "marie@ville.example");
	int64_t forum = book_forum(db, "voirie");
	struct post post = book_post(forum, person, "held", 0);
	struct err err = { 0 };
	int64_t before = version(db);
	int64_t id;

	book_ok(post_add(db, &post, &id, &err), &err);
	book_ok(post_set_hold(db, id, "first", "token", &err), &err);
	book_ok(post_set_html(db, id, SPAN("<p>x</p>"), 2, &err), &err);
	assert_int_equal(version(db), before);
	book_ok(post_move(db, id, "held", "refused", person, BOOK_NOW, SPAN("non"), &err), &err);
	assert_int_equal(version(db), before);
	book_ok(post_move(db, id, "refused", "published", person, BOOK_NOW, SPAN(""), &err), &err);
	assert_true(version(db) > before);
	before = version(db);
	book_ok(post_move(db, id, "published", "hidden", person, BOOK_NOW, SPAN(""), &err), &err);
	assert_true(version(db) > before);
}

#define BOOK_TEST(name) cmocka_unit_test_setup_teardown(name, book_setup, book_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BOOK_TEST(test_every_table_is_known),
		BOOK_TEST(test_every_public_column),
		BOOK_TEST(test_insert_and_delete),
		BOOK_TEST(test_held_posts_are_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
