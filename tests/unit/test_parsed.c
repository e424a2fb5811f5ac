/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What the parser says is believed only where it is sound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "mail/parsed.h"
#include "mail_show.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { RAW_SIZE = 1000 };

static struct span ids[] = { { "a@b", 3 }, { "c@d", 3 } };
static struct span results[] = { { "x; dmarc=pass", 13 } };
static struct parsed_attachment attachments[] = {
	{ .name = SPAN("plan été.pdf"), .type = SPAN("application/pdf"), .content_id = SPAN("i@d"),
	    .offset = 100, .length = 900, .encoding = PARSED_ENCODING_BASE64, .size = 600,
	    .is_inline = true },
	{ .name = SPAN("x"), .type = SPAN("a/b"), .offset = 1000, .length = 0 },
};
static struct parsed_recipient recipients[] = {
	{ .original = SPAN("a@b"), .final = SPAN("c@d"), .action = PARSED_ACTION_FAILED,
	    .status = SPAN("5.1.1"), .diagnostic = SPAN("550 unknown") },
	{ .final = SPAN("e@f"), .action = PARSED_ACTION_EXPANDED },
};

static struct parsed
full(void)
{
	struct parsed p = { .subject = SPAN("Re: été"), .base_subject = SPAN("été"), .is_reply = true,
		.is_forward = true, .from_name = SPAN("Marie"), .from_address = SPAN("m@x.fr"),
		.from_count = 1, .subject_count = 1, .date = 1772470800, .message_id = SPAN("a@b"),
		.in_reply_to = { ids, 2 }, .references = { ids, 2 }, .to_cc = { ids, 1 },
		.recipients = 300, .auto_submitted = PARSED_AUTO_REPLIED,
		.precedence = PARSED_PRECEDENCE_OTHER, .list_id = SPAN("l.x.fr"),
		.list_post = { ids, 1 }, .x_loop = { ids, 1 }, .is_spam = true, .is_reaction = true,
		.is_robot = true, .looks_absent = true, .is_encrypted = true, .is_signed = true, .odd_signature = true,
		.no_archive = true, .authentication_results = { results, 1 },
		.format = PARSED_FORMAT_HTML, .source = SPAN("a\nb\tc"), .own = SPAN("a"),
		.html = { SPAN("<p>a</p>") }, .is_cut = true, .attachments = attachments,
		.attachment_count = 2, .report = PARSED_REPORT_FEEDBACK,
		.report_recipients = recipients, .report_recipient_count = 2,
		.report_message_id = SPAN("r@d"), .feedback_type = SPAN("abuse") };

	memset(p.body_hash, 7, sizeof p.body_hash);
	return p;
}

static bool
read_back(struct arena *arena, const struct buf *octets, struct parsed *parsed)
{
	struct fields fields;
	struct err err = { 0 };

	return fields_read(&fields, buf_span(octets)) &&
	    parsed_read(arena, &fields, RAW_SIZE, parsed, &err);
}

static void
test_round_trip(void **state)
{
	struct arena *arena = arena_new();
	struct parsed before[] = { full(), { .kind = PARSED_MAIL }, { .kind = PARSED_MARKDOWN } };

	(void)state;
	for (size_t i = 0; i < COUNT(before); i++) {
		struct buf octets = { 0 }, a = { 0 }, b = { 0 };
		struct parsed after;
		parsed_write(&before[i], &octets);
		assert_true(read_back(arena, &octets, &after));
		mail_show(&before[i], (struct span){ 0 }, &a);
		mail_show(&after, (struct span){ 0 }, &b);
		assert_string_equal(buf_text(&a), buf_text(&b));
		assert_memory_equal(before[i].body_hash, after.body_hash, sizeof after.body_hash);
		assert_int_equal(before[i].kind, after.kind);
		assert_int_equal(before[i].recipients, after.recipients);
		buf_clear(&a);
		parsed_write(&after, &a);
		assert_true(span_equal(buf_span(&octets), buf_span(&a)));
		buf_free(&octets);
		buf_free(&a);
		buf_free(&b);
	}
	arena_free(&arena);
}

/* One field each that a parser in other hands might send. */
static const struct {
	const char *name, *value;
} lies[] = {
	{ "kind", "2" }, { "kind", "-1" }, { "kind", "x" }, { "kind", "" },
	{ "format", "3" }, { "report", "4" }, { "auto-submitted", "99999999999" },
	{ "is-reply", "2" }, { "is-spam", "yes" }, { "date", "-5" }, { "from-count", "-1" },
	{ "subject", "a\nBcc: x" }, { "subject", "a\x7F" }, { "subject", "\xFF" },
	{ "from-name", "a\rb" }, { "from-address", "no address" }, { "from-address", "a@b\n" },
	{ "message-id", "a b@c" }, { "message-id", "a\x01@c" }, { "in-reply-to", "" },
	{ "reference", "a\n" }, { "to-cc", "a" }, { "list-post", "<a@b>" },
	{ "x-loop", "a\tb" }, { "authentication", "a\nb" }, { "source", "\xC3" },
	{ "own", "\xED\xA0\x80" }, { "html", "\xFF" }, { "html", "<script>" }, { "body-hash", "short" },
	{ "over-limit", "x\ny" }, { "report-id", "a b" }, { "feedback-type", "\x02" },
	{ "nonsense", "1" }, { "attachment", "" }, { "attachment", "xyz" }, { "report-recipient", "x" },
};

