/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* tests/unit/book.h: a book of a test's own, in a folder that goes with it, and the
 * people and forums most stories need. A step that fails fails the test. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "store/db.h"
#include "store/post.h"

enum { BOOK_NOW = 1700000000 };

/* The folder of the data; NULL before book_setup(). */
extern const char *book_folder;

/* For cmocka_unit_test_setup_teardown: *state is the writer, a struct db *. */
int
book_setup(void **state);
int
book_teardown(void **state);

/* Removes a folder and what is in it; 0 where that went well. */
int
book_remove(const char *path);

/* A reader of the same book; the caller closes it. */
struct db *
book_reader(void);

/* Asserts that the call went well, and shows the sentence where it did not. */
#define book_ok(call, err) book_assert((call), (err), #call, __FILE__, __LINE__)
void
book_assert(bool done, const struct err *err, const char *call, const char *file, int line);

/* Integer of a statement that is SQL of the test's own. */
int64_t
book_number(struct db *db, const char *sql);

/* SQL of the test's own. */
void
book_do(struct db *db, const char *sql);

int64_t
book_person(struct db *db, const char *name, const char *address);

int64_t
book_forum(struct db *db, const char *slug);

/* A post with every field set, of that forum, author, state and thread (0: none), not yet
 * in the book. */
struct post
book_post(int64_t forum, int64_t author, const char *state, int64_t thread);
