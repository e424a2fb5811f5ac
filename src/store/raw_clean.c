/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/raw_clean.c: what a door or a clerk left half done goes after an hour. */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "store/raw.h"

enum { ORPHAN_AGE = 3600, FILES_MAX = 10000 };

/* Old plain files of a folder; *left counts down what may be looked at still. */
static int
clean_folder(const char *path, int64_t now, int *left)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	struct stat found;
	int gone = 0;

	if (folder == NULL)
		return 0;
	while (*left > 0 && (entry = readdir(folder)) != NULL) {
		--*left;
		if (fstatat(dirfd(folder), entry->d_name, &found, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		if (!S_ISREG(found.st_mode) || found.st_mtime > now - ORPHAN_AGE)
			continue;
		if (unlinkat(dirfd(folder), entry->d_name, 0) == 0)
			gone++;
	}
	closedir(folder);
	return gone;
}

/* Each folder of spool/, one for a role. */
static int
clean_spool(const char *path, int64_t now, int *left)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	struct buf inside = { 0 };
	int gone = 0;

	if (folder == NULL)
		return 0;
	while (*left > 0 && (entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		buf_clear(&inside);
		buf_printf(&inside, "%s/%s", path, entry->d_name);
		gone += clean_folder(buf_text(&inside), now, left);
	}
	buf_free(&inside);
	closedir(folder);
	return gone;
}

void
raw_clean(const char *folder, int64_t now)
{
	struct buf path = { 0 };
	int left = FILES_MAX;
	int gone;

	buf_printf(&path, "%s/blobs/tmp", folder);
	gone = clean_folder(buf_text(&path), now, &left);
	buf_clear(&path);
	buf_printf(&path, "%s/spool", folder);
	gone += clean_spool(buf_text(&path), now, &left);
	if (gone > 0)
		log_info("event=orphans_removed files=%d", gone);
	buf_free(&path);
}
