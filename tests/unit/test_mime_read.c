/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The MIME tree: its shape, and what kills or stalls the library behind it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "mail/mime_read.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define HEAD "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n\r\n"

/* A tree as "type(children) ..." with the content of leaves behind "=". */
static const struct {
	const char *name, *raw, *want;
} cases[] = {
	{ "no type", "Subject: x\r\n\r\nhello", "text/plain=hello" },
	{ "a broken type", "Content-Type: nonsense\r\n\r\nhello", "text/plain=hello" },
	{ "no head at all", "", "text/plain=" },
	{ "two parts", HEAD "--b\r\n\r\none\r\n--b\r\nContent-Type: text/html\r\n\r\ntwo\r\n--b--\r\n",
	    "multipart/mixed(text/plain=one text/html=two)" },
	{ "a part without a head whose text looks like one", HEAD "--b\r\n\r\nNote: one\r\n--b--\r\n",
	    "multipart/mixed(text/plain=Note: one)" },
	{ "the same, LF only", "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nNote: one\n--b--\n",
	    "multipart/mixed(text/plain=Note: one)" },
	{ "LF only", "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo\n--b--\n",
	    "multipart/mixed(text/plain=one text/plain=two)" },
	{ "CR only", "Content-Type: multipart/mixed; boundary=b\r\r--b\r\rone\r--b\r\rtwo\r--b--\r",
	    "multipart/mixed(text/plain=one text/plain=two)" },
	{ "an mbox line", "From x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b--\n",
	    "multipart/mixed(text/plain=one)" },
	{ "preamble and epilogue", HEAD "pre\r\n--b\r\n\r\none\r\n--b--\r\nepi\r\n",
	    "multipart/mixed(text/plain=one)" },
	{ "no closing boundary", HEAD "--b\r\n\r\none\r\n--b\r\n\r\ntwo",
	    "multipart/mixed(text/plain=one text/plain=two)" },
	{ "nested", HEAD "--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n"
	    "--c\r\n\r\none\r\n--c--\r\n--b\r\n\r\ntwo\r\n--b--\r\n",
	    "multipart/mixed(multipart/alternative(text/plain=one) text/plain=two)" },
	{ "no boundary", "Content-Type: multipart/mixed\r\n\r\nhello", "text/plain=hello" },
	{ "a boundary that never comes", HEAD "hello", "text/plain=hello" },
	{ "no part at all", HEAD "--b--\r\n", "multipart/mixed()" },
	{ "a malformed line in the head", "oops\r\n" HEAD "--b\r\n\r\none\r\n--b--\r\n",
	    "multipart/mixed(text/plain=one)" },
	{ "a malformed line in a part", HEAD "--b\r\noops\r\nContent-Type: text/html\r\n\r\none\r\n--b--",
	    "multipart/mixed(text/html=one)" },
	{ "a message is a leaf", HEAD "--b\r\nContent-Type: message/rfc822\r\n\r\n"
	    "Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n--b--\r\n",
	    "multipart/mixed(message/rfc822=Content-Type: multipart/mixed; boundary=c\r\n\r\n"
	    "--c\r\n\r\nx\r\n--c--)" },
	{ "a digest", "Content-Type: multipart/digest; boundary=b\r\n\r\n"
	    "--b\r\n\r\nSubject: x\r\n\r\none\r\n--b--\r\n",
	    "multipart/digest(message/rfc822=Subject: x\r\n\r\none)" },
	{ "a boundary that begins another", "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
	    "--b\r\nContent-Type: multipart/mixed; boundary=bb\r\n\r\n--bb\r\n\r\none\r\n--bb--\r\n"
	    "--b\r\n\r\ntwo\r\n--b--\r\n",
	    "multipart/mixed(multipart/mixed(text/plain=one) text/plain=two)" },
	{ "a boundary that another begins with", "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
	    "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\none\r\n--b2\r\ntwo\r\n--c--\r\n"
	    "--b--\r\n", "multipart/mixed(multipart/mixed(text/plain=one\r\n--b2\r\ntwo))" },
	{ "the same boundary twice", HEAD "--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
	    "--b\r\n\r\none\r\n--b--\r\n",
	    "multipart/mixed(text/plain= text/plain=one)" },
	{ "a boundary with blanks and a quote", "Content-Type: multipart/mixed; boundary=\"a \\\"b\"\r\n\r\n"
	    "--a \"b\r\n\r\none\r\n--a \"b--\r\n", "multipart/mixed(text/plain=one)" },
	{ "the first type counts", "Content-Type: text/html\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
	    "--b\r\n\r\none", "text/html=--b\r\n\r\none" },
};

