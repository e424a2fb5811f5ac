/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "store/raw.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/file.h"
#include "base/log.h"
#include "store/db.h"
#include "store/statements.h"

enum { SLICE = 64 * 1024 };

/* "whole" tells the plan of a whole reading from others (tests/unit/test_db.c). */
static const char sql_files[] = "SELECT DISTINCT hash FROM raw whole WHERE octets IS NULL";
static const char sql_add[] = "INSERT INTO raw (hash, size, octets) VALUES ($1, $2, $3)";
static const char sql_find_file[] = "SELECT id FROM raw"
				    " WHERE hash = $1 AND octets IS NULL"
				    " ORDER BY id"
				    " LIMIT 1";
static const char sql_find[] =
    "SELECT id, hash, size, octets IS NULL, octets FROM raw WHERE id = $1";
static const char sql_find_head[] =
    "SELECT id, hash, size, octets IS NULL, NULL FROM raw WHERE id = $1";
static const char sql_some[] = "SELECT id, hash, size, octets IS NULL, octets FROM raw"
			       " WHERE id > $1"
			       " ORDER BY id"
			       " LIMIT $2";
static const char sql_next_file[] = "SELECT id, hash, size, 1, NULL FROM raw"
				    " WHERE octets IS NULL AND hash > $1"
				    " ORDER BY hash"
				    " LIMIT 1";

static const char sql_forget[] = "DELETE FROM raw WHERE id = $1"
				 "   AND NOT EXISTS (SELECT 1 FROM post WHERE raw = $1)"
				 "   AND NOT EXISTS (SELECT 1 FROM attachment WHERE raw = $1)"
				 "   AND NOT EXISTS (SELECT 1 FROM inbox WHERE raw = $1)";

/* clang-format off */
static const struct db_field raw_columns[] = {
	DB_FIELD(INT, struct raw, id),
	DB_FIELD(SPAN, struct raw, hash),
	DB_FIELD(INT, struct raw, size),
	DB_FIELD(BOOL, struct raw, is_file),
	DB_FIELD(SPAN, struct raw, octets),
};
/* clang-format on */
static const struct db_fields raw_fields = DB_FIELDS(struct raw, raw_columns);

bool
raw_make_folders(struct db *db, struct err *err)
{
	struct buf path = { 0 };
	bool done;

	buf_printf(&path, "%s/blobs", db_folder(db));
	done = file_make_folder(buf_text(&path), 0750, err);
	buf_add_text(&path, "/tmp");
	done = done && file_make_folder(buf_text(&path), 0700, err);
	done = done && file_sync_folder(db_folder(db), err);
	buf_free(&path);
	return done;
}

void
raw_name(struct span hash, char name[RAW_NAME_ROOM])
{
	memcpy(name, "blobs/", 6);
	token_hex(hash.data, hash.len, name + 6);
}

static void
blob_path(const struct db *db, struct span hash, struct buf *path)
{
	char name[RAW_NAME_ROOM];

	raw_name(hash, name);
	buf_printf(path, "%s/%s", db_folder(db), name);
}

static bool
no_disk(struct err *err)
{
	log_error("event=blob_trouble errno=%d", errno);
	return err_set(err, ERR_TEMPORARY, "The file could not be brought to the disk.");
}

/* As pread(2), but a signal does not end it. */
static ssize_t
read_at(int fd, char *out, size_t want, int64_t at)
{
	ssize_t got;

	do
		got = pread(fd, out, want, (off_t)at);
	while (got < 0 && errno == EINTR);
	return got;
}

/* `size` octets from a descriptor to another, hashed on their way. */
static bool
copy_octets(int from, int to, int64_t size, struct sha256 *h, struct err *err)
{
	char slice[SLICE];
	int64_t at = 0;
	size_t want;
	ssize_t got;

	while (at < size) {
		want = size - at < SLICE ? (size_t)(size - at) : (size_t)SLICE;
		got = read_at(from, slice, want, at);
		if (got < 0)
			return no_disk(err);
		if (got == 0)
			return err_set(err, ERR_INVALID, "The file is shorter than was said.");
		sha256_add(h, slice, (size_t)got);
		if (!file_write_fd(to, span_make(slice, (size_t)got), err))
			return false;
		at += got;
	}
	got = read_at(from, slice, 1, at);
	if (got < 0)
		return no_disk(err);
	return got == 0 || err_set(err, ERR_INVALID, "The file is longer than was said.");
}

/* Gives the file its name. What has that name already should have these octets: these are known
 * to, so they take its place. */
static bool
name_blob(const struct db *db, const char *temporary, const uint8_t hash[SHA256_SIZE],
    struct err *err)
{
	struct buf path = { 0 };
	struct buf folder = { 0 };
	bool done;

	blob_path(db, span_make(hash, SHA256_SIZE), &path);
	buf_printf(&folder, "%s/blobs", db_folder(db));
	done = rename(temporary, buf_text(&path)) == 0 || no_disk(err);
	done = done && file_sync_folder(buf_text(&folder), err);
	buf_free(&path);
	buf_free(&folder);
	return done;
}

