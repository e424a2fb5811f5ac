/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Files, in a folder of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static size_t
count_entries(const char *path)
{
	DIR *folder = opendir(path);
	size_t count = 0;

	assert_non_null(folder);
	while (readdir(folder) != NULL)
		count++;
	(void)closedir(folder);
	return count - 2;
}

static void
test_write_and_read(void **state)
{
	struct buf out = { 0 }, lots = { 0 };
	struct err err = { 0 };
	struct stat there;

	(void)state;
	for (int i = 0; i < 20000; i++)
		buf_printf(&lots, "%d,", i);
	assert_true(file_write("a", SPAN("first"), 0600, &err));
	assert_true(file_write("./a", buf_span(&lots), 0644, &err));
	assert_int_equal(stat("a", &there), 0);
	assert_int_equal(there.st_mode & 0777, 0644);
	assert_int_equal(count_entries("."), 1);
	buf_add_text(&out, "before:");
	assert_true(file_read("a", lots.len, &out, &err));
	assert_true(span_starts(buf_span(&out), "before:0,1,"));
	assert_true(span_equal(span_from(buf_span(&out), 7), buf_span(&lots)));
	assert_true(file_write("a", SPAN(""), 0600, &err));
	buf_clear(&out);
	assert_true(file_read("a", 0, &out, &err));
	assert_int_equal(out.len, 0);
	assert_int_equal(unlink("a"), 0);
	buf_free(&out);
	buf_free(&lots);
}

static void
test_refusals(void **state)
{
	struct buf out = { 0 }, small;
	struct err err = { 0 };

	(void)state;
	buf_add_text(&out, "kept");
	buf_init(&small, 3);
	assert_true(file_write("f", SPAN("12345"), 0600, &err));
	assert_false(file_read("f", 4, &out, &err));
	assert_int_equal(err.kind, ERR_INVALID);
	assert_false(file_read("f", 9, &small, &err));
	assert_int_equal(err.kind, ERR_INVALID);
	assert_false(file_read("absent", 4, &out, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_false(file_read(".", 4, &out, &err));
	assert_int_equal(err.kind, ERR_BROKEN);
	assert_string_equal(buf_text(&out), "kept");
	assert_false(file_write("absent/f", SPAN("x"), 0600, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_false(file_sync_folder("f", &err));
	assert_false(file_make_folder("f", 0700, &err));
	assert_int_equal(err.kind, ERR_INVALID);
	assert_false(file_make_folder("absent/g", 0700, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_int_equal(unlink("f"), 0);
	buf_free(&out);
	buf_free(&small);
}

/* The name cannot be renamed onto: nothing is left behind. */
static void
test_no_litter(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_true(file_make_folder("d", 0700, &err));
	assert_true(file_make_folder("d", 0700, &err));
	assert_true(file_exists("d"));
	assert_false(file_exists("e"));
	assert_false(file_write("d", SPAN("x"), 0600, &err));
	assert_int_equal(count_entries("."), 1);
	assert_true(file_write("d/x", SPAN("x"), 0600, &err));
	assert_int_equal(count_entries("d"), 1);
	assert_int_equal(unlink("d/x"), 0);
	assert_int_equal(rmdir("d"), 0);
}

static void
test_descriptors(void **state)
{
	int fd = file_memory("test", SPAN("memory"));
	struct buf out = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_true(file_read_fd(fd, 6, &out, &err));
	assert_true(file_read_fd(fd, 6, &out, &err));
	assert_string_equal(buf_text(&out), "memorymemory");
	assert_false(file_read_fd(fd, 5, &out, &err));
	assert_int_equal(err.kind, ERR_INVALID);
	assert_string_equal(buf_text(&out), "memorymemory");
	file_close(&fd);
	assert_int_equal(fd, -1);
	file_close(&fd);
	assert_false(file_write_fd(-1, SPAN("x"), &err));
	assert_int_equal(err.kind, ERR_BROKEN);
	buf_free(&out);
}

static char folder[] = "/tmp/preau-test-XXXXXX";

static int
setup(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL || chdir(folder) != 0;
}

static int
teardown(void **state)
{
	(void)state;
	return chdir("/") != 0 || rmdir(folder) != 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write_and_read),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_no_litter),
		cmocka_unit_test(test_descriptors),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
