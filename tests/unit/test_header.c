/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Heads of mail, good and broken: splitting, words, addresses, ids, dates, parameters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "mail/header.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct arena *arena;

static int
setup(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static void
check_text(const char *name, struct span got, const char *want)
{
	if (!span_is(got, want))
		fail_msg("%s: got '" SPAN_FORMAT "', want '%s'", name, SPAN_ARGS(got), want);
}

/* Each is split; then the Subject, the number of fields and the body are looked at. */
static const struct {
	const char *name, *raw, *subject, *body;
	size_t count;
} splits[] = {
	{ "plain", "Subject: a\r\nTo: b\r\n\r\nbody", "a", "body", 2 },
	{ "LF only", "Subject: a\nTo: b\n\nbody\n", "a", "body\n", 2 },
	{ "CR only", "Subject: a\rTo: b\r\rbody\r", "a", "body\r", 2 },
	{ "a bare CR inside a value", "Subject: a\rTo: b\r\n\r\nbody", "a To: b", "body", 1 },
	{ "folded", "Subject: a\r\n b\r\n\tc\r\n\r\nx", "a b\tc", "x", 1 },
	{ "folded with a line of blanks", "Subject: a\r\n \r\n b\r\n\r\nx", "a  b", "x", 1 },
	{ "an mbox line first", "From a@b Mon Jan 1\nSubject: a\n\nx", "a", "x", 1 },
	{ "a quoted mbox line first", ">From a@b Mon\nSubject: a\n\nx", "a", "x", 1 },
	{ "a byte order mark first", "\xEF\xBB\xBFSubject: a\n\nx", "a", "x", 1 },
	{ "a malformed line between fields", "To: b\nwhat is this\nSubject: a\n\nx", "a", "x", 2 },
	{ "a malformed line first", "oops\nSubject: a\n\nx", "a", "x", 1 },
	{ "no empty line", "Subject: a\nThis is the text.\nAnd more.\n", "a",
	    "This is the text.\nAnd more.\n", 1 },
	{ "no empty line, then one", "Subject: a\nText.\n\nMore.\n", "a", "Text.\n\nMore.\n", 1 },
	{ "blanks before the colon", "Subject : a\n\nx", "a", "x", 1 },
	{ "no value", "Subject:\nTo: b\n\nx", "", "x", 2 },
	{ "a name with a blank is none", "My Subject: b\nSubject: a\n\nx", "a", "x", 1 },
	{ "no body", "Subject: a\n", "a", "", 1 },
	{ "no line end at all", "Subject: a", "a", "", 1 },
	{ "only a body", "\nSubject: a\n", "", "Subject: a\n", 0 },
	{ "nothing", "", "", "", 0 },
	{ "another case", "SUBJECT: a\n\nx", "a", "x", 1 },
	{ "8 bits", "Subject: \xe9t\xe9\n\nx", "\xe9t\xe9", "x", 1 },
	{ "continuation first", " b\nSubject: a\n\nx", "a", "x", 1 },
};

static void
test_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(splits); i++) {
		struct header header;
		struct span raw = span_of(splits[i].raw);
		header_split(arena, raw, &header);
		check_text(splits[i].name, header_get(&header, "subject"), splits[i].subject);
		check_text(splits[i].name, span_from(raw, header.body), splits[i].body);
		if (header.count != splits[i].count)
			fail_msg("%s: %zu fields", splits[i].name, header.count);
		assert_null(header.over_limit);
		assert_int_equal(header_length(raw), header.body);
	}
}

static void
test_split_nul(void **state)
{
	static const char raw[] = "Sub\0ject: x\r\nSubject: a\0b\r\n\r\nbody";
	struct header header;

	(void)state;
	header_split(arena, span_make(raw, sizeof raw - 1), &header);
	check_text("NUL", header_get(&header, "Subject"), "ab");
}

