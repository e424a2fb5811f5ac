/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The default theme is sound in both languages; bad themes are refused with a
 * sentence that names file and line. Catalogues are taken from ./locale. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "text/quote.h"
#include "text/theme.h"
#include "text/theme_names.h"
#include "theme_sample.h"

static const char *const themes = PREAU_SOURCE "/themes";

static int
load_catalogues(void **state)
{
	struct err err = { 0 };

	(void)state;
	if (i18n_load("locale", &err))
		return 0;
	print_error("locale: %s\n", err.text);
	return -1;
}

/* ---- the default theme ---- */

static const struct {
	const char *page, *state;
	int who;
} pages[] = {
	{ "home", "", 0 },          { "home", "", 1 },         { "forum", "", 0 },
	{ "forum", "", 2 },         { "thread", "", 0 },       { "thread", "", 1 },
	{ "post-form", "", 1 },     { "post-form", "reply", 1 }, { "post-form", "preview", 1 },
	{ "post-form", "error", 1 }, { "login", "", 0 },       { "login", "sent", 0 },
	{ "confirm", "", 0 },       { "confirm", "expired", 0 }, { "unsubscribe", "", 0 },
	{ "unsubscribe", "done", 0 }, { "unsubscribe", "expired", 0 }, { "moderate", "", 2 },
	{ "message", "good", 1 },   { "message", "waits", 1 }, { "error", "", 0 },
	{ "error", "denied", 0 },   { "error", "too_much", 0 }, { "error", "temporary", 0 },
	{ "error", "broken", 0 },
};

static size_t
count(struct span text, const char *what)
{
	size_t found = 0;

	for (size_t at = span_find_text(text, what); at < text.len; at = span_find_text(text, what)) {
		found++;
		text = span_from(text, at + strlen(what));
	}
	return found;
}

/* As many ends as beginnings, for each tag that needs one. */
static void
assert_balanced(struct span html, const char *page)
{
	static const char *const tags[] = { "html", "head", "body", "main", "header", "footer", "nav",
		"section", "article", "div", "p", "ul", "li", "a", "form", "button", "label", "textarea",
		"details", "summary", "time", "span", "dl", "dt", "dd", "h1", "h2", "h3", "h4" };
	char open[16], open_with[16], close[16];

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		snprintf(open, sizeof(open), "<%s>", tags[i]);
		snprintf(open_with, sizeof(open_with), "<%s ", tags[i]);
		snprintf(close, sizeof(close), "</%s>", tags[i]);
		if (count(html, open) + count(html, open_with) != count(html, close))
			fail_msg("page %s: <%s> is not closed as often as opened", page, tags[i]);
	}
}

static void
test_pages(void **state)
{
	struct theme *theme;
	struct err err = { 0 };

	(void)state;
	if (!theme_open(&theme, themes, "default", &err))
		fail_msg("%s", err.text);
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]) * LANG_COUNT; i++) {
		size_t p = i / LANG_COUNT;
		enum lang lang = (enum lang)(i % LANG_COUNT);
		struct arena *arena = arena_new();
		struct buf out = { 0 };

		assert_true(theme_page(theme, lang, pages[p].page, theme_sample_page(arena, lang,
		    pages[p].page, pages[p].who, pages[p].state), &out, &err));
		assert_balanced(buf_span(&out), pages[p].page);
		assert_int_equal(count(buf_span(&out), "<h1"), 1);
		assert_int_equal(count(buf_span(&out), "{{"), 0);
		assert_int_equal(count(buf_span(&out), "javascript:"), 0);
		assert_true(span_find_text(buf_span(&out), lang == LANG_FR ? "Aller au contenu" :
		        "Skip to the content") < out.len);
		buf_free(&out);
		arena_free(&arena);
	}
	theme_free(&theme);
	assert_null(theme);
}

