/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* command/doctor_machine.c: SQLite, the disk, the clock, and whose the data folder is. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "command/doctor.h"
#include "store/db.h"

enum {
	SQLITE_LEAST =
	    3040000, /* what the house is written for: STRICT, RETURNING, FTS5 as it is there */
	LITTLE_MIB = 1024, /* less free space is worth a look */
	TOO_LITTLE_MIB = 100,
	LITTLE_PERCENT = 5, /* of the inodes */
	YEAR_LEAST = 2026,  /* of this program: no clock that goes says less */
	AHEAD = 300 /* seconds that a file may be younger than now: clocks of two machines */
};

static const char *
in_data(const struct doctor *doctor, const char *name)
{
	const char *data = doctor->house.settings.data;

	return name[0] == '\0' ? data : arena_printf(doctor->arena, "%s/%s", data, name);
}

/* ---- SQLite ---- */

/* The WAL-reset race: two connections that write or checkpoint at the same instant can
 * lose pages. Mended in 3.51.3, and in 3.44.6 and 3.50.7 of the older branches. */
static bool
has_wal_race(int number)
{
	if (number >= 3051003)
		return false;
	return !(number >= 3044006 && number < 3045000) && !(number >= 3050007 && number < 3051000);
}

void
doctor_sqlite(struct doctor *doctor)
{
	int number;
	const char *version = db_library(&number);

	if (number < SQLITE_LEAST)
		doctor_wrong(doctor, TR("SQLite %s is too old: install 3.40.0 or newer."), version);
	else if (has_wal_race(number))
		doctor_ok(doctor,
		    TR("SQLite %s can lose pages where two programs write at once; here one "
		       "process alone writes. Let no other program write the database."),
		    version);
	else
		doctor_ok(doctor, TR("SQLite %s."), version);
}

/* ---- the clock ---- */

/* The youngest of what the house writes, and of its settings. */
static int64_t
youngest(const struct doctor *doctor, const char **path)
{
	const char *paths[] = { in_data(doctor, "preau.db"), in_data(doctor, "preau.db-wal"),
		in_data(doctor, "blobs"), in_data(doctor, "keys"), doctor->house.file };
	int64_t time = 0;
	struct stat found;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (stat(paths[i], &found) == 0 && found.st_mtime > time) {
			time = found.st_mtime;
			*path = paths[i];
		}
	return time;
}

void
doctor_clock(struct doctor *doctor)
{
	struct timex state = { .modes = 0 };
	const char *path = "";
	char now[24];

	clock_format_iso(clock_now(), now);
	if (clock_date_at(clock_now(), 0).year < YEAR_LEAST)
		doctor_wrong(doctor,
		    TR("The clock says %s, which is past: set it (timedatectl set-ntp true) before "
		       "the server starts."),
		    now);
	else if (youngest(doctor, &path) > clock_now() + AHEAD)
		doctor_wrong(doctor,
		    TR("The clock says %s, and %s was written after that: the clock is behind, or "
		       "was ahead. Set it (timedatectl set-ntp true)."),
		    now, path);
	else if (adjtimex(&state) == TIME_ERROR || (state.status & STA_UNSYNC) != 0)
		doctor_warn(doctor,
		    TR("The clock says %s, and nothing keeps it right: timedatectl set-ntp true, "
		       "or install chrony."),
		    now);
	else
		doctor_ok(doctor, TR("The clock says %s and is kept right."), now);
}

/* ---- the disk ---- */

static void
say_space(struct doctor *doctor, const char *path, const struct statvfs *disk)
{
	int64_t mib = (int64_t)((uint64_t)disk->f_bavail * disk->f_frsize >> 20U);
	const char *free = i18n_size(doctor->arena, doctor->lang, mib << 20);

	if ((disk->f_flag & ST_RDONLY) != 0)
		doctor_wrong(doctor,
		    TR("The disk of %s is read-only: see dmesg, a disk does so when it breaks."),
		    path);
	else if (mib < TOO_LITTLE_MIB)
		doctor_wrong(doctor,
		    TR("%s has %s left: mail will be refused. Make room, or give it a larger "
		       "disk."),
		    path, free);
	else if (mib < LITTLE_MIB)
		doctor_warn(
		    doctor, TR("%s has %s left: make room before it is needed."), path, free);
	else
		doctor_ok(doctor, TR("%s has %s left."), path, free);
}

