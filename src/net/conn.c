/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The life of a connection: its states, its events, its deadline. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "net/conn_inner.h"

enum {
	LINGER_MS = 1000,
	KEEP_ROOM = 4 * 1024, /* input memory that a silent connection keeps */
	ROUNDS = 4            /* flush and DRAINED in one pass, then the others have their turn */
};

static bool
is_alive(const struct conn *conn)
{
	return conn->state < CONN_DOOMED;
}

static void
tell(struct conn *conn, enum conn_event event)
{
	conn->fn(conn, event, conn->arg);
}

void
conn_doom(struct conn *conn, enum conn_reason reason)
{
	if (!is_alive(conn))
		return;
	conn->reason = reason;
	conn->state = CONN_DOOMED;
	if (conn->inside == 0)
		loop_defer(conn->loop, &conn->task);
}

/* An error of the socket or of TLS, seen while reading or writing. */
static void
doom_broken(struct conn *conn)
{
	conn_doom(conn, conn->detail != NULL && !conn->secure ? CONN_TLS_REFUSED : CONN_BY_PEER);
}

static void
watch(struct event *event, bool *is, bool want)
{
	if (*is == want)
		return;
	*is = want;
	if (!want)
		event_del(event);
	else if (event_add(event, NULL) != 0)
		die("a connection cannot be watched");
}

static void
update_watches(struct conn *conn)
{
	bool read = false, write = false;

	switch (conn->state) {
	case CONN_CONNECTING:
		write = true;
		break;
	case CONN_HANDSHAKING:
		read = !conn->read_needs_write;
		write = conn->read_needs_write;
		break;
	case CONN_RUNNING:
	case CONN_SWITCHING:
	case CONN_FINISHING:
		read =
		    (conn_io_may_read(conn) && !conn->read_needs_write) || conn->write_needs_read;
		write = (conn->blocked && !conn->write_needs_read) || conn->read_needs_write;
		break;
	case CONN_LINGERING:
		read = true;
		break;
	case CONN_DOOMED:
	case CONN_DEAD:
		break;
	}
	watch(&conn->read, &conn->waits_read, read);
	watch(&conn->write, &conn->waits_write, write);
}

/* Everything but the struct itself, which may still be inside a call of the user. */
static void
conn_drop(struct conn *conn)
{
	conn->state = CONN_DEAD;
	update_watches(conn);
	event_del(&conn->timer);
	loop_undefer(conn->loop, &conn->task);
	if (conn->session != NULL && conn->secure && !conn->tls_failed)
		tls_end(conn->session);
	tls_session_free(&conn->session);
	tls_session_free(&conn->coming);
	file_close(&conn->fd);
	evbuffer_free(conn->out);
	conn->out = NULL;
	free(conn->in);
	conn->in = NULL;
	conn->in_at = conn->in_len = conn->in_room = 0;
}

static void
conn_free(struct conn *conn)
{
	free(conn->detail);
	free(conn);
}

static void
go_handshake(struct conn *conn)
{
	switch (conn_io_handshake(conn)) {
	case CONN_IO_OK:
		conn->secure = true;
		conn->state = CONN_RUNNING;
		tell(conn, conn->greeting);
		break;
	case CONN_IO_AGAIN:
		break;
	case CONN_IO_END:
	case CONN_IO_BROKEN:
		conn_doom(conn, CONN_TLS_REFUSED);
		break;
	}
}

static void
go_linger(struct conn *conn)
{
	if (conn->session != NULL && !conn->tls_failed)
		tls_end(conn->session);
	if (conn->ended || shutdown(conn->fd, SHUT_WR) != 0) {
		conn_doom(conn, CONN_BY_US);
		return;
	}
	conn->state = CONN_LINGERING;
	conn_deadline(conn, LINGER_MS);
}

/* The peer ends: the user may want to answer what he said before. */
static void
go_end(struct conn *conn)
{
	conn->ended = true;
	tell(conn, CONN_END);
	if (is_alive(conn) && !conn->stay && conn->state == CONN_RUNNING)
		conn_doom(conn, CONN_BY_PEER);
}

/* What TLS has decrypted already is not announced by the socket: it is read at once. */
static void
go_read(struct conn *conn)
{
	enum conn_io result;
	int rounds = 0;

	do {
		if (!conn_io_may_read(conn))
			return;
		result = conn_io_read(conn);
		if (result == CONN_IO_OK)
			tell(conn, CONN_DATA);
		else if (result == CONN_IO_END)
			go_end(conn);
		else if (result == CONN_IO_BROKEN)
			doom_broken(conn);
	} while (result == CONN_IO_OK && conn->state == CONN_RUNNING && conn->session != NULL &&
		 tls_pending(conn->session) && ++rounds < ROUNDS);
	if (rounds == ROUNDS)
		loop_defer(conn->loop, &conn->task);
}