static void
test_mails(void **state)
{
	struct theme *theme;
	struct err err = { 0 };
	struct theme_mail mail = { 0 };

	(void)state;
	assert_true(theme_open(&theme, themes, "default", &err));
	for (size_t i = 0; i < theme_mails_count * LANG_COUNT; i++) {
		enum lang lang = (enum lang)(i % LANG_COUNT);
		const char *name = theme_mails[i / LANG_COUNT];
		struct arena *arena = arena_new();

		assert_true(theme_mail(theme, lang, name, theme_sample_mail(arena, lang, name), &mail, &err));
		assert_true(mail.subject.len > 0);
		assert_int_equal(span_find(buf_span(&mail.subject), '\n'), mail.subject.len);
		assert_int_equal(span_find(buf_span(&mail.subject), '\r'), mail.subject.len);
		assert_true(mail.text.len > 40 && mail.footer_text.len > 10);
		assert_int_equal(count(buf_span(&mail.text), "&"), 0); /* plain text is not escaped */
		assert_int_equal(mail.html.len > 0, strcmp(name, "post") == 0);
		arena_free(&arena);
	}
	theme_mail_free(&mail);
	theme_free(&theme);
}

/* Replies are cut where our mails say so: the two must speak of the same line. */
static void
test_answer_mark(void **state)
{
	(void)state;
	assert_string_equal(tr(LANG_FR, "Reply above this line"), QUOTE_MARK_FR);
	assert_string_equal(tr(LANG_EN, "Reply above this line"), QUOTE_MARK_EN);
}

static void
test_statics(void **state)
{
	struct theme *theme;
	struct theme_file file;
	struct err err = { 0 };
	struct span url, hash;
	bool current;

	(void)state;
	assert_true(theme_open(&theme, themes, "default", &err));
	url = span_of(theme_static_url(theme, "style.css"));
	assert_true(span_starts(url, "/static/") && span_ends(url, "/style.css"));
	hash = span_first(span_from(url, 8), 16);
	assert_true(theme_static_find(theme, hash, SPAN("style.css"), &file, &current));
	assert_true(current);
	assert_string_equal(file.type, "text/css; charset=utf-8");
	assert_true(file.octets.len > 1000);
	assert_true(theme_static_find(theme, SPAN("0000000000000000"), SPAN("preau.svg"), &file, &current));
	assert_false(current);
	assert_string_equal(file.type, "image/svg+xml");
	assert_false(theme_static_find(theme, hash, SPAN("../page/home.html"), &file, &current));
	assert_false(theme_static_find(theme, hash, SPAN("layout.html"), &file, &current));
	assert_null(theme_static_url(theme, "none.css"));
	assert_int_equal(strlen(theme_version(theme)), 16);
	theme_free(&theme);
}

/* ---- themes over it ---- */

/* A folder with `default` and one file of a theme `town`. */
static const char *
make_theme(struct arena *arena, const char *file, const char *text)
{
	const char *root = mkdtemp(arena_strdup(arena, "/tmp/preau-theme-XXXXXX"));
	const char *town = arena_printf(arena, "%s/town", root), *path;
	struct err err;

	assert_non_null(root);
	assert_int_equal(symlink(arena_printf(arena, "%s/default", themes),
	    arena_printf(arena, "%s/default", root)), 0);
	assert_true(file_make_folder(town, 0755, &err));
	if (file == NULL)
		return root;
	path = arena_printf(arena, "%s/%s", town, file);
	if (strchr(file, '/') != NULL)
		assert_true(file_make_folder(arena_strndup(arena, path, strlen(town) + 5), 0755, &err));
	assert_true(file_write(path, span_of(text), 0644, &err));
	return root;
}

static void
drop_theme(struct arena *arena, const char *root, const char *file)
{
	const char *town = arena_printf(arena, "%s/town", root);

	if (file != NULL)
		unlink(arena_printf(arena, "%s/%s", town, file));
	if (file != NULL && strchr(file, '/') != NULL)
		rmdir(arena_printf(arena, "%s/%.4s", town, file));
	unlink(arena_printf(arena, "%s/default", root));
	assert_int_equal(rmdir(town), 0);
	assert_int_equal(rmdir(root), 0);
}

