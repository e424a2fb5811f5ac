/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "store/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/token.h"
#include "store/db.h"
#include "store/statements.h"

enum { SLICE = 64 * 1024, HEX_ROOM = SHA256_SIZE * 2 + 1, KEYS_MAX = 64 * 1024 };

/* "copied" tells the plans of these two whole readings from others (tests/unit/test_db.c). */
static const char sql_files[] = "SELECT DISTINCT hash FROM raw copied WHERE octets IS NULL";
static const char sql_inline[] = "SELECT hash, octets, id FROM raw copied WHERE octets IS NOT NULL";

struct work {
	const char *data;
	char part[PATH_MAX]; /* the folder while it has no name yet */
	struct backup *backup;
};

static bool
trouble(struct err *err, const char *path)
{
	return err_set(err, ERR_TEMPORARY, "%s: %s", path, strerror(errno));
}

static bool
path_in(char out[PATH_MAX], const char *folder, const char *name, struct err *err)
{
	int len = snprintf(out, PATH_MAX, "%s/%s", folder, name);

	return (len > 0 && len < PATH_MAX) || err_set(err, ERR_INVALID, "The path is too long.");
}

/* Not there, or a folder with nothing in it. */
static bool
is_free(const char *target, struct err *err)
{
	DIR *folder = opendir(target);
	const struct dirent *entry;
	bool empty = true;

	if (folder == NULL && errno == ENOENT)
		return true;
	if (folder == NULL)
		return err_set(err, ERR_CONFLICT, "%s: %s", target, strerror(errno));
	while (empty && (entry = readdir(folder)) != NULL)
		empty = !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..");
	closedir(folder);
	return empty || err_set(err, ERR_CONFLICT,
			    "%s is not empty: a backup wants a folder of its own.", target);
}

/* Octets of the book as it lies there, what waits in the WAL counted. */
static int64_t
book_octets(const char *data, struct err *err)
{
	static const char *const names[] = { "preau.db", "preau.db-wal" };
	char path[PATH_MAX];
	struct stat st;
	int64_t octets = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (path_in(path, data, names[i], err) && stat(path, &st) == 0)
			octets += st.st_size;
	return octets;
}

/* Said before an hour of copying, not after it. The copy may still meet a full disk. */
static bool
has_room(const struct work *work, struct err *err)
{
	struct statvfs disk;
	int64_t wanted = book_octets(work->data, err), room;

	if (statvfs(work->part, &disk) != 0)
		return trouble(err, work->part);
	room = (int64_t)disk.f_bavail * (int64_t)disk.f_frsize;
	return room > wanted || err_set(err, ERR_TEMPORARY,
				    "There is no room for the backup: the book has %" PRId64
				    " octets, the disk %" PRId64 " free.",
				    wanted, room);
}

/* ---- the copy ---- */