/* What is over a limit says so, and the rest is not read. */
static void
test_split_limits(void **state)
{
	struct buf raw = { 0 };
	struct header header;

	(void)state;
	for (int i = 0; i < HEADER_FIELDS_MAX + 1; i++)
		buf_add_text(&raw, "X: y\r\n");
	buf_add_text(&raw, "\r\nbody");
	header_split(arena, buf_span(&raw), &header);
	assert_non_null(header.over_limit);
	assert_int_equal(header.count, HEADER_FIELDS_MAX);

	buf_clear(&raw);
	buf_add_text(&raw, "A: b\r\nX: ");
	for (int i = 0; i < HEADER_FIELD_MAX + 1; i++)
		buf_add_char(&raw, 'x');
	buf_add_text(&raw, "\r\n\r\n");
	header_split(arena, buf_span(&raw), &header);
	assert_non_null(header.over_limit);
	assert_int_equal(header.count, 1);

	buf_clear(&raw);
	for (int i = 0; i < HEADER_SIZE_MAX / 100 + 2; i++)
		buf_printf(&raw, "X: %096d\r\n", i);
	header_split(arena, buf_span(&raw), &header);
	assert_non_null(header.over_limit);
	buf_free(&raw);
}

static const struct {
	const char *name, *in, *want;
} texts[] = {
	{ "plain", "a b", "a b" },
	{ "Q", "=?iso-8859-1?Q?R=E9union_publique?=", "Réunion publique" },
	{ "B", "=?utf-8?B?w6l0w6k=?=", "été" },
	{ "lower case marks", "=?UTF-8?q?=c3=a9t=C3=A9?=", "été" },
	{ "two words lose the blank", "=?utf-8?q?a?= =?utf-8?q?b?=", "ab" },
	{ "two words on two lines", "=?utf-8?q?a?=\r\n =?utf-8?q?b?=", "ab" },
	{ "a word and text keep it", "=?utf-8?q?a?= b", "a b" },
	{ "a character split in two words", "=?utf-8?B?w6k=?= =?utf-8?Q?=C3?= =?utf-8?Q?=A9?=", "éé" },
	{ "no blanks around", "Re:=?utf-8?q?=C3=A9?=x", "Re:éx" },
	{ "inside quotes", "\"=?utf-8?q?=C3=A9?=\"", "\"é\"" },
	{ "blanks inside a word", "=?utf-8?q?un deux?=", "un deux" },
	{ "a language", "=?utf-8*fr?q?=C3=A9?=", "é" },
	{ "an unknown charset that is UTF-8", "=?x-foo?q?=C3=A9?=", "é" },
	{ "an unknown charset that is not", "=?x-foo?q?=E9?=", "é" },
	{ "a bad octet", "=?utf-8?q?a=FFb?=", "a\xEF\xBF\xBD" "b" },
	{ "raw UTF-8", "R\xC3\xA9union", "Réunion" },
	{ "raw Latin-1", "R\xE9union", "Réunion" },
	{ "a broken word stays", "=?utf-8?q?abc", "=?utf-8?q?abc" },
	{ "an unknown encoding stays", "=?utf-8?x?abc?=", "=?utf-8?x?abc?=" },
	{ "an empty word", "a =?utf-8?q?" "?= b", "a b" },
	{ "line ends inside a word are no lines", "=?utf-8?q?a=0D=0ABcc:_x?=", "a Bcc: x" },
	{ "blanks are folded", "a \t  b", "a b" },
	{ "question mark in Q", "=?utf-8?q?a?b?=", "a?b" },
	{ "iso-2022-jp", "=?iso-2022-jp?B?GyRCJCIbKEI=?=", "あ" },
	{ "ks_c_5601-1987", "=?ks_c_5601-1987?B?sKE=?=", "가" },
};

static void
test_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		check_text(texts[i].name, header_text(arena, span_of(texts[i].in), 1000), texts[i].want);
	check_text("cut between characters", header_text(arena, SPAN("é\xC3\xA9"), 3), "é");
}

