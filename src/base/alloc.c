/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Memory that never fails. A process that cannot go on says why and leaves with
 * EX_SOFTWARE: no core is wanted, since it would hold addresses and keys. */
#include "base/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

enum { DIE_STATUS = 70 /* EX_SOFTWARE of sysexits.h */ };

void *
x_calloc(size_t count, size_t size)
{
	void *memory;

	if (count == 0 || size == 0)
		count = size = 1;
	memory = calloc(count, size);
	if (memory == NULL)
		die("no memory for %zu times %zu octets", count, size);
	return memory;
}

void *
x_realloc(void *old, size_t count, size_t size)
{
	size_t total = size_times(count, size);
	void *memory = realloc(old, total == 0 ? 1 : total);

	if (memory == NULL)
		die("no memory for %zu octets", total);
	return memory;
}

char *
x_strdup(const char *text)
{
	size_t len = strlen(text);
	char *copy = x_calloc(len + 1, 1);

	memcpy(copy, text, len);
	return copy;
}

size_t
size_times(size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		die("size overflow: %zu times %zu", count, size);
	return total;
}

size_t
size_plus(size_t a, size_t b)
{
	size_t total;

	if (__builtin_add_overflow(a, b, &total))
		die("size overflow: %zu plus %zu", a, b);
	return total;
}

void
die(const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_error("%s", text);
	_exit(DIE_STATUS);
}
