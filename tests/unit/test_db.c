/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The book as a file: who may write, what is rolled back, what is retried, what dies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "book.h"
#include "store/db_inside.h"
#include "store/house.h"
#include "store/migrate.h"
#include "store/statements.h"

#ifndef PREAU_SOURCE
#define PREAU_SOURCE "."
#endif

/* Runs what should end the process in a child, and tells whether it did. */
static bool
dies(void (*what)(struct db *), struct db *db)
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		(void)!freopen("/dev/null", "w", stderr);
		alarm(20);
		what(db);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return !(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void
pause_ms(long milliseconds)
{
	struct timespec pause = { milliseconds / 1000, milliseconds % 1000 * 1000000 };

	nanosleep(&pause, NULL);
}

/* ---- statements ---- */

static void
test_every_statement_is_sound(void **state)
{
	struct err err = { 0 };
	size_t count = 0;

	for (const char *const *const *list = statement_lists; *list != NULL; list++)
		for (const char *const *sql = *list; *sql != NULL; sql++, count++)
			if (!db_try(*state, *sql, &err))
				fail_msg("%s\n%s", *sql, err.text);
	assert_true(count > 100);
}

/* What may be read whole: it is small, or read once an hour, or ends at once. */
static bool
may_scan(struct span step)
{
	static const char *const allowed[] = {
		"SCAN CONSTANT ROW",
		"SCAN (subquery",
		"SCAN search VIRTUAL TABLE",
		"SCAN found", /* the best, chosen by the index */
		"SCAN post USING INDEX post_published", /* a step of a migration */
		"SCAN sqlite_master",
		"SCAN forum",
		"SCAN counter",
		"SCAN journal",					 /* the last row */
		"SCAN thread USING COVERING INDEX thread_forum", /* totals of the home page */
		"SCAN outbox USING", /* the due ones: the first, or their number; the number of all */
		"SCAN inbox USING",  /* likewise: pages of an index are counted, not rows */
		"SCAN post USING INDEX post_held",
		"SCAN person", /* their number: a town is small */
		"SCAN p USING INDEX person_administrator",
		"SCAN r", /* the last 200 rolls */
		"SCAN act_key USING COVERING INDEX act_key_date",
		"SCAN rate",
		"SCAN pragma_quick_check", /* likewise in a process of its own */
		"SCAN small", /* jobs of the house: a handful */
		"SCAN registration",
		"SCAN session",
		"SCAN token",
		"SCAN oldest", /* the first 2 000 rows */
		"SCAN whole", /* a check reads everything, in a process of its own */
	};

	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		if (span_starts(step, allowed[i]))
			return true;
	return false;
}

/* Asks SQLite how it would do it. (An INSERT names scans that it makes only after a foreign
 * key was violated within the same statement.) */
static void
check_plan(struct db *db, struct arena *arena, const char *sql)
{
	struct db_value values[48] = { { DB_TYPE_NULL, 0, { NULL, 0 } } };
	struct db_values all = { values, 0 };
	struct db_cursor cursor;
	struct err err = { 0 };

	while (strstr(sql, arena_printf(arena, "$%zu", all.count + 1)) != NULL)
		all.count++;
	db_query(db, arena_printf(arena, "EXPLAIN QUERY PLAN %s", sql), all, &cursor);
	while (db_next(&cursor)) {
		struct span step = db_octets(&cursor, 3);

		if (span_starts(step, "SCAN ") && !may_scan(step))
			fail_msg(SPAN_FORMAT ": %s", SPAN_ARGS(step), sql);
	}
	book_ok(db_end(&cursor, &err), &err);
}

static void
test_no_statement_reads_whole_tables(void **state)
{
	struct arena *arena = arena_new();
	struct db *db = *state;
	size_t count = 0;

	for (const char *const *const *list = statement_lists; *list != NULL; list++)
		for (const char *const *sql = *list; *sql != NULL; sql++) {
			struct span text = span_of(*sql);

			if (!span_starts(text, "SELECT") && !span_starts(text, "UPDATE") &&
			    !span_starts(text, "DELETE"))
				continue;
			check_plan(db, arena, *sql);
			count++;
		}
	assert_true(count > 80);
	db_close((struct db **)state); /* before the texts go */
	arena_free(&arena);
}

/* Declarations of statements in a file of store/, counted as text. */
static size_t
count_declared(const char *path)
{
	static const char word[] = "static const char sql_";
	struct buf text = { 0 };
	struct err err = { 0 };
	size_t count = 0;

	book_ok(file_read(path, 1 << 20, &text, &err), &err);
	for (struct span rest = buf_span(&text);;) {
		size_t at = span_find_text(rest, word);

		if (at == rest.len)
			break;
		count++;
		rest = span_from(rest, at + sizeof(word) - 1);
	}
	buf_free(&text);
	return count;
}

static void
test_no_statement_is_missing_in_the_lists(void **state)
{
	DIR *folder = opendir(PREAU_SOURCE "/src/store");
	struct dirent *entry;
	size_t declared = 0;
	size_t listed = 0;
	char path[4096];

	(void)state;
	assert_non_null(folder);
	while ((entry = readdir(folder)) != NULL) {
		if (!span_ends(span_of(entry->d_name), ".c") ||
		    !strcmp(entry->d_name, "migrations.c"))
			continue;
		snprintf(path, sizeof(path), "%s/src/store/%s", PREAU_SOURCE, entry->d_name);
		declared += count_declared(path);
	}
	closedir(folder);
	for (const char *const *const *list = statement_lists; *list != NULL; list++)
		for (const char *const *sql = *list; *sql != NULL; sql++)
			listed++;
	assert_int_equal(listed, declared);
}

static void
leave_open(struct db *db)
{
	struct db_cursor cursor;

	db_query(db, "SELECT 1 UNION SELECT 2", DB_NO_VALUES, &cursor);
	db_next(&cursor);
	db_check_idle(db);
}

static void
open_twice(struct db *db)
{
	static const char sql[] = "SELECT 1 UNION SELECT 2";
	struct db_cursor first, second;

	db_query(db, sql, DB_NO_VALUES, &first);
	db_query(db, sql, DB_NO_VALUES, &second);
}

static void
bind_too_few(struct db *db)
{
	int64_t number;
	struct err err;

	db_number(db, "SELECT $1 + $2", DB_VALUES(DB_INT(1)), &number, &err);
}

static void
leave_gap(struct db *db)
{
	int64_t number;
	struct err err;

	db_number(db, "SELECT $1 + $3", DB_VALUES(DB_INT(1), DB_INT(2)), &number, &err);
}

static void
mistype(struct db *db)
{
	struct err err;

	db_do(db, "SELEKT 1", DB_NO_VALUES, NULL, &err);
}

static void
nothing_wrong(struct db *db)
{
	struct db_cursor cursor;
	struct err err;

	db_query(db, "SELECT 1 UNION SELECT 2", DB_NO_VALUES, &cursor);
	db_next(&cursor);
	db_end(&cursor, &err);
	db_check_idle(db);
}

static void
test_mistakes_end_the_process(void **state)
{
	static const struct {
		const char *name;
		void (*what)(struct db *);
		bool want;
	} cases[] = {
		{ "a statement left open", leave_open, true },
		{ "one opened twice", open_twice, true },
		{ "too few values", bind_too_few, true },
		{ "a gap in the values", leave_gap, true },
		{ "a slip in the SQL", mistype, true },
		{ "nothing", nothing_wrong, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (dies(cases[i].what, *state) != cases[i].want)
			fail_msg("%s", cases[i].name);
}

struct value_row {
	int64_t number;
	const char *text;
	struct span octets;
	bool flag;
};

static void
test_values_come_back(void **state)
{
	static const char sql[] = "SELECT $1, $2, $3, $4";
	static const struct db_field columns[] = { DB_FIELD(INT, struct value_row, number),
		DB_FIELD(TEXT, struct value_row, text), DB_FIELD(SPAN, struct value_row, octets),
		DB_FIELD(BOOL, struct value_row, flag) };
	static const struct db_fields fields = DB_FIELDS(struct value_row, columns);
	static const char octets[] = "a\0b'\";--\xff";
	struct span blob = span_make(octets, sizeof(octets) - 1);
	struct arena *arena = arena_new();
	struct value_row row;
	struct err err = { 0 };

	book_ok(db_one(*state, arena, sql,
		    DB_VALUES(DB_INT(INT64_MIN), DB_WORD("l'été"), DB_BLOB(blob), DB_INT(1)),
		    &fields, &row, &err),
	    &err);
	assert_true(row.number == INT64_MIN && row.flag);
	assert_string_equal(row.text, "l'été");
	assert_true(span_equal(row.octets, blob));
	book_ok(db_one(*state, arena, sql, DB_VALUES(DB_ID(0), DB_NULL, DB_WORD(NULL), DB_NULL),
		    &fields, &row, &err),
	    &err);
	assert_true(row.number == 0 && !row.flag && row.octets.len == 0);
	assert_string_equal(row.text, "");
	arena_free(&arena);
}

/* ---- transactions ---- */

static void
test_savepoints(void **state)
{
	struct db *db = *state;
	struct err err = { 0 };
	int64_t value;

	book_ok(db_begin(db, &err), &err);
	book_ok(db_savepoint(db, &err), &err);
	book_ok(counter_add(db, "kept", 1, &err), &err);
	book_ok(db_savepoint(db, &err), &err);
	book_ok(counter_add(db, "undone", 1, &err), &err);
	assert_true(db_undo(db));
	book_ok(db_release(db, &err), &err);
	assert_true(db_in_transaction(db));
	book_ok(db_commit(db, &err), &err);
	assert_false(db_in_transaction(db));
	book_ok(counter_find(db, "kept", &value, &err), &err);
	assert_int_equal(value, 1);
	book_ok(counter_find(db, "undone", &value, &err), &err);
	assert_int_equal(value, 0);
	assert_false(db_undo(db));
	assert_false(db_commit(db, &err));
	db_rollback(db);
}

/* A constraint is the act's trouble, not the turn's. */
static void
test_conflict_keeps_the_transaction(void **state)
{
	struct db *db = *state;
	struct err err = { 0 };
	uint8_t key[SHA256_SIZE] = { 7 };
	struct arena *arena = arena_new();
	struct span outcome;

	book_ok(db_begin(db, &err), &err);
	book_ok(act_key_add(db, key, SPAN("first"), BOOK_NOW, &err), &err);
	book_ok(db_savepoint(db, &err), &err);
	assert_false(act_key_add(db, key, SPAN("second"), BOOK_NOW, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_true(db_in_transaction(db));
	assert_true(db_undo(db));
	book_ok(db_commit(db, &err), &err);
	book_ok(act_key_find(db, arena, key, &outcome, &err), &err);
	assert_true(span_is(outcome, "first"));
	arena_free(&arena);
}

/* Writes until the book is full; false where that never came. */
static bool
fill(struct db *db, struct err *err)
{
	static char lots[20000];
	uint8_t key[SHA256_SIZE] = { 0 };

	for (uint8_t i = 1; i < 200; i++) {
		key[0] = i;
		if (!act_key_add(db, key, span_make(lots, sizeof(lots)), BOOK_NOW, err))
			return true;
	}
	return false;
}

static void
test_full_book_rolls_back_everything(void **state)
{
	struct db *db = *state;
	struct err err = { 0 };
	char pragma[60];
	int64_t value;

	snprintf(pragma, sizeof(pragma), "PRAGMA max_page_count = %d",
	    (int)book_number(db, "PRAGMA page_count") + 20);
	book_do(db, pragma);
	book_ok(db_begin(db, &err), &err);
	book_ok(counter_add(db, "first act", 1, &err), &err);
	book_ok(db_savepoint(db, &err), &err);
	assert_true(fill(db, &err));
	assert_int_equal(err.kind, ERR_TEMPORARY);
	assert_false(db_in_transaction(db)); /* the first act is gone too: the turn must say so */
	assert_false(db_undo(db));
	assert_false(db_commit(db, &err));
	assert_int_equal(err.kind, ERR_TEMPORARY);
	book_ok(counter_find(db, "first act", &value, &err), &err);
	assert_int_equal(value, 0);
	assert_int_equal(book_number(db, "SELECT count(*) FROM act_key"), 0);
	db_check_idle(db);
	book_do(db, "PRAGMA max_page_count = 1000000");
	book_ok(db_begin(db, &err), &err);
	book_ok(counter_add(db, "later act", 1, &err), &err);
	book_ok(db_commit(db, &err), &err);
	book_ok(db_check(db, &err), &err);
}

/* ---- readers ---- */

static void
vacuum(struct db *db)
{
	struct err err;

	if (!db_do(db, "VACUUM", DB_NO_VALUES, NULL, &err))
		_exit(1);
}

static void
test_reader_cannot_write(void **state)
{
	static const char *const cases[] = {
		"INSERT INTO counter (name, value) VALUES ('x', 1)",
		"DELETE FROM forum",
		"UPDATE public_version SET value = 0",
		"CREATE TABLE other (x)",
		"PRAGMA query_only = OFF",
		"PRAGMA journal_mode = DELETE",
		"ATTACH ':memory:' AS other",
	};
	struct db *reader = book_reader();
	struct db_cursor cursor;
	struct err err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (db_try(reader, cases[i], &err))
			fail_msg("a reader may: %s", cases[i]);
	assert_true(dies(vacuum, reader));
	/* BEGIN IMMEDIATE takes no lock on a read-only connection, or is refused. */
	db_query(reader, "BEGIN IMMEDIATE", DB_NO_VALUES, &cursor);
	db_next(&cursor);
	db_end(&cursor, &err);
	book_ok(db_begin(*state, &err), &err);
	book_ok(counter_add(*state, "writer", 1, &err), &err);
	book_ok(db_commit(*state, &err), &err);
	db_read_end(reader);
	db_close(&reader);
}

/* A snapshot stays one, and never becomes a write transaction. */
static void
test_snapshot(void **state)
{
	struct db *reader = book_reader();
	struct err err = { 0 };
	int64_t value;

	assert_true(db_changed(reader));
	assert_false(db_changed(reader));
	book_ok(db_read_begin(reader, &err), &err);
	book_ok(counter_find(reader, "seen", &value, &err), &err);
	assert_int_equal(value, 0);
	book_ok(db_begin(*state, &err), &err);
	book_ok(counter_add(*state, "seen", 5, &err), &err);
	book_ok(db_commit(*state, &err), &err);
	book_ok(counter_find(reader, "seen", &value, &err), &err);
	assert_int_equal(value, 0);
	db_read_end(reader);
	db_read_end(reader);
	assert_true(db_changed(reader));
	book_ok(counter_find(reader, "seen", &value, &err), &err);
	assert_int_equal(value, 5);
	db_close(&reader);
}

static void
test_long_read_is_cut(void **state)
{
	static const char sql[] =
	    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000)"
	    " SELECT count(*) FROM n";
	struct db *reader = book_reader();
	int64_t start = clock_cpu_us();
	struct err err = { 0 };
	int64_t number;

	(void)state;
	assert_false(db_number(reader, sql, DB_NO_VALUES, &number, &err));
	assert_int_equal(err.kind, ERR_TEMPORARY);
	assert_true(clock_cpu_us() - start > 190 * 1000);
	book_ok(public_version_read(reader, &number, &err), &err);
	db_close(&reader);
}

/* A machine that has no time for this process does not make its pages long ones. */
static void
test_waiting_is_not_reading(void **state)
{
	static const char sql[] =
	    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
	    " SELECT i FROM n";
	struct db *reader = book_reader();
	struct db_cursor cursor;
	struct err err = { 0 };
	int64_t last = 0;

	(void)state;
	db_query(reader, sql, DB_NO_VALUES, &cursor);
	while (db_next(&cursor)) {
		last = db_int(&cursor, 0);
		if (last == 1)
			usleep(2 * DB_READER_RUN_MS * 1000);
	}
	book_ok(db_end(&cursor, &err), &err);
	assert_int_equal(last, 20000);
	db_close(&reader);
}

static void
test_no_book(void **state)
{
	struct err err = { 0 };
	struct db *db;

	(void)state;
	assert_false(db_open_reader("/tmp/preau-no-such-folder", &db, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_null(db);
	assert_false(db_open_writer("/tmp/preau-no-such-folder", &db, &err));
	assert_int_equal(err.kind, ERR_TEMPORARY);
	assert_null(db);
}

static void
remove_beside(const char *suffix)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/preau.db%s", book_folder, suffix);
	(void)unlink(path);
}

/* As another user, who can read the book and make nothing beside it: without -shm that is
 * the code 14, 1288 or 264 of a clerk that is starting. Exits 0 where the read came off,
 * after waiting. */
static void
read_while_starting(int ready)
{
	struct err err = { 0 };
	int64_t start = clock_ticks_ms();
	struct db *db;
	int64_t value = 0;

	if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0))
		_exit(10);
	(void)!write(ready, "x", 1);
	if (!db_open_reader(book_folder, &db, &err))
		_exit(11);
	if (!counter_find(db, "before", &value, &err) || value != 1)
		_exit(12);
	_exit(clock_ticks_ms() - start >= 200 ? 0 : 13);
}

static void
open_to_all(mode_t folder, mode_t book)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/preau.db", book_folder);
	assert_int_equal(chmod(path, book), 0);
	snprintf(path, sizeof(path), "%s/preau.db-wal", book_folder);
	assert_int_equal(chmod(path, book), 0);
	assert_int_equal(chmod(book_folder, folder), 0);
}

static void
test_starting_writer_is_awaited(void **state)
{
	struct err err = { 0 };
	int ready[2];
	int status;
	char octet;
	pid_t child;

	book_ok(counter_add(*state, "before", 1, &err), &err);
	db_close((struct db **)state);
	remove_beside("-shm");
	open_to_all(0555, 0444);
	assert_int_equal(pipe(ready), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		read_while_starting(ready[1]);
	assert_int_equal(read(ready[0], &octet, 1), 1);
	pause_ms(400);
	open_to_all(02755, 0644);
	book_ok(migrate_open(book_folder, (struct db **)state, &err), &err);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	close(ready[0]);
	close(ready[1]);
}

/* Holds what a process holds that rebuilds the index of the log (WRITE and RECOVER, bytes 120
 * and 122 of the index: SQLite's wal.c), until it is killed. */
static pid_t
recover_for_ever(const char *index)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 120, .l_len = 3 };
	int ready[2];
	char octet;
	pid_t child;

	assert_int_equal(pipe(ready), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		int fd = open(index, O_RDWR);
		if (fd < 0 || fcntl(fd, F_SETLK, &lock) != 0)
			_exit(1);
		(void)!write(ready[1], "x", 1);
		alarm(60);
		pause();
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &octet, 1), 1);
	close(ready[0]);
	return child;
}

