/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* text/theme_load.h: an open theme, and how it is filled. For theme*.c alone. */
#pragma once

#include "text/theme.h"

enum { HASH_DIGITS = 16 };

struct static_file {
	const char *name, *url;
	struct theme_file file;
	struct static_file *next;
};

struct theme {
	struct arena *arena;
	struct static_file *statics;
	char hash[HASH_DIGITS + 1];    /* of the static files */
	char version[HASH_DIGITS + 1]; /* of everything */
	struct template_set *sets[LANG_COUNT];
};

/* Reads, translates and proves everything into a theme that has only its arena. */
bool
theme_load(struct theme *theme, const char *themes, const char *name, struct err *err);

/* NULL where there is none. */
struct static_file *
theme_find_static(const struct theme *theme, struct span name);
