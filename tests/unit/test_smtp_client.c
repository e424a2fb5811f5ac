/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The sending machine: each dialogue is a script, run with the server's octets whole and
 * one by one. Every recipient has exactly one result, whatever the server does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "mail/smtp_client.h"
#include "mail/smtp_data.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define GREET "S:220 hi|C:EHLO us|"
#define PIPE GREET "S:250-hi|S:250-PIPELINING|S:250 8BITMIME|"
#define PLAIN GREET "S:250 hi|"
#define GROUP(n) "C:MAIL FROM:<b@us>|C:RCPT TO:<r" n "@x>|C:DATA|"
#define BODY(n) "C:Subject: " n "|C:|C:body|C:.|"
#define TAKEN "S:250 2.1.0 ok|S:250 2.1.5 ok|S:354 go|"

enum { MESSAGES = 5, RCPTS = 3 };

/* Lines of a script, parted by "|":
 *   S:text  the server says a line        C:text  we must have said this line, next
 *   W       we must have said no more     T       STARTTLS was told; it is done
 *   L:why   the connection is lost        Q       we want to quit
 *   E       CLOSE was told                E:text  ... and the error begins so
 *   R:text  raw octets of the server      P:n     patience in seconds
 * Messages are given as soon as one is wanted. */
static const struct {
	const char *name;
	const char *script;
	const char *results; /* of each recipient, in the order of done() */
	size_t messages, rcpts;
	enum smtp_tls tls;
	bool lmtp;
	const char *octets; /* NULL: "Subject: n CRLF CRLF body CRLF" */
	const char *to;	    /* NULL: r1@x ... */
} scripts[] = {
	{ "one message, pipelined",
	    PIPE GROUP("1") "W|" TAKEN BODY("1") "S:250 2.0.0 kept|Q|C:QUIT|S:221 bye|E",
	    "ok 250 2.0.0;", 1, 1, 0, false, NULL, NULL },
	{ "one message, step by step",
	    PLAIN
	    "C:MAIL FROM:<b@us>|W|S:250 ok|C:RCPT TO:<r1@x>|W|S:250 ok|C:DATA|W|S:354 go|" BODY(
		"1") "W|S:250 ok|W|Q|C:QUIT|S:221 bye|E",
	    "ok 250 ;", 1, 1, 0, false, NULL, NULL },
	{ "the next group stands right behind the dot",
	    PIPE GROUP("1") "W|" TAKEN BODY("1") GROUP("1") "W|S:250 kept|" TAKEN BODY("2")
		GROUP("1") "W|S:250 kept|" TAKEN BODY("3") "W|S:250 2.0.0 kept|Q|C:QUIT|S:221 x|E",
	    "ok 250 ;ok 250 ;ok 250 2.0.0;", 3, 1, 0, false, NULL, NULL },
	{ "without pipelining nothing overtakes",
	    PLAIN "C:MAIL FROM:<b@us>|S:250 ok|C:RCPT TO:<r1@x>|S:250 ok|C:DATA|S:354 go|" BODY(
		"1") "W|S:250 ok|C:MAIL FROM:<b@us>|W|S:250 ok|C:RCPT TO:<r1@x>|S:250 "
		     "ok|C:DATA|S:354 go|" BODY("2") "S:451 4.3.0 later|Q|C:QUIT|S:221 x|E",
	    "ok 250 ;later 451 4.3.0;", 2, 1, 0, false, NULL, NULL },
	{ "SIZE and 8BITMIME are said",
	    GREET "S:250-hi|S:250-SIZE 1000|S:250-PIPELINING|S:250 8bitmime|"
		  "C:MAIL FROM:<b@us> SIZE=4 BODY=8BITMIME|C:RCPT TO:<r1@x>|C:DATA|" TAKEN
		  "C:\xc3\xa9|C:.|S:250 ok|Q|C:QUIT|S:221 x|E",
	    "ok 250 ;", 1, 1, 0, false, "\xc3\xa9\r\n", NULL },
	{ "SIZE refuses here", GREET "S:250-hi|S:250 SIZE 3|W|Q|C:QUIT|S:221 x|E",
	    "refused 0 5.3.4;", 1, 1, 0, false, "1234", NULL },
	{ "SIZE without a number",
	    GREET "S:250-hi|S:250-SIZE|S:250 PIPELINING|C:MAIL FROM:<b@us> SIZE=20|C:RCPT "
		  "TO:<r1@x>|C:DATA|L:x|E",
	    "later 0 ;", 1, 1, 0, false, NULL, NULL },
	{ "8 bits nobody takes", PLAIN "W|Q|C:QUIT|S:221 x|E", "refused 0 5.6.3;", 1, 1, 0, false,
	    "\xc3\xa9\r\n", NULL },
	{ "UTF-8 address nobody takes", PLAIN "W|Q|C:QUIT|S:221 x|E", "refused 0 5.6.7;", 1, 1, 0,
	    false, NULL, "\xc3\xa9@x" },
	{ "UTF-8 address",
	    GREET "S:250-hi|S:250-PIPELINING|S:250 SMTPUTF8|C:MAIL FROM:<b@us> SMTPUTF8|C:RCPT "
		  "TO:<\xc3\xa9@x>|C:DATA|" TAKEN BODY("1") "S:250 ok|Q|C:QUIT|S:221 x|E",
	    "ok 250 ;", 1, 1, 0, false, NULL, "\xc3\xa9@x" },
	{ "UTF-8 domain as A-labels",
	    PIPE "C:MAIL FROM:<b@us>|C:RCPT TO:<a@xn--exempl-gva.fr>|C:DATA|" TAKEN BODY(
		"1") "S:250 ok|Q|C:QUIT|S:221 x|E",
	    "ok 250 ;", 1, 1, 0, false, NULL, "a@exempl\xc3\xa9.fr" },
	{ "dots and bare ends of line",
	    PIPE GROUP("1") TAKEN "C:..|C:..x|C:a|C:b|C:|C:c|C:d.|C:.|S:250 ok|Q|C:QUIT|S:221 x|E",
	    "ok 250 ;", 1, 1, 0, false, ".\r\n.x\na\rb\r\r\nc\nd.", NULL },
	{ "an end that is none",
	    PIPE GROUP("1") TAKEN "C:a|C:..|C:b|C:..|C:c|C:.|S:250 ok|Q|C:QUIT|S:221 x|E",
	    "ok 250 ;", 1, 1, 0, false, "a\n.\nb\r.\rc", NULL },
	{ "an empty message", PIPE GROUP("1") TAKEN "C:.|S:250 ok|Q|C:QUIT|S:221 x|E", "ok 250 ;",
	    1, 1, 0, false, "", NULL },
	/* refusals at every verb */
	{ "greeting 554", "S:554 5.7.1 no|E:greeting: 554 no", "", 1, 1, 0, false, NULL, NULL },
	{ "greeting 421", "S:421 busy|E:greeting: 421 busy", "", 1, 1, 0, false, NULL, NULL },
	{ "EHLO 4xx", GREET "S:421 busy|E:hello: 421", "", 1, 1, 0, false, NULL, NULL },
	{ "EHLO unknown: HELO", GREET "S:502 what|C:HELO us|S:250 hi|C:MAIL FROM:<b@us>|L:x|E",
	    "later 0 ;", 1, 1, 0, false, NULL, NULL },
	{ "HELO refused too", GREET "S:502 what|C:HELO us|S:550 no|E:hello: 550", "", 1, 1, 0,
	    false, NULL, NULL },
	{ "MAIL 5xx, pipelined",
	    PIPE GROUP("1") "S:550 5.7.1 no|S:503 x|S:503 x|C:RSET|S:250 ok|Q|C:QUIT|S:221 x|E",
	    "refused 550 5.7.1;", 1, 1, 0, false, NULL, NULL },
	{ "MAIL 4xx, step by step",
	    PLAIN "C:MAIL FROM:<b@us>|S:451 4.3.0 no|C:RSET|W|S:250 ok|Q|C:QUIT|S:221 x|E",
	    "later 451 4.3.0;", 1, 1, 0, false, NULL, NULL },
	{ "MAIL refused, RCPT and DATA taken: nothing is sent",
	    PIPE GROUP("1") "S:550 no|S:250 ok|S:354 go|C:.|C:RSET|S:554 empty|S:250 "
			    "ok|Q|C:QUIT|S:221 x|E",
	    "refused 550 ;", 1, 1, 0, false, NULL, NULL },
	{ "RCPT 5xx, then the next message",
	    PIPE GROUP("1") "S:250 ok|S:550 5.1.1 who|S:554 none|C:RSET|" GROUP(
		"1") "W|S:250 ok|" TAKEN BODY("2") "S:250 ok|Q|C:QUIT|S:221 x|E",
	    "refused 550 5.1.1;ok 250 ;", 2, 1, 0, false, NULL, NULL },
	{ "RCPT 5xx and yet 354",
	    PIPE GROUP("1") "S:250 ok|S:550 5.1.1 who|S:354 go|C:.|C:RSET|" GROUP(
		"1") "S:554 x|S:250 ok|" TAKEN BODY("2") "S:250 ok|Q|C:QUIT|S:221 x|E",
	    "refused 550 5.1.1;ok 250 ;", 2, 1, 0, false, NULL, NULL },
	{ "RCPT step by step: some taken",
	    PLAIN "C:MAIL FROM:<b@us>|S:250 ok|C:RCPT TO:<r1@x>|S:450 4.2.2 full|C:RCPT "
		  "TO:<r2@x>|S:250 ok|C:RCPT "
		  "TO:<r3@x>|S:550 5.1.1 who|C:DATA|S:354 go|" BODY(
		      "1") "S:250 2.0.0 ok|Q|C:QUIT|S:221 x|E",
	    "later 450 4.2.2,ok 250 2.0.0,refused 550 5.1.1;", 1, 3, 0, false, NULL, NULL },
	{ "RCPT step by step: none taken",
	    PLAIN "C:MAIL FROM:<b@us>|S:250 ok|C:RCPT TO:<r1@x>|S:550 a|C:RCPT TO:<r2@x>|S:450 "
		  "b|C:RSET|S:250 "
		  "ok|Q|C:QUIT|S:221 x|E",
	    "refused 550 ,later 450 ;", 1, 2, 0, false, NULL, NULL },
	{ "RCPT 552 is too many recipients: later",
	    PIPE GROUP("1") "S:250 ok|S:552 many|S:503 x|C:RSET|S:250 ok|Q|C:QUIT|S:221 x|E",
	    "later 552 ;", 1, 1, 0, false, NULL, NULL },
	{ "DATA 4xx",
	    PIPE GROUP("1") "S:250 ok|S:250 ok|S:451 4.3.1 disk|C:RSET|S:250 ok|Q|C:QUIT|S:221 x|E",
	    "later 451 4.3.1;", 1, 1, 0, false, NULL, NULL },
	{ "the dot 5xx", PIPE GROUP("1") TAKEN BODY("1") "S:550 5.7.1 spam|Q|C:QUIT|S:221 x|E",
	    "refused 550 5.7.1;", 1, 1, 0, false, NULL, NULL },
	{ "the dot 4xx", PIPE GROUP("1") TAKEN BODY("1") "S:452 4.3.1 full|Q|C:QUIT|S:221 x|E",
	    "later 452 4.3.1;", 1, 1, 0, false, NULL, NULL },
	{ "RSET refused", PIPE GROUP("1") "S:550 no|S:503 x|S:503 x|C:RSET|S:500 what|E:RSET: 500",
	    "refused 550 ;", 1, 1, 0, false, NULL, NULL },
	{ "421 behind a dot ends it",
	    PIPE GROUP("1") TAKEN BODY("1")
		GROUP("1") "S:250 kept|S:421 4.3.2 closing|E:the server closes: 421",
	    "ok 250 ;later 421 4.3.2;", 2, 1, 0, false, NULL, NULL },
	{ "421 as the answer to the dot", PIPE GROUP("1") TAKEN BODY("1") "S:421 4.3.2 closing|E",
	    "later 421 4.3.2;", 1, 1, 0, false, NULL, NULL },
	{ "421 unasked", PIPE "S:421 idle|E:the server spoke unasked: 421", "", 0, 1, 0, false,
	    NULL, NULL },
	/* cut off, silent */
	{ "cut before the greeting", "L:peer|E:peer", "", 1, 1, 0, false, NULL, NULL },
	{ "cut behind MAIL", PIPE GROUP("1") "S:250 ok|L:peer|E:peer", "later 0 ;", 1, 1, 0, false,
	    NULL, NULL },
	{ "cut behind 354: it may have come", PIPE GROUP("1") TAKEN BODY("1") "L:peer|E",
	    "unknown 0 ;", 1, 1, 0, false, NULL, NULL },
	{ "cut behind the dot: one unknown, the others later",
	    PIPE GROUP("1") TAKEN BODY("1") GROUP("1") "S:250 ok|" TAKEN BODY("2")
		GROUP("1") "L:peer|E",
	    "ok 250 ;unknown 0 ;later 0 ;later 0 ;", 4, 1, 0, false, NULL, NULL },
	{ "half a reply, then silence",
	    PIPE GROUP("1") TAKEN BODY("1") "R:250 o|P:600|L:timeout|E:timeout", "unknown 0 ;", 1,
	    1, 0, false, NULL, NULL },
	{ "patience of each phase",
	    "P:300|S:220 hi|C:EHLO us|P:300|S:250-hi|S:250 PIPELINING|" GROUP(
		"1") "P:300|S:250 ok|P:300|S:250 ok|P:120|S:354 go|" BODY("1") "P:600|S:250 "
									       "ok|P:0|Q|C:QUIT|P:"
									       "30|S:221 x|E",
	    "ok 250 ;", 1, 1, 0, false, NULL, NULL },
	/* not SMTP */
	{ "a web server", "S:HTTP/1.1 400 Bad Request|E:the server does not speak SMTP", "", 1, 1,
	    0, false, NULL, NULL },
	{ "a bare LF", "R:220 hi\n|E:the server does not speak SMTP", "", 1, 1, 0, false, NULL,
	    NULL },
	{ "two codes in one reply", GREET "S:250-a|S:251 b|E:the server does not", "", 1, 1, 0,
	    false, NULL, NULL },
	{ "1xx", "S:120 wait|E:the server does not", "", 1, 1, 0, false, NULL, NULL },
	{ "a fifth column", "S:2200 x|E:the server does not", "", 1, 1, 0, false, NULL, NULL },
	{ "354 to MAIL", PIPE GROUP("1") "S:354 go|E:the server asks", "later 0 ;", 1, 1, 0, false,
	    NULL, NULL },
	{ "250 to DATA", PIPE GROUP("1") "S:250 ok|S:250 ok|S:250 ok|E:DATA: 250", "later 0 ;", 1,
	    1, 0, false, NULL, NULL },
	{ "a reply too many",
	    PIPE GROUP("1") TAKEN BODY("1") "S:250 ok|S:250 ok|E:the server spoke unasked",
	    "ok 250 ;", 1, 1, 0, false, NULL, NULL },
	{ "multi-line replies, enhanced codes, UTF-8",
	    PIPE GROUP("1") "S:250-2.1.0 a|S:250 2.1.0 b|S:550-5.1.1 inconnu|S:550 5.1.1 ici|S:503 "
			    "x|C:RSET|S:250 "
			    "x|Q|C:QUIT|S:221 x|E",
	    "refused 550 5.1.1;", 1, 1, 0, false, NULL, NULL },
	/* TLS (T13) */
	{ "STARTTLS where offered",
	    GREET "S:250-hi|S:250 STARTTLS|C:STARTTLS|W|S:220 go|T|C:EHLO "
		  "us|S:250-hi|S:250-STARTTLS|S:250 PIPELINING|" GROUP("1")
		      TAKEN BODY("1") "S:250 ok|Q|C:QUIT|S:221 x|E",
	    "ok 250 ;", 1, 1, SMTP_TLS_TRY, false, NULL, NULL },
	{ "what was said before TLS is forgotten",
	    GREET "S:250-hi|S:250-PIPELINING|S:250 STARTTLS|C:STARTTLS|S:220 go|T|C:EHLO us|S:250 "
		  "hi|C:MAIL FROM:<b@us>|W|L:x|E",
	    "later 0 ;", 1, 1, SMTP_TLS_TRY, false, NULL, NULL },
	{ "STARTTLS refused, not required",
	    GREET "S:250-hi|S:250 STARTTLS|C:STARTTLS|S:454 no|C:MAIL FROM:<b@us>|L:x|E",
	    "later 0 ;", 1, 1, SMTP_TLS_TRY, false, NULL, NULL },
	{ "STARTTLS refused, required",
	    GREET "S:250-hi|S:250 STARTTLS|C:STARTTLS|S:454 no|E:TLS is required and refused", "",
	    1, 1, SMTP_TLS_REQUIRE, false, NULL, NULL },
	{ "STARTTLS not offered, required", GREET "S:250 hi|W|E:TLS is required and not", "", 1, 1,
	    SMTP_TLS_REQUIRE, false, NULL, NULL },
	{ "EHLO unknown, TLS required", GREET "S:500 what|W|E:hello: 500", "", 1, 1,
	    SMTP_TLS_REQUIRE, false, NULL, NULL },
	{ "STARTTLS never", GREET "S:250-hi|S:250 STARTTLS|C:MAIL FROM:<b@us>|L:x|E", "later 0 ;",
	    1, 1, SMTP_TLS_NEVER, false, NULL, NULL },
	{ "plain text injected behind 220",
	    GREET "S:250-hi|S:250 STARTTLS|C:STARTTLS|R:220 go\r\n250 evil\r\n|E:plain text", "", 1,
	    1, SMTP_TLS_TRY, false, NULL, NULL },
	{ "plain text in a second packet",
	    GREET "S:250-hi|S:250 STARTTLS|C:STARTTLS|S:220 go|R:2|E:plain text", "", 1, 1,
	    SMTP_TLS_TRY, false, NULL, NULL },
	{ "the handshake fails", GREET "S:250-hi|S:250 STARTTLS|C:STARTTLS|S:220 go|L:tls|E:tls",
	    "", 1, 1, SMTP_TLS_TRY, false, NULL, NULL },
	/* LMTP */
	{ "LMTP: a result for each recipient",
	    "S:220 hi|C:LHLO us|S:250-hi|S:250 PIPELINING|C:MAIL FROM:<b@us>|C:RCPT "
	    "TO:<r1@x>|C:RCPT TO:<r2@x>|C:RCPT "
	    "TO:<r3@x>|C:DATA|S:250 ok|S:250 ok|S:550 5.1.1 who|S:250 ok|S:354 go|" BODY(
		"1") "S:250 2.0.0 ok|S:452 4.2.2 full|Q|C:QUIT|S:221 x|E",
	    "ok 250 2.0.0,refused 550 5.1.1,later 452 4.2.2;", 1, 3, 0, true, NULL, NULL },
	{ "LMTP: cut between two results",
	    "S:220 hi|C:LHLO us|S:250 hi|C:MAIL FROM:<b@us>|S:250 ok|C:RCPT TO:<r1@x>|S:250 "
	    "ok|C:RCPT TO:<r2@x>|S:250 "
	    "ok|C:DATA|S:354 go|" BODY("1") "S:250 ok|L:peer|E",
	    "ok 250 ,unknown 0 ;", 1, 2, 0, true, NULL, NULL },
	{ "LMTP: 354 with nobody",
	    "S:220 hi|C:LHLO us|S:250-hi|S:250 PIPELINING|" GROUP(
		"1") "S:250 ok|S:550 no|S:354 go|E:DATA: 354",
	    "refused 550 ;", 1, 1, 0, true, NULL, NULL },
	{ "LMTP has no HELO", "S:220 hi|C:LHLO us|S:500 what|E:hello: 500", "", 1, 1, 0, true, NULL,
	    NULL },
};