static void
test_lost_book_is_not_asked_at_once(void **state)
{
	static const char zeros[96]; /* both headers of the index */
	struct db *reader = book_reader();
	struct err err = { 0 };
	int64_t value;
	char path[200];
	pid_t child;
	int fd;

	book_ok(counter_add(*state, "there", 1, &err), &err);
	snprintf(path, sizeof(path), "%s/preau.db-shm", book_folder);
	child = recover_for_ever(path);
	fd = open(path, O_RDWR);
	assert_int_equal(pwrite(fd, zeros, sizeof(zeros), 0), sizeof(zeros));
	assert_int_equal(reader->lost_until, 0);
	assert_false(counter_find(reader, "there", &value, &err)); /* after two seconds */
	assert_int_equal(err.kind, ERR_TEMPORARY);
	assert_true(reader->lost_until > 0);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	reader->lost_until = INT64_MAX; /* the second is not yet over */
	assert_false(counter_find(reader, "there", &value, &err));
	assert_int_equal(err.kind, ERR_TEMPORARY);
	reader->lost_until = 1; /* it is */
	book_ok(counter_find(reader, "there", &value, &err), &err);
	assert_int_equal(value, 1);
	close(fd);
	db_close(&reader);
}

/* ---- housekeeping ---- */

/* So many commits of 20 KB each. */
static void
write_much(struct db *db, int commits)
{
	static char lots[20000];
	static uint8_t key[SHA256_SIZE];
	struct err err = { 0 };

	for (int i = 0; i < commits; i++) {
		token_random(key, sizeof(key));
		book_ok(db_begin(db, &err), &err);
		book_ok(act_key_add(db, key, span_make(lots, sizeof(lots)), BOOK_NOW, &err), &err);
		book_ok(db_commit(db, &err), &err);
		db_tend(db);
	}
}

