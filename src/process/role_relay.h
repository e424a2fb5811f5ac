/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* process/role_relay.h: mail out: the inside of the role, shared by role_relay.c (what is
 * due, life), relay_copy.c (building, reporting), relay_link.c (dialogues) and
 * relay_target.c (where to).
 *
 * The outbox in the book is the only queue. At most RELAY_COPIES rows are in hand: read,
 * built, in dialogue, or with a result that the clerk has not yet recorded; that is what
 * may go out twice after a death. A row leaves our hands when the clerk has answered
 * delivery.report. A target that cannot be reached at all costs no row an attempt: rows
 * are put back and all wait together.
 *
 * After a death that was our own fault rows are taken one by one, each announced by
 * delivery.start before it is touched, so that the one that kills is set aside. */
#pragma once

#include "base/arena.h"
#include "mail/message_write.h"
#include "mail/smtp_client.h"
#include "net/conn.h"
#include "process/door.h"
#include "process/role.h"
#include "rules/delivery.h"

enum {
	RELAY_COPIES = 64,	       /* in dialogue or not yet recorded: what a cut may send twice */
	RELAY_READY = 32,	       /* read ahead of the dialogues */
	RELAY_READY_MIN = 8,	       /* fewer: more are read */
	RELAY_READY_MS = 5000,	       /* older ones are read anew: they may have been cancelled */
	RELAY_TEMPLATES = 8,	       /* posts in a language kept built */
	RELAY_TEMPLATE_MS = 60 * 1000, /* and for how long */
	RELAY_REPORTS = 4,	       /* acts delivery.report open at once */
	RELAY_ADDRESSES = 8,	       /* of the target */
	RELAY_AGAIN = 3,	       /* times a copy is given to another dialogue at once */
	RELAY_CAREFUL = 2 * RELAY_COPIES, /* rows one by one after a death */
	RELAY_POLL_MS = 5000		  /* hints may be lost */
};

enum relay_way { RELAY_DIR, RELAY_SMTP, RELAY_LMTP };

struct relay_target {
	enum relay_way way;
	char path[1001]; /* of RELAY_DIR, or of a unix socket */
	char host[256];	 /* "" for a unix socket */
	uint16_t port;
	bool require_tls;
	struct net_address addresses[RELAY_ADDRESSES];
	size_t address_count;
};

/* ---- relay_target.c ---- */

/* relay.to; data is the folder that relative names of RELAY_DIR are in. INVALID: it is not sound. */
bool
relay_target_read(const char *text, const char *data, struct relay_target *target, struct err *err);

/* LMTP through a socket of the file system. */
bool
relay_target_is_unix(const struct relay_target *target);

/* Blocks on the resolver where the host is a name; makes the folder of RELAY_DIR. */
bool
relay_target_resolve(struct relay_target *target, struct err *err);

/* RELAY_DIR: FOLDER/ID.eml, with the envelope in front; the same row writes the same file. */
bool
relay_target_write(const struct relay_target *target, int64_t id,
    const struct smtp_message *message, struct err *err);

/* ---- relay_copy.c ---- */

enum copy_state {
	COPY_FREE,
	COPY_READY,    /* built; waits for a dialogue */
	COPY_GIVEN,    /* in a dialogue */
	COPY_DONE,     /* has a result */
	COPY_REPORTING /* the result is with the clerk */
};

struct relay;

struct relay_copy {
	struct relay *relay;
	enum copy_state state;
	int64_t id; /* row of the outbox */
	struct smtp_message message;
	struct smtp_rcpt rcpt;
	struct buf octets;
	char trace[20]; /* log_message() of what it is a copy of */
	int64_t taken; /* ticks */
	unsigned again;
	const char *result; /* "sent", "retry", "failed" */
	char answer[SMTP_REPLY_TEXT_MAX + 40];
	uint64_t report; /* number of its report */
};

/* A message without the tokens of its recipients. */
struct relay_template {
	struct arena *arena; /* NULL: free */
	int64_t post;
	const char *locale;
	int64_t built; /* ticks */
	const char *trace; /* log_message() */
	struct message_template message;
};

/* Takes a due row in hand: READY, or DONE where it cannot even be built. False: nothing
 * was taken (TEMPORARY: try again later). */
bool
relay_copy_take(
    struct relay *relay, struct arena *arena, const struct delivery *delivery, struct err *err);

struct relay_copy *
relay_copy_find(struct relay *relay, enum copy_state state);

size_t
relay_copy_count(const struct relay *relay, enum copy_state state);

/* Ids in hand, sorted; busy holds RELAY_COPIES. */
size_t
relay_copy_busy(const struct relay *relay, int64_t *busy);

/* GIVEN → DONE, or READY again where the dialogue ended before its turn. */
void
relay_copy_done(struct relay_copy *copy);

void
relay_copy_set(struct relay_copy *copy, const char *result, const char *answer);

/* READY ones taken before that tick are put back: their rows are due as before, unless
 * they were cancelled meanwhile. */
void
relay_copy_put_back(struct relay *relay, int64_t before);

/* Sends reports of what is DONE. */
void
relay_copy_report(struct relay *relay);

void
relay_copy_forget_templates(struct relay *relay);

/* ---- relay_link.c ---- */

struct relay_link {
	struct relay *relay;
	struct relay_link *next;
	struct conn *conn;
	struct smtp_client *client;
	uint64_t progress; /* at which the deadline was set */
	bool waiting;	   /* a deadline for a reply is set */
	bool closing;
	bool open; /* connected */
};

/* Gives READY copies to dialogues, opens more of them. */
void
relay_link_feed(struct relay *relay);

/* QUIT to all once they have nothing open. */
void
relay_link_quit(struct relay *relay);

/* Frees all without a word. */
void
relay_link_free_all(struct relay *relay);

/* ---- role_relay.c ---- */

struct relay {
	struct worker *worker;
	struct doorway *door;
	struct clerk clerk; /* a read-only book, the keys, the theme */
	struct theme *theme;
	struct tls *tls;
	struct relay_target target;
	char name[256]; /* ours, in EHLO */
	struct relay_copy copies[RELAY_COPIES];
	struct relay_template templates[RELAY_TEMPLATES];
	struct relay_link *links;
	int link_count;
	size_t address_at; /* of the target's addresses: the one that answered last */
	uint64_t next_session, next_report;
	int reports;	      /* open */
	bool report_alone;    /* one was refused: rows are reported one by one */
	bool unheard;         /* the clerk takes no reports just now */
	int64_t report_after; /* ticks */
	struct loop_timer *timer;
	struct loop_task task;
	int64_t down_until;  /* ticks; the target cannot be reached before */
	int64_t down_wait;   /* ms; doubles */
	int64_t plain_until; /* ticks; its TLS failed and is not required */
	bool dry;	     /* nothing was due; look again after a hint or RELAY_POLL_MS */
	int64_t timer_at;    /* ticks; 0: not set */
	int careful;	     /* rows still to be taken one by one */
	int64_t starting;    /* row announced by delivery.start; 0: none */
	bool started;	     /* and the clerk has counted it */
	int64_t suspects_to; /* rows behind it came after that death */
	char life[44];	     /* nobody else's: an announcement sent again counts once */
	bool draining;
};

/* Something changed: looks again at the end of this turn. */
void
relay_wake(struct relay *relay);

/* Looks again in so many milliseconds at the latest. */
void
relay_wake_in(struct relay *relay, int64_t ms);

/* The target cannot be reached, or is reached again. */
void
relay_down(struct relay *relay, const char *why);
void
relay_up(struct relay *relay);
