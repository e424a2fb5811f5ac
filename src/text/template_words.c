/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The two sections that are resolved when a template is added: translations and
 * addresses of static files. What comes out is plain Mustache. */
#include "text/template_ops.h"

#include <string.h>

enum { LOSSES_MAX = 2000 }; /* words in one file */

struct word_kind {
	const char *open, *close, *what;
	bool (*write)(
	    struct template *t, struct span inner, struct buf *out, size_t at, struct err *err);
};

/* Runs of blanks count as one: a text may be broken over lines where it stands. */
static const char *
one_line(struct template *t, struct span text)
{
	struct buf line = { 0 };
	const char *copy;

	text = span_trim(text);
	for (size_t i = 0; i < text.len; i++) {
		if (!ascii_is_space(text.data[i]))
			buf_add_char(&line, text.data[i]);
		else if (i > 0 && !ascii_is_space(text.data[i - 1]))
			buf_add_char(&line, ' ');
	}
	copy = arena_strdup(t->set->arena, buf_text(&line));
	buf_free(&line);
	return copy;
}

static size_t
count_octet(const char *text, char octet)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += *text == octet;
	return count;
}

/* A translation brings the markup of its source: neither a tag more nor a quote
 * that would end the attribute around it. */
static bool
has_same_markup(const char *a, const char *b)
{
	static const char marks[] = "<>\"{}";

	for (const char *mark = marks; *mark != '\0'; mark++) {
		if (count_octet(a, *mark) != count_octet(b, *mark))
			return false;
	}
	return true;
}

static bool
write_translation(
    struct template *t, struct span inner, struct buf *out, size_t at, struct err *err)
{
	const struct template_words *words = &t->set->words;
	const char *id = one_line(t, inner), *text = id;

	if (*id == '\0')
		return template_fault(t, at, err, "there is nothing to translate");
	if (words->translate != NULL)
		text = words->translate(words->context, id);
	if (!has_same_markup(id, text))
		return template_fault(
		    t, at, err, "the translation of \"%.60s\" has other markup", id);
	buf_add_text(out, text);
	return true;
}

static bool
write_address(struct template *t, struct span inner, struct buf *out, size_t at, struct err *err)
{
	const struct template_words *words = &t->set->words;
	const char *name = one_line(t, inner), *address = name;

	if (words->address != NULL)
		address = words->address(words->context, name);
	if (address == NULL)
		return template_fault(t, at, err, "there is no static file %.60s", name);
	buf_add_text(out, address);
	return true;
}

static const struct word_kind word_kinds[] = {
	{ "{{#t}}", "{{/t}}", "a text to translate", write_translation },
	{ "{{#static}}", "{{/static}}", "a static file", write_address },
};

static const struct word_kind *
find_word(struct span at)
{
	for (size_t i = 0; i < sizeof(word_kinds) / sizeof(word_kinds[0]); i++) {
		if (span_starts(at, word_kinds[i].open))
			return &word_kinds[i];
	}
	return NULL;
}

static void
note_loss(struct template *t, struct span swallowed, size_t offset)
{
	unsigned int lines = 0;

	for (size_t i = 0; i < swallowed.len; i++)
		lines += swallowed.data[i] == '\n';
	if (lines == 0)
		return;
	t->losses[t->loss_count++] = (struct line_loss){ .offset = offset, .lines = lines };
}

/* While it is read, t->source is what was written so far, so that a fault finds its
 * line. */
static bool
resolve_word(struct template *t, const struct word_kind *kind, struct span *rest, struct buf *out,
    struct err *err)
{
	struct span inner = span_from(*rest, strlen(kind->open));
	size_t end = span_find_text(inner, kind->close), start = out->len;

	t->source = buf_span(out);
	if (end == inner.len || t->loss_count == LOSSES_MAX)
		return template_fault(
		    t, start, err, "%s is not closed by %s", kind->what, kind->close);
	if (!kind->write(t, span_first(inner, end), out, start, err))
		return false;
	note_loss(t, span_first(inner, end), out->len);
	*rest = span_from(inner, end + strlen(kind->close));
	return true;
}

bool
template_resolve(struct template *t, struct span source, struct err *err)
{
	struct buf out = { 0 };
	bool ok = true;

	if (!t->set->strict) {
		t->source = arena_span(t->set->arena, source);
		return true;
	}
	t->losses = arena_array(t->set->arena, LOSSES_MAX, sizeof(*t->losses));
	while (ok && source.len > 0) {
		const struct word_kind *kind = find_word(source);
		size_t next;

		if (kind != NULL) {
			ok = resolve_word(t, kind, &source, &out, err);
			continue;
		}
		next = 1 + span_find(span_from(source, 1), '{');
		buf_add_span(&out, span_first(source, next));
		source = span_from(source, next);
	}
	t->source = arena_span(t->set->arena, buf_span(&out));
	buf_free(&out);
	return ok;
}
