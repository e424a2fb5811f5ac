/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/spawn.c: between fork and exec only async-signal-safe calls are made. */
#include "process/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HIGH_FD = 200 };

/* Reads like a sentence in ps and under a debugger: preau work web. */
static _Noreturn void
become(const char *role)
{
	char program[] = "preau", verb[] = "work", name[16] = "";
	char *arguments[] = { program, verb, name, NULL };

	memcpy(name, role, strnlen(role, sizeof name - 1));
	execv("/proc/self/exe", arguments);
	_exit(SPAWN_FAILED);
}

/* First out of the way, so that no place is overwritten before it is read. */
static bool
place_descriptors(const int *fds, int count)
{
	int high[SPAWN_FDS_MAX];

	for (int i = 0; i < count; i++) {
		high[i] = fcntl(fds[i], F_DUPFD, HIGH_FD);
		if (high[i] < 0)
			return false;
	}
	for (int i = 0; i < count; i++)
		if (dup2(high[i], SPAWN_FIRST_FD + i) < 0)
			return false;
	return close_range((unsigned)(SPAWN_FIRST_FD + count), ~0U, 0) == 0;
}

static bool
drop_privileges(const struct house *house, const struct role *role)
{
	bool owner = (role->flags & ROLE_OWNER) != 0;
	bool reads = (role->flags & (ROLE_READS | ROLE_OWNER)) != 0;
	uid_t uid = owner ? house->owner : house->doors;
	gid_t gid = owner ? house->owner_group : house->doors_group;

	if (!house->as_root)
		return true;
	return setgroups(reads ? 1 : 0, &house->read_group) == 0 && setresgid(gid, gid, gid) == 0 &&
	       setresuid(uid, uid, uid) == 0 && setuid(0) != 0;
}

bool
spawn(const struct house *house, const struct role *role, const int *fds, int count, pid_t *pid,
    struct err *err)
{
	sigset_t none;

	if (count > SPAWN_FDS_MAX)
		return err_set(err, ERR_BROKEN, "too many descriptors for %s", role->name);
	(void)fflush(NULL);
	*pid = fork();
	if (*pid < 0)
		return err_set(err, ERR_TEMPORARY, "fork: %s", strerror(errno));
	if (*pid > 0)
		return true;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	umask(0027);
	if (!place_descriptors(fds, count) || !drop_privileges(house, role))
		_exit(SPAWN_FAILED);
	become(role->name);
}
