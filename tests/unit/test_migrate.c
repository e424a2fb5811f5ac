/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The migrations make what schema.sql says; a newer or foreign book is left alone. */
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

#include "base/file.h"
#include "book.h"
#include "store/house.h"
#include "store/migrate.h"
#include "store/search.h"

#ifndef PREAU_SOURCE
#define PREAU_SOURCE "."
#endif

/* SQL without comments and with single blanks, none before and behind ( ) and ,. */
static void
add_plain(struct buf *out, struct span sql)
{
	bool blank = false;

	for (size_t i = 0; i < sql.len; i++) {
		char c = sql.data[i];
		char last = out->len > 0 ? out->data[out->len - 1] : ' ';

		if (c == '-' && i + 1 < sql.len && sql.data[i + 1] == '-') {
			i += span_find(span_from(sql, i), '\n');
			c = '\n';
		}
		if (ascii_is_space(c)) {
			blank = true;
			continue;
		}
		if (blank && strchr("(), ", last) == NULL && strchr("(),", c) == NULL)
			buf_add_char(out, ' ');
		blank = false;
		buf_add_char(out, c);
	}
	buf_add_char(out, '\n');
}

/* Everything that is drawn in a book, one line each, and what stands in it at the start. */
static void
draw(struct db *db, struct buf *out)
{
	struct db_cursor cursor;
	struct err err = { 0 };

	db_query(db,
	    "SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema"
	    " ORDER BY type, name",
	    DB_NO_VALUES, &cursor);
	while (db_next(&cursor))
		add_plain(out, db_octets(&cursor, 0));
	book_ok(db_end(&cursor, &err), &err);
	db_query(db,
	    "SELECT 'search ' || k || ' ' || v FROM search_config"
	    " UNION ALL SELECT 'public_version ' || value FROM public_version",
	    DB_NO_VALUES, &cursor);
	while (db_next(&cursor))
		add_plain(out, db_octets(&cursor, 0));
	book_ok(db_end(&cursor, &err), &err);
}

/* An empty file of SQLite in a folder of that name inside the test's. */
static struct db *
empty_book(const char *name)
{
	struct err err = { 0 };
	char folder[200];
	char path[220];
	struct db *db;
	int fd;

	snprintf(folder, sizeof(folder), "%s/%s", book_folder, name);
	assert_int_equal(mkdir(folder, 0700), 0);
	snprintf(path, sizeof(path), "%s/preau.db", folder);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	book_ok(db_open_writer(folder, &db, &err), &err);
	return db;
}

/* A book from before the index was numbered by day: what it holds is found afterwards, folded,
 * the held post is not, and the book as it was is kept beside. */
static void
test_index_is_filled_anew(void **state)
{
	struct err err = { 0 };
	struct buf path = { 0 };
	struct db *db = empty_book("old");

	(void)state;
	for (int64_t version = 1; version <= 3; version++)
		book_do(db, migrate_sql(version));
	book_do(db,
	    "PRAGMA foreign_keys = OFF;"
	    "PRAGMA application_id = 1349674337; PRAGMA user_version = 3;"
	    "INSERT INTO post (id, forum, state, date, sent, message_id, subject, author,"
	    "  author_shown, door, body_hash, kind, renderer, html, text, source)"
	    " VALUES (1, 1, 'published', 1700000000, 0, 'a@b', 'Cœur', 1, 'Marie', 'web', x'00',"
	    "  'mail', 1, '', 'un texte', ''),"
	    " (2, 1, 'held', 1700000000, 0, 'b@b', 'Cœur', 1, 'Marie', 'web', x'00', 'mail', 1,"
	    "  '', 'un texte', '');"
	    "INSERT INTO search (rowid, subject, text, author)"
	    " VALUES (1, 'Cœur', 'un texte', 'Marie')");
	buf_printf(&path, "%s", db_folder(db));
	db_close(&db);
	book_ok(migrate_open(buf_text(&path), &db, &err), &err);
	assert_int_equal(book_number(db, "SELECT rowid FROM search WHERE search MATCH 'coeur'"),
	    search_key(1700000000, 1));
	assert_int_equal(
	    book_number(db, "SELECT count(*) FROM search WHERE search MATCH 'marie texte'"), 1);
	db_close(&db);
	buf_add_text(&path, "/preau.db.before-4");
	assert_true(file_exists(buf_text(&path)));
	buf_free(&path);
}

