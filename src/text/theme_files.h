/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* text/theme_files.h: the files of a theme, laid over those of `default`. For
 * theme.c alone. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct theme_entry {
	const char *folder; /* "page", "part", "mail", "icons", "" */
	const char *name;   /* "thread.html" */
	const char *label;  /* "default/page/thread.html", for errors */
	struct span octets;
	struct theme_entry *next;
};

/* Everything in the arena, ordered by folder and name. Hidden files and those that
 * end in "~" are left out. NOT_FOUND, INVALID (too many, too long, strange name). */
bool
theme_files_read(struct arena *arena, const char *themes, const char *name,
    struct theme_entry **entries, struct err *err);
