/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/signup.h: how people come in and go out: links, codes, passwords, sessions.
 *
 * Nobody learns here whether an address has an account: session.ask always says yes,
 * and every failed session.open says the same sentence. */
#pragma once

#include "base/token.h"
#include "rules/act.h"

enum {
	SIGNUP_CODE_ROOM = 9,        /* 8 digits and the NUL */
	SIGNUP_LINK_MINUTES = 10,    /* life of a link and of its code (ASVS 6.5.5) */
	SIGNUP_RESET_MINUTES = 30,   /* of a link to a new password: mail may be slow */
	SIGNUP_LATELY_MINUTES = 15   /* after signing in: a password may be changed */
};

/* The one answer to every attempt that fails: it tells nothing. Returns false. */
bool
signup_not_opened(struct err *);

/* A short code for another device, its hash in the book; and is the one that was typed (field
 * "code") the one whose hash is kept, after so many wrong ones? */
void
signup_draw_code(char code[SIGNUP_CODE_ROOM]);
void
signup_code_hash(int64_t person, struct span code, uint8_t hash[SHA256_SIZE]);
bool
signup_is_code(const struct act *, int64_t person, struct span kept, int64_t tries);

/* Ends all sessions of a person, and the links and codes that could open one. */
bool
signup_shut_out(struct clerk *, int64_t person, struct err *);

/* Opens a session of a person who was proved to be there. Output: secret, person, expires. */
bool
signup_session(struct clerk *, const struct act *, int64_t person, struct outcome *, struct err *);

/* PHC string of whom session.open names; "" where there is none. */
const char *
signup_password(struct clerk *, const struct act *);

/* act session.ask: address, [reset]. Queues a mail with a link (10 minutes, once) and a code of
 * 8 digits, where the address is a verified one of an active person. reset: the link (half
 * an hour) leads to a new password, and ends all sessions. */
bool
signup_ask(struct clerk *, const struct act *, struct outcome *, struct err *);

/* act session.open: token | address + code | address + password. Output: secret, person,
 * expires, [next: a page of ours]. */
bool
signup_open(struct clerk *, const struct act *, struct outcome *, struct err *);

/* After a failed session.open: a wrong code is counted. */
bool
signup_open_failed(struct clerk *, const struct act *, struct err *);

/* act session.close: session (the secret). */
bool
signup_close(struct clerk *, const struct act *, struct outcome *, struct err *);

/* act session.seen: session. At most hourly; moves the end of an idle session. */
bool
signup_seen(struct clerk *, const struct act *, struct outcome *, struct err *);

/* act session.link: person | address, [life]. Output: url, person. */
bool
signup_link(struct clerk *, const struct act *, struct outcome *, struct err *);

/* act session.revoke: number. One of the actor's own sessions. */
bool
signup_revoke(struct clerk *, const struct act *, struct outcome *, struct err *);

/* act password.set: password (empty: none any more). Output as of session.open. */
bool
signup_password_set(struct clerk *, const struct act *, struct outcome *, struct err *);
