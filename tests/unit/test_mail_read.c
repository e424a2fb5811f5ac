/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Whole messages: each tests/mail/NAME.eml must read as its NAME.want says. To see what
 * is read now: PREAU_WANT=write test_mail_read, then git diff. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "mail/mail_read.h"
#include "mail_show.h"

#define FOLDER PREAU_SOURCE "/tests/mail"

enum { CASES_MIN = 25, FILE_MAX = 1 << 20 };

static void
read_file(const char *path, struct buf *out)
{
	struct err err = { 0 };

	if (!file_read(path, FILE_MAX, out, &err))
		fail_msg("%s", err.text);
}

/* What the clerk would get: written, read back, shown. */
static void
show_as_clerk(struct arena *arena, struct span raw, struct buf *out)
{
	struct parsed parsed, back;
	struct buf octets = { 0 };
	struct fields fields;
	struct err err = { 0 };

	mail_read(arena, raw, &parsed);
	parsed_write(&parsed, &octets);
	assert_true(fields_read(&fields, buf_span(&octets)));
	if (!parsed_read(arena, &fields, raw.len, &back, &err))
		fail_msg("%s", err.text);
	mail_show(&back, raw, out);
	buf_free(&octets);
}

static void
check_file(const char *name)
{
	struct arena *arena = arena_new();
	struct buf raw = { 0 }, got = { 0 }, want = { 0 };
	struct err err = { 0 };
	const char *mode = getenv("PREAU_WANT");
	int stem = (int)strlen(name) - 4;

	read_file(arena_printf(arena, FOLDER "/%s", name), &raw);
	show_as_clerk(arena, buf_span(&raw), &got);
	const char *path = arena_printf(arena, FOLDER "/%.*s.want", stem, name);
	if (mode != NULL && strcmp(mode, "write") == 0)
		assert_true(file_write(path, buf_span(&got), 0644, &err));
	read_file(path, &want);
	if (!span_equal(buf_span(&got), buf_span(&want)))
		fail_msg("%s reads as\n%s", name, buf_text(&got));
	buf_free(&raw);
	buf_free(&got);
	buf_free(&want);
	arena_free(&arena);
}

static void
test_files(void **state)
{
	DIR *folder = opendir(FOLDER);
	int count = 0;

	(void)state;
	assert_non_null(folder);
	for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
		if (!span_ends(span_of(entry->d_name), ".eml"))
			continue;
		check_file(entry->d_name);
		count++;
	}
	closedir(folder);
	assert_true(count >= CASES_MIN);
}

static void
hash_of(const char *raw, uint8_t out[SHA256_SIZE])
{
	struct arena *arena = arena_new();
	struct parsed parsed;

	mail_read(arena, span_of(raw), &parsed);
	memcpy(out, parsed.body_hash, SHA256_SIZE);
	arena_free(&arena);
}

/* The same text in another encoding, flowing or head is the same post; another text, or
 * another file beside it, is not. */
static void
test_body_hash(void **state)
{
	static const struct {
		const char *raw;
		bool is_same;
	} cases[] = {
		{ "Subject: x\r\n\r\nun deux trois \xC3\xA9\r\n", true },
		{ "Subject: y\n\nun deux\ntrois  \xC3\xA9\n\n", true },
		{ "Content-Transfer-Encoding: quoted-printable\n\nun deux trois =C3=A9", true },
		{ "Content-Transfer-Encoding: base64\n\ndW4gZGV1eCB0cm9pcyDDqQ==", true },
		{ "Content-Type: text/plain; charset=iso-8859-1\n\nun deux trois \xE9", true },
		{ "Content-Type: text/plain; format=flowed\n\nun deux \ntrois \xC3\xA9", true },
		{ "Subject: x\n\nun deux trois \xC3\xA8", false },
		{ "Subject: x\n\nun deuxtrois \xC3\xA9", false },
		{ "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nun deux trois \xC3\xA9\n--b\n"
		  "Content-Type: a/b\n\nx\n--b--", false },
	};
	uint8_t first[SHA256_SIZE], other[SHA256_SIZE];

	(void)state;
	hash_of(cases[0].raw, first);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		hash_of(cases[i].raw, other);
		if ((memcmp(first, other, sizeof first) == 0) != cases[i].is_same)
			fail_msg("row %zu", i);
	}
}

/* Nothing that arrives is without an answer within bounds. */
static void
test_large(void **state)
{
	static const struct {
		const char *head, *each;
		size_t times;
	} cases[] = {
		{ "Content-Type: text/plain; charset=utf-8\n\n", "été ", 1000000 },
		{ "Content-Type: text/plain; charset=utf-8\n\n", "> ", 1000000 },
		{ "Content-Type: text/plain; format=flowed\n\n", "> a \n", 500000 },
		{ "Content-Type: text/html\n\n", "<div>", 500000 },
		{ "Content-Type: text/html\n\n", "<a href=x>", 300000 },
		{ "Content-Type: text/html; charset=utf-7\n\n", "+AOk-", 500000 },
		{ "Content-Type: text/markdown\n\n", "> - ", 100000 },
		{ "Content-Transfer-Encoding: base64\n\n", "YQ==\n", 500000 },
		{ "Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n", "YWJj", 2500000 },
		{ "Content-Type: text/plain; charset=iso-2022-kr\n\n", "\x0E\x21", 1000000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct arena *arena = arena_new();
		struct buf raw = { 0 }, shown = { 0 };
		int64_t before = clock_cpu_us();
		buf_add_text(&raw, cases[i].head);
		for (size_t k = 0; k < cases[i].times; k++)
			buf_add_text(&raw, cases[i].each);
		show_as_clerk(arena, buf_span(&raw), &shown);
		if (clock_cpu_us() - before > 20000000)
			fail_msg("row %zu: %lld us", i, (long long)(clock_cpu_us() - before));
		buf_free(&raw);
		buf_free(&shown);
		arena_free(&arena);
	}
}

static void
test_opaque(void **state)
{
	struct arena *arena = arena_new();
	struct parsed parsed;
	struct span raw = SPAN("From: a@b\nSubject: x\n\nbody\n");

	(void)state;
	mail_read_opaque(arena, raw, "it killed the parser", &parsed);
	assert_true(span_is(parsed.over_limit, "it killed the parser"));
	assert_true(span_is(parsed.subject, "x") && span_is(parsed.from_address, "a@b"));
	assert_int_equal(parsed.attachment_count, 1);
	assert_int_equal(parsed.attachments[0].length, raw.len);
	assert_int_equal(parsed.source.len, 0);
	arena_free(&arena);
}

static void
test_markdown(void **state)
{
	struct arena *arena = arena_new();
	struct parsed parsed;

	(void)state;
	mail_read_markdown(arena, SPAN("# a\r\n\r\n*b* \xFF\r\n"), false, &parsed);
	assert_int_equal(parsed.kind, PARSED_MARKDOWN);
	assert_true(span_is(parsed.source, "# a\n\n*b* \xEF\xBF\xBD\n"));
	assert_true(span_find_text(parsed.html.octets, "<em>b</em>") < parsed.html.octets.len);
	mail_read_markdown(arena, SPAN("*b*"), true, &parsed);
	assert_true(span_find_text(parsed.html.octets, "*b*") < parsed.html.octets.len);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_body_hash),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_opaque),
		cmocka_unit_test(test_markdown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
