/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "store/migrate.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "store/db.h"
#include "store/migrations.h"
#include "store/post.h"
#include "store/raw.h"
#include "store/search.h"
#include "store/statements.h"

enum {
	APPLICATION_ID = 0x50726561, /* "Prea" */
	SEARCH_BY_DAY = 4,	     /* the version that numbers the index anew */
	POST_SUMS_KEPT = 7	     /* the version that keeps sums of posts */
};

static const char sql_wal[] = "PRAGMA journal_mode = WAL";
static const char sql_application[] = "PRAGMA application_id";
static const char sql_version[] = "PRAGMA user_version";
static const char sql_objects[] = "SELECT COUNT(*) FROM sqlite_schema";

int64_t
migrate_newest(void)
{
	return (int64_t)migration_count;
}

const char *
migrate_sql(int64_t version)
{
	if (version < 1 || version > migrate_newest())
		die("book: there is no migration %" PRId64, version);
	return migrations[version - 1];
}

bool
migrate_version(struct db *db, int64_t *version, struct err *err)
{
	return db_number(db, sql_version, DB_NO_VALUES, version, err);
}

bool
migrate_check(struct db *db, struct err *err)
{
	int64_t version;

	if (!migrate_version(db, &version, err))
		return false;
	return version == migrate_newest() ||
	       err_set(err, ERR_CONFLICT,
		   "The book is of version %" PRId64 ", this program works with version %" PRId64 ".",
		   version, migrate_newest());
}

/* An empty file of the right mode before SQLite sees it: readers are of another user, and
 * -wal and -shm take their mode from it. */
static bool
make_file(const char *folder, struct err *err)
{
	struct buf path = { 0 };
	int fd;
	bool done;

	buf_printf(&path, "%s/preau.db", folder);
	fd = open(buf_text(&path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	done = fd >= 0 || errno == EEXIST;
	if (fd >= 0)
		done = fchmod(fd, 0640) == 0 && fsync(fd) == 0;
	file_close(&fd);
	buf_free(&path);
	if (!done)
		return err_set(err, ERR_TEMPORARY, "The book cannot be made in %s.", folder);
	return file_sync_folder(folder, err);
}

static bool
make_folder(const char *folder, struct err *err)
{
	bool is_there = file_exists(folder);

	if (!file_make_folder(folder, 0750, err))
		return false;
	/* 2750: what is made inside keeps the group of the readers. */
	if (!is_there && chmod(folder, 02750) != 0)
		return err_set(err, ERR_TEMPORARY, "The folder %s cannot be made.", folder);
	return true;
}

/* Is it ours, and not newer than this program? */
static bool
check_book(struct db *db, int64_t *version, struct err *err)
{
	int64_t application;
	int64_t objects;

	if (!db_number(db, sql_application, DB_NO_VALUES, &application, err) ||
	    !db_number(db, sql_objects, DB_NO_VALUES, &objects, err) ||
	    !migrate_version(db, version, err))
		return false;
	if (application != APPLICATION_ID && (objects > 0 || application != 0))
		return err_set(err, ERR_CONFLICT, "preau.db is not a book of this program.");
	if (*version > migrate_newest())
		return err_set(err, ERR_CONFLICT,
		    "The book is of version %" PRId64 ", newer than this program, which knows up to"
		    " version %" PRId64 ": nothing was touched. Install the newer program.",
		    *version, migrate_newest());
	return true;
}

/* What SQL alone cannot do, in the transaction of its step. */
static bool
fill(struct db *db, int64_t version, struct err *err)
{
	if (version == SEARCH_BY_DAY)
		return search_fill(db, err);
	return version != POST_SUMS_KEPT || post_sum_fill(db, err);
}

static bool
run_one(struct db *db, int64_t version, struct err *err)
{
	struct buf marks = { 0 };
	bool done;

	buf_printf(&marks, "PRAGMA application_id = %d; PRAGMA user_version = %" PRId64,
	    APPLICATION_ID, version);
	done = db_begin(db, err) && db_script(db, migrate_sql(version), err) &&
	       fill(db, version, err) && db_script(db, buf_text(&marks), err) && db_commit(db, err);
	buf_free(&marks);
	if (!done)
		db_rollback(db);
	else
		log_info("event=book_migrated version=%" PRId64, version);
	return done;
}

/* A copy made earlier for the same step stays: it is the older one. */
static bool
copy_before(struct db *db, int64_t to, struct err *err)
{
	struct buf path = { 0 };
	bool done;

	buf_printf(&path, "%s/preau.db.before-%" PRId64, db_folder(db), to);
	done = file_exists(buf_text(&path)) || db_copy(db, buf_text(&path), err);
	if (done && chmod(buf_text(&path), 0600) != 0)
		done = err_set(err, ERR_TEMPORARY, "The copy of the book cannot be kept safe.");
	buf_free(&path);
	return done && file_sync_folder(db_folder(db), err);
}

static bool
migrate(struct db *db, struct err *err)
{
	int64_t version;

	if (!check_book(db, &version, err) || !db_do(db, sql_wal, DB_NO_VALUES, NULL, err))
		return false;
	if (version > 0 && version < migrate_newest() && !copy_before(db, version + 1, err))
		return false;
	while (version < migrate_newest())
		if (!run_one(db, ++version, err))
			return false;
	return raw_make_folders(db, err);
}

bool
migrate_open(const char *folder, struct db **db, struct err *err)
{
	*db = NULL;
	if (!make_folder(folder, err) || !make_file(folder, err) ||
	    !db_open_writer(folder, db, err))
		return false;
	if (migrate(*db, err))
		return true;
	db_close(db);
	return false;
}

const char *const migrate_statements[] = { sql_wal, sql_application, sql_version, sql_objects,
	NULL };
