/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "text/template_markup.h"

#include <string.h>

static bool
is_one_of(const char *name, const char *const *list)
{
	for (; *list != NULL; list++) {
		if (strcmp(name, *list) == 0)
			return true;
	}
	return false;
}

static void
put(char *name, size_t room, char octet)
{
	size_t len = strlen(name);

	if (len + 1 < room)
		name[len] = ascii_lower(octet);
}

static void
begin_attribute(struct markup *m, char octet)
{
	memset(m->attribute, 0, sizeof(m->attribute));
	put(m->attribute, sizeof(m->attribute), octet);
	m->state = MARKUP_NAME;
}

static bool
is_handler(const struct markup *m)
{
	return m->attribute[0] == 'o' && m->attribute[1] == 'n';
}

/* The name of an attribute is whole. */
static const char *
end_attribute(struct markup *m)
{
	if (is_handler(m))
		return "an on...= attribute: our pages run no script of their own";
	if (strcmp(m->attribute, "src") == 0)
		m->has_src = true;
	return NULL;
}

static const char *
end_tag(struct markup *m)
{
	static const char *const words[] = { "title", "textarea", NULL };
	static const char *const code[] = { "script", "style", NULL };
	bool script = strcmp(m->tag, "script") == 0;

	m->state = MARKUP_TEXT;
	m->seen = 0;
	if (m->closing)
		return NULL;
	if (strcmp(m->tag, "style") == 0 || (script && !m->has_src))
		return "a style or script within the page: our policy lets it do nothing";
	if (is_one_of(m->tag, words))
		m->state = MARKUP_WORDS;
	else if (is_one_of(m->tag, code))
		m->state = MARKUP_CODE;
	return NULL;
}

static void
begin_tag(struct markup *m, char octet)
{
	m->closing = octet == '/';
	m->has_src = false;
	memset(m->tag, 0, sizeof(m->tag));
	memset(m->attribute, 0, sizeof(m->attribute));
	m->state = MARKUP_TEXT;
	if (octet == '/' || ascii_is_alpha(octet))
		m->state = MARKUP_TAG;
	else if (octet == '!' || octet == '?')
		m->state = MARKUP_DECLARED;
	else if (octet == '<')
		m->state = MARKUP_OPEN;
	if (m->state == MARKUP_TAG && octet != '/')
		put(m->tag, sizeof(m->tag), octet);
	m->seen = 0;
}

/* Within a tag, outside values. */
static const char *
inside_tag(struct markup *m, char octet)
{
	const char *wrong = m->state == MARKUP_NAME && (octet == '=' || octet == '>' ||
							   octet == '/' || ascii_is_space(octet))
				? end_attribute(m)
				: NULL;

	if (wrong != NULL)
		return wrong;
	if (octet == '>')
		return end_tag(m);
	if (ascii_is_space(octet) || octet == '/') {
		m->state = MARKUP_INSIDE;
	} else if (octet == '=') {
		m->state = MARKUP_EQUALS;
		m->start = true;
	} else if (m->state == MARKUP_TAG) {
		put(m->tag, sizeof(m->tag), octet);
	} else if (m->state == MARKUP_NAME) {
		put(m->attribute, sizeof(m->attribute), octet);
	} else {
		begin_attribute(m, octet);
	}
	return NULL;
}

static const char *
begin_value(struct markup *m, char octet)
{
	if (octet == '>')
		return end_tag(m);
	if (ascii_is_space(octet))
		return NULL;
	m->quote = octet;
	m->state = octet == '"' || octet == '\'' ? MARKUP_QUOTED : MARKUP_UNQUOTED;
	return NULL;
}

static const char *
inside_value(struct markup *m, char octet)
{
	if (m->state == MARKUP_QUOTED && octet == m->quote) {
		m->state = MARKUP_INSIDE;
		memset(m->attribute, 0, sizeof(m->attribute));
	} else if (m->state == MARKUP_UNQUOTED && octet == '>') {
		return end_tag(m);
	} else if (m->state == MARKUP_UNQUOTED && ascii_is_space(octet)) {
		m->state = MARKUP_INSIDE;
	} else if (!ascii_is_space(octet)) {
		m->start = false;
	}
	return NULL;
}

/* <!doctype html> or <!-- ... -->; seen counts the dashes. */
static void
inside_declaration(struct markup *m, char octet)
{
	if (octet == '-')
		m->seen++;
	else if (octet == '>' && (m->state == MARKUP_DECLARED || m->seen >= 2))
		m->state = MARKUP_TEXT;
	else
		m->seen = 0;
	if (m->state == MARKUP_DECLARED && m->seen == 2) {
		m->state = MARKUP_COMMENT;
		m->seen = 0;
	}
}

