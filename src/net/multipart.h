/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* net/multipart.h: multipart/form-data (RFC 7578) as a list of slices.
 *
 * The whole body is at hand (in memory, or a mapped spool file), so that parts are
 * offsets into it: an upload becomes an extent of the spool file, never a copy. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum {
	MULTIPART_PARTS_MAX = 64,
	MULTIPART_HEAD_MAX = 4 * 1024, /* octets of the header fields of one part */
	MULTIPART_NAME_MAX = 255,      /* octets of a name or file name */
	MULTIPART_BOUNDARY_MAX = 70    /* RFC 2046 §5.1.1 */
};

struct multipart_part {
	struct span name;      /* of the form field; UTF-8, no control */
	struct span file_name; /* last component; UTF-8, no control; empty where absent */
	struct span type;      /* Content-Type as sent, or empty */
	struct span data;      /* slice of the body */
	size_t offset;         /* of data in the body */
	bool is_file;          /* a file name was given, even an empty one */
};

struct multipart {
	size_t count;
	struct multipart_part *parts; /* in the arena */
};

/* Is it multipart/form-data? boundary: checked, in the arena. INVALID where it is but
 * has no sound boundary; NOT_FOUND where it is something else. */
bool
multipart_boundary(
    struct arena *arena, struct span content_type, struct span *boundary, struct err *err);

/* INVALID: framing, a part without a name; TOO_MUCH: a limit. */
bool
multipart_read(struct arena *arena, struct span boundary, struct span body, struct multipart *out,
    struct err *err);

/* First part of that name that is not a file; data NULL where absent. */
struct span
multipart_get(const struct multipart *multipart, const char *name);