static void
show(const struct mime_tree *tree, size_t i, struct buf *out)
{
	const struct mime_part *part = &tree->parts[i];

	buf_add_span(out, part->type.word);
	if (!part->is_multipart) {
		buf_add_char(out, '=');
		buf_add_span(out, span_first(span_from(tree->raw, part->offset), part->length));
		return;
	}
	buf_add_char(out, '(');
	for (size_t k = i + 1; k < part->end; k = tree->parts[k].end) {
		if (k > i + 1)
			buf_add_char(out, ' ');
		show(tree, k, out);
	}
	buf_add_char(out, ')');
}

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *arena = arena_new();
		struct buf got = { 0 };
		struct mime_tree tree;
		mime_read(arena, span_of(cases[i].raw), &tree);
		show(&tree, 0, &got);
		if (!span_is(buf_span(&got), cases[i].want))
			fail_msg("%s: got %s", cases[i].name, buf_text(&got));
		assert_null(tree.over_limit);
		buf_free(&got);
		arena_free(&arena);
	}
}

/* A boundary that decodes to one double quote makes Debian's libetpan copy -1 octets.
 * At the top, nested, and as the value of broken quoting. */
static const char *const killers[] = {
	"Content-Type: multipart/mixed; boundary=\"\\\"\"\r\n\r\n--\"\r\n\r\nx\r\n--\"--\r\n",
	"Content-Type: multipart/mixed; boundary=\"\r\n\r\n--\r\n\r\nx\r\n",
	HEAD "--b\r\nContent-Type: multipart/mixed; boundary=\"\\\"\"\r\n\r\n--\"\r\n\r\nx\r\n--b--\r\n",
	HEAD "--b\r\nContent-Type: multipart/mixed; boundary=\"\r\n\r\n--\r\n\r\nx\r\n--b--\r\n",
	HEAD "--b\r\nContent-Type: multipart/mixed; boundary*=%22\r\n\r\n--\"\r\n\r\nx\r\n--b--\r\n",
	HEAD "--b\r\nContent-Type: multipart/mixed; boundary=\"\"\r\n\r\n--\r\n\r\nx\r\n--b--\r\n",
};

static void
test_killers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(killers); i++) {
		pid_t child = fork();
		int status = -1;
		if (child == 0) {
			struct arena *arena = arena_new();
			struct mime_tree tree;
			mime_read(arena, span_of(killers[i]), &tree);
			_exit(tree.count > 0 ? 0 : 1);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		if (status != 0)
			fail_msg("killer %zu: status %x", i, status);
	}
}

struct storm {
	const char *name;
	const char *before, *each, *after;
	int times;
	bool is_over; /* must be said to go over a limit */
};

/* What is known to recurse, square or crash (studies: dependencies §1.4, reliability F7). */
static const struct storm storms[] = {
	{ "brackets in From", "From: ", "(", "\r\n\r\nx", 60000, false },
	{ "brackets in From of a multipart", "From: ", "(", "\r\n" HEAD "--b\r\n\r\nx\r\n--b--", 60000, false },
	{ "brackets in the type", "Content-Type: ", "(", "text/plain\r\n\r\nx", 60000, false },
	{ "brackets in the type of a part", HEAD "--b\r\nContent-Type: ", "(", "\r\n\r\nx\r\n--b--", 100000, true },
	{ "brackets over folded lines in a part", HEAD "--b\r\nContent-Type: a/b;", "(\r\n ", "\r\n\r\nx", 50000, true },
	{ "brackets in a part of a digest", "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nFrom: ",
	    "(", "\r\n\r\nx", 100000, true },
	{ "brackets in a text", HEAD "--b\r\n\r\n", "(a)\r\n", "\r\n--b--", 100000, false },
	{ "lisp in a text", HEAD "--b\r\n\r\n(define", "\r\n  (let (x)", "\r\n--b--", 90, false },
	{ "nested messages", HEAD "--b\r\n", "Content-Type: message/rfc822\r\n\r\n", "x", 200, false },
	{ "too many nested messages", HEAD "--b\r\n", "Content-Type: message/rfc822\r\n\r\n", "x", 30000, true },
	{ "nested messages with a comment in the type", HEAD "--b\r\n",
	    "Content-Type: message/(x)rfc822\r\n\r\n", "x", 30000, true },
	{ "many parts", HEAD, "--b\r\n\r\nx\r\n", "--b--", 100, false },
	{ "too many parts", HEAD, "--b\r\n\r\nx\r\n", "--b--", 100000, true },
	{ "dashes", HEAD, "--\r\n", "x", 100000, false },
	{ "many fields in a part", HEAD "--b\r\n", "X: y\r\n", "\r\nx\r\n--b--", 100000, true },
	{ "many parameters", HEAD "--b\r\nContent-Type: a/b", "; x=y", "\r\n\r\nx\r\n--b--", 10000, false },
	{ "groups", "From: ", "a:", "\r\n" HEAD "--b\r\n\r\nx\r\n--b--", 30000, false },
	{ "empty lines", HEAD, "\r\n", "--b\r\n\r\nx", 100000, false },
};

