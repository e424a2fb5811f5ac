/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "store/folder_copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/token.h"
#include "store/db.h"
#include "store/raw.h"
#include "store/sound.h"

enum { SLICE = 64 * 1024, KEYS_MAX = 64 * 1024 };

bool
folder_trouble(const char *path, struct err *err)
{
	return err_set(err, ERR_TEMPORARY, "%s: %s", path, strerror(errno));
}

bool
folder_path(char out[PATH_MAX], const char *folder, const char *name, struct err *err)
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
			    "%s is not empty: the copy wants a folder of its own.", target);
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
		if (folder_path(path, data, names[i], err) && stat(path, &st) == 0)
			octets += st.st_size;
	return octets;
}

/* Said before an hour of copying, not after it. The copy may still meet a full disk. */
static bool
has_room(const struct folder_copy *copy, struct err *err)
{
	struct statvfs disk;
	int64_t wanted = book_octets(copy->from, err), room;

	if (statvfs(copy->part, &disk) != 0)
		return folder_trouble(copy->part, err);
	room = (int64_t)disk.f_bavail * (int64_t)disk.f_frsize;
	return room > wanted || err_set(err, ERR_TEMPORARY,
				    "There is no room for the copy: the book has %" PRId64
				    " octets, the disk %" PRId64 " free.",
				    wanted, room);
}

/* ---- files ---- */

static bool
copy_octets(int from, int to, struct err *err)
{
	char slice[SLICE];
	ssize_t got;

	while ((got = read(from, slice, sizeof(slice))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return folder_trouble("reading what is copied", err);
		if (!file_write_fd(to, span_make(slice, (size_t)got), err))
			return folder_trouble("writing the copy", err);
	}
	return fsync(to) == 0 || folder_trouble("writing the copy", err);
}

bool
folder_copy_file(const char *from, const char *to, mode_t mode, struct err *err)
{
	int in = open(from, O_RDONLY | O_CLOEXEC), out = -1;
	bool done = in >= 0;

	if (done) {
		out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
		done = out >= 0;
	}
	done = done ? copy_octets(in, out, err) : folder_trouble(from, err);
	file_close(&in);
	file_close(&out);
	return done;
}

/* A hard link where that is wanted and the file system can, else the octets. */
static bool
carry(const char *from, const char *to, bool by_link, struct err *err)
{
	if (!file_exists(from))
		return err_set(err, ERR_BROKEN, "The blob %s is not there.", from);
	if (by_link && link(from, to) == 0)
		return true;
	if (by_link && errno != EXDEV && errno != EPERM && errno != EMLINK && errno != EOPNOTSUPP)
		return folder_trouble(from, err);
	return folder_copy_file(from, to, 0640, err);
}

bool
folder_copy_keys(const struct folder_copy *copy, struct err *err)
{
	char from[PATH_MAX], to[PATH_MAX];
	struct buf keys = { 0 };
	bool done = folder_path(from, copy->from, "keys", err) &&
		    folder_path(to, copy->part, "keys", err) &&
		    file_read(from, KEYS_MAX, &keys, err) &&
		    file_write(to, buf_span(&keys), 0600, err);

	token_wipe(keys.data, keys.len);
	buf_free(&keys);
	return done;
}

struct carrying {
	const struct folder_copy *copy;
	bool by_link;
};

static bool
carry_blob(void *context, struct span hash, struct err *err)
{
	const struct carrying *carrying = context;
	const struct folder_copy *copy = carrying->copy;
	char name[RAW_NAME_ROOM], from[PATH_MAX], to[PATH_MAX];

	raw_name(hash, name);
	copy->counts->blobs++;
	return folder_path(from, copy->from, name, err) && folder_path(to, copy->part, name, err) &&
	       carry(from, to, carrying->by_link, err) && sound_blob(copy->part, hash, err);
}

bool
folder_copy_blobs(const struct folder_copy *copy, struct db **book, bool by_link, struct err *err)
{
	struct carrying carrying = { copy, by_link };
	struct sound sound = { 0 };
	char blobs[PATH_MAX];
	bool good =
	    sound_book(*book, &sound, err) && sound_verdict(&sound, err) &&
	    folder_path(blobs, copy->part, "blobs", err) && file_make_folder(blobs, 0750, err) &&
	    raw_each_file(*book, carry_blob, &carrying, err) && file_sync_folder(blobs, err);

	sound_free(&sound);
	db_close(book);
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

/* What store/ makes within it, the innermost first. */
static void
remove_part(const char *part)
{
	static const char *const folders[] = { "blobs/tmp", "blobs", "." };
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (folder_path(path, part, folders[i], &(struct err){ 0 })) {
			remove_within(path);
			(void)rmdir(path);
		}
	(void)rmdir(part);
}

/* rename() takes the place of an empty folder, and of no other. */
static bool
give_name(const char *part, const char *target, struct err *err)
{
	char parent[PATH_MAX];
	char *slash;

	if (rename(part, target) != 0)
		return folder_trouble(target, err);
	(void)snprintf(parent, sizeof(parent), "%s", target);
	slash = strrchr(parent, '/');
	if (slash == NULL)
		return file_sync_folder(".", err);
	slash[slash == parent ? 1 : 0] = '\0';
	return file_sync_folder(parent, err);
}

bool
folder_copy_begin(struct folder_copy *copy, const char *from, const char *target,
    struct folder_counts *counts, struct err *err)
{
	size_t len = strlen(target);

	*counts = (struct folder_counts){ 0 };
	copy->from = from;
	copy->counts = counts;
	while (len > 1 && target[len - 1] == '/')
		len--;
	if (len == 0 || len > PATH_MAX - 64)
		return err_set(err, ERR_INVALID, "This cannot be the name of a folder.");
	(void)snprintf(copy->target, sizeof(copy->target), "%.*s", (int)len, target);
	(void)snprintf(copy->part, sizeof(copy->part), "%.*s.%08x.partial", (int)len, target,
	    (unsigned)token_random_u64());
	if (!is_free(copy->target, err))
		return false;
	if (mkdir(copy->part, 0700) != 0)
		return folder_trouble(copy->part, err);
	if (has_room(copy, err))
		return true;
	return folder_copy_end(copy, false, err);
}

bool
folder_copy_end(const struct folder_copy *copy, bool good, struct err *err)
{
	if (good && file_sync_folder(copy->part, err) && give_name(copy->part, copy->target, err))
		return true;
	remove_part(copy->part);
	return false;
}