struct stage {
	struct smtp_client *client;
	struct smtp_message messages[MESSAGES];
	struct smtp_rcpt rcpts[MESSAGES][RCPTS];
	struct buf octets[MESSAGES];
	size_t given, wanted, done;
	struct buf said; /* not compared yet */
	struct buf results;
	enum smtp_client_event event;
};

static const char *const verdicts[] = { "pending", "ok", "later", "refused", "unknown" };

static void
on_done(void *context, struct smtp_message *message)
{
	struct stage *stage = context;

	for (size_t i = 0; i < message->rcpt_count; i++) {
		const struct smtp_result *result = &message->rcpts[i].result;

		assert_true(result->verdict != SMTP_PENDING);
		buf_printf(&stage->results, "%s%s %d %s", i == 0 ? "" : ",",
		    verdicts[result->verdict], result->code, result->enhanced);
	}
	buf_add_char(&stage->results, ';');
	stage->done++;
}

static void
prepare(struct stage *stage, size_t script)
{
	struct err err;

	for (size_t i = 0; i < scripts[script].messages; i++) {
		struct smtp_message *message = &stage->messages[i];

		assert_true(address_parse(SPAN("b@us"), 0, &message->sender, &err));
		for (size_t r = 0; r < scripts[script].rcpts; r++) {
			char text[40];
			const char *to = scripts[script].to;

			(void)snprintf(text, sizeof(text), "r%zu@x", r + 1);
			assert_true(address_parse(span_of(to == NULL ? text : to), ADDRESS_UTF8,
			    &stage->rcpts[i][r].address, &err));
		}
		if (scripts[script].octets != NULL)
			buf_add_text(&stage->octets[i], scripts[script].octets);
		else
			buf_printf(&stage->octets[i], "Subject: %zu\r\n\r\nbody\r\n", i + 1);
		message->rcpts = stage->rcpts[i];
		message->rcpt_count = scripts[script].rcpts;
		message->octets = buf_span(&stage->octets[i]);
	}
	stage->wanted = scripts[script].messages;
}