static const struct {
	const char *file, *text, *want; /* NULL: it opens */
} overlays[] = {
	{ NULL, NULL, NULL },
	{ "style.css", "body{}", NULL },
	{ "page/home.html", "<h1>{{title}}</h1>", NULL },
	{ "page/home.html", "<h1>{{title}}</h1>\n{{headline}}\n",
	    "town/page/home.html:2: page/home has no name \"headline\"" },
	{ "page/home.html", "{{posts}}", "town/page/home.html:1: page/home has no name \"posts\"" },
	{ "page/home.html", "\n\n<script>{{title}}</script>", "town/page/home.html:3: a style or script" },
	{ "page/home.html", "<p>{{{title}}}", "town/page/home.html:1: {{title}}: only a value of kind html" },
	{ "page/home.html", "{{#themes}}\n{{#forums}}\n{{>part/none}}\n{{/forums}}{{/themes}}",
	    "town/page/home.html:3: there is no part/none" },
	{ "page/home.html", "{{#static}}logo.svg{{/static}}",
	    "town/page/home.html:1: there is no static file logo.svg" },
	{ "page/none.html", "", "town/page/none.html:1: the program knows no such page" },
	{ "page/home.htm", "", "town/page/home.htm:1: the program knows no such page" },
	{ "page/layout.html", "{{$main}}{{/main}}{{nothing}}", "town/page/layout.html:1: page/" },
	{ "part/post.html", "{{author}}\n{{{author}}}",
	    "town/part/post.html:2: {{author}}: only a value of kind html" },
	{ "mail/none.txt", "Subject: a\n\nb\n", "town/mail/none.txt:1: the program knows no such mail" },
	{ "mail/post.txt", "Hello\n\nb\n", "town/mail/post.txt:1: a mail begins with a line" },
	{ "mail/post.txt", "Subject: a\nb\n", "town/mail/post.txt:1: a mail begins with a line" },
	{ "mail/post.txt", "Subject: {{subject}}\n\n{{post.text}}\n-- \n{{unsubscribe_url}}\n", NULL },
	{ "mail/post.txt", "Subject: {{subject}}\n\n{{post.text}}\n{{{post.body}}}",
	    "town/mail/post.txt:4: {{post.body}}: HTML may not stand in a plain text" },
	{ "mail/post.txt", "Subject: {{subject}}\n\n{{post.text}}\n-- \nx\n{{none}}\n",
	    "town/mail/post.txt:6: mail/post has no name \"none\"" },
	{ "mail/post.html", "<p>a</p>\n<!-- footer -->\n<p>\n{{none}}",
	    "town/mail/post.html:4: mail/post has no name \"none\"" },
	{ "icon/strange.svg", "<svg/>", NULL }, /* not one of our folders: not looked at */
	{ "part/a b.html", "", "town/part/a b.html: a file of a theme is named by letters" },
};

static void
test_overlays(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(overlays) / sizeof(overlays[0]); i++) {
		struct arena *arena = arena_new();
		const char *root = make_theme(arena, overlays[i].file, overlays[i].text);
		struct theme *theme = NULL;
		struct err err = { 0 };
		bool ok = theme_open(&theme, root, "town", &err);

		drop_theme(arena, root, overlays[i].file);
		if (overlays[i].want == NULL ? !ok : ok || !span_starts(span_of(err.text), overlays[i].want))
			fail_msg("%s <%s>: wanted %s, got %s", overlays[i].file, overlays[i].text,
			    overlays[i].want, ok ? "a theme" : err.text);
		assert_int_equal(ok, theme != NULL);
		theme_free(&theme);
		arena_free(&arena);
	}
}

static void
test_names(void **state)
{
	static const char *const names[] = { "", "..", "a/b", "none", "Default" };
	struct theme *theme;
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_false(theme_open(&theme, themes, names[i], &err));
}

/* ---- what doc/themes.md says ---- */

static void
test_document(void **state)
{
	struct arena *arena = arena_new();
	struct buf file = { 0 };
	struct err err;

	(void)state;
	assert_true(file_read(PREAU_SOURCE "/doc/themes.md", 1024 * 1024, &file, &err));
	for (size_t i = 0; i < theme_names_count; i++) {
		const struct template_name *name = &theme_names[i];
		struct span doc = buf_span(&file), part;
		const char *title = strcmp(name->where, "page/*") == 0 ? "every page" :
		    strcmp(name->where, "mail/*") == 0 ? "every mail" : name->where;

		doc = span_from(doc, span_find_text(doc, arena_printf(arena, "\n### %s\n", title)) + 5);
		part = span_first(doc, span_find_text(doc, "\n### "));
		if (span_find_text(part, arena_printf(arena, "\n| `%s` |", name->name)) == part.len)
			fail_msg("doc/themes.md lacks %s of %s: run scripts/theme-names", name->name, title);
	}
	buf_free(&file);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_mails),
		cmocka_unit_test(test_answer_mark),
		cmocka_unit_test(test_statics),
		cmocka_unit_test(test_overlays),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_document),
	};

	return cmocka_run_group_tests(tests, load_catalogues, NULL);
}
