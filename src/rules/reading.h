/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/reading.h: reading is permission too.
 *
 * Every page, feed and export reads through a struct reading, which knows the
 * viewer; what the viewer may not see looks like what is not there (NOT_FOUND).
 * The book is open read-only; a reading begins and ends inside one callback
 * (reading_begin/reading_end hold the read transaction). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "rules/settings.h"
#include "text/escape.h"

struct reading_book; /* one a process: the open book */
struct reading;      /* one a request: the viewer and the snapshot */

/* Opens DATA/book read-only, retrying the transient codes for at most 2 s. */
struct reading_book *
reading_book_open(const struct settings *, struct err *);
void
reading_book_close(struct reading_book **);

/* True if the book changed since the last call (PRAGMA data_version). */
bool
reading_book_changed(struct reading_book *);

/* Value of public_version now. */
bool
reading_public_version(struct reading_book *, int64_t *version, struct err *);

/* How often something that was read proved damaged; what is damaged is never given. */
int64_t
reading_book_damage(const struct reading_book *);

/* Was damage found, so that nothing is written any more? */
bool
reading_book_closed(const struct reading_book *);

/* Starts a snapshot for a viewer: the session secret from the cookie, empty =
 * anonymous; a dead session reads as anonymous. */
bool
reading_begin(struct reading_book *, struct arena *, struct span session, struct reading **,
    struct err *);
void
reading_end(struct reading **);

struct viewer {
	int64_t person;       /* 0: anonymous */
	const char *name;     /* shown name */
	const char *locale;   /* "" for anonymous */
	bool administrator;
	bool moderates;       /* some forum */
	int64_t waiting;      /* held posts in the forums this person moderates */
	bool seen_stale;      /* session.seen is over an hour old: act session.seen is due */
};
const struct viewer *
reading_viewer(const struct reading *);

struct forum_view {
	int64_t id;
	const char *slug, *name, *description, *theme;
	const char *who_writes, *appears, *who_reads; /* words as in the schema */
	bool may_write;       /* this viewer */
	bool may_moderate;
	const char *mode;     /* the viewer's subscription: each, topics, ..., "" = none */
	int64_t threads, posts;
	int64_t last;         /* date of the latest post; 0 = none */
};
struct thread_view {
	int64_t id, forum;
	const char *slug;     /* for the URL: /t/ID-slug */
	const char *forum_slug, *forum_name;
	const char *title;
	const char *starter;  /* shown name of the first author */
	const char *last_author;
	int64_t posts;
	int64_t created, last;
	bool pinned, closed;
	bool may_moderate;    /* this viewer; only where one thread is read */
	int64_t merged;       /* thread it was merged into, or 0 */
};
struct attachment_view {
	const char *public_id, *name, *type;
	int64_t size;
};
struct post_view {
	int64_t id, thread, parent; /* parent 0: none */
	int64_t author;
	const char *author_shown, *organisation_shown, *capacity;
	const char *parent_author; /* of the parent, "" */
	int64_t date;
	const char *subject, *message_id, *state;
	const char *why;          /* of a hidden one; "" */
	struct html html;
	struct span text;         /* plain own words */
	int depth;                /* in the tree, 0 = opens the thread */
	bool subject_changed;     /* differs from the thread's title beyond prefixes */
	struct attachment_view *attachments;
	size_t attachment_count;
};
struct held_view {
	struct post_view post;
	struct forum_view forum;
	const char *hold;         /* reason, a word of rules/posting.h */
	const char *from_address; /* to moderators only */
	const char *verdict;      /* proof of the author: a word */
	int64_t author_published, author_refused; /* history */
	const char *thread_title; /* it answers, "" = opens one */
	bool thread_closed;       /* since it was written */
};

/* Is the viewer an administrator? Else there is no such page: NOT_FOUND. */
bool
reading_must_administer(const struct reading *, struct err *);

/* Forums the viewer may see, by theme and position. */
bool
reading_forums(struct reading *, struct forum_view **, size_t *count, struct err *);
/* Likewise, but what they are called alone: no numbers, no subscription. Cheap. */
bool
reading_forum_names(struct reading *, struct forum_view **, size_t *count, struct err *);
bool
reading_forum(struct reading *, struct span slug, struct forum_view *, struct err *);

