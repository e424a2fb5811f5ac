/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "book.h"
#include "store/forum.h"
#include "store/migrate.h"
#include "store/person.h"

const char *book_folder;

static struct arena *texts; /* of statements that tests composed */
static char folder[] = "/tmp/preau-book-XXXXXX";

void
book_assert(bool done, const struct err *err, const char *call, const char *file, int line)
{
	if (done)
		return;
	print_error("%s: %s\n", call, err->text);
	_fail(file, line);
}

int
book_setup(void **state)
{
	struct err err = { 0 };
	struct db *db;

	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	if (mkdtemp(folder) == NULL)
		return 1;
	book_folder = folder;
	if (!migrate_open(folder, &db, &err)) {
		print_error("%s\n", err.text);
		return 1;
	}
	*state = db;
	return 0;
}

static int
on_entry(const char *path, const struct stat *found, int kind, struct FTW *where)
{
	(void)found;
	(void)kind;
	(void)where;
	return remove(path);
}

int
book_remove(const char *path)
{
	arena_free(&texts);
	return nftw(path, on_entry, 8, FTW_DEPTH | FTW_PHYS);
}

int
book_teardown(void **state)
{
	struct db *db = *state;

	db_close(&db);
	return book_remove(folder);
}

struct db *
book_reader(void)
{
	struct err err = { 0 };
	struct db *db;

	book_ok(db_open_reader(book_folder, &db, &err), &err);
	return db;
}

int64_t
book_number(struct db *db, const char *sql)
{
	struct err err = { 0 };
	int64_t number = 0;

	if (texts == NULL)
		texts = arena_new();
	/* statements are known by their address: it may not serve twice */
	book_ok(db_number(db, arena_strdup(texts, sql), DB_NO_VALUES, &number, &err), &err);
	return number;
}

void
book_do(struct db *db, const char *sql)
{
	struct err err = { 0 };

	book_ok(db_script(db, sql, &err), &err);
}

int64_t
book_person(struct db *db, const char *name, const char *address)
{
	struct person person = { .state = "active",
		.name_shown = name,
		.locale = "fr",
		.password = "",
		.created = BOOK_NOW };
	struct err err = { 0 };
	int64_t id;
	int64_t address_id;

	book_ok(person_add(db, &person, &id, &err), &err);
	book_ok(person_address_add(db, id, span_of(address), span_of(address), BOOK_NOW, BOOK_NOW,
		    &address_id, &err),
	    &err);
	return id;
}

int64_t
book_forum(struct db *db, const char *slug)
{
	struct forum forum = { .slug = slug,
		.name = slug,
		.description = "",
		.theme = "",
		.who_writes = "registered",
		.appears = "at_once",
		.who_reads = "everyone",
		.strangers = "hold",
		.reply_to = "forum",
		.created = BOOK_NOW };
	struct err err = { 0 };
	int64_t id;

	book_ok(forum_add(db, &forum, &id, &err), &err);
	return id;
}

struct post
book_post(int64_t forum, int64_t author, const char *state, int64_t thread)
{
	static char message_id[40];
	static char hash[32];
	static int number;

	snprintf(message_id, sizeof(message_id), "post.%d@ville.example", ++number);
	return (struct post){ .forum = forum,
		.thread = thread,
		.awaits = "",
		.chain = "",
		.state = state,
		.hold = "",
		.date = BOOK_NOW + number,
		.sent = BOOK_NOW + number,
		.message_id = message_id,
		.alias = "",
		.subject = "Travaux rue des Lilas",
		.author = author,
		.author_shown = "Marie Dupont",
		.organisation_shown = "",
		.capacity = "",
		.door = "web",
		.proof = "session",
		.body_hash = span_make(hash, sizeof(hash)),
		.kind = "markdown",
		.renderer = 1,
		.why = "",
		.html = SPAN("<p>Bonjour</p>"),
		.text = SPAN("Bonjour"),
		.source = SPAN("Bonjour *à tous*") };
}
