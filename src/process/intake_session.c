/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/intake_session.c: one connection of a mail server (role_intake.h). */
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

enum {
	IDLE_MS = 300 * 1000,	   /* RFC 5321 §4.5.3.2.7 */
	IDLE_BUSY_MS = 30 * 1000,  /* when three quarters of the places are taken */
	DATA_GRACE_MS = 30 * 1000, /* then DATA_RATE counts */
	DATA_RATE = 500,	   /* octets a second of a stranger's message, at least */
	DRAIN_DATA_MS = 5 * 1000,
	FINISH_MS = 2000
};

static void
session_run(struct intake_session *session);

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

static bool
on_data(void *context, struct span octets)
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

static void
on_drop(void *context)
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
answer_wanted(struct intake_session *session, enum err_kind kind, const char *text)
{
	struct smtp_answer answer = { kind, text };
	enum intake_wants wants = session->wants;

	session->wants = INTAKE_NOTHING;
	session->number = 0;
	if (wants == INTAKE_ASKS) {
		smtp_server_answer_rcpt(session->server, &answer);
	} else if (wants == INTAKE_SENDS) {
		log_info("intake session=%s octets=%zu recipients=%zu outcome=%s", session->id,
		    session->size, smtp_server_envelope(session->server)->rcpt_count,
		    kind == ERR_NONE ? "taken" : err_kind_name(kind));
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
	log_info("intake session=%s octets=%zu recipients=%zu outcome=taken", session->id,
	    session->size, count);
	smtp_server_answer_message(session->server, answers, count);
	free(answers);
}

/* The clerk's word. What it calls broken is our trouble: the sender tries again. */
static void
on_answer(const struct door_answer *answer, void *arg)
{
	struct intake_session *session = arg;
	struct intake *intake = session->intake;

	if (answer->ok && session->wants == INTAKE_ASKS)
		remember(intake, smtp_server_rcpt(session->server));
	if (answer->ok && session->lmtp && session->wants == INTAKE_SENDS)
		answer_each(session, &answer->output);
	else
		answer_wanted(session, answer->ok ? ERR_NONE : answer->err.kind, answer->err.text);
	conn_hold_input(session->conn, false);
	session_run(session);
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

static void
stop_waiting(struct intake_session *session)
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
static void
want(struct intake_session *session, enum intake_wants wants)
{
	session->wants = wants;
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

		stop_waiting(session);
		if (!send_wanted(session)) {
			wait_for_place(session);
			return;
		}
	}
}

/* What has not even the shape of one of our addresses is nobody's question. */
static void
ask_recipient(struct intake_session *session)
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
		want(session, INTAKE_ASKS);
}

/* ---- the dialogue ---- */

static void
finish(struct intake_session *session)
{
	if (session->closing)
		return;
	session->closing = true;
	stop_waiting(session);
	if (session->number != 0)
		door_cancel(session->intake->door, session->number);
	session->number = 0;
	conn_finish(session->conn, FINISH_MS);
}

static void
flush(struct intake_session *session)
{
	struct buf *replies = smtp_server_replies(session->server);

	if (replies->len > 0)
		conn_send(session->conn, buf_span(replies));
	buf_clear(replies);
}

