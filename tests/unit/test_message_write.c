/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Messages that leave: closed to injection, 7-bit, tokens in place. They are read back
 * by mail_read() here and by Python's email in tests/unit/message_write.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "mail/mail_read.h"
#include "mail/message_write.h"
#include "mail/mime_read.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define REPLY "rrrrrrrrrrrrrrrrrrrrrrrrrr"
#define LEAVE "uuuuuuuuuuuuuuuuuuuuuuuuuu"

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

static struct span
with_slot(const char *before, enum message_slot slot, const char *after)
{
	return span_of(arena_printf(arena, "%s" SPAN_FORMAT "%s", before,
	    SPAN_ARGS(message_slot(slot)), after));
}

static struct outgoing
post(void)
{
	static struct span references[30];

	for (int i = 0; i < 30; i++)
		references[i] = span_of(arena_printf(arena, "id%d.abcdefghijklmn@example.org", i));
	return (struct outgoing){
		.from_name = SPAN("Élodie \"Lo\" Dupont (Voirie)"),
		.from_address = SPAN("a.abcdefghijklmnopqrstuvwxyz@forum.ville.example"),
		.to_name = SPAN("Voirie"),
		.to_address = SPAN("voirie@forum.ville.example"),
		.reply_name = SPAN("Voirie"),
		.reply_address = with_slot("voirie+r.", MESSAGE_REPLY, "@forum.ville.example"),
		.subject = SPAN("Re: Réunion publique à propos du plan de circulation, de la rue Haute"
		    " à la place de l'Église"),
		.message_id = SPAN("p.12.abc@forum.ville.example"),
		.in_reply_to = references[29],
		.references = references,
		.reference_count = 30,
		.date = 1772470800,
		.zone = "Europe/Paris",
		.list_name = SPAN("Voirie – Forums de Ville"),
		.list_id = SPAN("voirie.forum.ville.example"),
		.list_post = SPAN("voirie@forum.ville.example"),
		.list_help = SPAN("https://forum.ville.example/help"),
		.list_subscribe = SPAN("https://forum.ville.example/f/voirie"),
		.list_owner = SPAN("voirie+responsables@forum.ville.example"),
		.list_archive = SPAN("https://forum.ville.example/f/voirie"),
		.archived_at = SPAN("https://forum.ville.example/p/12"),
		.unsubscribe_url = with_slot("https://forum.ville.example/u/", MESSAGE_UNSUBSCRIBE, ""),
		.unsubscribe_mail = with_slot("voirie+u.", MESSAGE_UNSUBSCRIBE, "@forum.ville.example"),
		.text = SPAN("Bonjour,\n\nFrom là-bas, une très longue ligne qui dépasse largement les"
		    " soixante-seize octets permis.  \n.\nFrom ici\n\tfin = fin"),
		.html = { SPAN("<p>Bonjour, une très longue ligne qui dépasse largement les"
		    " soixante-seize octets permis.</p>") },
		.footer_text = with_slot("Ne plus recevoir :\nhttps://forum.ville.example/u/",
		    MESSAGE_UNSUBSCRIBE, ""),
		.footer_html = { with_slot("<p>é é é é é é é é <a href=\"https://forum.ville.example/u/",
		    MESSAGE_UNSUBSCRIBE, "\">Ne plus recevoir</a></p>") },
		.language = "fr",
	};
}

static struct span
build(const struct outgoing *o, size_t holes)
{
	struct message_template template;
	struct message_tokens tokens = { { SPAN(REPLY), SPAN(LEAVE) } };
	struct buf out = { 0 };
	struct err err = { 0 };

	if (!message_template_build(arena, o, &template, &err))
		fail_msg("%s", err.text);
	assert_int_equal(template.hole_count, holes);
	assert_true(message_template_patch(&template, &tokens, &out, &err));
	struct span octets = arena_span(arena, buf_span(&out));
	buf_free(&out);
	return octets;
}

/* Lines of at most 998 octets (we aim at 78), CRLF only, nothing over 126 or under 32. */
static void
check_wire(const char *name, struct span octets, size_t longest)
{
	size_t column = 0;

	for (size_t i = 0; i < octets.len; i++) {
		char c = octets.data[i];
		if (c == '\n') {
			assert_true(i > 0 && octets.data[i - 1] == '\r');
			column = 0;
			continue;
		}
		assert_true(c != '\r' || octets.data[i + 1] == '\n');
		if ((c < 32 && c != '\t' && c != '\r') || c > 126)
			fail_msg("%s: octet %d at %zu", name, c, i);
		if (++column > longest + 1)
			fail_msg("%s: a line of more than %zu octets", name, longest);
	}
	assert_true(span_ends(octets, "\r\n"));
}

