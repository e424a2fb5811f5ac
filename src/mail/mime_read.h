/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* mail/mime_read.h: the tree of a MIME message, as a flat list of extents.
 *
 * libetpan draws the tree, behind guards of our own: what could make it recurse
 * or crash is counted or removed before it sees a copy of the message (study
 * dependencies §1.4, 1.11), and its mailmime_extract_boundary is replaced. Heads
 * of parts are read by mail/header.h. Parser process only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"
#include "mail/header.h"
#include "mail/parsed.h"

enum {
	MIME_SIZE_MAX = 16 * 1024 * 1024, /* octets of a message */
	MIME_PARTS_MAX = 200,
	MIME_DEPTH_MAX = 16,
	MIME_TYPES_MAX = 300, /* lines that begin with Content-Type, quoted ones included */
	MIME_COMMENTS_MAX = 200 /* parentheses left open in what may be a field */
};

struct mime_part {
	struct header header;          /* of the part; of the message for part 0 */
	struct header_value type;      /* Content-Type; "text/plain" where missing or broken */
	struct header_value disposition;
	enum parsed_encoding encoding; /* of a leaf */
	size_t start;                  /* of its head, octets within raw */
	size_t offset, length;         /* of its content, octets within raw */
	size_t depth;                  /* 0 for the message itself */
	size_t end;                    /* index after its last descendant */
	bool is_multipart;             /* has parts; extents of a multipart are its whole content */
};

/* Parts in order, each before its descendants: part 0 is the message. */
struct mime_tree {
	struct span raw;
	struct mime_part *parts;
	size_t count;
	const char *over_limit; /* then parts[0] alone is there, as a leaf */
};

/* Total: any octets give a tree with at least one part. */
void
mime_read(struct arena *arena, struct span raw, struct mime_tree *tree);

/* Octets of a leaf, its transfer encoding undone, appended. */
void
mime_decode(const struct mime_tree *tree, const struct mime_part *part, struct buf *out);

/* Text of a leaf as UTF-8 (charset of its Content-Type), line ends as LF. */
struct span
mime_text(struct arena *arena, const struct mime_tree *tree, const struct mime_part *part,
    size_t max, bool *is_cut);

bool
mime_type_is(const struct mime_part *part, const char *type);
