/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* tests/walls/broken.c: a preau whose workers are broken into as soon as they are ready.
 *
 * It is the server with one change, made by the linker (--wrap): where a worker would begin to
 * work, it is taken over. The entry into the walls is the real one of its role, said again by a
 * child for each act: the first wall, the files of the role and, for the parser, the last wall. The
 * child tries one act and says by its end how that went; the worker logs it:
 *
 *   broken role=web act="read the keys" result=refused errno=13
 *
 * PREAU_BROKEN=open: no walls, to see which acts could be done at all. Never installed. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "acts.h"
#include "base/log.h"
#include "process/role.h"
#include "process/sandbox.h"
#include "process/worker.h"
#include "process/worker_walls.h"

enum { DONE = 200 };

bool
__real_sandbox_confine(bool may_connect, bool is_owner, struct err *err);
bool
__real_worker_walls(const struct worker *worker, const struct role *role, struct err *err);
bool
__real_sandbox_close(size_t memory, struct err *err);
void
__real_loop_run(struct loop *loop);
bool
__wrap_sandbox_confine(bool may_connect, bool is_owner, struct err *err);
bool
__wrap_worker_walls(const struct worker *worker, const struct role *role, struct err *err);
bool
__wrap_sandbox_close(size_t memory, struct err *err);
void
__wrap_loop_run(struct loop *loop);

/* What the worker wanted to be walled in by. */
static struct {
	bool may_connect, is_owner;
	const struct worker *worker;
	const struct role *role;
	size_t memory; /* 0: it has no last wall */
} walls;

bool
__wrap_sandbox_confine(bool may_connect, bool is_owner, struct err *err)
{
	(void)err;
	walls.may_connect = may_connect;
	walls.is_owner = is_owner;
	return true;
}

bool
__wrap_worker_walls(const struct worker *worker, const struct role *role, struct err *err)
{
	(void)err;
	walls.worker = worker;
	walls.role = role;
	return true;
}

bool
__wrap_sandbox_close(size_t memory, struct err *err)
{
	(void)err;
	walls.memory = memory;
	return true;
}

static bool
enter(void)
{
	struct err err = { 0 };

	return __real_sandbox_confine(walls.may_connect, walls.is_owner, &err) &&
	       __real_worker_walls(walls.worker, walls.role, &err) &&
	       (walls.memory == 0 || __real_sandbox_close(walls.memory, &err));
}

static int
try_in_child(size_t number, const struct broken *broken, bool open)
{
	int status = -1, code;
	pid_t child = fork();

	if (child == 0) {
		if (!open && !enter())
			_exit(DONE + 1);
		code = acts_try(number, broken);
		_exit(code == 0 ? DONE : code);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return -1;
	return status;
}

static void
tell(size_t number, const struct broken *broken, int status)
{
	const char *result = "failed";
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;

	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		result = "killed";
	else if (code == DONE || status == 0) /* 0: another program took the child's place */
		result = "done";
	else if (code == EPERM || code == EACCES)
		result = "refused";
	else if (code == ENOSYS || code == EAFNOSUPPORT || code == ENODEV || code == ENXIO)
		result = "absent";
	log_info("broken role=%s.%d act=\"%s\" result=%s errno=%d", broken->role,
	    walls.worker->index, acts_name(number), result, code);
}

static void
try_all(void)
{
	const char *how = getenv("PREAU_BROKEN"), *port = getenv("PREAU_BROKEN_PORT");
	bool open = how != NULL && strcmp(how, "open") == 0, one = getenv("PREAU_BROKEN_ONE") != NULL;
	bool landlock = sandbox_paths_version() > 0;
	struct broken broken = { walls.role->name, walls.worker->settings.data, getpid(), getppid(),
		port != NULL ? atoi(port) : 9 };

	for (size_t i = 0; i < acts_count(); i++) {
		if (acts_is_duty(i, &broken, one))
			continue;
		if (!open && !landlock && acts_needs_landlock(i, one))
			log_info("broken role=%s.%d act=\"%s\" result=skipped", broken.role,
			    walls.worker->index, acts_name(i));
		else
			tell(i, &broken, try_in_child(i, &broken, open));
	}
	log_info("broken role=%s.%d end=yes", broken.role, walls.worker->index);
}

void
__wrap_loop_run(struct loop *loop)
{
	if (walls.worker != NULL)
		try_all();
	__real_loop_run(loop);
}
