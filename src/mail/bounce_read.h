/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* mail/bounce_read.h: delivery reports, complaints, and what looks like them.
 *
 * First the standards: message/delivery-status (RFC 3464), its global form (RFC
 * 6533), message/feedback-report (RFC 5965), message/disposition-notification
 * (RFC 8098). Where a mail is none of them but comes from a mailer, a table of
 * the phrases of older mailers is tried. VERP, which names the recipient for
 * certain, is the caller's: here is only what the text says. Parser process only. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "mail/mime_read.h"
#include "mail/parsed.h"

/* Fills the report fields of parsed, whose head was read; leaves them at NONE
 * where the message is no report. */
void
bounce_read(struct arena *arena, const struct mime_tree *tree, struct parsed *parsed);

/* First "x.y.z" enhanced status code in the text, or empty (RFC 3463). */
struct span
bounce_find_status(struct span text);

/* The status a sentence of a mailer means ("mailbox full" -> 5.2.2), or empty. */
struct span
bounce_guess_status(struct span text);