static int64_t
wal_octets(void)
{
	struct stat found;
	char path[200];

	snprintf(path, sizeof(path), "%s/preau.db-wal", book_folder);
	assert_int_equal(stat(path, &found), 0);
	return found.st_size;
}

static void
test_wal_stays_small(void **state)
{
	struct db *reader = book_reader();
	struct err err = { 0 };
	int64_t value;

	write_much(*state, 600); /* 12 MB and more in 600 commits */
	assert_in_range(wal_octets(), 1, 6 * 1024 * 1024);
	/* A reader that holds on lets it grow ... */
	book_ok(db_read_begin(reader, &err), &err);
	book_ok(counter_find(reader, "x", &value, &err), &err);
	write_much(*state, 1100);
	assert_in_range(wal_octets(), 17 * 1024 * 1024, 60 * 1024 * 1024);
	/* ... and once it lets go the file itself shrinks. */
	db_read_end(reader);
	write_much(*state, 300);
	assert_in_range(wal_octets(), 0, 6 * 1024 * 1024);
	db_close(&reader);
	book_ok(db_check(*state, &err), &err);
}

static void
attach(struct db *db)
{
	struct err err;

	db_do(db, "ATTACH ':memory:' AS other", DB_NO_VALUES, NULL, &err);
}

static void
test_copy(void **state)
{
	struct err err = { 0 };
	char folder[200];
	char path[220];
	struct db *copy;
	int64_t value;

	book_ok(counter_add(*state, "copied", 3, &err), &err);
	snprintf(folder, sizeof(folder), "%s/copy", book_folder);
	snprintf(path, sizeof(path), "%s/preau.db", folder);
	assert_int_equal(mkdir(folder, 0700), 0);
	book_ok(db_copy(*state, path, &err), &err);
	assert_false(db_copy(*state, path, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	book_ok(migrate_open(folder, &copy, &err), &err);
	book_ok(counter_find(copy, "copied", &value, &err), &err);
	assert_int_equal(value, 3);
	db_close(&copy);
	assert_true(dies(attach, *state));
}

/* Whoever opens to read has asked for the version already, with a limit of time: that must not
 * run on over the copy, nor over a long check. */
static void
test_copier_has_patience(void **state)
{
	struct err err = { 0 };
	char path[220];
	struct db *copier;

	book_do(*state, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
			" INSERT INTO counter (name, value) SELECT 'n.' || i, i FROM n");
	book_ok(db_open_copier(book_folder, &copier, &err), &err);
	for (int64_t until = clock_cpu_us() + 250 * 1000; clock_cpu_us() < until;)
		continue;
	book_ok(db_check(copier, &err), &err);
	snprintf(path, sizeof(path), "%s/patient.db", book_folder);
	book_ok(db_copy(copier, path, &err), &err);
	db_close(&copier);
}

static void
test_check_finds_faults(void **state)
{
	struct err err = { 0 };

	book_ok(db_check(*state, &err), &err);
	book_do(*state, "PRAGMA foreign_keys = OFF;"
			"INSERT INTO session (person, hash, created, seen, expires)"
			" VALUES (99, x'00', 0, 0, 0);");
	assert_false(db_check(*state, &err));
	assert_int_equal(err.kind, ERR_BROKEN);
	assert_non_null(strstr(err.text, "session"));
}

#define BOOK_TEST(name) cmocka_unit_test_setup_teardown(name, book_setup, book_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BOOK_TEST(test_every_statement_is_sound),
		BOOK_TEST(test_no_statement_is_missing_in_the_lists),
		BOOK_TEST(test_no_statement_reads_whole_tables),
		BOOK_TEST(test_mistakes_end_the_process),
		BOOK_TEST(test_values_come_back),
		BOOK_TEST(test_savepoints),
		BOOK_TEST(test_conflict_keeps_the_transaction),
		BOOK_TEST(test_full_book_rolls_back_everything),
		BOOK_TEST(test_reader_cannot_write),
		BOOK_TEST(test_snapshot),
		BOOK_TEST(test_long_read_is_cut),
		BOOK_TEST(test_waiting_is_not_reading),
		BOOK_TEST(test_no_book),
		BOOK_TEST(test_starting_writer_is_awaited),
		BOOK_TEST(test_lost_book_is_not_asked_at_once),
		BOOK_TEST(test_wal_stays_small),
		BOOK_TEST(test_copy),
		BOOK_TEST(test_copier_has_patience),
		BOOK_TEST(test_check_finds_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