static void
check_storm(const char *name, const struct buf *raw, bool is_over)
{
	struct arena *arena = arena_new();
	struct mime_tree tree;
	int64_t before = clock_cpu_us();

	mime_read(arena, buf_span(raw), &tree);
	if (clock_cpu_us() - before > 2000000)
		fail_msg("%s: %lld us", name, (long long)(clock_cpu_us() - before));
	if ((tree.over_limit != NULL) != is_over)
		fail_msg("%s: %s", name, tree.over_limit != NULL ? tree.over_limit : "within limits");
	if (tree.over_limit != NULL)
		assert_int_equal(tree.count, 1);
	arena_free(&arena);
}

static void
test_storms(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(storms); i++) {
		struct buf raw = { 0 };
		buf_add_text(&raw, storms[i].before);
		for (int k = 0; k < storms[i].times; k++)
			buf_add_text(&raw, storms[i].each);
		buf_add_text(&raw, storms[i].after);
		check_storm(storms[i].name, &raw, storms[i].is_over);
		buf_free(&raw);
	}
}

static void
nested_multiparts(int levels, size_t padding, struct buf *raw)
{
	buf_clear(raw);
	for (int i = 0; i < levels; i++)
		buf_printf(raw, "Content-Type: multipart/mixed; boundary=\"b%d\"\r\n\r\n--b%d\r\n", i, i);
	buf_add_text(raw, "\r\n");
	for (size_t i = 0; i < padding; i++)
		buf_add_text(raw, "0123456789 0123456789 0123456789 0123456789 0123456789 012345\r\n");
	for (int i = levels; i > 0; i--)
		buf_printf(raw, "\r\n--b%d--\r\n", i - 1);
}

static void
test_nested(void **state)
{
	static const struct {
		int levels;
		size_t padding; /* lines of 64 octets */
		bool is_over;
	} depths[] = {
		{ 2, 0, false }, { 16, 0, false }, { 17, 0, true }, { 100, 0, true }, { 1000, 0, true },
		{ 5000, 0, true }, { 16, 150000, false }, { 60, 150000, true },
	};
	struct buf raw = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(depths); i++) {
		nested_multiparts(depths[i].levels, depths[i].padding, &raw);
		char name[40];
		snprintf(name, sizeof name, "%d levels", depths[i].levels);
		check_storm(name, &raw, depths[i].is_over);
	}
	buf_free(&raw);
}

/* Extents lie within the message and in order, whatever octets come: each case above
 * with each octet replaced in turn. */
static void
test_mutations(void **state)
{
	static const char octets[] = { '\0', '"', '(', '\n', '-', ':', ';' };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = strlen(cases[i].raw);
		for (size_t k = 0; k < len * sizeof octets; k++) {
			struct arena *arena = arena_new();
			struct mime_tree tree;
			char *raw = arena_strndup(arena, cases[i].raw, len);
			raw[k / sizeof octets] = octets[k % sizeof octets];
			mime_read(arena, span_make(raw, len), &tree);
			for (size_t p = 0; p < tree.count; p++) {
				const struct mime_part *part = &tree.parts[p];
				assert_true(part->offset <= len && part->length <= len - part->offset);
				assert_true(part->end > p && part->end <= tree.count);
			}
			arena_free(&arena);
		}
	}
}

static void
test_text(void **state)
{
	struct arena *arena = arena_new();
	struct mime_tree tree;
	bool is_cut = false;

	(void)state;
	mime_read(arena, SPAN("Content-Type: text/plain; charset=iso-8859-1\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n=E9t=E9\r\nb\rc\n"), &tree);
	struct span text = mime_text(arena, &tree, &tree.parts[0], 100, &is_cut);
	assert_true(span_is(text, "été\nb\nc\n") && !is_cut);
	text = mime_text(arena, &tree, &tree.parts[0], 4, &is_cut);
	assert_true(span_is(text, "ét") && is_cut);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_killers),
		cmocka_unit_test(test_storms),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_mutations),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
