/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Forms with files: what browsers send, and what nobody should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "net/multipart.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PART "--B\r\nContent-Disposition: form-data; "
#define END "\r\n--B--\r\n"
#define KIB "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
	const char *name, *body;
	const char *want; /* name|file name|type|data; for each part; NULL: refused */
} bodies[] = {
	{ "a field", PART "name=\"a\"\r\n\r\nhello" END, "a|-||hello;" },
	{ "two fields", PART "name=\"a\"\r\n\r\n1\r\n" PART "name=b\r\n\r\n2" END,
	    "a|-||1;b|-||2;" },
	{ "an empty field", PART "name=\"a\"\r\n\r\n" END, "a|-||;" },
	{ "a field without its empty line", PART "name=\"a\"\r\n" END, "a|-||;" },
	{ "nothing", "--B--\r\n", "" },
	{ "no end of line at the end", PART "name=\"a\"\r\n\r\n1\r\n--B--", "a|-||1;" },
	{ "an epilogue", PART "name=\"a\"\r\n\r\n1" END "more", "a|-||1;" },
	{ "a file",
	    PART "name=\"f\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nx\r\ny" END,
	    "f|a.txt|text/plain|x\r\ny;" },
	{ "no file chosen", PART "name=\"f\"; filename=\"\"\r\n\r\n" END, "f|||;" },
	{ "names in any case", "--B\r\ncontent-DISPOSITION:FORM-DATA;NAME=a\r\n\r\n1" END,
	    "a|-||1;" },
	{ "blanks after the delimiter",
	    "--B \t\r\nContent-Disposition: form-data; name=a\r\n\r\n1" END, "a|-||1;" },
	{ "UTF-8", PART "name=\"f\"; filename=\"\xc3\xa9t\xc3\xa9.pdf\"\r\n\r\n" END,
	    "f|\xc3\xa9t\xc3\xa9.pdf||;" },
	{ "latin-1 is made readable", PART "name=\"f\"; filename=\"\xe9t\xe9\"\r\n\r\n" END,
	    "f|\xef\xbf\xbdt\xef\xbf\xbd||;" },
	{ "filename*", PART "name=\"f\"; filename=\"a\"; filename*=UTF-8''%C3%A9%20b\r\n\r\n" END,
	    "f|\xc3\xa9 b||;" },
	{ "filename* with a language", PART "name=\"f\"; filename*=utf-8'fr'a%2Fb\r\n\r\n" END,
	    "f|b||;" },
	{ "filename* in another charset", PART "name=f; filename=a; filename*=x''%FF\r\n\r\n" END,
	    "f|a||;" },
	{ "filename* with CR LF", PART "name=\"f\"; filename*=utf-8''a%0d%0ab%00c\r\n\r\n" END,
	    "f|a bc||;" },
	{ "filename* badly encoded", PART "name=f; filename=a; filename*=utf-8''%4\r\n\r\n" END,
	    "f|a||;" },
	{ "folders", PART "name=\"f\"; filename=\"../../etc/passwd\"\r\n\r\n" END, "f|passwd||;" },
	{ "folders of another house", PART "name=\"f\"; filename=\"C:\\dir\\a.txt\"\r\n\r\n" END,
	    "f|a.txt||;" },
	{ "quotes as browsers write them", PART "name=\"f\"; filename=\"a%22b\\\"c\"\r\n\r\n" END,
	    "f|a\"b\"c||;" },
	{ "data that looks like it", PART "name=\"a\"\r\n\r\nx--B\r\n-B\r\n--A" END,
	    "a|-||x--B\r\n-B\r\n--A;" },
	{ "empty", "", NULL },
	{ "no delimiter", "hello", NULL },
	{ "a preamble", "hello\r\n" PART "name=\"a\"\r\n\r\n1" END, NULL },
	{ "without end", PART "name=\"a\"\r\n\r\n1", NULL },
	{ "cut in the delimiter", PART "name=\"a\"\r\n\r\n1\r\n--", NULL },
	{ "cut after the delimiter", PART "name=\"a\"\r\n\r\n1\r\n--B", NULL },
	{ "cut in the head", PART "name=\"a\"", NULL },
	{ "the delimiter of another", PART "name=\"a\"\r\n\r\n1\r\n--Bx\r\n\r\n" END, NULL },
	{ "no name", "--B\r\nContent-Disposition: form-data\r\n\r\n1" END, NULL },
	{ "an empty name", PART "name=\"\"\r\n\r\n1" END, NULL },
	{ "a name that is not UTF-8", PART "name=\"\xff\"\r\n\r\n1" END, NULL },
	{ "no disposition", "--B\r\nContent-Type: a/b\r\n\r\n1" END, NULL },
	{ "no head", "--B\r\n\r\n1" END, NULL },
	{ "two dispositions", PART "name=a\r\nContent-Disposition: form-data; name=b\r\n\r\n1" END,
	    NULL },
	{ "another disposition", "--B\r\nContent-Disposition: attachment; name=a\r\n\r\n1" END,
	    NULL },
	{ "a folded line", "--B\r\nContent-Disposition: form-data;\r\n name=a\r\n\r\n1" END, NULL },
	{ "bare LF", "--B\nContent-Disposition: form-data; name=a\n\n1\n--B--\n", NULL },
	{ "bare LF in a head", PART "name=a\nX: y\r\n\r\n1" END, NULL },
	{ "a control in a name", PART "name=\"a\x01\"\r\n\r\n1" END, NULL },
	{ "an encoding", PART "name=a\r\nContent-Transfer-Encoding: base64\r\n\r\nMQ==" END, NULL },
};

