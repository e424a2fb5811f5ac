/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Turns, and who is called when; addresses and listening sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "net/listen.h"
#include "net/loop.h"
#include "net/resolve.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct notes {
	struct loop *loop;
	struct loop_task one, two;
	struct loop_timer *timer;
	struct loop_watch *watch;
	char text[64]; /* who was called, in order */
	int left;      /* calls before the loop is stopped */
};

static void
note(struct notes *notes, char who)
{
	size_t len = strlen(notes->text);

	if (len + 1 < sizeof(notes->text))
		notes->text[len] = who;
	if (notes->left > 0 && --notes->left == 0)
		loop_stop(notes->loop);
}

static void
on_one(void *arg)
{
	note(arg, '1');
}

static void
on_two(void *arg)
{
	struct notes *notes = arg;

	note(notes, '2');
	loop_defer(notes->loop, &notes->two); /* for the next turn */
}

static void
on_hook(void *arg)
{
	note(arg, 'h');
}

static void
on_timer(void *arg)
{
	struct notes *notes = arg;

	note(notes, 't');
	loop_defer(notes->loop, &notes->one);
	loop_defer(notes->loop, &notes->one);
}

static void
test_turns(void **state)
{
	struct notes notes = { .loop = loop_new(), .left = 9 };

	(void)state;
	notes.one = (struct loop_task){ .fn = on_one, .arg = &notes };
	notes.timer = loop_timer_new(notes.loop, on_timer, &notes);
	loop_on_turn(notes.loop, on_hook, &notes);
	loop_timer_repeat(notes.timer, 2);
	loop_run(notes.loop);
	/* a hook before the first wait; then function, deferred, hook; the turn is finished */
	assert_string_equal(notes.text, "ht1ht1ht1h");
	loop_timer_free(&notes.timer);
	loop_free(&notes.loop);
}

static void
test_deferred(void **state)
{
	struct notes notes = { .loop = loop_new() };

	(void)state;
	notes.one = (struct loop_task){ .fn = on_one, .arg = &notes };
	notes.two = (struct loop_task){ .fn = on_two, .arg = &notes };
	assert_false(loop_turn(notes.loop, true)); /* nothing to wait for: no hang */
	loop_defer(notes.loop, &notes.two);
	loop_defer(notes.loop, &notes.one);
	assert_true(loop_turn(notes.loop, true));
	assert_string_equal(notes.text, "21");
	loop_turn(notes.loop, true);
	assert_string_equal(notes.text, "212");
	loop_undefer(notes.loop, &notes.two);
	loop_undefer(notes.loop, &notes.two);
	loop_defer(notes.loop, &notes.one);
	assert_false(loop_turn(notes.loop, true));
	assert_string_equal(notes.text, "2121");
	loop_free(&notes.loop);
}

static void
on_last_timer(void *arg)
{
	struct notes *notes = arg;

	note(notes, 't');
	loop_timer_free(&notes->timer); /* in its own function */
}

static void
test_timers(void **state)
{
	struct notes notes = { .loop = loop_new() };
	int64_t began = clock_ticks_ms();

	(void)state;
	notes.timer = loop_timer_new(notes.loop, on_last_timer, &notes);
	assert_false(loop_timer_is_set(notes.timer));
	loop_timer_set(notes.timer, 10000);
	loop_timer_set(notes.timer, 30);
	assert_true(loop_timer_is_set(notes.timer));
	loop_run(notes.loop); /* ends since nothing is left */
	assert_string_equal(notes.text, "t");
	assert_in_range(clock_ticks_ms() - began, 25, 5000);
	notes.timer = loop_timer_new(notes.loop, on_timer, &notes);
	loop_timer_repeat(notes.timer, 1);
	loop_timer_stop(notes.timer);
	loop_run(notes.loop);
	assert_string_equal(notes.text, "t");
	loop_timer_free(&notes.timer);
	loop_free(&notes.loop);
}

static void
on_ready(int fd, unsigned what, void *arg)
{
	struct notes *notes = arg;
	char octets[8];

	if (what == LOOP_WRITE) {
		note(notes, 'w');
		loop_watch_want(notes->watch, LOOP_READ);
		return;
	}
	if (recv(fd, octets, sizeof(octets), MSG_DONTWAIT) > 0) {
		note(notes, 'r');
		return;
	}
	note(notes, 'e');
	loop_watch_free(&notes->watch);
}

static void
test_watches(void **state)
{
	struct notes notes = { .loop = loop_new() };
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	notes.watch = loop_watch_new(notes.loop, pair[0], on_ready, &notes);
	loop_turn(notes.loop, false);
	assert_string_equal(notes.text, "");
	loop_watch_want(notes.watch, LOOP_READ | LOOP_WRITE);
	loop_turn(notes.loop, true);
	assert_string_equal(notes.text, "w");
	assert_int_equal(send(pair[1], "ab", 2, 0), 2);
	assert_int_equal(send(pair[1], "cd", 2, 0), 2);
	loop_turn(notes.loop, true);
	loop_turn(notes.loop, true);
	assert_string_equal(notes.text, "wrr");
	file_close(&pair[1]);
	loop_run(notes.loop);
	assert_string_equal(notes.text, "wrre");
	assert_null(notes.watch);
	file_close(&pair[0]);
	loop_free(&notes.loop);
}

static void
on_signal(int number, void *arg)
{
	note(arg, number == SIGUSR1 ? 's' : '?');
}

