/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "store/db.h"

#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "store/db_inside.h"
#include "store/statements.h"

enum { TABLE_START = 256 };

/* What SQLite says by itself. What a caller is told (db_fail) is not said twice, least of
 * all at each of many tries. */
static void
on_sqlite_log(void *context, int code, const char *text)
{
	int kind = code & 0xff;

	(void)context;
	if (code == SQLITE_NOTICE_RECOVER_WAL || kind == SQLITE_SCHEMA || kind == SQLITE_CANTOPEN ||
	    kind == SQLITE_READONLY || kind == SQLITE_BUSY || kind == SQLITE_CONSTRAINT)
		return;
	log_warn("event=sqlite code=%d text=%s", code, log_text(span_of(text)));
}

static void
set_up_once(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	sqlite3_config(SQLITE_CONFIG_URI, 0);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	sqlite3_config(SQLITE_CONFIG_LOG, on_sqlite_log, NULL);
	if (sqlite3_initialize() != SQLITE_OK)
		die("sqlite does not start");
}

static bool
is_transient(int code)
{
	return code == SQLITE_READONLY_RECOVERY || code == SQLITE_READONLY_CANTINIT ||
	       code == SQLITE_READONLY_DIRECTORY || (code & 0xff) == SQLITE_CANTOPEN ||
	       (code & 0xff) == SQLITE_PROTOCOL;
}

static bool
fail_constraint(int code, const char *what, struct err *err)
{
	if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY)
		return err_set(err, ERR_CONFLICT, "This is there already.");
	if (code == SQLITE_CONSTRAINT_FOREIGNKEY)
		return err_set(err, ERR_CONFLICT, "This belongs to something that is not there.");
	log_warn("event=constraint code=%d text=%s", code, log_text(span_of(what)));
	return err_set(err, ERR_CONFLICT, "The book does not take such a value.");
}

/* A reader that could not reach the book, after waits of seconds within SQLite, does not ask
 * again at once: its loop has others to serve, and its supervisor waits for a sign of life. */
static bool
is_lost(const struct db *db)
{
	return db->lost_until != 0 && clock_ticks_ms() < db->lost_until;
}

static bool
fail_unreached(struct db *db, int code, const char *text, struct err *err)
{
	if (!is_lost(db)) {
		log_error("event=book_trouble code=%d errno=%d text=%s", code,
		    sqlite3_system_errno(db->handle), log_text(span_of(text)));
		db->lost_until = db->is_reader ? clock_ticks_ms() + DB_LOST_MS : 0;
	}
	return err_set(err, ERR_TEMPORARY, "The book cannot be reached just now.");
}

/* Fills err by the code of SQLite and returns false; ends the process where the code
 * says that this program is wrong. */
static bool
db_fail(struct db *db, int code, const char *what, struct err *err)
{
	const char *text = db->handle != NULL ? sqlite3_errmsg(db->handle) : sqlite3_errstr(code);

	db_tell_trouble(db, code);
	switch (code & 0xff) {
	case SQLITE_CONSTRAINT:
		return fail_constraint(code, text, err);
	case SQLITE_FULL:
		log_error("event=book_full statement=%s", log_text(span_of(what)));
		return err_set(err, ERR_TEMPORARY, "There is no room left on the disk.");
	case SQLITE_INTERRUPT:
		return err_set(err, ERR_TEMPORARY, "Reading this takes too long.");
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
	case SQLITE_PROTOCOL:
	case SQLITE_IOERR:
		return fail_unreached(db, code, text, err);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		log_error("event=book_broken code=%d text=%s", code, log_text(span_of(text)));
		db->damage++;
		return err_set(err, ERR_BROKEN, "The book is damaged.");
	case SQLITE_TOOBIG:
		return err_set(err, ERR_TOO_MUCH, "This is too big for the book.");
	default:
		die("book: %s (%d) in: %s", text, code, what);
	}
}

