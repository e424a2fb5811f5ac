/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* base/frame.h: what processes say to each other, and nothing else.
 *
 * A message is a kind, an id, the incarnation of the sender, and named fields.
 * Fields are a list of (name, octets): names are 1-31 octets of [a-z0-9_.-],
 * may repeat, and keep their order; a value may itself be an encoded list.
 *
 *   message: magic u16 0x5052 | kind u16 | incarnation u32 | id u64 | fields
 *   field:   name length u8 | value length u32 | name | value
 *
 * Integers are little-endian. All is length-prefixed: no octet is special. The
 * reader checks the whole before answering, so that what was read is sound.
 * A message of at most FRAME_MAX octets is one packet; longer ones (at most
 * MESSAGE_MAX) travel as several packets, see process/channel.h. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

enum {
	FRAME_MAX = 64 * 1024,         /* octets of one packet */
	MESSAGE_MAX = 8 * 1024 * 1024, /* octets of one message */
	FRAME_FIELDS_MAX = 20000       /* fields of one list */
};

/* An encoded list of fields. A zeroed one is empty. */
struct fields {
	struct span octets;
};

struct frame {
	uint16_t kind;
	uint32_t incarnation;
	uint64_t id;
	struct fields fields;
};

/* Building: frame_begin, then fields_add_*, into the same buf. A list alone (to be
 * a value) is built without frame_begin. */
void
frame_begin(struct buf *out, uint16_t kind, uint32_t incarnation, uint64_t id);

void
fields_add(struct buf *out, const char *name, struct span value);

void
fields_add_text(struct buf *out, const char *name, const char *value);

/* As decimal text, so that an int is also readable as a span. */
void
fields_add_int(struct buf *out, const char *name, int64_t value);

/* Checks everything. False: not a frame, drop the connection. Borrowed from data. */
bool
frame_read(struct frame *frame, struct span data);

/* Checks a list that came as a value. */
bool
fields_read(struct fields *fields, struct span data);

/* First value of that name; the empty span (data NULL) where there is none. */
struct span
fields_get(const struct fields *fields, const char *name);

bool
fields_has(const struct fields *fields, const char *name);

/* First value as an integer, or fallback where absent or not an integer. */
int64_t
fields_int(const struct fields *fields, const char *name, int64_t fallback);

/* First value as NUL-terminated text in the arena ("" where absent; cut at a NUL). */
char *
fields_text(const struct fields *fields, const char *name, struct arena *arena);

/* Walks in order: *at starts at 0. */
bool
fields_next(const struct fields *fields, size_t *at, struct span *name, struct span *value);
