/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The receiving machine where it is too much: sizes, errors, endless input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "smtp_stage.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
add_times(struct buf *out, const char *text, size_t times)
{
	while (times-- > 0)
		buf_add_text(out, text);
}

static const struct {
	const char *name, *before, *piece;
	size_t times;
	const char *behind, *want;
} bulks[] = {
	{ "50 hops", "", "Received: x\r\n", 50, "\r\n", "250 2.0.0" },
	{ "51 hops", "", "received: x\r\n", 51, "\r\n", "554 5.4.6" },
	{ "51 hops in the body", "\r\n", "Received: x\r\n", 51, "", "250 2.0.0" },
	{ "line of 8 KiB", "\r\n", "xxxxxxxx", 1024, "\r\n", "250 2.0.0" },
	{ "line over 8 KiB", "\r\n", "xxxxxxxx", 1024, "x\r\n", "550 5.6.0" },
	{ "head under 256 KiB", "", "A: 678901234\r\n", 18700, "\r\n", "250 2.0.0" },
	{ "head over 256 KiB", "", "A: 678901234\r\n", 18800, "\r\n", "552 5.3.4" },
	{ "body over 256 KiB", "\r\n", "A: 678901234\r\n", 18800, "\r\n", "250 2.0.0" },
	{ "just 10 MiB", "\r\n", "678901234567890\r\n", 616809, "1\r\n", "250 2.0.0" },
	{ "over 10 MiB", "\r\n", "678901234567890\r\n", 616809, "12\r\n", "552 5.3.4" },
	{ "dots of the wire do not count", "\r\n", "..78901234567890\r\n", 616809, "1\r\n",
	    "250 2.0.0" },
};

static void
test_bulk(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bulks); i++) {
		struct stage stage;
		struct buf wire = { 0 };

		buf_add_text(&wire, OPEN);
		buf_add_text(&wire, bulks[i].before);
		add_times(&wire, bulks[i].piece, bulks[i].times);
		buf_printf(&wire, "%s\r\n.\r\nNOOP\r\n", bulks[i].behind);
		stage_open(&stage, false, NULL);
		feed(&stage, wire.data, wire.len);
		if (!said(&stage, bulks[i].want))
			fail_msg("%s: %s", bulks[i].name, buf_text(&stage.replies));
		assert_true(span_ends(buf_span(&stage.replies), "250 2.0.0 Still here\r\n"));
		assert_int_equal(stage.messages, bulks[i].want[0] == '2');
		buf_free(&wire);
		stage_close(&stage);
	}
}

/* Somebody who sends on for ever is cut off; memory does not follow. */
static void
test_endless_message(void **state)
{
	struct smtp_server_options limits = { .size_max = 1000 };
	struct stage stage;

	(void)state;
	stage_open(&stage, false, &limits);
	feed(&stage, S(OPEN));
	for (int i = 0; i < 100000 && !stage.closed; i++)
		feed(&stage, S("0123456789\r\n"));
	assert_true(stage.closed && said(&stage, "552 5.3.4"));
	assert_int_equal(stage.messages, 0);
	stage_close(&stage);
}

static void
test_endless_command(void **state)
{
	static char many[100000];
	struct stage stage;

	(void)state;
	memset(many, 'X', sizeof(many));
	stage_open(&stage, false, NULL);
	for (int i = 0; i < 100; i++)
		feed(&stage, many, sizeof(many));
	feed(&stage, S("\r\nNOOP\r\n"));
	assert_string_equal(codes(&stage), "220 500 250");
	stage_close(&stage);
}

static void
test_too_many_recipients(void **state)
{
	struct smtp_server_options limits = { .rcpt_max = 100 };
	struct stage stage;
	struct buf wire = { 0 };
	struct span rest, line;
	int taken = 0, later = 0;

	(void)state;
	buf_add_text(&wire, HELLO FROM);
	add_times(&wire, TO, 2000);
	buf_add_text(&wire, "DATA\r\n.\r\n");
	for (int round = 0; round < 2; round++) {
		stage_open(&stage, false, round == 0 ? NULL : &limits);
		feed(&stage, wire.data, wire.len);
		rest = buf_span(&stage.replies);
		taken = later = 0;
		while (span_next_line(&rest, &line)) {
			taken += span_starts(line, "250 2.1.5");
			later += span_starts(line, "452 4.5.3");
			assert_true(line.data[0] != '5');
		}
		assert_int_equal(taken, round == 0 ? 20 : 100);
		assert_int_equal(later, 2000 - taken);
		assert_int_equal(stage.messages, 1);
		stage_close(&stage);
	}
	buf_free(&wire);
}

static const struct {
	const char *name, *piece;
	size_t times;
	const char *want; /* behind "220 250 250" */
} patience[] = {
	{ "unknown recipients", "RCPT TO:<x@l.test>\r\n", 8, "550 550 550 550 550 421" },
	{ "errors", "FOO\r\n", 20, "500 500 500 500 500 500 500 500 500 421" },
	{ "long lines", A500 A500 A500 "\r\n", 20, "500 500 500 500 500 500 500 500 500 421" },
	{ "a browser", "POST / HTTP/1.1\r\n", 2, "421" },
};

static void
test_patience_ends(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(patience); i++) {
		struct stage stage;
		struct buf wire = { 0 };

		buf_add_text(&wire, HELLO FROM);
		add_times(&wire, patience[i].piece, patience[i].times);
		stage_open(&stage, false, NULL);
		feed(&stage, wire.data, wire.len);
		if (strcmp(codes(&stage) + strlen("220 250 250 "), patience[i].want) != 0)
			fail_msg("%s: %s", patience[i].name, codes(&stage));
		assert_true(stage.closed);
		feed(&stage, S(FROM TO "DATA\r\n.\r\n"));
		assert_true(stage.closed && stage.messages == 0);
		buf_free(&wire);
		stage_close(&stage);
	}
}

static void
test_messages_of_a_connection(void **state)
{
	struct smtp_server_options limits = { .message_max = 3 };
	struct stage stage;

	(void)state;
	stage_open(&stage, false, &limits);
	feed(&stage, S(HELLO));
	for (int i = 0; i < 5; i++)
		feed(&stage, S(FROM TO "DATA\r\nx\r\n.\r\n"));
	assert_int_equal(stage.messages, 3);
	assert_true(stage.closed && said(&stage, "421 4.7.0"));
	stage_close(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bulk),
		cmocka_unit_test(test_endless_message),
		cmocka_unit_test(test_endless_command),
		cmocka_unit_test(test_too_many_recipients),
		cmocka_unit_test(test_patience_ends),
		cmocka_unit_test(test_messages_of_a_connection),
	};

	log_open("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
