/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "net/listen.h"

enum {
	BACKLOG = 1024,
	ACCEPT_AT_ONCE = 4, /* a turn: other workers and open connections have their share */
	AWAY_AT_ONCE = 16,  /* are turned away with the descriptor that is kept for that */
	BREATHER_MS = 100   /* after EMFILE, instead of spinning on what cannot be accepted */
};

struct listener {
	struct loop_watch *watch;
	struct loop_timer *breather;
	bool paused;
	bool busy;   /* its function is being called */
	bool closed; /* by that function: freed when it returns */
	int spare;   /* kept for the day when there is none left; or -1 */
	const char *sorry; /* what is then said; NULL: nothing */
	listen_fn *fn;
	void *arg;
};

/* A path is free again when nobody answers there: what a killed server left behind. */
static bool
remove_dead_socket(const struct net_address *address, struct err *err)
{
	struct sockaddr_un un;
	struct stat st;
	int fd;
	bool alive;

	memcpy(&un, &address->storage, sizeof(un));
	if (lstat(un.sun_path, &st) != 0)
		return true;
	if (!S_ISSOCK(st.st_mode))
		return err_set(err, ERR_CONFLICT, "%.100s is there and is no socket", un.sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_set(err, ERR_BROKEN, "no socket: %s", strerror(errno));
	alive = connect(fd, (const struct sockaddr *)&un, sizeof(un)) == 0 || errno != ECONNREFUSED;
	file_close(&fd);
	if (alive)
		return err_set(err, ERR_CONFLICT, "somebody answers on %.100s", un.sun_path);
	if (unlink(un.sun_path) != 0)
		return err_set(
		    err, ERR_DENIED, "%.100s cannot be replaced: %s", un.sun_path, strerror(errno));
	return true;
}

static bool
set_options(int fd, int family, struct err *err)
{
	int one = 1;

	if (family == AF_UNIX)
		return true;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0)
		return err_set(err, ERR_BROKEN, "socket options: %s", strerror(errno));
	/* one socket for each family, so that peers look the same everywhere */
	if (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) != 0)
		return err_set(err, ERR_BROKEN, "IPV6_V6ONLY: %s", strerror(errno));
	return true;
}

static bool
bind_and_listen(int fd, const struct net_address *address, struct err *err)
{
	bool is_unix = net_address_is_unix(address);
	mode_t mask = is_unix ? umask(0117) : 0;
	int result = bind(fd, (const struct sockaddr *)&address->storage, address->len);
	int code = errno;

	if (is_unix)
		umask(mask);
	if (result == 0 && listen(fd, BACKLOG) == 0)
		return true;
	if (result == 0)
		code = errno;
	if (code == EADDRINUSE)
		return err_set(err, ERR_CONFLICT, "the address is taken");
	if (code == EACCES || code == EPERM)
		return err_set(err, ERR_DENIED, "may not listen there: %s", strerror(code));
	return err_set(err, ERR_INVALID, "cannot listen there: %s", strerror(code));
}

bool
listen_open(const char *text, int *fd, struct err *err)
{
	struct net_address address;
	int family;

	*fd = -1;
	if (!net_address_read(text, &address, err))
		return err_in(err, "%.100s", text);
	family = address.storage.ss_family;
	if (family == AF_UNIX && !remove_dead_socket(&address, err))
		return false;
	*fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*fd < 0)
		return err_set(err, ERR_BROKEN, "no socket for %.100s: %s", text, strerror(errno));
	if (set_options(*fd, family, err) && bind_and_listen(*fd, &address, err))
		return true;
	file_close(fd);
	return err_in(err, "%.100s", text);
}

bool
listen_adopt(int fd, struct err *err)
{
	int listens = 0, type = 0, one = 1, flags = fcntl(fd, F_GETFL);
	struct net_address address;
	socklen_t size = sizeof(int);

	if (flags < 0 || getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM ||
	    !net_address_of_socket(fd, &address))
		return err_set(err, ERR_INVALID, "it is no stream socket that listens");
	if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
	    (!net_address_is_unix(&address) &&
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0))
		return err_set(err, ERR_BROKEN, "socket options: %s", strerror(errno));
	return true;
}

bool
listen_name(int fd, char out[NET_ADDRESS_TEXT])
{
	struct net_address address;

	out[0] = '\0';
	if (!net_address_of_socket(fd, &address))
		return false;
	net_address_write(&address, out);
	return true;
}

static void
on_breath(void *arg)
{
	struct listener *listener = arg;

	if (!listener->paused)
		loop_watch_want(listener->watch, LOOP_READ);
}

/* There is no descriptor for anybody: those who wait hear so at once, instead of nothing. */
static void
turn_away(struct listener *listener, int fd)
{
	int got = 0, count = 0;

	while (got >= 0 && count++ < AWAY_AT_ONCE) {
		file_close(&listener->spare);
		got = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (got >= 0 && listener->sorry != NULL &&
		    send(got, listener->sorry, strlen(listener->sorry), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			log_debug("event=accept.turned_away");
		file_close(&got);
		listener->spare = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (listener->spare < 0)
			return;
	}
}

static void
accept_failed(struct listener *listener, int fd, int code)
{
	if (code != EMFILE && code != ENFILE && code != ENOBUFS && code != ENOMEM)
		return; /* the peer gave up meanwhile, or another worker was faster */
	if (code == EMFILE && listener->spare >= 0)
		turn_away(listener, fd);
	log_warn("event=accept.paused ms=%d reason=%s", BREATHER_MS, strerror(code));
	loop_watch_want(listener->watch, 0);
	loop_timer_set(listener->breather, BREATHER_MS);
}

static void
on_ready(int fd, unsigned what, void *arg)
{
	struct listener *listener = arg;
	struct net_address peer;
	int got;

	(void)what;
	listener->busy = true;
	for (int i = 0; i < ACCEPT_AT_ONCE && !listener->closed && !listener->paused; i++) {
		memset(&peer, 0, sizeof(peer));
		peer.len = sizeof(peer.storage);
		got = accept4(
		    fd, (struct sockaddr *)&peer.storage, &peer.len, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (got < 0) {
			accept_failed(listener, fd, errno);
			break;
		}
		if (listener->spare < 0)
			listener->spare = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		listener->fn(got, &peer, listener->arg);
	}
	listener->busy = false;
	if (listener->closed)
		free(listener);
}

struct listener *
listen_accept(struct loop *loop, int fd, const char *sorry, listen_fn *fn, void *arg)
{
	struct listener *listener = x_calloc(1, sizeof(*listener));

	listener->sorry = sorry;
	listener->spare = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	listener->fn = fn;
	listener->arg = arg;
	listener->watch = loop_watch_new(loop, fd, on_ready, listener);
	listener->breather = loop_timer_new(loop, on_breath, listener);
	loop_watch_want(listener->watch, LOOP_READ);
	return listener;
}

void
listen_pause(struct listener *listener)
{
	listener->paused = true;
	loop_watch_want(listener->watch, 0);
}

void
listen_resume(struct listener *listener)
{
	listener->paused = false;
	if (!loop_timer_is_set(listener->breather))
		loop_watch_want(listener->watch, LOOP_READ);
}

void
listen_close(struct listener **listener)
{
	if (*listener == NULL)
		return;
	loop_watch_free(&(*listener)->watch);
	loop_timer_free(&(*listener)->breather);
	file_close(&(*listener)->spare);
	(*listener)->closed = true;
	if (!(*listener)->busy)
		free(*listener);
	*listener = NULL;
}
