/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Behind the walls: all mail can be read, nothing else can be done. Each row runs in a
 * child of its own. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "json.h"
#include "mail/charset.h"
#include "mail/mail_read.h"
#include "process/sandbox.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DATA PREAU_SOURCE "/tests/data/"

enum { MEMORY = 512 * 1024 * 1024, MESSAGES_MAX = 400 };

static struct buf messages[MESSAGES_MAX];
static int count;

static void
load(struct arena *arena, const char *list, const char *folder)
{
	const struct json *all = json_read(arena, arena_printf(arena, DATA "%s", list));
	struct err err = { 0 };

	if (json_get(all, "files") != NULL)
		all = json_get(all, "files");
	for (const struct json *m = all->first; m != NULL && count < MESSAGES_MAX; m = m->next)
		if (!file_read(arena_printf(arena, DATA "%s%s", folder, m->name), 1 << 24,
		        &messages[count++], &err))
			fail_msg("%s", err.text);
}

static int
load_all(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	load(arena, "mime/consensus.json", "");
	load(arena, "bounces/sisimai-set-of-emails/expected.json", "bounces/sisimai-set-of-emails/");
	arena_free(&arena);
	return 0;
}

static int
free_all(void **state)
{
	(void)state;
	while (count > 0)
		buf_free(&messages[--count]);
	return 0;
}

static void
read_one(struct span raw)
{
	struct arena *arena = arena_new();
	struct parsed parsed;

	sandbox_deadline(5000);
	mail_read(arena, raw, &parsed);
	sandbox_deadline(0);
	arena_free(&arena);
}

static int
read_all(void)
{
	for (int i = 0; i < count; i++)
		read_one(buf_span(&messages[i]));
	return 0;
}

#ifndef PREAU_SANITIZERS
static int
open_file(void)
{
	return open("/etc/passwd", O_RDONLY) < 0 && errno == EPERM ? 0 : 1;
}

static int
open_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) < 0 ? 1 : 2;
}

static int
start_program(void)
{
	execl("/bin/true", "true", (char *)NULL);
	return 1;
}

static int
fork_process(void)
{
	return fork() < 0 ? 1 : 2;
}

static int
map_code(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? 1 : 2;
}

static int
signal_parent(void)
{
	return kill(getppid(), 0) == 0 ? 1 : 2;
}

static int
signal_thread_of_parent(void)
{
	return (int)syscall(SYS_tgkill, getppid(), getppid(), 0) == 0 ? 1 : 2;
}

/* The kernel would send SIGIO, or any other, in our name. */
static int
have_parent_signalled(void)
{
	return fcntl(STDERR_FILENO, F_SETOWN, getppid()) == 0 ? 1 : 2;
}

static int
abort_oneself(void)
{
	abort();
}

static int
take_memory(void)
{
	void *volatile memory = malloc((size_t)1 << 30);

	return memory == NULL ? 0 : 1;
}

static int
take_time(void)
{
	volatile unsigned turns = 0;

	sandbox_deadline(50);
	while (turns < 4000000000U)
		turns++;
	return 1;
}
#endif

static const struct {
	const char *name;
	int (*run)(void);
	int signal; /* it dies of, or 0: it must answer 0 */
} rows[] = {
	{ "read all mail", read_all, 0 },
#ifndef PREAU_SANITIZERS
	{ "open a file", open_file, 0 },
	{ "take more memory", take_memory, 0 },
	{ "open a socket", open_socket, SIGSYS },
	{ "start a program", start_program, SIGSYS },
	{ "fork", fork_process, SIGSYS },
	{ "map code", map_code, SIGSYS },
	{ "signal another process", signal_parent, SIGSYS },
	{ "signal its thread", signal_thread_of_parent, SIGSYS },
	{ "have it signalled", have_parent_signalled, SIGSYS },
	{ "abort", abort_oneself, SIGABRT },
	{ "go over the deadline", take_time, SIGPROF },
#endif
};

#ifndef PREAU_SANITIZERS
static int
connect_out(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(1) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return connect(fd, (struct sockaddr *)&address, sizeof address) < 0 ? errno : 0;
}

static int
look_into_parent(void)
{
	char octet, *to = &octet;
	struct iovec here = { to, 1 }, there = { to, 1 };

	return process_vm_readv(getppid(), &here, 1, &there, 1, 0) < 0 ? errno : 0;
}

static int
exec_other(void)
{
	execl("/bin/true", "true", (char *)NULL);
	return errno;
}

static int
fork_another(void)
{
	return fork() < 0 ? errno : 0;
}

static int
kill_parent(void)
{
	return kill(getppid(), 0) < 0 ? errno : 0;
}

static int
kill_oneself(void)
{
	return kill(getpid(), 0) < 0 ? errno : 0;
}

/* What every role may and may not, with and without the right to call others. */
static const struct {
	const char *name;
	int (*run)(void);
	bool may_connect;
	int want; /* errno */
} confined[] = {
	{ "connect", connect_out, false, EPERM },
	{ "connect where one may", connect_out, true, ECONNREFUSED },
	{ "read the memory of another", look_into_parent, true, EPERM },
	{ "start a program", exec_other, true, EPERM },
	{ "fork", fork_another, true, EPERM },
	{ "signal another", kill_parent, true, EPERM },
	{ "signal oneself", kill_oneself, true, 0 },
};

static void
test_confined(void **state)
{
	struct err err = { 0 };
	int status;

	(void)state;
	for (size_t i = 0; i < COUNT(confined); i++) {
		pid_t child = fork();
		if (child == 0)
			_exit(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
			              sandbox_confine(confined[i].may_connect, false, &err) ?
			          confined[i].run() :
			          255);
		assert_int_equal(waitpid(child, &status, 0), child);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != confined[i].want)
			fail_msg("%s: status %x", confined[i].name, (unsigned)status);
	}
}
#endif

static void
run_child(int (*run)(void))
{
	struct err err = { 0 };

	charset_prepare();
	read_one(buf_span(&messages[0]));
	read_one(SPAN("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>x\n"));
	if (!sandbox_close(MEMORY, &err))
		_exit(99);
	_exit(run());
}

static void
test_rows(void **state)
{
	(void)state;
	assert_true(count > 300);
	for (size_t i = 0; i < COUNT(rows); i++) {
		int status = -1;
		pid_t child = fork();
		if (child == 0)
			run_child(rows[i].run);
		assert_int_equal(waitpid(child, &status, 0), child);
		bool is_right = rows[i].signal == 0 ? status == 0 :
		    WIFSIGNALED(status) && WTERMSIG(status) == rows[i].signal;
		if (!is_right)
			fail_msg("%s: status %x", rows[i].name, (unsigned)status);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows),
#ifndef PREAU_SANITIZERS
		cmocka_unit_test(test_confined),
#endif
	};

	return cmocka_run_group_tests(tests, load_all, free_all);
}