static void
settle_down(struct stage *stage)
{
	struct buf *output = smtp_client_output(stage->client);

	while (stage->given < stage->wanted && smtp_client_wants(stage->client))
		smtp_client_give(stage->client, &stage->messages[stage->given++]);
	buf_add_span(&stage->said, buf_span(output));
	buf_clear(output);
}

static void
server_says(struct stage *stage, struct span text, bool whole, size_t step)
{
	struct buf octets = { 0 };
	struct span rest;

	buf_add_span(&octets, text);
	if (whole)
		buf_add_text(&octets, "\r\n");
	for (rest = buf_span(&octets); rest.len > 0; rest = span_from(rest, step)) {
		enum smtp_client_event event =
		    smtp_client_input(stage->client, span_first(rest, step));

		if (event != SMTP_CLIENT_NONE)
			stage->event = event;
		settle_down(stage);
	}
	buf_free(&octets);
}

static void
check_said(struct stage *stage, const char *name, struct span line)
{
	struct span rest = buf_span(&stage->said), got;

	if (!span_next_line(&rest, &got) || !span_equal(got, line))
		fail_msg("%s: said \"%s\", not \"" SPAN_FORMAT "\"", name, buf_text(&stage->said),
		    SPAN_ARGS(line));
	assert_true(span_starts(span_from(buf_span(&stage->said), line.len), "\r\n"));
	buf_drop(&stage->said, line.len + 2);
}

