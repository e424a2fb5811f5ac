/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* mail/bounce_text.h: delivery reports that were written for people only, as mailers
 * before RFC 3464 (and some of today) send them. Heuristics in tables; the second half
 * of bounce_read(). */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "mail/header.h"
#include "mail/parsed.h"

struct bounce_reading {
	struct arena *arena;
	struct parsed *parsed;
};

/* At most PARSED_RECIPIENTS_MAX; an address that is there already is not added again. */
void
bounce_read_add(struct bounce_reading *reading, const struct parsed_recipient *recipient);

/* Is this mail a mailer's report, by its sender, subject and words? */
bool
bounce_text_is_report(struct bounce_reading *reading, const struct header *header, struct span text);

/* Recipients named in the text, each with the status the words around it mean; and the
 * Message-ID of the message that is quoted below it. */
void
bounce_text_read(struct bounce_reading *reading, struct span text);

/* The message that came back: its Message-ID, and, where the report names nobody, the one
 * recipient it was written to. */
void
bounce_read_returned(struct bounce_reading *reading, const struct header *header);

/* The status of a sentence: written in it, meant by its words, or the class of a reply
 * code; empty where it says nothing. */
struct span
bounce_status_of(struct span text);
