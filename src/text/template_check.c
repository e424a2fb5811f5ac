/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Proves a template before anybody sees it: it is walked as it will be rendered,
 * each section once, with the kinds of the values in place of the values. */
#include "text/template.h"

#include <string.h>

#include "text/template_markup.h"
#include "text/template_ops.h"

enum { SCOPES_MAX = TEMPLATE_DEPTH_MAX * 2, STEPS_MAX = 200 * 1000 };

struct scope {
	const char *shape;  /* whose names are in sight; NULL: none */
	enum view_kind dot; /* what {{.}} is */
};

struct arguments {
	const struct template *t;
	const struct op *parent;
};

struct check {
	enum template_kind kind;
	const char *where;
	const struct template_name *names;
	size_t count;
	struct scope scopes[SCOPES_MAX];
	size_t scope_count;
	struct arguments arguments[SCOPES_MAX];
	size_t argument_first, argument_count;
	size_t depth, steps;
	struct markup markup;
	struct err *err;
};

static bool
walk(struct check *c, const struct template *t, uint32_t first, uint32_t end);

/* ---- names ---- */

static const struct template_name *
find_row(const struct check *c, const char *where, struct span name)
{
	for (size_t i = 0; i < c->count && where != NULL; i++) {
		if (strcmp(c->names[i].where, where) == 0 && span_is(name, c->names[i].name))
			return &c->names[i];
	}
	return NULL;
}

/* What every page has: "page/" and a star. */
static const struct template_name *
find_common(const struct check *c, struct span name)
{
	struct span folder = span_first(span_of(c->where), span_find(span_of(c->where), '/'));

	for (size_t i = 0; i < c->count; i++) {
		struct span where = span_of(c->names[i].where);

		if (where.len == folder.len + 2 && span_ends(where, "/*") &&
		    span_equal(span_first(where, folder.len), folder) &&
		    span_is(name, c->names[i].name))
			return &c->names[i];
	}
	return NULL;
}

static const struct template_name *
find_first(const struct check *c, struct span name, uint8_t *place)
{
	for (size_t i = c->scope_count; i > 1; i--) {
		const struct template_name *row = find_row(c, c->scopes[i - 1].shape, name);

		*place = (uint8_t)(c->scope_count - i + 1);
		if (row != NULL)
			return row;
	}
	*place = PLACE_ROOT;
	return find_row(c, c->where, name) != NULL ? find_row(c, c->where, name)
						   : find_common(c, name);
}

static bool
unknown(const struct check *c, const struct template *t, const struct op *op, struct span name)
{
	return template_fault(t, op->offset, c->err, "%s has no name \"" SPAN_FORMAT "\"", c->where,
	    SPAN_ARGS(span_first(name, 60)));
}

/* The kind and shape of what a tag names; the tag learns where that stands. */
static bool
find_kind(const struct check *c, const struct template *t, struct op *op, enum view_kind *kind,
    const char **shape)
{
	const struct op_part *part;
	const struct template_name *row;
	uint8_t place;

	*shape = NULL;
	if (op->part_count == 0) {
		*kind = c->scopes[c->scope_count - 1].dot;
		return *kind != VIEW_NONE || unknown(c, t, op, SPAN("."));
	}
	part = &t->parts[op->part];
	row = find_first(c, part->name, &place);
	op->place = op->place == PLACE_ANY || op->place == place ? place : PLACE_BOTH;
	for (uint32_t i = 1; i < op->part_count && row != NULL; i++)
		row = row->kind == VIEW_SUB ? find_row(c, row->shape, part[i].name) : NULL;
	if (row == NULL)
		return unknown(c, t, op, op->text);
	*kind = row->kind;
	*shape = row->shape;
	return true;
}

/* ---- values ---- */

static bool
refuse(const struct check *c, const struct template *t, const struct op *op, const char *why)
{
	return template_fault(t, op->offset, c->err, "{{" SPAN_FORMAT "}}: %s",
	    SPAN_ARGS(span_first(op->text, 60)), why);
}

static bool
check_value(struct check *c, const struct template *t, struct op *op)
{
	enum view_kind kind;
	const char *shape, *why;

	if (!find_kind(c, t, op, &kind, &shape))
		return false;
	if (kind != VIEW_TEXT && kind != VIEW_URL && kind != VIEW_HTML)
		return refuse(c, t, op, "this is for sections and has no text");
	if (op->code == OP_RAW && kind != VIEW_HTML)
		return refuse(c, t, op, "only a value of kind html goes in unescaped");
	if (op->code == OP_VALUE && kind == VIEW_HTML)
		return refuse(c, t, op, "a value of kind html stands in three braces");
	if (c->kind != TEMPLATE_HTML)
		return kind != VIEW_HTML || refuse(c, t, op, "HTML may not stand in a plain text");
	why = markup_value(&c->markup, kind);
	return why == NULL || refuse(c, t, op, why);
}

static bool
check_text(struct check *c, const struct template *t, const struct op *op)
{
	const char *why = NULL;

	for (size_t i = 0; i < op->text.len && why == NULL && c->kind == TEMPLATE_HTML; i++) {
		why = markup_text(&c->markup, span_make(op->text.data + i, 1));
		if (why != NULL)
			return template_fault(t, op->offset + i, c->err, "%s", why);
	}
	return true;
}

/* ---- what encloses ---- */

