/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/db_open.c: the file of the book, how SQLite is to treat it, and who opens it how. */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/log.h"
#include "store/db_inside.h"
#include "store/migrate.h"
#include "store/statements.h"

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
static const char sql_may_write[] = "PRAGMA query_only = OFF";

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
static bool
allow_reads_only(struct db *db, struct err *err)
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

static bool
open_file(const char *folder, bool is_reader, struct db **out, struct err *err)
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

bool
db_open_writer(const char *folder, struct db **db, struct err *err)
{
	return open_file(folder, false, db, err);
}

static bool
open_to_read(const char *folder, struct db **db, struct err *err)
{
	struct buf path = { 0 };
	bool is_there;

	*db = NULL;
	buf_printf(&path, "%s/preau.db", folder);
	is_there = file_exists(buf_text(&path));
	buf_free(&path);
	if (!is_there)
		return err_set(err, ERR_NOT_FOUND, "There is no book in %s.", folder);
	if (!open_file(folder, true, db, err))
		return false;
	if (migrate_check(*db, err))
		return true;
	db_close(db);
	return false;
}

bool
db_open_reader(const char *folder, struct db **db, struct err *err)
{
	if (!open_to_read(folder, db, err))
		return false;
	if (allow_reads_only(*db, err))
		return true;
	db_close(db);
	return false;
}

/* VACUUM INTO writes the copy through the same connection: query_only would forbid it. The
 * book itself is open without the right to write. */
bool
db_open_copier(const char *folder, struct db **db, struct err *err)
{
	if (!open_to_read(folder, db, err))
		return false;
	(*db)->is_patient = true;
	(*db)->deadline = 0; /* of the question for its version */
	if (db_say(*db, sql_may_write, err))
		return true;
	db_close(db);
	return false;
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

const char *
db_folder(const struct db *db)
{
	return db->folder;
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

const char *const db_open_statements[] = { sql_synchronous, sql_unsynced, sql_cell_check,
	sql_secure_delete, sql_no_autocheckpoint, sql_temp_memory, sql_no_mmap, sql_cache, sql_reader_cache,
	sql_meet_search, sql_query_only, sql_may_write, NULL };
