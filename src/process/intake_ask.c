/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/intake_ask.c: what a session asks the clerk, and gives it (role_intake.h). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "mail/header.h"
#include "mail/mail_token.h"
#include "process/role_intake.h"

/* ---- octets of the message ---- */

/* Nameless: gone with its last descriptor, whoever dies. */
static int
open_spool(int folder)
{
	char name[44];
	int fd = openat(folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	token_secret(name);
	fd = openat(folder, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0)
		(void)unlinkat(folder, name, 0);
	return fd;
}

static bool
spool_begin(struct intake_session *session)
{
	struct err err;

	session->fd = open_spool(session->intake->spool);
	if (session->fd < 0) {
		log_error("intake session=%s spool=\"%s\"", session->id, strerror(errno));
		return false;
	}
	return file_write_fd(session->fd, buf_span(&session->octets), &err);
}

bool
intake_on_data(void *context, struct span octets)
{
	struct intake_session *session = context;
	struct err err = { 0 };

	session->size += octets.len;
	if (session->fd < 0) {
		if (session->size <= INTAKE_MEMORY) {
			buf_add_span(&session->octets, octets);
			return true;
		}
		if (!spool_begin(session))
			return false;
	}
	if (file_write_fd(session->fd, octets, &err))
		return true;
	log_error("intake session=%s spool=\"%s\"", session->id, err.text);
	return false;
}

void
intake_on_drop(void *context)
{
	struct intake_session *session = context;

	file_close(&session->fd);
	session->size = 0;
	if (session->octets.room > INTAKE_MEMORY / 4)
		buf_free(&session->octets);
	buf_clear(&session->octets);
}

/* ---- what the clerk is asked ---- */

static void
add_facts(struct intake_session *session, struct arena *arena, struct buf *input)
{
	struct header_front front;

	header_front(arena, buf_span(&session->octets), &front);
	(void)snprintf(session->message, sizeof(session->message), "%s",
	    log_message(front.message_id));
	if (front.from_address.len > 0)
		fields_add(input, "head.from", front.from_address);
	if (front.auto_submitted.len > 0)
		fields_add(input, "head.auto", front.auto_submitted);
	if (front.message_id.len > 0)
		fields_add(input, "head.id", front.message_id);
	if (front.is_report)
		fields_add_text(input, "head.report", "1");
	if (front.is_robot)
		fields_add_text(input, "head.robot", "1");
}

static void
write_message(struct intake_session *session, struct buf *input)
{
	const struct smtp_envelope *envelope = smtp_server_envelope(session->server);
	struct arena *arena = arena_new();
	struct buf sender = { 0 };

	for (size_t i = 0; i < envelope->rcpt_count; i++)
		fields_add_text(input, "recipient", envelope->rcpts[i].local);
	address_write(&envelope->sender, &sender);
	fields_add(input, "from", buf_span(&sender));
	fields_add_text(input, "peer", conn_peer(session->conn));
	fields_add_text(input, "door", session->lmtp ? "lmtp" : "smtp");
	add_facts(session, arena, input);
	if (session->fd < 0)
		fields_add(input, "raw", buf_span(&session->octets));
	else
		fields_add_int(input, "size", (int64_t)session->size);
	buf_free(&sender);
	arena_free(&arena);
}

static void
log_outcome(const struct intake_session *session, const char *outcome)
{
	log_info("intake session=%s message=%s octets=%zu recipients=%zu outcome=%s%s%s",
	    session->id, session->message, session->size,
	    smtp_server_envelope(session->server)->rcpt_count, outcome,
	    session->rows[0] != '\0' ? " inbox=" : "", session->rows);
}

void
intake_answer(struct intake_session *session, enum err_kind kind, const char *text)
{
	struct smtp_answer answer = { kind, text };
	enum intake_wants wants = session->wants;

	session->wants = INTAKE_NOTHING;
	session->number = 0;
	if (wants == INTAKE_ASKS) {
		smtp_server_answer_rcpt(session->server, &answer);
	} else if (wants == INTAKE_SENDS) {
		log_outcome(session, kind == ERR_NONE ? "taken" : err_kind_name(kind));
		session->messages += kind == ERR_NONE;
		smtp_server_answer_message(session->server, &answer, 1);
	}
}

static bool
is_known(const struct intake *intake, const char *local)
{
	int64_t now = clock_ticks_ms();

	for (size_t i = 0; i < INTAKE_KNOWN; i++) {
		if (now < intake->known[i].until && strcmp(intake->known[i].local, local) == 0)
			return true;
	}
	return false;
}

static void
remember(struct intake *intake, const struct mail_address *rcpt)
{
	struct intake_known *place = &intake->known[intake->known_next++ % INTAKE_KNOWN];
	struct mail_recipient recipient;

	mail_recipient_read(span_of(rcpt->local), &recipient);
	if (recipient.kind != MAIL_TO_FORUM)
		return;
	memcpy(place->local, rcpt->local, sizeof(place->local));
	place->until = clock_ticks_ms() + INTAKE_KNOWN_MS;
}

/* With LMTP each recipient hears its own: a row of the inbox, or 0 where the clerk
 * refused that one alone. */
static void
answer_each(struct intake_session *session, const struct fields *output)
{
	size_t count = smtp_server_envelope(session->server)->rcpt_count, at = 0, n = 0;
	struct smtp_answer *answers = x_calloc(count, sizeof(*answers));
	struct span name, value;

	while (n < count && fields_next(output, &at, &name, &value)) {
		if (span_is(name, "inbox"))
			answers[n++].kind = span_is(value, "0") ? ERR_DENIED : ERR_NONE;
	}
	while (n < count)
		answers[n++].kind = ERR_BROKEN;
	session->wants = INTAKE_NOTHING;
	session->number = 0;
	session->messages++;
	log_outcome(session, "taken");
	smtp_server_answer_message(session->server, answers, count);
	free(answers);
}

/* By these numbers the lines of the clerk and `preau show inbox` are found; the first ones do. */
static void
keep_rows(struct intake_session *session, const struct fields *output)
{
	struct span name, value;
	size_t at = 0, len = 0;

	while (fields_next(output, &at, &name, &value)) {
		if (!span_is(name, "inbox") || len + value.len + 2 > sizeof(session->rows))
			continue;
		len += (size_t)snprintf(session->rows + len, sizeof(session->rows) - len,
		    "%s" SPAN_FORMAT, len > 0 ? "," : "", SPAN_ARGS(value));
	}
}

/* The clerk's word. What it calls broken is our trouble: the sender tries again. */
static void
on_answer(const struct door_answer *answer, void *arg)
{
	struct intake_session *session = arg;
	struct intake *intake = session->intake;

	session->rows[0] = '\0';
	if (answer->ok && session->wants == INTAKE_ASKS)
		remember(intake, smtp_server_rcpt(session->server));
	else if (answer->ok)
		keep_rows(session, &answer->output);
	if (answer->ok && session->lmtp && session->wants == INTAKE_SENDS)
		answer_each(session, &answer->output);
	else
		intake_answer(session, answer->ok ? ERR_NONE : answer->err.kind, answer->err.text);
	conn_hold_input(session->conn, false);
	intake_session_run(session);
	intake_session_next(intake);
}

/* False: no place at the door. */
static bool
send_wanted(struct intake_session *session)
{
	struct door_request request = { .trace = session->id, .fd = -1 };
	struct buf input = { 0 };
	char key[44];

	if (session->wants == INTAKE_ASKS) {
		request.name = "address.known";
		request.ask = true;
		fields_add_text(&input, "recipient", smtp_server_rcpt(session->server)->local);
	} else {
		request.name = "mail.receive";
		request.fd = session->fd;
		token_secret(key);
		request.key = span_of(key);
		write_message(session, &input);
	}
	request.input = buf_span(&input);
	session->number = door_send(session->intake->door, &request, on_answer, session);
	buf_free(&input);
	return session->number != 0;
}

static void
wait_for_place(struct intake_session *session)
{
	struct intake *intake = session->intake;

	session->waiting = true;
	session->next_waiting = NULL;
	if (intake->waiting_last != NULL)
		intake->waiting_last->next_waiting = session;
	else
		intake->waiting = session;
	intake->waiting_last = session;
}

void
intake_stop_waiting(struct intake_session *session)
{
	struct intake *intake = session->intake;
	struct intake_session *before = NULL, *at = intake->waiting;

	if (!session->waiting)
		return;
	for (; at != session; at = at->next_waiting)
		before = at;
	if (before != NULL)
		before->next_waiting = session->next_waiting;
	else
		intake->waiting = session->next_waiting;
	if (intake->waiting_last == session)
		intake->waiting_last = before;
	session->waiting = false;
}

/* First come, first served; nobody overtakes those who wait. */
void
intake_want(struct intake_session *session, enum intake_wants wants)
{
	session->wants = wants;
	session->rows[0] = session->message[0] = '\0';
	conn_hold_input(session->conn, true);
	conn_deadline(session->conn, wants == INTAKE_ASKS ? INTAKE_ASK_MS : INTAKE_COMMIT_MS);
	if (session->intake->waiting != NULL ||
	    door_open_count(session->intake->door) >= DOOR_OPEN_MAX || !send_wanted(session))
		wait_for_place(session);
}

void
intake_session_next(struct intake *intake)
{
	while (intake->waiting != NULL && door_open_count(intake->door) < DOOR_OPEN_MAX) {
		struct intake_session *session = intake->waiting;

		intake_stop_waiting(session);
		if (!send_wanted(session)) {
			wait_for_place(session);
			return;
		}
	}
}

/* What has not even the shape of one of our addresses is nobody's question. */
void
intake_ask_recipient(struct intake_session *session)
{
	const struct mail_address *rcpt = smtp_server_rcpt(session->server);
	struct smtp_answer unknown = { ERR_NOT_FOUND, "" }, known = { ERR_NONE, "" };
	struct mail_recipient recipient;

	mail_recipient_read(span_of(rcpt->local), &recipient);
	if (recipient.kind == MAIL_TO_UNKNOWN)
		smtp_server_answer_rcpt(session->server, &unknown);
	else if (is_known(session->intake, rcpt->local))
		smtp_server_answer_rcpt(session->server, &known);
	else
		intake_want(session, INTAKE_ASKS);
}
