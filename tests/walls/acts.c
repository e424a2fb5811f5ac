/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "acts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum landlock {
	NO_NEED,
	WHERE_ONE, /* only Landlock refuses it where all roles share a user */
	ALWAYS
};

/* ---- files ---- */

enum { MAKE = O_CREAT | O_WRONLY, FOLDER = O_RDONLY | O_DIRECTORY };

/* clang-format off */
static const struct {
	const char *name;
	const char *path;     /* "@": the data folder, "&": the worker's folder of /proc, "!": the supervisor's */
	int flags;
	const char *duty;     /* of these roles */
	const char *duty_one; /* of these where all share a user */
	enum landlock landlock;
} opens[] = {
	{ "open the book to write",            "@/preau.db",        O_RDWR,   "clerk", "", WHERE_ONE },
	{ "write to the log of the book",      "@/preau.db-wal",    O_WRONLY, "clerk", "", WHERE_ONE },
	{ "write to the index of that log",    "@/preau.db-shm",    O_RDWR,   "clerk", "", WHERE_ONE },
	{ "read the book",                     "@/preau.db",        O_RDONLY, "clerk web relay checker", "", WHERE_ONE },
	{ "read the keys",                     "@/keys",            O_RDONLY, "", "clerk", WHERE_ONE },
	{ "write the keys",                    "@/keys",            O_RDWR,   "", "clerk", WHERE_ONE },
	{ "make a blob",                       "@/blobs/broken",    MAKE,     "clerk", "", WHERE_ONE },
	{ "list the blobs",                    "@/blobs",           FOLDER,   "clerk web relay checker", "", WHERE_ONE },
	{ "make a file beside the book",       "@/broken",          MAKE,     "clerk", "", WHERE_ONE },
	{ "close the house",                   "@/read-only",       MAKE,     "clerk", "", WHERE_ONE },
	{ "make what leaves the house",        "@/outgoing/broken", MAKE,     "relay", "clerk", WHERE_ONE },
	{ "make a file in the spool of web",   "@/spool/web/b",     MAKE,     "web", "clerk", WHERE_ONE },
	{ "make a file in that of intake",     "@/spool/intake/b",  MAKE,     "intake", "clerk", WHERE_ONE },
	{ "list the spool of web",             "@/spool/web",       FOLDER,   "web", "clerk", WHERE_ONE },
	{ "list the spool of intake",          "@/spool/intake",    FOLDER,   "intake", "clerk", WHERE_ONE },
	{ "open the lock of the house",        "@/run/lock",        O_RDWR,   "", "clerk", WHERE_ONE },
	{ "say who serves",                    "@/run/preau.pid",   O_WRONLY, "", "clerk", WHERE_ONE },
	{ "read /etc/shadow",                  "/etc/shadow",       O_RDONLY, "", "", NO_NEED },
	{ "write /etc/shadow",                 "/etc/shadow",       O_WRONLY, "", "", NO_NEED },
	{ "read /etc/passwd",                  "/etc/passwd",       O_RDONLY, "", "", ALWAYS },
	{ "write /etc/passwd",                 "/etc/passwd",       O_WRONLY, "", "", NO_NEED },
	{ "make a file in /etc",               "/etc/broken",       MAKE,     "", "", NO_NEED },
	{ "make a file in /tmp",               "/tmp/broken",       MAKE,     "", "", ALWAYS },
	{ "make a file in /var/tmp",           "/var/tmp/broken",   MAKE,     "", "", ALWAYS },
	{ "make a file in shared memory",      "/dev/shm/broken",   MAKE,     "", "", ALWAYS },
	{ "list the first folder",             "/",                 FOLDER,   "", "", ALWAYS },
	{ "list the homes",                    "/home",             FOLDER,   "", "", ALWAYS },
	{ "list the home of root",             "/root",             FOLDER,   "", "", NO_NEED },
	{ "list all processes",                "/proc",             FOLDER,   "", "", ALWAYS },
	{ "read the memory of a neighbour",    "&/mem",             O_RDWR,   "", "", NO_NEED },
	{ "read its environment",              "&/environ",         O_RDONLY, "", "", NO_NEED },
	{ "read its map",                      "&/maps",            O_RDONLY, "", "", NO_NEED },
	{ "list its descriptors",              "&/fd",              FOLDER,   "", "", NO_NEED },
	{ "read the memory of the supervisor", "!/mem",             O_RDWR,   "", "", WHERE_ONE },
	{ "read its environment too",          "!/environ",         O_RDONLY, "", "", WHERE_ONE },
	{ "say what dumps cores",              "/proc/sys/kernel/core_pattern", O_WRONLY, "", "", NO_NEED },
	{ "open the memory of the machine",    "/dev/mem",          O_RDWR,   "", "", NO_NEED },
	{ "write to the log of the kernel",    "/dev/kmsg",         O_WRONLY, "", "", NO_NEED },
};
/* clang-format on */

