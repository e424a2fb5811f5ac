/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Each thing that must agree in a book is broken once, and told by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "book.h"
#include "base/file.h"
#include "store/inbox.h"
#include "store/journal.h"
#include "store/raw.h"
#include "store/search.h"
#include "store/sound.h"
#include "store/thread.h"

enum { BIG = RAW_INLINE_MAX + 1 };

static struct db *db;
static int64_t post;

/* A published post that is found, with an attachment, a mail of it and a word in the journal. */
static int
setup(void **state)
{
	struct err err = { 0 };
	struct search_entry entry = {
		.subject = SPAN("Lilas"), .text = SPAN("Bonjour"), .author = SPAN("Marie")
	};
	struct post row;
	int64_t author, forum, thread, raw;

	if (book_setup(state) != 0)
		return 1;
	db = *state;
	author = book_person(db, "Marie Dupont", "marie@ville.example");
	forum = book_forum(db, "voirie");
	book_ok(thread_add(db, forum, SPAN("Lilas"), BOOK_NOW, &thread, &err), &err);
	row = book_post(forum, author, "published", thread);
	book_ok(post_add(db, &row, &post, &err), &err);
	book_ok(thread_posted(db, thread, row.date, &err), &err);
	entry.post = post;
	entry.date = row.date;
	book_ok(search_add(db, &entry, &err), &err);
	book_ok(raw_add(db, SPAN("From: Marie\r\n\r\nBonjour\r\n"), &raw, &err), &err);
	book_do(db,
	    "INSERT INTO attachment (public, post, position, name, type, raw, offset, length,"
	    " encoding, size) VALUES ('abc', 1, 0, 'plan.pdf', 'application/pdf', 1, 0, 5, 'none', "
	    "5)");
	book_do(db, "INSERT INTO inbox (raw, recipient, mail_from, peer, door, received, state, "
		    "outcome, post)"
		    " VALUES (1, 'voirie', 'marie@ville.example', 'local', 'lmtp', 1, 'done', "
		    "'published', 1)");
	book_do(db, "INSERT INTO outbox (post, person, address, state, next, created)"
		    " VALUES (1, 1, 1, 'due', 1, 1)");
	return 0;
}

/* How many faults there are, and the first of them. */
static int64_t
look(char first[240])
{
	struct sound sound = { 0 };
	struct err err = { 0 };
	int64_t faults;

	book_ok(sound_book(db, &sound, &err), &err);
	first[0] = '\0';
	if (!sound_verdict(&sound, &err))
		(void)snprintf(first, 240, "%s", err.text);
	faults = sound.faults;
	sound_free(&sound);
	return faults;
}

static void
test_sound(void **state)
{
	char first[240];

	(void)state;
	assert_int_equal(look(first), 0);
	assert_string_equal(first, "");
}

static void
test_each_fault(void **state)
{
	static const struct {
		const char *harm, *mend, *said;
	} cases[] = {
		{ "UPDATE thread SET posts = 2", "UPDATE thread SET posts = 1",
		    "thread 1: counts other posts than it has" },
		{ "UPDATE post SET thread = NULL; UPDATE thread SET posts = 0",
		    "UPDATE post SET thread = 1; UPDATE thread SET posts = 1",
		    "post 1: is published, and in no thread of its forum" },
		{ "UPDATE post SET date = date + 172800", "UPDATE post SET date = date - 172800",
		    "post 1: is published, and search does not find it" },
		{ "UPDATE post SET state = 'hidden'; UPDATE thread SET posts = 0;"
		  "UPDATE outbox SET state = 'cancelled'",
		    "UPDATE post SET state = 'published'; UPDATE thread SET posts = 1;"
		    "UPDATE outbox SET state = 'due'",
		    "post 1: is not published, and search finds it" },
		{ "UPDATE inbox SET outcome = ''", "UPDATE inbox SET outcome = 'published'",
		    "inbox 1: is done, and nobody knows how" },
		{ "UPDATE inbox SET post = NULL", "UPDATE inbox SET post = 1",
		    "inbox 1: is done, and nobody knows how" },
		{ "UPDATE attachment SET length = 500", "UPDATE attachment SET length = 5",
		    "attachment 1: goes beyond the end of its message" },
		{ "UPDATE post SET html = html || ' '",
		    "UPDATE post SET html = substr(html, 1, length(html) - 1)",
		    "post 1 is damaged: it is not what was written." },
		{ "UPDATE post_sum SET source = source + 1", "UPDATE post_sum SET source = source - 1",
		    "post 1 is damaged: it is not what was written." },
		{ "UPDATE raw SET octets = x'00'", NULL,
		    "message 1: is damaged, its octets are not what came" },
	};
	char first[240];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = { 0 };

		book_ok(db_script(db, cases[i].harm, &err), &err);
		assert_true(look(first) > 0);
		assert_string_equal(first, cases[i].said);
		if (cases[i].mend == NULL)
			break;
		book_ok(db_script(db, cases[i].mend, &err), &err);
		assert_int_equal(look(first), 0);
	}
}

