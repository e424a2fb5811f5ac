/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "config.h"

#include "process/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/alloc.h"

#ifdef PREAU_SANITIZERS
enum { CPU_FACTOR = 20 };
#else
enum { CPU_FACTOR = 1 };

/* clang-format off */
/* What the loop, the allocator and the clock need, and dying in good order. */
static const int allowed[] = {
	SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(writev),
	SCMP_SYS(sendmsg), SCMP_SYS(recvmsg), SCMP_SYS(sendto), SCMP_SYS(recvfrom),
	SCMP_SYS(close), SCMP_SYS(dup), SCMP_SYS(fstat), SCMP_SYS(lseek),
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_ctl), SCMP_SYS(timerfd_settime),
	SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
	SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(getrusage),
	SCMP_SYS(setitimer), SCMP_SYS(getrandom), SCMP_SYS(getpid), SCMP_SYS(gettid),
	SCMP_SYS(futex), SCMP_SYS(sched_yield), SCMP_SYS(restart_syscall),
	SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigaction),
	SCMP_SYS(exit), SCMP_SYS(exit_group),
};

/* What libraries try in good faith: it fails, they go on. */
static const int tried_in_good_faith[] = {
	SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(newfstatat),
	SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(readlink), SCMP_SYS(statx),
	SCMP_SYS(sysinfo), SCMP_SYS(prlimit64), SCMP_SYS(getdents64), SCMP_SYS(ioctl),
	SCMP_SYS(uname), SCMP_SYS(getcwd),
};
/* clang-format on */

/* Younger than the libraries that we build with; from 424 on a call has one number everywhere. */
enum { NEW_FCHMODAT2 = 452, NEW_SETXATTRAT = 463, NEW_OPEN_TREE_ATTR = 467 };

/* What no role needs and a broken one would look for first: other programs, other
 * processes, the inside of the kernel. */
static const int of_nobody[] = {
	SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(clone),
	SCMP_SYS(clone3), SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev), SCMP_SYS(pidfd_open), SCMP_SYS(pidfd_getfd),
	SCMP_SYS(pidfd_send_signal), SCMP_SYS(rt_sigqueueinfo), SCMP_SYS(rt_tgsigqueueinfo),
	SCMP_SYS(tkill), SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(pivot_root),
	SCMP_SYS(chroot), SCMP_SYS(unshare), SCMP_SYS(setns), SCMP_SYS(bpf),
	SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd), SCMP_SYS(io_uring_setup),
	SCMP_SYS(io_uring_enter), SCMP_SYS(io_uring_register), SCMP_SYS(add_key),
	SCMP_SYS(request_key), SCMP_SYS(keyctl), SCMP_SYS(init_module), SCMP_SYS(finit_module),
	SCMP_SYS(delete_module), SCMP_SYS(kexec_load), SCMP_SYS(open_by_handle_at),
	SCMP_SYS(personality), SCMP_SYS(bind), SCMP_SYS(listen), SCMP_SYS(process_madvise),
	SCMP_SYS(kcmp), SCMP_SYS(move_pages), SCMP_SYS(migrate_pages),
	SCMP_SYS(fanotify_init), SCMP_SYS(name_to_handle_at), SCMP_SYS(mknod), SCMP_SYS(mknodat),
	SCMP_SYS(symlink), SCMP_SYS(symlinkat), SCMP_SYS(setuid), SCMP_SYS(setgid),
	SCMP_SYS(setreuid), SCMP_SYS(setregid), SCMP_SYS(setresuid), SCMP_SYS(setresgid),
	SCMP_SYS(setgroups), SCMP_SYS(setfsuid), SCMP_SYS(setfsgid), SCMP_SYS(capset),
	SCMP_SYS(shmget), SCMP_SYS(semget), SCMP_SYS(msgget), SCMP_SYS(mq_open),
	SCMP_SYS(syslog), SCMP_SYS(reboot), SCMP_SYS(swapon), SCMP_SYS(swapoff), SCMP_SYS(acct),
	SCMP_SYS(settimeofday), SCMP_SYS(clock_settime), SCMP_SYS(clock_adjtime),
	SCMP_SYS(adjtimex), SCMP_SYS(sethostname), SCMP_SYS(setdomainname), SCMP_SYS(quotactl),
	SCMP_SYS(move_mount), SCMP_SYS(open_tree), SCMP_SYS(fsopen), SCMP_SYS(fsmount),
	SCMP_SYS(fsconfig), SCMP_SYS(fspick), SCMP_SYS(mount_setattr), SCMP_SYS(kexec_file_load),
	SCMP_SYS(lookup_dcookie), NEW_OPEN_TREE_ATTR, SCMP_SYS(vhangup), SCMP_SYS(sched_setscheduler),
	SCMP_SYS(sched_setattr), SCMP_SYS(setpriority), SCMP_SYS(ioprio_set),
};