static void
test_migrations_make_the_schema(void **state)
{
	struct buf schema = { 0 }, want = { 0 }, got = { 0 };
	struct db *drawn = empty_book("drawn");
	struct err err = { 0 };

	book_ok(file_read(PREAU_SOURCE "/src/store/schema.sql", 1 << 20, &schema, &err), &err);
	book_do(drawn, buf_text(&schema));
	draw(drawn, &want);
	draw(*state, &got);
	assert_true(want.len > 5000);
	assert_string_equal(buf_text(&got), buf_text(&want));
	db_close(&drawn);
	buf_free(&schema);
	buf_free(&want);
	buf_free(&got);
}

static void
test_versions(void **state)
{
	struct err err = { 0 };
	int64_t version = 0;

	book_ok(migrate_version(*state, &version, &err), &err);
	assert_int_equal(version, migrate_newest());
	assert_int_equal(book_number(*state, "PRAGMA application_id"), 0x50726561);
	assert_non_null(strstr(migrate_sql(1), "CREATE TABLE person"));
}

static mode_t
mode_of(const char *name)
{
	struct stat found;
	char path[200];

	snprintf(path, sizeof(path), "%s/%s", book_folder, name);
	assert_int_equal(stat(path, &found), 0);
	return found.st_mode & 07777;
}

/* Readers are of another user: what they need is the group's, whatever the umask. */
static void
test_modes(void **state)
{
	struct err err = { 0 };
	char folder[200];
	mode_t old = umask(0077);
	struct db *db;

	(void)state;
	snprintf(folder, sizeof(folder), "%s/new", book_folder);
	book_ok(migrate_open(folder, &db, &err), &err);
	book_ok(counter_add(db, "x", 1, &err), &err);
	(void)umask(old);
	assert_int_equal(mode_of("new"), 02750);
	assert_int_equal(mode_of("new/preau.db"), 0640);
	assert_int_equal(mode_of("new/preau.db-wal"), 0640);
	assert_int_equal(mode_of("new/preau.db-shm"), 0640);
	db_close(&db);
}

static void
test_opens_again(void **state)
{
	struct db *db = *state;
	struct err err = { 0 };
	int64_t value;

	book_ok(counter_add(db, "kept", 1, &err), &err);
	db_close(&db);
	book_ok(migrate_open(book_folder, &db, &err), &err);
	*state = db;
	book_ok(counter_find(db, "kept", &value, &err), &err);
	assert_int_equal(value, 1);
}

static void
test_newer_book_is_refused(void **state)
{
	struct db *db = *state;
	struct err err = { 0 };

	book_do(db, "PRAGMA user_version = 9999");
	db_close(&db);
	assert_false(migrate_open(book_folder, &db, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_non_null(strstr(err.text, "newer"));
	assert_null(db);
	assert_false(db_open_reader(book_folder, &db, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	book_ok(db_open_writer(book_folder, &db, &err), &err);
	assert_int_equal(book_number(db, "PRAGMA user_version"), 9999);
	*state = db;
}

static void
test_what_is_not_a_book(void **state)
{
	struct db *other = empty_book("other");
	struct err err = { 0 };
	char folder[200];
	char path[220];

	(void)state;
	book_do(other, "CREATE TABLE bookmarks (url TEXT)");
	db_close(&other);
	snprintf(folder, sizeof(folder), "%s/other", book_folder);
	assert_false(migrate_open(folder, &other, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	book_ok(db_open_writer(folder, &other, &err), &err);
	assert_int_equal(book_number(other, "SELECT count(*) FROM sqlite_schema"), 1);
	db_close(&other);
	snprintf(path, sizeof(path), "%s/preau.db", folder);
	book_ok(file_write(path, SPAN("Dear reader, this is no file of SQLite, is it? ... ... ..."),
		    0600, &err),
	    &err);
	assert_false(migrate_open(folder, &other, &err));
	assert_int_equal(err.kind, ERR_BROKEN);
}

#define BOOK_TEST(name) cmocka_unit_test_setup_teardown(name, book_setup, book_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BOOK_TEST(test_migrations_make_the_schema),
		BOOK_TEST(test_index_is_filled_anew),
		BOOK_TEST(test_versions),
		BOOK_TEST(test_modes),
		BOOK_TEST(test_opens_again),
		BOOK_TEST(test_newer_book_is_refused),
		BOOK_TEST(test_what_is_not_a_book),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
