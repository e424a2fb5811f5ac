/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Messages of every size cross a channel whole, with their descriptor; what is no
 * message closes it; half a message of a dead process harms nothing. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "process/channel.h"

struct seen {
	int messages, closed, lost;
	uint64_t last_id;
	size_t octets;
	bool intact;
	struct buf passed; /* what could be read from the descriptor */
};

static void
on_message(struct channel *channel, const struct frame *frame, int *fd, void *arg)
{
	struct seen *seen = arg;
	struct span value = fields_get(&frame->fields, "octets");
	struct err err = { 0 };

	(void)channel;
	seen->messages++;
	seen->last_id = frame->id;
	seen->octets = value.len;
	seen->intact = true;
	for (size_t i = 0; i < value.len; i++)
		if ((unsigned char)value.data[i] != (unsigned char)(i * 7))
			seen->intact = false;
	seen->lost += *fd == CHANNEL_FD_LOST;
	if (*fd >= 0)
		assert_true(file_read_fd(*fd, 1000, &seen->passed, &err));
}

static void
on_closed(struct channel *channel, void *arg)
{
	(void)channel;
	((struct seen *)arg)->closed++;
}

struct pair {
	struct loop *loop;
	struct channel *a, *b;
	int raw; /* the descriptor of a, for sending what a channel would not */
	struct seen seen;
};

static void
pair_open(struct pair *pair)
{
	int fds[2];

	memset(pair, 0, sizeof *pair);
	assert_int_equal(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds));
	pair->loop = loop_new();
	pair->raw = fds[0];
	pair->a = channel_new(pair->loop, fds[0], on_message, on_closed, &pair->seen);
	pair->b = channel_new(pair->loop, fds[1], on_message, on_closed, &pair->seen);
}

static void
pair_close(struct pair *pair)
{
	channel_free(&pair->a);
	channel_free(&pair->b);
	loop_free(&pair->loop);
	buf_free(&pair->seen.passed);
}

static void
turn_until(struct pair *pair, int messages)
{
	for (int i = 0; i < 1000 && pair->seen.messages < messages && pair->seen.closed == 0; i++)
		loop_turn(pair->loop, true);
}

static void
write_message(struct buf *out, uint64_t id, size_t octets)
{
	char *value = x_calloc(octets + 1, 1);

	for (size_t i = 0; i < octets; i++)
		value[i] = (char)(unsigned char)(i * 7);
	buf_init(out, MESSAGE_MAX);
	frame_begin(out, MESSAGE_ACT, 1, id);
	fields_add(out, "octets", span_make(value, octets));
	free(value);
}

static void
messages_of_every_size_cross_whole(void **state)
{
	static const size_t sizes[] = { 0, 1, 1000, FRAME_MAX - 100, FRAME_MAX - 29, FRAME_MAX - 28,
		FRAME_MAX - 27, FRAME_MAX, 3 * FRAME_MAX + 1, 4 * 1024 * 1024 };

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct pair pair;
		struct buf message;
		struct err err = { 0 };
		int fd = file_memory("test", SPAN("carried"));
		pair_open(&pair);
		write_message(&message, i + 1, sizes[i]);
		channel_send(pair.a, buf_span(&message), fd);
		assert_int_equal(0, close(fd)); /* the channel has its own */
		turn_until(&pair, 1);
		assert_int_equal(1, pair.seen.messages);
		assert_int_equal(i + 1, pair.seen.last_id);
		assert_int_equal(sizes[i], pair.seen.octets);
		assert_true(pair.seen.intact);
		assert_string_equal("carried", buf_text(&pair.seen.passed));
		assert_int_equal(0, channel_queued(pair.a));
		(void)err;
		buf_free(&message);
		pair_close(&pair);
	}
}

