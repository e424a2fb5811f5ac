/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/channel.c: packets of a SEQPACKET pair, joined to messages.
 *
 * The receive buffer is one for the process: a packet is handled or copied into
 * the channel's joint before the next one is read. */
#include "process/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

enum { PACKET_FIRST = 1, PACKET_LAST = 2, PACKETS_A_TURN = 64 };

struct packet {
	struct packet *next;
	int fd; /* or -1 */
	bool borrowed; /* the sender's, as long as he sends */
	size_t len;
	char data[]; /* flags and octets */
};

struct channel {
	struct loop *loop;
	struct loop_watch *watch;
	int fd;
	channel_fn *fn;
	channel_closed_fn *closed;
	void *arg;
	struct buf joint; /* packets of an unfinished message */
	bool joining;     /* a first packet was seen */
	int joint_fd;     /* came with the first packet */
	struct packet *head, **tail;
	size_t queued;
	bool endures, complained;
	bool *gone; /* set when freed inside its own handler */
};

static char packet_buffer[FRAME_MAX];

/* Octets received, 0: closed, -1: nothing there. The descriptor is close-on-exec. There is
 * room for one and not for the padding behind it: of two sent at once the kernel would
 * leave us the second, which nobody would ever close. */
static ssize_t
packet_read(int fd, int *passed)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec vector = { packet_buffer, sizeof packet_buffer };
	struct msghdr message = {
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_LEN(sizeof(int)),
	};
	struct cmsghdr *c;
	ssize_t got;

	*passed = -1;
	do
		got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == EAGAIN ? -1 : 0;
	c = CMSG_FIRSTHDR(&message);
	if (c != NULL && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(passed, CMSG_DATA(c), sizeof *passed);
	else if ((message.msg_flags & MSG_CTRUNC) != 0)
		*passed = CHANNEL_FD_LOST;
	return got;
}

/* Of a pair whose other end is gone. Its hang-up is heard by whoever reads. */
static bool
means_gone(int code)
{
	return code == EPIPE || code == ECONNRESET || code == ECONNREFUSED || code == ENOTCONN;
}

/* 1: sent, 0: would block, -1: the other end is gone. Whatever else (no memory, too many
 * descriptors under way) would lose a message that somebody waits for: this life ends, and
 * all that was not answered is sent again. */
static int
packet_write(int fd, const char *data, size_t len, int passed)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec vector = { 0 };
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };
	ssize_t sent;

	memcpy(&vector.iov_base, &data, sizeof data);
	vector.iov_len = len;
	if (passed >= 0) {
		memset(&control, 0, sizeof control);
		message.msg_control = &control;
		message.msg_controllen = sizeof control;
		struct cmsghdr *c = CMSG_FIRSTHDR(&message);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof passed);
		memcpy(CMSG_DATA(c), &passed, sizeof passed);
	}
	do
		sent = sendmsg(fd, &message, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent >= 0)
		return 1;
	if (errno == EAGAIN || errno == ENOBUFS)
		return 0;
	if (!means_gone(errno))
		die("channel: a message cannot be sent: %s", strerror(errno));
	return -1;
}

static void
on_closed(struct channel *channel)
{
	loop_watch_want(channel->watch, 0);
	if (channel->closed != NULL)
		channel->closed(channel, channel->arg);
}

/* What is no message. Said once: whoever sends one may send a million. False: the channel
 * may be no more, its owner was told. */
static bool
is_endured(struct channel *channel, size_t octets)
{
	if (!channel->complained)
		log_error("channel message=unsound octets=%zu", octets);
	channel->complained = true;
	if (channel->endures)
		return true;
	on_closed(channel);
	return false;
}

/* An empty packet looks like the end of everything. */
static bool
is_hung_up(const struct channel *channel)
{
	struct pollfd poll_fd = { .fd = channel->fd, .events = POLLRDHUP };

	return poll(&poll_fd, 1, 0) != 0;
}

static void
drop_joint(struct channel *channel)
{
	file_close(&channel->joint_fd);
	buf_clear(&channel->joint);
	channel->joining = false;
}