/* One line a mailbox: name|address. */
static const struct {
	const char *name, *in, *want;
	size_t total;
} boxes[] = {
	{ "bare", "a@b.fr", "|a@b.fr", 1 },
	{ "in brackets", "<a@B.fr>", "|a@b.fr", 1 },
	{ "a name", "Marie Dupont <a@b>", "Marie Dupont|a@b", 1 },
	{ "a quoted name", "\"Dupont, Marie\" <a@b>", "Dupont, Marie|a@b", 1 },
	{ "a name not quoted that has a comma", "Dupont, Marie <a@b>", "Dupont, Marie|a@b", 1 },
	{ "an encoded name", "=?iso-8859-1?Q?Andr=E9?= Pirard <a@b>", "André Pirard|a@b", 1 },
	{ "an encoded name in quotes", "\"=?utf-8?Q?Andr=C3=A9?=\" <a@b>", "André|a@b", 1 },
	{ "an encoded name that holds a comma", "=?utf-8?Q?A,_B?= <a@b>", "A, B|a@b", 1 },
	{ "an encoded name that holds brackets", "=?utf-8?Q?A<x@y>?= <a@b>", "A<x@y>|a@b", 1 },
	{ "two", "a@b, C <d@e>", "|a@b C|d@e", 2 },
	{ "semicolons", "a@b; c@d;", "|a@b |c@d", 2 },
	{ "a group", "Friends: a@b, C <d@e>;", "|a@b C|d@e", 2 },
	{ "an empty group", "undisclosed-recipients:;", "", 0 },
	{ "a group and one more", "G: a@b; c@d", "|a@b |c@d", 2 },
	{ "a comment is the name", "a@b (Marie)", "Marie|a@b", 1 },
	{ "comments within comments", "a@b (M (x) \\) y)", "M (x) ) y|a@b", 1 },
	{ "comments within the brackets", "M <(x)a(y > (z) \\))@(v)b(w)>", "M|a@b", 1 },
	{ "a comment without an end within the brackets", "<a(x@b>, c@d", "|c@d", 1 },
	{ "a route", "<@x,@y:a@b>", "|a@b", 1 },
	{ "mailto:", "mailto:a@b", "|a@b", 1 },
	{ "two pairs of brackets", "<<a@b>>", "|a@b", 1 },
	{ "no closing bracket", "Marie <a@b", "Marie|a@b", 1 },
	{ "no closing quote", "\"Marie <a@b>", "Marie|a@b", 1 },
	{ "blanks around the @", "a @ b", "|a@b", 1 },
	{ "a name without quotes or brackets", "Marie a@b", "Marie|a@b", 1 },
	{ "an address as its name", "\"a@b\" <a@b>", "a@b|a@b", 1 },
	{ "an address with a comma as its name", "\"a@b, x\" <c@d>", "a@b, x|c@d", 1 },
	{ "no address", "Marie Dupont", "", 0 },
	{ "no @", "<marie>", "", 0 },
	{ "empty parts", ", ,a@b,,", "|a@b", 1 },
	{ "a quoted local part that needs none", "\"a.b\"@c", "|a.b@c", 1 },
	{ "two @", "a@b@c", "", 0 },
	{ "nothing", "", "", 0 },
	{ "controls", "<a\001@b>", "", 0 },
	{ "raw Latin-1 in the name", "Andr\xE9 <a@b>", "André|a@b", 1 },
};

static void
test_mailboxes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(boxes); i++) {
		struct header_mailboxes list = { 0 };
		struct buf got = { 0 };
		header_mailboxes(arena, span_of(boxes[i].in), &list);
		for (size_t k = 0; k < list.count; k++)
			buf_printf(&got, "%s" SPAN_FORMAT "|" SPAN_FORMAT, k > 0 ? " " : "",
			    SPAN_ARGS(list.items[k].name), SPAN_ARGS(list.items[k].address));
		check_text(boxes[i].name, buf_span(&got), boxes[i].want);
		assert_int_equal(list.total, boxes[i].total);
		buf_free(&got);
	}
}