static void
check_end(struct stage *stage, const char *name, struct span want)
{
	const char *error = smtp_client_error(stage->client);

	if (stage->event != SMTP_CLIENT_CLOSE || strncmp(error, want.data, want.len) != 0)
		fail_msg("%s: %d \"%s\"", name, stage->event, error);
	assert_false(smtp_client_wants(stage->client));
	assert_int_equal(smtp_client_open(stage->client), 0);
}

static void
play(struct stage *stage, const char *name, struct span line, size_t step)
{
	struct span text = span_from(line, 2);
	char why[40];
	int64_t seconds;

	switch (line.data[0]) {
	case 'S':
	case 'R':
		server_says(stage, text, line.data[0] == 'S', step);
		break;
	case 'C':
		check_said(stage, name, text);
		break;
	case 'W':
		if (stage->said.len > 0)
			fail_msg("%s: said \"%s\"", name, buf_text(&stage->said));
		break;
	case 'T':
		assert_int_equal(stage->event, SMTP_CLIENT_STARTTLS);
		smtp_client_secured(stage->client);
		break;
	case 'Q':
		smtp_client_quit(stage->client);
		break;
	case 'L':
		(void)snprintf(why, sizeof(why), SPAN_FORMAT, SPAN_ARGS(text));
		smtp_client_lost(stage->client, why);
		stage->event = smtp_client_input(stage->client, SPAN("250 ok\r\n"));
		break;
	case 'P':
		assert_true(span_int(text, 0, 1000, &seconds));
		assert_int_equal(smtp_client_patience(stage->client), seconds);
		break;
	default:
		assert_int_equal(line.data[0], 'E');
		check_end(stage, name, text);
	}
	settle_down(stage);
}