/* A whole message: to the handler, if it is one. False: the channel is no more. */
static bool
hand_over(struct channel *channel, struct span octets, int *passed)
{
	struct frame frame;
	bool gone = false, sound = frame_read(&frame, octets);

	if (!sound) {
		file_close(passed);
		return is_endured(channel, octets.len);
	}
	channel->gone = &gone;
	channel->fn(channel, &frame, passed, channel->arg);
	file_close(passed);
	if (gone)
		return false;
	channel->gone = NULL;
	return true;
}

static bool
take_packet(struct channel *channel, struct span packet, int passed)
{
	unsigned flags = (unsigned char)packet.data[0];
	struct span octets = span_from(packet, 1);

	if (flags == (PACKET_FIRST | PACKET_LAST)) {
		drop_joint(channel);
		return hand_over(channel, octets, &passed);
	}
	if ((flags & PACKET_FIRST) != 0) {
		drop_joint(channel);
		channel->joining = true;
		channel->joint_fd = passed;
	} else {
		file_close(&passed);
	}
	if (!channel->joining)
		return true;
	buf_add_span(&channel->joint, octets);
	if (!buf_ok(&channel->joint)) {
		drop_joint(channel);
		return true;
	}
	if ((flags & PACKET_LAST) == 0)
		return true;

	/* The handler may send and free; the joint is its own meanwhile. */
	struct buf whole = channel->joint;
	int fd = channel->joint_fd;
	buf_init(&channel->joint, MESSAGE_MAX);
	channel->joint_fd = -1;
	channel->joining = false;
	bool alive = hand_over(channel, buf_span(&whole), &fd);
	buf_free(&whole);
	return alive;
}

static void
on_readable(struct channel *channel)
{
	for (int i = 0; i < PACKETS_A_TURN; i++) {
		int passed;
		ssize_t got = packet_read(channel->fd, &passed);
		if (got < 0)
			return;
		if (got == 0) {
			file_close(&passed);
			if (is_hung_up(channel))
				on_closed(channel);
			else if (is_endured(channel, 0))
				continue;
			return;
		}
		if (!take_packet(channel, span_make(packet_buffer, (size_t)got), passed))
			return;
	}
}

static void
packet_free(struct packet *packet)
{
	if (!packet->borrowed)
		file_close(&packet->fd);
	free(packet);
}

/* True when the queue is empty. */
static bool
drain_queue(struct channel *channel)
{
	while (channel->head != NULL) {
		struct packet *packet = channel->head;
		if (packet_write(channel->fd, packet->data, packet->len, packet->fd) == 0)
			return false;
		channel->head = packet->next;
		channel->queued -= packet->len;
		packet_free(packet);
	}
	channel->tail = &channel->head;
	return true;
}

static void
on_ready(int fd, unsigned what, void *arg)
{
	struct channel *channel = arg;

	(void)fd;
	if ((what & LOOP_WRITE) != 0 && drain_queue(channel))
		loop_watch_want(channel->watch, LOOP_READ);
	if ((what & LOOP_READ) != 0)
		on_readable(channel);
}

struct channel *
channel_new(struct loop *loop, int fd, channel_fn *fn, channel_closed_fn *closed, void *arg)
{
	struct channel *channel = x_calloc(1, sizeof *channel);
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		die("channel fcntl: %s", strerror(errno));
	channel->loop = loop;
	channel->fd = fd;
	channel->fn = fn;
	channel->closed = closed;
	channel->arg = arg;
	channel->tail = &channel->head;
	channel->joint_fd = -1;
	buf_init(&channel->joint, MESSAGE_MAX);
	channel->watch = loop_watch_new(loop, fd, on_ready, channel);
	loop_watch_want(channel->watch, LOOP_READ);
	return channel;
}

void
channel_endure(struct channel *channel)
{
	channel->endures = true;
}

void
channel_free(struct channel **slot)
{
	struct channel *channel = *slot;

	if (channel == NULL)
		return;
	*slot = NULL;
	if (channel->gone != NULL)
		*channel->gone = true;
	channel_forget(channel);
	drop_joint(channel);
	buf_free(&channel->joint);
	loop_watch_free(&channel->watch);
	file_close(&channel->fd);
	free(channel);
}

