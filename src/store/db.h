/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/db.h: the book as a file: opening, transactions, typed statements.
 *
 * The only module that sees sqlite3.h. A process has at most one struct db on a data
 * folder, opened after its last fork: the clerk a writer, web and relay readers. The book
 * is FOLDER/preau.db; nothing else in such a process may open, copy or close that file
 * (its POSIX locks would go).
 *
 * Statements are constants of store/: they are prepared once a connection and found
 * again by their address (text composed at run time ends the process where its place was
 * used before). rules/ never sees them: it calls the nouns (store/post.h ...).
 *
 * What goes wrong: BUSY, FULL, IOERR → ERR_TEMPORARY; a constraint → ERR_CONFLICT; a
 * book that is not sound → ERR_BROKEN; no row where one was asked for → ERR_NOT_FOUND.
 * A mistake in SQL, misuse or no memory ends the process; so does a commit that met
 * IOERR, since what a failed fsync left on the disk cannot be known from within. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct db;

/* ---- opening ---- */

/* The writer, on a book that is there already: see store/migrate.h for the usual way.
 * busy_timeout is 0: who else writes is a mistake of the house. */
bool
db_open_writer(const char *folder, struct db **db, struct err *err);

/* A reader: cannot write, neither by permission nor by mistake. Retries for at most 2 s
 * what a starting writer causes (codes 264, 1288, 14), here and at every statement; after
 * a wait in vain every statement of the next second ends in TEMPORARY at once. So does a
 * statement that takes more than 200 ms of CPU, or 10 s on the clock. NOT_FOUND: there is no
 * book. */
bool
db_open_reader(const char *folder, struct db **db, struct err *err);

/* A reader without those limits, for whoever looks at all of the book or copies it: alone in its
 * process, beside a clerk that goes on writing. What it holds is a snapshot: until it is closed the WAL is not begun anew. */
bool
db_open_copier(const char *folder, struct db **db, struct err *err);

/* NULL is allowed; sets *db to NULL. A transaction that is open is rolled back. */
void
db_close(struct db **db);

/* The data folder it was opened on. */
const char *
db_folder(const struct db *db);

/* Octets of the book and of its WAL on the disk; 0 where there is none. */
void
db_sizes(const struct db *db, int64_t *book, int64_t *wal);

/* "3.40.1" and 3040001, of the library at work. */
const char *
db_library(int *number);

/* ---- transactions ---- */

/* Writer: BEGIN IMMEDIATE. */
bool
db_begin(struct db *db, struct err *err);

/* Of a writer: `fn` is told at once, in a sentence, that the book is damaged or that the disk
 * fails it (not that it is full). It may touch files, not the book. */
typedef void db_trouble_fn(void *arg, const char *why);

void
db_on_trouble(struct db *db, db_trouble_fn *fn, void *arg);

/* On false nothing of the transaction is in the book, and it is over. */
bool
db_commit(struct db *db, struct err *err);

/* Nothing where no transaction is open: SQLite may have rolled it back itself. */
void
db_rollback(struct db *db);

/* False also after a trouble (FULL, IOERR) that rolled everything back: then no act of
 * the turn has happened. */
bool
db_in_transaction(const struct db *db);

/* One savepoint for each act; they nest. */
bool
db_savepoint(struct db *db, struct err *err);

/* Keeps what was done since the savepoint. */
bool
db_release(struct db *db, struct err *err);

/* Forgets what was done since the savepoint, and the savepoint. False where the whole
 * transaction is gone already (see db_in_transaction). */
bool
db_undo(struct db *db);

/* Reader: one snapshot for several reads; ends within the same callback. */
bool
db_read_begin(struct db *db, struct err *err);

/* Nothing where none is open. */
void
db_read_end(struct db *db);

/* Reader: has another process committed since the last call (PRAGMA data_version)? True
 * the first time, and where it cannot be known. */
bool
db_changed(struct db *db);

/* Ends the process where a statement was left open, naming it: said at the end of each
 * turn, since an open statement holds a snapshot and stops checkpoints. */
void
db_check_idle(const struct db *db);

/* ---- housekeeping (writer, between transactions; db_copy and db_check also a copier) ---- */

/* To be said after every turn's commit: a checkpoint where one is due (PASSIVE after each
 * 4 MiB of WAL; TRUNCATE, waiting at most 50 ms for readers, above 16 MiB). */
void
db_tend(struct db *db);

/* To be said when there is nothing to do: one slice (≤ 20 ms) of merging the search index.
 * True if there is more to do. */
bool
db_idle(struct db *db);

/* A compact, consistent copy (VACUUM INTO), fsynced. CONFLICT where `path` is there. */
bool
db_copy(struct db *db, const char *path, struct err *err);

/* Is the book sound (integrity, foreign keys; with a writer the search index too, whose check
 * SQLite takes for a change)? BROKEN says what is not. */
bool
db_check(struct db *db, struct err *err);

/* Something read is not what was written: says so in the log and counts it. BROKEN, false. */
bool
db_damaged(struct db *db, const char *noun, int64_t id, struct err *err);