static int
try_open(size_t row, const struct broken *broken)
{
	const char *path = opens[row].path;
	char full[4200];
	int fd;

	if (path[0] == '@')
		snprintf(full, sizeof(full), "%s%s", broken->data, path + 1);
	else if (path[0] == '&' || path[0] == '!')
		snprintf(full, sizeof(full), "/proc/%d%s",
		    (int)(path[0] == '&' ? broken->worker : broken->supervisor), path + 1);
	else
		snprintf(full, sizeof(full), "%s", path);
	fd = open(full, opens[row].flags | O_CLOEXEC, 0600);
	if (fd < 0) /* a device that is not there is no wall */
		return errno == ENOENT && strncmp(path, "/dev/", 5) == 0 ? ENODEV : errno;
	close(fd);
	return 0;
}

/* ---- what is done with a file of the owner's: it is there for that, one for each role ---- */

static char canary[4200], other[4200];

static long
cut_file(void)
{
	return truncate(canary, 0);
}

static long
open_to_all(void)
{
	return chmod(canary, 0666);
}

static long
open_to_all_newly(void)
{
	return syscall(452 /* fchmodat2 */, AT_FDCWD, canary, 0666, 0);
}

static long
give_away(void)
{
	return chown(canary, getuid(), getgid());
}

static long
touch(void)
{
	return utimensat(AT_FDCWD, canary, NULL, 0);
}

static long
link_file(void)
{
	return link(canary, other);
}

static long
make_symlink(void)
{
	return symlink("/etc/passwd", other);
}

static long
make_folder(void)
{
	return mkdir(other, 0700);
}

static long
make_pipe(void)
{
	return mkfifo(other, 0600);
}

static long
rename_file(void)
{
	return rename(canary, other);
}

static long
remove_file(void)
{
	return unlink(canary);
}

static long
remove_folder(void)
{
	char run[4200];

	snprintf(run, sizeof(run), "%.*s.folder", (int)(sizeof(run) - 8), canary);
	return rmdir(run);
}

/* clang-format off */
static const struct { const char *name; long (*run)(void); const char *duty; enum landlock landlock; } files[] = {
	{ "cut a file of the owner's",  cut_file,      "clerk", WHERE_ONE },
	{ "open it to all",             open_to_all,   "clerk", NO_NEED },
	{ "open it to all newly",       open_to_all_newly, "clerk", NO_NEED },
	{ "make it one's own",          give_away,     "clerk", NO_NEED },
	{ "change its time",            touch,         "clerk", NO_NEED },
	{ "give it another name too",   link_file,     "clerk", WHERE_ONE },
	{ "make a symbolic link",       make_symlink,  "",      NO_NEED },
	{ "make a pipe",                make_pipe,     "",      NO_NEED },
	{ "make a folder",              make_folder,   "clerk", WHERE_ONE },
	{ "rename it",                  rename_file,   "clerk", WHERE_ONE },
	{ "remove it",                  remove_file,   "clerk", WHERE_ONE },
	{ "remove a folder",            remove_folder, "",      WHERE_ONE },
};
/* clang-format on */

/* ---- calls of the kernel ---- */