static void
check_head(struct span octets)
{
	static const struct {
		const char *name, *value;
	} want[] = {
		{ "To", "\"Voirie\" <voirie@forum.ville.example>" },
		{ "Reply-To", "\"Voirie\" <voirie+r." REPLY "@forum.ville.example>" },
		{ "Date", "Mon, 02 Mar 2026 18:00:00 +0100" },
		{ "Message-ID", "<p.12.abc@forum.ville.example>" },
		{ "In-Reply-To", "<id29.abcdefghijklmn@example.org>" },
		{ "List-Post", "<mailto:voirie@forum.ville.example>" },
		{ "List-Unsubscribe", "<https://forum.ville.example/u/" LEAVE ">, <mailto:voirie+u." LEAVE
		    "@forum.ville.example>" },
		{ "List-Unsubscribe-Post", "List-Unsubscribe=One-Click" },
		{ "List-Help", "<https://forum.ville.example/help>" },
		{ "List-Owner", "<mailto:voirie+responsables@forum.ville.example>" },
		{ "Archived-At", "<https://forum.ville.example/p/12>" },
		{ "Precedence", "list" },
		{ "X-Loop", "voirie@forum.ville.example" },
		{ "MIME-Version", "1.0" },
		{ "Auto-Submitted", "" },
		{ "Sender", "" },
	};
	struct header header;

	header_split(arena, octets, &header);
	assert_int_equal(header.malformed, 0);
	for (size_t i = 0; i < COUNT(want); i++)
		if (!span_is(header_get(&header, want[i].name), want[i].value))
			fail_msg("%s: " SPAN_FORMAT, want[i].name, SPAN_ARGS(header_get(&header, want[i].name)));
	for (size_t i = 0; i < header.count; i++)
		assert_int_equal(header_count(&header, arena_strndup(arena, header.fields[i].name.data,
		    header.fields[i].name.len)), 1);
}

static void
test_post(void **state)
{
	struct outgoing o = post();
	struct parsed parsed;

	(void)state;
	struct span octets = build(&o, 5);
	check_wire("post", octets, 78);
	check_head(octets);
	mail_read(arena, octets, &parsed);
	assert_true(span_is(parsed.from_name, "Élodie \"Lo\" Dupont (Voirie)"));
	assert_true(span_equal(parsed.subject, o.subject));
	assert_true(span_is(parsed.list_id, "voirie.forum.ville.example"));
	assert_int_equal(parsed.references.count, MESSAGE_REFERENCES_MAX);
	assert_true(span_is(parsed.references.items[0], "id0.abcdefghijklmn@example.org"));
	assert_true(span_starts(parsed.source, "Bonjour,\n\nFrom là-bas, une très longue ligne qui"));
	assert_true(span_find_text(parsed.source, "permis.  \n.\nFrom ici\n\tfin = fin\n\n-- \n") <
	    parsed.source.len);
	assert_true(span_ends(span_trim(parsed.source), "/u/" LEAVE));
	struct mime_tree tree;
	mime_read(arena, octets, &tree);
	assert_int_equal(tree.count, 3);
	bool is_cut = false;
	struct span html = mime_text(arena, &tree, &tree.parts[2], 10000, &is_cut);
	assert_true(span_find_text(html, "é é é <a href=\"https://forum.ville.example/u/" LEAVE "\">Ne") <
	    html.len);
	assert_true(span_find_text(html, "<html lang=\"fr\">") < html.len);
}

