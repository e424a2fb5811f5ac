/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "text/theme.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "text/theme_load.h"

bool
theme_open(struct theme **theme, const char *themes, const char *name, struct err *err)
{
	struct theme *fresh = x_calloc(1, sizeof(*fresh));

	fresh->arena = arena_new();
	*theme = fresh;
	if (theme_load(fresh, themes, name, err))
		return true;
	theme_free(theme);
	return false;
}

bool
theme_open_share(struct theme **theme, const char *share, const char *name, struct err *err)
{
	struct arena *arena = arena_new();
	bool ok = i18n_load(arena_printf(arena, "%s/locale", share), err) &&
		  theme_open(theme, arena_printf(arena, "%s/themes", share), name, err);

	arena_free(&arena);
	return ok;
}

void
theme_free(struct theme **theme)
{
	if (*theme == NULL)
		return;
	for (int lang = 0; lang < LANG_COUNT; lang++)
		template_set_free(&(*theme)->sets[lang]);
	arena_free(&(*theme)->arena);
	free(*theme);
	*theme = NULL;
}

/* ---- use ---- */

static bool
render(const struct theme *theme, enum lang lang, enum template_kind kind, const char *name,
    const struct view *view, struct buf *out, struct err *err)
{
	const struct template *t = template_find(theme->sets[lang], name);

	if (t == NULL)
		return err_set(err, ERR_NOT_FOUND, "the theme has no %s", name);
	return template_render(t, kind, view, out, err);
}

bool
theme_page(const struct theme *theme, enum lang lang, const char *page, const struct view *view,
    struct buf *out, struct err *err)
{
	char name[64];

	snprintf(name, sizeof(name), "page/%s", page);
	return render(theme, lang, TEMPLATE_HTML, name, view, out, err);
}

bool
theme_mail(const struct theme *theme, enum lang lang, const char *name, const struct view *view,
    struct theme_mail *mail, struct err *err)
{
	const struct {
		const char *what;
		enum template_kind kind;
		struct buf *out;
	} pieces[] = {
		{ "subject", TEMPLATE_LINE, &mail->subject },
		{ "text", TEMPLATE_TEXT, &mail->text },
		{ "footer-text", TEMPLATE_TEXT, &mail->footer_text },
		{ "html", TEMPLATE_HTML, &mail->html },
		{ "footer-html", TEMPLATE_HTML, &mail->footer_html },
	};
	char full[64];

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		snprintf(full, sizeof(full), "mail/%s.%s", name, pieces[i].what);
		buf_clear(pieces[i].out);
		if (pieces[i].kind == TEMPLATE_HTML &&
		    template_find(theme->sets[lang], full) == NULL)
			continue;
		if (!render(theme, lang, pieces[i].kind, full, view, pieces[i].out, err))
			return false;
	}
	return true;
}

void
theme_mail_free(struct theme_mail *mail)
{
	buf_free(&mail->subject);
	buf_free(&mail->text);
	buf_free(&mail->footer_text);
	buf_free(&mail->html);
	buf_free(&mail->footer_html);
}

bool
theme_static_find(const struct theme *theme, struct span hash, struct span name,
    struct theme_file *file, bool *current)
{
	const struct static_file *found = theme_find_static(theme, name);

	if (found == NULL)
		return false;
	*file = found->file;
	*current = span_is(hash, theme->hash);
	return true;
}

const char *
theme_static_url(const struct theme *theme, const char *name)
{
	const struct static_file *found = theme_find_static(theme, span_of(name));

	return found != NULL ? found->url : NULL;
}

const char *
theme_version(const struct theme *theme)
{
	return theme->version;
}
