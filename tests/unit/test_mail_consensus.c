/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What three other parsers agree on (tests/data/mime/consensus.json), so do we, but for
 * the differences listed: each with its reason, and each must still be one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "json.h"
#include "mail/mail_read.h"

#define DATA PREAU_SOURCE "/tests/data/"

enum { TEXT_COMPARED = 3000 /* octets of folded text; the file keeps 4000 characters */ };

enum field { SUBJECT, FROM, TO, MESSAGE_ID, DATE, ATTACHMENTS, TEXT, FIELDS };

static const char *const names[FIELDS] = { "subject", "from", "to", "message_id", "date",
	"attachments", "text" };

/* clang-format off */
static const struct {
	enum field field;
	const char *file, *why;
} differences[] = {
	{ SUBJECT, "stalwart-mail-parser/legacy/010.eml", "raw Latin-1: they give U+FFFD, we the letter" },
	{ SUBJECT, "stalwart-mail-parser/legacy/027.eml", "raw Latin-1" },
	{ SUBJECT, "stalwart-mail-parser/legacy/052.eml", "raw Latin-1" },
	{ TEXT, "stalwart-mail-parser/legacy/052.eml", "raw Latin-1" },
	{ FROM, "ruby-mail/rfc2822/example13.eml", "a comment in the domain is a comment (RFC 2822 A.6.3)" },
	{ TO, "ruby-mail/mime_emails/raw_email11.eml", "a word without @ is no address" },
	{ DATE, "ruby-mail/plain_emails/raw_email_bad_time.eml", "the year 3609 is no date" },
	{ DATE, "ruby-mail/rfc2822/example04.eml", "before 1970" },
	{ DATE, "ruby-mail/rfc2822/example10.eml", "before 1970" },
	{ ATTACHMENTS, "stalwart-mail-parser/legacy/035.eml", "a name has no path" },
	{ ATTACHMENTS, "stalwart-mail-parser/legacy/039.eml", "a name has no path" },
	{ ATTACHMENTS, "stalwart-mail-parser/malformed/017.eml", "a forgotten ; before the boundary: we find the file" },
	{ ATTACHMENTS, "stalwart-mail-parser/rfc/002.eml", "what lies in an attached message is not ours to open" },
	{ TEXT, "apache-mime4j/missing-inner-boundary.msg", "a text in a multipart without parts is shown" },
	{ TEXT, "cpython-test_email/msg_15.txt", "one boundary for two levels: all that follows is shown" },
	{ TEXT, "cpython-test_email/msg_17.txt", "an unknown text type is shown" },
	{ TEXT, "cpython-test_email/msg_25.txt", "the boundary is missing: the text is shown" },
	{ TEXT, "cpython-test_email/msg_31.txt", "a multipart without a boundary is shown" },
	{ TEXT, "cpython-test_email/msg_41.txt", "a broken type is text" },
	{ TEXT, "stalwart-mail-parser/malformed/002.eml", "a part without a type is text" },
	{ TEXT, "stalwart-mail-parser/malformed/004.eml", "the boundary never comes: the text is shown" },
};
/* clang-format on */

enum { DIFFERENCES = sizeof differences / sizeof differences[0] };

static bool seen[DIFFERENCES];
static int agreed[FIELDS], asked[FIELDS];

static void
add_folded(struct buf *out, struct span text)
{
	bool was_blank = true;

	for (size_t i = 0; i < text.len; i++) {
		bool is_blank = ascii_is_space(text.data[i]);
		if (!is_blank || !was_blank)
			buf_add_char(out, is_blank ? ' ' : text.data[i]);
		was_blank = is_blank;
		/* U+00A0 is white space to the others */
		if (!is_blank && i + 1 < text.len && text.data[i] == '\xC2' && text.data[i + 1] == '\xA0') {
			out->len--;
			if (out->len > 0 && out->data[out->len - 1] != ' ')
				buf_add_char(out, ' ');
			was_blank = true;
			i++;
		}
	}
}

static bool
same_folded(struct span a, const char *b, size_t max)
{
	struct buf x = { 0 }, y = { 0 };

	add_folded(&x, a);
	add_folded(&y, span_of(b));
	bool same = span_equal(span_first(span_trim(buf_span(&x)), max),
	    span_first(span_trim(buf_span(&y)), max));
	buf_free(&x);
	buf_free(&y);
	return same;
}

static const struct json *
first_of(const struct json *list)
{
	return list != NULL && list->kind == JSON_LIST ? list->first : NULL;
}

static bool
same_addresses(const struct json *want, const struct span_list *got)
{
	size_t i = 0;

	for (const struct json *j = first_of(want); j != NULL; j = j->next, i++)
		if (i >= got->count || !span_is_nocase(got->items[i], j->text))
			return false;
	return true;
}

