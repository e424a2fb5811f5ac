/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A settings file: it is read, or refused with its name and a line; what was read prints
 * and reads back as the same. */
#include <stdlib.h>
#include <string.h>

#include "rules/settings.h"
#include "fuzz.h"

static void
read_back(struct arena *arena, const struct settings *settings)
{
	struct settings again;
	struct buf first = { 0 }, second = { 0 };
	struct err err = { 0 };

	settings_print(settings, &first);
	must(settings_read(arena, buf_span(&first), "again", &again, &err));
	settings_print(&again, &second);
	must(span_equal(buf_span(&first), buf_span(&second)));
	buf_free(&first);
	buf_free(&second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena *arena = arena_new();
	struct settings settings;
	struct err err = { 0 };

	if (settings_read(arena, span_make(data, len), "file", &settings, &err))
		read_back(arena, &settings);
	else
		must(strncmp(err.text, "file:", 5) == 0);
	arena_free(&arena);
	return 0;
}
