/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Whole files. A file is written beside its place and renamed, so that a reader
 * or a power cut meets the old one or the new one, never a half. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/token.h"

enum { FILE_SLICE = 16 * 1024 /* octets of one read */ };

/* Kinds are few: not there, no room for now, and whatever else. */
static bool
file_err(struct err *err, const char *verb, const char *path)
{
	int code = errno;
	enum err_kind kind = ERR_BROKEN;

	if (code == ENOENT || code == ENOTDIR)
		kind = ERR_NOT_FOUND;
	else if (code == ENOSPC || code == EDQUOT || code == EAGAIN || code == EMFILE ||
		 code == ENFILE || code == ENOMEM)
		kind = ERR_TEMPORARY;
	return err_set(err, kind, "cannot %s %s: %s", verb, path, strerror(code));
}

static bool
file_read_named(int fd, const char *name, size_t max, struct buf *out, struct err *err)
{
	char slice[FILE_SLICE];
	size_t start = out->len, total = 0;

	for (;;) {
		ssize_t got = pread(fd, slice, sizeof(slice), (off_t)total);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			(void)file_err(err, "read", name);
			break;
		}
		if (got == 0)
			return true;
		total += (size_t)got;
		if (total > max) {
			(void)err_set(err, ERR_INVALID, "%s has over %zu octets", name, max);
			break;
		}
		buf_add(out, slice, (size_t)got);
		if (!buf_ok(out)) {
			(void)err_set(err, ERR_INVALID, "%s is too long for its buffer", name);
			break;
		}
	}
	out->len = start;
	if (out->data != NULL)
		out->data[start] = '\0';
	return false;
}

bool
file_read(const char *path, size_t max, struct buf *out, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	bool ok;

	if (fd < 0)
		return file_err(err, "open", path);
	ok = file_read_named(fd, path, max, out, err);
	file_close(&fd);
	return ok;
}

bool
file_read_fd(int fd, size_t max, struct buf *out, struct err *err)
{
	return file_read_named(fd, "the descriptor", max, out, err);
}

/* Length of the folder's part of a path, its slash counted. */
static size_t
folder_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? 0 : (size_t)(slash - path) + 1;
}

/* Hidden, so that whoever lists the folder meanwhile passes over it. */
static bool
temporary_name(const char *path, char out[PATH_MAX], struct err *err)
{
	int folder = (int)folder_len(path), len;
	char letters[17];
	uint64_t random = token_random_u64();

	token_hex(&random, sizeof(random), letters);
	len = snprintf(out, PATH_MAX, "%.*s.%s.tmp", folder, path, letters);
	if (len < 0 || len >= PATH_MAX)
		return err_set(err, ERR_INVALID, "a path is too long");
	return true;
}

static bool
sync_folder_of(const char *path, struct err *err)
{
	char folder[PATH_MAX];
	size_t len = folder_len(path);

	if (len == 0)
		return file_sync_folder(".", err);
	(void)snprintf(folder, sizeof(folder), "%.*s", (int)len, path);
	return file_sync_folder(folder, err);
}

/* fchmod: the mode asked for holds whatever the umask is. */
static bool
fill_temporary(const char *path, struct span data, mode_t mode, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool ok;

	if (fd < 0)
		return file_err(err, "make", path);
	ok = file_write_fd(fd, data, err);
	if (ok && (fchmod(fd, mode) != 0 || fsync(fd) != 0))
		ok = file_err(err, "sync", path);
	file_close(&fd);
	return ok;
}

bool
file_write(const char *path, struct span data, mode_t mode, struct err *err)
{
	char temporary[PATH_MAX];

	if (!temporary_name(path, temporary, err))
		return false;
	if (!fill_temporary(temporary, data, mode, err)) {
		(void)unlink(temporary);
		return false;
	}
	if (rename(temporary, path) != 0) {
		(void)file_err(err, "write", path);
		(void)unlink(temporary);
		return false;
	}
	return sync_folder_of(path, err);
}

bool
file_write_fd(int fd, struct span data, struct err *err)
{
	while (data.len > 0) {
		ssize_t done = write(fd, data.data, data.len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return file_err(err, "write to", "the descriptor");
		data = span_from(data, (size_t)done);
	}
	return true;
}

bool
file_sync_folder(const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok;

	if (fd < 0)
		return file_err(err, "open the folder", path);
	ok = fsync(fd) == 0 || file_err(err, "sync the folder", path);
	file_close(&fd);
	return ok;
}

bool
file_make_folder(const char *path, mode_t mode, struct err *err)
{
	struct stat there;

	if (mkdir(path, mode) == 0)
		return true;
	if (errno != EEXIST)
		return file_err(err, "make the folder", path);
	if (stat(path, &there) != 0 || !S_ISDIR(there.st_mode))
		return err_set(err, ERR_INVALID, "%s is not a folder", path);
	return true;
}

bool
file_exists(const char *path)
{
	struct stat there;

	return stat(path, &there) == 0;
}

int
file_memory(const char *name, struct span data)
{
	struct err err = { 0 };
	int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd < 0)
		die("no memory file: %s", strerror(errno));
	if (!file_write_fd(fd, data, &err))
		die("no memory file: %s", err.text);
	if (lseek(fd, 0, SEEK_SET) != 0)
		die("no memory file: %s", strerror(errno));
	return fd;
}

void
file_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
	errno = saved;
}