static bool
has_name(const struct parsed *p, const char *name)
{
	for (size_t i = 0; i < p->attachment_count; i++)
		if (span_is(p->attachments[i].name, name))
			return true;
	return false;
}

/* Names given; messages within messages are files to us, not to them. */
static bool
same_attachments(const struct json *want, const struct parsed *p)
{
	size_t count = 0, ours = 0;

	for (const struct json *j = first_of(want); j != NULL; j = j->next, count++)
		if (j->text[0] != '\0' && !has_name(p, j->text))
			return false;
	for (size_t i = 0; i < p->attachment_count; i++)
		if (!span_starts(p->attachments[i].type, "message/"))
			ours++;
	return ours <= count && count <= p->attachment_count;
}

static bool
same_id(const struct json *want, struct span id)
{
	struct span text = want->kind == JSON_TEXT ? span_trim(span_of(want->text)) : (struct span){ 0 };

	if (span_starts(text, "<"))
		text = span_from(text, 1);
	if (span_ends(text, ">"))
		text = span_first(text, text.len - 1);
	return span_equal(text, id);
}

static bool
same_field(enum field field, const struct json *want, const struct parsed *p)
{
	struct span_list from = { NULL, 0 };
	struct span address = p->from_address;
	const struct json *first = first_of(want);
	const char *text = want->kind == JSON_TEXT ? want->text : "";

	if (address.len > 0)
		from = (struct span_list){ &address, 1 };
	switch (field) {
	case SUBJECT:
		return same_folded(p->subject, text, SIZE_MAX);
	case FROM:
		if (first == NULL || from.count == 0)
			return first == NULL && from.count == 0;
		return span_is_nocase(address, first->text);
	case TO:
		return same_addresses(want, &p->to_cc);
	case MESSAGE_ID:
		return same_id(want, p->message_id);
	case DATE:
		return p->date == (want->kind == JSON_NUMBER ? strtoll(want->text, NULL, 10) : 0);
	case ATTACHMENTS:
		return same_attachments(want, p);
	case TEXT:
		return same_folded(p->source, text, TEXT_COMPARED);
	case FIELDS:
		break;
	}
	return false;
}

static bool
is_known_difference(enum field field, const char *file)
{
	for (size_t i = 0; i < DIFFERENCES; i++) {
		if (differences[i].field != field || !span_ends(span_of(file), differences[i].file))
			continue;
		seen[i] = true;
		return true;
	}
	return false;
}

static bool
is_asked(enum field field, const struct json *file, const struct json *opinion)
{
	const char *agree = opinion != NULL ? json_get_text(opinion, "agree") : NULL;
	const struct json *html = json_get(file, "html");

	if (agree == NULL || strcmp(agree, "3") != 0 || json_get(opinion, "v") == NULL)
		return false;
	/* No plain text but HTML: we read the HTML, they did not. */
	bool is_html = html != NULL && json_get(html, "v") != NULL &&
	    json_get(html, "v")->kind == JSON_TRUE;
	return field != TEXT || !is_html || json_get(opinion, "v")->kind != JSON_NULL;
}

static void
check_file(struct arena *arena, const struct json *file)
{
	struct parsed parsed;
	struct buf raw = { 0 };
	struct err err = { 0 };

	if (!file_read(arena_printf(arena, DATA "%s", file->name), 1 << 24, &raw, &err))
		fail_msg("%s", err.text);
	mail_read(arena, buf_span(&raw), &parsed);
	for (int field = 0; field < FIELDS; field++) {
		const struct json *opinion = json_get(file, names[field]);
		if (!is_asked((enum field)field, file, opinion))
			continue;
		asked[field]++;
		if (same_field((enum field)field, json_get(opinion, "v"), &parsed))
			agreed[field]++;
		else if (!is_known_difference((enum field)field, file->name))
			fail_msg("%s: %s differs", file->name, names[field]);
	}
	buf_free(&raw);
}

static void
test_consensus(void **state)
{
	struct arena *arena = arena_new(), *work = arena_new();
	const struct json *files = json_get(json_read(arena, DATA "mime/consensus.json"), "files");
	int count = 0;

	(void)state;
	assert_non_null(files);
	for (const struct json *file = files->first; file != NULL; file = file->next, count++) {
		check_file(work, file);
		arena_reset(work);
	}
	assert_true(count >= 178);
	for (int field = 0; field < FIELDS; field++)
		print_message("%-12s %d of %d\n", names[field], agreed[field], asked[field]);
	for (size_t i = 0; i < DIFFERENCES; i++)
		if (!seen[i])
			fail_msg("%s: %s differs no more", differences[i].file, names[differences[i].field]);
	arena_free(&work);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_consensus) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