/* ---- opening ---- */

static int
on_progress(void *context)
{
	const struct db *db = context;

	return db->deadline != 0 &&
	       (clock_cpu_us() > db->cpu_deadline || clock_ticks_ms() > db->deadline);
}

/* A second wall behind query_only: a reader prepares nothing but reads. */
static int
on_authorize(void *context, int action, const char *a, const char *b, const char *c, const char *d)
{
	(void)context;
	(void)c;
	(void)d;
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_FUNCTION:
	case SQLITE_RECURSIVE:
	case SQLITE_TRANSACTION:
		return SQLITE_OK;
	case SQLITE_PRAGMA:
		return b == NULL && (!strcmp(a, "data_version") || !strcmp(a, "user_version") ||
					!strcmp(a, "application_id"))
			   ? SQLITE_OK
			   : SQLITE_DENY;
	default:
		return SQLITE_DENY;
	}
}

static int
on_wal(void *context, sqlite3 *handle, const char *name, int pages)
{
	struct db *db = context;

	(void)handle;
	(void)name;
	db->wal_pages = pages;
	db->merge_debt++;
	return SQLITE_OK;
}

static void
set_limits(sqlite3 *handle)
{
	static const struct {
		int limit, value;
	} limits[] = {
		{ SQLITE_LIMIT_LENGTH, 32 * 1024 * 1024 },
		{ SQLITE_LIMIT_SQL_LENGTH, 65536 },
		{ SQLITE_LIMIT_EXPR_DEPTH, 100 },
		{ SQLITE_LIMIT_COMPOUND_SELECT, 8 },
		{ SQLITE_LIMIT_VARIABLE_NUMBER, 128 },
		{ SQLITE_LIMIT_VDBE_OP, 25000 },
		{ SQLITE_LIMIT_TRIGGER_DEPTH, 8 },
		{ SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 100 },
		{ SQLITE_LIMIT_ATTACHED, 0 },
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		sqlite3_limit(handle, limits[i].limit, limits[i].value);
}

static void
set_switches(sqlite3 *handle)
{
	static const struct {
		int name, value;
	} switches[] = {
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
		{ SQLITE_DBCONFIG_DQS_DDL, 0 },
		{ SQLITE_DBCONFIG_DQS_DML, 0 },
		{ SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
		{ SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0 },
		{ SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1 },
		{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_ENABLE_FKEY, 1 },
	};

	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++)
		if (sqlite3_db_config(handle, switches[i].name, switches[i].value, NULL) !=
		    SQLITE_OK)
			die("book: switch %d cannot be set", switches[i].name);
}

static const char sql_synchronous[] = "PRAGMA synchronous = FULL";
static const char sql_unsynced[] = "PRAGMA synchronous = OFF"; /* a planted fault */
static const char sql_cell_check[] = "PRAGMA cell_size_check = ON";
static const char sql_secure_delete[] = "PRAGMA secure_delete = ON";
static const char sql_no_autocheckpoint[] = "PRAGMA wal_autocheckpoint = 0";
static const char sql_temp_memory[] = "PRAGMA temp_store = MEMORY";
static const char sql_no_mmap[] = "PRAGMA mmap_size = 0";
static const char sql_cache[] = "PRAGMA cache_size = -16000";
static const char sql_reader_cache[] = "PRAGMA cache_size = -4000";
static const char sql_meet_search[] = "SELECT rowid FROM search LIMIT 0";
static const char sql_query_only[] = "PRAGMA query_only = ON";

static bool
set_up(struct db *db, struct err *err)
{
	if (!db_say(db, sql_cell_check, err) || !db_say(db, sql_temp_memory, err) ||
	    !db_say(db, sql_no_mmap, err) ||
	    !db_say(db, db->is_reader ? sql_reader_cache : sql_cache, err))
		return false;
	if (db->is_reader) {
		sqlite3_progress_handler(db->handle, 1000, on_progress, db);
		return db_say(db, sql_query_only, err);
	}
	if (!db_say(db, fault_is("book-unsynced") ? sql_unsynced : sql_synchronous, err) ||
	    !db_say(db, sql_secure_delete, err) || !db_say(db, sql_no_autocheckpoint, err))
		return false;
	sqlite3_wal_hook(db->handle, on_wal, db);
	return true;
}

/* The search index says CREATE TABLE when it is first met: that comes before the wall. */
bool
db_allow_reads_only(struct db *db, struct err *err)
{
	if (!db_say(db, sql_meet_search, err))
		return false;
	sqlite3_set_authorizer(db->handle, on_authorize, NULL);
	return true;
}

const char *
db_library(int *number)
{
	*number = sqlite3_libversion_number();
	return sqlite3_libversion();
}

bool
db_open_file(const char *folder, bool is_reader, struct db **out, struct err *err)
{
	struct db *db = x_calloc(1, sizeof(*db));
	struct buf path = { 0 };
	int flags = is_reader ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
	int code;

	set_up_once();
	*out = NULL;
	db->is_reader = is_reader;
	db->folder = x_strdup(folder);
	buf_printf(&path, "%s/preau.db", folder);
	code = sqlite3_open_v2(buf_text(&path), &db->handle,
	    flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE, NULL);
	buf_free(&path);
	if (code != SQLITE_OK) {
		db_fail(db, code, "open", err);
		db_close(&db);
		return false;
	}
	db_wait(db, DB_READER_WAIT_MS); /* a writer too: a reader may be recovering the WAL (code 261) */
	set_limits(db->handle);
	set_switches(db->handle);
	if (!set_up(db, err)) {
		db_close(&db);
		return false;
	}
	if (!is_reader)
		db_wait(db, 0);
	*out = db;
	return true;
}

void
db_close(struct db **db)
{
	struct db *old = *db;

	if (old == NULL)
		return;
	*db = NULL;
	for (size_t i = 0; i < old->room; i++) {
		if (old->table[i] == NULL)
			continue;
		sqlite3_finalize(old->table[i]->handle);
		free(old->table[i]);
	}
	if (sqlite3_close(old->handle) != SQLITE_OK)
		die("book: closed while in use: %s", sqlite3_errmsg(old->handle));
	free(old->table);
	free(old->folder);
	free(old);
}

void
db_wait(struct db *db, int milliseconds)
{
	sqlite3_busy_timeout(db->handle, milliseconds);
}

/* For VACUUM INTO, which attaches the copy. */
void
db_allow_attach(struct db *db, bool is_allowed)
{
	sqlite3_limit(db->handle, SQLITE_LIMIT_ATTACHED, is_allowed ? 1 : 0);
}

bool
db_in_transaction(const struct db *db)
{
	return !sqlite3_get_autocommit(db->handle);
}

void
db_check_idle(const struct db *db)
{
	for (sqlite3_stmt *s = sqlite3_next_stmt(db->handle, NULL); s != NULL;
	     s = sqlite3_next_stmt(db->handle, s))
		if (sqlite3_stmt_busy(s))
			die("book: a statement was left open: %s", sqlite3_sql(s));
	for (size_t i = 0; i < db->room; i++)
		if (db->table[i] != NULL && db->table[i]->is_open)
			die("book: a cursor was left open: %s", db->table[i]->sql);
}

/* ---- statements ---- */

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

	if (is_lost(db))
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
db_open(struct db *db, const char *sql, struct db_values values, struct db_cursor *cursor)
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

	if (is_lost(db))
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

const char *const db_statements[] = { sql_synchronous, sql_unsynced, sql_cell_check,
	sql_secure_delete, sql_no_autocheckpoint, sql_temp_memory, sql_no_mmap, sql_cache, sql_reader_cache,
	sql_meet_search, sql_query_only, NULL };