/* A slot is never parted, whatever stands before it on its line. */
static void
test_slots_whole(void **state)
{
	struct outgoing o = post();

	(void)state;
	for (int shift = 0; shift < 160; shift++) {
		char before[200];
		snprintf(before, sizeof before, "é%.*s", shift,
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
		o.text = with_slot(before, MESSAGE_REPLY, "é");
		struct span octets = build(&o, 6);
		check_wire("shift", octets, 78);
		assert_int_equal(span_find_text(octets, "aaaaaaaaaaaaaaaaaaaaaaaaaa"), octets.len);
	}
}

/* Nothing given can open a field or a line of its own. */
static const char *const poisons[] = { "x\r\nBcc: evil@example.org", "x\nBcc: evil@example.org",
	"x\rBcc: evil@example.org", "x\r\n\r\nbody", "x\xE2\x80\xA8" "Bcc: evil@example.org",
	"\r\nBcc: evil@example.org", "=?utf-8?q?x=0D=0ABcc:_evil=40example.org?=",
	"x\x01\x02\x7F", "\xFF\xFE", "<evil@example.org>", "a\"b\\c", "" };

static void
test_poisons(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(poisons); i++) {
		struct outgoing o = post();
		struct header header;
		struct span poison = span_of(poisons[i]);
		o.from_name = o.to_name = o.reply_name = o.subject = o.list_name = poison;
		o.text = o.footer_text = poison;
		o.html.octets = poison;
		o.language = poisons[i];
		struct message_template template;
		struct err err = { 0 };
		if (!message_template_build(arena, &o, &template, &err))
			fail_msg("%zu: %s", i, err.text);
		check_wire("poison", template.octets, 998);
		header_split(arena, template.octets, &header);
		assert_int_equal(header_count(&header, "Bcc"), 0);
		assert_int_equal(header.malformed, 0);
		struct header_mailboxes from = { 0 };
		header_mailboxes(arena, header_get(&header, "From"), &from);
		assert_int_equal(from.total, 1);
		assert_true(span_equal(from.items[0].address, o.from_address));
	}
}

/* What cannot stand in a header is refused, not repaired. */
static void
test_refusals(void **state)
{
	static const char *const bad[] = { "a@b\r\nBcc: x@y", "a b@c", "a", "a@b>,<x@y", "é@b.fr" };
	static const char *const bad_urls[] = { "https://x/a b", "https://x/\r\nBcc: y", "https://x/>",
		"https://x/é" };
	struct message_template template;
	struct err err = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct outgoing o = post();
		struct span *fields[] = { &o.from_address, &o.to_address, &o.reply_address, &o.list_post,
			&o.list_owner, &o.unsubscribe_mail };
		for (size_t k = 0; k < COUNT(fields); k++) {
			struct span kept = *fields[k];
			*fields[k] = span_of(bad[i]);
			if (message_template_build(arena, &o, &template, &err))
				fail_msg("%s as field %zu", bad[i], k);
			assert_int_equal(err.kind, ERR_INVALID);
			*fields[k] = kept;
		}
	}
	for (size_t i = 0; i < COUNT(bad_urls); i++) {
		struct outgoing o = post();
		o.archived_at = span_of(bad_urls[i]);
		assert_false(message_template_build(arena, &o, &template, &err));
	}
	struct outgoing o = post();
	o.message_id = SPAN("a b@c");
	assert_false(message_template_build(arena, &o, &template, &err));
}

static void
test_patch(void **state)
{
	static const char *const bad[] = { "", "short", "rrrrrrrrrrrrrrrrrrrrrrrrrR",
		"rrrrrrrrrrrrrrrrrrrrrrrrrrr", "rrrrrrrrrrrrrrrrrrrrrrrr\r\n", "01rrrrrrrrrrrrrrrrrrrrrrrr" };
	struct outgoing o = post();
	struct message_template template;
	struct buf out = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_true(message_template_build(arena, &o, &template, &err));
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct message_tokens tokens = { { span_of(bad[i]), SPAN(LEAVE) } };
		assert_false(message_template_patch(&template, &tokens, &out, &err));
		assert_int_equal(out.len, 0);
	}
	struct message_tokens one = { { SPAN(REPLY), SPAN(LEAVE) } };
	struct message_tokens two = { { SPAN(LEAVE), SPAN(REPLY) } };
	assert_true(message_template_patch(&template, &one, &out, &err));
	assert_true(message_template_patch(&template, &two, &out, &err));
	assert_int_equal(out.len, 2 * template.octets.len);
	for (size_t i = 0; i < template.octets.len; i++) {
		char a = out.data[i], b = out.data[template.octets.len + i];
		assert_true(a == b || (a == 'r' && b == 'u') || (a == 'u' && b == 'r'));
	}
	buf_free(&out);
	assert_false(message_write(arena, &o, &out, &err)); /* it has slots */
}

