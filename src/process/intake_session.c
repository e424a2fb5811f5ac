/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/intake_session.c: one connection of a mail server (role_intake.h). */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "process/role_intake.h"

enum {
	IDLE_MS = 300 * 1000,	   /* RFC 5321 §4.5.3.2.7 */
	IDLE_BUSY_MS = 30 * 1000,  /* when three quarters of the places are taken */
	DATA_GRACE_MS = 30 * 1000, /* then DATA_RATE counts */
	DATA_RATE = 500,	   /* octets a second of a stranger's message, at least */
	DRAIN_DATA_MS = 5 * 1000,
	FINISH_MS = 2000
};

/* ---- the dialogue ---- */

static void
finish(struct intake_session *session)
{
	if (session->closing)
		return;
	session->closing = true;
	intake_stop_waiting(session);
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
		intake_ask_recipient(session);
		return true;
	case SMTP_EVENT_MESSAGE:
		intake_want(session, INTAKE_SENDS);
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

void
intake_session_run(struct intake_session *session)
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
	intake_stop_waiting(session);
	if (session->number != 0)
		door_cancel(session->intake->door, session->number);
	intake_answer(session, ERR_TEMPORARY, "");
	conn_hold_input(session->conn, false);
	intake_session_run(session);
}

void
intake_session_free(struct intake_session *session)
{
	struct intake *intake = session->intake;

	intake_stop_waiting(session);
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
		intake_session_run(session);
		break;
	case CONN_SECURE:
		smtp_server_secured(session->server);
		intake_session_run(session);
		break;
	case CONN_END:
		session->ended = true;
		conn_stay(conn);
		intake_session_run(session);
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
		.data = intake_on_data,
		.drop = intake_on_drop,
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
