/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/db_tend.c: what keeps the book small and quick: checkpoints, merging the search
 * index, copies, the check. */
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "store/db.h"
#include "store/db_inside.h"
#include "store/statements.h"

enum {
	MERGE_START = 32, /* pages of the first slice */
	MERGE_MOST = 1024,
	MERGE_SLICE_MS = 20, /* what a slice should stay below */
	MERGE_BEHIND = 32    /* commits without idle time, then a slice is due anyhow */
};

static const char sql_page_size[] = "PRAGMA page_size";
static const char sql_passive[] = "PRAGMA wal_checkpoint(PASSIVE)";
static const char sql_truncate[] = "PRAGMA wal_checkpoint(TRUNCATE)";
static const char sql_merge[] = "INSERT INTO search (search, rank) VALUES ('merge', $1)";
static const char sql_copy[] = "VACUUM INTO $1";
/* Those that have pages of their own. */
static const char sql_table_after[] = "SELECT name FROM sqlite_schema AS small"
				      " WHERE type = 'table' AND rootpage > 0 AND name > $1"
				      " ORDER BY name"
				      " LIMIT 1";
static const char sql_quick[] = "SELECT quick_check FROM pragma_quick_check($1)";
static const char sql_integrity[] = "PRAGMA integrity_check(1)";
static const char sql_foreign_keys[] = "PRAGMA foreign_key_check";
static const char sql_search_check[] =
    "INSERT INTO search (search, rank) VALUES ('integrity-check', 0)";

static int64_t
page_size(struct db *db)
{
	struct err err = { 0 };

	if (db->page_size == 0 && !db_number(db, sql_page_size, DB_NO_VALUES, &db->page_size, &err))
		db->page_size = 4096;
	return db->page_size;
}

/* Octets of the WAL file as of the last commit. */
static int64_t
wal_size(const struct db *db)
{
	return db->wal_pages * (db->page_size != 0 ? db->page_size : 4096);
}

/* Says it and tells whether readers stood in the way. A failed fsync is final. */
static bool
run_checkpoint(struct db *db, const char *sql)
{
	struct db_cursor cursor;
	struct err err = { 0 };
	bool is_busy;

	db_query(db, sql, DB_NO_VALUES, &cursor);
	is_busy = !db_next(&cursor) || db_int(&cursor, 0) != 0;
	db_die_of_disk(db, cursor.code, "a checkpoint");
	if (!db_end(&cursor, &err))
		log_warn("event=checkpoint_failed text=%s", log_text(span_of(err.text)));
	return is_busy;
}

/* PASSIVE waits for nobody, but as long as readers overlap the WAL is never begun anew;
 * TRUNCATE waits for them a little. Where it cannot, it has done what PASSIVE does. */
static void
checkpoint(struct db *db, bool truncate)
{
	if (truncate) {
		db_wait(db, DB_TRUNCATE_WAIT_MS);
		if (!run_checkpoint(db, sql_truncate))
			db->wal_pages = 0;
		db_wait(db, 0);
	} else {
		run_checkpoint(db, sql_passive);
	}
	db->wal_tended = db->wal_pages;
}

/* One slice. True if there is more to merge. The size of slices follows their time. */
static bool
merge(struct db *db)
{
	int64_t changes = db_total_changes(db);
	int64_t start = clock_ticks_ms();
	struct err err = { 0 };
	int64_t took;

	if (db->merge_pages == 0)
		db->merge_pages = MERGE_START;
	if (!db_do(db, sql_merge, DB_VALUES(DB_INT(db->merge_pages)), NULL, &err)) {
		log_warn("event=merge_failed text=%s", log_text(span_of(err.text)));
		db->merge_debt = 0;
		return false;
	}
	took = clock_ticks_ms() - start;
	if (took > MERGE_SLICE_MS / 2 && db->merge_pages > 1)
		db->merge_pages /= 2;
	else if (took < MERGE_SLICE_MS / 5 && db->merge_pages < MERGE_MOST)
		db->merge_pages *= 2;
	/* FTS5: fewer than two changes say that nothing was merged. */
	if (db_total_changes(db) - changes >= 2)
		return true;
	db->merge_debt = 0;
	return false;
}

