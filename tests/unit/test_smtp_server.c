/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The receiving machine: dialogues are tables; framing is tried split at every octet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "smtp_stage.h"

#ifndef PREAU_SOURCE
#define PREAU_SOURCE "."
#endif
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- tests/data/smtp/smtp-command-cases.json: a row for each of its ids ---- */

static const struct {
	const char *id;
	const char *send;
	size_t len;
	const char *want; /* codes; NULL: has a test of its own below */
	bool lmtp;
} cases[] = {
	{ "greeting", S(""), "220", false },
	{ "helo-no-arg", S("HELO\r\n"), "220 501", false },
	{ "ehlo-no-arg", S("EHLO\r\n"), "220 501", false },
	{ "lhlo-on-lmtp", S("LHLO client.test\r\nEHLO c\r\nHELO c\r\n"), "220 250 500 500", true },
	{ "mail-before-helo", S(FROM), "220 503", false },
	{ "rcpt-before-mail", S(HELLO TO), "220 250 503", false },
	{ "data-before-rcpt", S(HELLO FROM "DATA\r\n"), "220 250 250 554", false },
	{ "mail-twice", S(HELLO FROM "MAIL FROM:<b@example.org>\r\n" TO "DATA\r\n.\r\n"),
	    "220 250 250 503 250 354 250", false },
	{ "helo-twice-resets", S(HELLO FROM HELLO TO), "220 250 250 250 503", false },
	{ "rset-with-arg", S(HELLO FROM "RSET foo\r\n" TO), "220 250 250 501 250", false },
	{ "noop-with-arg", S("NOOP anything\r\n"), "220 250", false },
	{ "quit-with-arg", S("QUIT now\r\nNOOP\r\n"), "220 501 250", false },
	{ "empty-command", S("\r\nNOOP\r\n"), "220 500 250", false },
	{ "unknown-command", S("FOOBAR\r\n"), "220 500", false },
	{ "expn", S("EXPN list\r\n"), "220 502", false },
	{ "vrfy", S(HELLO "VRFY list@l.test\r\nVRFY none@l.test\r\n"), "220 250 252 252", false },
	{ "null-sender", S(HELLO "MAIL FROM:<>\r\n"), "220 250 250", false },
	{ "mail-no-colon", S(HELLO "MAIL FROM <a@example.org>\r\n"), "220 250 501", false },
	{ "mail-space-after-colon", S(HELLO "MAIL FROM: <a@example.org>\r\n"), "220 250 250",
	    false },
	{ "mail-no-brackets", S(HELLO "MAIL FROM:a@example.org\r\n"), "220 250 501", false },
	{ "mail-quoted-local",
	    S(HELLO "MAIL FROM:<\"joe q@x\"@example.org>\r\n" TO "DATA\r\n.\r\n"),
	    "220 250 250 250 354 250", false },
	{ "mail-source-route", S(HELLO "MAIL FROM:<@h1,@h2:a@example.org>\r\n"), "220 250 250",
	    false },
	{ "mail-unknown-param", S(HELLO "MAIL FROM:<a@example.org> FOO=BAR\r\n"), "220 250 555",
	    false },
	{ "mail-size-too-large", S(HELLO "MAIL FROM:<a@example.org> SIZE=99999999999\r\n"),
	    "220 250 552", false },
	{ "mail-size-bad", S(HELLO "MAIL FROM:<a@example.org> SIZE=abc\r\n"), "220 250 501",
	    false },
	{ "mail-body-bad", S(HELLO "MAIL FROM:<a@example.org> BODY=9BIT\r\n"), "220 250 501",
	    false },
	{ "mail-smtputf8",
	    S(HELLO "MAIL FROM:<\xc3\xa9ric@exemple.fr>\r\n"
		    "MAIL FROM:<\xc3\xa9ric@exemple.fr> SMTPUTF8\r\n"),
	    "220 250 553 250", false },
	{ "rcpt-unknown-list", S(HELLO FROM "RCPT TO:<nosuch@l.test>\r\n"), "220 250 250 550",
	    false },
	{ "rcpt-foreign-domain", S(HELLO FROM "RCPT TO:<x@gmail.com>\r\n"), "220 250 250 550",
	    false },
	{ "rcpt-percent-hack", S(HELLO FROM "RCPT TO:<x%gmail.com@l.test>\r\n"), "220 250 250 550",
	    false },
	{ "rcpt-bang-path", S(HELLO FROM "RCPT TO:<l.test!x>\r\n"), "220 250 250 501", false },
	{ "rcpt-upper-case", S(HELLO FROM "RCPT TO:<LIST@L.TEST>\r\n"), "220 250 250 250", false },
	{ "rcpt-sub-addresses",
	    S(HELLO FROM TO "RCPT TO:<list-request@l.test>\r\nRCPT TO:<list-owner@l.test>\r\n"
			    "RCPT TO:<postmaster>\r\nRCPT TO:<POSTMASTER@l.test>\r\n"),
	    "220 250 250 250 550 550 250 250", false },
	{ "rcpt-too-many", NULL, 0, NULL, false },
	{ "command-too-long", S("MAIL FROM:<" A500 A50 A50 "@example.org>\r\nNOOP\r\n"),
	    "220 500 250", false },
	{ "command-way-too-long", NULL, 0, NULL, false },
	{ "non-ascii-command", S("\xc3\x89HLO c\r\n"), "220 500", false },
	{ "nul-in-command", S("NOOP a\0b\r\nNOOP\r\n"), "220 500 250", false },
	{ "bare-lf-command", S("NOOP\nNOOP\r\n"), "220 500 250", false },
	{ "starttls-plaintext-injection", NULL, 0, NULL, false },
};

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (size_t split = 0; cases[i].want != NULL && split <= cases[i].len; split++) {
			struct stage stage;

			stage_open(&stage, cases[i].lmtp, NULL);
			feed(&stage, cases[i].send, split);
			feed(&stage, cases[i].send + split, cases[i].len - split);
			if (strcmp(codes(&stage), cases[i].want) != 0)
				fail_msg("%s: %s", cases[i].id, codes(&stage));
			if (strcmp(cases[i].id, "mail-quoted-local") == 0)
				assert_string_equal(stage.senders, "joe q@x;");
			if (strcmp(cases[i].id, "mail-twice") == 0)
				assert_string_equal(stage.senders, "a;");
			stage_close(&stage);
		}
	}
}

