/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Shows a page or a mail of a theme with sample values, to look at a theme while one
 * works on it:
 *
 *   theme_show SHARE THEME page/thread fr [WHO [STATE]] > thread.html
 *   theme_show SHARE THEME mail/post fr
 *   theme_show SHARE THEME static FOLDER    writes the static files into FOLDER
 *
 * SHARE holds themes/ and locale/. Addresses of static files are written relative,
 * so that a browser opens the page from the disk. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/file.h"
#include "text/theme.h"
#include "theme_sample.h"

static void
write_relative(struct span page, const struct theme *theme)
{
	struct span url = span_of(theme_static_url(theme, "style.css"));
	struct buf prefix = { 0 };

	buf_add_span(&prefix, span_first(url, url.len - strlen("style.css")));
	while (page.len > 0) {
		size_t at = span_find_text(page, buf_text(&prefix));

		fwrite(page.data, 1, at, stdout);
		page = span_from(page, at + prefix.len);
	}
	buf_free(&prefix);
}

static void
show_mail(const struct theme *theme, struct arena *arena, enum lang lang, const char *name)
{
	struct theme_mail mail = { 0 };
	struct err err;

	if (!theme_mail(theme, lang, name, theme_sample_mail(arena, lang, name), &mail, &err))
		die("%s", err.text);
	printf("Subject: %s\n\n%s-- \n%s\n=== html\n%s\n=== footer\n%s", buf_text(&mail.subject),
	    buf_text(&mail.text), buf_text(&mail.footer_text), buf_text(&mail.html),
	    buf_text(&mail.footer_html));
	theme_mail_free(&mail);
}

static void
write_statics(const struct theme *theme, struct arena *arena, const char *folder)
{
	static const char *const names[] = { "style.css", "script.js", "preau.svg" };
	struct theme_file file;
	struct err err;
	bool current;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (theme_static_find(theme, span_of(""), span_of(names[i]), &file, &current) &&
		    !file_write(arena_printf(arena, "%s/%s", folder, names[i]), file.octets, 0644, &err))
			die("%s", err.text);
	}
}

int
main(int argc, char **argv)
{
	struct arena *arena = arena_new();
	struct buf out = { 0 };
	struct theme *theme;
	struct err err;
	enum lang lang;
	const char *name;

	if (argc < 5)
		die("usage: theme_show SHARE THEME page/NAME|mail/NAME|static fr|en|FOLDER [WHO [STATE]]");
	if (!i18n_load(arena_printf(arena, "%s/locale", argv[1]), &err) ||
	    !theme_open(&theme, arena_printf(arena, "%s/themes", argv[1]), argv[2], &err))
		die("%s", err.text);
	lang = lang_find(span_of(argv[4]), LANG_EN);
	name = strchr(argv[3], '/') != NULL ? strchr(argv[3], '/') + 1 : argv[3];
	if (strcmp(argv[3], "static") == 0) {
		write_statics(theme, arena, argv[4]);
	} else if (strncmp(argv[3], "mail/", 5) == 0) {
		show_mail(theme, arena, lang, name);
	} else {
		struct view *view = theme_sample_page(arena, lang, name, argc > 5 ? atoi(argv[5]) : 0,
		    argc > 6 ? argv[6] : "");

		if (!theme_page(theme, lang, name, view, &out, &err))
			die("%s", err.text);
		write_relative(buf_span(&out), theme);
	}
	buf_free(&out);
	theme_free(&theme);
	arena_free(&arena);
	return 0;
}
