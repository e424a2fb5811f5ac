/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "store/sound.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/token.h"
#include "store/db.h"
#include "store/folder_copy.h"
#include "store/journal.h"
#include "store/migrate.h"
#include "store/post.h"
#include "store/raw.h"
#include "store/statements.h"

enum { SLICE = 64 * 1024, POSTS_A_SLICE = 200 };

/* search_key() of a post. */
#define POST_KEY(post) "((min(max(" post ".date, 0) / 86400, 16777216) << 29) | " post ".id)"

/* "whole" tells the plans of these whole readings from others (tests/unit/test_db.c). */
static const char sql_inline[] = "SELECT hash, octets, id FROM raw whole WHERE octets IS NOT NULL";
static const char sql_thread_counts[] =
    "SELECT 'thread ' || whole.id FROM thread AS whole"
    " WHERE whole.state <> 'merged'"
    "   AND whole.posts <> (SELECT count(*) FROM post AS p"
    "                        WHERE p.thread = whole.id AND p.state = 'published')";
static const char sql_homeless[] =
    "SELECT 'post ' || whole.id FROM post AS whole"
    "  LEFT JOIN thread AS t ON t.id = whole.thread"
    " WHERE whole.state = 'published' AND (t.id IS NULL OR t.forum <> whole.forum)";
static const char sql_unfound[] = "SELECT 'post ' || whole.id FROM post AS whole"
				  " WHERE whole.state = 'published'"
				  "   AND NOT EXISTS (SELECT 1 FROM search_docsize AS d"
				  "                    WHERE d.id = " POST_KEY("whole") ")";
static const char sql_found_hidden[] =
    "SELECT 'post ' || (whole.id & 536870911) FROM search_docsize AS whole"
    " WHERE NOT EXISTS (SELECT 1 FROM post AS p"
    "                    WHERE p.id = whole.id & 536870911 AND p.state = 'published'"
    "                      AND whole.id = " POST_KEY("p") ")";
static const char sql_sent_hidden[] =
    "SELECT 'outbox ' || whole.id FROM outbox AS whole INDEXED BY outbox_due"
    "  JOIN post AS p ON p.id = whole.post"
    " WHERE whole.state = 'due' AND p.state <> 'published'";
static const char sql_no_outcome[] =
    "SELECT 'inbox ' || whole.id FROM inbox AS whole"
    " WHERE whole.state = 'done' AND (whole.outcome = '' OR"
    "       (whole.outcome IN ('published', 'held', 'merged') AND whole.post IS NULL))";
static const char sql_beyond[] =
    "SELECT 'attachment ' || whole.id FROM attachment AS whole"
    "  JOIN raw AS r ON r.id = whole.raw"
    " WHERE whole.offset < 0 OR whole.length < 0 OR whole.offset + whole.length > r.size";

static const struct rule {
	const char *sql;
	const char *fault;
} rules[] = {
	{ sql_thread_counts, "counts other posts than it has" },
	{ sql_homeless, "is published, and in no thread of its forum" },
	{ sql_unfound, "is published, and search does not find it" },
	{ sql_found_hidden, "is not published, and search finds it" },
	{ sql_sent_hidden, "would send a post that is not published" },
	{ sql_no_outcome, "is done, and nobody knows how" },
	{ sql_beyond, "goes beyond the end of its message" },
};

__attribute__((format(printf, 2, 3))) static void
tell(struct sound *sound, const char *format, ...)
{
	char line[sizeof(((struct err *)0)->text)];
	va_list values;

	if (sound->faults++ >= SOUND_LINES_MAX)
		return;
	va_start(values, format);
	(void)vsnprintf(line, sizeof(line), format, values);
	va_end(values);
	buf_printf(&sound->lines, "%s\n", line);
}

/* A fault was found where something is BROKEN; other trouble stays trouble. */
static bool
note(struct sound *sound, bool good, struct err *err)
{
	if (!good && err->kind == ERR_BROKEN)
		tell(sound, "%s", err->text);
	return good || err_forgive(err, ERR_BROKEN);
}

static bool
check_rule(struct db *db, const struct rule *rule, struct sound *sound, struct err *err)
{
	struct db_cursor cursor;

	db_query(db, rule->sql, DB_NO_VALUES, &cursor);
	while (db_next(&cursor))
		tell(sound, SPAN_FORMAT ": %s", SPAN_ARGS(db_octets(&cursor, 0)), rule->fault);
	return note(sound, db_end(&cursor, err), err);
}

static bool
check_messages(struct db *db, struct sound *sound, struct err *err)
{
	struct db_cursor cursor;
	uint8_t hash[SHA256_SIZE];

	db_query(db, sql_inline, DB_NO_VALUES, &cursor);
	while (db_next(&cursor)) {
		sound->messages++;
		token_sha256(db_octets(&cursor, 1), hash);
		if (!span_equal(db_octets(&cursor, 0), span_make((const char *)hash, SHA256_SIZE)))
			tell(sound, "message %lld: is damaged, its octets are not what came",
			    (long long)db_int(&cursor, 2));
	}
	return note(sound, db_end(&cursor, err), err);
}