static bool
write_blob(const struct db *db, int fd, int64_t size, uint8_t hash[SHA256_SIZE], struct err *err)
{
	struct sha256 *h = sha256_new();
	struct buf path = { 0 };
	char name[44];
	int to;
	bool done;

	token_secret(name);
	buf_printf(&path, "%s/blobs/tmp/%s", db_folder(db), name);
	to = open(buf_text(&path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	done = to >= 0 || no_disk(err);
	done = done && copy_octets(fd, to, size, h, err);
	sha256_end(&h, hash);
	if (done && !fault_is("blob-unsynced") && fsync(to) != 0)
		done = no_disk(err);
	file_close(&to);
	done = done && name_blob(db, buf_text(&path), hash, err);
	if (!done)
		unlink(buf_text(&path));
	buf_free(&path);
	return done;
}

static bool
add_inline(struct db *db, struct span octets, int64_t *id, struct err *err)
{
	uint8_t hash[SHA256_SIZE];

	token_sha256(octets, hash);
	return db_insert(db, sql_add,
	    DB_VALUES(DB_HASH(hash), DB_INT((int64_t)octets.len), DB_BLOB(octets)), id, err);
}

/* The row of that file, or a new one. */
static bool
add_file(struct db *db, const uint8_t hash[SHA256_SIZE], int64_t size, int64_t *id, struct err *err)
{
	struct err none = { 0 };

	if (db_number(db, sql_find_file, DB_VALUES(DB_HASH(hash)), id, &none))
		return true;
	if (none.kind != ERR_NOT_FOUND) {
		*err = none;
		return false;
	}
	return db_insert(db, sql_add, DB_VALUES(DB_HASH(hash), DB_INT(size), DB_NULL), id, err);
}

bool
raw_add(struct db *db, struct span octets, int64_t *id, struct err *err)
{
	bool done;
	int fd;

	if (octets.len <= RAW_INLINE_MAX)
		return add_inline(db, octets, id, err);
	fd = file_memory("raw", octets);
	done = raw_add_fd(db, fd, (int64_t)octets.len, id, err);
	file_close(&fd);
	return done;
}

/* Exactly `size` octets, at most RAW_INLINE_MAX. */
static bool
add_small_fd(struct db *db, int fd, int64_t size, int64_t *id, struct err *err)
{
	struct buf octets = { 0 };
	bool done = file_read_fd(fd, RAW_INLINE_MAX, &octets, err);

	if (done && (int64_t)octets.len != size)
		done = err_set(err, ERR_INVALID, "The file is not of the size that was said.");
	done = done && add_inline(db, buf_span(&octets), id, err);
	buf_free(&octets);
	return done;
}

bool
raw_add_fd(struct db *db, int fd, int64_t size, int64_t *id, struct err *err)
{
	uint8_t hash[SHA256_SIZE];

	if (size < 0)
		return err_set(err, ERR_INVALID, "No file has that size.");
	if (size <= RAW_INLINE_MAX)
		return add_small_fd(db, fd, size, id, err);
	return write_blob(db, fd, size, hash, err) && add_file(db, hash, size, id, err);
}

static bool
is_what_came(const struct raw *raw)
{
	uint8_t hash[SHA256_SIZE];

	token_sha256(raw->octets, hash);
	return raw->size == (int64_t)raw->octets.len &&
	       span_equal(raw->hash, span_make((const char *)hash, sizeof(hash)));
}

bool
raw_find(struct db *db, struct arena *arena, int64_t id, struct raw *raw, struct err *err)
{
	if (!db_one(db, arena, sql_find, DB_VALUES(DB_INT(id)), &raw_fields, raw, err))
		return false;
	return raw->is_file || is_what_came(raw) || db_damaged(db, "raw", id, err);
}

static bool
open_file(struct db *db, const struct raw *raw, int *fd, struct err *err)
{
	struct buf path = { 0 };
	struct stat found;

	*fd = -1;
	if (!raw->is_file)
		return err_set(err, ERR_INVALID, "These octets are no file.");
	if (raw->hash.len != SHA256_SIZE)
		return db_damaged(db, "raw", raw->id, err);
	blob_path(db, raw->hash, &path);
	*fd = open(buf_text(&path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	buf_free(&path);
	if (*fd < 0 && errno != ENOENT && errno != ELOOP) /* too many open, no memory: no damage */
		return err_set(err, ERR_TEMPORARY, "A file of the book cannot be opened just now.");
	if (*fd >= 0 && fstat(*fd, &found) == 0 && found.st_size == raw->size)
		return true;
	file_close(fd);
	return db_damaged(db, "raw", raw->id, err);
}

/* What of a slice at `at` lies within the extent goes to its place. */
static void
take_slice(struct span slice, int64_t at, int64_t offset, int64_t length, char *out)
{
	int64_t from = at > offset ? at : offset;
	int64_t to = at + (int64_t)slice.len;

	if (to > offset + length)
		to = offset + length;
	if (from < to)
		memcpy(out + (from - offset), slice.data + (from - at), (size_t)(to - from));
}

/* All octets of the file, hashed; those of the extent are kept in `out`. */
static bool
read_hashed(struct db *db, const struct raw *raw, int fd, int64_t offset, int64_t length, char *out,
    struct err *err)
{
	struct sha256 *h = sha256_new();
	uint8_t hash[SHA256_SIZE];
	char slice[SLICE];
	int64_t at = 0;
	ssize_t got = 1;

	while (at < raw->size && got != 0) {
		got = read_at(fd, slice, sizeof(slice), at);
		if (got < 0)
			break;
		sha256_add(h, slice, (size_t)got);
		take_slice(span_make(slice, (size_t)got), at, offset, length, out);
		at += got;
	}
	sha256_end(&h, hash);
	return (at == raw->size &&
		   span_equal(raw->hash, span_make((const char *)hash, sizeof(hash)))) ||
	       db_damaged(db, "raw", raw->id, err);
}

bool
raw_open(struct db *db, const struct raw *raw, int *fd, struct err *err)
{
	if (!open_file(db, raw, fd, err))
		return false;
	if (read_hashed(db, raw, *fd, 0, 0, NULL, err))
		return true;
	file_close(fd);
	return false;
}

static bool
read_file_extent(struct db *db, struct arena *arena, const struct raw *raw, int64_t offset,
    int64_t length, struct span *octets, struct err *err)
{
	char *data = arena_alloc(arena, (size_t)length + 1);
	bool good;
	int fd;

	if (!open_file(db, raw, &fd, err))
		return false;
	good = read_hashed(db, raw, fd, offset, length, data, err);
	file_close(&fd);
	*octets = span_make(data, (size_t)length);
	return good;
}

bool
raw_read(struct db *db, struct arena *arena, int64_t id, int64_t offset, int64_t length,
    struct span *octets, struct err *err)
{
	struct raw raw;

	if (!raw_find(db, arena, id, &raw, err))
		return false;
	if (offset < 0 || length < 0 || offset > raw.size || length > raw.size - offset)
		return err_set(err, ERR_BROKEN, "An attachment goes beyond the end of its mail.");
	if (raw.is_file)
		return read_file_extent(db, arena, &raw, offset, length, octets, err);
	*octets = span_first(span_from(raw.octets, (size_t)offset), (size_t)length);
	return true;
}

bool
raw_check_some(struct db *db, int64_t after, size_t room, int64_t *last, struct err *err)
{
	struct arena *arena = arena_new();
	struct raw *raws;
	size_t count;
	bool good = db_list(db, arena, sql_some, DB_VALUES(DB_INT(after), DB_INT((int64_t)room)),
	    &raw_fields, &raws, &count, err);

	*last = 0;
	for (size_t i = 0; good && i < count; i++) {
		*last = raws[i].id;
		good = raws[i].is_file || is_what_came(&raws[i]) ||
		       db_damaged(db, "raw", raws[i].id, err);
	}
	arena_free(&arena);
	return good;
}

bool
raw_check_file(
    struct db *db, uint8_t hash[SHA256_SIZE], bool *there, int64_t *size, struct err *err)
{
	struct arena *arena = arena_new();
	struct raw raw;
	int fd = -1;
	bool good = db_one(db, arena, sql_next_file,
	    DB_VALUES(DB_HASH(hash)), &raw_fields, &raw, err);

	*there = good;
	if (good && raw.hash.len == SHA256_SIZE)
		memcpy(hash, raw.hash.data, SHA256_SIZE);
	*size = raw.size;
	good = good ? raw_open(db, &raw, &fd, err) : err_forgive(err, ERR_NOT_FOUND);
	file_close(&fd);
	arena_free(&arena);
	return good;
}

bool
raw_forget(struct db *db, int64_t id, struct err *err)
{
	struct arena *arena = arena_new();
	struct buf path = { 0 };
	struct raw raw;
	int64_t gone;
	bool good = db_one(
			db, arena, sql_find_head, DB_VALUES(DB_INT(id)), &raw_fields, &raw, err) &&
		    db_do(db, sql_forget, DB_VALUES(DB_INT(id)), &gone, err);

	if (good && gone > 0 && raw.is_file) {
		blob_path(db, raw.hash, &path);
		(void)utimensat(AT_FDCWD, buf_text(&path), NULL, AT_SYMLINK_NOFOLLOW);
		buf_free(&path);
	}
	arena_free(&arena);
	return good;
}

bool
raw_each_file(struct db *db, bool (*take)(void *context, struct span hash, struct err *err),
    void *context, struct err *err)
{
	struct db_cursor cursor;
	bool good = true;

	db_query(db, sql_files, DB_NO_VALUES, &cursor);
	while (good && db_next(&cursor))
		good = take(context, db_octets(&cursor, 0), err);
	return good ? db_end(&cursor, err) : (db_end(&cursor, &(struct err){ 0 }), false);
}

const char *const raw_statements[] = { sql_forget, sql_files, sql_add, sql_find_file, sql_find,
	sql_find_head, sql_some, sql_next_file, NULL };