/* Some file systems have no fixed number of inodes and say 0. */
static void
say_inodes(struct doctor *doctor, const char *path, const struct statvfs *disk)
{
	uint64_t all = disk->f_files, left = disk->f_favail;

	if (all == 0)
		return;
	if (left * 100 / all < LITTLE_PERCENT)
		doctor_warn(doctor,
		    TR("The disk of %s has room for %s more files: delete many small ones, or make "
		       "the file system anew with more inodes."),
		    path, i18n_number(doctor->arena, doctor->lang, (int64_t)left));
}

void
doctor_disk(struct doctor *doctor)
{
	char *path = arena_strdup(doctor->arena, doctor->house.settings.data);
	struct statvfs disk;

	/* A folder that is still to be made lies where the nearest one above it does. */
	while (statvfs(path, &disk) != 0) {
		char *slash = strrchr(path, '/');

		if (errno != ENOENT || slash == NULL || slash == path) {
			doctor_unseen(doctor, TR("The disk of %s cannot be looked at: %s"), path,
			    strerror(errno));
			return;
		}
		*slash = '\0';
	}
	say_space(doctor, path, &disk);
	say_inodes(doctor, path, &disk);
}

/* ---- the folder ---- */

static const char *
numbers(const struct doctor *doctor, uid_t uid, gid_t gid)
{
	return arena_printf(doctor->arena, "%u:%u", (unsigned)uid, (unsigned)gid);
}

/* serve puts owner and mode right by itself as root; what lies in a folder it leaves. */
static bool
check_folder(struct doctor *doctor, const struct house_folder *folder)
{
	const char *path = in_data(doctor, folder->name);
	uid_t uid = geteuid();
	gid_t gid = 0;
	struct stat found;

	if (lstat(path, &found) != 0) {
		if (errno == ENOENT)
			return true; /* serve makes it */
		doctor_wrong(doctor, TR("%s: %s. Run this as root, or as the user of the server."),
		    path, strerror(errno));
		return false;
	}
	if (doctor->house.as_root)
		house_folder_owner(&doctor->house, folder, &uid, &gid);
	if (!S_ISDIR(found.st_mode)) {
		doctor_wrong(doctor, TR("%s is no folder: move it away."), path);
		return false;
	}
	if (found.st_uid != uid || (doctor->house.as_root && found.st_gid != gid)) {
		doctor_wrong(doctor, TR("%s belongs to %s and should belong to %s: chown %s %s"),
		    path, numbers(doctor, found.st_uid, found.st_gid),
		    numbers(doctor, uid, doctor->house.as_root ? gid : found.st_gid),
		    numbers(doctor, uid, doctor->house.as_root ? gid : found.st_gid), path);
		return false;
	}
	if ((found.st_mode & 07777) != folder->mode) {
		const char *mode = arena_printf(doctor->arena, "%o", (unsigned)folder->mode);

		doctor_wrong(doctor, TR("%s has the mode %s: chmod %s %s"), path,
		    arena_printf(doctor->arena, "%o", (unsigned)(found.st_mode & 07777)), mode,
		    path);
		return false;
	}
	return true;
}

/* The book for the group at most, the keys for nobody but their owner. */
static bool
check_secret(struct doctor *doctor, const char *name, mode_t most)
{
	const char *path = in_data(doctor, name);
	struct stat found;

	if (stat(path, &found) != 0 || (found.st_mode & 07777 & ~most) == 0)
		return true;
	doctor_wrong(doctor, TR("%s can be read or changed by others: chmod %s %s"), path,
	    arena_printf(doctor->arena, "%o", (unsigned)most), path);
	return false;
}

static bool
check_keys(struct doctor *doctor)
{
	if (file_exists(in_data(doctor, "keys")) || !file_exists(in_data(doctor, "preau.db")))
		return true;
	doctor_wrong(doctor,
	    TR("%s is missing beside the database: bring it back from a backup, or no reply to an "
	       "old mail is recognised."),
	    in_data(doctor, "keys"));
	return false;
}

void
doctor_folder(struct doctor *doctor)
{
	const char *data = doctor->house.settings.data;
	bool good = true;

	if (!file_exists(data)) {
		if (errno == ENOENT)
			doctor_unseen(doctor, TR("%s is not there yet: serve makes it."), data);
		else
			doctor_wrong(doctor,
			    TR("%s: %s. Run this as root, or as the user of the server."), data,
			    strerror(errno));
		return;
	}
	for (const struct house_folder *folder = house_folders; folder->name != NULL; folder++)
		good = check_folder(doctor, folder) && good;
	good = check_secret(doctor, "preau.db", 0640) && good;
	good = check_secret(doctor, "keys", 0600) && good;
	good = check_keys(doctor) && good;
	if (good)
		doctor_ok(doctor, TR("%s and what lies in it have their owners and modes."), data);
}
