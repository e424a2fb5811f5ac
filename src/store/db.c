/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "store/db.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "store/db_inside.h"

enum { TABLE_START = 256 };

static bool
is_transient(int code)
{
	return code == SQLITE_READONLY_RECOVERY || code == SQLITE_READONLY_CANTINIT ||
	       code == SQLITE_READONLY_DIRECTORY || (code & 0xff) == SQLITE_CANTOPEN ||
	       (code & 0xff) == SQLITE_PROTOCOL;
}

static bool
may_retry(const struct db *db, int code, int64_t since)
{
	struct timespec pause = { 0, DB_RETRY_MS * 1000000L };

	if (!db->is_reader || !is_transient(code) || clock_ticks_ms() - since > DB_READER_WAIT_MS)
		return false;
	nanosleep(&pause, NULL);
	return true;
}

static int
prepare(struct db *db, const char *sql, sqlite3_stmt **handle)
{
	int64_t since = clock_ticks_ms();
	int code;

	if (db_is_lost(db))
		return SQLITE_BUSY;
	do
		code = sqlite3_prepare_v3(
		    db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, handle, NULL);
	while (code != SQLITE_OK && may_retry(db, code, since));
	return code;
}

/* $1, $2 ... without a gap: PostgreSQL would want it so, and a slip is found here. */
static void
find_binds(struct statement *statement)
{
	char name[24];

	statement->count = (size_t)sqlite3_bind_parameter_count(statement->handle);
	if (statement->count > DB_BINDS_MAX)
		die("book: too many values in: %s", statement->sql);
	for (size_t i = 0; i < statement->count; i++) {
		snprintf(name, sizeof(name), "$%zu", i + 1);
		statement->bind[i] = sqlite3_bind_parameter_index(statement->handle, name);
		if (statement->bind[i] == 0)
			die("book: no value %s in: %s", name, statement->sql);
	}
}

static size_t
slot_of(const struct db *db, const char *sql)
{
	size_t i = (size_t)(((uintptr_t)sql >> 3) * (uintptr_t)0x9e3779b97f4a7c15ULL >> 40) &
		   (db->room - 1);

	while (db->table[i] != NULL && db->table[i]->sql != sql)
		i = (i + 1) & (db->room - 1);
	return i;
}

static void
grow_table(struct db *db)
{
	struct statement **old = db->table;
	size_t room = db->room;

	db->room = room == 0 ? TABLE_START : room * 2;
	db->table = x_calloc(db->room, sizeof(struct statement *));
	for (size_t i = 0; i < room; i++)
		if (old[i] != NULL)
			db->table[slot_of(db, old[i]->sql)] = old[i];
	free(old);
}

static int
find_statement(struct db *db, const char *sql, struct statement **out)
{
	struct statement *statement;
	sqlite3_stmt *handle;
	size_t slot;
	int code;

	if (db->used * 2 >= db->room)
		grow_table(db);
	slot = slot_of(db, sql);
	if (db->table[slot] != NULL) {
		*out = db->table[slot];
		/* Text that was written anew in the same place is not the same statement. */
		if (strcmp(sqlite3_sql((*out)->handle), sql) != 0)
			die("book: no constant: %s", sql);
		return SQLITE_OK;
	}
	code = prepare(db, sql, &handle);
	if (code != SQLITE_OK)
		return code;
	if (handle == NULL)
		die("book: an empty statement");
	statement = x_calloc(1, sizeof(*statement));
	statement->sql = sql;
	statement->handle = handle;
	find_binds(statement);
	db->table[slot] = statement;
	db->used++;
	*out = statement;
	return SQLITE_OK;
}

static int
bind_value(sqlite3_stmt *handle, int at, const struct db_value *value)
{
	const char *data = value->octets.data != NULL ? value->octets.data : "";

	switch (value->type) {
	case DB_TYPE_NULL:
		return sqlite3_bind_null(handle, at);
	case DB_TYPE_INT:
		return sqlite3_bind_int64(handle, at, value->number);
	case DB_TYPE_TEXT:
		return sqlite3_bind_text64(
		    handle, at, data, value->octets.len, SQLITE_STATIC, SQLITE_UTF8);
	case DB_TYPE_BLOB:
		return sqlite3_bind_blob64(handle, at, data, value->octets.len, SQLITE_STATIC);
	default:
		return SQLITE_MISUSE;
	}
}

