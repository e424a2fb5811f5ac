/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* base/arena.h: one arena for each unit of work (request, mail, act, job).
 *
 * Nobody frees in a handler: what is taken from an arena lives until the arena
 * is reset or freed. Memory is zeroed and never NULL. Under AddressSanitizer
 * memory of a reset arena is poisoned. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include "base/str.h"

struct arena;

struct arena *
arena_new(void);

/* Drops everything and sets *arena to NULL; NULL is allowed. */
void
arena_free(struct arena **arena);

/* Drops everything taken so far; the arena itself stays usable. */
void
arena_reset(struct arena *arena);

void *
arena_alloc(struct arena *arena, size_t size);

void *
arena_array(struct arena *arena, size_t count, size_t size);

char *
arena_strdup(struct arena *arena, const char *text);

/* A NUL-terminated copy of len octets. */
char *
arena_strndup(struct arena *arena, const char *text, size_t len);

/* A copy of the slice in the arena (NUL follows it, not counted). */
struct span
arena_span(struct arena *arena, struct span span);

char *
arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Octets handed out since the last reset, for caps. */
size_t
arena_used(const struct arena *arena);
