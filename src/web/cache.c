/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "web/cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/map.h"
#include "base/token.h"

enum { ENTRY_COST = 256 }; /* octets of the entry, its key and its place in the map, about */

struct entry {
	struct cache_page page;
	size_t cost;
	struct entry *newer, *older;
	struct span key; /* follows the entry */
};

struct cache {
	struct map *map;
	size_t size, used;
	int64_t version;
	struct entry *newest, *oldest;
};

struct cache *
cache_new(size_t size)
{
	struct cache *cache = x_calloc(1, sizeof(*cache));

	cache->map = map_new();
	cache->size = size;
	return cache;
}

void
cache_free(struct cache **slot)
{
	struct cache *cache = *slot;

	if (cache == NULL)
		return;
	cache_clear(cache);
	map_free(&cache->map);
	free(cache);
	*slot = NULL;
}

static void
unlink_entry(struct cache *cache, struct entry *entry)
{
	*(entry->newer != NULL ? &entry->newer->older : &cache->newest) = entry->older;
	*(entry->older != NULL ? &entry->older->newer : &cache->oldest) = entry->newer;
	entry->newer = entry->older = NULL;
}

static void
link_newest(struct cache *cache, struct entry *entry)
{
	entry->older = cache->newest;
	*(cache->newest != NULL ? &cache->newest->newer : &cache->oldest) = entry;
	cache->newest = entry;
}

static void
drop(struct cache *cache, struct entry *entry)
{
	unlink_entry(cache, entry);
	map_remove(cache->map, entry->key);
	cache->used -= entry->cost;
	http_blob_drop(&entry->page.blob);
	free(entry);
}

static void
make_room(struct cache *cache, size_t octets)
{
	while (cache->oldest != NULL && cache->used + octets > cache->size)
		drop(cache, cache->oldest);
}

void
cache_clear(struct cache *cache)
{
	while (cache->oldest != NULL)
		drop(cache, cache->oldest);
}

void
cache_set_size(struct cache *cache, size_t size)
{
	cache->size = size;
	make_room(cache, 0);
}

void
cache_set_version(struct cache *cache, int64_t version)
{
	if (cache->version != version)
		cache_clear(cache);
	cache->version = version;
}

const struct cache_page *
cache_find(struct cache *cache, struct span key)
{
	struct entry *entry = map_get(cache->map, key);

	if (entry == NULL)
		return NULL;
	if (entry != cache->newest) {
		unlink_entry(cache, entry);
		link_newest(cache, entry);
	}
	return &entry->page;
}

static struct entry *
entry_new(struct span key, struct http_blob *blob, const char *etag, const char *type)
{
	struct entry *entry = x_calloc(1, size_plus(sizeof(*entry), key.len));
	char *copy = (char *)(entry + 1);

	if (key.len > 0)
		memcpy(copy, key.data, key.len);
	entry->key = span_make(copy, key.len);
	entry->page.type = type;
	entry->page.blob = http_blob_keep(blob);
	memcpy(entry->page.etag, etag, strnlen(etag, ETAG_MAX - 1));
	entry->cost = ENTRY_COST + 2 * key.len + http_blob_span(blob).len;
	return entry;
}

void
cache_add(struct cache *cache, struct span key, struct http_blob *blob, const char *etag,
    const char *type)
{
	struct entry *entry = map_get(cache->map, key);

	if (entry != NULL)
		drop(cache, entry);
	entry = entry_new(key, blob, etag, type);
	if (entry->cost > cache->size) {
		http_blob_drop(&entry->page.blob);
		free(entry);
		return;
	}
	make_room(cache, entry->cost);
	(void)map_set(cache->map, entry->key, entry);
	link_newest(cache, entry);
	cache->used += entry->cost;
}

size_t
cache_count(const struct cache *cache)
{
	return map_count(cache->map);
}

size_t
cache_used(const struct cache *cache)
{
	return cache->used;
}

void
cache_etag(struct span body, char out[ETAG_MAX])
{
	uint8_t hash[SHA256_SIZE];

	token_sha256(body, hash);
	out[0] = '"';
	token_hex(hash, 16, out + 1);
	out[33] = '"';
	out[34] = '\0';
}
