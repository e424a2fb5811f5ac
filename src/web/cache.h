/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/cache.h: finished pages as anonymous readers see them, in bounded memory.
 *
 * All pages of a cache are of one public_version: another one drops them all, so that
 * nothing outlives what it shows. Bodies are shared with the connections that send
 * them. What was used longest ago goes first. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "net/http.h"

struct cache;

enum { ETAG_MAX = 36 }; /* octets with quotes and NUL */

struct cache_page {
	struct http_blob *blob;
	char etag[ETAG_MAX];
	const char *type; /* Content-Type: a constant of the program */
};

/* size: octets of everything kept; 0 keeps nothing. */
struct cache *
cache_new(size_t size);

void
cache_free(struct cache **cache);

void
cache_set_size(struct cache *cache, size_t size);

/* Drops everything unless it is of this version. */
void
cache_set_version(struct cache *cache, int64_t version);

void
cache_clear(struct cache *cache);

/* NULL where there is none; good until the next call. */
const struct cache_page *
cache_find(struct cache *cache, struct span key);

/* Takes a reference of the blob. A page too big to be kept is not. */
void
cache_add(struct cache *cache, struct span key, struct http_blob *blob, const char *etag,
    const char *type);

size_t
cache_count(const struct cache *cache);

/* Octets kept, with what each page costs beside its body. */
size_t
cache_used(const struct cache *cache);

/* The entity tag of a body, quotes and all. */
void
cache_etag(struct span body, char out[ETAG_MAX]);