/* Only </tag ends it. */
static void
inside_words(struct markup *m, char octet)
{
	size_t len = strlen(m->tag);
	char want = m->seen == 0 ? '<' : m->seen == 1 ? '/' : m->tag[m->seen - 2];

	if (ascii_lower(octet) == want)
		m->seen++;
	else
		m->seen = octet == '<' ? 1 : 0;
	if (m->seen == len + 2) {
		m->closing = true;
		m->state = MARKUP_TAG;
		m->seen = 0;
	}
}

static const char *
markup_octet(struct markup *m, char octet)
{
	switch (m->state) {
	case MARKUP_TEXT:
		if (octet == '<')
			m->state = MARKUP_OPEN;
		return NULL;
	case MARKUP_OPEN:
		begin_tag(m, octet);
		return NULL;
	case MARKUP_TAG:
	case MARKUP_INSIDE:
	case MARKUP_NAME:
		return inside_tag(m, octet);
	case MARKUP_EQUALS:
		return begin_value(m, octet);
	case MARKUP_QUOTED:
	case MARKUP_UNQUOTED:
		return inside_value(m, octet);
	case MARKUP_DECLARED:
	case MARKUP_COMMENT:
		inside_declaration(m, octet);
		return NULL;
	case MARKUP_WORDS:
	case MARKUP_CODE:
	default:
		inside_words(m, octet);
		return NULL;
	}
}

const char *
markup_text(struct markup *markup, struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		const char *wrong = markup_octet(markup, text.data[i]);

		if (wrong != NULL)
			return wrong;
	}
	return NULL;
}

static const char *
attribute_value(struct markup *m, enum view_kind kind)
{
	static const char *const addresses[] = { "href", "src", "action", "formaction", "poster",
		"cite", "data", "background", NULL };
	static const char *const never[] = { "style", "srcdoc", "srcset", "http-equiv", "", NULL };

	if (kind == VIEW_HTML)
		return "HTML may not stand in an attribute";
	if (is_one_of(m->attribute, never) || is_handler(m))
		return "no value may stand in this attribute";
	if (is_one_of(m->attribute, addresses) && m->start && kind != VIEW_URL)
		return "only a value of kind url may begin an address";
	if (kind == VIEW_TEXT) /* an address may be empty, and then what follows begins */
		m->start = false;
	return NULL;
}

const char *
markup_value(struct markup *markup, enum view_kind kind)
{
	switch (markup->state) {
	case MARKUP_TEXT:
		return NULL;
	case MARKUP_WORDS:
		return kind == VIEW_HTML ? "HTML may not stand in a title or a text field" : NULL;
	case MARKUP_QUOTED:
		return attribute_value(markup, kind);
	case MARKUP_EQUALS:
	case MARKUP_UNQUOTED:
		return "an attribute that holds a value must be quoted";
	case MARKUP_CODE:
		return "no value may stand in a script or a style";
	case MARKUP_DECLARED:
	case MARKUP_COMMENT:
		return "no value may stand in a comment";
	case MARKUP_OPEN:
	case MARKUP_TAG:
	case MARKUP_INSIDE:
	case MARKUP_NAME:
	default:
		return "no value may stand within a tag but in the quotes of an attribute";
	}
}

/* "<input{{#x}} checked{{/x}}>": a tag's name, an attribute and the blank between
 * attributes are one place. */
static bool
is_between(const struct markup *m)
{
	return m->state == MARKUP_TAG || m->state == MARKUP_INSIDE || m->state == MARKUP_NAME;
}

const char *
markup_join(const struct markup *a, struct markup *b)
{
	bool between = is_between(a) && is_between(b);

	if (!between && a->state != b->state)
		return "a section must end where it began: in the same tag or in none";
	b->has_src = b->has_src && a->has_src;
	b->start = b->start || a->start;
	if (between) {
		b->state = MARKUP_INSIDE;
		memset(b->attribute, 0, sizeof(b->attribute));
	}
	if (a->state != MARKUP_TEXT &&
	    (strcmp(a->tag, b->tag) != 0 || a->closing != b->closing || a->seen != b->seen))
		return "a section must end where it began: in the same tag";
	if (a->state == MARKUP_QUOTED &&
	    (a->quote != b->quote || strcmp(a->attribute, b->attribute) != 0))
		return "a section must end where it began: in the same attribute";
	return NULL;
}
