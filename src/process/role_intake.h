/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/role_intake.h: mail in, by SMTP and LMTP: the inside of the role, shared by
 * role_intake.c (listeners, limits, life), intake_session.c (one connection) and
 * intake_ask.c (its questions to the clerk).
 *
 * A session is the machine mail/smtp_server.h on a net/conn.h. The clerk is asked about
 * every recipient that has the shape of one of ours, and is given the message by the
 * act mail.receive; 250 follows its commit and nothing else. Where DOOR_OPEN_MAX acts
 * are open a session waits its turn; a clerk that does not answer in time is 451, and
 * the sender keeps the mail. Octets of a message stay in memory up to 60 KiB; bigger
 * ones are a nameless file in the spool folder, whose descriptor goes with the act (the
 * clerk copies and syncs it, so that nothing is left behind by a death of ours). */
#pragma once

#include "base/map.h"
#include "mail/smtp_server.h"
#include "net/conn.h"
#include "net/listen.h"
#include "process/door.h"
#include "process/role.h"

enum {
	INTAKE_LISTENERS_MAX = 16,
	INTAKE_SESSIONS_MAX = 256,	  /* then connections wait in the kernel's queue */
	INTAKE_PEER_OPEN = 10,		  /* SMTP_CONN_IP: at once */
	INTAKE_PEER_MINUTE = 60,	  /* SMTP_CONN_IP: a minute */
	INTAKE_KNOWN = 32,		  /* forums that the clerk said it knows */
	INTAKE_KNOWN_MS = 2000,		  /* and for how long that is believed */
	INTAKE_MEMORY = 60 * 1024,	  /* octets of a message kept in memory */
	INTAKE_TOTAL_MS = 20 * 60 * 1000, /* of a session of a stranger */
	INTAKE_ASK_MS = 20 * 1000,	  /* for the answer about a recipient */
	INTAKE_COMMIT_MS = 60 * 1000	  /* for the commit of a message */
};

/* Connections of one client address. */
struct intake_peer {
	char key[9];
	size_t key_len;
	int open;
	int begun;	/* since window */
	int64_t window; /* ticks */
};

enum intake_wants { INTAKE_NOTHING, INTAKE_ASKS, INTAKE_SENDS };

struct intake_session {
	struct intake *intake;
	struct intake_session *next, *prev;
	struct intake_session *next_waiting;
	struct conn *conn;
	struct smtp_server *server;
	struct intake_peer *peer; /* NULL: not counted */
	char id[40];
	bool lmtp;
	bool trusted;		 /* our own MTA, or loopback under mail.trust = local: no limits */
	bool ended;		 /* the client says no more */
	bool closing;		 /* only CLOSED is awaited */
	enum intake_wants wants; /* what the clerk is to answer */
	bool waiting;		 /* for a place at the door */
	uint64_t number;	 /* at the door; 0: not there */
	struct buf octets;	 /* of the message: its first INTAKE_MEMORY ones */
	int fd;			 /* all of them, where there are more; else -1 */
	size_t size;
	char message[20];   /* its log_message() */
	char rows[64];	    /* of the inbox that it became: "12,13" */
	int64_t began;	    /* ticks */
	int64_t data_began; /* ticks; 0: not in a message */
	uint64_t data_octets;
	unsigned messages;
};

/* A forum's address that is known: a burst of mail asks once. Only the answer to RCPT is
 * saved: mail.receive looks again. */
struct intake_known {
	char local[ADDRESS_LOCAL_MAX + 1];
	int64_t until; /* ticks */
};

struct intake_listener {
	struct intake *intake;
	struct listener *listener;
	bool lmtp;
};

struct intake {
	struct worker *worker;
	struct doorway *door;
	struct tls *tls; /* NULL: STARTTLS is not offered */
	struct intake_listener listeners[INTAKE_LISTENERS_MAX];
	int listener_count;
	int spool;
	struct intake_session *sessions;
	int session_count;
	struct intake_session *waiting, *waiting_last;
	struct map *peers;
	struct loop_timer *sweep;
	char domain[ADDRESS_DOMAIN_MAX + 1];
	const char *domains[2];
	struct intake_known known[INTAKE_KNOWN];
	size_t known_next;
	uint64_t next;
	bool paused, draining;
};

/* ---- intake_session.c ---- */

/* Takes over an accepted socket. */
void
intake_session_open(
    struct intake *intake, int fd, bool lmtp, bool trusted, struct intake_peer *peer);

/* Goes on with what waits in the connection. */
void
intake_session_run(struct intake_session *session);

/* Shutting down: 421, unless a message is on its way. */
void
intake_session_drain(struct intake_session *session);

/* Frees it without a word. */
void
intake_session_free(struct intake_session *session);

/* ---- intake_ask.c ---- */

/* The machine's sink and drop: context is the session. */
bool
intake_on_data(void *context, struct span octets);
void
intake_on_drop(void *context);

/* Asks about smtp_server_rcpt(), or knows the answer. */
void
intake_ask_recipient(struct intake_session *session);

/* Sends what is wanted, now or when there is a place at the door: first come, first
 * served. */
void
intake_want(struct intake_session *session, enum intake_wants wants);

/* A place at the door is free. */
void
intake_session_next(struct intake *intake);

void
intake_stop_waiting(struct intake_session *session);

/* Gives the machine the answer that it waits for. */
void
intake_answer(struct intake_session *session, enum err_kind kind, const char *text);

/* ---- role_intake.c ---- */

/* A session is gone: its place, and what waited for it. */
void
intake_session_gone(struct intake *intake, struct intake_peer *peer);