/* 100 000 of whatever makes other parsers recurse or square: bounded by the CPU used. */
static void
test_mailboxes_storm(void **state)
{
	static const char *const storms[] = { "(", "\"", "<", "a@b,", "=?", "=?a?q?", "a:", "@", "\\",
		",", ")(", "G:a@b;", "<(>", "<(a)>", "<((" };

	(void)state;
	for (size_t i = 0; i < COUNT(storms); i++) {
		struct header_mailboxes list = { 0 };
		struct buf in = { 0 };
		int64_t before = clock_cpu_us();
		for (int k = 0; k < 100000; k++)
			buf_add_text(&in, storms[i]);
		header_mailboxes(arena, buf_span(&in), &list);
		header_text(arena, buf_span(&in), 1000);
		if (clock_cpu_us() - before > 3000000)
			fail_msg("%s took %lld us", storms[i], (long long)(clock_cpu_us() - before));
		assert_true(list.count <= HEADER_MAILBOXES_MAX);
		buf_free(&in);
	}
}

static const struct {
	const char *name, *in, *want;
} ids[] = {
	{ "one", "<a@b>", "a@b" },
	{ "several", "<a@b> <c@d>\t<e@f>", "a@b c@d e@f" },
	{ "run together", "<a@b><c@d>", "a@b c@d" },
	{ "commas", "<a@b>, <c@d>", "a@b c@d" },
	{ "without brackets", "a@b c@d", "a@b c@d" },
	{ "a blank inside", "<a b@c>", "ab@c" },
	{ "folded inside", "<a\r\n b@c>", "ab@c" },
	{ "words around", "Message of Tue from x <a@b> (comment)", "a@b" },
	{ "no closing bracket", "<a@b <c@d>", "a@b c@d" },
	{ "no @, in brackets", "<abc>", "abc" },
	{ "no @, bare", "abc def", "" },
	{ "empty brackets", "<> <a@b>", "a@b" },
	{ "nothing", "", "" },
};

static void
test_ids(void **state)
{
	struct header_ids list;

	(void)state;
	for (size_t i = 0; i < COUNT(ids); i++) {
		struct buf got = { 0 };
		header_ids(arena, span_of(ids[i].in), &list);
		for (size_t k = 0; k < list.count; k++)
			buf_printf(&got, "%s" SPAN_FORMAT, k > 0 ? " " : "", SPAN_ARGS(list.items[k]));
		check_text(ids[i].name, buf_span(&got), ids[i].want);
		buf_free(&got);
	}
	struct buf many = { 0 };
	for (int i = 0; i < 20000; i++)
		buf_printf(&many, "<id%d@x>", i);
	header_ids(arena, buf_span(&many), &list);
	assert_int_equal(list.count, HEADER_IDS_MAX);
	check_text("the last ones", list.items[HEADER_IDS_MAX - 1], "id19999@x");
	buf_free(&many);
}