static bool
copy_octets(int from, int to, struct err *err)
{
	char slice[SLICE];
	ssize_t got;

	while ((got = read(from, slice, sizeof(slice))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return trouble(err, "reading a blob");
		if (!file_write_fd(to, span_make(slice, (size_t)got), err))
			return trouble(err, "writing a blob");
	}
	return fsync(to) == 0 || trouble(err, "writing a blob");
}

/* A hard link where the file system can, else the octets. */
static bool
carry(const char *from, const char *to, struct err *err)
{
	int in, out;
	bool done;

	if (link(from, to) == 0)
		return true;
	if (errno == ENOENT)
		return err_set(err, ERR_BROKEN, "The blob %s is not there.", from);
	if (errno != EXDEV && errno != EPERM && errno != EMLINK && errno != EOPNOTSUPP)
		return trouble(err, from);
	in = open(from, O_RDONLY | O_CLOEXEC);
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	done = in >= 0 && out >= 0 ? copy_octets(in, out, err) : trouble(err, from);
	file_close(&in);
	file_close(&out);
	return done;
}

static bool
copy_book(const struct work *work, struct err *err)
{
	struct db *db;
	char path[PATH_MAX];
	struct stat st;
	bool done;

	if (!path_in(path, work->part, "preau.db", err) || !db_open_copier(work->data, &db, err))
		return false;
	done = db_copy(db, path, err);
	db_close(&db);
	if (!done)
		return false;
	if (chmod(path, 0640) != 0 || stat(path, &st) != 0)
		return trouble(err, path);
	work->backup->octets = st.st_size;
	return true;
}

static bool
copy_keys(const struct work *work, struct err *err)
{
	char from[PATH_MAX], to[PATH_MAX];
	struct buf keys = { 0 };
	bool done = path_in(from, work->data, "keys", err) &&
		    path_in(to, work->part, "keys", err) && file_read(from, KEYS_MAX, &keys, err) &&
		    file_write(to, buf_span(&keys), 0600, err);

	token_wipe(keys.data, keys.len);
	buf_free(&keys);
	return done;
}

/* ---- the check: of the copy, by its own octets ---- */

static bool
hash_file(const char *path, uint8_t hash[SHA256_SIZE], struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct sha256 *h;
	char slice[SLICE];
	ssize_t got;

	if (fd < 0)
		return err_set(err, ERR_BROKEN, "%s: %s", path, strerror(errno));
	h = sha256_new();
	while ((got = read(fd, slice, sizeof(slice))) > 0)
		sha256_add(h, slice, (size_t)got);
	sha256_end(&h, hash);
	file_close(&fd);
	return got == 0 || trouble(err, path);
}

static bool
carry_blob(const struct work *work, struct span wanted, struct err *err)
{
	char hex[HEX_ROOM], name[HEX_ROOM + 8], from[PATH_MAX], to[PATH_MAX];
	uint8_t hash[SHA256_SIZE];

	token_hex(wanted.data, wanted.len, hex);
	(void)snprintf(name, sizeof(name), "blobs/%s", hex);
	if (!path_in(from, work->data, name, err) || !path_in(to, work->part, name, err) ||
	    !carry(from, to, err) || !hash_file(to, hash, err))
		return false;
	work->backup->blobs++;
	return span_equal(wanted, span_make((const char *)hash, SHA256_SIZE)) ||
	       err_set(
		   err, ERR_BROKEN, "The blob %s is damaged: its octets are not what came.", hex);
}

static bool
carry_blobs(const struct work *work, struct db *db, struct err *err)
{
	struct db_cursor cursor;
	bool good = true;

	db_open(db, sql_files, DB_NO_VALUES, &cursor);
	while (good && db_next(&cursor))
		good = carry_blob(work, db_octets(&cursor, 0), err);
	return good ? db_end(&cursor, err) : (db_end(&cursor, &(struct err){ 0 }), false);
}

static bool
check_inline(struct db *db, struct err *err)
{
	struct db_cursor cursor;
	uint8_t hash[SHA256_SIZE];
	int64_t bad = 0;

	db_open(db, sql_inline, DB_NO_VALUES, &cursor);
	while (bad == 0 && db_next(&cursor)) {
		token_sha256(db_octets(&cursor, 1), hash);
		if (!span_equal(db_octets(&cursor, 0), span_make((const char *)hash, SHA256_SIZE)))
			bad = db_int(&cursor, 2);
	}
	if (!db_end(&cursor, err))
		return false;
	return bad == 0 ||
	       err_set(err, ERR_BROKEN,
		   "The message %" PRId64 " is damaged: its octets are not what came.", bad);
}

static bool
carry_and_check(const struct work *work, struct err *err)
{
	struct db *db;
	bool good;

	if (!db_open_writer(work->part, &db, err))
		return false;
	good = db_check(db, err) && carry_blobs(work, db, err) && check_inline(db, err);
	db_close(&db);
	return good;
}

/* ---- the whole ---- */

static void
remove_within(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;

	if (folder == NULL)
		return;
	while ((entry = readdir(folder)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			(void)unlinkat(dirfd(folder), entry->d_name, 0);
	closedir(folder);
}

static void
remove_part(const char *part)
{
	char blobs[PATH_MAX];

	if (path_in(blobs, part, "blobs", &(struct err){ 0 })) {
		remove_within(blobs);
		(void)rmdir(blobs);
	}
	remove_within(part);
	(void)rmdir(part);
}

static bool
fill(const struct work *work, struct err *err)
{
	char blobs[PATH_MAX];

	return has_room(work, err) && path_in(blobs, work->part, "blobs", err) &&
	       file_make_folder(blobs, 0750, err) && copy_book(work, err) &&
	       carry_and_check(work, err) && copy_keys(work, err) && file_sync_folder(blobs, err) &&
	       file_sync_folder(work->part, err);
}

/* rename() takes the place of an empty folder, and of no other. */
static bool
give_name(const char *part, const char *target, struct err *err)
{
	char parent[PATH_MAX];
	char *slash;

	if (rename(part, target) != 0)
		return trouble(err, target);
	(void)snprintf(parent, sizeof(parent), "%s", target);
	slash = strrchr(parent, '/');
	if (slash == NULL)
		return file_sync_folder(".", err);
	slash[slash == parent ? 1 : 0] = '\0';
	return file_sync_folder(parent, err);
}

bool
backup_make(const char *data, const char *target, struct backup *backup, struct err *err)
{
	struct work work = { .data = data, .backup = backup };
	char clean[PATH_MAX];
	uint64_t random = token_random_u64();
	size_t len = strlen(target);

	*backup = (struct backup){ 0 };
	while (len > 1 && target[len - 1] == '/')
		len--;
	if (len == 0 || len > PATH_MAX - 64)
		return err_set(err, ERR_INVALID, "This cannot be the name of a folder.");
	(void)snprintf(clean, sizeof(clean), "%.*s", (int)len, target);
	(void)snprintf(
	    work.part, sizeof(work.part), "%.*s.%08x.partial", (int)len, target, (unsigned)random);
	if (!is_free(clean, err))
		return false;
	if (mkdir(work.part, 0700) != 0)
		return trouble(err, work.part);
	if (fill(&work, err) && give_name(work.part, clean, err))
		return true;
	remove_part(work.part);
	return false;
}

const char *const backup_statements[] = { sql_files, sql_inline, NULL };
