/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/intake.h: mail that came in: kept first, understood later.
 *
 * intake_receive() is the act mail.receive: raw and envelope into the book; the 250
 * follows its commit. Later the clerk process takes rows of the inbox in order,
 * hands their octets to the parser, and runs intake_process() (the act
 * mail.process) with what came back: a post, a held post, a bounce counted, a
 * command done, or set aside. Every row ends in exactly one outcome. */
#pragma once

#include "rules/act.h"

enum { INTAKE_DEATHS_MAX = 2 }; /* what kills a process twice is set aside */

/* act mail.receive, input: "recipient" (one or more local parts), "from" (envelope
 * sender), "peer", "door" (smtp, lmtp, fetch, console), "raw" (octets) or a descriptor
 * with "size"; output: "inbox" (id) for each recipient. Header facts of the front ride
 * along and may refuse in session (DENIED): "head.from" (address of the first mailbox),
 * "head.auto" (first word of Auto-Submitted), "head.id" (Message-ID without brackets),
 * "head.report" and "head.robot" (flags); all may be absent. "peer" is an IP address or
 * "unix". The key is of the SMTP transaction. */
bool
intake_receive(struct clerk *, const struct act *, struct outcome *, struct err *);

struct inbox_item {
	int64_t id;
	int64_t size;      /* octets of the raw */
	struct span octets; /* of the arena, where the raw lies in the book */
	int fd;            /* open for reading, where it is a file; else -1; caller closes */
	int64_t tries;
};

/* The next row of state new after `after` (0: from the start). NOT_FOUND: none. */
bool
intake_next(struct clerk *, struct arena *, int64_t after, struct inbox_item *, struct err *);

/* act mail.process (DOOR_HOUSE), input "inbox"; act->parsed is the parser's word. */
bool
intake_process(struct clerk *, const struct act *, struct outcome *, struct err *);

/* A process died at it: counts, and at the second death sets it aside with the note
 * (act mail.died, DOOR_HOUSE: "inbox", "note"). */
bool
intake_died(struct clerk *, const struct act *, struct outcome *, struct err *);
/* act mail.aside (DOOR_HOUSE or administrator): set aside now. act mail.replay
 * (administrator): state new again, tries 0. */
bool
intake_aside(struct clerk *, const struct act *, struct outcome *, struct err *);
bool
intake_replay(struct clerk *, const struct act *, struct outcome *, struct err *);

/* ask address.known: input "recipient" (local part): NOT_FOUND, DENIED, or ok. */
bool
intake_address_known(struct clerk *, const struct act *, struct outcome *, struct err *);