static void
show(struct buf *out, const struct multipart *parts, struct span body)
{
	for (size_t i = 0; i < parts->count; i++) {
		const struct multipart_part *part = &parts->parts[i];

		buf_add_span(out, part->name);
		buf_add_text(out, part->is_file ? "|" : "|-");
		buf_add_span(out, part->file_name);
		buf_add_text(out, "|");
		buf_add_span(out, part->type);
		buf_add_text(out, "|");
		buf_add_span(out, part->data);
		buf_add_text(out, ";");
		assert_ptr_equal(part->data.data, body.data + part->offset);
	}
}

static void
test_bodies(void **state)
{
	struct arena *arena = arena_new();
	struct multipart parts;
	struct err err;

	(void)state;
	for (size_t i = 0; i < COUNT(bodies); i++) {
		struct span body = span_of(bodies[i].body);
		struct buf got = { 0 };
		bool ok = multipart_read(arena, SPAN("B"), body, &parts, &err);

		if (ok)
			show(&got, &parts, body);
		if (ok != (bodies[i].want != NULL) ||
		    (ok && !span_is(buf_span(&got), bodies[i].want)))
			fail_msg("%s: %d '%s'", bodies[i].name, ok, buf_text(&got));
		buf_free(&got);
	}
	arena_free(&arena);
}

/* Whatever the place of the cut, it is refused: nothing is half taken. */
static void
test_every_cut(void **state)
{
	static const char whole[] =
	    PART "name=\"a\"\r\n\r\nhello\r\n" PART
		 "name=\"f\"; filename=\"g\"\r\nContent-Type: a/b\r\n\r\nworld\r\n--B--";
	struct arena *arena = arena_new();
	struct multipart parts;
	struct err err;

	(void)state;
	assert_true(
	    multipart_read(arena, SPAN("B"), span_make(whole, sizeof(whole) - 1), &parts, &err));
	assert_true(span_is(multipart_get(&parts, "a"), "hello"));
	assert_null(multipart_get(&parts, "f").data);
	for (size_t len = 0; len < sizeof(whole) - 1; len++)
		if (multipart_read(arena, SPAN("B"), span_make(whole, len), &parts, &err))
			fail_msg("cut at %zu is taken", len);
	arena_free(&arena);
}

static bool
read_kind(struct buf *body, enum err_kind *kind)
{
	struct arena *arena = arena_new();
	struct multipart parts;
	struct err err = { 0 };
	bool ok = multipart_read(arena, SPAN("B"), buf_span(body), &parts, &err);

	*kind = err.kind;
	arena_free(&arena);
	buf_free(body);
	return ok;
}

static struct buf
parts_of(size_t count)
{
	struct buf body = { 0 };

	for (size_t i = 0; i < count; i++)
		buf_printf(&body, PART "name=\"n%zu\"\r\n\r\n%zu\r\n", i, i);
	buf_add_text(&body, "--B--\r\n");
	return body;
}

static struct buf
name_of(const char *before, size_t len)
{
	struct buf body = { 0 };

	buf_add_text(&body, before);
	for (size_t i = 0; i < len; i++)
		buf_add_char(&body, 'n');
	buf_add_text(&body, "\"\r\n\r\n1" END);
	return body;
}

