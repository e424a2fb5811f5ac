/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* text/template.h: Mustache (spec 1.4: core and inheritance), typed and bounded.
 *
 * A set holds templates that call each other as partials ({{>part/post}}) and
 * parents ({{<page/layout}}). They are added, then linked once; a linked set
 * never changes and is rendered any number of times.
 *
 * Escaping follows the type of the value, not the author of the template:
 * {{x}} escapes, {{{x}}} and {{&x}} take html values only (strict) and are never
 * a way around. What "escape" means is the kind of the template.
 *
 * Strict sets (every theme) are proven when checked: an unknown name, a name of
 * the wrong type, a placeholder in <script>, <style>, a comment, an on...= or
 * style= attribute, an unquoted attribute, or at the start of an address without
 * being a url, is refused with file and line. Lax sets are for the conformance
 * suite.
 *
 * Two sections are resolved when a template is added, not when it is rendered:
 * {{#t}}Reply to {{author}}{{/t}} becomes its translation (tags inside belong to
 * the text; runs of blanks count as one), {{#static}}style.css{{/static}} the
 * address of a static file. They exist in strict sets only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "text/view.h"

enum {
	TEMPLATE_DEPTH_MAX = 32,	       /* sections, partials and blocks within each other */
	TEMPLATE_SOURCE_MAX = 256 * 1024,      /* octets of one file */
	TEMPLATE_OUTPUT_MAX = 4 * 1024 * 1024, /* octets of one rendering */
	TEMPLATE_OPS_MAX = 4 * 1000 * 1000     /* steps of one rendering */
};

/* What {{x}} does to text. */
enum template_kind {
	TEMPLATE_HTML, /* & < > " ' become references */
	TEMPLATE_TEXT, /* as it is: the text part of a mail */
	TEMPLATE_LINE  /* as it is on one line: subjects; control characters become blanks */
};

/* How the two sections are resolved; either may be NULL in tests. */
struct template_words {
	void *context;
	/* The translation of a text, or the text itself; lives as long as the set. */
	const char *(*translate)(void *context, const char *id);
	/* The address of a static file, or NULL where there is none. */
	const char *(*address)(void *context, const char *name);
};

/* One row of the contract between pages and templates (see text/theme_names.h). */
struct template_name {
	const char *where; /* the page, mail or shape it belongs to: "page/thread", "post" */
	const char *name;  /* one name, without dots */
	enum view_kind kind;
	const char
	    *shape; /* VIEW_SUB and VIEW_LIST: whose names stand within; "" = a list of flags */
	const char *note; /* for theme authors */
};

struct template;
struct template_set;

/* strict: see above. words may be NULL. */
struct template_set *
template_set_new(bool strict, const struct template_words *words);

void
template_set_free(struct template_set **set);

/* Compiles one template. name is how others call it; file, and the line on which
 * the source begins (1), are what errors say. All is copied. INVALID:
 * "page/thread.html:12: ...". A name added twice is INVALID. */
bool
template_add(struct template_set *set, const char *name, const char *file, unsigned int line,
    struct span source, struct err *err);

/* Connects partials and parents: strict, INVALID where one is missing; lax, a
 * missing one is empty. */
bool
template_link(struct template_set *set, struct err *err);

/* Proves a template of a linked strict set: every name it can reach exists in
 * `names` (count rows) for `where` ("page/thread") or for its whole folder (its
 * name and a star), with the right type, in a place where such a value is safe.
 * INVALID with file and line. */
bool
template_check(const struct template_set *set, const char *name, enum template_kind kind,
    const char *where, const struct template_name *names, size_t count, struct err *err);

/* NULL where there is none. */
const struct template *
template_find(const struct template_set *set, const char *name);

/* Appends to out. INVALID: too deep, too long, or (strict) {{{x}}} met a value
 * that is not html. out then holds a part that must not be used. */
bool
template_render(const struct template *t, enum template_kind kind, const struct view *view,
    struct buf *out, struct err *err);
