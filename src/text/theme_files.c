/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "text/theme_files.h"

#include <dirent.h>
#include <string.h>

#include "base/file.h"

enum { FILES_MAX = 500, FILE_SIZE_MAX = 1024 * 1024 };

static const char *const folders[] = { "", "icons", "mail", "page", "part" };

static bool
is_theme_name(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= 40 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

/* Read-me files and folders may lie beside style.css; what a site serves is named. */
static bool
is_wanted(const char *folder, const char *name)
{
	if (name[0] == '.' || span_ends(span_of(name), "~"))
		return false;
	if (*folder != '\0')
		return true;
	return span_ends(span_of(name), ".css") || span_ends(span_of(name), ".js") ||
	       span_ends(span_of(name), ".svg") || span_ends(span_of(name), ".png");
}

static bool
is_sound_name(const char *name)
{
	size_t len = strlen(name);

	return len <= 60 &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
		   len;
}

static int
compare(const struct theme_entry *a, const char *folder, const char *name)
{
	int order = strcmp(a->folder, folder);

	return order != 0 ? order : strcmp(a->name, name);
}

/* Puts it in its place; one that is there already (of the theme itself) stays. */
static bool
place(struct theme_entry **at, struct theme_entry *entry)
{
	while (*at != NULL && compare(*at, entry->folder, entry->name) < 0)
		at = &(*at)->next;
	if (*at != NULL && compare(*at, entry->folder, entry->name) == 0)
		return false;
	entry->next = *at;
	*at = entry;
	return true;
}

static bool
read_entry(struct arena *arena, const char *path, struct theme_entry *entry, struct err *err)
{
	struct buf file = { 0 };
	bool ok = file_read(path, FILE_SIZE_MAX, &file, err);

	if (ok)
		entry->octets = arena_span(arena, buf_span(&file));
	else
		err_in(err, "%s", entry->label);
	buf_free(&file);
	return ok;
}

static bool
read_one(struct arena *arena, const char *path, const char *theme, const char *folder,
    const char *name, struct theme_entry **entries, struct err *err)
{
	struct theme_entry *entry = arena_alloc(arena, sizeof(*entry));

	entry->folder = folder;
	entry->name = arena_strdup(arena, name);
	entry->label = arena_printf(arena, "%s/%s%s%s", theme, folder, *folder ? "/" : "", name);
	if (!is_sound_name(name))
		return err_set(err, ERR_INVALID,
		    "%.100s: a file of a theme is named by letters, "
		    "digits, - _ and .",
		    entry->label);
	return !place(entries, entry) ||
	       read_entry(arena, arena_printf(arena, "%s/%s", path, name), entry, err);
}

/* A folder that is not there holds nothing. */
static bool
read_folder(struct arena *arena, const char *root, const char *theme, const char *folder,
    struct theme_entry **entries, struct err *err)
{
	const char *path = arena_printf(arena, "%s/%s/%s", root, theme, folder);
	DIR *dir = opendir(path);
	struct dirent *file;
	int count = 0;
	bool ok = true;

	while (ok && dir != NULL && (file = readdir(dir)) != NULL) {
		if (!is_wanted(folder, file->d_name))
			continue;
		if (++count > FILES_MAX)
			ok = err_set(err, ERR_INVALID, "theme %s: there are too many files", theme);
		else
			ok = read_one(arena, path, theme, folder, file->d_name, entries, err);
	}
	if (dir != NULL)
		closedir(dir);
	return ok;
}

bool
theme_files_read(struct arena *arena, const char *themes, const char *name,
    struct theme_entry **entries, struct err *err)
{
	const char *overlay[] = { name, "default" };
	size_t overlays = strcmp(name, "default") == 0 ? 1 : 2;

	*entries = NULL;
	if (!is_theme_name(name))
		return err_set(err, ERR_INVALID, "a theme is named by small letters, digits and -");
	for (size_t i = 0; i < overlays; i++) {
		if (!file_exists(arena_printf(arena, "%s/%s", themes, overlay[i])))
			return err_set(err, ERR_NOT_FOUND, "there is no theme %s", overlay[i]);
		for (size_t f = 0; f < sizeof(folders) / sizeof(folders[0]); f++) {
			if (!read_folder(arena, themes, overlay[i], folders[f], entries, err))
				return false;
		}
	}
	return true;
}
