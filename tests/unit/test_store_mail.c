/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Raws and their files, the inbox, subscriptions, the outbox, notices, bounces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

#include "base/file.h"
#include "book.h"
#include "store/inbox.h"
#include "store/outbox.h"
#include "store/person.h"
#include "store/post.h"
#include "store/raw.h"
#include "store/subscription.h"
#include "store/thread.h"

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

/* Octets that do not repeat. */
static struct span
make_octets(size_t len)
{
	char *octets = arena_alloc(arena, len + 1);

	for (size_t i = 0; i < len; i++)
		octets[i] = (char)(i * 31 + i / 251);
	return span_make(octets, len);
}

static void
blob_path(struct span octets, char out[200])
{
	uint8_t hash[SHA256_SIZE];
	char hex[SHA256_SIZE * 2 + 1];

	token_sha256(octets, hash);
	token_hex(hash, sizeof(hash), hex);
	snprintf(out, 200, "%s/blobs/%s", book_folder, hex);
}

static void
test_raw_sizes(void **state)
{
	static const struct {
		size_t size;
		bool is_file;
	} cases[] = { { 0, false }, { 1, false }, { RAW_INLINE_MAX, false },
		{ RAW_INLINE_MAX + 1, true }, { 300000, true } };
	struct err err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct span octets = make_octets(cases[i].size), got;
		int64_t size = (int64_t)cases[i].size;
		int fd = file_memory("test", octets);
		struct raw raw;
		int64_t id, other;

		book_ok(raw_add(db, octets, &id, &err), &err);
		book_ok(raw_add_fd(db, fd, size, &other, &err), &err);
		assert_int_equal(id == other, cases[i].is_file); /* a file is kept once */
		assert_false(raw_add_fd(db, fd, size + 1, &other, &err));
		assert_int_equal(err.kind, ERR_INVALID);
		assert_true(size == 0 || !raw_add_fd(db, fd, size - 1, &other, &err));
		assert_int_equal(err.kind, ERR_INVALID);
		assert_false(raw_add_fd(db, fd, -1, &other, &err));
		file_close(&fd);
		book_ok(raw_find(db, arena, id, &raw, &err), &err);
		assert_true(raw.is_file == cases[i].is_file && raw.size == size);
		assert_true(raw.is_file || span_equal(raw.octets, octets));
		book_ok(raw_read(db, arena, id, 0, size, &got, &err), &err);
		assert_true(span_equal(got, octets));
		book_ok(raw_read(db, arena, id, size / 2, size / 3, &got, &err), &err);
		assert_true(span_equal(
		    got, span_first(span_from(octets, cases[i].size / 2), cases[i].size / 3)));
		book_ok(raw_read(db, arena, id, size, 0, &got, &err), &err);
		assert_int_equal(got.len, 0);
	}
}