static void
test_lies(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(lies); i++) {
		struct buf octets = { 0 };
		struct parsed parsed;
		fields_add_text(&octets, lies[i].name, lies[i].value);
		if (read_back(arena, &octets, &parsed))
			fail_msg("%s: '%s' is believed", lies[i].name, lies[i].value);
		buf_free(&octets);
	}
	arena_free(&arena);
}

/* The good attachment with one member changed. */
static const struct {
	const char *name, *value;
} bad_attachments[] = {
	{ "offset", "1001" }, { "offset", "-1" }, { "length", "901" }, { "length", "18446744073709551615" },
	{ "encoding", "3" }, { "size", "901" }, { "size", "x" }, { "name", "" }, { "name", "../x" },
	{ "name", "a\\b" }, { "name", "a\nb" }, { "type", "" }, { "type", "a" }, { "type", "A/B" },
	{ "type", "a/b;x" }, { "type", "a/\"b" }, { "content-id", "a b" },
};

static void
test_bad_attachments(void **state)
{
	static const char *const names[] = { "name", "type", "content-id", "offset", "length",
		"encoding", "size" };
	static const char *const good[] = { "x.pdf", "a/b", "", "100", "900", "1", "900" };
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i <= COUNT(bad_attachments); i++) {
		struct buf inner = { 0 }, octets = { 0 };
		struct parsed parsed;
		bool is_good = i == COUNT(bad_attachments);
		for (size_t k = 0; k < COUNT(names); k++) {
			bool is_bad = !is_good && strcmp(names[k], bad_attachments[i].name) == 0;
			fields_add_text(&inner, names[k], is_bad ? bad_attachments[i].value : good[k]);
		}
		fields_add(&octets, "attachment", buf_span(&inner));
		if (read_back(arena, &octets, &parsed) != is_good)
			fail_msg("attachment %zu", i);
		buf_free(&inner);
		buf_free(&octets);
	}
	arena_free(&arena);
}

/* Too many of a list, a scalar twice, what contradicts itself. */
static void
test_counts(void **state)
{
	static const struct {
		const char *name;
		size_t max;
	} lists[] = { { "reference", PARSED_REFERENCES_MAX }, { "to-cc", PARSED_ADDRESSES_MAX },
		{ "x-loop", PARSED_RESULTS_MAX }, { "subject", 1 } };
	struct arena *arena = arena_new();
	struct buf octets = { 0 };
	struct parsed parsed;

	(void)state;
	for (size_t i = 0; i < COUNT(lists); i++) {
		buf_clear(&octets);
		for (size_t k = 0; k < lists[i].max; k++)
			fields_add_text(&octets, lists[i].name, "a@b");
		assert_true(read_back(arena, &octets, &parsed));
		fields_add_text(&octets, lists[i].name, "a@b");
		assert_false(read_back(arena, &octets, &parsed));
	}
	buf_clear(&octets);
	fields_add_text(&octets, "over-limit", "too deep");
	assert_false(read_back(arena, &octets, &parsed));
	buf_free(&octets);
	arena_free(&arena);
}

/* Every octet of a sound answer, changed: refused or sound, never a crash. */
static void
test_mutations(void **state)
{
	struct buf octets = { 0 };
	struct parsed before = full();

	(void)state;
	parsed_write(&before, &octets);
	for (size_t i = 0; i < octets.len * 3; i++) {
		struct arena *arena = arena_new();
		struct parsed parsed;
		char kept = octets.data[i / 3];
		octets.data[i / 3] = (char)((i % 3 == 0 ? 0 : i % 3 == 1 ? 0xFF : kept ^ 1) & 0xFF);
		if (read_back(arena, &octets, &parsed))
			for (size_t k = 0; k < parsed.attachment_count; k++)
				assert_true(parsed.attachments[k].offset + parsed.attachments[k].length <=
				    RAW_SIZE);
		octets.data[i / 3] = kept;
		arena_free(&arena);
	}
	buf_free(&octets);
}

static void
test_actions(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PARSED_ACTIONS; i++)
		assert_int_equal(parsed_action_find(span_of(parsed_action_name((enum parsed_action)i))), i);
	assert_int_equal(parsed_action_find(SPAN("Delayed")), PARSED_ACTION_DELAYED);
	assert_int_equal(parsed_action_find(SPAN("nonsense")), PARSED_ACTION_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_lies),
		cmocka_unit_test(test_bad_attachments),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_mutations),
		cmocka_unit_test(test_actions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
