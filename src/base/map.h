/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* base/map.h: a table from octets to pointers, safe for keys from outside
 * (SipHash with a random key). Keys are copied, values are not owned. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct map;

struct map *
map_new(void);
void
map_free(struct map **map);

/* Value, or NULL. */
void *
map_get(const struct map *map, struct span key);

/* Sets or replaces; answers the value that stood there, or NULL. value != NULL. */
void *
map_set(struct map *map, struct span key, void *value);

/* Takes out; answers the value, or NULL. */
void *
map_remove(struct map *map, struct span key);

size_t
map_count(const struct map *map);

/* Walks in no order: *at starts at 0. The map may not change meanwhile. */
bool
map_next(const struct map *map, size_t *at, struct span *key, void **value);
