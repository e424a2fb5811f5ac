/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Delivery reports of some sixty mail systems, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "json.h"
#include "mail/bounce_read.h"
#include "mail/mail_read.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DATA PREAU_SOURCE "/tests/data/bounces/"

/* What was reached when this was written: never less. */
enum { MESSAGES = 180, RECIPIENTS_MIN = 167, CLASSES_MIN = 162 };

static const struct {
	const char *text, *found, *guessed;
} statuses[] = {
	{ "550 5.1.1 <a@b>: unknown", "5.1.1", "" },
	{ "smtp;4.2.2", "4.2.2", "" },
	{ "from 192.5.1.1 and 5.1.1.9", "", "" },
	{ "version 15.2.3, 8.9.3", "", "" },
	{ "5.7.509 access denied", "5.7.509", "5.7.1" },
	{ "5.1", "", "" },
	{ "5.1.", "", "" },
	{ "5.1234.1", "", "" },
	{ "x5.1.1.", "5.1.1", "" },
	{ "Mailbox full", "", "5.2.2" },
	{ "Boîte aux lettres est pleine", "", "5.2.2" },
	{ "Utilisateur inconnu", "", "5.1.1" },
	{ "Host unknown", "", "5.1.2" },
	{ "Connection timed out", "", "4.4.1" },
	{ "hello", "", "" },
	{ "", "", "" },
};

static void
test_statuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(statuses); i++) {
		if (!span_is(bounce_find_status(span_of(statuses[i].text)), statuses[i].found))
			fail_msg("%s: found", statuses[i].text);
		if (!span_is(bounce_guess_status(span_of(statuses[i].text)), statuses[i].guessed))
			fail_msg("%s: guessed", statuses[i].text);
	}
}

#define HUMAN "From: Marie <m@x.example>\r\nTo: voirie@forum.example\r\n"
#define ROBOT "From: MAILER-DAEMON@mx.example\r\nTo: b.token@forum.example\r\n"

/* recipient action status ... or "-" for no report at all. */
static const struct {
	const char *name, *raw, *want;
} cases[] = {
	{ "a person who speaks of bounces", HUMAN "Subject: Returned mail: user unknown\r\n\r\n"
	    "<jean@x.example>: mailbox is full, says the system. What do I do?\r\n", "-" },
	{ "a person who forwards one", HUMAN "Subject: TR: Undelivered Mail Returned to Sender\r\n\r\n"
	    "> could not be delivered to\r\n> <jean@x.example>\r\n", "-" },
	{ "a newsletter of a robot", "From: no-reply@x.example\r\nSubject: Nouvelles\r\n\r\n"
	    "Ecrivez a info@x.example\r\n", "-" },
	{ "qmail", ROBOT "Subject: failure notice\r\n\r\nHi. This is the qmail-send program.\r\n"
	    "I'm afraid I wasn't able to deliver your message to the following addresses.\r\n\r\n"
	    "<jean@x.example>:\r\n192.0.2.1 does not like recipient.\r\n"
	    "Remote host said: 550 5.2.1 disabled\r\n\r\n<lea@y.example>:\r\nuser unknown\r\n\r\n"
	    "--- Below this line is a copy of the message.\r\n\r\nReturn-Path: <b@forum.example>\r\n"
	    "Message-ID: <p.1@forum.example>\r\nTo: someone@z.example\r\n",
	    "jean@x.example failed 5.2.1 lea@y.example failed 5.1.1 p.1@forum.example" },
	{ "a delay", ROBOT "Subject: Delivery Status Notification (Delay)\r\n\r\n"
	    "Delivery to the following recipient has been delayed:\r\n\r\n     jean@x.example\r\n\r\n"
	    "Message will be retried for 2 more day(s)\r\n", "jean@x.example delayed 4.4.7" },
	{ "french words", ROBOT "Subject: =?utf-8?q?=C3=89chec_de_remise?=\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n\r\nVotre message n'a pas pu \xC3\xAAtre remis \xC3\xA0 :\r\n\r\n"
	    "  jean@x.example\r\n\r\nUtilisateur inconnu\r\n", "jean@x.example failed 5.1.1" },
	{ "only the header says who", ROBOT "Subject: failure notice\r\nX-Failed-Recipients: jean@x.example\r\n\r\n"
	    "Could not be delivered.\r\n", "jean@x.example failed 5.0.0" },
	{ "fields in the text", ROBOT "Subject: Undeliverable\r\n\r\nReport:\r\n\r\n"
	    "Final-Recipient: rfc822; jean@x.example\r\nAction: failed\r\nStatus: 5.4.4\r\n",
	    "jean@x.example failed 5.4.4" },
	{ "no name at all", ROBOT "Subject: Undeliverable\r\n\r\nSorry.\r\n", "" },
	{ "the sender himself is not whom it failed for", ROBOT "Subject: Undeliverable\r\n\r\n"
	    "Your message (b.token@forum.example) could not be delivered to jean@x.example.\r\n",
	    "jean@x.example failed 5.0.0" },
	{ "a report with nothing in it", "Content-Type: multipart/report; report-type=delivery-status;"
	    " boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n\r\n--b--\r\n", "" },
	{ "a global report", "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
	    "--b\r\nContent-Type: message/global-delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n"
	    "Final-Recipient: utf-8; jos\xC3\xA9@x.example\r\nAction: failed\r\nStatus: 5.1.1\r\n--b--\r\n",
	    "jos\xC3\xA9@x.example failed 5.1.1" },
	{ "delivered", "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
	    "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n"
	    "Final-Recipient: rfc822; a@b.example\r\nAction: delivered\r\nStatus: 2.0.0\r\n--b--\r\n",
	    "a@b.example delivered 2.0.0" },
};