void
channel_forget(struct channel *channel)
{
	struct packet *next;

	for (struct packet *packet = channel->head; packet != NULL; packet = next) {
		next = packet->next;
		packet_free(packet);
	}
	channel->head = NULL;
	channel->tail = &channel->head;
	channel->queued = 0;
}

static struct packet *
packet_new(unsigned flags, struct span octets, int fd)
{
	struct packet *packet = x_calloc(1, size_plus(sizeof *packet, octets.len + 1));

	packet->fd = fd;
	packet->borrowed = true;
	packet->len = octets.len + 1;
	packet->data[0] = (char)flags;
	if (octets.len > 0)
		memcpy(packet->data + 1, octets.data, octets.len);
	return packet;
}

/* What cannot leave at once has a descriptor of its own: nearly all leaves at once, also where
 * there are none left. */
static void
keep_descriptors(struct channel *channel)
{
	for (struct packet *packet = channel->head; packet != NULL; packet = packet->next) {
		if (!packet->borrowed)
			continue;
		packet->borrowed = false;
		if (packet->fd < 0)
			continue;
		packet->fd = fcntl(packet->fd, F_DUPFD_CLOEXEC, 3);
		if (packet->fd < 0)
			die("channel: a descriptor cannot be sent: %s", strerror(errno));
	}
}

static unsigned
chunk_flags(size_t at, size_t len, size_t total)
{
	return (at == 0 ? PACKET_FIRST : 0u) | (at + len == total ? PACKET_LAST : 0u);
}

void
channel_send(struct channel *channel, struct span message, int fd)
{
	size_t at = 0;

	do {
		struct span chunk = span_first(span_from(message, at), FRAME_MAX - 1);
		struct packet *packet =
		    packet_new(chunk_flags(at, chunk.len, message.len), chunk, at == 0 ? fd : -1);
		*channel->tail = packet;
		channel->tail = &packet->next;
		channel->queued += packet->len;
		at += chunk.len;
	} while (at < message.len);
	if (drain_queue(channel))
		return;
	keep_descriptors(channel);
	loop_watch_want(channel->watch, LOOP_READ | LOOP_WRITE);
}

size_t
channel_queued(const struct channel *channel)
{
	return channel->queued;
}

/* ---- blocking forms ---- */

static bool
wait_for(int fd, short what, int64_t until)
{
	struct pollfd poll_fd = { .fd = fd, .events = what };

	for (;;) {
		int64_t left = until < 0 ? -1 : until - clock_ticks_ms();
		if (until >= 0 && left < 0)
			left = 0;
		int got = poll(&poll_fd, 1, (int)left);
		if (got > 0)
			return true;
		if (got == 0 || errno != EINTR)
			return false;
	}
}

bool
packet_send(int fd, struct span message, int passed)
{
	size_t at = 0;

	do {
		struct span chunk = span_first(span_from(message, at), FRAME_MAX - 1);
		struct packet *packet =
		    packet_new(chunk_flags(at, chunk.len, message.len), chunk, -1);
		int sent = 0;
		while (sent == 0) {
			sent = packet_write(fd, packet->data, packet->len, at == 0 ? passed : -1);
			if (sent == 0 && !wait_for(fd, POLLOUT, -1))
				sent = -1;
		}
		packet_free(packet);
		if (sent < 0)
			return false;
		at += chunk.len;
	} while (at < message.len);
	return true;
}

bool
packet_receive(int fd, struct buf *message, int *passed, int timeout_ms)
{
	int64_t until = timeout_ms < 0 ? -1 : clock_ticks_ms() + timeout_ms;
	bool joining = false;

	*passed = -1;
	for (;;) {
		int came;
		if (!wait_for(fd, POLLIN, until))
			break;
		ssize_t got = packet_read(fd, &came);
		if (got < 0)
			continue;
		if (got == 0)
			break;
		unsigned flags = (unsigned char)packet_buffer[0];
		if ((flags & PACKET_FIRST) != 0) {
			file_close(passed);
			*passed = came;
			buf_clear(message);
			joining = true;
		} else {
			file_close(&came);
		}
		if (!joining)
			continue;
		buf_add(message, packet_buffer + 1, (size_t)got - 1);
		if ((flags & PACKET_LAST) != 0)
			return buf_ok(message);
	}
	file_close(passed);
	return false;
}