static void
test_hidden_is_not_sent(void **state)
{
	struct err err = { 0 };
	struct sound sound = { 0 };

	(void)state;
	book_ok(
	    db_script(db, "UPDATE post SET state = 'hidden'; UPDATE thread SET posts = 0", &err),
	    &err);
	book_ok(sound_book(db, &sound, &err), &err);
	assert_int_equal(sound.faults, 2);
	assert_non_null(
	    strstr(buf_text(&sound.lines), "outbox 1: would send a post that is not published\n"));
	sound_free(&sound);
}

static void
test_journal(void **state)
{
	struct journal entry = { .date = 1,
		.act = "post.add",
		.door = "web",
		.object = "post 1",
		.outcome = "done",
		.text = SPAN("mot") };
	struct err err = { 0 };
	char first[240];
	int64_t id;

	(void)state;
	book_ok(journal_add(db, &entry, &id, &err), &err);
	assert_int_equal(look(first), 0);
	book_do(db, "UPDATE journal SET act = 'post.hide'");
	assert_int_equal(look(first), 1);
	assert_non_null(strstr(first, "journal"));
}

/* A folder as it lies there: blobs, keys, a version of another program. */
static void
test_folder(void **state)
{
	struct sound sound = { 0 };
	struct err err = { 0 };
	char path[512], big[BIG];
	struct raw raw;
	struct arena *arena = arena_new();
	int64_t id;

	memset(big, 'x', sizeof(big));
	book_ok(raw_add(db, span_make(big, sizeof(big)), &id, &err), &err);
	book_ok(raw_find(db, arena, id, &raw, &err), &err);
	db_close((struct db **)state);
	(void)snprintf(path, sizeof(path), "%s/keys", book_folder);
	book_ok(file_write(path, SPAN("token 00\n"), 0600, &err), &err);
	book_ok(sound_folder(book_folder, &sound, &err), &err);
	assert_int_equal(sound.faults, 0);
	assert_int_equal(sound.blobs, 1);
	assert_int_equal(sound.messages, 1);
	sound_free(&sound);

	sound = (struct sound){ 0 };
	assert_int_equal(unlink(path), 0);
	(void)snprintf(path, sizeof(path), "%s/blobs/", book_folder);
	token_hex(raw.hash.data, raw.hash.len, path + strlen(path));
	assert_int_equal(truncate(path, 9), 0);
	book_ok(sound_folder(book_folder, &sound, &err), &err);
	assert_int_equal(sound.faults, 2);
	assert_non_null(strstr(buf_text(&sound.lines), "is damaged"));
	assert_non_null(strstr(buf_text(&sound.lines), "keys: not there"));
	sound_free(&sound);

	sound = (struct sound){ 0 };
	assert_false(sound_folder("/nowhere", &sound, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	arena_free(&arena);
}

#define BOOK_TEST(name) cmocka_unit_test_setup_teardown(name, setup, book_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BOOK_TEST(test_sound),
		BOOK_TEST(test_each_fault),
		BOOK_TEST(test_hidden_is_not_sent),
		BOOK_TEST(test_journal),
		BOOK_TEST(test_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