static void
test_every_case_has_a_row(void **state)
{
	struct buf json = { 0 };
	struct err err;
	size_t found = 0;

	(void)state;
	assert_true(file_read(
	    PREAU_SOURCE "/tests/data/smtp/smtp-command-cases.json", 1 << 20, &json, &err));
	for (size_t i = 0; i < COUNT(cases); i++) {
		char want[80];

		(void)snprintf(want, sizeof(want), "\"id\": \"%s\"", cases[i].id);
		if (strstr(buf_text(&json), want) == NULL)
			fail_msg("no case %s", cases[i].id);
	}
	for (const char *at = buf_text(&json); (at = strstr(at, "\"id\":")) != NULL; at++)
		found++;
	assert_int_equal(found, COUNT(cases));
	buf_free(&json);
}

/* ---- the end of a message (P18, T12) ---- */

static const struct {
	const char *octets;
	size_t len;
	const char *want;    /* code of the one message */
	const char *content; /* what stands instead of it, or NULL */
} ends[] = {
	{ S("\n.\n"), "550", NULL },
	{ S("\n.\r\n"), "550", NULL },
	{ S("\r.\r"), "550", NULL },
	{ S("\r.\r\n"), "550", NULL },
	{ S("\r.\n"), "550", NULL },
	{ S("\n.\r"), "550", NULL },
	{ S("\r\n.\r"), "550", NULL },
	{ S("\r\n.\n"), "550", NULL },
	{ S("\r\n.\r\r\n"), "550", NULL },
	{ S("\r\r\n.\r\r\n"), "550", NULL },
	{ S("\r\r\n.x\r\n"), "550", NULL },
	{ S("\n\n.\n\n"), "550", NULL },
	{ S("\r\n.\r\0\n"), "550", NULL },
	{ S("\r\0\n.\r\n"), "550", NULL },
	{ S("\r\n.\rx\n"), "550", NULL },
	{ S("\n\r.\n\r"), "550", NULL },
	{ S("\r\n\0.\r\n"), "250", "\r\n.\r\n" },
	{ S("\r\n.\0\r\n"), "250", "\r\n\r\n" },
	{ S("\r\n..\r\n"), "250", "\r\n.\r\n" },
	{ S("\r\n. \r\n"), "250", "\r\n \r\n" },
	{ S("\r\n ..\r\n"), "250", "\r\n ..\r\n" },
	{ S("\r\n.\x85\r\n"), "250", "\r\n\x85\r\n" },
	{ S("\r\n...\r\n.."), "250", "\r\n..\r\n." },
};

