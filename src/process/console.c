/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/console.c: blocking, since a person waits. */
#include "process/console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "process/channel.h"

enum { ANSWER_MS = 60000, START_MS = 20000, AGAIN_MS = 50, AGAIN_MAX = 200 };

/* Sent and not yet answered; id 0: free. */
struct pending {
	uint64_t id;
	struct buf message;
	int fd;
};

struct console {
	int fd;
	struct pending pending[CONSOLE_OPEN_MAX];
	char path[108];
	pid_t supervisor; /* of our own, or 0 */
	struct buf answer;
	uint64_t next;
};

/* -1: nobody listens there. */
static int
connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, path, strlen(path) + 1);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static _Noreturn void
become_supervisor(const char *file, int ready)
{
	char program[] = "preau", verb[] = "serve", only[] = "--console-only",
	     flag[] = "--ready-fd";
	char config[] = "--config", number[16];
	char *path = x_strdup(file);
	char *arguments[] = { program, verb, only, flag, number, config, path, NULL };

	snprintf(number, sizeof number, "%d", ready);
	setpgid(0, 0); /* Ctrl-C reaches the console alone; it ends us in order */
	execv("/proc/self/exe", arguments);
	_exit(71);
}

static bool
start_supervisor(struct console *console, const char *file, struct err *err)
{
	struct pollfd wait = { .events = POLLIN };
	char octet;
	int ends[2];
	bool ready;

	if (pipe(ends) != 0)
		return err_set(err, ERR_TEMPORARY, "pipe: %s", strerror(errno));
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	console->supervisor = fork();
	if (console->supervisor == 0)
		become_supervisor(file, ends[1]);
	close(ends[1]);
	wait.fd = ends[0];
	ready = console->supervisor > 0 && poll(&wait, 1, START_MS) == 1 &&
		read(ends[0], &octet, 1) == 1;
	close(ends[0]);
	return ready || err_set(err, ERR_TEMPORARY, "the clerk could not be started");
}

bool
console_open(
    const struct settings *settings, const char *file, struct console **slot, struct err *err)
{
	struct console *console = x_calloc(1, sizeof *console);
	int length =
	    snprintf(console->path, sizeof console->path, "%s/run/preau.sock", settings->data);

	*slot = console;
	buf_init(&console->answer, MESSAGE_MAX);
	console->fd = -1;
	if (length < 0 || (size_t)length >= sizeof console->path)
		return err_set(err, ERR_INVALID, "the path of the data folder is too long");
	console->fd = connect_to(console->path);
	if (console->fd >= 0)
		return true;
	if (errno == EACCES)
		return err_set(
		    err, ERR_DENIED, "only the owner of %s and root may do this", settings->data);
	if (!start_supervisor(console, file, err))
		return false;
	console->fd = connect_to(console->path);
	return console->fd >= 0 ||
	       err_set(err, ERR_TEMPORARY, "nobody answers on %s", console->path);
}

static void
forget(struct pending *pending)
{
	buf_free(&pending->message);
	file_close(&pending->fd);
	*pending = (struct pending){ .fd = -1 };
}

void
console_close(struct console **slot)
{
	struct console *console = *slot;
	int status;

	if (console == NULL)
		return;
	file_close(&console->fd);
	for (int i = 0; i < CONSOLE_OPEN_MAX; i++)
		if (console->pending[i].id != 0)
			forget(&console->pending[i]);
	if (console->supervisor > 0) {
		kill(console->supervisor, SIGTERM);
		while (waitpid(console->supervisor, &status, 0) < 0 && errno == EINTR)
			;
	}
	buf_free(&console->answer);
	free(console);
	*slot = NULL;
}

static bool
connect_again(struct console *console)
{
	struct timespec pause = { 0, AGAIN_MS * 1000000L };

	file_close(&console->fd);
	for (int i = 0; i < AGAIN_MAX && console->fd < 0; i++) {
		nanosleep(&pause, NULL);
		console->fd = connect_to(console->path);
	}
	return console->fd >= 0;
}

static bool
send_again(struct console *console)
{
	if (!connect_again(console))
		return false;
	for (int i = 0; i < CONSOLE_OPEN_MAX; i++) {
		struct pending *pending = &console->pending[i];
		if (pending->id != 0 &&
		    !packet_send(console->fd, buf_span(&pending->message), pending->fd))
			return false;
	}
	return true;
}

static struct pending *
find_pending(struct console *console, uint64_t id)
{
	for (int i = 0; i < CONSOLE_OPEN_MAX; i++)
		if (console->pending[i].id == id)
			return &console->pending[i];
	return NULL;
}

bool
console_send(
    struct console *console, const struct door_request *request, uint64_t *id, struct err *err)
{
	struct pending *pending = find_pending(console, 0);

	if (pending == NULL)
		return err_set(err, ERR_TEMPORARY, "too many acts are open");
	*id = ++console->next;
	buf_init(&pending->message, MESSAGE_MAX);
	door_write(&pending->message, 0, *id, request);
	pending->fd = request->fd >= 0 ? fcntl(request->fd, F_DUPFD_CLOEXEC, 0) : -1;
	if (!buf_ok(&pending->message)) {
		forget(pending);
		return err_set(err, ERR_INVALID, "this is too long for one act");
	}
	pending->id = *id;
	/* Where it cannot be sent now the wait for its answer does it. */
	(void)packet_send(console->fd, buf_span(&pending->message), pending->fd);
	return true;
}

static bool
receive(struct console *console, struct frame *frame)
{
	int passed;

	if (!packet_receive(console->fd, &console->answer, &passed, ANSWER_MS))
		return false;
	file_close(&passed);
	return frame_read(frame, buf_span(&console->answer));
}

bool
console_wait(struct console *console, struct door_answer *answer, uint64_t *id, struct err *err)
{
	struct pending *pending;
	struct frame frame;

	do {
		if (!receive(console, &frame) && !(send_again(console) && receive(console, &frame)))
			return err_set(err, ERR_TEMPORARY, "the clerk does not answer");
		pending = find_pending(console, frame.id);
	} while (frame.id == 0 || pending == NULL); /* answered before the clerk died */
	*id = frame.id;
	forget(pending);
	door_read_answer(&frame, answer);
	return true;
}

bool
console_ask(struct console *console, const struct door_request *request, struct door_answer *answer,
    struct err *err)
{
	uint64_t sent, answered;

	return console_send(console, request, &sent, err) &&
	       console_wait(console, answer, &answered, err);
}
