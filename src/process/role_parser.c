/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/role_parser.c: bytes in, plain data out, behind walls.
 *
 * Whatever strangers send is taken apart here and nowhere else: libetpan, libxml2 and
 * cmark run in this process, which has no file, no socket but its channel, no secret.
 * A job that takes too long or too much kills it: the clerk sees which one was in
 * hand, tries it once more (Markdown: as plain text) and then sets it aside. */
#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "mail/charset.h"
#include "mail/mail_read.h"
#include "mail/mime_read.h"
#include "process/channel.h"
#include "process/role.h"
#include "process/sandbox.h"

enum {
	MEMORY = 512 * 1024 * 1024, /* octets of address space: libraries take half of it */
	MAIL_CPU_MS = 5000,
	MARKDOWN_CPU_MS = 2000
};

/* Every path through the libraries once, so that what they load or open lazily is there
 * before the walls close. */
static const char specimen[] =
    "From: =?iso-8859-1?Q?Mich=E8le?= <a@example.org>\r\n"
    "Subject: =?utf-8?B?w6l0w6k=?=\r\n"
    "Date: Mon, 02 Mar 2026 18:00:00 +0100\r\n"
    "Content-Type: multipart/alternative; boundary=b\r\n\r\n"
    "--b\r\nContent-Type: text/html; charset=windows-1252\r\n\r\n<p>\xE9<b>a</b> &eacute;\r\n"
    "--b\r\nContent-Type: text/plain\r\n\r\n\r\n--b--\r\n";

static void
warm_up(void)
{
	struct arena *arena = arena_new();
	struct parsed parsed;

	charset_prepare();
	mail_read(arena, span_of(specimen), &parsed);
	mail_read_markdown(arena, SPAN("# a\n\n* *b* `c` <http://example.org>\n"), false, &parsed);
	arena_free(&arena);
}

static bool
parser_start(struct worker *worker, struct err *err)
{
	(void)worker;
	warm_up();
	return sandbox_close(MEMORY, err);
}

/* The octets of the job: in the frame, or in the file that came with it. */
static bool
read_octets(const struct fields *fields, int fd, struct buf *out, struct err *err)
{
	if (fd == CHANNEL_FD_LOST)
		die("parser: too many files are open"); /* the job is given to the next life */
	if (fd >= 0)
		return file_read_fd(fd, MIME_SIZE_MAX, out, err);
	buf_add_span(out, fields_get(fields, "octets"));
	return true;
}

static bool
do_job(struct arena *arena, struct span job, struct span octets, struct parsed *parsed)
{
	if (span_is(job, "mail")) {
		sandbox_deadline(MAIL_CPU_MS);
		mail_read(arena, octets, parsed);
	} else if (span_is(job, "markdown") || span_is(job, "plain")) {
		sandbox_deadline(MARKDOWN_CPU_MS);
		mail_read_markdown(arena, octets, span_is(job, "plain"), parsed);
	} else {
		return false;
	}
	sandbox_deadline(0);
	return true;
}

static void
answer_parsed(struct arena *arena, struct span job, struct span octets, struct buf *answer)
{
	struct parsed parsed;
	struct buf fields;

	if (!do_job(arena, job, octets, &parsed)) {
		fields_add_text(answer, "failed", "the parser knows no such job");
		return;
	}
	buf_init(&fields, MESSAGE_MAX - 1024);
	parsed_write(&parsed, &fields);
	if (buf_ok(&fields))
		fields_add(answer, "parsed", buf_span(&fields));
	else
		fields_add_text(answer, "failed", "what was read is too large");
	buf_free(&fields);
}

static void
parser_message(struct worker *worker, const struct frame *frame, int *fd)
{
	struct arena *arena = arena_new();
	struct buf octets = { 0 }, answer = { 0 };
	struct err err = { 0 };

	if (frame->kind != MESSAGE_JOB) {
		arena_free(&arena);
		return;
	}
	frame_begin(&answer, MESSAGE_RESULT, worker->incarnation, frame->id);
	if (read_octets(&frame->fields, *fd, &octets, &err))
		answer_parsed(arena, fields_get(&frame->fields, "job"), buf_span(&octets), &answer);
	else
		fields_add_text(&answer, "failed", err.text);
	log_debug("parser inbox=%lld octets=%zu read=done",
	    (long long)fields_int(&frame->fields, "inbox", 0), octets.len);
	worker_send(worker, buf_span(&answer), -1);
	buf_free(&answer);
	buf_free(&octets);
	arena_free(&arena);
}

const struct role_ops role_parser_ops = {
	.start = parser_start,
	.message = parser_message,
};