/* Threads of a forum, pinned first, then latest first; key-set paging: before = {last, id} of
 * the last one seen (0, 0: from the start). */
bool
reading_threads(struct reading *, int64_t forum, int64_t before_last, int64_t before_id, size_t room,
    struct thread_view **, size_t *count, struct err *);
/* Latest threads of all forums the viewer may see. */
bool
reading_latest(struct reading *, size_t room, struct thread_view **, size_t *count, struct err *);

bool
reading_thread(struct reading *, int64_t id, struct thread_view *, struct err *);
/* Posts by (date, id), after a key; depth is filled from parents. Hidden and withdrawn ones
 * are there, without text and attachments. */
bool
reading_posts(struct reading *, int64_t thread, int64_t after_date, int64_t after_id, size_t room,
    struct post_view **, size_t *count, struct err *);
/* A published post by id or Message-ID (any forum the viewer may read). */
bool
reading_post(struct reading *, int64_t id, struct post_view *, struct err *);
bool
reading_post_by_message_id(struct reading *, struct span message_id, struct post_view *, struct err *);

/* An attachment of a published post (or, for moderators, of a held one): its octets
 * decoded into the buf. */
struct attachment_data {
	struct attachment_view view;
	struct buf octets;
};
bool
reading_attachment(struct reading *, struct span public_id, struct attachment_data *, struct err *);

/* Held posts of the forums the viewer moderates, oldest first. */
bool
reading_held(struct reading *, size_t room, struct held_view **, size_t *count, struct err *);
bool
reading_held_post(struct reading *, int64_t post, struct held_view *, struct err *);

/* ---- search, feeds, archives ---- */

struct search_ask {
	struct span words;       /* all of them; "a phrase"; -word */
	struct span author;      /* words of a shown name */
	struct span forum;       /* slug; empty: all that the viewer may read */
	int64_t since, until;    /* dates, from and before; 0: any */
	bool ranked;             /* best first, not newest first */
	int64_t place;           /* `next` of the page before; 0: the first */
};
struct found_piece {
	struct span text;
	bool marked;             /* one of the words */
};
struct found_view {
	int64_t post;
	const char *title;       /* of the thread */
	const char *author, *organisation, *forum_name, *forum_slug;
	int64_t date;
	struct found_piece *title_pieces; /* the title whole */
	size_t title_piece_count;
	struct found_piece *pieces; /* the place where the words stand */
	size_t piece_count;
};
/* INVALID: nothing is looked for; TEMPORARY: that is too much to look through. *next: the place
 * of the next page, 0 where this is the last. */
bool
reading_search(struct reading *, const struct search_ask *, size_t room, struct found_view **,
    size_t *count, int64_t *next, struct err *);

/* The latest posts of a forum, newest first; of a thread. */
bool
reading_forum_latest(struct reading *, const struct forum_view *, size_t room, struct post_view **,
    size_t *count, struct err *);
bool
reading_thread_latest(struct reading *, const struct thread_view *, size_t room,
    struct post_view **, size_t *count, struct err *);

/* For the map of the site: the threads with ids after one and up to another; only id, slug and
 * last are filled. The highest id of all. */
bool
reading_threads_span(struct reading *, int64_t after, int64_t until, struct thread_view **,
    size_t *count, struct err *);
bool
reading_thread_newest(struct reading *, int64_t *id, struct err *);

/* ---- the house, for those who look after it; NOT_FOUND to everybody else ---- */

struct journal_view {
	int64_t id, date;
	const char *act;         /* "post.hide" */
	const char *actor;       /* shown name; "" = the console or the house: see door */
	const char *door, *outcome;
	const char *about;       /* subject of the post, name of the person; "" */
	int64_t post, thread;    /* where it may be read; 0: nowhere */
	struct span text;        /* the reason; empty: none, or erased */
};
/* What was decided in a forum, for its moderators; slug empty: everywhere, for
 * administrators. Newest first, before an id (0: from the newest). */
bool
reading_journal(struct reading *, struct span slug, int64_t before, size_t room,
    struct journal_view **, size_t *count, struct err *);

