/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/db_trouble.c: what says that the book, or the disk under it, is not sound. */
#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>

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