static void
stop(struct intake_session *session, const char *enhanced, const char *text)
{
	smtp_server_stop(session->server, enhanced, text);
	flush(session);
	finish(session);
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Until when the client must have said more. A stranger's message must come at a rate;
 * a stranger's session has an end. */
static void
set_deadline(struct intake_session *session)
{
	int64_t now = clock_ticks_ms(), wait = IDLE_MS;

	if (session->intake->session_count > INTAKE_SESSIONS_MAX * 3 / 4)
		wait = IDLE_BUSY_MS;
	if (!smtp_server_in_data(session->server))
		session->data_began = 0;
	else if (session->data_began == 0)
		session->data_began = now, session->data_octets = 0;
	if (!session->trusted) {
		wait = least(wait, session->began + INTAKE_TOTAL_MS - now);
		if (session->data_began != 0)
			wait = least(wait, session->data_began + DATA_GRACE_MS +
					       (int64_t)(session->data_octets * 1000 / DATA_RATE) -
					       now);
	}
	if (session->intake->draining)
		wait = least(wait, DRAIN_DATA_MS);
	conn_deadline(session->conn, wait > 1 ? wait : 1);
}

/* Feeds the machine what waits; true where there is more to do at once. */
static bool
session_step(struct intake_session *session)
{
	struct span rest = conn_input(session->conn);
	size_t before = rest.len;
	enum smtp_event event = smtp_server_input(session->server, &rest);

	conn_consume(session->conn, before - rest.len);
	session->data_octets += before - rest.len;
	flush(session);
	switch (event) {
	case SMTP_EVENT_RCPT:
		ask_recipient(session);
		return true;
	case SMTP_EVENT_MESSAGE:
		want(session, INTAKE_SENDS);
		return false;
	case SMTP_EVENT_STARTTLS:
		conn_start_tls_server(session->conn, session->intake->tls);
		return false;
	case SMTP_EVENT_CLOSE:
		finish(session);
		return false;
	case SMTP_EVENT_NONE:
		break;
	}
	return false;
}

static void
session_run(struct intake_session *session)
{
	while (!session->closing && session->wants == INTAKE_NOTHING && session_step(session))
		;
	if (session->closing || session->wants != INTAKE_NOTHING)
		return;
	flush(session);
	if (session->intake->draining && !smtp_server_in_data(session->server))
		stop(session, "4.3.2", "The service is stopping; try again");
	else if (session->ended)
		finish(session);
	else
		set_deadline(session);
}

static void
on_timeout(struct intake_session *session)
{
	if (session->wants == INTAKE_NOTHING) {
		log_info("intake session=%s end=timeout", session->id);
		stop(session, "4.4.2", "Nothing was heard for too long");
		return;
	}
	log_warn("intake session=%s clerk=late", session->id);
	stop_waiting(session);
	if (session->number != 0)
		door_cancel(session->intake->door, session->number);
	answer_wanted(session, ERR_TEMPORARY, "");
	conn_hold_input(session->conn, false);
	session_run(session);
}

void
intake_session_free(struct intake_session *session)
{
	struct intake *intake = session->intake;

	stop_waiting(session);
	if (session->number != 0)
		door_cancel(intake->door, session->number);
	if (session->next != NULL)
		session->next->prev = session->prev;
	if (session->prev != NULL)
		session->prev->next = session->next;
	else
		intake->sessions = session->next;
	smtp_server_free(&session->server);
	buf_free(&session->octets);
	file_close(&session->fd);
	free(session);
}

static void
on_closed(struct intake_session *session)
{
	struct intake *intake = session->intake;
	struct intake_peer *peer = session->peer;

	log_info("intake session=%s messages=%u end=%s", session->id, session->messages,
	    conn_reason_text(session->conn));
	intake_session_free(session);
	intake_session_gone(intake, peer);
}

static void
on_conn(struct conn *conn, enum conn_event event, void *arg)
{
	struct intake_session *session = arg;

	switch (event) {
	case CONN_OPEN:
	case CONN_DATA:
		session_run(session);
		break;
	case CONN_SECURE:
		smtp_server_secured(session->server);
		session_run(session);
		break;
	case CONN_END:
		session->ended = true;
		conn_stay(conn);
		session_run(session);
		break;
	case CONN_TIMEOUT:
		on_timeout(session);
		break;
	case CONN_CLOSED:
		on_closed(session);
		break;
	case CONN_DRAINED:
		break;
	}
}

static struct smtp_server *
make_server(struct intake_session *session)
{
	struct intake *intake = session->intake;
	const struct settings *settings = &intake->worker->settings;
	struct smtp_server_options options = {
		.lmtp = session->lmtp,
		.tls = intake->tls != NULL,
		.name = intake->domain,
		.session = session->id,
		.domains = intake->domains,
		.size_max = (size_t)settings->mail_size,
		.data = on_data,
		.drop = on_drop,
		.context = session,
	};

	if (session->trusted) {
		/* an MTA hands on what its own users sent to a hundred recipients
		 * (RFC 5321 §4.5.3.1.8), over few connections */
		options.rcpt_max = 100;
		options.unknown_max = SMTP_NO_LIMIT;
		options.error_max = SMTP_NO_LIMIT;
		options.message_max = SMTP_NO_LIMIT;
	}
	return smtp_server_new(&options);
}

void
intake_session_open(
    struct intake *intake, int fd, bool lmtp, bool trusted, struct intake_peer *peer)
{
	struct intake_session *session = x_calloc(1, sizeof(*session));

	session->intake = intake;
	session->lmtp = lmtp;
	session->trusted = trusted;
	session->peer = peer;
	session->fd = -1;
	session->began = clock_ticks_ms();
	(void)snprintf(session->id, sizeof(session->id), "m%u.%llu", intake->worker->incarnation,
	    (unsigned long long)++intake->next);
	session->next = intake->sessions;
	if (session->next != NULL)
		session->next->prev = session;
	intake->sessions = session;
	session->server = make_server(session);
	session->conn = conn_accept(intake->worker->loop, fd, NULL, on_conn, session);
	log_info("intake session=%s door=%s peer=%s", session->id, lmtp ? "lmtp" : "smtp",
	    conn_peer(session->conn));
	set_deadline(session);
}

void
intake_session_drain(struct intake_session *session)
{
	if (session->closing || session->wants != INTAKE_NOTHING)
		return;
	if (smtp_server_in_data(session->server))
		set_deadline(session);
	else
		stop(session, "4.3.2", "The service is stopping; try again");
}