static void
go_discard(struct conn *conn)
{
	enum conn_io result = conn_io_discard(conn);

	if (result == CONN_IO_END || result == CONN_IO_BROKEN)
		conn_doom(conn, CONN_BY_US);
}

static void
go_connected(struct conn *conn)
{
	int code = 0;
	socklen_t len = sizeof(code);

	if (getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &code, &len) != 0)
		code = errno;
	if (code != 0) {
		conn->detail = x_strdup(strerror(code));
		conn_doom(conn, CONN_NO_ANSWER);
		return;
	}
	conn->state = CONN_RUNNING;
	tell(conn, CONN_OPEN);
}

static bool
has_output(const struct conn *conn)
{
	return is_alive(conn) && conn->state >= CONN_RUNNING && conn->state <= CONN_FINISHING &&
	       evbuffer_get_length(conn->out) > 0;
}

/* Sends, and tells that all has left, as often as the user then queues more. */
static void
go_flush(struct conn *conn)
{
	for (int round = 0; round < ROUNDS && has_output(conn) && !conn->blocked; round++) {
		switch (conn_io_flush(conn)) {
		case CONN_IO_OK:
			if (conn->state == CONN_RUNNING)
				tell(conn, CONN_DRAINED);
			break;
		case CONN_IO_AGAIN:
			conn->blocked = true;
			break;
		case CONN_IO_END:
		case CONN_IO_BROKEN:
			doom_broken(conn);
			break;
		}
	}
	if (has_output(conn) && !conn->blocked)
		loop_defer(conn->loop, &conn->task);
}

/* States that only wait for the output to leave. */
static void
go_on(struct conn *conn)
{
	if (conn->state == CONN_SWITCHING && !has_output(conn)) {
		conn->session = conn->coming;
		conn->coming = NULL;
		conn->greeting = CONN_SECURE;
		conn->state = CONN_HANDSHAKING;
		go_handshake(conn);
	} else if (conn->state == CONN_FINISHING && !has_output(conn)) {
		go_linger(conn);
	}
}

static void
go_tell(struct conn *conn)
{
	bool data = conn->tell_data;

	conn->tell_data = false;
	if (conn->tell_open && conn->state == CONN_RUNNING) {
		conn->tell_open = false;
		tell(conn, CONN_OPEN);
	}
	if (data && conn->state == CONN_RUNNING && !conn->held && conn_io_waiting(conn) > 0)
		tell(conn, CONN_DATA);
	if (conn->state == CONN_RUNNING && conn->session != NULL && tls_pending(conn->session))
		go_read(conn);
}

static void
keep_little(struct conn *conn)
{
	if (conn_io_waiting(conn) > 0)
		return;
	conn->in_at = conn->in_len = 0;
	if (conn->in_room <= KEEP_ROOM)
		return;
	free(conn->in);
	conn->in = NULL;
	conn->in_room = 0;
}

static void
conn_enter(struct conn *conn)
{
	conn->inside++;
}

static void
conn_leave(struct conn *conn)
{
	if (conn->inside == 1) {
		go_flush(conn);
		go_on(conn);
		go_flush(conn); /* what CONN_SECURE queued */
		if (conn->state == CONN_DOOMED) {
			tell(conn, CONN_CLOSED);
			if (conn->state == CONN_DOOMED)
				conn_drop(conn);
		}
		if (conn->state != CONN_DEAD) {
			keep_little(conn);
			update_watches(conn);
		}
	}
	if (--conn->inside == 0 && conn->state == CONN_DEAD)
		conn_free(conn);
}

static void
on_task(void *arg)
{
	struct conn *conn = arg;

	conn_enter(conn);
	go_tell(conn);
	conn_leave(conn);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *conn = arg;

	(void)fd;
	(void)what;
	conn_enter(conn);
	if (conn->write_needs_read)
		conn->blocked = false;
	if (conn->state == CONN_HANDSHAKING)
		go_handshake(conn);
	else if (conn->state == CONN_RUNNING)
		go_read(conn);
	else if (conn->state == CONN_LINGERING)
		go_discard(conn);
	conn_leave(conn);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *conn = arg;

	(void)fd;
	(void)what;
	conn_enter(conn);
	conn->blocked = false;
	if (conn->state == CONN_CONNECTING)
		go_connected(conn);
	else if (conn->state == CONN_HANDSHAKING)
		go_handshake(conn);
	else if (conn->state == CONN_RUNNING && conn->read_needs_write)
		go_read(conn);
	conn_leave(conn);
}