void
db_tend(struct db *db)
{
	int64_t grown;

	if (db->merge_debt >= MERGE_BEHIND && merge(db))
		db->merge_debt = MERGE_BEHIND / 2;
	if (db->wal_pages < db->wal_tended)
		db->wal_tended = 0;
	grown = (db->wal_pages - db->wal_tended) * page_size(db);
	if (grown >= DB_WAL_PASSIVE)
		checkpoint(db, wal_size(db) > DB_WAL_TRUNCATE);
}

bool
db_idle(struct db *db)
{
	bool more = db->merge_debt > 0 && merge(db);

	db_tend(db);
	return more;
}

static int64_t
size_of(const struct db *db, const char *name)
{
	struct buf path = { 0 };
	struct stat found;
	bool there;

	buf_printf(&path, "%s/%s", db->folder, name);
	there = stat(buf_text(&path), &found) == 0;
	buf_free(&path);
	return there ? (int64_t)found.st_size : 0;
}

void
db_sizes(const struct db *db, int64_t *book, int64_t *wal)
{
	*book = size_of(db, "preau.db");
	*wal = size_of(db, "preau.db-wal");
}

static bool
sync_file(const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool done = fd >= 0 && fsync(fd) == 0;

	file_close(&fd);
	return done || err_set(err, ERR_TEMPORARY, "The copy could not be brought to the disk.");
}

bool
db_copy(struct db *db, const char *path, struct err *err)
{
	bool done;

	if (file_exists(path))
		return err_set(
		    err, ERR_CONFLICT, "There is something at the place of the copy already.");
	db_allow_attach(db, true);
	done = db_do(db, sql_copy, DB_VALUES(DB_WORD(path)), NULL, err);
	db_allow_attach(db, false);
	return done && sync_file(path, err);
}

static bool
check_rows(struct db *db, struct err *err)
{
	struct db_cursor cursor;
	bool good;

	db_query(db, sql_integrity, DB_NO_VALUES, &cursor);
	good = db_next(&cursor) && span_is(db_octets(&cursor, 0), "ok");
	if (!db_end(&cursor, err))
		return false;
	return good ||
	       err_set(err, ERR_BROKEN, "The book is damaged: integrity_check finds faults.");
}

static bool
check_keys(struct db *db, struct err *err)
{
	struct db_cursor cursor;
	bool found;

	db_query(db, sql_foreign_keys, DB_NO_VALUES, &cursor);
	found = db_next(&cursor);
	if (found)
		err_set(err, ERR_BROKEN,
		    "The book is damaged: row %" PRId64 " of " SPAN_FORMAT " points to nothing.",
		    db_int(&cursor, 1), SPAN_ARGS(db_octets(&cursor, 0)));
	return db_end(&cursor, err) && !found;
}

bool
db_check(struct db *db, struct err *err)
{
	return check_rows(db, err) && check_keys(db, err) &&
	       (db->is_reader || db_do(db, sql_search_check, DB_NO_VALUES, NULL, err));
}

struct table_row {
	const char *name;
};

bool
db_table_after(struct db *db, struct arena *arena, const char *last, const char **name,
    struct err *err)
{
	static const struct db_field columns[] = { DB_FIELD(TEXT, struct table_row, name) };
	static const struct db_fields fields = DB_FIELDS(struct table_row, columns);
	struct table_row row = { "" };

	*name = "";
	if (!db_one(db, arena, sql_table_after, DB_VALUES(DB_WORD(last)), &fields, &row, err))
		return err_forgive(err, ERR_NOT_FOUND);
	*name = row.name;
	return true;
}

bool
db_check_table(struct db *db, const char *name, struct err *err)
{
	struct db_cursor cursor;
	bool good;

	db_query(db, sql_quick, DB_VALUES(DB_WORD(name)), &cursor);
	good = db_next(&cursor) && span_is(db_octets(&cursor, 0), "ok");
	if (!db_end(&cursor, err))
		return false;
	return good ||
	       err_set(err, ERR_BROKEN, "The book is damaged: quick_check finds faults in table %s.",
		   name);
}

const char *const db_tend_statements[] = { sql_page_size, sql_passive, sql_truncate, sql_merge,
	sql_copy, sql_table_after, sql_quick, sql_integrity, sql_foreign_keys, sql_search_check, NULL };
