/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "store/backup.h"

#include <sys/stat.h>

#include "store/db.h"

static bool
copy_book(const struct folder_copy *copy, struct err *err)
{
	struct db *db;
	char path[PATH_MAX];
	struct stat st;
	bool done;

	if (!folder_path(path, copy->part, "preau.db", err) ||
	    !db_open_copier(copy->from, &db, err))
		return false;
	done = db_copy(db, path, err);
	db_close(&db);
	if (!done)
		return false;
	if (chmod(path, 0640) != 0 || stat(path, &st) != 0)
		return folder_trouble(path, err);
	copy->counts->octets = st.st_size;
	return true;
}

bool
backup_make(const char *data, const char *target, struct folder_counts *counts, struct err *err)
{
	struct folder_copy copy;
	struct db *db;

	if (!folder_copy_begin(&copy, data, target, counts, err))
		return false;
	return folder_copy_end(&copy,
	    copy_book(&copy, err) && db_open_writer(copy.part, &db, err) &&
		folder_copy_blobs(&copy, &db, true, err) && folder_copy_keys(&copy, err),
	    err);
}
