/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* mail/mail_token.h: the secrets that stand in our mail addresses.
 *
 * Derived tokens have no row: 26 base32 letters = 130 bits, purpose 3, key id 3,
 * ids 44, MAC 80 (HMAC-SHA256 cut). Two ids of 22 bits (post x person, forum x
 * person) or one of 44 (a delivery, an author). Two keys are accepted: current and
 * previous. Letters are compared without case, since some relays change it, and
 * the MAC in constant time. A drawn token (`ok.`, `+m.`) is random letters whose
 * hash is a row: only its shape is known here. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "base/token.h"

enum mail_purpose {
	MAIL_PURPOSE_NONE,	  /* never made, never read */
	MAIL_PURPOSE_REPLY,	  /* post x person:    voirie+r.TOKEN@ */
	MAIL_PURPOSE_BOUNCE,	  /* a delivery:       b.TOKEN@ */
	MAIL_PURPOSE_UNSUBSCRIBE, /* forum x person:   voirie+u.TOKEN@, /u/TOKEN */
	MAIL_PURPOSE_AUTHOR,	  /* an author:        a.TOKEN@ */
	MAIL_PURPOSE_NOTICE,	  /* a notice's envelope sender: b.TOKEN@ */
	MAIL_PURPOSES
};

enum {
	MAIL_TOKEN_LEN = BASE32_26,
	MAIL_TOKEN_ROOM = BASE32_26 + 1, /* with the NUL */
	MAIL_KEY_IDS = 8
};

#define MAIL_ID_PAIR_MAX ((uint64_t)0x3fffff)	  /* 22 bits */
#define MAIL_ID_ONE_MAX ((uint64_t)0xfffffffffff) /* 44 bits */

struct mail_key {
	bool live;	       /* may verify */
	uint8_t key[KEY_SIZE]; /* derived from the master for this use alone */
};

struct mail_keys {
	unsigned current; /* id of the key that makes tokens, 0-7 */
	struct mail_key key[MAIL_KEY_IDS];
};

/* Sets key `id` from a master key (token_derive with "mail-token"), and makes it
 * the current one if asked. */
void
mail_keys_set(struct mail_keys *keys, unsigned id, const uint8_t master[KEY_SIZE], bool current);

/* A pair of ids, each <= MAIL_ID_PAIR_MAX. False (and "" in out) where one is not, or
 * where the purpose takes a single id: then nothing could be built. */
bool
mail_token_make(const struct mail_keys *keys, enum mail_purpose purpose, uint64_t a, uint64_t b,
    char out[MAIL_TOKEN_ROOM]);

/* One id <= MAIL_ID_ONE_MAX. */
bool
mail_token_make_one(const struct mail_keys *keys, enum mail_purpose purpose, uint64_t id,
    char out[MAIL_TOKEN_ROOM]);

/* Exactly 26 letters, either case. On success purpose, and a and b of a pair, or a
 * alone (b = 0) where the purpose takes one id. */
bool
mail_token_read(const struct mail_keys *keys, struct span text, enum mail_purpose *purpose,
    uint64_t *a, uint64_t *b);

/* 26 letters of the base32 alphabet, either case: what a token looks like. */
bool
mail_token_is_shaped(struct span text);

/* Lower-cased copy, for hashing a drawn token. False where it has not the shape. */
bool
mail_token_fold(struct span text, char out[MAIL_TOKEN_ROOM]);

/* Makes the tokens of our addresses in a text unreadable, in place: each letter of a token
 * behind its prefix ("+r.", "/u/" ...) becomes an x. Mails cite the addresses of the copy
 * they answer, and whoever reads those could write and leave in its receiver's name. The
 * octets around stay, so HTML stays as sound as it was. Returns how many there were. */
size_t
mail_token_hide(char *text, size_t len);

/* A fresh drawn token: 130 random bits. */
void
mail_token_draw(char out[MAIL_TOKEN_ROOM]);

/* What a local part at our domain asks for. */
enum mail_recipient_kind {
	MAIL_TO_UNKNOWN,     /* nothing of ours: 550 5.1.1 */
	MAIL_TO_FORUM,	     /* voirie */
	MAIL_TO_REPLY,	     /* voirie+r.TOKEN */
	MAIL_TO_MODERATE,    /* voirie+m.TOKEN (drawn) */
	MAIL_TO_UNSUBSCRIBE, /* voirie+u.TOKEN */
	MAIL_TO_WORD,	     /* voirie+abonner */
	MAIL_TO_BOUNCE,	     /* b.TOKEN */
	MAIL_TO_AUTHOR,	     /* a.TOKEN */
	MAIL_TO_CONFIRM,     /* ok.TOKEN (drawn) */
	MAIL_TO_POSTMASTER,  /* postmaster, abuse */
	MAIL_TO_KINDS
};

/* The words behind "+"; French and English spell the same one. */
enum mail_word {
	MAIL_WORD_NONE,
	MAIL_WORD_SUBSCRIBE,   /* abonner, subscribe */
	MAIL_WORD_UNSUBSCRIBE, /* desabonner, unsubscribe */
	MAIL_WORD_HELP,	       /* aide, help */
	MAIL_WORD_OWNERS,      /* responsables, owners, owner */
	MAIL_WORD_PAUSE,       /* pause */
	MAIL_WORDS
};

struct mail_recipient {
	enum mail_recipient_kind kind;
	enum mail_word word;	     /* of MAIL_TO_WORD */
	char slug[65];		     /* forum, lower case; "" where none */
	char token[MAIL_TOKEN_ROOM]; /* lower case; "" where none */
};

/* Classifies by shape alone: whether the forum is there, whether the token is true,
 * the clerk says. Case is ignored. Always fills *out. */
void
mail_recipient_read(struct span local, struct mail_recipient *out);

/* "forum", "reply" ...: for fields and logs; and back (UNKNOWN for another word). */
const char *
mail_recipient_kind_name(enum mail_recipient_kind kind);

/* "subscribe", "unsubscribe" ...; "" for NONE. */
const char *
mail_word_name(enum mail_word word);
