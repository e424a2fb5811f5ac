/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/delivery.h: what leaves the house.
 *
 * Publishing adds one outbox row a recipient, in the post's own transaction
 * (delivery_queue_post). The relay process reads due rows with a read-only book
 * (delivery_due), builds the messages, sends, and reports in batches by the act
 * delivery.report. A report twice changes nothing the second time. */
#pragma once

#include "mail/message_write.h"
#include "rules/act.h"

/* One row for every subscriber of this instant who takes each post (or whose mode and
 * follows say so), the author included unless he asked otherwise; skips addresses in
 * `already` (folded, To/Cc of the original). Sets clerk->relay_due. */
struct delivery_new {
	int64_t post, thread, forum;
	bool opens; /* the thread */
	const struct span *already;
	size_t already_count;
};
bool
delivery_queue_post(struct clerk *, const struct delivery_new *, struct err *);

/* A notice of the house to one person: template name, fields for it. Times one. */
struct notice_new {
	const char *template;
	int64_t person;      /* to whom */
	int64_t address;     /* 0: the preferred one */
	int64_t forum, post; /* 0: none */
	const char *reply_to; /* local part, or NULL */
	const char *answers;  /* Message-ID, or NULL */
	struct span input;    /* encoded fields: values of the template; sealed in the book */
};
bool
delivery_queue_notice(struct clerk *, struct arena *, const struct notice_new *, struct err *);

bool
delivery_cancel_person(struct clerk *, int64_t person, int64_t forum, struct err *);

/* The wall clock was set back by so many seconds (0: not that we know): no delivery waits until
 * it comes round again. */
bool
delivery_clock_back(struct clerk *, int64_t seconds, struct err *);

/* ---- the relay's side: a read-only book ---- */

struct delivery {
	int64_t id;          /* outbox row */
	int64_t post, notice; /* one of them is 0 */
	int64_t forum;       /* of the post; 0 for a notice */
	int64_t person;
	const char *address; /* to whom */
	const char *locale;  /* of the recipient */
	int64_t attempts;
};

/* Up to `room` rows due at `now`, skipping ids in the sorted list `busy`; posts
 * together so that a built message serves many. Ends in NOT_FOUND where none is due;
 * *wait tells the seconds until the next one then (-1: none at all). */
bool
delivery_due(struct clerk *, struct arena *, int64_t now, const int64_t *busy, size_t busy_count,
    size_t room, struct delivery *out, size_t *count, int64_t *wait, struct err *);

/* What a copy of this post or notice says (headers, text, html, links with slots), for
 * message_template_build(). All copies of a post in one locale are the same template; a
 * notice is for one person. Needs clerk->theme. */
bool
delivery_outgoing(struct clerk *, struct arena *, const struct delivery *, struct outgoing *,
    struct err *);

/* The same post as an archive keeps it: its author's relay address, its own words, nothing of
 * any recipient, no theme. */
bool
delivery_archived(struct clerk *, struct arena *, int64_t post, struct outgoing *, struct err *);

/* The tokens of one recipient's copy (spans in the arena), and its envelope sender
 * "b.TOKEN@domain"; "" is the null sender. */
bool
delivery_slots(struct clerk *, struct arena *, const struct delivery *, struct message_tokens *,
    const char **sender, struct err *);

/* ---- acts ---- */

/* act delivery.report (DOOR_RELAY), input: "row" repeated, each an encoded list of
 * "id", "result" (sent, retry, failed), "answer". */
bool
delivery_report(struct clerk *, const struct act *, struct outcome *, struct err *);

/* act delivery.start (DOOR_RELAY), input "id" repeated: said only after a death of the
 * relay, before each row is tried: tries + 1; at 2 the row is set aside. */
bool
delivery_start(struct clerk *, const struct act *, struct outcome *, struct err *);
