/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/posting.h: how a post comes into being, by whichever door.
 *
 * A draft is what a door knows; posting_store() makes of it a post that is published
 * or held, inside the caller's savepoint. Published: its row, thread, index entry,
 * references and one outbox row a subscriber are one fact. Held: the row and the
 * notices to moderators, nothing else at all. It never renders and never parses. */
#pragma once

#include "mail/parsed.h"
#include "rules/act.h"
#include "rules/standing.h"
#include "rules/threading.h"
#include "rules/words.h"
#include "store/forum.h"
#include "store/person.h"
#include "store/post.h"

struct draft_attachment {
	struct span name, type;
	int64_t raw;
	size_t offset, length;
	enum parsed_encoding encoding;
	size_t size; /* octets once decoded */
};

struct draft {
	const struct forum *forum;
	const struct person *author;
	const struct standing *standing; /* of the author in that forum */
	int64_t organisation;  /* in whose name; 0: the author's own */
	const char *door;      /* web, mail, console, import */
	const char *proof;     /* session, token, results, local, author, none */
	const char *hold;      /* word of the reasons below; "" publishes */
	bool ask_author;       /* held: was it you? */
	int64_t from_address;  /* row of the address it came from; 0: none */
	bool tell_author;      /* held: the author is proved and may be told */
	bool silent;           /* published: queue no copies (import) */
	int64_t parent;        /* known for certain, or 0 */
	const char *chain;     /* threading_chain() */
	struct span subject;   /* line */
	struct span title;     /* of the thread, where it opens one */
	struct span message_id; /* empty: one is made */
	const char *alias;     /* the id it came with, where that was taken; "" */
	int64_t date, sent;
	int64_t raw;
	const struct parsed *parsed;  /* body: source, own, html, hash, format */
	const struct draft_attachment *attachments;
	size_t attachment_count;
	const struct span *already;   /* folded addresses that have it */
	size_t already_count;
};

struct posted {
	int64_t post, thread; /* thread 0: held */
	bool published;
	const char *slug;     /* of the thread, for its URL; "" where held */
	const char *message_id;
};

bool
posting_store(struct clerk *clerk, struct arena *arena, const struct draft *draft,
    struct posted *posted, struct err *err);

/* A held post becomes a published one, now; `by` is the moderator (0: nobody decided). */
bool
posting_publish_held(struct clerk *clerk, struct arena *arena, int64_t post, int64_t by,
    struct posted *posted, struct err *err);

/* Would it stand in a discussion that is closed? */
bool
posting_is_closed(struct clerk *clerk, struct arena *arena, const struct threading_post *post,
    bool *closed, struct err *err);

/* act post.add: forum + subject, or parent; source; attach; speaker (organisation). */
bool
posting_add(struct clerk *, const struct act *, struct outcome *, struct err *);

/* ask preview: source → html. */
bool
posting_preview(struct clerk *, const struct act *, struct outcome *, struct err *);