static pid_t neighbour, parent_of_all;
static int web_port;

static long
kill_neighbour(void)
{
	return kill(neighbour, 0);
}

static long
kill_supervisor(void)
{
	return kill(parent_of_all, 0);
}

static long
kill_all(void)
{
	return kill(-1, 0);
}

static long
kill_thread(void)
{
	return syscall(SYS_tgkill, neighbour, neighbour, 0);
}

static long
kill_any_thread(void)
{
	return syscall(SYS_tkill, neighbour, 0);
}

static long
queue_signal(void)
{
	return sigqueue(neighbour, 0, (union sigval){ .sival_int = 1 });
}

static long
hold_process(void)
{
	return syscall(SYS_pidfd_open, neighbour, 0);
}

static long
have_signalled(void)
{
	return fcntl(STDERR_FILENO, F_SETOWN, neighbour);
}

static long
trace_neighbour(void)
{
	return ptrace(PTRACE_SEIZE, neighbour, 0, 0);
}

static long
trace_oneself(void)
{
	return ptrace(PTRACE_TRACEME, 0, 0, 0);
}

static long
be_seen(void)
{
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static long
look_into(void)
{
	char octet;
	struct iovec here = { &octet, 1 }, there = { &octet, 1 };

	return process_vm_readv(neighbour, &here, 1, &there, 1, 0);
}

static long
write_into(void)
{
	char octet = 0;
	struct iovec here = { &octet, 1 }, there = { &octet, 1 };

	return process_vm_writev(neighbour, &here, 1, &there, 1, 0);
}

static long
compare(void)
{
	return syscall(SYS_kcmp, neighbour, getpid(), 0, 0, 0);
}

static long
start_program(void)
{
	return execl("/bin/true", "true", (char *)NULL);
}

static long
start_by_descriptor(void)
{
	char *const nothing[] = { NULL };
	int fd = open("/usr/lib/os-release", O_PATH | O_CLOEXEC);

	return syscall(SYS_execveat, fd < 0 ? STDERR_FILENO : fd, "", nothing, nothing, AT_EMPTY_PATH);
}

/* The child ends at once; the parent says that there was one. */
static long
fork_once(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	if (child > 0)
		waitpid(child, NULL, 0);
	return child;
}

static long
fork_many(void)
{
	long last = -1;

	for (int i = 0; i < 8; i++)
		if (fork_once() > 0)
			last = 0;
	return last;
}

static long
clone_space(void)
{
	long child = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, 0);

	if (child == 0)
		_exit(0);
	return child;
}

static long
clone_newly(void)
{
	return syscall(SYS_clone3, NULL, 0);
}

static long
mount_folder(void)
{
	return mount("none", "/tmp", "tmpfs", 0, NULL);
}

static long
unmount_folder(void)
{
	return umount2("/proc", MNT_DETACH);
}

static long
mount_newly(void)
{
	return syscall(SYS_fsopen, "tmpfs", 0);
}

static long
change_root(void)
{
	return chroot("/");
}

static long
turn_root(void)
{
	return syscall(SYS_pivot_root, "/", "/");
}

static long
leave_space(void)
{
	return unshare(CLONE_NEWUSER);
}

static long
join_space(void)
{
	return setns(STDERR_FILENO, 0);
}

static long
be_root(void)
{
	return setuid(0);
}

static long
be_root_in_all(void)
{
	return setresuid(0, 0, 0);
}

static long
be_of_group_root(void)
{
	return setgid(0);
}

static long
join_groups(void)
{
	gid_t root = 0;

	return setgroups(1, &root);
}

static long
take_rights(void)
{
	unsigned head[2] = { 0x20080522, 0 }, data[6] = { ~0U, ~0U, 0, 0, 0, 0 };

	return syscall(SYS_capset, head, data);
}

static long
raise_limit(void)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	return setrlimit(RLIMIT_CORE, &all);
}

static long
be_first(void)
{
	return setpriority(PRIO_PROCESS, 0, -20);
}

