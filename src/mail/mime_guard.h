/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* mail/mime_guard.h: a message made fit for libetpan.
 *
 * libetpan 1.9.4 recurses on comments and on message/rfc822, is quadratic on
 * nested multiparts and loses everything after a malformed line. So it is shown a
 * copy: a head of ours with the one Content-Type, and the body, octet for octet
 * at the same places, in which what could make it recurse has another name. Part
 * of mime_read.c's work, apart so that it can be tested alone. */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"
#include "mail/header.h"

enum { MIME_PADDING = 16 /* NULs behind the copy: libetpan reads over the end */ };

struct mime_copy {
	char *data;  /* in the arena, MIME_PADDING NULs follow */
	size_t len;  /* octets */
	size_t head; /* octets of our head: offset i >= head is raw offset i - head + body */
	size_t body; /* offset of the body within raw */
};

/* NULL and the copy, or why the message must not be taken apart. type is the
 * Content-Type of the message, a multipart with a boundary. */
const char *
mime_guard(struct arena *arena, struct span raw, size_t body, const struct header_value *type,
    struct mime_copy *copy);

struct mime_extents {
	struct span *list; /* parts, heads included, borrowed from the content */
	size_t count;
	size_t delimiters; /* lines seen that are the boundary, the closing one included */
};

/* The parts of one multipart, by its boundary alone: for what libetpan gives up
 * on. At most max parts; the rest is the last part's. */
void
mime_split(struct arena *arena, struct span content, struct span boundary, size_t max,
    struct mime_extents *extents);