static void
show(const struct parsed *p, struct buf *out)
{
	if (p->report == PARSED_REPORT_NONE)
		buf_add_text(out, "-");
	for (size_t i = 0; i < p->report_recipient_count; i++) {
		const struct parsed_recipient *r = &p->report_recipients[i];
		buf_printf(out, "%s" SPAN_FORMAT " %s " SPAN_FORMAT, i > 0 ? " " : "",
		    SPAN_ARGS(r->final), parsed_action_name(r->action), SPAN_ARGS(r->status));
	}
	if (p->report_message_id.len > 0)
		buf_printf(out, " " SPAN_FORMAT, SPAN_ARGS(p->report_message_id));
}

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *arena = arena_new();
		struct parsed parsed;
		struct buf got = { 0 };
		mail_read(arena, span_of(cases[i].raw), &parsed);
		show(&parsed, &got);
		if (!span_is(buf_span(&got), cases[i].want))
			fail_msg("%s: got '%s'", cases[i].name, buf_text(&got));
		buf_free(&got);
		arena_free(&arena);
	}
}

static void
read_message(struct arena *arena, const char *name, struct parsed *parsed)
{
	struct buf raw = { 0 };
	struct err err = { 0 };

	if (!file_read(arena_printf(arena, DATA "%s", name), 1 << 24, &raw, &err))
		fail_msg("%s", err.text);
	mail_read(arena, buf_span(&raw), parsed);
	buf_free(&raw);
}

static const struct parsed_recipient *
find_recipient(const struct parsed *p, const char *address)
{
	for (size_t i = 0; i < p->report_recipient_count; i++) {
		const struct parsed_recipient *r = &p->report_recipients[i];
		if (span_is_nocase(r->final, address) || span_is_nocase(r->original, address))
			return r;
	}
	return NULL;
}

/* Are all recipients expected there; and is the class of their statuses right? */
static void
compare(const struct parsed *p, const struct json *message, int *recipients, int *classes)
{
	const struct json *list = json_get(message, "recipients");
	bool all = true, right = true;

	for (const struct json *want = list->first; want != NULL; want = want->next) {
		const struct parsed_recipient *got = find_recipient(p, json_get_text(want, "recipient"));
		const char *alias = json_get_text(want, "alias"), *status = json_get_text(want, "status");
		if (got == NULL && alias != NULL)
			got = find_recipient(p, alias);
		all &= got != NULL;
		right &= got != NULL && status != NULL && status[0] != '\0' && got->status.len > 0 &&
		    got->status.data[0] == status[0];
	}
	*recipients += all ? 1 : 0;
	*classes += all && right ? 1 : 0;
}

static void
test_sisimai(void **state)
{
	struct arena *arena = arena_new(), *work = arena_new();
	const struct json *all = json_read(arena, DATA "sisimai-set-of-emails/expected.json");
	int count = 0, recipients = 0, classes = 0;

	(void)state;
	for (const struct json *message = all->first; message != NULL; message = message->next) {
		struct parsed parsed;
		read_message(work, arena_printf(work, "sisimai-set-of-emails/%s", message->name), &parsed);
		compare(&parsed, message, &recipients, &classes);
		count++;
		arena_reset(work);
	}
	print_message("recipients %d, classes of status %d, of %d\n", recipients, classes, count);
	assert_int_equal(count, MESSAGES);
	assert_true(recipients >= RECIPIENTS_MIN);
	assert_true(classes >= CLASSES_MIN);
	arena_free(&work);
	arena_free(&arena);
}

static void
test_no_bounces(void **state)
{
	static const char *const names[] = { "is-not-bounce-01", "is-not-bounce-02" };
	struct arena *arena = arena_new();
	struct parsed parsed;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		read_message(arena, arena_printf(arena, "sisimai-set-of-emails/not-bounces/%s.eml", names[i]),
		    &parsed);
		if (parsed.report != PARSED_REPORT_NONE)
			fail_msg("%s", names[i]);
	}
	arena_free(&arena);
}

static void
test_complaints(void **state)
{
	static const char *const names[] = { "arf/001.eml", "arf/002.eml", "arf/003.eml" };
	struct arena *arena = arena_new();
	struct parsed parsed;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		read_message(arena, names[i], &parsed);
		if (parsed.report != PARSED_REPORT_FEEDBACK || parsed.feedback_type.len == 0)
			fail_msg("%s", names[i]);
	}
	arena_free(&arena);
}

static void
test_storms(void **state)
{
	static const char *const storms[] = { "a@b.example\r\n", "<a@b>: 550 ", "@", "5.1.", "To: ",
		"Final-Recipient: rfc822; a@b\r\n\r\n", "user unknown ", "x\r\n" };

	(void)state;
	for (size_t i = 0; i < COUNT(storms); i++) {
		struct arena *arena = arena_new();
		struct parsed parsed;
		struct buf raw = { 0 };
		int64_t before = clock_cpu_us();
		buf_add_text(&raw, ROBOT "Subject: failure notice\r\n\r\n");
		for (int k = 0; k < 60000; k++)
			buf_add_text(&raw, storms[i]);
		mail_read(arena, buf_span(&raw), &parsed);
		if (clock_cpu_us() - before > 4000000)
			fail_msg("%s: %lld us", storms[i], (long long)(clock_cpu_us() - before));
		assert_true(parsed.report_recipient_count <= PARSED_RECIPIENTS_MAX);
		buf_free(&raw);
		arena_free(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_sisimai),
		cmocka_unit_test(test_no_bounces),
		cmocka_unit_test(test_complaints),
		cmocka_unit_test(test_storms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
