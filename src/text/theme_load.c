/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "text/theme_load.h"

#include <string.h>

#include "base/token.h"
#include "text/theme_files.h"
#include "text/theme_names.h"

/* While a theme is opened. */
struct opening {
	struct theme *theme;
	struct theme_entry *entries;
	enum lang lang;
	struct sha256 *version;
	struct err *err;
};

static void
end_hash(struct sha256 **sha, char out[HASH_DIGITS + 1])
{
	uint8_t digest[SHA256_SIZE];

	sha256_end(sha, digest);
	token_hex(digest, HASH_DIGITS / 2, out);
}

/* ---- static files ---- */

static const char *
type_of(const char *name)
{
	static const struct {
		const char *end, *type;
	} types[] = {
		{ ".css", "text/css; charset=utf-8" },
		{ ".js", "text/javascript; charset=utf-8" },
		{ ".svg", "image/svg+xml" },
		{ ".png", "image/png" },
		{ ".ico", "image/x-icon" },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (span_ends(span_of(name), types[i].end))
			return types[i].type;
	}
	return NULL;
}

struct static_file *
theme_find_static(const struct theme *theme, struct span name)
{
	for (struct static_file *file = theme->statics; file != NULL; file = file->next) {
		if (span_is(name, file->name))
			return file;
	}
	return NULL;
}

static bool
add_static(struct opening *o, const struct theme_entry *entry)
{
	struct static_file *file = arena_alloc(o->theme->arena, sizeof(*file));

	file->name = entry->name;
	file->file.octets = entry->octets;
	file->file.type = type_of(entry->name);
	if (file->file.type == NULL)
		return err_set(o->err, ERR_INVALID,
		    "%s: a static file is .css .js .svg .png or .ico", entry->label);
	if (theme_find_static(o->theme, span_of(entry->name)) != NULL)
		return err_set(o->err, ERR_INVALID, "%s: another file has this name", entry->label);
	file->next = o->theme->statics;
	o->theme->statics = file;
	return true;
}

static bool
add_statics(struct opening *o)
{
	struct sha256 *sha = sha256_new();
	bool ok = true;

	for (struct theme_entry *e = o->entries; e != NULL && ok; e = e->next) {
		if (*e->folder != '\0' && strcmp(e->folder, "icons") != 0)
			continue;
		sha256_add(sha, e->name, strlen(e->name) + 1);
		sha256_add(sha, e->octets.data, e->octets.len);
		ok = add_static(o, e);
	}
	end_hash(&sha, o->theme->hash);
	for (struct static_file *file = o->theme->statics; file != NULL; file = file->next)
		file->url =
		    arena_printf(o->theme->arena, "/static/%s/%s", o->theme->hash, file->name);
	return ok;
}

/* ---- templates ---- */

/* Every text that was looked up is part of the version: a new catalogue makes new pages. */
static const char *
on_translate(void *context, const char *id)
{
	struct opening *o = context;
	const char *text = tr(o->lang, id);

	sha256_add(o->version, text, strlen(text) + 1);
	return text;
}

static const char *
on_address(void *context, const char *name)
{
	struct opening *o = context;

	return theme_static_url(o->theme, name);
}

static bool
is_known(struct span stem, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (span_is(stem, list[i]))
			return true;
	}
	return false;
}

static bool
fault(struct opening *o, const struct theme_entry *e, const char *sentence)
{
	return err_set(o->err, ERR_INVALID, "%s:1: %s", e->label, sentence);
}

static struct template_set *
set_of(struct opening *o)
{
	return o->theme->sets[o->lang];
}

/* mail/NAME.WHAT from the line where it stands. */
static bool
add_mail_piece(struct opening *o, const struct theme_entry *e, struct span stem, const char *what,
    struct span text, struct err *err)
{
	struct arena *arena = o->theme->arena;
	unsigned int line = 1;

	for (const char *p = e->octets.data; p < text.data; p++)
		line += *p == '\n';
	return template_add(set_of(o),
	    arena_printf(arena, "mail/" SPAN_FORMAT ".%s", SPAN_ARGS(stem), what), e->label, line,
	    text, err);
}

/* Cuts a text at a line of its own; both parts may be empty. */
static struct span
cut_at(struct span *text, const char *line)
{
	size_t at = span_find_text(*text, line);
	struct span rest = span_from(*text, at + strlen(line));

	if (at < text->len)
		*text = span_first(*text, at + 1);
	return rest;
}

