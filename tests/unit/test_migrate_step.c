/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* From version to version, by migrations of the test's own (they stand in for those that
 * the program has built in): each whole or not at all, and a copy before the first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "book.h"
#include "store/migrate.h"
#include "store/migrations.h"

/* migrations.h */
const char *const migrations[] = {
	"CREATE TABLE forum (name TEXT NOT NULL) STRICT; CREATE TABLE public_version (one, value)",
	"ALTER TABLE forum ADD COLUMN slug TEXT; UPDATE forum SET slug = 's' || name",
	"INSERT INTO forum (name) VALUES ('half'); INSERT INTO forum (name) VALUES (NULL)",
};
const size_t migration_count = sizeof(migrations) / sizeof(migrations[0]);

static void
make_version_1(const char *folder)
{
	struct buf path = { 0 };
	struct err err = { 0 };
	struct db *db;

	assert_int_equal(mkdir(folder, 0700), 0);
	buf_printf(&path, "%s/preau.db", folder);
	book_ok(file_write(buf_text(&path), SPAN(""), 0640, &err), &err);
	book_ok(db_open_writer(folder, &db, &err), &err);
	book_do(db, migrations[0]);
	book_do(db, "INSERT INTO forum (name) VALUES ('voirie');"
		    "PRAGMA application_id = 1349674337; PRAGMA user_version = 1");
	db_close(&db);
	buf_free(&path);
}

static void
test_steps(void **state)
{
	struct err err = { 0 };
	char folder[200];
	char path[230];
	char copied[230];
	struct stat found;
	struct db *db;

	(void)state;
	snprintf(folder, sizeof(folder), "%s/steps", book_folder);
	make_version_1(folder);
	/* The second goes through, the third does not, and leaves nothing of itself. */
	assert_false(migrate_open(folder, &db, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	book_ok(db_open_writer(folder, &db, &err), &err);
	assert_int_equal(book_number(db, "PRAGMA user_version"), 2);
	assert_int_equal(book_number(db, "SELECT count(*) FROM forum"), 1);
	assert_int_equal(book_number(db, "SELECT count(*) FROM forum WHERE slug = 'svoirie'"), 1);
	db_close(&db);
	/* The copy is the book as it was, and nobody else's to read. */
	snprintf(path, sizeof(path), "%s/preau.db.before-2", folder);
	assert_int_equal(stat(path, &found), 0);
	assert_int_equal(found.st_mode & 07777, 0600);
	snprintf(folder, sizeof(folder), "%s/copy", book_folder);
	assert_int_equal(mkdir(folder, 0700), 0);
	snprintf(copied, sizeof(copied), "%s/preau.db", folder);
	assert_int_equal(rename(path, copied), 0);
	book_ok(db_open_writer(folder, &db, &err), &err);
	assert_int_equal(book_number(db, "PRAGMA user_version"), 1);
	assert_int_equal(book_number(db, "SELECT count(*) FROM forum WHERE name = 'voirie'"), 1);
	db_close(&db);
}

static char folder_name[] = "/tmp/preau-step-XXXXXX";

static int
setup(void **state)
{
	(void)state;
	book_folder = mkdtemp(folder_name);
	return book_folder == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	return book_remove(folder_name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_steps) };

	return cmocka_run_group_tests(tests, setup, teardown);
}
