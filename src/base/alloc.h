/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* base/alloc.h: memory that never fails and is always zeroed.
 *
 * No memory is not an expected trouble here: the process ends and the
 * supervisor starts it again; what it had not committed is redone. */
#pragma once

#include <stddef.h>
#include <stdint.h>

void *
x_calloc(size_t count, size_t size);

/* Grows or shrinks; bytes beyond the old length are not zeroed. */
void *
x_realloc(void *old, size_t count, size_t size);

char *
x_strdup(const char *text);

/* Octets of count * size, or the end of the process where that overflows. */
size_t
size_times(size_t count, size_t size);

/* Octets of a + b, or the end of the process where that overflows. */
size_t
size_plus(size_t a, size_t b);

/* Logs the sentence and ends the process: a bug, or nothing left to work with. */
_Noreturn void
die(const char *format, ...) __attribute__((format(printf, 1, 2)));