static void
a_half_message_is_dropped_by_the_next(void **state)
{
	static const char half[] = "\1half of something";
	static const char rest[] = "\0the middle, of nothing";
	struct pair pair;
	struct buf message;

	(void)state;
	pair_open(&pair);
	assert_true(send(pair.raw, rest, sizeof rest, 0) > 0);
	assert_true(send(pair.raw, half, sizeof half, 0) > 0);
	write_message(&message, 7, 10);
	channel_send(pair.a, buf_span(&message), -1);
	turn_until(&pair, 1);
	assert_int_equal(1, pair.seen.messages);
	assert_int_equal(7, pair.seen.last_id);
	assert_int_equal(0, pair.seen.closed);
	buf_free(&message);
	pair_close(&pair);
}

static void
what_is_no_message_closes(void **state)
{
	static const char *const bad[] = { "\3", "\3garbage", "\3RP\1\0\1\0\0\0", "\377" };

	(void)state;
	for (size_t i = 0; i + 1 < sizeof bad / sizeof bad[0]; i++) {
		struct pair pair;
		pair_open(&pair);
		assert_true(send(pair.raw, bad[i], strlen(bad[i]), 0) > 0);
		turn_until(&pair, 1);
		assert_int_equal(0, pair.seen.messages);
		assert_int_equal(1, pair.seen.closed);
		pair_close(&pair);
	}
}

static void
on_closed_free(struct channel *channel, void *arg)
{
	struct pair *pair = arg;

	pair->seen.closed++;
	assert_ptr_equal(channel, pair->b);
	channel_free(&pair->b);
}

static void
on_nothing(struct channel *channel, const struct frame *frame, int *fd, void *arg)
{
	(void)channel;
	(void)frame;
	(void)fd;
	((struct pair *)arg)->seen.messages++;
}

/* As the clerk does with a console that talks nonsense, or leaves. */
static void
the_closing_handler_may_free(void **state)
{
	static const char *const bad[] = { "", "\3", "\3garbage" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct pair pair;
		int fds[2];
		pair_open(&pair);
		channel_free(&pair.a);
		channel_free(&pair.b);
		assert_int_equal(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds));
		pair.b = channel_new(pair.loop, fds[1], on_nothing, on_closed_free, &pair);
		assert_true(send(fds[0], bad[i], strlen(bad[i]), 0) >= 0);
		for (int turn = 0; turn < 1000 && pair.seen.closed == 0; turn++)
			loop_turn(pair.loop, true);
		assert_int_equal(1, pair.seen.closed);
		assert_int_equal(0, pair.seen.messages);
		close(fds[0]);
		pair_close(&pair);
	}
}

/* A broken worker may say anything: the clerk goes on, and hears the next one's messages. */
static void
nonsense_can_be_endured(void **state)
{
	static const char *const bad[] = { "", "\3", "\3garbage", "\3RP\1\0\1\0\0\0", "\377" };
	struct pair pair;
	struct buf message;

	(void)state;
	pair_open(&pair);
	channel_endure(pair.b);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_true(send(pair.raw, bad[i], strlen(bad[i]), 0) >= 0);
	write_message(&message, 9, 10);
	channel_send(pair.a, buf_span(&message), -1);
	turn_until(&pair, 1);
	assert_int_equal(1, pair.seen.messages);
	assert_int_equal(9, pair.seen.last_id);
	assert_int_equal(0, pair.seen.closed);
	channel_free(&pair.a); /* gone for good: that is heard */
	turn_until(&pair, 2);
	assert_int_equal(1, pair.seen.closed);
	buf_free(&message);
	pair_close(&pair);
}