void
db_query(struct db *db, const char *sql, struct db_values values, struct db_cursor *cursor)
{
	struct statement *statement = NULL;

	*cursor = (struct db_cursor){ .db = db };
	cursor->code = find_statement(db, sql, &statement);
	if (cursor->code != SQLITE_OK)
		return;
	if (statement->is_open)
		die("book: opened twice at once: %s", sql);
	if (statement->count != values.count)
		die("book: %zu values for %zu in: %s", values.count, statement->count, sql);
	for (size_t i = 0; i < values.count && cursor->code == SQLITE_OK; i++)
		cursor->code = bind_value(statement->handle, statement->bind[i], &values.items[i]);
	statement->is_open = true;
	cursor->statement = statement;
}

/* The transient codes come with the first step alone, before the snapshot is there. */
static int
step_first(struct db *db, sqlite3_stmt *handle)
{
	int64_t since = 0;
	int code;

	if (db_is_lost(db))
		return SQLITE_BUSY;
	code = sqlite3_step(handle);
	while (db->is_reader && is_transient(code)) {
		if (since == 0)
			since = clock_ticks_ms();
		if (!may_retry(db, code, since))
			break;
		sqlite3_reset(handle);
		code = sqlite3_step(handle);
	}
	return code;
}

/* Waiting for the processor is not reading long: where a machine is overloaded, pages come
 * late and are not refused. */
static void
set_deadline(struct db *db)
{
	db->cpu_deadline = clock_cpu_us() + DB_READER_RUN_MS * 1000;
	db->deadline = clock_ticks_ms() + DB_READER_SPAN_MS;
}

bool
db_next(struct db_cursor *cursor)
{
	struct statement *statement = cursor->statement;

	if (cursor->code != SQLITE_OK && cursor->code != SQLITE_ROW)
		return false;
	if (!cursor->stepped && cursor->db->is_reader && !cursor->db->is_patient)
		set_deadline(cursor->db);
	cursor->code = cursor->stepped ? sqlite3_step(statement->handle)
				       : step_first(cursor->db, statement->handle);
	cursor->stepped = true;
	return cursor->code == SQLITE_ROW;
}

bool
db_end(struct db_cursor *cursor, struct err *err)
{
	struct statement *statement = cursor->statement;
	int code = cursor->code;
	bool good = code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE;

	if (!good)
		db_fail(cursor->db, code, statement != NULL ? statement->sql : "prepare", err);
	if (statement != NULL) {
		sqlite3_reset(statement->handle);
		sqlite3_clear_bindings(statement->handle);
		statement->is_open = false;
		cursor->statement = NULL;
	}
	return good;
}

int64_t
db_int(const struct db_cursor *cursor, int column)
{
	const struct statement *statement = cursor->statement;

	return sqlite3_column_int64(statement->handle, column);
}

struct span
db_octets(const struct db_cursor *cursor, int column)
{
	const struct statement *statement = cursor->statement;
	const void *data = sqlite3_column_blob(statement->handle, column);

	return span_make(data, (size_t)sqlite3_column_bytes(statement->handle, column));
}

int
db_columns(const struct db_cursor *cursor)
{
	const struct statement *statement = cursor->statement;

	return sqlite3_column_count(statement->handle);
}

int64_t
db_changes(const struct db *db)
{
	return sqlite3_changes64(db->handle);
}

int64_t
db_total_changes(const struct db *db)
{
	return sqlite3_total_changes64(db->handle);
}

int64_t
db_new_id(const struct db *db)
{
	return sqlite3_last_insert_rowid(db->handle);
}

bool
db_try(struct db *db, const char *sql, struct err *err)
{
	sqlite3_stmt *handle = NULL;
	int code = sqlite3_prepare_v3(db->handle, sql, -1, 0, &handle, NULL);

	sqlite3_finalize(handle);
	if (code != SQLITE_OK)
		return err_set(err, ERR_INVALID, "%s", sqlite3_errmsg(db->handle));
	return true;
}

bool
db_script(struct db *db, const char *sql, struct err *err)
{
	int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

	return code == SQLITE_OK || db_fail(db, code, "script", err);
}
