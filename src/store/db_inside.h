/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/db_inside.h: what the db*.c files know of a struct db, and nobody else. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/db.h"

struct sqlite3;
struct sqlite3_stmt;

enum {
	DB_BINDS_MAX = 48,	  /* values of one statement */
	DB_READER_WAIT_MS = 2000, /* what a starting writer causes is retried so long */
	DB_READER_RUN_MS = 200,	  /* of CPU: one statement of a reader, however busy the machine is */
	DB_READER_SPAN_MS = 10000, /* on the clock: a disk that does not answer */
	DB_RETRY_MS = 5,
	DB_LOST_MS = 1000, /* a reader that waited in vain asks again only then */
	DB_WAL_PASSIVE = 4 * 1024 * 1024, /* octets of WAL */
	DB_WAL_TRUNCATE = 16 * 1024 * 1024,
	DB_TRUNCATE_WAIT_MS = 50
};

struct statement {
	const char *sql; /* the constant: its address is the key */
	struct sqlite3_stmt *handle;
	bool is_open;
	size_t count;		/* of values */
	int bind[DB_BINDS_MAX]; /* SQLite's number of $1, $2 ... */
};

struct db {
	struct sqlite3 *handle;
	bool is_reader;
	bool is_patient; /* a reader whose statements may take their time */
	char *folder;
	struct statement **table; /* open addressing by address, NULL is free */
	size_t room, used;
	int64_t deadline; /* ticks, ms: of the statement of a reader; 0: none */
	int64_t cpu_deadline; /* us of this process, likewise */
	int64_t lost_until; /* ticks, ms: the book could not be reached; 0: it could */
	int64_t data_version;
	int64_t page_size;
	int64_t wal_pages;   /* as of the last commit */
	int64_t wal_tended;  /* pages at the last checkpoint */
	db_trouble_fn *on_trouble; /* or NULL */
	void *trouble_arg;
	int64_t damage;      /* times something was found damaged */
	int64_t merge_debt;  /* commits since the index was last looked after */
	int64_t merge_pages; /* of the next slice */
};

/* Milliseconds SQLite waits for locks. */
void
db_wait(struct db *db, int milliseconds);

/* For VACUUM INTO, which attaches the copy. */
void
db_allow_attach(struct db *db, bool is_allowed);

/* Where it is such trouble by its code of SQLite: tells who wanted to know. */
void
db_tell_trouble(struct db *db, int code);

/* IOERR may be a failed fsync: nobody knows then what the disk holds, so this life ends. Any
 * other code is left to the caller. `what` failed: "a commit". */
void
db_die_of_disk(struct db *db, int code, const char *what);

/* Fills err by the code of SQLite and returns false; ends the process where the code
 * says that this program is wrong. */
bool
db_fail(struct db *db, int code, const char *what, struct err *err);

/* Of a reader that waited in vain a moment ago. */
bool
db_is_lost(const struct db *db);

/* A statement whose answer is not worth reading. */
bool
db_say(struct db *db, const char *sql, struct err *err);

int
db_columns(const struct db_cursor *cursor);

/* Rows changed by the last statement; by all of them, triggers included. */
int64_t
db_changes(const struct db *db);
int64_t
db_total_changes(const struct db *db);

int64_t
db_new_id(const struct db *db);