static long
be_real_time(void)
{
	struct sched_param first = { .sched_priority = 1 };

	return sched_setscheduler(0, SCHED_FIFO, &first);
}

static long
use_ring(void)
{
	char room[256] = { 0 };

	return syscall(SYS_io_uring_setup, 1, room);
}

static long
use_bpf(void)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	return syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
}

static long
handle_faults(void)
{
	return syscall(SYS_userfaultfd, 1 /* UFFD_USER_MODE_ONLY */);
}

static long
measure(void)
{
	struct perf_event_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.type = PERF_TYPE_SOFTWARE;
	attr.size = sizeof(attr);
	attr.exclude_kernel = attr.exclude_hv = 1;
	return syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

static long
use_keyring(void)
{
	return syscall(SYS_keyctl, 0, -3, 0);
}

static long
add_to_keyring(void)
{
	return syscall(SYS_add_key, "user", "broken", "x", 1, -3);
}

static long
ask_keyring(void)
{
	return syscall(SYS_request_key, "user", "broken", NULL, 0);
}

static long
load_module(void)
{
	return syscall(SYS_init_module, "", 0, "");
}

static long
load_module_file(void)
{
	return syscall(SYS_finit_module, STDERR_FILENO, "", 0);
}

static long
unload_module(void)
{
	return syscall(SYS_delete_module, "broken", 0);
}

static long
load_kernel(void)
{
	return syscall(SYS_kexec_load, 0, 0, NULL, 0);
}

static long
open_by_handle(void)
{
	char handle[64] = { 8 };

	return syscall(SYS_open_by_handle_at, AT_FDCWD, handle, O_RDONLY);
}

static long
be_another_system(void)
{
	return syscall(SYS_personality, 0x0400000 /* READ_IMPLIES_EXEC */);
}

static long
watch_all_files(void)
{
	return syscall(SYS_fanotify_init, 0, O_RDONLY);
}

static long
make_device(void)
{
	return mknod(other, S_IFCHR | 0600, 1 << 8 | 1);
}

static long
share_memory(void)
{
	int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);

	return id < 0 ? id : shmctl(id, IPC_RMID, NULL);
}

static long
share_queue(void)
{
	int id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);

	return id < 0 ? id : msgctl(id, IPC_RMID, NULL);
}

static long
share_semaphore(void)
{
	int id = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);

	return id < 0 ? id : semctl(id, 0, IPC_RMID);
}

static long
set_clock(void)
{
	struct timespec now = { 1, 0 };

	return clock_settime(CLOCK_REALTIME, &now);
}

static long
set_name(void)
{
	return sethostname("broken", 6);
}

static long
restart_machine(void)
{
	return syscall(SYS_reboot, 0, 0, 0, NULL); /* not the magic numbers: nothing would happen */
}

static long
swap(void)
{
	return syscall(SYS_swapon, "/nothing", 0);
}

static long
account(void)
{
	return acct("/nothing");
}

static long
read_kernel_log(void)
{
	char text[16];

	return syscall(SYS_syslog, 3, text, sizeof(text));
}

static long
type_into_terminal(void)
{
	return ioctl(STDERR_FILENO, TIOCSTI, "x");
}

static struct sockaddr_in
here(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return address;
}

static long
make_socket(int family, int type)
{
	return socket(family, type | SOCK_CLOEXEC, 0);
}

static long
connect_to_web(void)
{
	struct sockaddr_in address = here(web_port);
	long fd = make_socket(AF_INET, SOCK_STREAM);

	return fd < 0 ? fd : connect((int)fd, (struct sockaddr *)&address, sizeof(address));
}

static long
send_a_packet(void)
{
	struct sockaddr_in address = here(9);
	long fd = make_socket(AF_INET, SOCK_DGRAM);

	return fd < 0 ? fd
		      : sendto((int)fd, "x", 1, 0, (struct sockaddr *)&address, sizeof(address));
}

static long
take_a_port(void)
{
	struct sockaddr_in address = here(0);
	long fd = make_socket(AF_INET, SOCK_STREAM);

	return fd < 0 ? fd : bind((int)fd, (struct sockaddr *)&address, sizeof(address));
}