#define BEFORE "Subject: x\r\n\r\nhello"
#define BEHIND "\r\nMAIL FROM:<evil@example.org>\r\n" TO "DATA\r\nsmuggled"

static void
check_end(size_t i, struct span wire, size_t split, size_t step)
{
	struct stage stage;
	struct buf want = { 0 };
	char replies[80];

	stage_open(&stage, false, NULL);
	feed(&stage, wire.data, split);
	for (size_t at = split; at < wire.len; at += step)
		feed(&stage, wire.data + at, wire.len - at < step ? wire.len - at : step);
	(void)snprintf(replies, sizeof(replies), "220 250 250 250 354 %s 250 221", ends[i].want);
	if (strcmp(codes(&stage), replies) != 0)
		fail_msg("end %zu split %zu: %s", i, split, codes(&stage));
	assert_int_equal(stage.messages, ends[i].content != NULL);
	if (ends[i].content == NULL) {
		assert_true(said(&stage, "550 5.6.11 "));
	} else {
		buf_printf(&want, BEFORE "%s" BEHIND "\r\n", ends[i].content);
		assert_int_equal(stage.accepted.len, want.len);
		assert_memory_equal(stage.accepted.data, want.data, want.len);
	}
	buf_free(&want);
	stage_close(&stage);
}

static void
test_ends(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ends); i++) {
		struct buf wire = { 0 };

		buf_add_text(&wire, OPEN BEFORE);
		buf_add(&wire, ends[i].octets, ends[i].len);
		buf_add_text(&wire, BEHIND "\r\n.\r\nNOOP\r\nQUIT\r\n");
		for (size_t split = 0; split <= wire.len; split++)
			check_end(i, buf_span(&wire), split, wire.len);
		check_end(i, buf_span(&wire), 0, 1);
		check_end(i, buf_span(&wire), 0, 3);
		buf_free(&wire);
	}
}

static void
test_true_end_parts_messages(void **state)
{
	static const char wire[] = OPEN "one\r\n.\r\n" FROM TO "DATA\r\n.\r\n" FROM TO
					"DATA\r\n..\r\n...a\r\n.\r\nQUIT\r\n";

	(void)state;
	for (size_t step = 1; step < sizeof(wire); step++) {
		struct stage stage;

		stage_open(&stage, false, NULL);
		for (size_t at = 0; at < sizeof(wire) - 1; at += step)
			feed(&stage, wire + at,
			    sizeof(wire) - 1 - at < step ? sizeof(wire) - 1 - at : step);
		assert_string_equal(
		    codes(&stage), "220 250 250 250 354 250 250 250 354 250 250 250 354 250 221");
		assert_int_equal(stage.messages, 3);
		assert_string_equal(buf_text(&stage.accepted), ".\r\n..a\r\n");
		assert_true(stage.closed);
		stage_close(&stage);
	}
}

