/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/db_trouble.c: what SQLite answers instead of doing it: for people, for the log, and for
 * who is told that the book, or the disk under it, is not sound. */
#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/db_inside.h"

/* A disk that is full, or a machine that has too much open, is none that fails. */
static bool
is_failing_disk(const struct db *db, int code)
{
	int number = sqlite3_system_errno(db->handle);

	if ((code & 0xff) != SQLITE_IOERR)
		return false;
	return number == EIO || number == ENXIO || number == EUCLEAN || number == EBADMSG ||
	       code == SQLITE_IOERR_SHORT_READ || code == SQLITE_IOERR_CORRUPTFS;
}

void
db_on_trouble(struct db *db, db_trouble_fn *fn, void *arg)
{
	db->on_trouble = fn;
	db->trouble_arg = arg;
}

void
db_tell_trouble(struct db *db, int code)
{
	char why[120];
	bool broken = (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;

	if (db->on_trouble == NULL || (!broken && !is_failing_disk(db, code)))
		return;
	snprintf(why, sizeof(why), "%s (SQLite %d: %s)",
	    broken ? "The book is damaged." : "The disk of the book fails.", code,
	    sqlite3_errstr(code));
	db->on_trouble(db->trouble_arg, why);
}

void
db_die_of_disk(struct db *db, int code, const char *what)
{
	if ((code & 0xff) != SQLITE_IOERR)
		return;
	db_tell_trouble(db, code);
	die("book: %s failed with code %d", what, code);
}

bool
db_damaged(struct db *db, const char *noun, int64_t id, struct err *err)
{
	db->damage++;
	log_error("event=damaged %s=%" PRId64, noun, id);
	return err_set(err, ERR_BROKEN, "%s %" PRId64 " is damaged: it is not what was written.",
	    noun, id);
}

int64_t
db_damage_count(const struct db *db)
{
	return db->damage;
}

/* ---- answers ---- */

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
bool
db_is_lost(const struct db *db)
{
	return db->lost_until != 0 && clock_ticks_ms() < db->lost_until;
}

static bool
fail_unreached(struct db *db, int code, const char *text, struct err *err)
{
	if (!db_is_lost(db)) {
		log_error("event=book_trouble code=%d errno=%d text=%s", code,
		    sqlite3_system_errno(db->handle), log_text(span_of(text)));
		db->lost_until = db->is_reader ? clock_ticks_ms() + DB_LOST_MS : 0;
	}
	return err_set(err, ERR_TEMPORARY, "The book cannot be reached just now.");
}

bool
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
