/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/restore.c: a data folder made from a backup. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/backup.h"
#include "store/migrate.h"

/* The second is there where the folder was copied while somebody served it, or after a crash. */
static bool
copy_book(const struct folder_copy *copy, struct err *err)
{
	static const char *const names[] = { "preau.db", "preau.db-wal" };
	char from[PATH_MAX], to[PATH_MAX];
	struct stat st;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!folder_path(from, copy->from, names[i], err) ||
		    !folder_path(to, copy->part, names[i], err))
			return false;
		if (stat(from, &st) != 0)
			continue;
		if (!folder_copy_file(from, to, 0640, err))
			return false;
		copy->counts->octets += st.st_size;
	}
	return true;
}

/* Plain files of a folder, but not the keys: those stay the supervisor's. */
static bool
give_files(const char *path, const struct restore_owner *owner, struct err *err)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	struct stat st;
	bool good = true;

	if (folder == NULL)
		return folder_trouble(path, err);
	while (good && (entry = readdir(folder)) != NULL) {
		if (fstatat(dirfd(folder), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
		    !S_ISREG(st.st_mode) || span_is(span_of(entry->d_name), "keys"))
			continue;
		good = fchownat(dirfd(folder), entry->d_name, owner->user, owner->group,
			   AT_SYMLINK_NOFOLLOW) == 0 ||
		       folder_trouble(entry->d_name, err);
	}
	closedir(folder);
	return good;
}

static bool
give_folder(const char *path, const struct restore_owner *owner, struct err *err)
{
	if (owner->set &&
	    (!give_files(path, owner, err) ||
		(chown(path, owner->user, owner->group) != 0 && !folder_trouble(path, err))))
		return false;
	return chmod(path, 02750) == 0 || folder_trouble(path, err);
}

static bool
give(const struct folder_copy *copy, const struct restore_owner *owner, struct err *err)
{
	char path[PATH_MAX];

	return folder_path(path, copy->part, "blobs/tmp", err) && give_folder(path, owner, err) &&
	       folder_path(path, copy->part, "blobs", err) && give_folder(path, owner, err) &&
	       give_folder(copy->part, owner, err);
}

bool
restore_make(const char *folder, const char *data, const struct restore_owner *owner,
    struct folder_counts *counts, struct err *err)
{
	struct folder_copy copy;
	struct db *db;
	char book[PATH_MAX];

	if (!folder_path(book, folder, "preau.db", err))
		return false;
	if (!file_exists(book))
		return err_set(err, ERR_NOT_FOUND, "There is no book in %s.", folder);
	if (!folder_copy_begin(&copy, folder, data, counts, err))
		return false;
	return folder_copy_end(&copy,
	    copy_book(&copy, err) && migrate_open(copy.part, &db, err) &&
		folder_copy_blobs(&copy, &db, false, err) && folder_copy_keys(&copy, err) &&
		give(&copy, owner, err),
	    err);
}
