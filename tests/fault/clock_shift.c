/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* clock_shift.c: a library to be preloaded (LD_PRELOAD) whose wall clock jumps where a file says
 * so.
 *
 * CLOCK_SHIFT_FILE names a table of jumps: how many there are, then for each when it was (true
 * time, ns) and what is added to true time from then on (ns). It is mapped as soon as a program
 * starts, before it has walls around it, so that none has to be taken down and all processes see
 * a jump at the same instant. Only the wall clock jumps; MONOTONIC and BOOTTIME are left alone. A
 * file bears the date that the clock showed when it was written, as it would on a real machine. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { JUMPS_MAX = 255 };

struct table {
	volatile int64_t count;
	int64_t none;
	struct {
		int64_t at, shift;
	} jumps[JUMPS_MAX];
};

static const int64_t second = 1000000000;
static const struct table *table;
static int (*true_clock)(clockid_t, struct timespec *);
static int (*true_fstat)(int, struct stat *);
static int (*true_fstatat)(int, const char *, struct stat *, int);

/* A library may be begun before us, and ask at once. */
static void
find_true(void)
{
	if (true_fstatat != NULL)
		return;
	true_clock = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	true_fstat = (int (*)(int, struct stat *))dlsym(RTLD_NEXT, "fstat");
	true_fstatat = (int (*)(int, const char *, struct stat *, int))dlsym(RTLD_NEXT, "fstatat");
	if (true_clock == NULL || true_fstat == NULL || true_fstatat == NULL)
		abort();
}

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv("CLOCK_SHIFT_FILE");
	int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*table), PROT_READ, MAP_SHARED, fd, 0);

	find_true();
	if (fd >= 0)
		close(fd);
	if (map == MAP_FAILED)
		abort(); /* a clock that does not jump would prove nothing */
	table = map;
}

static int64_t
shift_at(int64_t when)
{
	int64_t at = table->count;

	while (at > 0 && table->jumps[at - 1].at > when)
		at--;
	return at > 0 ? table->jumps[at - 1].shift : 0;
}

static void
shift_time(struct timespec *time, int64_t when)
{
	int64_t shifted = when + shift_at(when);

	time->tv_sec = shifted / second;
	time->tv_nsec = shifted % second;
}

static int64_t
count_ns(const struct timespec *time)
{
	return time->tv_sec * second + time->tv_nsec;
}

int
clock_gettime(clockid_t which, struct timespec *now)
{
	int result;

	find_true();
	result = true_clock(which, now);
	if (result == 0 && table != NULL &&
	    (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE))
		shift_time(now, count_ns(now));
	return result;
}

int
gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec time;

	(void)zone;
	if (clock_gettime(CLOCK_REALTIME, &time) != 0)
		return -1;
	now->tv_sec = time.tv_sec;
	now->tv_usec = time.tv_nsec / 1000;
	return 0;
}

time_t
time(time_t *out)
{
	struct timespec now;

	if (clock_gettime(CLOCK_REALTIME, &now) != 0)
		return -1;
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}

static int
shift_stat(int result, struct stat *found)
{
	if (result == 0 && table != NULL)
		shift_time(&found->st_mtim, count_ns(&found->st_mtim));
	return result;
}

int
fstatat(int folder, const char *path, struct stat *found, int flags)
{
	find_true();
	return shift_stat(true_fstatat(folder, path, found, flags), found);
}

int
fstat(int fd, struct stat *found)
{
	find_true();
	return shift_stat(true_fstat(fd, found), found);
}

int
stat(const char *path, struct stat *found)
{
	return fstatat(AT_FDCWD, path, found, 0);
}

int
lstat(const char *path, struct stat *found)
{
	return fstatat(AT_FDCWD, path, found, AT_SYMLINK_NOFOLLOW);
}

/* As programs call them that ask for 64 bits: the same structure. */
int
fstatat64(int folder, const char *path, struct stat64 *found, int flags)
{
	return fstatat(folder, path, (struct stat *)found, flags);
}

int
fstat64(int fd, struct stat64 *found)
{
	return fstat(fd, (struct stat *)found);
}

int
stat64(const char *path, struct stat64 *found)
{
	return stat(path, (struct stat *)found);
}

int
lstat64(const char *path, struct stat64 *found)
{
	return lstat(path, (struct stat *)found);
}
