/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The journal and its chain, keys of acts, rates, counters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "book.h"
#include "store/house.h"
#include "store/journal.h"

static struct arena *arena;
static struct db *db;

static int
setup(void **state)
{
	arena = arena_new();
	if (book_setup(state) != 0)
		return 1;
	db = *state;
	return 0;
}

static int
teardown(void **state)
{
	arena_free(&arena);
	return book_teardown(state);
}

static void
add_entries(int count)
{
	struct err err = { 0 };
	int64_t id;

	for (int i = 0; i < count; i++) {
		struct journal entry = { .date = BOOK_NOW + i,
			.act = "post.refuse",
			.actor = i % 3,
			.door = "web",
			.object = "post 12",
			.forum = i % 2,
			.outcome = "done",
			.text = i % 2 ? SPAN("hors sujet") : SPAN("") };

		book_ok(journal_add(db, &entry, &id, &err), &err);
		assert_int_equal(id, i + 1);
	}
}

static void
test_journal(void **state)
{
	struct journal *list;
	struct err err = { 0 };
	int64_t entries;
	size_t count;

	(void)state;
	book_ok(journal_check(db, &entries, &err), &err);
	assert_int_equal(entries, 0);
	add_entries(2100); /* more than two pages of the check */
	book_ok(journal_check(db, &entries, &err), &err);
	assert_int_equal(entries, 2100);
	book_ok(journal_list(db, arena, 0, 0, 10, &list, &count, &err), &err);
	assert_true(count == 10 && list[0].id == 2100 && list[9].id == 2091);
	assert_true(span_is(list[0].text, "hors sujet") && list[1].text.len == 0);
	book_ok(journal_list(db, arena, 1, 2091, 10, &list, &count, &err), &err);
	assert_true(count == 10 && list[0].id == 2090 && list[1].id == 2088);
	/* Words may be forgotten without a trace in the chain. */
	book_ok(journal_erase(db, 2100, &err), &err);
	book_ok(journal_erase(db, 2100, &err), &err);
	book_ok(journal_erase(db, 1, &err), &err);
	book_ok(journal_check(db, &entries, &err), &err);
	assert_int_equal(book_number(db, "SELECT count(*) FROM journal_text"), 1049);
	book_ok(journal_list(db, arena, 0, 0, 1, &list, &count, &err), &err);
	assert_int_equal(list[0].text.len, 0);
}

static void
test_tampering_shows(void **state)
{
	static const struct {
		const char *sql;
		const char *entry; /* the first that is wrong */
	} cases[] = {
		{ "UPDATE journal SET date = date + 1 WHERE id = 4", "Entry 4 " },
		{ "UPDATE journal SET act = 'post.approve' WHERE id = 4", "Entry 4 " },
		{ "UPDATE journal SET actor = 9 WHERE id = 4", "Entry 4 " },
		{ "UPDATE journal SET actor = NULL WHERE id = 2", "Entry 2 " },
		{ "UPDATE journal SET door = 'mail' WHERE id = 4", "Entry 4 " },
		{ "UPDATE journal SET object = 'post 13' WHERE id = 4", "Entry 4 " },
		{ "UPDATE journal SET forum = 7 WHERE id = 4", "Entry 4 " },
		{ "UPDATE journal SET outcome = 'denied' WHERE id = 4", "Entry 4 " },
		{ "UPDATE journal SET text = 1 WHERE id = 4", "Entry 4 " },
		{ "UPDATE journal SET text = NULL WHERE id = 4", "Entry 4 " },
		{ "UPDATE journal SET texthash = zeroblob(32) WHERE id = 4", "Entry 4 " },
		{ "UPDATE journal SET chain = zeroblob(32) WHERE id = 4", "Entry 4 " },
		{ "UPDATE journal SET chain = x'00' WHERE id = 4", "Entry 4 " },
		{ "UPDATE journal_text SET text = 'autre' WHERE id = 2", "Entry 4 " },
		{ "UPDATE journal_text SET salt = x'00' WHERE id = 2", "Entry 4 " },
		{ "DELETE FROM journal WHERE id = 4", "Entry 4 " },
		{ "UPDATE journal SET id = 100 WHERE id = 8", "Entry 8 " },
		{ "UPDATE journal SET act = 'post.', door = 'refuseweb' WHERE id = 1", "Entry 1 " },
	};
	struct err err = { 0 };
	int64_t entries;

	(void)state;
	add_entries(8);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		book_ok(db_begin(db, &err), &err);
		book_do(db, cases[i].sql);
		if (journal_check(db, &entries, &err))
			fail_msg("unseen: %s", cases[i].sql);
		assert_int_equal(err.kind, ERR_BROKEN);
		if (strncmp(err.text, cases[i].entry, strlen(cases[i].entry)) != 0)
			fail_msg("%s: %s", cases[i].sql, err.text);
		db_rollback(db);
	}
	book_ok(journal_check(db, &entries, &err), &err);
}