static bool
add_mail_text(struct opening *o, const struct theme_entry *e, struct span stem)
{
	struct span rest = e->octets, subject, empty, footer;

	if (!span_next_line(&rest, &subject) || !span_starts(subject, "Subject: ") ||
	    !span_next_line(&rest, &empty) || empty.len > 0)
		return fault(o, e, "a mail begins with a line \"Subject: ...\" and an empty one");
	footer = cut_at(&rest, "\n-- \n");
	return add_mail_piece(o, e, stem, "subject", span_from(subject, 9), o->err) &&
	       add_mail_piece(o, e, stem, "text", rest, o->err) &&
	       add_mail_piece(o, e, stem, "footer-text", footer, o->err);
}

static bool
add_mail_html(struct opening *o, const struct theme_entry *e, struct span stem)
{
	struct span rest = e->octets, footer = cut_at(&rest, "\n<!-- footer -->\n");

	return add_mail_piece(o, e, stem, "html", rest, o->err) &&
	       add_mail_piece(o, e, stem, "footer-html", footer, o->err);
}

static bool
add_template(struct opening *o, const struct theme_entry *e)
{
	struct span name = span_of(e->name), stem = span_first(name, span_find(name, '.'));
	bool html = span_is(span_from(name, stem.len), ".html");
	bool text = span_is(span_from(name, stem.len), ".txt");

	if (strcmp(e->folder, "mail") == 0) {
		if ((!html && !text) || !is_known(stem, theme_mails, theme_mails_count))
			return fault(o, e, "the program knows no such mail");
		return html ? add_mail_html(o, e, stem) : add_mail_text(o, e, stem);
	}
	if (strcmp(e->folder, "page") == 0) {
		if (!html ||
		    (!span_is(stem, "layout") && !is_known(stem, theme_pages, theme_pages_count)))
			return fault(o, e, "the program knows no such page");
		return template_add(set_of(o),
		    arena_printf(o->theme->arena, "page/" SPAN_FORMAT, SPAN_ARGS(stem)), e->label,
		    1, e->octets, o->err);
	}
	if (!html && !text)
		return fault(o, e, "a piece is an .html or a .txt file");
	return template_add(set_of(o),
	    arena_printf(o->theme->arena, "part/%s",
		html ? arena_strndup(o->theme->arena, stem.data, stem.len) : e->name),
	    e->label, 1, e->octets, o->err);
}

static bool
check_mail(struct opening *o, const char *mail)
{
	static const struct {
		const char *what;
		enum template_kind kind;
		bool needed;
	} pieces[] = {
		{ "subject", TEMPLATE_LINE, true },
		{ "text", TEMPLATE_TEXT, true },
		{ "footer-text", TEMPLATE_TEXT, true },
		{ "html", TEMPLATE_HTML, false },
		{ "footer-html", TEMPLATE_HTML, false },
	};
	const char *where = arena_printf(o->theme->arena, "mail/%s", mail);

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		const char *name = arena_printf(o->theme->arena, "%s.%s", where, pieces[i].what);

		if (!pieces[i].needed && template_find(set_of(o), name) == NULL)
			continue;
		if (!template_check(set_of(o), name, pieces[i].kind, where, theme_names,
			theme_names_count, o->err))
			return false;
	}
	return true;
}

static bool
check_all(struct opening *o)
{
	for (size_t i = 0; i < theme_pages_count; i++) {
		const char *name = arena_printf(o->theme->arena, "page/%s", theme_pages[i]);

		if (!template_check(set_of(o), name, TEMPLATE_HTML, name, theme_names,
			theme_names_count, o->err))
			return false;
	}
	for (size_t i = 0; i < theme_mails_count; i++) {
		if (!check_mail(o, theme_mails[i]))
			return false;
	}
	return true;
}

static bool
add_templates(struct opening *o)
{
	struct template_words words = { o, on_translate, on_address };

	o->theme->sets[o->lang] = template_set_new(true, &words);
	for (struct theme_entry *e = o->entries; e != NULL; e = e->next) {
		if (*e->folder == '\0' || strcmp(e->folder, "icons") == 0)
			continue;
		if (!add_template(o, e))
			return false;
	}
	return template_link(set_of(o), o->err) && check_all(o);
}

static bool
load_all(struct opening *o, const char *themes, const char *name)
{
	if (!theme_files_read(o->theme->arena, themes, name, &o->entries, o->err) ||
	    !add_statics(o))
		return false;
	for (struct theme_entry *e = o->entries; e != NULL; e = e->next) {
		sha256_add(o->version, e->name, strlen(e->name) + 1);
		sha256_add(o->version, e->octets.data, e->octets.len);
	}
	for (int lang = 0; lang < LANG_COUNT; lang++) {
		o->lang = (enum lang)lang;
		if (!add_templates(o))
			return false;
	}
	return true;
}

bool
theme_load(struct theme *theme, const char *themes, const char *name, struct err *err)
{
	struct opening o = { .theme = theme, .version = sha256_new(), .err = err };
	bool ok = load_all(&o, themes, name);

	end_hash(&o.version, theme->version);
	return ok;
}
