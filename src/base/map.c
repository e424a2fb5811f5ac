/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Open addressing with linear probing, at most three quarters full. A removal
 * moves its followers back, so that there are no tombstones to grow old. */
#include "base/map.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/token.h"

enum { MAP_FIRST = 16 /* slots; always a power of two */ };

struct slot {
	uint64_t hash;
	char *key; /* owned */
	size_t len;
	void *value; /* NULL: the slot is free */
};

struct map {
	struct slot *slots;
	size_t room;
	size_t count;
};

struct map *
map_new(void)
{
	struct map *map = x_calloc(1, sizeof(*map));

	map->slots = x_calloc(MAP_FIRST, sizeof(*map->slots));
	map->room = MAP_FIRST;
	return map;
}

void
map_free(struct map **map)
{
	if (*map == NULL)
		return;
	for (size_t i = 0; i < (*map)->room; i++)
		free((*map)->slots[i].key);
	free((*map)->slots);
	free(*map);
	*map = NULL;
}

/* The slot of that key, or the free one where it would stand. */
static size_t
map_find(const struct map *map, struct span key, uint64_t hash)
{
	size_t at = hash & (map->room - 1);

	while (map->slots[at].value != NULL) {
		const struct slot *slot = &map->slots[at];

		if (slot->hash == hash && span_equal(span_make(slot->key, slot->len), key))
			break;
		at = (at + 1) & (map->room - 1);
	}
	return at;
}

static void
map_grow(struct map *map)
{
	size_t old_room = map->room;
	struct slot *old = map->slots;

	map->room = size_times(old_room, 2);
	map->slots = x_calloc(map->room, sizeof(*map->slots));
	for (size_t i = 0; i < old_room; i++) {
		struct span key = span_make(old[i].key, old[i].len);

		if (old[i].value != NULL)
			map->slots[map_find(map, key, old[i].hash)] = old[i];
	}
	free(old);
}

void *
map_get(const struct map *map, struct span key)
{
	if (map->count == 0)
		return NULL;
	return map->slots[map_find(map, key, token_siphash(key))].value;
}

void *
map_set(struct map *map, struct span key, void *value)
{
	uint64_t hash = token_siphash(key);
	struct slot *slot;
	void *old;

	if (value == NULL)
		die("map_set: no value");
	if (map->count >= map->room / 4 * 3)
		map_grow(map);
	slot = &map->slots[map_find(map, key, hash)];
	old = slot->value;
	slot->value = value;
	if (old != NULL)
		return old;
	slot->hash = hash;
	slot->len = key.len;
	slot->key = x_calloc(size_plus(key.len, 1), 1);
	for (size_t i = 0; i < key.len; i++)
		slot->key[i] = key.data[i];
	map->count++;
	return NULL;
}

/* Moves back each follower whose home is not between the gap and itself. */
static void
map_close_gap(struct map *map, size_t gap)
{
	size_t mask = map->room - 1;

	for (size_t at = (gap + 1) & mask; map->slots[at].value != NULL; at = (at + 1) & mask) {
		size_t home = map->slots[at].hash & mask;

		if (((at - home) & mask) < ((at - gap) & mask))
			continue;
		map->slots[gap] = map->slots[at];
		gap = at;
	}
	map->slots[gap] = (struct slot){ 0 };
}

void *
map_remove(struct map *map, struct span key)
{
	size_t at = map_find(map, key, token_siphash(key));
	void *value = map->slots[at].value;

	if (value == NULL)
		return NULL;
	free(map->slots[at].key);
	map_close_gap(map, at);
	map->count--;
	return value;
}

size_t
map_count(const struct map *map)
{
	return map->count;
}

bool
map_next(const struct map *map, size_t *at, struct span *key, void **value)
{
	while (*at < map->room && map->slots[*at].value == NULL)
		(*at)++;
	if (*at >= map->room)
		return false;
	*key = span_make(map->slots[*at].key, map->slots[*at].len);
	*value = map->slots[*at].value;
	(*at)++;
	return true;
}
