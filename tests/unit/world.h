/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* tests/unit/world.h: a clerk over a book of the test's own, and stories told in acts.
 *
 * Every act runs in a transaction of its own, like a turn of the clerk with one act.
 * Mail and Markdown go through the real parser. A step that should go well and does
 * not fails the test. */
#pragma once

#include "book.h"
#include "rules/act.h"
#include "rules/reading.h"

struct world {
	struct db *db;
	struct arena *arena; /* of the whole test */
	struct settings settings;
	struct clerk clerk;
	struct outcome outcome; /* of the last act */
	struct fields output;   /* likewise */
	struct err err;         /* of the last act that was refused */
	int hashings;           /* how often auth was asked */
	int64_t entered;        /* when who acts on the web signed in; 0: just now */
};

extern struct world world;

/* For cmocka_unit_test_setup_teardown. */
int
world_setup(void **state);
int
world_teardown(void **state);

/* Runs an act: pairs of name and value, NULL ends. Answers whether it went well; output
 * and err stand in world. actor 0 at the console is the administrator. */
bool
world_try(enum door door, int64_t actor, const char *name, ...);

/* The same, and must go well. */
void
world_do(enum door door, int64_t actor, const char *name, ...);

/* Must be refused with that kind. */
void
world_no(enum err_kind kind, enum door door, int64_t actor, const char *name, ...);

/* The next act carries this key. */
void
world_key(const char *key);

/* The next act has this field too, whose value is any octets; several may be given. */
void
world_field(const char *name, struct span value);

/* The next act brings this descriptor; it stays the caller's. */
void
world_fd(int fd);

int64_t
world_int(const char *field);
const char *
world_text(const char *field);

/* A forum, a person (verified address "name@example.org", active). */
int64_t
world_forum(const char *slug);
int64_t
world_person(const char *name);
void
world_moderator(int64_t person, const char *slug);
void
world_subscribe(int64_t person, const char *slug, const char *mode);

/* mail.receive and mail.process of a whole message; answers the outcome word. The id of the
 * inbox row and of the post: world_inbox, world_post. LF line ends are fine. */
extern int64_t world_inbox, world_post;
const char *
world_mail_from(const char *recipient, const char *envelope, const char *peer, const char *raw);
/* From a peer on loopback. */
const char *
world_mail(const char *recipient, const char *raw);

/* A plain mail: From "name@example.org". */
const char *
world_raw(const char *from, const char *subject, const char *id, const char *more, const char *body);

/* An integer or text of SQL of the test's own; the text is "" where there is no row. */
int64_t
world_number(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Readers. world_reading(secret) begins one; end it with world_reading_end(). */
struct reading *
world_reading(const char *secret);
void
world_reading_end(void);
/* Secret of a fresh session of that person. */
const char *
world_session(int64_t person);

/* The input of the newest notice of that template, unsealed; fails where there is none. */
struct fields
world_notice(const char *template);