/* Of all but the owner of the book. */
static const int of_owner[] = {
	SCMP_SYS(chmod), SCMP_SYS(fchmodat), SCMP_SYS(chown), SCMP_SYS(lchown),
	SCMP_SYS(fchown), SCMP_SYS(fchownat), SCMP_SYS(utimensat), SCMP_SYS(utimes),
	SCMP_SYS(setxattr), SCMP_SYS(lsetxattr), SCMP_SYS(fsetxattr), SCMP_SYS(flock),
	SCMP_SYS(truncate), NEW_FCHMODAT2, NEW_SETXATTRAT,
};

/* Of all who call nobody: they live with what they were given. */
static const int of_callers[] = { SCMP_SYS(connect), SCMP_SYS(socket), SCMP_SYS(socketpair) };

/* What asks the kernel to signal others in our name, opens our memory to them, or types into
 * their terminal. */
static const struct {
	int call;
	unsigned argument;
	scmp_datum_t value;
} commands[] = {
	{ SCMP_SYS(fcntl), 1, F_SETOWN },
	{ SCMP_SYS(fcntl), 1, F_SETOWN_EX },
	{ SCMP_SYS(fcntl), 1, F_SETSIG },
	{ SCMP_SYS(prctl), 0, PR_SET_DUMPABLE },
	{ SCMP_SYS(prctl), 0, PR_SET_PTRACER },
	{ SCMP_SYS(ioctl), 1, TIOCSTI },
	{ SCMP_SYS(ioctl), 1, TIOCLINUX },
};

/* Families that a caller may speak to besides those of the internet: the second is how names
 * are asked for. */
static const int families[] = { AF_UNIX, AF_NETLINK, AF_INET, AF_INET6 };

/* What becomes of a call that no rule names. */
static scmp_filter_ctx
filter_new(uint32_t otherwise, struct err *err)
{
	scmp_filter_ctx filter = seccomp_init(otherwise);

	if (filter == NULL)
		err_set(err, ERR_BROKEN, "no filter of system calls can be made");
	return filter;
}

static bool
refuse(scmp_filter_ctx filter, const int *calls, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), calls[i], 0) != 0)
			return false;
	return true;
}

static bool
refuse_commands(scmp_filter_ctx filter)
{
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
		if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), commands[i].call, 1,
		        SCMP_CMP32(commands[i].argument, SCMP_CMP_EQ, commands[i].value)) != 0)
			return false;
	return true;
}

/* Every number of a family but those that are known to be needed. */
static bool
refuse_families(scmp_filter_ctx filter)
{
	for (int family = 0; family < AF_MAX; family++) {
		bool is_needed = false;
		for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
			is_needed = is_needed || families[i] == family;
		if (!is_needed &&
		    seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1,
		        SCMP_CMP32(0, SCMP_CMP_EQ, (scmp_datum_t)family)) != 0)
			return false;
	}
	return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1,
	           SCMP_A0(SCMP_CMP_GE, AF_MAX)) == 0;
}

