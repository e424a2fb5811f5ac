/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/db_turn.c: transactions, savepoints, snapshots. */
#include "base/alloc.h"
#include "base/log.h"
#include "store/db.h"
#include "store/db_inside.h"
#include "store/statements.h"

static const char sql_begin[] = "BEGIN IMMEDIATE";
static const char sql_begin_read[] = "BEGIN";
static const char sql_commit[] = "COMMIT";
static const char sql_rollback[] = "ROLLBACK";
static const char sql_savepoint[] = "SAVEPOINT act";
static const char sql_release[] = "RELEASE act";
static const char sql_undo[] = "ROLLBACK TO act";
static const char sql_data_version[] = "PRAGMA data_version";

bool
db_begin(struct db *db, struct err *err)
{
	return db_say(db, sql_begin, err);
}

/* A commit that met FULL leaves nothing. IOERR may be a failed fsync: what the disk holds
 * then is known only to who reads it anew, so this life ends. */
bool
db_commit(struct db *db, struct err *err)
{
	struct db_cursor cursor;

	if (!db_in_transaction(db))
		return err_set(err, ERR_TEMPORARY, "The transaction was rolled back.");
	db_query(db, sql_commit, DB_NO_VALUES, &cursor);
	db_next(&cursor);
	db_die_of_disk(db, cursor.code, "a commit");
	if (db_end(&cursor, err))
		return true;
	db_rollback(db);
	return false;
}

void
db_rollback(struct db *db)
{
	struct err err = { 0 };

	if (db_in_transaction(db) && !db_say(db, sql_rollback, &err))
		die("book: a rollback failed: %s", err.text);
}

bool
db_savepoint(struct db *db, struct err *err)
{
	return db_say(db, sql_savepoint, err);
}

bool
db_release(struct db *db, struct err *err)
{
	if (!db_in_transaction(db))
		return err_set(err, ERR_TEMPORARY, "The transaction was rolled back.");
	return db_say(db, sql_release, err);
}

bool
db_undo(struct db *db)
{
	struct err err = { 0 };

	if (!db_in_transaction(db))
		return false;
	if (!db_say(db, sql_undo, &err) || !db_say(db, sql_release, &err))
		die("book: an act could not be undone: %s", err.text);
	return true;
}

bool
db_read_begin(struct db *db, struct err *err)
{
	return db_say(db, sql_begin_read, err);
}

void
db_read_end(struct db *db)
{
	db_rollback(db);
}

bool
db_changed(struct db *db)
{
	struct err err = { 0 };
	int64_t version = 0;

	if (!db_number(db, sql_data_version, DB_NO_VALUES, &version, &err))
		return true;
	if (version == db->data_version)
		return false;
	db->data_version = version;
	return true;
}

const char *const db_turn_statements[] = { sql_begin, sql_begin_read, sql_commit, sql_rollback,
	sql_savepoint, sql_release, sql_undo, sql_data_version, NULL };