/* ---- answers of the house ---- */

static const struct {
	enum err_kind kind;
	const char *want;
} outcomes[] = {
	{ ERR_NONE, "250 2.0.0" },
	{ ERR_INVALID, "550 5.5.0" },
	{ ERR_DENIED, "550 5.7.1" },
	{ ERR_NOT_FOUND, "550 5.1.1" },
	{ ERR_CONFLICT, "550 5.5.0" },
	{ ERR_TOO_MUCH, "450 4.7.1" },
	{ ERR_TEMPORARY, "451 4.3.0" },
	{ ERR_BROKEN, "451 4.3.5" },
};

static void
test_outcomes(void **state)
{
	(void)state;
	assert_int_equal(COUNT(outcomes), ERR_KINDS);
	for (size_t i = 0; i < COUNT(outcomes); i++) {
		struct stage stage;

		stage_open(&stage, false, NULL);
		stage.outcome = outcomes[i].kind;
		feed(&stage, S(OPEN));
		buf_clear(&stage.replies);
		feed(&stage, S("x\r\n.\r\n"));
		assert_true(said(&stage, outcomes[i].want));
		feed(&stage, S(FROM TO "DATA\r\nx\r\n.\r\n"));
		assert_int_equal(stage.messages, 2);
		stage_close(&stage);
	}
}

/* Nothing is read between the question and its answer, and 250 waits for the answer. */
static void
test_held_while_asked(void **state)
{
	static const char wire[] = "x\r\n.\r\nNOOP\r\n";
	struct smtp_answer taken = { ERR_NONE, "" },
			   said_no = { ERR_DENIED, "Non\r\n250 ok \xc3\xa9" };
	struct stage stage;
	struct span rest = { wire, sizeof(wire) - 1 };

	(void)state;
	stage_open(&stage, false, NULL);
	feed(&stage, S(OPEN));
	assert_int_equal(smtp_server_input(stage.server, &rest), SMTP_EVENT_MESSAGE);
	assert_true(span_is(rest, "NOOP\r\n"));
	assert_int_equal(smtp_server_replies(stage.server)->len, 0);
	assert_int_equal(smtp_server_patience(stage.server), 0);
	assert_int_equal(smtp_server_input(stage.server, &rest), SMTP_EVENT_NONE);
	assert_true(span_is(rest, "NOOP\r\n"));
	smtp_server_answer_message(stage.server, &said_no, 1);
	smtp_server_answer_message(stage.server, &taken, 1); /* nobody asked: not heard */
	gather(&stage);
	assert_true(said(&stage, "550 5.7.1 Non??250 ok ??\r\n"));
	assert_false(said(&stage, "\n250 2.0.0 Taken"));
	assert_int_equal(smtp_server_input(stage.server, &rest), SMTP_EVENT_NONE);
	assert_int_equal(rest.len, 0);
	stage_close(&stage);
}

static void
test_broken_disk(void **state)
{
	struct stage stage;

	(void)state;
	stage_open(&stage, false, NULL);
	stage.broken_disk = true;
	feed(&stage, S(OPEN "x\r\n.\r\nNOOP\r\n"));
	assert_string_equal(codes(&stage), "220 250 250 250 354 451 250");
	assert_int_equal(stage.messages, 0);
	stage_close(&stage);
}

static void
test_stop(void **state)
{
	struct stage stage;

	(void)state;
	stage_open(&stage, false, NULL);
	feed(&stage, S(HELLO FROM));
	smtp_server_stop(stage.server, "4.3.2", "Closing");
	feed(&stage, S(TO));
	assert_string_equal(codes(&stage), "220 250 250 421");
	assert_true(stage.closed);
	stage_close(&stage);
	stage_open(&stage, false, NULL);
	feed(&stage, S(OPEN "half"));
	smtp_server_stop(stage.server, "4.4.2", "Idle");
	feed(&stage, S("\r\n.\r\n"));
	assert_string_equal(codes(&stage), "220 250 250 250 354");
	assert_true(stage.closed && stage.messages == 0);
	assert_int_equal(stage.message.len, 0);
	stage_close(&stage);
}

