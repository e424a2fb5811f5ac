/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/post.h: the posts. Order within a thread is (date, id). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct db;
struct db_count;

struct post {
	int64_t id;
	int64_t forum;
	int64_t thread;		/* 0: never published */
	int64_t parent;		/* 0: none */
	const char *awaits;	/* Message-ID of a parent that is not here; "" */
	const char *chain;	/* References of the original, root first */
	const char *state;	/* held, published, refused, hidden, withdrawn */
	const char *hold;	/* reason it waits, a word */
	int64_t date;		/* shown and sorted by */
	int64_t sent;		/* the author's Date */
	const char *message_id; /* without brackets */
	const char *alias;	/* the one it came with, where that was taken; "" */
	const char *subject;
	int64_t author;
	const char *author_shown;
	const char *organisation_shown;
	const char *capacity;
	const char *door; /* web, mail, console, import */
	const char *proof;
	struct span body_hash; /* 32 octets */
	int64_t raw;	       /* 0: none */
	const char *kind;      /* mail, markdown */
	int64_t renderer;
	int64_t decided_by; /* 0: nobody */
	int64_t decided;    /* 0: never */
	const char *why;
	const char *parent_author; /* shown author of the parent, "": filled when read */
	struct span html;	   /* safe, from the parser */
	struct span text;	   /* own words */
	struct span source;	   /* whole text; only post_find() reads it */
	int64_t page_sum, text_sum, source_sum; /* store/post_sum.c */
};

/* All columns but id and parent_author. */
bool
post_add(struct db *db, const struct post *post, int64_t *id, struct err *err);

/* Whole, whatever its state. */
bool
post_find(struct db *db, struct arena *arena, int64_t id, struct post *post, struct err *err);

/* Without html, text and source: cheap. */
bool
post_find_head(struct db *db, struct arena *arena, int64_t id, struct post *post, struct err *err);

/* Posts of a thread beyond the key (0, 0: from the start), without source: published ones, and
 * those that were and left a trace (hidden, withdrawn). */
bool
post_list_thread(struct db *db, struct arena *arena, int64_t thread, int64_t after_date,
    int64_t after_id, size_t room, struct post **posts, size_t *count, struct err *err);

/* The latest published posts of a forum as they came, newest first; of a thread by date. */
bool
post_list_forum_latest(struct db *db, struct arena *arena, int64_t forum, size_t room,
    struct post **posts, size_t *count, struct err *err);
bool
post_list_thread_latest(struct db *db, struct arena *arena, int64_t thread, size_t room,
    struct post **posts, size_t *count, struct err *err);

/* Ids of published posts of a forum beyond one (0: from the start), in the order they came;
 * only id is filled. */
bool
post_list_forum(struct db *db, struct arena *arena, int64_t forum, int64_t after, size_t room,
    struct post **posts, size_t *count, struct err *err);

/* Likewise of a thread, which is of that forum: none where it is of another. */
bool
post_list_thread_ids(struct db *db, struct arena *arena, int64_t forum, int64_t thread,
    int64_t after, size_t room, struct post **posts, size_t *count, struct err *err);

/* Ids and parents of all posts of a thread that post_list_thread() lists, in order, at most `room`: for the
 * tree of a thread shown in pages. Only id, parent, date are filled. */
bool
post_list_tree(struct db *db, struct arena *arena, int64_t thread, size_t room, struct post **posts,
    size_t *count, struct err *err);

/* Published posts of a thread whose true parent is not here, in order; heads only. */
bool
post_list_awaiting(struct db *db, struct arena *arena, int64_t thread, size_t room,
    struct post **posts, size_t *count, struct err *err);

/* Held posts of a forum, oldest first, after one, without source. */
bool
post_list_held(struct db *db, struct arena *arena, int64_t forum, int64_t after, size_t room,
    struct post **posts, size_t *count, struct err *err);

/* Of an author, in whatever state, newest first; heads only. */
bool
post_list_author(struct db *db, struct arena *arena, int64_t author, size_t room,
    struct post **posts, size_t *count, struct err *err);

bool
post_count_held(struct db *db, int64_t forum, int64_t *count, struct err *err);

/* How many there are in each state, 0 too. */
bool
post_count_states(
    struct db *db, struct arena *arena, struct db_count **counts, size_t *count, struct err *err);

/* Posts that have this Message-ID, or came with it, in a forum (0: any), oldest first;
 * any state, heads only; at most 100. None is no error. */
bool
post_list_message(struct db *db, struct arena *arena, struct span message_id, int64_t forum,
    struct post **posts, size_t *count, struct err *err);

/* How many posts of an author are in that state, counted up to `most`; in a forum (0: any). */
bool
post_count_author(struct db *db, int64_t author, int64_t forum, const char *state, int64_t most,
    int64_t *count, struct err *err);

/* The one way a state changes: from that one to this one. CONFLICT where it is in another
 * state, with nothing changed. `by` and `now` 0: nobody decided. */
bool
post_move(struct db *db, int64_t id, const char *from, const char *to, int64_t by, int64_t now,
    struct span why, struct err *err);

/* Where it stands, once that is known; `awaits` empty: nothing. */
bool
post_place(struct db *db, int64_t id, int64_t thread, int64_t parent, struct span awaits,
    int64_t date, struct err *err);

/* Has the author a published post in that forum that waited for a moderator? */
bool
post_was_read(struct db *db, int64_t author, int64_t forum, bool *was, struct err *err);

/* Its parent alone; what it awaits stays. */
bool
post_set_parent(struct db *db, int64_t id, int64_t parent, struct err *err);

/* Why a held post waits, and how its author was proved. CONFLICT where it is not held. */
bool
post_set_hold(struct db *db, int64_t id, const char *hold, const char *proof, struct err *err);

/* The posts of this thread that awaited this Message-ID have their parent now. */
bool
post_fill(struct db *db, int64_t thread, struct span message_id, int64_t parent, int64_t *filled,
    struct err *err);

/* ---- sums: is it what was written? ---- */

/* Those that read posts with their texts ask this themselves: BROKEN names the post. What has no
 * sum is taken as it is. */
bool
post_check(struct db *db, const struct post *post, struct err *err);

/* Keeps the sums of what stands there now: after whatever changes texts or names. */
bool
post_sum_set(struct db *db, int64_t id, struct err *err);

/* Looks at `room` posts beyond one, whatever their state: *last is the last of them, 0 where there
 * are no more. BROKEN names the first that is damaged, or has no sum. */
bool
post_check_some(struct db *db, int64_t after, size_t room, int64_t *last, struct err *err);

/* Sums of all posts that have none. */
bool
post_sum_fill(struct db *db, struct err *err);

bool
post_set_html(struct db *db, int64_t id, struct span html, int64_t renderer, struct err *err);