static void
go_timeout(struct conn *conn)
{
	conn->deadline = 0;
	if (conn->state == CONN_LINGERING) {
		conn_doom(conn, CONN_BY_US);
	} else if (conn->state == CONN_FINISHING) {
		conn_doom(conn, CONN_TIMED_OUT);
	} else if (is_alive(conn)) {
		tell(conn, CONN_TIMEOUT);
		if (conn->state < CONN_FINISHING && conn->deadline == 0)
			conn_doom(conn, CONN_TIMED_OUT);
	}
}

/* The timer is set late or not at all: most deadlines are replaced before they pass, and
 * moving one further away costs a comparison. */
static void
arm(struct conn *conn, int64_t now)
{
	int64_t wait = conn->deadline - now;
	struct timeval tv;

	if (conn->deadline == 0 || (conn->armed != 0 && conn->armed <= conn->deadline))
		return;
	if (wait < 0)
		wait = 0;
	tv = (struct timeval){ .tv_sec = wait / 1000, .tv_usec = wait % 1000 * 1000 };
	if (event_add(&conn->timer, &tv) != 0)
		die("a deadline cannot be set");
	conn->armed = conn->deadline;
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct conn *conn = arg;
	int64_t now = clock_ticks_ms();

	(void)fd;
	(void)what;
	conn_enter(conn);
	conn->armed = 0;
	if (conn->deadline != 0 && conn->deadline <= now)
		go_timeout(conn);
	if (is_alive(conn))
		arm(conn, now);
	conn_leave(conn);
}

void
conn_deadline(struct conn *conn, int64_t ms)
{
	int64_t now;

	if (!is_alive(conn))
		return;
	conn->deadline = 0;
	if (ms <= 0)
		return;
	now = clock_ticks_ms();
	conn->deadline = now + ms;
	arm(conn, now);
}

static struct conn *
conn_new(struct loop *loop, int fd, conn_fn *fn, void *arg)
{
	static uint64_t last_id;
	struct conn *conn = x_calloc(1, sizeof(*conn));
	struct event_base *base = loop_base(loop);

	conn->loop = loop;
	conn->task = (struct loop_task){ .fn = on_task, .arg = conn };
	conn->fn = fn;
	conn->arg = arg;
	conn->id = ++last_id;
	conn->fd = fd;
	conn->out = evbuffer_new();
	if (conn->out == NULL)
		die("no memory for a connection");
	event_assign(&conn->read, base, fd, EV_READ | EV_PERSIST, on_readable, conn);
	event_assign(&conn->write, base, fd, EV_WRITE | EV_PERSIST, on_writable, conn);
	event_assign(&conn->timer, base, -1, 0, on_timer, conn);
	return conn;
}

struct conn *
conn_accept(struct loop *loop, int fd, struct tls *tls, conn_fn *fn, void *arg)
{
	struct conn *conn = conn_new(loop, fd, fn, arg);

	if (!net_address_of_peer(fd, &conn->address))
		memset(&conn->address, 0, sizeof(conn->address));
	net_address_write_host(&conn->address, conn->peer);
	conn->state = CONN_RUNNING;
	if (tls != NULL) {
		conn->session = tls_accept(tls, fd);
		conn->greeting = CONN_OPEN;
		conn->state = CONN_HANDSHAKING;
		update_watches(conn);
	} else {
		/* reading begins after OPEN was told, at the end of this turn */
		conn->tell_open = true;
		loop_defer(loop, &conn->task);
	}
	return conn;
}

struct conn *
conn_connect(struct loop *loop, const struct net_address *address, conn_fn *fn, void *arg)
{
	int family = address->storage.ss_family, one = 1;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct conn *conn = conn_new(loop, fd, fn, arg);

	conn->address = *address;
	net_address_write_host(address, conn->peer);
	conn->state = CONN_CONNECTING;
	if (fd >= 0 && family != AF_UNIX)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (fd < 0 || (connect(fd, (const struct sockaddr *)&address->storage, address->len) != 0 &&
			  errno != EINPROGRESS)) {
		conn->detail = x_strdup(strerror(errno));
		conn_doom(conn, CONN_NO_ANSWER);
	} else {
		update_watches(conn);
	}
	return conn;
}

void
conn_close(struct conn **conn)
{
	struct conn *gone = *conn;

	*conn = NULL;
	if (gone == NULL || gone->state == CONN_DEAD)
		return;
	conn_drop(gone);
	if (gone->inside == 0)
		conn_free(gone);
}

void
conn_finish(struct conn *conn, int64_t ms)
{
	if (!is_alive(conn))
		return;
	if (conn->state < CONN_RUNNING) {
		conn_doom(conn, CONN_BY_US);
		return;
	}
	conn->in_at = conn->in_len = 0;
	conn->state = CONN_FINISHING;
	conn_deadline(conn, ms < 1 ? 1 : ms);
	if (conn->inside == 0)
		loop_defer(conn->loop, &conn->task);
}