static void
run_script(size_t i, size_t step)
{
	struct stage *stage = calloc(1, sizeof(*stage));
	struct smtp_client_options options = {
		.lmtp = scripts[i].lmtp,
		.name = "us",
		.tls = scripts[i].tls,
		.done = on_done,
		.context = stage,
		.session = "t",
	};
	struct span rest = span_of(scripts[i].script), line;

	assert_non_null(stage);
	prepare(stage, i);
	stage->client = smtp_client_new(&options);
	while (span_next(&rest, '|', &line))
		play(stage, scripts[i].name, line, step);
	if (stage->said.len > 0 || strcmp(buf_text(&stage->results), scripts[i].results) != 0)
		fail_msg("%s: said \"%s\", results %s", scripts[i].name, buf_text(&stage->said),
		    buf_text(&stage->results));
	assert_int_equal(stage->done, stage->given);
	smtp_client_free(&stage->client);
	for (size_t n = 0; n < MESSAGES; n++)
		buf_free(&stage->octets[n]);
	buf_free(&stage->said);
	buf_free(&stage->results);
	free(stage);
}

static void
test_scripts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(scripts); i++) {
		run_script(i, 10000);
		/* split, the injected octets come after the handshake was asked for */
		run_script(i, 1);
		run_script(i, 7);
	}
}