static struct buf
head_of(size_t len)
{
	struct buf body = { 0 };

	buf_add_text(&body, PART "name=a\r\nX: ");
	while (body.len < len + strlen("--B\r\n") - 4)
		buf_add_char(&body, 'x');
	buf_add_text(&body, "\r\n\r\n1" END);
	return body;
}

static void
test_limits(void **state)
{
	enum err_kind kind;
	struct buf body = parts_of(MULTIPART_PARTS_MAX);

	(void)state;
	assert_true(read_kind(&body, &kind));
	body = parts_of(MULTIPART_PARTS_MAX + 1);
	assert_false(read_kind(&body, &kind));
	assert_int_equal(kind, ERR_TOO_MUCH);
	body = parts_of(10000);
	assert_false(read_kind(&body, &kind));
	assert_int_equal(kind, ERR_TOO_MUCH);
	body = name_of(PART "name=\"", MULTIPART_NAME_MAX);
	assert_true(read_kind(&body, &kind));
	body = name_of(PART "name=\"", MULTIPART_NAME_MAX + 1);
	assert_false(read_kind(&body, &kind));
	assert_int_equal(kind, ERR_TOO_MUCH);
	body = name_of(PART "name=f; filename=\"", MULTIPART_NAME_MAX + 1);
	assert_false(read_kind(&body, &kind));
	assert_int_equal(kind, ERR_TOO_MUCH);
	body = head_of(MULTIPART_HEAD_MAX);
	assert_true(read_kind(&body, &kind));
	body = head_of(MULTIPART_HEAD_MAX + 1);
	assert_false(read_kind(&body, &kind));
	assert_int_equal(kind, ERR_TOO_MUCH);
}

static void
test_octets(void **state)
{
	static const char body[] = PART "name=f; filename=g\r\n\r\n\0\r\n--\0B\r\n\r\n" END;
	struct arena *arena = arena_new();
	struct multipart parts;
	struct err err;

	(void)state;
	assert_true(
	    multipart_read(arena, SPAN("B"), span_make(body, sizeof(body) - 1), &parts, &err));
	assert_int_equal(parts.count, 1);
	assert_int_equal(parts.parts[0].data.len, 11);
	assert_memory_equal(parts.parts[0].data.data, "\0\r\n--\0B\r\n\r\n", 11);
	assert_false(multipart_read(
	    arena, SPAN("B"), SPAN(PART "name=\"a\0b\"\r\n\r\n1" END), &parts, &err));
	arena_free(&arena);
}

static void
test_boundaries(void **state)
{
	static const struct {
		const char *type, *want;
		enum err_kind kind;
	} cases[] = {
		{ "multipart/form-data; boundary=B", "B", ERR_NONE },
		{ "Multipart/Form-Data;charset=x;Boundary=\"a=b\"", "a=b", ERR_NONE },
		{ "multipart/form-data; boundary=----WebKitFormBoundaryAbC123",
		    "----WebKitFormBoundaryAbC123", ERR_NONE },
		{ "multipart/form-data", NULL, ERR_INVALID },
		{ "multipart/form-data; boundary=", NULL, ERR_INVALID },
		{ "multipart/form-data; boundary=\"\"", NULL, ERR_INVALID },
		{ "multipart/form-data; boundary=\"a b\"", NULL, ERR_INVALID },
		{ "multipart/form-data; boundary=\"a;b\"", NULL, ERR_INVALID },
		{ "multipart/form-data; boundary=" KIB "0123456", NULL, ERR_INVALID },
		{ "multipart/form-data; boundary=" KIB "012345", KIB "012345", ERR_NONE },
		{ "multipart/mixed; boundary=B", NULL, ERR_NOT_FOUND },
		{ "application/x-www-form-urlencoded", NULL, ERR_NOT_FOUND },
		{ "", NULL, ERR_NOT_FOUND },
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err err = { 0 };
		struct span got = { 0 };
		bool ok = multipart_boundary(arena, span_of(cases[i].type), &got, &err);

		if (ok != (cases[i].want != NULL) || err.kind != cases[i].kind ||
		    (ok && !span_is(got, cases[i].want)))
			fail_msg("%s: '" SPAN_FORMAT "'", cases[i].type, SPAN_ARGS(got));
	}
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_octets),
		cmocka_unit_test(test_boundaries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
