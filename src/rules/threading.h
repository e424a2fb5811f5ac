/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/threading.h: to which thread a post belongs, whatever the order of arrival.
 *
 * Every Message-ID that a forum's published posts have or name belongs to one thread
 * (the table reference); one that is named and not here is a ghost. A post stands in the
 * thread of the nearest id of its chain that is known. What it names besides is united
 * with that only where a thread waits to be continued upwards, which is: its first post
 * answers something that never came. So one mail cannot make two discussions one, and a
 * closed thread neither takes in nor goes. A post whose true parent is a ghost hangs on
 * the nearest ancestor that is here, and moves when the ghost arrives. Subjects never
 * thread.
 *
 * threading_place() comes before the row of the post, threading_settle() after it;
 * both inside the caller's savepoint. */
#pragma once

#include "base/arena.h"
#include "mail/parsed.h"
#include "rules/clerk.h"

enum { THREADING_CHAIN_MAX = 25 }; /* ids of a chain that are looked at, the last ones */

struct threading_post {
	int64_t forum;
	struct span message_id;
	int64_t parent;     /* known for certain (a form, a reply token), or 0 */
	const char *chain;  /* Message-IDs, root first, a blank between; "" opens a thread */
	struct span title;  /* of the thread, where this post opens one */
	int64_t date;
};

struct placement {
	int64_t thread;
	int64_t parent;     /* 0: none is here */
	struct span awaits; /* the true parent, where that is a ghost; else empty */
	bool opens;         /* a new thread */
	bool was_ghost;     /* somebody named this post before it came */
	bool merged;        /* threads were united: first post and title may have changed */
};

/* The thread that threading_place() would say, before it unites any; 0: a new one. Changes
 * nothing. */
bool
threading_find(struct clerk *clerk, struct arena *arena, const struct threading_post *post,
    int64_t *thread, struct err *err);

bool
threading_place(struct clerk *clerk, struct arena *arena, const struct threading_post *post,
    struct placement *placement, struct err *err);

/* The post has its row now: its id is remembered, children that waited find it. */
bool
threading_settle(struct clerk *clerk, struct arena *arena, const struct threading_post *post,
    const struct placement *placement, int64_t id, struct err *err);

/* The Message-ID of a mail, where it is one; else one that is made of what the mail says,
 * so that the same mail, come again, has the same. Of the arena. */
struct span
threading_message_id(struct clerk *clerk, struct arena *arena, const struct parsed *parsed);

/* References and In-Reply-To of a mail as one chain: References first, the first id of
 * In-Reply-To last; own id, doubles and unsound ids left out; of the arena. */
const char *
threading_chain(struct arena *arena, const struct parsed *parsed);
