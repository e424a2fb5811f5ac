/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/act.h: whatever changes the book is an act.
 *
 * A web form, a mail word, a console verb are spellings of the same act: a name, an
 * actor, a door, a key and named fields. act_run() is called by the clerk process
 * alone, inside its transaction and inside a savepoint of this act: the row of
 * act_kinds says who may, which fields, which limit, and which function does it.
 * Asks are answered likewise, change nothing and leave no journal. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/frame.h"
#include "mail/parsed.h"
#include "rules/clerk.h"

enum door { DOOR_WEB, DOOR_MAIL, DOOR_CONSOLE, DOOR_RELAY, DOOR_CHECKER, DOOR_HOUSE }; /* HOUSE: the clerk to itself */

enum act_needs {
	NEEDS_NOTHING = 0,
	NEEDS_PARSE = 1,  /* field "source" goes to the parser as Markdown first */
	NEEDS_HASH = 2,   /* its secret goes to auth first, to be hashed (act_add_secrets) */
	NEEDS_VERIFY = 4, /* auth verifies its secret against the hash of the book */
	NEEDS_KEY = 8,    /* a creating act: its key is kept with the outcome */
	NEEDS_JOURNAL = 16,
	NEEDS_PARSE_MAIL = 32 /* field "raw", or the descriptor, goes to the parser as mail first */
};

enum field_type { FIELD_LINE, FIELD_TEXT, FIELD_INT, FIELD_SLUG, FIELD_ADDRESS, FIELD_WORD, FIELD_OCTETS, FIELD_FLAG };

struct act_field {
	const char *name;
	enum field_type type;
	size_t max;        /* octets; FIELD_INT: the largest value, 0 = any */
	unsigned flags;    /* FIELD_REQUIRED, FIELD_REPEAT */
	const char *words; /* FIELD_WORD: "each topics none" */
};

enum { FIELD_REQUIRED = 1, FIELD_REPEAT = 2 };

struct act {
	const struct act_kind *kind;
	enum door door;
	int64_t actor;           /* person; 0 = nobody known */
	int64_t entered;         /* when the actor signed in; 0: not through a session */
	bool administrator;      /* the console of the owner or root, or a person who is one */
	bool checked_password;   /* NEEDS_VERIFY: auth said yes */
	const char *hashed;      /* NEEDS_HASH: PHC string; "" */
	struct fields hashes;    /* NEEDS_HASH: "phc" for each secret, in their order */
	struct fields input;     /* checked against kind->fields before run */
	const struct parsed *parsed; /* NEEDS_PARSE, mail.process: what the parser made of it */
	struct span key;         /* may be empty */
	int fd;                  /* descriptor that came along, or -1 */
	const char *trace;       /* id for the log */
	struct arena *arena;     /* dropped when the act is over */
};

struct outcome {
	struct buf output; /* encoded fields of the answer; the caller frees it */
	/* For the journal; outcome_about() fills them. */
	char object[48]; /* "post 12" */
	int64_t forum;   /* 0: none */
	struct span text; /* words worth keeping (a reason), of the act's arena */
	struct span message; /* for the log: Message-ID of the post it made or found */
};

void
outcome_about(struct outcome *outcome, const char *noun, int64_t id, int64_t forum);

struct act_kind {
	const char *name;
	/* May this actor do it? Asked before parsing too (parsed is NULL then). */
	bool (*may)(struct clerk *, const struct act *, struct err *);
	const struct act_field *fields; /* ends with a NULL name */
	unsigned needs;
	const char *limit;              /* names of rate limits, or NULL */
	bool (*run)(struct clerk *, const struct act *, struct outcome *, struct err *);
	/* What a failed run must leave behind (a wrong code was tried): said once its savepoint
	 * is rolled back. NULL: nothing. */
	bool (*failed)(struct clerk *, const struct act *, struct err *);
};

extern const struct act_kind act_kinds[]; /* ends with a NULL name */

const struct act_kind *
act_kind_find(struct span name);

/* Checks the input against the fields of a kind: INVALID names the field. */
bool
act_check_fields(const struct act_field *fields, const struct fields *input, struct err *err);

/* Who is it? Sets actor and administrator from a session secret (web); a dead or
 * unknown session leaves actor 0. */
bool
act_find_actor(struct clerk *clerk, struct act *act, struct span session, struct err *err);

/* The console speaks in somebody's name: of an active person only, since whoever may not come in
 * any more does nothing by any door. NOT_FOUND. */
bool
act_set_actor(struct clerk *clerk, struct act *act, int64_t id, struct err *err);

/* Fields, then permission: the cheap refusal before parsing or hashing. */
bool
act_may(struct clerk *clerk, const struct act *act, struct err *err);

/* Is there a secret that auth must see: a password, an identifier, lines of a roll? */
bool
act_has_secret(const struct act *act);

/* Appends the fields of auth's job: a "password" for each secret and, for NEEDS_VERIFY, the
 * "phc" to verify it against; a decoy where there is none, so that time tells nothing. */
void
act_add_secrets(struct clerk *clerk, const struct act *act, struct buf *fields);

/* A turn: one transaction for several acts. act_begin() is db_begin(); act_commit() writes
 * what was kept for the end (the index of words) and is db_commit(): on false nothing of
 * the turn has happened. Between them the caller may roll back as it likes. */
bool
act_begin(struct clerk *clerk, struct err *err);
bool
act_commit(struct clerk *clerk, struct err *err);

/* The whole act, in the caller's transaction: key seen before → first outcome (an act sent
 * again by its door costs nobody's rate), rate limit (before the savepoint), savepoint,
 * permission again, run, journal, key kept. On false the savepoint is rolled back and err
 * says why; the caller checks db_in_transaction() since SQLite may have rolled back
 * everything. */
bool
act_run(struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err);

struct ask_kind {
	const char *name;
	unsigned needs; /* NEEDS_PARSE: the parser is asked first (a preview); else 0 */
	bool (*may)(struct clerk *, const struct act *, struct err *); /* NULL: anybody */
	bool (*run)(struct clerk *, const struct act *, struct outcome *, struct err *);
	const struct act_field *fields;
};

extern const struct ask_kind ask_kinds[]; /* ends with a NULL name */

/* Yes and no of a FIELD_FLAG: "1" and "yes" are yes; anything else, and absent, is no. */
bool
act_flag(const struct act *act, const char *name);

/* Keeps the mail that came with an act, as a descriptor with `size` or as the field `raw`. */
bool
act_keep_raw(struct clerk *clerk, const struct act *act, int64_t *raw, struct err *err);

const struct ask_kind *
ask_kind_find(struct span name);

/* Fields, then permission: the cheap refusal before parsing. */
bool
ask_may(struct clerk *clerk, const struct ask_kind *kind, const struct act *act, struct err *err);

/* The same, then run. */
bool
ask_run(struct clerk *clerk, const struct ask_kind *kind, const struct act *act,
    struct outcome *outcome, struct err *err);
