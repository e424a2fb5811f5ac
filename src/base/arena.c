/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A bump allocator in chunks that double, so that a unit of work costs a handful
 * of calls to malloc and is dropped in as many. What is not handed out is always
 * zero: fresh chunks come from calloc, the kept one is wiped at the reset. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_POISONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISONS 1
#endif
#endif

#ifdef ARENA_POISONS
#include <sanitizer/asan_interface.h>
enum { ARENA_GAP = 16 }; /* an overrun falls into poison, not into the neighbour */
#else
#define ASAN_POISON_MEMORY_REGION(data, len) ((void)(data), (void)(len))
#define ASAN_UNPOISON_MEMORY_REGION(data, len) ((void)(data), (void)(len))
enum { ARENA_GAP = 0 };
#endif

enum { ARENA_ALIGN = 16, ARENA_CHUNK_FIRST = 8 * 1024, ARENA_CHUNK_LAST = 1024 * 1024 };

struct chunk {
	struct chunk *next; /* older */
	size_t size;	    /* octets of data */
	size_t used;
	alignas(ARENA_ALIGN) char data[];
};

struct arena {
	struct chunk *first;   /* kept by a reset */
	struct chunk *current; /* where small things are cut from */
	struct chunk *others;  /* all but the first */
	size_t next_size;      /* of the next ordinary chunk */
	size_t used;	       /* octets handed out */
};

static struct chunk *
chunk_new(size_t size)
{
	struct chunk *chunk = x_calloc(1, size_plus(sizeof(*chunk), size));

	chunk->size = size;
	ASAN_POISON_MEMORY_REGION(chunk->data, size);
	return chunk;
}

static void
chunk_free(struct chunk *chunk)
{
	ASAN_UNPOISON_MEMORY_REGION(chunk->data, chunk->size);
	free(chunk);
}

/* size is a multiple of ARENA_ALIGN and fits. */
static void *
chunk_cut(struct chunk *chunk, size_t size)
{
	void *memory = chunk->data + chunk->used;

	chunk->used += size;
	ASAN_UNPOISON_MEMORY_REGION(memory, size - ARENA_GAP);
	return memory;
}

struct arena *
arena_new(void)
{
	struct arena *arena = x_calloc(1, sizeof(*arena));

	arena->first = arena->current = chunk_new(ARENA_CHUNK_FIRST);
	arena->next_size = (size_t)ARENA_CHUNK_FIRST * 2;
	return arena;
}

static void
arena_free_others(struct arena *arena)
{
	while (arena->others != NULL) {
		struct chunk *chunk = arena->others;

		arena->others = chunk->next;
		chunk_free(chunk);
	}
}

void
arena_free(struct arena **arena)
{
	if (*arena == NULL)
		return;
	arena_free_others(*arena);
	chunk_free((*arena)->first);
	free(*arena);
	*arena = NULL;
}

void
arena_reset(struct arena *arena)
{
	struct chunk *first = arena->first;

	arena_free_others(arena);
	ASAN_UNPOISON_MEMORY_REGION(first->data, first->size);
	memset(first->data, 0, first->used);
	ASAN_POISON_MEMORY_REGION(first->data, first->size);
	first->used = 0;
	arena->current = first;
	arena->next_size = (size_t)ARENA_CHUNK_FIRST * 2;
	arena->used = 0;
}

static struct chunk *
arena_add_chunk(struct arena *arena, size_t size)
{
	struct chunk *chunk = chunk_new(size);

	chunk->next = arena->others;
	arena->others = chunk;
	return chunk;
}

/* What would waste over a quarter of a chunk gets its own, and small things go
 * on being cut from the current one. */
static void *
arena_alloc_slow(struct arena *arena, size_t size)
{
	if (size > arena->next_size / 4)
		return chunk_cut(arena_add_chunk(arena, size), size);
	arena->current = arena_add_chunk(arena, arena->next_size);
	if (arena->next_size < ARENA_CHUNK_LAST)
		arena->next_size *= 2;
	return chunk_cut(arena->current, size);
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	size_t taken = size_plus(size == 0 ? 1 : size, ARENA_ALIGN - 1 + ARENA_GAP);

	taken -= taken % ARENA_ALIGN;
	arena->used = size_plus(arena->used, taken);
	if (taken > arena->current->size - arena->current->used)
		return arena_alloc_slow(arena, taken);
	return chunk_cut(arena->current, taken);
}

void *
arena_array(struct arena *arena, size_t count, size_t size)
{
	return arena_alloc(arena, size_times(count, size));
}

char *
arena_strdup(struct arena *arena, const char *text)
{
	struct span span = span_of(text);

	return arena_strndup(arena, span.data, span.len);
}

char *
arena_strndup(struct arena *arena, const char *text, size_t len)
{
	char *copy = arena_alloc(arena, size_plus(len, 1));

	if (len > 0)
		memcpy(copy, text, len);
	return copy;
}

struct span
arena_span(struct arena *arena, struct span span)
{
	return span_make(arena_strndup(arena, span.data, span.len), span.len);
}

char *
arena_printf(struct arena *arena, const char *format, ...)
{
	char small[256], *text;
	va_list args, again;
	int len;

	va_start(args, format);
	va_copy(again, args);
	len = vsnprintf(small, sizeof(small), format, args);
	va_end(args);
	if (len < 0)
		die("arena_printf: not a format: %s", format);
	text = arena_alloc(arena, (size_t)len + 1);
	if ((size_t)len < sizeof(small))
		memcpy(text, small, (size_t)len);
	else
		(void)vsnprintf(text, (size_t)len + 1, format, again);
	va_end(again);
	return text;
}

size_t
arena_used(const struct arena *arena)
{
	return arena->used;
}