static bool
check_posts(struct db *db, struct sound *sound, struct err *err)
{
	int64_t last = 0;

	do {
		if (!note(sound, post_check_some(db, last, POSTS_A_SLICE, &last, err), err))
			return false;
	} while (last != 0);
	return true;
}

bool
sound_book(struct db *db, struct sound *sound, struct err *err)
{
	bool good = note(sound, db_check(db, err), err) &&
		    note(sound, journal_check(db, &sound->entries, err), err) &&
		    check_messages(db, sound, err) && check_posts(db, sound, err);

	for (size_t i = 0; good && i < sizeof(rules) / sizeof(rules[0]); i++)
		good = check_rule(db, &rules[i], sound, err);
	return good;
}

/* ---- files ---- */

static bool
hash_file(const char *path, uint8_t hash[SHA256_SIZE], struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct sha256 *h;
	char slice[SLICE];
	ssize_t got;

	if (fd < 0)
		return err_set(err, errno == ENOENT ? ERR_BROKEN : ERR_TEMPORARY, "%s: %s", path,
		    strerror(errno));
	h = sha256_new();
	while ((got = read(fd, slice, sizeof(slice))) > 0)
		sha256_add(h, slice, (size_t)got);
	sha256_end(&h, hash);
	file_close(&fd);
	return got == 0 || folder_trouble(path, err);
}

bool
sound_blob(const char *folder, struct span wanted, struct err *err)
{
	char name[RAW_NAME_ROOM], path[PATH_MAX];
	uint8_t hash[SHA256_SIZE];

	raw_name(wanted, name);
	if (!folder_path(path, folder, name, err) || !hash_file(path, hash, err))
		return false;
	return span_equal(wanted, span_make((const char *)hash, SHA256_SIZE)) ||
	       err_set(
		   err, ERR_BROKEN, "The file %s is damaged: its octets are not what came.", name);
}

static bool
count_files(const char *path, int64_t *files, struct err *err)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	struct stat st;

	if (folder == NULL)
		return errno == ENOENT || folder_trouble(path, err);
	while ((entry = readdir(folder)) != NULL)
		if (fstatat(dirfd(folder), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode))
			++*files;
	closedir(folder);
	return true;
}

struct blobs {
	const char *folder;
	struct sound *sound;
};

static bool
check_blob(void *context, struct span hash, struct err *err)
{
	const struct blobs *blobs = context;

	blobs->sound->blobs++;
	return note(blobs->sound, sound_blob(blobs->folder, hash, err), err);
}

static bool
check_blobs(const char *folder, struct db *db, struct sound *sound, struct err *err)
{
	struct blobs blobs = { folder, sound };
	char path[PATH_MAX];
	int64_t files = 0;

	if (!folder_path(path, folder, "blobs", err) || !count_files(path, &files, err) ||
	    !note(sound, raw_each_file(db, check_blob, &blobs, err), err))
		return false;
	sound->nameless = files > sound->blobs ? files - sound->blobs : 0;
	return true;
}

static bool
check_keys(const char *folder, struct sound *sound, struct err *err)
{
	char path[PATH_MAX];

	if (!folder_path(path, folder, "keys", err))
		return false;
	if (!file_exists(path))
		tell(sound, "keys: not there, no reply to an old mail would be recognised");
	return true;
}

/* Is somebody at work on it? The lock of process/house.c; -1 in *fd where there is none. */
static bool
is_served(const char *folder, int *fd)
{
	char path[PATH_MAX];

	*fd = -1;
	if (!folder_path(path, folder, "run/lock", &(struct err){ 0 }))
		return true;
	*fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	return *fd < 0 ? errno != ENOENT : flock(*fd, LOCK_EX | LOCK_NB) != 0;
}

bool
sound_folder(const char *folder, struct sound *sound, struct err *err)
{
	char path[PATH_MAX];
	struct db *db = NULL;
	int lock;
	bool good;

	if (!folder_path(path, folder, "preau.db", err))
		return false;
	if (!file_exists(path))
		return err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_TEMPORARY,
		    "There is no book in %s: %s", folder, strerror(errno));
	good = is_served(folder, &lock) ? db_open_copier(folder, &db, err)
					: db_open_writer(folder, &db, err);
	good = note(sound,
	    good && migrate_check(db, err) && sound_book(db, sound, err) &&
		check_blobs(folder, db, sound, err) && check_keys(folder, sound, err),
	    err);
	db_close(&db);
	file_close(&lock);
	return good;
}

/* ---- what was found ---- */

bool
sound_verdict(const struct sound *sound, struct err *err)
{
	struct span lines = buf_span(&sound->lines), first;

	if (sound->faults == 0)
		return true;
	if (!span_next(&lines, '\n', &first))
		first = buf_span(&sound->lines);
	return err_set(err, ERR_BROKEN, SPAN_FORMAT, SPAN_ARGS(first));
}

void
sound_free(struct sound *sound)
{
	buf_free(&sound->lines);
}

const char *const sound_statements[] = { sql_inline, sql_thread_counts, sql_homeless, sql_unfound,
	sql_found_hidden, sql_sent_hidden, sql_no_outcome, sql_beyond, NULL };
