/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* malloc_fail.c: a library to be preloaded (LD_PRELOAD) whose k-th allocation fails.
 *
 * MALLOC_FAIL_WHOSE: "own", what the program's own code asks for, or "libraries", what its
 * libraries do: each is counted by itself. MALLOC_FAIL_AT=k: that one; MALLOC_FAIL_ON=1: that one
 * and all after it. With MALLOC_COUNT a line "allocations=N" goes to that file at the end.
 *
 * MALLOC_FAIL_LIST names a file of lines "k on": the program is then forked once for each, before
 * it begins, which spares the work of finding its libraries; MALLOC_FAIL_TOLD is where "k on
 * status" is written, a signal as a negative number. Whoever works for more than
 * three seconds gets SIGPROF. */
#define _GNU_SOURCE
#include <errno.h>
#include <link.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FOREVER = 3, POINTS_MAX = 4096 };

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *
__libc_realloc(void *, size_t);

static atomic_long count;
static long fail_at;
static int fails_on, wants_own;
static uintptr_t program_begin, program_end;

/* The first one told of is the program itself. */
static int
on_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	(void)arg;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];
		if (part->p_type != PT_LOAD || (part->p_flags & PF_X) == 0)
			continue;
		program_begin = info->dlpi_addr + part->p_vaddr;
		program_end = program_begin + part->p_memsz;
	}
	return 1;
}

static long points[POINTS_MAX];
static int goes_on[POINTS_MAX];

/* Whole before the first fork: what a child closes must not move it. */
static int
read_points(const char *path)
{
	FILE *list = fopen(path, "r");
	int found = 0;

	if (list == NULL)
		abort();
	while (found < POINTS_MAX && fscanf(list, "%ld %d", &points[found], &goes_on[found]) == 2)
		found++;
	fclose(list);
	return found;
}

/* Returns in the children alone. */
static void
fork_each(const char *list, const char *path)
{
	struct itimerval forever = { .it_value = { .tv_sec = FOREVER } };
	int found = read_points(list), status;
	FILE *told = fopen(path, "w");
	pid_t child;

	for (int i = 0; told != NULL && i < found; i++) {
		fflush(told);
		child = fork();
		if (child == 0) {
			setitimer(ITIMER_PROF, &forever, NULL);
			alarm(60);
			fail_at = points[i];
			fails_on = goes_on[i];
			return;
		}
		if (child < 0 || waitpid(child, &status, 0) != child)
			abort();
		fprintf(told, "%ld %d %d\n", points[i], goes_on[i],
		    WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status));
	}
	_exit(told == NULL || fclose(told) != 0);
}

__attribute__((constructor)) static void
begin(void)
{
	const char *at = getenv("MALLOC_FAIL_AT");

	fail_at = at == NULL ? 0 : atol(at);
	fails_on = getenv("MALLOC_FAIL_ON") != NULL;
	wants_own =
	    getenv("MALLOC_FAIL_WHOSE") != NULL && strcmp(getenv("MALLOC_FAIL_WHOSE"), "own") == 0;
	dl_iterate_phdr(on_object, NULL);
	if (getenv("MALLOC_FAIL_LIST") != NULL)
		fork_each(getenv("MALLOC_FAIL_LIST"), getenv("MALLOC_FAIL_TOLD"));
	count = 0;
}

__attribute__((destructor)) static void
end(void)
{
	const char *path = getenv("MALLOC_COUNT");
	long seen = count;
	FILE *file;

	fail_at = 0;
	file = path == NULL ? NULL : fopen(path, "w");
	if (file == NULL)
		return;
	fprintf(file, "allocations=%ld\n", seen);
	fclose(file);
}

static int
fails(const void *caller)
{
	uintptr_t at = (uintptr_t)caller;
	long now;

	if ((at >= program_begin && at < program_end) != wants_own)
		return 0;
	now = atomic_fetch_add(&count, 1) + 1;
	if (fail_at == 0 || now < fail_at || (now > fail_at && !fails_on))
		return 0;
	errno = ENOMEM;
	return 1;
}

void *
malloc(size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *
calloc(size_t number, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(number, size);
}

void *
realloc(void *old, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(old, size);
}