static bool
add_refusals(scmp_filter_ctx filter, bool may_connect, bool is_owner)
{
	static const int signals[] = { SCMP_SYS(kill), SCMP_SYS(tgkill) };
	const scmp_datum_t self = (scmp_datum_t)getpid();

	if (!refuse(filter, of_nobody, sizeof of_nobody / sizeof of_nobody[0]) || !refuse_commands(filter) ||
	    (!is_owner && !refuse(filter, of_owner, sizeof of_owner / sizeof of_owner[0])))
		return false;
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), signals[i], 1,
		        SCMP_A0(SCMP_CMP_NE, self, 0)) != 0)
			return false;
	return may_connect ? refuse_families(filter)
			   : refuse(filter, of_callers, sizeof of_callers / sizeof of_callers[0]);
}

/* Memory may be mapped and its protection changed, but never to be run. */
static bool
allow_memory(scmp_filter_ctx filter)
{
	static const int calls[] = { SCMP_SYS(mmap), SCMP_SYS(mprotect) };

	for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
		if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 1,
			SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) != 0)
			return false;
	return true;
}

/* A signal to oneself only (abort), and of fcntl nothing that would have the kernel send
 * one to another process of the same user (F_SETOWN). */
static bool
allow_oneself(scmp_filter_ctx filter)
{
	static const unsigned harmless[] = { F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL };

	for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++)
		if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
		        SCMP_A1(SCMP_CMP_EQ, harmless[i], 0)) != 0)
			return false;
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 2,
	           SCMP_A1(SCMP_CMP_EQ, F_SETFL, 0), SCMP_A2(SCMP_CMP_MASKED_EQ, O_ASYNC, 0)) == 0 &&
	       seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
	           SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0)) == 0;
}

static bool
add_rules(scmp_filter_ctx filter)
{
	for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
		if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0) != 0)
			return false;
	return refuse(filter, tried_in_good_faith, sizeof tried_in_good_faith / sizeof tried_in_good_faith[0]) &&
	       allow_oneself(filter) && allow_memory(filter);
}

static bool
load(scmp_filter_ctx filter, bool built, struct err *err)
{
	bool done = built && seccomp_load(filter) == 0;

	seccomp_release(filter);
	return done || err_set(err, ERR_BROKEN, "the kernel takes no filter of system calls");
}

static bool
close_walls(struct err *err)
{
	scmp_filter_ctx filter = filter_new(SCMP_ACT_KILL_PROCESS, err);

	return filter != NULL && load(filter, add_rules(filter), err);
}
#endif

bool
sandbox_confine(bool may_connect, bool is_owner, struct err *err)
{
#ifdef PREAU_SANITIZERS
	(void)may_connect;
	(void)is_owner;
	(void)err;
	return true;
#else
	scmp_filter_ctx filter = filter_new(SCMP_ACT_ALLOW, err);

	return filter != NULL && load(filter, add_refusals(filter, may_connect, is_owner), err);
#endif
}

bool
sandbox_no_unix(struct err *err)
{
#ifdef PREAU_SANITIZERS
	(void)err;
	return true;
#else
	scmp_filter_ctx filter = filter_new(SCMP_ACT_ALLOW, err);

	return filter != NULL && load(filter,
	    seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1,
	        SCMP_CMP32(0, SCMP_CMP_EQ, AF_UNIX)) == 0,
	    err);
#endif
}

bool
sandbox_close(size_t memory, struct err *err)
{
#ifdef PREAU_SANITIZERS
	(void)memory;
	(void)err;
	return true;
#else
	struct rlimit space = { memory, memory }, none = { 0, 0 };

	if (setrlimit(RLIMIT_AS, &space) != 0 || setrlimit(RLIMIT_NPROC, &none) != 0)
		return err_set(err, ERR_BROKEN, "the limits of the process cannot be set");
	return close_walls(err);
#endif
}

void
sandbox_deadline(long cpu_ms)
{
	struct itimerval timer = { 0 };

	cpu_ms *= CPU_FACTOR;
	timer.it_value.tv_sec = cpu_ms / 1000;
	timer.it_value.tv_usec = cpu_ms % 1000 * 1000;
	if (setitimer(ITIMER_PROF, &timer, NULL) != 0)
		die("no timer for the deadline");
}
