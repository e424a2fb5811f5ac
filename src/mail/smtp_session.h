/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* mail/smtp_session.h: the inside of smtp_server.c, shared with smtp_verbs.c, where
 * each command is a function. Nobody else includes it. */
#pragma once

#include "mail/smtp_server.h"

enum smtp_state {
	SMTP_GREETED, /* 220 was said, the client has not named itself */
	SMTP_READY,   /* named; no transaction */
	SMTP_MAIL,    /* a sender, no recipient yet */
	SMTP_RCPT,    /* at least one recipient accepted */
	SMTP_ASKED,   /* waits for the answer about a recipient; reads nothing */
	SMTP_DATA,    /* octets of the message, up to CRLF.CRLF */
	SMTP_COMMIT,  /* the message is whole; waits for its answer; reads nothing */
	SMTP_TLS,     /* 220 to STARTTLS; waits for the handshake; reads nothing */
	SMTP_CLOSED,  /* the last reply was said */
	SMTP_STATES
};

struct smtp_server {
	struct smtp_server_options options;
	char name[SMTP_NAME_MAX + 1];
	char session[64];
	enum smtp_state state;
	char line[SMTP_LINE_MAX]; /* the command line so far */
	size_t line_len;
	bool line_long; /* what comes until LF is thrown away */
	struct buf replies;
	struct smtp_data data;
	struct smtp_envelope envelope;
	char hello[SMTP_NAME_MAX + 1];
	struct mail_address *rcpts; /* room for options.rcpt_max */
	size_t rcpt_room;
	struct mail_address asked;
	unsigned errors, unknown, messages;
	bool tls;
	enum smtp_event event; /* to be told once */
};

/* The only place that changes the state; traces. */
void
smtp_enter(struct smtp_server *server, enum smtp_state state);

/* One reply of one line. */
void
smtp_say(struct smtp_server *server, int code, const char *enhanced, const char *text);

/* A refusal of a command: counts for SMTP_ERROR_MAX, and over that is a 421. */
void
smtp_refuse(struct smtp_server *server, struct smtp_say say);

/* 421 and the end. */
void
smtp_hang_up(struct smtp_server *server, const char *enhanced, const char *text);

/* Forgets the transaction. */
void
smtp_forget(struct smtp_server *server);

/* Checks that the command may come now, then does it. */
void
smtp_run(struct smtp_server *server, const struct smtp_command *command);