static const struct {
	const char *in;
	int64_t want; /* -1: unreadable */
} dates[] = {
	{ "Mon, 02 Mar 2026 18:00:00 +0100", 1772470800 },
	{ "2 Mar 2026 18:00:00 +0100", 1772470800 },
	{ "Mon, 2 Mar 2026 18:00 +0100", 1772470800 },
	{ "Mon, 02 Mar 2026 18:00:00 +0100 (CET)", 1772470800 },
	{ "Mon,02 Mar 2026 18:00:00 CET", 1772470800 },
	{ "Mon, 02 Mar 2026 17:00:00 GMT", 1772470800 },
	{ "Mon, 02 Mar 26 17:00:00 UT", 1772470800 },
	{ "Mon, 02 Mar 126 17:00:00 Z", 1772470800 },
	{ "Monday, 02-Mar-26 17:00:00 GMT", 1772470800 },
	{ "Mon Mar  2 17:00:00 2026", 1772470800 },
	{ "2026-03-02T17:00:00Z", 1772470800 },
	{ "2026-03-02T18:00:00+01:00", 1772470800 },
	{ "2026-03-02 17:00:00", 1772470800 },
	{ "Mon, 02 Mar 2026 12:00:00 -0500", 1772470800 },
	{ "Mon, 02 Mar 2026 5:00:00 PM GMT", 1772470800 },
	{ "Mon, 02 March 2026 17:00:00 +0000", 1772470800 },
	{ "(a) Mon, (b) 02 Mar 2026 17:00:00 (c) +0000", 1772470800 },
	{ "29 Feb 2024 00:00:00 +0000", 1709164800 },
	{ "29 Feb 2026 00:00:00 +0000", -1 },
	{ "31 Apr 2026 00:00:00 +0000", -1 },
	{ "Mon, 02 Mar 2026 25:00:00 +0100", -1 },
	{ "Mon, 02 Mar 1969 17:00:00 +0000", -1 },
	{ "Mon, 02 Mar 9999 17:00:00 +0000", -1 },
	{ "yesterday", -1 },
	{ "", -1 },
	{ "Mon, 02 Foo 2026 18:00:00 +0100", -1 },
	{ "99999999999999999999 Mar 2026", -1 },
};

static void
test_dates(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(dates); i++) {
		int64_t got = -1;
		if (!header_date(span_of(dates[i].in), &got))
			got = -1;
		if (got != dates[i].want)
			fail_msg("%s: %lld", dates[i].in, (long long)got);
	}
}

/* word|name=value|... */
static const struct {
	const char *name, *in, *want;
} values[] = {
	{ "plain", "text/plain", "text/plain" },
	{ "case and blanks", " TEXT / Plain ; Charset = UTF-8 ", "text/plain|charset=UTF-8" },
	{ "quoted", "a/b; name=\"x y; z.pdf\"", "a/b|name=x y; z.pdf" },
	{ "a comment", "text/plain; charset=us-ascii (Plain)", "text/plain|charset=us-ascii" },
	{ "escapes", "a/b; name=\"a\\\"b\\\\c\"", "a/b|name=a\"b\\c" },
	{ "a path with backslashes", "a/b; name=\"C:\\temp\\x.pdf\"", "a/b|name=C:\\temp\\x.pdf" },
	{ "no separator", "a/b; x=\"1\" y=2", "a/b|x=1|y=2" },
	{ "no separator, bare", "a/b; charset=utf-8 format=flowed", "a/b|charset=utf-8|format=flowed" },
	{ "a forgotten first separator", "multipart/mixed\r\n\tboundary=\"b\"", "multipart/mixed|boundary=b" },
	{ "a bare name with blanks", "a/b; name=mon plan (1).pdf", "a/b|name=mon plan (1).pdf" },
	{ "empty parameters", "a/b;;; x=1;", "a/b|x=1" },
	{ "no closing quote", "a/b; x=\"1", "a/b|x=1" },
	{ "2231", "a/b; filename*=utf-8''r%C3%A9sum%C3%A9.pdf", "a/b|filename=résumé.pdf" },
	{ "2231 in Latin-1 with a language", "a/b; filename*=iso-8859-1'fr'%E9t%E9", "a/b|filename=été" },
	{ "2231 in pieces", "a/b; n*0*=utf-8''%C3; n*1*=%A9; n*2=\"t.x\"", "a/b|n=ét.x" },
	{ "2231 in pieces, not encoded", "a/b; n*0=a; n*1=b", "a/b|n=ab" },
	{ "2231 in pieces, out of order", "a/b; n*1=b; n*0=a", "a/b|n=ab" },
	{ "2231 with a gap", "a/b; n*0=a; n*2=c", "a/b|n=a" },
	{ "2231 is better than plain", "a/b; filename=x; filename*=utf-8''%C3%A9", "a/b|filename=é" },
	{ "2047 in a name", "a/b; name=\"=?utf-8?Q?=C3=A9?=.pdf\"", "a/b|name=é.pdf" },
	{ "raw Latin-1", "a/b; name=\"\xE9.pdf\"", "a/b|name=é.pdf" },
	{ "a broken percent", "a/b; n*=utf-8''%C3%A9%zz%4", "a/b|n=é%zz%4" },
	{ "no charset marks", "a/b; n*=%C3%A9", "a/b|n=é" },
	{ "a line end is none", "a/b; n*=utf-8''a%0D%0Ab", "a/b|n=a b" },
	{ "twice: the first", "a/b; x=1; x=2", "a/b|x=1" },
	{ "nothing", "", "" },
	{ "only parameters", "; x=1", "|x=1" },
};