/* How often this connection met damage of either kind: the above, or a book that is not sound. */
int64_t
db_damage_count(const struct db *db);

/* The name of the first table after that one, by name; "" where there is none. */
bool
db_table_after(struct db *db, struct arena *arena, const char *last, const char **name,
    struct err *err);

/* Is that table sound, with its indexes, as far as its pages tell? */
bool
db_check_table(struct db *db, const char *name, struct err *err);

/* ---- statements: for store/ alone ---- */

enum db_type { DB_TYPE_NULL, DB_TYPE_INT, DB_TYPE_TEXT, DB_TYPE_BLOB };

struct db_value {
	enum db_type type;
	int64_t number;
	struct span octets; /* borrowed until the statement ends */
};

/* Values in the order of $1, $2 ... DB_ID: 0 is NULL. DB_WORD: NULL is NULL. */
#define DB_NULL ((struct db_value){ DB_TYPE_NULL, 0, { NULL, 0 } })
#define DB_INT(x) ((struct db_value){ DB_TYPE_INT, (x), { NULL, 0 } })
#define DB_ID(x) db_value_id(x)
#define DB_TEXT(s) ((struct db_value){ DB_TYPE_TEXT, 0, (s) })
#define DB_WORD(s) db_value_word(s)
#define DB_BLOB(s) ((struct db_value){ DB_TYPE_BLOB, 0, (s) })
#define DB_HASH(h) ((struct db_value){ DB_TYPE_BLOB, 0, { (const char *)(h), 32 } })

struct db_value
db_value_id(int64_t id);
struct db_value
db_value_word(const char *word);

struct db_values {
	const struct db_value *items;
	size_t count;
};

#define DB_VALUES(...)                                                 \
	((struct db_values){ (const struct db_value[]){ __VA_ARGS__ }, \
	    sizeof((struct db_value[]){ __VA_ARGS__ }) / sizeof(struct db_value) })
#define DB_NO_VALUES ((struct db_values){ NULL, 0 })

/* How a column of a result becomes a field of a struct. NULL becomes 0, "" or the empty
 * span. Text is copied to the arena and ends in a NUL. */
enum db_field_kind { DB_FIELD_INT, DB_FIELD_BOOL, DB_FIELD_TEXT, DB_FIELD_SPAN };

struct db_field {
	enum db_field_kind kind;
	size_t offset; /* octets within the struct */
};

#define DB_FIELD(kind, type, field)                    \
	{                                              \
		DB_FIELD_##kind, offsetof(type, field) \
	}

struct db_fields {
	const struct db_field *items; /* in the order of the columns */
	size_t count;
	size_t size; /* octets of the struct */
};

#define DB_FIELDS(type, fields)                                              \
	{                                                                    \
		(fields), sizeof(fields) / sizeof((fields)[0]), sizeof(type) \
	}

/* Does it; *changed (may be NULL) tells how many rows it touched. */
bool
db_do(struct db *db, const char *sql, struct db_values values, int64_t *changed, struct err *err);

/* Does it to exactly one row; none: NOT_FOUND. */
bool
db_do_one(struct db *db, const char *sql, struct db_values values, struct err *err);

/* INSERT; *id is the new rowid (id may be NULL). */
bool
db_insert(struct db *db, const char *sql, struct db_values values, int64_t *id, struct err *err);

/* First column of the first row, an integer. NOT_FOUND where there is no row. */
bool
db_number(
    struct db *db, const char *sql, struct db_values values, int64_t *number, struct err *err);

/* First row into *out. NOT_FOUND where there is none: then *out is zeroed. */
bool
db_one(struct db *db, struct arena *arena, const char *sql, struct db_values values,
    const struct db_fields *fields, void *out, struct err *err);

/* All rows into an array in the arena: the statement has its own LIMIT. */
bool
db_list(struct db *db, struct arena *arena, const char *sql, struct db_values values,
    const struct db_fields *fields, void *out, size_t *count, struct err *err);

/* Rows of a word and a number: how many there are of each. */
struct db_count {
	const char *word;
	int64_t count;
};

bool
db_counts(struct db *db, struct arena *arena, const char *sql, struct db_count **counts,
    size_t *count, struct err *err);

/* Row by row, for what fits none of these. A cursor that was opened must be ended. */
struct db_cursor {
	struct db *db;
	void *statement;
	int code; /* of SQLite, the last one */
	bool stepped;
};

void
db_query(struct db *db, const char *sql, struct db_values values, struct db_cursor *cursor);

/* False at the end, or on a trouble, which db_end() reports. */
bool
db_next(struct db_cursor *cursor);

bool
db_end(struct db_cursor *cursor, struct err *err);

int64_t
db_int(const struct db_cursor *cursor, int column);

/* Valid until the next db_next or db_end. */
struct span
db_octets(const struct db_cursor *cursor, int column);

/* Several statements at once, for migrations. */
bool
db_script(struct db *db, const char *sql, struct err *err);

/* Prepares a statement and forgets it: for the test that every constant is sound. False:
 * err says what SQLite says. */
bool
db_try(struct db *db, const char *sql, struct err *err);
