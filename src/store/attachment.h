/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/attachment.h: an attachment is an extent of a raw (store/raw.h). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct db;

struct attachment {
	int64_t id;
	const char *public_id; /* 26 letters, its name in URLs */
	int64_t post;
	int64_t position; /* from 0 */
	const char *name;
	const char *type;
	int64_t raw;
	int64_t offset, length; /* octets within the raw */
	const char *encoding;	/* none, base64, qp */
	int64_t size;		/* octets once decoded */
};

bool
attachment_add(struct db *db, const struct attachment *attachment, int64_t *id, struct err *err);

/* Of a post in whatever state: look at the post before showing it. */
bool
attachment_find(struct db *db, struct arena *arena, struct span public_id, struct attachment *out,
    struct err *err);

bool
attachment_list_post(struct db *db, struct arena *arena, int64_t post, struct attachment **out,
    size_t *count, struct err *err);

/* Of the published posts of a thread with a key beyond (after) and up to (until): those of
 * one page of post_list_thread(), in the same order. */
bool
attachment_list_thread(struct db *db, struct arena *arena, int64_t thread, int64_t after_date,
    int64_t after_id, int64_t until_date, int64_t until_id, struct attachment **out, size_t *count,
    struct err *err);