/* ---- replies ---- */

static void
test_replies(void **state)
{
	static const struct {
		const char *wire;
		enum smtp_reply_state state;
		const char *enhanced, *text;
	} cases[] = {
		{ "250\r\n", SMTP_REPLY_WHOLE, "", "" },
		{ "250 \r\n", SMTP_REPLY_WHOLE, "", "" },
		{ "250 2.0.0 ok\r\n", SMTP_REPLY_WHOLE, "2.0.0", "ok" },
		{ "550-5.1.1 a\r\n550 5.1.1 b\r\n", SMTP_REPLY_WHOLE, "5.1.1", "a b" },
		{ "550 2.1.1 other class\r\n", SMTP_REPLY_WHOLE, "", "2.1.1 other class" },
		{ "550 5.1 short\r\n", SMTP_REPLY_WHOLE, "", "5.1 short" },
		{ "550 5.1234.1 long\r\n", SMTP_REPLY_WHOLE, "", "5.1234.1 long" },
		{ "550 5.1.1.1 many\r\n", SMTP_REPLY_WHOLE, "", "5.1.1.1 many" },
		{ "550 5..1 none\r\n", SMTP_REPLY_WHOLE, "", "5..1 none" },
		{ "550 a\x1b[31m\xffz\xc2\x85\r\n", SMTP_REPLY_WHOLE, "", "a?[31m\xef\xbf\xbdz?" },
		{ "25", SMTP_REPLY_MORE, "", "" },
		{ "25\r\n", SMTP_REPLY_BAD, "", "" },
		{ "\r\n", SMTP_REPLY_BAD, "", "" },
		{ "250ok\r\n", SMTP_REPLY_BAD, "", "" },
		{ "650 x\r\n", SMTP_REPLY_BAD, "", "" },
		{ "260 x\r\n", SMTP_REPLY_BAD, "", "" },
		{ "25x x\r\n", SMTP_REPLY_BAD, "", "" },
		{ "250 x\n", SMTP_REPLY_BAD, "", "" },
		{ "250-x\r\n550 y\r\n", SMTP_REPLY_BAD, "", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct smtp_reply_reader reader;
		struct span input = span_of(cases[i].wire);
		enum smtp_reply_state got;

		smtp_reply_begin(&reader);
		got = smtp_reply_input(&reader, &input, NULL, NULL);
		if (got != cases[i].state)
			fail_msg("%s: %d", cases[i].wire, got);
		if (got != SMTP_REPLY_WHOLE)
			continue;
		assert_int_equal(input.len, 0);
		assert_string_equal(reader.reply.enhanced, cases[i].enhanced);
		assert_string_equal(reader.reply.text, cases[i].text);
	}
}

static enum smtp_reply_state
read_repeated(const char *piece, size_t times, const char *last, struct smtp_reply *reply)
{
	struct smtp_reply_reader reader;
	struct buf wire = { 0 };
	struct span input;
	enum smtp_reply_state state;

	while (times-- > 0)
		buf_add_text(&wire, piece);
	buf_add_text(&wire, last);
	smtp_reply_begin(&reader);
	input = buf_span(&wire);
	state = smtp_reply_input(&reader, &input, NULL, NULL);
	*reply = reader.reply;
	buf_free(&wire);
	return state;
}

static void
test_reply_limits(void **state)
{
	struct smtp_reply reply;

	(void)state;
	assert_int_equal(read_repeated("250-x\r\n", 49, "250 x\r\n", &reply), SMTP_REPLY_WHOLE);
	assert_int_equal(read_repeated("250-x\r\n", 50, "250 x\r\n", &reply), SMTP_REPLY_BAD);
	assert_int_equal(read_repeated("2222222222", 51, "\r\n", &reply), SMTP_REPLY_BAD);
	assert_int_equal(read_repeated("250 678901", 51, "\r\n", &reply), SMTP_REPLY_WHOLE);
	assert_int_equal(read_repeated("250 678901", 51, "1\r\n", &reply), SMTP_REPLY_BAD);
	assert_int_equal(read_repeated("2222222222", 10000, "", &reply), SMTP_REPLY_BAD);
	assert_int_equal(
	    read_repeated("550-\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
			  "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\r\n",
		49, "550 x\r\n", &reply),
	    SMTP_REPLY_WHOLE);
	assert_in_range(strlen(reply.text), 500, SMTP_REPLY_TEXT_MAX);
}

/* Whatever we write, our own reader gives it back and finds one end. */
static bool
on_data(void *context, struct span octets)
{
	buf_add_span(context, octets);
	return true;
}

static void
test_written_is_read(void **state)
{
	static const char alphabet[] = "\r\n.a\0";
	struct smtp_data_limits limits = { 1 << 20, 1 << 20, 1 << 20, 100 };
	uint32_t seed = 7;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char message[12];
		struct buf wire = { 0 }, got = { 0 }, again = { 0 };
		struct smtp_data data;
		struct span rest;

		for (size_t i = 0; i < sizeof(message); i++) {
			seed = seed * 1664525 + 1013904223;
			message[i] = alphabet[(seed >> 16) % 5];
		}
		smtp_data_write(&wire, span_make(message, (size_t)round % 13));
		smtp_data_begin(&data, &limits, on_data, &got);
		rest = buf_span(&wire);
		assert_true(smtp_data_input(&data, &rest));
		assert_int_equal(rest.len, 0);
		assert_int_equal(data.fault, SMTP_DATA_SOUND);
		smtp_data_write(&again, buf_span(&got));
		assert_true(span_equal(buf_span(&again), buf_span(&wire)));
		buf_free(&wire);
		buf_free(&got);
		buf_free(&again);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scripts),
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_reply_limits),
		cmocka_unit_test(test_written_is_read),
	};

	log_open("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