/* ---- LMTP: an outcome for each recipient ---- */

static void
test_lmtp(void **state)
{
	static const struct smtp_answer each[] = { { ERR_NONE, "" }, { ERR_TEMPORARY, "" } };
	static const char open[] = "LHLO c\r\n" FROM TO "RCPT TO:<no@l.test>\r\n" TO "DATA\r\n";
	static const char end[] = "x\r\n.\r\n";
	struct span rest = { end, sizeof(end) - 1 };
	struct stage stage;

	(void)state;
	stage_open(&stage, true, NULL);
	feed(&stage, S(open));
	assert_string_equal(codes(&stage), "220 250 250 250 550 250 354");
	assert_int_equal(smtp_server_input(stage.server, &rest), SMTP_EVENT_MESSAGE);
	smtp_server_answer_message(stage.server, each, 2);
	feed(&stage, S(FROM TO TO "DATA\r\nx\r\n.\r\n"));
	assert_string_equal(
	    codes(&stage), "220 250 250 250 550 250 354 250 451 250 250 250 354 250 250");
	buf_clear(&stage.replies);
	feed(&stage, S(FROM TO TO TO "DATA\r\nbare\n\r\n.\r\n"));
	assert_string_equal(codes(&stage), "250 250 250 250 354 550 550 550");
	stage_close(&stage);
}

/* ---- STARTTLS (T13) ---- */

static void
test_starttls(void **state)
{
	static const char *const injected[] = { "", "RSET\r\n", "EHLO evil\r\n" FROM, "R", "\0\0" };
	struct smtp_server_options tls = { .tls = true };

	(void)state;
	for (size_t i = 0; i < COUNT(injected); i++) {
		struct stage stage;
		struct buf wire = { 0 };

		stage_open(&stage, false, &tls);
		buf_printf(&wire, "EHLO c\r\nSTARTTLS\r\n%s", injected[i]);
		feed(&stage, wire.data, wire.len);
		assert_true(stage.tls && said(&stage, "250-STARTTLS\r\n"));
		assert_int_equal(stage.wire.len, 0);
		feed(&stage, S("RSET\r\nMAIL FR")); /* a second packet, still in plain */
		assert_string_equal(codes(&stage), "220 250 220");
		buf_clear(&stage.replies);
		smtp_server_secured(stage.server);
		feed(&stage, S(FROM "STARTTLS\r\n" HELLO FROM TO "DATA\r\n.\r\n"));
		assert_string_equal(codes(&stage), "503 502 250 250 250 354 250");
		assert_false(said(&stage, "STARTTLS"));
		buf_free(&wire);
		stage_close(&stage);
	}
}

static void
test_starttls_when_not(void **state)
{
	struct smtp_server_options tls = { .tls = true };
	struct stage stage;

	(void)state;
	stage_open(&stage, false, NULL);
	feed(&stage, S(HELLO "STARTTLS\r\n"));
	assert_string_equal(codes(&stage), "220 250 502");
	assert_false(said(&stage, "STARTTLS"));
	stage_close(&stage);
	stage_open(&stage, false, &tls);
	feed(&stage, S(HELLO FROM "STARTTLS\r\nSTARTTLS now\r\n"));
	assert_string_equal(codes(&stage), "220 250 250 503 501");
	assert_false(stage.tls);
	stage_close(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_every_case_has_a_row),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_true_end_parts_messages),
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_held_while_asked),
		cmocka_unit_test(test_broken_disk),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_lmtp),
		cmocka_unit_test(test_starttls),
		cmocka_unit_test(test_starttls_when_not),
	};

	log_open("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