struct member_view {
	int64_t person;
	const char *name;
	const char *mode;        /* of the subscription */
	int64_t since;
	int64_t published;       /* posts in this forum, counted up to 1 000 */
	bool moderator, trusted, on_roll, suspended;
};
/* Who receives a forum, or did, for its moderators; by person, after one. */
bool
reading_members(struct reading *, struct span slug, int64_t after, size_t room,
    struct member_view **, size_t *count, struct err *);

struct moderator_view {
	int64_t mandate;
	const char *name;
	int64_t since;
	bool suspended;
};
/* Who moderates a forum, receiving it or not, for its moderators. */
bool
reading_moderators(struct reading *, struct span slug, struct moderator_view **, size_t *count,
    struct err *);

struct forum_settings {
	const char *slug, *name, *description, *theme;
	const char *who_writes, *appears, *who_reads, *strangers, *reply_to; /* words as in the schema */
	bool emergency;
	int64_t position;
};
/* For administrators. */
bool
reading_forum_settings(struct reading *, struct span slug, struct forum_settings *, struct err *);

/* ---- one's own account ---- */

struct account_view {
	bool has_password;
	bool on_roll;            /* claimed an identifier */
	bool lately;             /* signed in a moment ago: the password may be changed */
	const char **addresses;  /* one's own: shown to nobody else */
	size_t address_count;
};
bool
reading_account(struct reading *, struct account_view *, struct err *);

struct session_view {
	int64_t id;
	int64_t created, seen;
	bool current;            /* the one that asks */
};
bool
reading_sessions(struct reading *, struct session_view **, size_t *count, struct err *);

/* ---- rolls: for administrators; NOT_FOUND to everybody else ---- */

struct roll_view {
	int64_t id;
	const char *name, *source, *purpose;
	int64_t expires;         /* 0: never */
	int64_t issued, claimed, revoked;
};
bool
reading_rolls(struct reading *, struct roll_view **, size_t *count, struct err *);
bool
reading_roll(struct reading *, int64_t id, struct roll_view *, struct err *);

struct line_view {
	int64_t id;
	const char *selector;    /* its first four symbols; no secret */
	const char *state;       /* issued, claimed, revoked */
	const char *name;        /* who claimed it, "" */
	int64_t issued, changed;
};
/* Lines of a roll after one (0: from the start). */
bool
reading_roll_lines(struct reading *, int64_t roll, int64_t after, size_t room, struct line_view **,
    size_t *count, struct err *);

/* What a token page shows before its button; looks, consumes nothing. */
struct token_view {
	const char *purpose;   /* login, reset, register, author, unsubscribe */
	const char *forum_name; /* unsubscribe */
	const char *forum_slug;
	bool spent;            /* used or expired: show a page that says so */
};
/* Derived unsubscribe tokens need the key, which web has not: the page shows the
 * button for any well-formed one; the act decides. */
bool
reading_token(struct reading *, struct span token, struct token_view *, struct err *);

/* CSRF: HMAC keyed by the session's own secret, over the purpose; 43 letters. For
 * anonymous forms the secret of the pre-session cookie. */
void
reading_csrf(struct span secret, const char *purpose, char out[44]);

/* ---- for machines ---- */

struct tally {
	const char *name; /* a state, or what happened */
	int64_t count;
};
struct tallies {
	const struct tally *rows;
	size_t count;
};

/* How the house does, in numbers that are about nobody. */
struct health_view {
	struct tallies posts, inbox, outbox; /* by state, all states */
	struct tallies events;               /* since the book was made */
	int64_t aside;             /* mails and deliveries that were set aside */
	int64_t oldest_due;        /* seconds since the oldest due delivery was queued; 0: none */
	int64_t people;            /* registered */
	int64_t journal;           /* number of the newest entry */
	int64_t book_size, wal_size; /* octets on the disk */
	int64_t closed;            /* 1: nothing is written, since damage was found */
	int64_t check_next;        /* when all data is looked at the next time; 0: soon */
};

/* Whoever the viewer is: the page is shown to who asks from this machine alone. */
bool
reading_health(struct reading *, struct health_view *, struct err *);