static int
open_descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* A descriptor for which there is no place is not taken for none; to send one needs no place. */
static void
a_descriptor_without_a_place_is_told(void **state)
{
	struct rlimit before, none;
	struct pair pair;
	struct buf message;
	int fd = file_memory("test", SPAN("carried"));

	(void)state;
	pair_open(&pair);
	write_message(&message, 1, 10);
	assert_int_equal(0, getrlimit(RLIMIT_NOFILE, &before));
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(0, setrlimit(RLIMIT_NOFILE, &none));
	channel_send(pair.a, buf_span(&message), fd);
	turn_until(&pair, 1);
	assert_int_equal(0, setrlimit(RLIMIT_NOFILE, &before));
	assert_int_equal(1, pair.seen.lost);
	channel_send(pair.a, buf_span(&message), fd);
	turn_until(&pair, 2);
	assert_string_equal("carried", buf_text(&pair.seen.passed));
	close(fd);
	buf_free(&message);
	pair_close(&pair);
}

/* Descriptors that nobody asked for stay nowhere: they would fill up the table. */
static void
only_one_descriptor_is_taken(void **state)
{
	char control[CMSG_SPACE(4 * sizeof(int))] __attribute__((aligned(8)));
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC), before;
	int fds[4] = { null, null, null, null };
	struct pair pair;
	struct buf message = { 0 };

	(void)state;
	pair_open(&pair);
	before = open_descriptors();
	for (size_t count = 2; count <= 4; count++) {
		buf_clear(&message);
		buf_add_char(&message, 3);
		frame_begin(&message, MESSAGE_HINT, 1, count);
		struct iovec vector = { message.data, message.len };
		struct msghdr head = { .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control,
			.msg_controllen = CMSG_SPACE(count * sizeof(int)) };
		struct cmsghdr *c = CMSG_FIRSTHDR(&head);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(c), fds, count * sizeof(int));
		assert_true(sendmsg(pair.raw, &head, 0) > 0);
		turn_until(&pair, (int)count - 1);
		assert_int_equal(count - 1, pair.seen.messages);
		assert_int_equal(before, open_descriptors());
	}
	close(null);
	buf_free(&message);
	pair_close(&pair);
}

static void
blocking_forms_agree_with_channels(void **state)
{
	struct buf message, got = { 0 };
	int fds[2], passed;

	(void)state;
	assert_int_equal(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds));
	write_message(&message, 3, 100000); /* two packets: they fit the buffer of the kernel */
	buf_init(&got, MESSAGE_MAX);
	assert_true(packet_send(fds[0], buf_span(&message), -1));
	assert_true(packet_receive(fds[1], &got, &passed, 1000));
	assert_int_equal(-1, passed);
	assert_true(span_equal(buf_span(&message), buf_span(&got)));
	assert_false(packet_receive(fds[1], &got, &passed, 1)); /* nothing more comes */
	close(fds[0]);
	assert_false(packet_receive(fds[1], &got, &passed, -1)); /* closed */
	close(fds[1]);
	buf_free(&message);
	buf_free(&got);
}

static void
forgetting_drops_what_is_queued(void **state)
{
	struct pair pair;
	struct buf message;

	(void)state;
	pair_open(&pair);
	write_message(&message, 1, 4 * 1024 * 1024); /* more than any socket buffer */
	channel_send(pair.a, buf_span(&message), -1);
	assert_true(channel_queued(pair.a) > 0);
	channel_forget(pair.a);
	assert_int_equal(0, channel_queued(pair.a));
	buf_free(&message);
	write_message(&message, 2, 5);
	channel_send(pair.a, buf_span(&message), -1);
	turn_until(&pair, 1);
	assert_int_equal(2, pair.seen.last_id); /* the torn one was dropped, not joined */
	buf_free(&message);
	pair_close(&pair);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_of_every_size_cross_whole),
		cmocka_unit_test(a_half_message_is_dropped_by_the_next),
		cmocka_unit_test(what_is_no_message_closes),
		cmocka_unit_test(the_closing_handler_may_free),
		cmocka_unit_test(nonsense_can_be_endured),
		cmocka_unit_test(a_descriptor_without_a_place_is_told),
		cmocka_unit_test(only_one_descriptor_is_taken),
		cmocka_unit_test(blocking_forms_agree_with_channels),
		cmocka_unit_test(forgetting_drops_what_is_queued),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