/* A notice: short ASCII goes as it is. */
static void
test_notice(void **state)
{
	struct outgoing o = { .from_address = SPAN("forum@forum.ville.example"),
		.to_address = SPAN("marie@ville.example"), .subject = SPAN("Your sign-in link"),
		.message_id = SPAN("n.1@forum.ville.example"), .date = 1772470800, .zone = "UTC",
		.auto_submitted = "auto-generated", .text = SPAN("Open https://x.example/ok/abc\n"),
		.language = "en" };
	struct buf out = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_true(message_write(arena, &o, &out, &err));
	assert_string_equal(buf_text(&out),
	    "From: <forum@forum.ville.example>\r\n"
	    "To: <marie@ville.example>\r\n"
	    "Subject: Your sign-in link\r\n"
	    "Date: Mon, 02 Mar 2026 17:00:00 +0000\r\n"
	    "Message-ID: <n.1@forum.ville.example>\r\n"
	    "Auto-Submitted: auto-generated\r\n"
	    "X-Auto-Response-Suppress: All\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Language: en\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n"
	    "\r\n"
	    "Open https://x.example/ok/abc\r\n");
	buf_free(&out);
}

/* Files are linked, not carried. */
static void
test_attachments(void **state)
{
	static const struct message_attachment files[] = {
		{ SPAN("plan <été>.pdf"), 1500, SPAN("https://forum.ville.example/a/1/plan.pdf") },
		{ SPAN("gros"), 3 * 1024 * 1024, SPAN("https://forum.ville.example/a/2/gros") },
		{ SPAN("x"), 12, SPAN("javascript:alert(1)") },
	};
	struct outgoing o = post();
	struct parsed parsed;

	(void)state;
	o.attachments = files;
	o.attachment_count = COUNT(files);
	o.attachment_word = SPAN("Pièce jointe :");
	struct span octets = build(&o, 5);
	mail_read(arena, octets, &parsed);
	assert_int_equal(parsed.attachment_count, 0);
	assert_true(span_find_text(parsed.source,
	    "Pièce jointe : plan <été>.pdf (1 Ko) https://forum.ville.example/a/1/plan.pdf\n"
	    "Pièce jointe : gros (3,0 Mo) https://forum.ville.example/a/2/gros\n") < parsed.source.len);
	assert_int_equal(span_find_text(octets, "href=3D\"javascript"), octets.len);
}

static void
test_ids(void **state)
{
	struct span a = message_id_new(arena, "p", SPAN("forum.ville.example"));
	struct span b = message_id_new(arena, "p", SPAN("forum.ville.example"));

	(void)state;
	assert_true(span_starts(a, "p.") && span_ends(a, "@forum.ville.example"));
	assert_false(span_equal(a, b));
	assert_true(message_id_is_ours(a, SPAN("Forum.ville.example")));
	assert_false(message_id_is_ours(a, SPAN("ville.example")));
	assert_false(message_id_is_ours(span_first(a, a.len - 1), SPAN("forum.ville.example")));
	assert_false(message_id_is_ours(SPAN("p.1@forum.ville.example"), SPAN("forum.ville.example")));
	assert_false(message_id_is_ours(SPAN("5f0c8a2e-91ab-4d3c-8e77-0a1b2c3d4e5f@forum.ville.example"),
	    SPAN("forum.ville.example")));
	assert_false(message_id_is_ours(SPAN(""), SPAN("forum.ville.example")));
	assert_int_equal(message_slot(MESSAGE_REPLY).len, MESSAGE_TOKEN);
	assert_false(span_equal(message_slot(MESSAGE_REPLY), message_slot(MESSAGE_UNSUBSCRIBE)));
	assert_true(span_equal(message_slot(MESSAGE_REPLY), message_slot(MESSAGE_REPLY)));
}

/* The same post, read by a parser that is not ours. */
static void
test_python(void **state)
{
	struct outgoing o = post();
	char path[] = "/tmp/preau-message-XXXXXX";
	struct err err = { 0 };
	int fd = mkstemp(path), status = -1;

	(void)state;
	assert_true(fd >= 0 && file_write_fd(fd, build(&o, 5), &err));
	close(fd);
	pid_t child = fork();
	if (child == 0) {
		execlp("python3", "python3", PREAU_SOURCE "/tests/unit/message_write.py", path, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	unlink(path);
	assert_int_equal(status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_post),
		cmocka_unit_test(test_slots_whole),
		cmocka_unit_test(test_poisons),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_patch),
		cmocka_unit_test(test_notice),
		cmocka_unit_test(test_attachments),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_python),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
