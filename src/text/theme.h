/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* text/theme.h: a theme: the pages, mails and static files of a site.
 *
 * A theme is a folder; what it does not hold is taken from the theme `default`,
 * file by file:
 *
 *   page/NAME.html   a page (page/layout.html is their common parent)
 *   part/NAME.html   a piece that pages share
 *   mail/NAME.txt    "Subject: ..." line, empty line, text, a line "-- ", footer
 *   mail/NAME.html   its HTML part, where there is one: a fragment, footer after
 *                    a line "<!-- footer -->"
 *   style.css script.js icons/...   static files
 *
 * Everything is read, translated and proven when the theme is opened, once per
 * language; a fault is a sentence with file and line and the theme is refused.
 * The open theme never changes. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "text/i18n.h"
#include "text/template.h"
#include "text/view.h"

struct theme;

/* themes: the folder that holds `default` and the others; name: one of them
 * ([a-z0-9-]). i18n_load() comes first. */
bool
theme_open(struct theme **theme, const char *themes, const char *name, struct err *err);

/* The same from the folder of what is shared: loads the catalogues of SHARE/locale, then
 * opens a theme of SHARE/themes. */
bool
theme_open_share(struct theme **theme, const char *share, const char *name, struct err *err);

void
theme_free(struct theme **theme);

/* Appends the page to out. NOT_FOUND (no such page: a bug), INVALID (too long). */
bool
theme_page(const struct theme *theme, enum lang lang, const char *page, const struct view *view,
    struct buf *out, struct err *err);

struct theme_mail {
	struct buf subject;	/* one line, UTF-8 */
	struct buf text;	/* UTF-8, LF line ends, without the footer */
	struct buf footer_text; /* what stands under "-- " */
	struct buf html;	/* a safe fragment; empty where the mail has no HTML part */
	struct buf footer_html; /* likewise */
};

/* Empties the five (zeroed ones are fine) and fills them; theme_mail_free() drops them. */
bool
theme_mail(const struct theme *theme, enum lang lang, const char *name, const struct view *view,
    struct theme_mail *mail, struct err *err);

void
theme_mail_free(struct theme_mail *mail);

struct theme_file {
	struct span octets;
	const char *type; /* "text/css; charset=utf-8" */
};

/* A static file by what stands in /static/HASH/NAME. True with *current false:
 * the hash is of another version (redirect to theme_static_url(), do not let it
 * be kept). False: no such file. */
bool
theme_static_find(const struct theme *theme, struct span hash, struct span name,
    struct theme_file *file, bool *current);

/* "/static/HASH/style.css", or NULL. One hash for all files, so that style.css may
 * name its neighbours. */
const char *
theme_static_url(const struct theme *theme, const char *name);

/* The hash of everything in the theme (pages too), for keys of page caches and
 * ETags: 16 hex digits. */
const char *
theme_version(const struct theme *theme);