static long
listen_anywhere(void)
{
	long fd = make_socket(AF_INET, SOCK_STREAM);

	return fd < 0 ? fd : listen((int)fd, 1);
}

static const char *data_folder;

static long
speak_as_console(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	long fd = make_socket(AF_UNIX, SOCK_SEQPACKET);

	snprintf(address.sun_path, sizeof(address.sun_path), "%.80s/run/preau.sock", data_folder);
	return fd < 0 ? fd : connect((int)fd, (struct sockaddr *)&address, sizeof(address));
}

static long
take_the_console(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	long fd = make_socket(AF_UNIX, SOCK_SEQPACKET);

	snprintf(address.sun_path, sizeof(address.sun_path), "%.80s/run/broken.sock", data_folder);
	return fd < 0 ? fd : bind((int)fd, (struct sockaddr *)&address, sizeof(address));
}

static long
raw_socket(void)
{
	return socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
}

static long
packet_socket(void)
{
	return make_socket(AF_PACKET, SOCK_RAW);
}

static long
crypto_socket(void)
{
	return make_socket(AF_ALG, SOCK_SEQPACKET);
}

static long
machine_socket(void)
{
	return make_socket(AF_VSOCK, SOCK_STREAM);
}

static long
radio_socket(void)
{
	return make_socket(AF_BLUETOOTH, SOCK_RAW);
}

static long
kernel_socket(void)
{
	return make_socket(AF_NETLINK, SOCK_RAW);
}

static long
pair_of_sockets(void)
{
	int pair[2];

	return socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
}

/* clang-format off */
static const struct { const char *name; long (*run)(void); const char *duty; } calls[] = {
	{ "signal a neighbour",               kill_neighbour,      "" },
	{ "signal the supervisor",            kill_supervisor,     "" },
	{ "signal everybody",                 kill_all,            "" },
	{ "signal a thread",                  kill_thread,         "" },
	{ "signal any thread",                kill_any_thread,     "" },
	{ "queue a signal",                   queue_signal,        "" },
	{ "have a neighbour signalled",       have_signalled,      "" },
	{ "hold a process",                   hold_process,        "" },
	{ "trace a neighbour",                trace_neighbour,     "" },
	{ "trace oneself",                    trace_oneself,       "" },
	{ "be seen by neighbours",            be_seen,             "" },
	{ "look into a neighbour",            look_into,           "" },
	{ "write into a neighbour",           write_into,          "" },
	{ "compare with a neighbour",         compare,             "" },
	{ "start a program",                  start_program,       "" },
	{ "start one by descriptor",          start_by_descriptor, "" },
	{ "fork",                             fork_once,           "" },
	{ "fork again and again",             fork_many,           "" },
	{ "clone into a space of one's own",  clone_space,         "" },
	{ "clone in the new way",             clone_newly,         "" },
	{ "mount",                            mount_folder,        "" },
	{ "unmount",                          unmount_folder,      "" },
	{ "mount in the new way",             mount_newly,         "" },
	{ "change the root",                  change_root,         "" },
	{ "turn the root",                    turn_root,           "" },
	{ "make a space of one's own",        leave_space,         "" },
	{ "join a space",                     join_space,          "" },
	{ "become root",                      be_root,             "" },
	{ "become root for good",             be_root_in_all,      "" },
	{ "become of root's group",           be_of_group_root,    "" },
	{ "join groups",                      join_groups,         "" },
	{ "take capabilities",                take_rights,         "" },
	{ "have cores dumped",                raise_limit,         "" },
	{ "run before others",                be_first,            "" },
	{ "run in real time",                 be_real_time,        "" },
	{ "use io_uring",                     use_ring,            "" },
	{ "use bpf",                          use_bpf,             "" },
	{ "handle page faults",               handle_faults,       "" },
	{ "measure the processor",            measure,             "" },
	{ "use the keyring",                  use_keyring,         "" },
	{ "add to the keyring",               add_to_keyring,      "" },
	{ "ask the keyring",                  ask_keyring,         "" },
	{ "load a module",                    load_module,         "" },
	{ "load a module from a file",        load_module_file,    "" },
	{ "unload a module",                  unload_module,       "" },
	{ "load a kernel",                    load_kernel,         "" },
	{ "open by handle",                   open_by_handle,      "" },
	{ "be another system",                be_another_system,   "" },
	{ "watch all files",                  watch_all_files,     "" },
	{ "make a device",                    make_device,         "" },
	{ "share memory",                     share_memory,        "" },
	{ "share a queue",                    share_queue,         "" },
	{ "share a semaphore",                share_semaphore,     "" },
	{ "set the clock",                    set_clock,           "" },
	{ "rename the machine",               set_name,            "" },
	{ "restart the machine",              restart_machine,     "" },
	{ "swap",                             swap,                "" },
	{ "account",                          account,             "" },
	{ "read the log of the kernel",       read_kernel_log,     "" },
	{ "type into the terminal",           type_into_terminal,  "" },
	{ "connect to the web door",          connect_to_web,      "relay" },
	{ "send a packet",                    send_a_packet,       "relay" },
	{ "take a port",                      take_a_port,         "" },
	{ "listen",                           listen_anywhere,     "" },
	{ "speak as the console",             speak_as_console,    "" },
	{ "take the place of the console",    take_the_console,    "" },
	{ "make a raw socket",                raw_socket,          "" },
	{ "make a packet socket",             packet_socket,       "" },
	{ "make a crypto socket",             crypto_socket,       "" },
	{ "make a socket to other machines",  machine_socket,      "" },
	{ "make a radio socket",              radio_socket,        "" },
	{ "make a socket to the kernel",      kernel_socket,       "relay" },
	{ "make a pair of sockets",           pair_of_sockets,     "relay" },
};
/* clang-format on */