static void
test_act_keys(void **state)
{
	uint8_t key[SHA256_SIZE] = { 1 };
	struct err err = { 0 };
	struct span outcome;

	(void)state;
	assert_false(act_key_find(db, arena, key, &outcome, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	book_ok(act_key_add(db, key, SPAN("o\0k"), BOOK_NOW, &err), &err);
	book_ok(act_key_find(db, arena, key, &outcome, &err), &err);
	assert_true(span_equal(outcome, SPAN("o\0k")));
	book_ok(act_key_clean(db, BOOK_NOW, &err), &err);
	book_ok(act_key_find(db, arena, key, &outcome, &err), &err);
	book_ok(act_key_clean(db, BOOK_NOW + 1, &err), &err);
	assert_false(act_key_find(db, arena, key, &outcome, &err));
}

static void
test_rates(void **state)
{
	static const struct {
		const char *what;
		int64_t after, want;
	} cases[] = {
		{ "the first", 0, 1 },
		{ "the second", 59, 2 },
		{ "a new window", 60, 1 },
		{ "within it", 61, 2 },
		{ "the clock went back", 30, 1 },
		{ "and goes on", 31, 2 },
	};
	struct err err = { 0 };
	int64_t count;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		book_ok(
		    rate_take(db, "POST_USER", "1", BOOK_NOW + cases[i].after, 60, &count, &err),
		    &err);
		if (count != cases[i].want)
			fail_msg("%s: %d", cases[i].what, (int)count);
		book_ok(
		    rate_count(db, "POST_USER", "1", BOOK_NOW + cases[i].after, 60, &count, &err),
		    &err);
		assert_int_equal(count, cases[i].want);
	}
	book_ok(rate_take(db, "POST_USER", "2", BOOK_NOW, 60, &count, &err), &err);
	assert_int_equal(count, 1);
	book_ok(rate_count(db, "POST_USER", "3", BOOK_NOW, 60, &count, &err), &err);
	assert_int_equal(count, 0);
	book_ok(rate_clean(db, BOOK_NOW + 1, &err), &err);
	book_ok(rate_count(db, "POST_USER", "2", BOOK_NOW, 60, &count, &err), &err);
	assert_int_equal(count, 0);
	book_ok(rate_count(db, "POST_USER", "1", BOOK_NOW + 31, 60, &count, &err), &err);
	assert_int_equal(count, 2);
}

static void
test_rate_of_a_year(void **state)
{
	struct err err = { 0 };
	int64_t count;

	(void)state;
	book_ok(rate_take(db, "HINT.1y", "1", BOOK_NOW, 31536000, &count, &err), &err);
	book_ok(rate_clean(db, BOOK_NOW + 31536000, &err), &err);
	book_ok(rate_count(db, "HINT.1y", "1", BOOK_NOW, 31536000, &count, &err), &err);
	assert_int_equal(count, 1);
	book_ok(rate_clean(db, BOOK_NOW + 31536001, &err), &err);
	book_ok(rate_count(db, "HINT.1y", "1", BOOK_NOW, 31536000, &count, &err), &err);
	assert_int_equal(count, 0);
}

static void
test_counters(void **state)
{
	struct counter *list;
	struct err err = { 0 };
	int64_t value;
	size_t count;

	(void)state;
	book_ok(counter_add(db, "mail.dropped", 1, &err), &err);
	book_ok(counter_add(db, "mail.dropped", 4, &err), &err);
	book_ok(counter_add(db, "acts", 1, &err), &err);
	book_ok(counter_find(db, "mail.dropped", &value, &err), &err);
	assert_int_equal(value, 5);
	book_ok(counter_list(db, arena, &list, &count, &err), &err);
	assert_int_equal(count, 2);
	assert_string_equal(list[0].name, "acts");
}

#define BOOK_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BOOK_TEST(test_journal),
		BOOK_TEST(test_tampering_shows),
		BOOK_TEST(test_act_keys),
		BOOK_TEST(test_rates),
		BOOK_TEST(test_rate_of_a_year),
		BOOK_TEST(test_counters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