static void
test_raw_extents_end(void **state)
{
	static const int64_t cases[][2] = { { 0, 101 }, { 101, 0 }, { 100, 1 }, { -1, 1 },
		{ 0, -1 }, { INT64_MAX, 1 }, { 1, INT64_MAX } };
	struct err err = { 0 };
	struct span got;
	int64_t id;

	(void)state;
	book_ok(raw_add(db, make_octets(100), &id, &err), &err);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_false(raw_read(db, arena, id, cases[i][0], cases[i][1], &got, &err));
		assert_int_equal(err.kind, ERR_BROKEN);
	}
	assert_false(raw_read(db, arena, 99, 0, 1, &got, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void
flip(const char *path, off_t at)
{
	int fd = open(path, O_RDWR);
	char octet;

	assert_int_equal(pread(fd, &octet, 1, at), 1);
	octet ^= 4;
	assert_int_equal(pwrite(fd, &octet, 1, at), 1);
	close(fd);
}

/* Damage in a row of its own is seen wherever it is. */
static void
test_raw_damage(void **state)
{
	struct span octets = make_octets(3000), got;
	struct err err = { 0 };
	struct raw raw;
	int64_t id;

	(void)state;
	book_ok(raw_add(db, octets, &id, &err), &err);
	book_do(db, "UPDATE raw SET octets = zeroblob(3000)");
	assert_false(raw_find(db, arena, id, &raw, &err));
	assert_int_equal(err.kind, ERR_BROKEN);
	assert_false(raw_read(db, arena, id, 0, 10, &got, &err));
	assert_int_equal(err.kind, ERR_BROKEN);
	assert_int_equal(db_damage_count(db), 2);
}

/* A row rolled back leaves its file, which serves the next time; a file that is half gone is
 * made whole by who brings it again. */
static void
test_raw_files(void **state)
{
	struct span octets = make_octets(200000), got;
	struct err err = { 0 };
	char path[200];
	struct raw raw;
	int64_t id;
	int fd;

	(void)state;
	blob_path(octets, path);
	book_ok(db_begin(db, &err), &err);
	book_ok(raw_add(db, octets, &id, &err), &err);
	db_rollback(db);
	assert_true(file_exists(path));
	assert_false(raw_find(db, arena, id, &raw, &err));
	book_ok(raw_add(db, octets, &id, &err), &err);
	book_ok(raw_find(db, arena, id, &raw, &err), &err);
	book_ok(raw_open(db, &raw, &fd, &err), &err);
	file_close(&fd);
	flip(path, 199999);
	assert_false(raw_open(db, &raw, &fd, &err));
	assert_int_equal(err.kind, ERR_BROKEN);
	assert_false(raw_read(db, arena, id, 0, 10, &got, &err)); /* damage beyond what is asked for */
	book_ok(raw_add(db, octets, &id, &err), &err); /* of the right size, and mended all the same */
	book_ok(raw_read(db, arena, id, 0, 10, &got, &err), &err);
	assert_int_equal(truncate(path, 1000), 0);
	assert_false(raw_open(db, &raw, &fd, &err));
	assert_int_equal(err.kind, ERR_BROKEN);
	assert_int_equal(fd, -1);
	assert_false(raw_read(db, arena, id, 0, 10, &got, &err));
	book_ok(raw_add(db, octets, &id, &err), &err);
	book_ok(raw_read(db, arena, id, 0, 200000, &got, &err), &err);
	assert_true(span_equal(got, octets));
	assert_int_equal(unlink(path), 0);
	assert_false(raw_open(db, &raw, &fd, &err));
	assert_int_equal(err.kind, ERR_BROKEN);
}

static void
make_old(const char *name, int64_t when)
{
	struct utimbuf times = { when, when };
	struct err err = { 0 };
	char path[250];

	snprintf(path, sizeof(path), "%s/%s", book_folder, name);
	book_ok(file_write(path, SPAN("x"), 0600, &err), &err);
	assert_int_equal(utime(path, &times), 0);
}

static bool
is_there(const char *name)
{
	char path[250];

	snprintf(path, sizeof(path), "%s/%s", book_folder, name);
	return file_exists(path);
}

static void
test_orphans(void **state)
{
	char path[250];

	(void)state;
	raw_clean("/tmp/preau-no-such-folder", BOOK_NOW);
	snprintf(path, sizeof(path), "%s/spool", book_folder);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/spool/web", book_folder);
	assert_int_equal(mkdir(path, 0700), 0);
	make_old("blobs/tmp/old", BOOK_NOW - 3601);
	make_old("blobs/tmp/young", BOOK_NOW - 3599);
	make_old("blobs/kept", BOOK_NOW - 99999);
	make_old("spool/web/old", BOOK_NOW - 3601);
	make_old("spool/web/young", BOOK_NOW - 10);
	raw_clean(book_folder, BOOK_NOW);
	assert_true(!is_there("blobs/tmp/old") && !is_there("spool/web/old"));
	assert_true(is_there("blobs/tmp/young") && is_there("spool/web/young"));
	assert_true(is_there("blobs/kept") && is_there("preau.db"));
}

static int64_t
add_inbox(const char *recipient)
{
	struct inbox inbox = { .recipient = recipient,
		.mail_from = "marie@ville.example",
		.peer = "127.0.0.1",
		.door = "smtp",
		.received = BOOK_NOW };
	struct err err = { 0 };
	int64_t id;

	book_ok(raw_add(db, SPAN("Subject: x\r\n\r\n"), &inbox.raw, &err), &err);
	book_ok(inbox_add(db, &inbox, &id, &err), &err);
	return id;
}

static void
test_inbox(void **state)
{
	int64_t first = add_inbox("voirie"), second = add_inbox("ecole");
	struct inbox inbox, *list;
	struct err err = { 0 };
	int64_t tries;
	size_t count;

	(void)state;
	book_ok(inbox_next(db, arena, 0, &inbox, &err), &err);
	assert_true(inbox.id == first && inbox.size == 14 && inbox.tries == 0 && inbox.post == 0);
	assert_string_equal(inbox.recipient, "voirie");
	book_ok(inbox_next(db, arena, first, &inbox, &err), &err);
	assert_int_equal(inbox.id, second);
	assert_false(inbox_next(db, arena, second, &inbox, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	book_ok(inbox_died(db, first, &tries, &err), &err);
	book_ok(inbox_died(db, first, &tries, &err), &err);
	assert_int_equal(tries, 2);
	book_ok(inbox_aside(db, first, SPAN("two deaths"), &err), &err);
	assert_false(inbox_finish(db, first, "published", 0, SPAN(""), &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	book_ok(inbox_finish(db, second, "dropped-loop", 0, SPAN("X-Loop"), &err), &err);
	assert_false(inbox_finish(db, second, "published", 0, SPAN(""), &err));
	assert_false(inbox_aside(db, second, SPAN(""), &err));
	assert_false(inbox_replay(db, second, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	book_ok(inbox_find(db, arena, second, &inbox, &err), &err);
	assert_string_equal(inbox.outcome, "dropped-loop");
	assert_false(inbox_next(db, arena, 0, &inbox, &err));
	book_ok(inbox_list(db, arena, "aside", 0, 10, &list, &count, &err), &err);
	assert_true(count == 1 && list[0].id == first);
	assert_string_equal(list[0].note, "two deaths");
	book_ok(inbox_replay(db, first, &err), &err);
	book_ok(inbox_next(db, arena, 0, &inbox, &err), &err);
	assert_true(inbox.id == first && inbox.tries == 0);
	book_ok(inbox_list(db, arena, NULL, first, 10, &list, &count, &err), &err);
	assert_true(count == 1 && list[0].id == second);
	assert_false(inbox_list(db, arena, "lost", 0, 10, &list, &count, &err));
	assert_int_equal(err.kind, ERR_INVALID);
}

static int64_t
add_post(int64_t forum, int64_t person, int64_t *thread)
{
	struct err err = { 0 };
	struct post post;
	int64_t id;

	book_ok(thread_add(db, forum, SPAN("Travaux"), BOOK_NOW, thread, &err), &err);
	post = book_post(forum, person, "published", *thread);
	book_ok(post_add(db, &post, &id, &err), &err);
	return id;
}

static void
test_subscriptions(void **state)
{
	int64_t person = book_person(db, "Marie", "marie@x"), forum = book_forum(db, "voirie");
	struct subscription subscription, *list;
	struct err err = { 0 };
	size_t count;

	(void)state;
	assert_false(subscription_find(db, arena, forum, person, &subscription, &err));
	book_ok(subscription_set(db, forum, person, "each", 0, BOOK_NOW, &err), &err);
	book_ok(
	    subscription_set(db, forum, person, "none", BOOK_NOW + 5, BOOK_NOW + 1, &err), &err);
	book_ok(subscription_find(db, arena, forum, person, &subscription, &err), &err);
	assert_string_equal(subscription.mode, "none");
	assert_string_equal(subscription.forum_slug, "voirie");
	assert_true(subscription.since == BOOK_NOW && subscription.paused == BOOK_NOW + 5);
	assert_false(subscription_set(db, forum, person, "often", 0, BOOK_NOW, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	book_ok(subscription_list_person(db, arena, person, &list, &count, &err), &err);
	assert_int_equal(count, 1);
	book_ok(subscription_list_forum(db, arena, forum, 0, 10, &list, &count, &err), &err);
	assert_string_equal(list[0].name_shown, "Marie");
	book_ok(subscription_list_forum(db, arena, forum, person, 10, &list, &count, &err), &err);
	assert_int_equal(count, 0);
}

/* Who gets a copy of a post that opens its thread, and of one that answers. */
static void
test_who_receives(void **state)
{
	static const struct {
		const char *name, *mode, *follow;
		int64_t paused;
		const char *sql; /* done to the person, ?: {id} is his number */
		bool opens, answers;
	} cases[] = {
		{ "each post", "each", "", 0, "", true, true },
		{ "topics", "topics", "", 0, "", true, false },
		{ "topics, and follows", "topics", "follow", 0, "", true, true },
		{ "each, but muted", "each", "mute", 0, "", false, false },
		{ "each, and follows: one copy", "each", "follow", 0, "", true, true },
		{ "none", "none", "", 0, "", false, false },
		{ "none, but follows", "none", "follow", 0, "", true, true },
		{ "never subscribed, but follows", "", "follow", 0, "", true, true },
		{ "daily", "daily", "", 0, "", false, false },
		{ "paused", "each", "", BOOK_NOW + 1, "", false, false },
		{ "paused, follows", "none", "follow", BOOK_NOW + 1, "", false, false },
		{ "pause over", "each", "", BOOK_NOW, "", true, true },
		{ "suspended", "each", "", 0, "UPDATE person SET state = 'suspended'", false,
		    false },
		{ "erased", "each", "", 0, "UPDATE person SET state = 'erased'", false, false },
		{ "a subscriber by mail", "each", "", 0, "UPDATE person SET state = 'stranger'",
		    true, true },
		{ "not verified", "each", "", 0, "UPDATE address SET verified = NULL", false,
		    false },
		{ "no preferred address", "each", "", 0, "UPDATE address SET preferred = 0", false,
		    false },
	};
	enum { CASES = sizeof(cases) / sizeof(cases[0]) };
	int64_t forum = book_forum(db, "voirie"), other = book_forum(db, "ecole");
	int64_t author = book_person(db, "Marie", "marie@x");
	int64_t people[CASES], thread, first, second, count;
	struct err err = { 0 };
	char sql[200];

	(void)state;
	first = add_post(forum, author, &thread);
	second = add_post(forum, author, &count);
	for (size_t i = 0; i < CASES; i++) {
		snprintf(sql, sizeof(sql), "p%zu@x", i);
		people[i] = book_person(db, cases[i].name, sql);
		book_ok(subscription_set(db, other, people[i], "each", 0, BOOK_NOW, &err), &err);
		if (cases[i].mode[0] != '\0')
			book_ok(subscription_set(db, forum, people[i], cases[i].mode,
				    cases[i].paused, BOOK_NOW, &err),
			    &err);
		book_ok(follow_set(db, thread, people[i], cases[i].follow, &err), &err);
		if (cases[i].sql[0] != '\0') {
			snprintf(sql, sizeof(sql), "%s WHERE %s = %d", cases[i].sql,
			    strstr(cases[i].sql, "address") ? "person" : "id", (int)people[i]);
			book_do(db, sql);
		}
	}
	struct outbox_post what = { first, thread, forum, true, BOOK_NOW, NULL, 0 };
	book_ok(outbox_add_post(db, &what, &count, &err), &err);
	what.post = second;
	what.opens = false;
	book_ok(outbox_add_post(db, &what, &count, &err), &err);
	for (size_t i = 0; i < CASES; i++) {
		snprintf(sql, sizeof(sql),
		    "SELECT sum(post = %d) * 10 + sum(post = %d) FROM outbox WHERE person = %d",
		    (int)first, (int)second, (int)people[i]);
		if (book_number(db, sql) != cases[i].opens * 10 + cases[i].answers)
			fail_msg("%s: %d", cases[i].name, (int)book_number(db, sql));
	}
}

/* Who is in To or Cc of the original has it already. */
static void
test_already(void **state)
{
	int64_t forum = book_forum(db, "voirie"), people[3], thread, post, count;
	const struct span already[] = { SPAN("b@x"), SPAN("nobody@x"), SPAN("second@x") };
	struct err err = { 0 };
	int64_t id;

	(void)state;
	people[0] = book_person(db, "A", "a@x");
	people[1] = book_person(db, "B", "b@x");
	people[2] = book_person(db, "C", "c@x");
	book_ok(person_address_add(
		    db, people[2], already[2], already[2], BOOK_NOW, BOOK_NOW, &id, &err),
	    &err);
	for (int i = 0; i < 3; i++)
		book_ok(subscription_set(db, forum, people[i], "each", 0, BOOK_NOW, &err), &err);
	post = add_post(forum, people[0], &thread);
	struct outbox_post what = { post, thread, forum, true, BOOK_NOW, already, 3 };
	book_ok(outbox_add_post(db, &what, &count, &err), &err);
	assert_int_equal(count, 2); /* C is written to elsewhere: his copy goes */
	assert_int_equal(book_number(db, "SELECT sum(person) FROM outbox"), people[0] + people[2]);
}

static void
test_outbox(void **state)
{
	int64_t forum = book_forum(db, "voirie"), thread, post, count, next, id;
	struct notice notice = {
		.template = "held", .message_id = "n1@x", .input = SPAN("abc"), .created = BOOK_NOW
	};
	struct person_address address;
	struct outbox row, *list;
	struct err err = { 0 };
	bool changed;
	size_t n;
	char name[20];

	(void)state;
	for (int i = 0; i < 6; i++) {
		snprintf(name, sizeof(name), "p%d@x", i);
		id = book_person(db, name, name);
		book_ok(subscription_set(db, forum, id, "each", 0, BOOK_NOW, &err), &err);
	}
	assert_false(outbox_next_due(db, &next, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	post = add_post(forum, id, &thread);
	struct outbox_post what = { post, thread, forum, true, BOOK_NOW, NULL, 0 };
	book_ok(outbox_add_post(db, &what, &count, &err), &err);
	assert_int_equal(count, 6);
	book_ok(outbox_next_due(db, &next, &err), &err);
	assert_int_equal(next, BOOK_NOW);
	book_ok(outbox_list_due(db, arena, BOOK_NOW - 1, 10, &list, &n, &err), &err);
	assert_int_equal(n, 0);
	book_ok(outbox_list_due(db, arena, BOOK_NOW, 10, &list, &n, &err), &err);
	assert_int_equal(n, 6);
	assert_true(list[0].post == post && list[0].notice == 0 && list[0].forum == forum);
	assert_string_equal(list[0].address, "p0@x");
	assert_string_equal(list[0].locale, "fr");
	assert_true(span_starts(span_of(list[0].message_id), "post."));
	book_ok(outbox_sent(db, list[0].id, BOOK_NOW + 1, SPAN("250 ok"), &changed, &err), &err);
	assert_true(changed);
	book_ok(outbox_sent(db, list[0].id, BOOK_NOW + 9, SPAN("again"), &changed, &err), &err);
	assert_false(changed);
	book_ok(outbox_failed(db, list[0].id, BOOK_NOW + 9, SPAN("no"), &changed, &err), &err);
	assert_false(changed);
	book_ok(outbox_find(db, arena, list[0].id, &row, &err), &err);
	assert_string_equal(row.state, "sent");
	assert_string_equal(row.answer, "250 ok");
	assert_true(row.done == BOOK_NOW + 1 && row.attempts == 1);
	book_ok(outbox_failed(db, list[1].id, BOOK_NOW, SPAN("550 no"), NULL, &err), &err);
	book_ok(
	    outbox_retry(db, list[2].id, BOOK_NOW + 60, SPAN("451 later"), &changed, &err), &err);
	book_ok(outbox_find(db, arena, list[2].id, &row, &err), &err);
	assert_true(row.next == BOOK_NOW + 60 && row.attempts == 1 && row.done == 0);
	book_ok(outbox_started(db, list[3].id, BOOK_NOW, 2, &err), &err);
	book_ok(outbox_started(db, list[3].id, BOOK_NOW, 2, &err), &err);
	book_ok(outbox_find(db, arena, list[3].id, &row, &err), &err);
	assert_string_equal(row.state, "aside");
	assert_false(outbox_replay(db, list[2].id, BOOK_NOW, &err));
	book_ok(outbox_replay(db, list[3].id, BOOK_NOW + 2, &err), &err);
	book_ok(outbox_find(db, arena, list[3].id, &row, &err), &err);
	assert_true(row.tries == 0 && row.next == BOOK_NOW + 2 && row.done == 0);
	book_ok(outbox_cancel_person(db, list[4].person, forum + 1, BOOK_NOW, &count, &err), &err);
	assert_int_equal(count, 0);
	book_ok(person_address_preferred(db, arena, list[4].person, &address, &err), &err);
	book_ok(notice_add(db, &notice, &notice.id, &err), &err);
	book_ok(outbox_add_notice(db, notice.id, list[4].person, address.id, BOOK_NOW, &id, &err),
	    &err);
	book_ok(outbox_cancel_person(db, list[4].person, forum, BOOK_NOW, &count, &err), &err);
	assert_int_equal(count, 1); /* the notice goes out all the same */
	book_ok(outbox_find(db, arena, id, &row, &err), &err);
	assert_true(row.notice == notice.id && row.post == 0 && row.forum == 0);
	assert_string_equal(row.state, "due");
	assert_string_equal(row.message_id, "n1@x");
	book_ok(outbox_cancel_post(db, post, BOOK_NOW, &count, &err), &err);
	assert_int_equal(count, 3); /* the one to retry, the one replayed, the last */
	book_ok(outbox_count_due(db, &count, &err), &err);
	assert_int_equal(count, 1);
	book_ok(outbox_list(db, arena, "cancelled", 0, 3, &list, &n, &err), &err);
	assert_int_equal(n, 3);
	book_ok(outbox_list_post(db, arena, post, 0, 100, &list, &n, &err), &err);
	assert_int_equal(n, 6);
	book_ok(notice_find(db, arena, notice.id, &notice, &err), &err);
	assert_true(span_is(notice.input, "abc") && notice.forum == 0);
	assert_string_equal(notice.template, "held");
}

static void
test_bounces(void **state)
{
	int64_t forum = book_forum(db, "voirie"), thread, post, count, id;
	int64_t person = book_person(db, "A", "a@x");
	struct bounce bounce = { .person = person,
		.address = 1,
		.date = BOOK_NOW,
		.hard = true,
		.status = "5.1.1",
		.text = "no such user" };
	struct bounce *list;
	struct outbox row;
	struct err err = { 0 };
	size_t n;

	(void)state;
	book_ok(subscription_set(db, forum, person, "each", 0, BOOK_NOW, &err), &err);
	post = add_post(forum, person, &thread);
	struct outbox_post what = { post, thread, forum, true, BOOK_NOW, NULL, 0 };
	book_ok(outbox_add_post(db, &what, &count, &err), &err);
	bounce.outbox = book_number(db, "SELECT id FROM outbox");
	book_ok(bounce_add(db, &bounce, &id, &err), &err);
	bounce.date += 10;
	book_ok(bounce_add(db, &bounce, &id, &err), &err);
	book_ok(outbox_find(db, arena, bounce.outbox, &row, &err), &err);
	assert_int_equal(row.bounced, BOOK_NOW);
	bounce.outbox = 0;
	bounce.hard = false;
	book_ok(bounce_add(db, &bounce, &id, &err), &err);
	book_ok(bounce_count(db, 1, true, BOOK_NOW, &count, &err), &err);
	assert_int_equal(count, 2);
	book_ok(bounce_count(db, 1, true, BOOK_NOW + 1, &count, &err), &err);
	assert_int_equal(count, 1);
	book_ok(bounce_list(db, arena, 1, 2, &list, &n, &err), &err);
	assert_true(n == 2 && list[0].id == id && !list[0].hard && list[1].hard);
	bounce.outbox = 999;
	assert_false(bounce_add(db, &bounce, &id, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
}

/* ---- what is not kept for ever ---- */

static void
expect_row(const char *sql, int64_t want)
{
	if (book_number(db, sql) != want)
		fail_msg("%s is %lld", sql, (long long)book_number(db, sql));
}

/* Deliveries go once they have an end, each with what only it names; what has none stays. */
static void
test_deliveries_go(void **state)
{
	struct err err = { 0 };
	int64_t author = book_person(db, "Marie", "marie@ville.example");
	struct post post = book_post(book_forum(db, "voirie"), author, "published", 0);
	int64_t id;

	(void)state;
	book_ok(post_add(db, &post, &id, &err), &err);
	book_do(db, "INSERT INTO notice (template, message_id, input, created)"
		    " VALUES ('login', 'a@b', x'', 5), ('login', 'c@d', x'', 5), ('login', 'e@f', "
		    "x'', 50)");
	book_do(db,
	    "INSERT INTO outbox (id, post, notice, person, address, state, next, created, done) "
	    "VALUES"
	    " (1, 1, NULL, 1, 1, 'sent', 5, 5, 9), (2, 1, NULL, 1, 1, 'due', 5, 5, NULL),"
	    " (3, 1, NULL, 1, 1, 'aside', 5, 5, 9), (4, 1, NULL, 1, 1, 'failed', 5, 5, 10),"
	    " (5, NULL, 1, 1, 1, 'cancelled', 5, 5, 9), (6, NULL, 2, 1, 1, 'due', 5, 5, NULL)");
	book_do(db, "INSERT INTO bounce (outbox, person, address, date, hard, status, text)"
		    " VALUES (1, 1, 1, 9, 1, '5.1.1', ''), (4, 1, 1, 10, 1, '5.1.1', '')");
	book_ok(outbox_clean(db, 10, &err), &err);
	expect_row("SELECT sum(id) FROM outbox", 2 + 3 + 4 + 6);
	expect_row("SELECT count(*) FROM bounce", 2);
	expect_row("SELECT outbox FROM bounce WHERE date = 9", 0);
	book_ok(notice_clean(db, 6, &err), &err);
	expect_row("SELECT sum(id) FROM notice", 2 + 3); /* one has a row still, one is young */
	book_ok(bounce_clean(db, 10, &err), &err);
	expect_row("SELECT count(*) FROM bounce", 1);
	book_ok(outbox_clean(db, 11, &err), &err);
	expect_row("SELECT sum(id) FROM outbox", 2 + 3 + 6);
}

/* Of a mail that became a post the octets stay; of others they go, a file after a day. */
static void
test_mails_go(void **state)
{
	struct err err = { 0 };
	int64_t author = book_person(db, "Marie", "marie@ville.example");
	struct post post = book_post(book_forum(db, "voirie"), author, "published", 0);
	struct span big = make_octets(RAW_INLINE_MAX + 9);
	struct inbox inbox = { .recipient = "voirie",
		.mail_from = "",
		.peer = "local",
		.door = "smtp",
		.received = BOOK_NOW };
	char path[200];
	int64_t id;

	(void)state;
	book_ok(raw_add(db, SPAN("kept"), &inbox.raw, &err), &err);
	post.raw = inbox.raw;
	book_ok(post_add(db, &post, &id, &err), &err);
	book_ok(inbox_add(db, &inbox, &id, &err), &err);
	book_ok(raw_add(db, SPAN("spam"), &inbox.raw, &err), &err);
	book_ok(inbox_add(db, &inbox, &id, &err), &err);
	book_ok(inbox_add(db, &inbox, &id, &err), &err); /* to two forums: one waits still */
	book_ok(raw_add(db, big, &inbox.raw, &err), &err);
	book_ok(inbox_add(db, &inbox, &id, &err), &err);
	book_do(db, "UPDATE inbox SET state = 'done', outcome = 'held' WHERE id <> 3");
	blob_path(big, path);
	assert_true(file_exists(path));

	book_ok(inbox_clean(db, BOOK_NOW, &err), &err);
	expect_row("SELECT count(*) FROM inbox", 4);
	book_ok(inbox_clean(db, BOOK_NOW + 1, &err), &err);
	expect_row("SELECT sum(id) FROM inbox", 3);
	expect_row(
	    "SELECT count(*) FROM raw WHERE octets IN (CAST('kept' AS BLOB), CAST('spam' AS BLOB))",
	    2);
	expect_row("SELECT count(*) FROM raw", 2);
	assert_true(file_exists(path));
	book_do(db, "UPDATE inbox SET state = 'done'");
	book_ok(inbox_clean(db, BOOK_NOW + 1, &err), &err);
	expect_row("SELECT count(*) FROM raw", 1);
}

/* A file that no row names goes after a day, in the hour of its letter. */
static void
test_sweep(void **state)
{
	struct span big = make_octets(RAW_INLINE_MAX + 9);
	struct utimbuf times = { 1000, 1000 };
	struct err err = { 0 };
	char named[200], nameless[200];
	int64_t id, now;

	(void)state;
	book_ok(raw_add(db, big, &id, &err), &err);
	blob_path(big, named);
	assert_int_equal(utime(named, &times), 0);
	blob_path(SPAN("x"), nameless);
	book_ok(file_write(nameless, SPAN("x"), 0600, &err), &err);
	assert_int_equal(utime(nameless, &times), 0);
	for (now = 0; now < 86400; now += 3600)
		raw_sweep(db, now);
	assert_true(file_exists(nameless));
	for (now = 90000; now < 90000 + 15 * 3600; now += 3600)
		raw_sweep(db, now);
	raw_sweep(db, now);
	assert_false(file_exists(nameless));
	assert_true(file_exists(named));

	book_do(db, "DELETE FROM raw");
	book_ok(raw_add(db, big, &id, &err), &err); /* again: the file is there already */
	for (now = 90000; now < 90000 + 16 * 3600; now += 3600)
		raw_sweep(db, now);
	assert_true(file_exists(named));
	book_ok(raw_forget(db, id, &err), &err);
	for (now = 90000; now < 90000 + 16 * 3600; now += 3600)
		raw_sweep(db, now);
	assert_true(file_exists(named)); /* touched when it was forgotten */
	expect_row("SELECT count(*) FROM raw", 0);
}

#define BOOK_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BOOK_TEST(test_raw_sizes),
		BOOK_TEST(test_raw_extents_end),
		BOOK_TEST(test_raw_damage),
		BOOK_TEST(test_raw_files),
		BOOK_TEST(test_orphans),
		BOOK_TEST(test_inbox),
		BOOK_TEST(test_subscriptions),
		BOOK_TEST(test_who_receives),
		BOOK_TEST(test_already),
		BOOK_TEST(test_outbox),
		BOOK_TEST(test_bounces),
		BOOK_TEST(test_deliveries_go),
		BOOK_TEST(test_mails_go),
		BOOK_TEST(test_sweep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
