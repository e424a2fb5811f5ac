/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The octets of a connection: from and to the socket, plain or through TLS. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "net/conn_inner.h"

enum {
	INPUT_MAX = 64 * 1024,    /* of what is not consumed; the rest stays in the kernel */
	OUTPUT_HIGH = 256 * 1024, /* nothing is read while more waits to be sent */
	READ_FIRST = 4 * 1024,  /* room of a connection that says little */
	READ_MOST = 64 * 1024,  /* octets of one read */
	RECORD_MAX = 16 * 1024, /* octets of one TLS record */
	DISCARD_ROOM = 16 * 1024
};

size_t
conn_io_waiting(const struct conn *conn)
{
	return conn->in_len - conn->in_at;
}

bool
conn_io_may_read(const struct conn *conn)
{
	return conn->state == CONN_RUNNING && !conn->held && !conn->ended &&
	       conn_io_waiting(conn) < INPUT_MAX &&
	       evbuffer_get_length(conn->out) <= OUTPUT_HIGH;
}

static enum conn_io
plain_result(ssize_t got)
{
	if (got > 0)
		return CONN_IO_OK;
	if (got == 0)
		return CONN_IO_END;
	return errno == EAGAIN || errno == EINTR ? CONN_IO_AGAIN : CONN_IO_BROKEN;
}

static enum conn_io
tls_failed(struct conn *conn)
{
	conn->tls_failed = true;
	if (conn->detail == NULL)
		conn->detail = x_strdup(tls_reason(conn->session));
	return CONN_IO_BROKEN;
}

/* The kernel forgets it after a while: said before each read. */
static void
acknowledge(const struct conn *conn)
{
#ifdef TCP_QUICKACK
	const int one = 1;

	(void)setsockopt(conn->fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof(one));
#else
	(void)conn;
#endif
}

static enum conn_io
read_some(struct conn *conn, char *out, size_t room, size_t *got)
{
	ssize_t count;

	*got = room;
	if (conn->quick_ack)
		acknowledge(conn);
	if (conn->session == NULL) {
		count = read(conn->fd, out, room);
		*got = count > 0 ? (size_t)count : 0;
		return plain_result(count);
	}
	conn->read_needs_write = false;
	switch (tls_read(conn->session, out, got)) {
	case TLS_OK:
		return CONN_IO_OK;
	case TLS_WANT_WRITE:
		conn->read_needs_write = true;
		return CONN_IO_AGAIN;
	case TLS_WANT_READ:
		return CONN_IO_AGAIN;
	case TLS_ENDED:
		return CONN_IO_END;
	case TLS_BROKEN:
		break;
	}
	return tls_failed(conn);
}

/* Room for a read: the waiting octets move to the front only when the end is reached,
 * and the room doubles only when the last read filled it. */
static size_t
make_room(struct conn *conn)
{
	size_t waiting = conn_io_waiting(conn), allowed = INPUT_MAX - waiting, room;

	if (conn->in_at > 0 && (waiting == 0 || conn->in_len == conn->in_room)) {
		memmove(conn->in, conn->in + conn->in_at, waiting);
		conn->in_at = 0;
		conn->in_len = waiting;
	}
	if (conn->in_len == conn->in_room) {
		conn->in_room = conn->in_room == 0 ? READ_FIRST : size_times(conn->in_room, 2);
		conn->in = x_realloc(conn->in, conn->in_room, 1);
	}
	room = conn->in_room - conn->in_len;
	if (room > allowed)
		room = allowed;
	return room > READ_MOST ? READ_MOST : room;
}

enum conn_io
conn_io_read(struct conn *conn)
{
	size_t room = make_room(conn), got;
	enum conn_io result = read_some(conn, conn->in + conn->in_len, room, &got);

	if (result == CONN_IO_OK)
		conn->in_len += got;
	return result;
}

enum conn_io
conn_io_discard(struct conn *conn)
{
	char scratch[DISCARD_ROOM];
	size_t got;

	/* once we have ended, TLS has no more to say: the raw octets are enough */
	if (conn->session == NULL || conn->state != CONN_LINGERING)
		return read_some(conn, scratch, sizeof(scratch), &got);
	return plain_result(read(conn->fd, scratch, sizeof(scratch)));
}

static enum conn_io
flush_plain(struct conn *conn)
{
	int sent;

	while (evbuffer_get_length(conn->out) > 0) {
		sent = evbuffer_write(conn->out, conn->fd);
		if (sent <= 0)
			return errno == EAGAIN || errno == EINTR ? CONN_IO_AGAIN : CONN_IO_BROKEN;
		conn->sent += (uint64_t)sent;
	}
	return CONN_IO_OK;
}

/* One record after the other, each made of what stands in the queue: a head and its body
 * travel in one record. */
static enum conn_io
flush_tls(struct conn *conn)
{
	size_t len, written;

	conn->write_needs_read = false;
	while ((len = evbuffer_get_length(conn->out)) > 0) {
		if (len > RECORD_MAX)
			len = RECORD_MAX;
		switch (tls_write(
		    conn->session, evbuffer_pullup(conn->out, (ev_ssize_t)len), len, &written)) {
		case TLS_OK:
			evbuffer_drain(conn->out, written);
			conn->sent += written;
			break;
		case TLS_WANT_READ:
			conn->write_needs_read = true;
			return CONN_IO_AGAIN;
		case TLS_WANT_WRITE:
			return CONN_IO_AGAIN;
		case TLS_ENDED:
		case TLS_BROKEN:
			return tls_failed(conn);
		}
	}
	return CONN_IO_OK;
}

enum conn_io
conn_io_flush(struct conn *conn)
{
	return conn->session != NULL ? flush_tls(conn) : flush_plain(conn);
}

enum conn_io
conn_io_handshake(struct conn *conn)
{
	conn->read_needs_write = false;
	switch (tls_handshake(conn->session)) {
	case TLS_OK:
		tls_describe(conn->session, conn->tls_text);
		return CONN_IO_OK;
	case TLS_WANT_WRITE:
		conn->read_needs_write = true;
		return CONN_IO_AGAIN;
	case TLS_WANT_READ:
		return CONN_IO_AGAIN;
	case TLS_ENDED:
	case TLS_BROKEN:
		break;
	}
	return tls_failed(conn);
}