/* ---- all of them, in one row ---- */

size_t
acts_count(void)
{
	return COUNT(opens) + COUNT(files) + COUNT(calls);
}

const char *
acts_name(size_t number)
{
	if (number < COUNT(opens))
		return opens[number].name;
	number -= COUNT(opens);
	return number < COUNT(files) ? files[number].name : calls[number - COUNT(files)].name;
}

static bool
is_among(const char *roles, const char *role)
{
	size_t len = strlen(role);

	for (const char *at = roles; (at = strstr(at, role)) != NULL; at += len)
		if ((at == roles || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
			return true;
	return false;
}

bool
acts_is_duty(size_t number, const struct broken *broken, bool one)
{
	if (number < COUNT(opens))
		return is_among(opens[number].duty, broken->role) ||
		       (one && is_among(opens[number].duty_one, broken->role));
	number -= COUNT(opens);
	if (number < COUNT(files))
		return is_among(files[number].duty, broken->role);
	return is_among(calls[number - COUNT(files)].duty, broken->role);
}

bool
acts_needs_landlock(size_t number, bool one)
{
	enum landlock need = NO_NEED;

	if (number < COUNT(opens))
		need = opens[number].landlock;
	else if (number - COUNT(opens) < COUNT(files))
		need = files[number - COUNT(opens)].landlock;
	return need == ALWAYS || (one && need == WHERE_ONE);
}

int
acts_try(size_t number, const struct broken *broken)
{
	long (*run)(void);

	snprintf(canary, sizeof(canary), "%.4000s/canary.%.20s", broken->data, broken->role);
	snprintf(other, sizeof(other), "%.4000s/broken.%.20s.%zu", broken->data, broken->role, number);
	neighbour = broken->worker;
	parent_of_all = broken->supervisor;
	web_port = broken->web_port;
	data_folder = broken->data;
	if (number < COUNT(opens))
		return try_open(number, broken);
	number -= COUNT(opens);
	run = number < COUNT(files) ? files[number].run : calls[number - COUNT(files)].run;
	errno = 0;
	return run() < 0 ? errno : 0;
}
