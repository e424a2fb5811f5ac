/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* mail/mail_read.h: a raw message becomes a struct parsed. Total: any octets give
 * one. Parser process only (it runs libetpan and libxml2). */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"
#include "mail/parsed.h"

/* The result borrows from the arena only, not from raw. */
void
mail_read(struct arena *arena, struct span raw, struct parsed *parsed);

/* Another part of a message is worse than none: what did not survive the parser
 * twice, or went over its deadline, is shown by this one, which runs no library:
 * the head as header.h reads it, the rest as one opaque attachment. */
void
mail_read_opaque(struct arena *arena, struct span raw, const char *why, struct parsed *parsed);

/* The source of a web post. Where is_plain it is shown as typed, without cmark:
 * for what went over the deadline. */
void
mail_read_markdown(struct arena *arena, struct span source, bool is_plain, struct parsed *parsed);