static void
test_signals(void **state)
{
	struct notes notes = { .loop = loop_new(), .left = 1 };
	struct loop_signal *wake;

	(void)state;
	wake = loop_signal_new(notes.loop, SIGUSR1, on_signal, &notes);
	raise(SIGUSR1);
	loop_run(notes.loop);
	assert_string_equal(notes.text, "s");
	loop_signal_free(&wake);
	loop_free(&notes.loop);
}

static void
test_addresses(void **state)
{
	static const struct {
		const char *text, *again, *host; /* again NULL: refused */
		bool loopback;
	} cases[] = {
		{ "127.0.0.1:25", "127.0.0.1:25", "127.0.0.1", true },
		{ "127.9.9.9:0", "127.9.9.9:0", "127.9.9.9", true },
		{ "192.0.2.1:65535", "192.0.2.1:65535", "192.0.2.1", false },
		{ "[::1]:8080", "[::1]:8080", "::1", true },
		{ "[2001:DB8::0:1]:1", "[2001:db8::1]:1", "2001:db8::1", false },
		{ "[::ffff:127.0.0.1]:1", "127.0.0.1:1", "127.0.0.1", true },
		{ "unix:/run/x.sock", "unix:/run/x.sock", "unix", false },
		{ "127.0.0.1", NULL, NULL, false },
		{ "127.0.0.1:", NULL, NULL, false },
		{ "127.0.0.1:65536", NULL, NULL, false },
		{ "127.0.0.1:-1", NULL, NULL, false },
		{ "127.0.0.1: 1", NULL, NULL, false },
		{ "127.1:1", NULL, NULL, false },
		{ "localhost:1", NULL, NULL, false },
		{ "::1:1", NULL, NULL, false },
		{ "[::1]", NULL, NULL, false },
		{ "[::1:1", NULL, NULL, false },
		{ "[127.0.0.1]:1", NULL, NULL, false },
		{ "unix:", NULL, NULL, false },
		{ ":1", NULL, NULL, false },
		{ "", NULL, NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[NET_ADDRESS_TEXT] = "", host[NET_ADDRESS_TEXT] = "";
		struct net_address address = { 0 };
		struct err err;
		bool ok = net_address_read(cases[i].text, &address, &err);

		if (ok != (cases[i].again != NULL))
			fail_msg("%s", cases[i].text);
		if (!ok)
			continue;
		net_address_write(&address, text);
		net_address_write_host(&address, host);
		assert_string_equal(text, cases[i].again);
		assert_string_equal(host, cases[i].host);
		assert_int_equal(net_address_is_loopback(&address), cases[i].loopback);
	}
}

static void
test_address_keys(void **state)
{
	static const struct {
		const char *a, *b;
		bool same_key, same_host;
	} cases[] = {
		{ "192.0.2.1:1", "192.0.2.1:2", true, true },
		{ "192.0.2.1:1", "192.0.2.2:1", false, false },
		{ "[2001:db8:0:1::1]:1", "[2001:db8:0:1:ffff::2]:1", true, false },
		{ "[2001:db8:0:1::1]:1", "[2001:db8:0:2::1]:1", false, false },
		{ "[::ffff:192.0.2.1]:1", "192.0.2.1:1", true, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct net_address a, b;
		char one[9], two[9];
		size_t len;
		struct err err;

		assert_true(net_address_read(cases[i].a, &a, &err));
		assert_true(net_address_read(cases[i].b, &b, &err));
		len = net_address_key(&a, one);
		assert_int_equal(len == net_address_key(&b, two) && memcmp(one, two, len) == 0,
		    cases[i].same_key);
		assert_int_equal(net_address_same_host(&a, &b), cases[i].same_host);
	}
}

static void
test_listen(void **state)
{
	static const char path[] = "unix:listen.sock";
	char name[NET_ADDRESS_TEXT];
	struct stat st;
	struct err err;
	int one, two;

	(void)state;
	assert_true(listen_open("127.0.0.1:0", &one, &err));
	assert_true(listen_name(one, name));
	assert_string_not_equal(name, "127.0.0.1:0");
	assert_false(listen_open(name, &two, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_int_equal(two, -1);
	file_close(&one);
	assert_true(listen_open(path, &one, &err));
	assert_int_equal(stat("listen.sock", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	assert_false(listen_open(path, &two, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	file_close(&one);
	assert_true(listen_open(path, &one, &err)); /* what a dead server left */
	file_close(&one);
	unlink("listen.sock");
	assert_false(listen_open("192.0.2.1:0", &one, &err)); /* not ours */
	assert_int_equal(err.kind, ERR_INVALID);
}

static void
test_resolve(void **state)
{
	struct net_address found[4];
	size_t count;
	struct err err;

	(void)state;
	assert_true(net_resolve("192.0.2.1", 25, found, COUNT(found), &count, &err));
	assert_int_equal(count, 1);
	assert_true(net_resolve("localhost", 25, found, COUNT(found), &count, &err));
	assert_true(count >= 1 && net_address_is_loopback(&found[0]));
	assert_false(net_resolve("name.invalid", 25, found, COUNT(found), &count, &err));
	assert_int_equal(count, 0);
	assert_true(err.kind == ERR_NOT_FOUND || err.kind == ERR_TEMPORARY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_turns),
		cmocka_unit_test(test_deferred),
		cmocka_unit_test(test_timers),
		cmocka_unit_test(test_watches),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_address_keys),
		cmocka_unit_test(test_listen),
		cmocka_unit_test(test_resolve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