static void
test_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		struct header_value value;
		struct buf got = { 0 };
		header_value(arena, span_of(values[i].in), &value);
		buf_add_span(&got, value.word);
		for (size_t k = 0; k < value.count; k++)
			buf_printf(&got, "|" SPAN_FORMAT "=" SPAN_FORMAT,
			    SPAN_ARGS(value.params[k].name), SPAN_ARGS(value.params[k].value));
		check_text(values[i].name, buf_span(&got), values[i].want);
		buf_free(&got);
	}
}

static void
test_values_storm(void **state)
{
	static const char *const storms[] = { ";", "; x=1", "; x*1=1", "(", "; x=\"", "; x", "=", "\\\"" };
	struct header_value value;

	(void)state;
	for (size_t i = 0; i < COUNT(storms); i++) {
		struct buf in = { 0 };
		int64_t before = clock_cpu_us();
		buf_add_text(&in, "a/b");
		for (int k = 0; k < 60000; k++)
			buf_add_text(&in, storms[i]);
		header_value(arena, buf_span(&in), &value);
		assert_true(value.count <= HEADER_PARAMS_MAX);
		if (clock_cpu_us() - before > 3000000)
			fail_msg("%s took %lld us", storms[i], (long long)(clock_cpu_us() - before));
		buf_free(&in);
	}
}

static void
test_front(void **state)
{
	struct header_front front;

	(void)state;
	header_front(arena, SPAN("From: =?utf-8?q?Andr=C3=A9?= <a@b.fr>\r\nSubject: Re: x\r\n"
	    "Message-ID: <i@d>\r\nIn-Reply-To: <p@d>\r\nAuto-Submitted: auto-replied (vacation)\r\n"
	    "Content-Type: multipart/report; boundary=x\r\n\r\nbody"), &front);
	check_text("from", front.from_address, "a@b.fr");
	check_text("name", front.from_name, "André");
	check_text("id", front.message_id, "i@d");
	check_text("parent", front.in_reply_to, "p@d");
	check_text("auto", front.auto_submitted, "auto-replied");
	assert_true(front.is_report);
	assert_false(front.is_robot);
	header_front(arena, SPAN("From: <mailer-daemon@b.fr>, x@y\r\n\r\n"), &front);
	assert_int_equal(front.from_count, 2);
	assert_true(front.is_robot);
	header_front(arena, (struct span){ 0 }, &front);
	assert_int_equal(front.from_address.len, 0);
}

static const struct {
	const char *address;
	bool want;
} robots[] = {
	{ "MAILER-DAEMON@x", true }, { "postmaster@x", true }, { "no-reply@x", true },
	{ "noreply+abc@x", true }, { "ne-pas-repondre@x", true }, { "bounces-12@x", true },
	{ "noreplyhandler@x", false }, { "marie@x", false }, { "postmasters@x", false },
	{ "sympa@x", true }, { "", false },
};

static void
test_robots(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(robots); i++)
		if (header_is_robot(span_of(robots[i].address)) != robots[i].want)
			fail_msg("%s", robots[i].address);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_split_nul),
		cmocka_unit_test(test_split_limits),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_mailboxes),
		cmocka_unit_test(test_mailboxes_storm),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_values_storm),
		cmocka_unit_test(test_front),
		cmocka_unit_test(test_robots),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