static bool
check_section(struct check *c, const struct template *t, uint32_t index)
{
	struct op *op = &t->ops[index];
	struct markup before = c->markup;
	enum view_kind kind;
	const char *shape, *why;
	bool pushes;

	if (!find_kind(c, t, op, &kind, &shape))
		return false;
	op->opens = pushes = op->code == OP_SECTION && kind != VIEW_FLAG;
	if (pushes && c->scope_count == SCOPES_MAX)
		return template_fault(t, op->offset, c->err, "too deep");
	if (pushes)
		c->scopes[c->scope_count++] = (struct scope){ .shape = shape,
			.dot = kind == VIEW_LIST || kind == VIEW_SUB ? VIEW_NONE : kind };
	if (!walk(c, t, index + 1, op->end))
		return false;
	if (pushes)
		c->scope_count--;
	why = markup_join(&before, &c->markup);
	return why == NULL || template_fault(t, t->ops[op->end].offset, c->err, "%s", why);
}

static bool
check_target(struct check *c, const struct op *op)
{
	return walk(c, op->target, 0, op->target->op_count - 1);
}

static bool
check_partial(struct check *c, const struct op *op)
{
	size_t first = c->argument_first;
	bool ok;

	c->argument_first = c->argument_count;
	ok = check_target(c, op);
	c->argument_first = first;
	return ok;
}

static bool
has_block(const struct template *t, struct span name, const struct template **parent)
{
	*parent = NULL;
	for (uint32_t i = 0; i < t->op_count; i++) {
		const struct op *op = &t->ops[i];

		if (op->code == OP_BLOCK && span_equal(op->text, name))
			return true;
		if (op->code == OP_PARENT && *parent == NULL)
			*parent = op->target;
	}
	return false;
}

/* An argument that no parent has a block for would never be seen: a slip of the pen. */
static bool
is_expected(const struct template *t, struct span name)
{
	for (int i = 0; t != NULL && i < TEMPLATE_DEPTH_MAX; i++) {
		if (has_block(t, name, &t))
			return true;
	}
	return false;
}

/* A theme may lay its own parent under the pages of another and leave blocks out. */
static bool
is_same_theme(const struct template *a, const struct template *b)
{
	struct span x = span_of(a->file), y = span_of(b->file);
	size_t end = span_find(x, '/');

	return end == x.len || span_equal(span_first(x, end), span_first(y, span_find(y, '/')));
}

static bool
check_parent(struct check *c, const struct template *t, const struct op *op)
{
	bool ok;

	for (const struct op *a = op + 1; a < &t->ops[op->end]; a++) {
		if (a->code == OP_BLOCK && is_same_theme(t, op->target) &&
		    !is_expected(op->target, a->text))
			return template_fault(t, a->offset, c->err,
			    SPAN_FORMAT " has no block " SPAN_FORMAT, SPAN_ARGS(op->text),
			    SPAN_ARGS(a->text));
		if (a->end > 0)
			a = &t->ops[a->end];
	}
	if (c->argument_count == SCOPES_MAX)
		return template_fault(t, op->offset, c->err, "too deep");
	c->arguments[c->argument_count++] = (struct arguments){ .t = t, .parent = op };
	ok = check_target(c, op);
	c->argument_count--;
	return ok;
}

static bool
check_block(struct check *c, const struct template *t, const struct op *op)
{
	for (size_t i = c->argument_first; i < c->argument_count; i++) {
		const struct arguments *a = &c->arguments[i];
		const struct op *found = template_argument(a->t, a->parent, op->text);

		if (found != NULL)
			return walk(c, a->t, (uint32_t)(found - a->t->ops) + 1, found->end);
	}
	return walk(c, t, (uint32_t)(op - t->ops) + 1, op->end);
}

static bool
check_op(struct check *c, const struct template *t, uint32_t index)
{
	struct op *op = &t->ops[index];

	switch (op->code) {
	case OP_TEXT:
		return check_text(c, t, op);
	case OP_VALUE:
	case OP_RAW:
		return check_value(c, t, op);
	case OP_SECTION:
	case OP_INVERTED:
		return check_section(c, t, index);
	case OP_PARTIAL:
		return check_partial(c, op);
	case OP_PARENT:
		return check_parent(c, t, op);
	case OP_BLOCK:
		return check_block(c, t, op);
	case OP_END:
	default:
		return true;
	}
}

static bool
walk(struct check *c, const struct template *t, uint32_t first, uint32_t end)
{
	if (++c->depth > TEMPLATE_DEPTH_MAX)
		return template_fault(t, t->ops[first].offset, c->err,
		    "pieces stand too deep within each other, or one holds itself");
	for (uint32_t i = first; i < end; i++) {
		if (++c->steps > STEPS_MAX)
			return template_fault(t, t->ops[i].offset, c->err, "the page is too long");
		if (!check_op(c, t, i))
			return false;
		if (t->ops[i].end > 0)
			i = t->ops[i].end;
	}
	c->depth--;
	return true;
}

bool
template_check(const struct template_set *set, const char *name, enum template_kind kind,
    const char *where, const struct template_name *names, size_t count, struct err *err)
{
	const struct template *t = template_find(set, name);
	struct check c = {
		.kind = kind, .where = where, .names = names, .count = count, .err = err
	};

	if (t == NULL)
		return err_set(err, ERR_INVALID, "there is no %s", name);
	c.scopes[c.scope_count++] = (struct scope){ .shape = where, .dot = VIEW_NONE };
	if (!walk(&c, t, 0, t->op_count - 1))
		return false;
	if (kind == TEMPLATE_HTML && c.markup.state != MARKUP_TEXT)
		return template_fault(t, t->source.len, err, "a tag is not closed");
	return true;
}
