/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/raw_clean.c: what a door or a clerk left half done goes after an hour, and a blob that no
 * row names after a day. */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/token.h"
#include "store/db.h"
#include "store/raw.h"
#include "store/statements.h"

enum { ORPHAN_AGE = 3600, BLOB_AGE = 86400, FILES_MAX = 10000, HEX_LEN = SHA256_SIZE * 2 };

static const char sql_named[] = "SELECT count(*) FROM raw WHERE hash = $1 AND octets IS NULL";

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

/* False where a row names it, and where that cannot be known. */
static bool
is_nameless(struct db *db, const char *name)
{
	uint8_t hash[SHA256_SIZE];
	int64_t rows = 1;

	return strlen(name) == HEX_LEN && token_unhex(span_of(name), hash, sizeof(hash)) &&
	       db_number(db, sql_named, DB_VALUES(DB_HASH(hash)), &rows, &(struct err){ 0 }) &&
	       rows == 0;
}

void
raw_sweep(struct db *db, int64_t now)
{
	const char turn = "0123456789abcdef"[now / 3600 % 16];
	struct buf path = { 0 };
	const struct dirent *entry;
	struct stat found;
	DIR *folder;
	int gone = 0;

	buf_printf(&path, "%s/blobs", db_folder(db));
	folder = opendir(buf_text(&path));
	buf_free(&path);
	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] != turn || !is_nameless(db, entry->d_name) ||
		    fstatat(dirfd(folder), entry->d_name, &found, AT_SYMLINK_NOFOLLOW) != 0 ||
		    !S_ISREG(found.st_mode) || found.st_mtime > now - BLOB_AGE)
			continue;
		if (unlinkat(dirfd(folder), entry->d_name, 0) == 0)
			gone++;
	}
	if (folder != NULL)
		closedir(folder);
	if (gone > 0)
		log_info("event=blobs_removed files=%d", gone);
}

const char *const raw_clean_statements[] = { sql_named, NULL };
