/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "text/template.h"

#include <string.h>

#include "text/escape.h"
#include "text/template_ops.h"

/* What names are looked up in, from the outside in. */
struct context {
	const struct view *view;      /* NULL where only `dot` is there */
	const struct view_value *dot; /* what {{.}} is; NULL: the value "." of the view */
};

/* The arguments of a parent that is being rendered. */
struct arguments {
	const struct template *t;
	const struct op *parent;
};

struct render {
	enum template_kind kind;
	bool strict;
	bool indenting; /* HTML of themes needs no indentation: none is spent on it */
	struct context contexts[TEMPLATE_DEPTH_MAX * 2];
	size_t context_count;
	struct arguments arguments[TEMPLATE_DEPTH_MAX * 2];
	size_t argument_first, argument_count; /* those in sight */
	size_t depth, steps, start;
	struct buf indent; /* before each line of the templates' own text */
	bool fresh;	   /* a line begins */
	struct buf *out;
	struct err *err;
};

static bool
run(struct render *r, const struct template *t, uint32_t first, uint32_t end);

/* ---- names ---- */

static const struct view_value *
find_dot(const struct render *r)
{
	const struct context *top = &r->contexts[r->context_count - 1];

	if (top->dot != NULL || top->view == NULL)
		return top->dot;
	return view_find(top->view, SPAN("."), view_hash(SPAN(".")));
}

/* Outwards, or in the one place where the name is known to stand. */
static const struct view_value *
find_first(const struct render *r, const struct op_part *part, uint8_t place)
{
	if (place != PLACE_ANY && place != PLACE_BOTH) {
		const struct view *view =
		    r->contexts[place == PLACE_ROOT || place > r->context_count
				    ? 0
				    : r->context_count - place]
			.view;

		return view != NULL ? view_find(view, part->name, part->hash) : NULL;
	}
	for (size_t i = r->context_count; i > 0; i--) {
		const struct view *view = r->contexts[i - 1].view;
		const struct view_value *value;

		if (view == NULL)
			continue;
		value = view_find(view, part->name, part->hash);
		if (value != NULL)
			return value;
	}
	return NULL;
}

static const struct view_value *
find_value(const struct render *r, const struct template *t, const struct op *op)
{
	const struct view_value *value;
	const struct op_part *part;

	if (op->part_count == 0)
		return find_dot(r);
	part = &t->parts[op->part];
	value = find_first(r, part, op->place);
	for (uint32_t i = 1; i < op->part_count && value != NULL; i++) {
		if (value->kind != VIEW_SUB)
			return NULL;
		value = view_find(value->sub, part[i].name, part[i].hash);
	}
	return value;
}

/* ---- writing ---- */

static void
begin_line(struct render *r)
{
	if (r->fresh && r->indent.len > 0)
		buf_add_span(r->out, buf_span(&r->indent));
	r->fresh = false;
}

static void
write_text(struct render *r, struct span text)
{
	if (r->indent.len == 0) {
		buf_add_span(r->out, text);
		return;
	}
	while (text.len > 0) {
		size_t end = span_find(text, '\n');
		struct span line = span_first(text, end < text.len ? end + 1 : end);

		if (end > 0)
			begin_line(r);
		buf_add_span(r->out, line);
		r->fresh = end < text.len;
		text = span_from(text, line.len);
	}
}

static void
write_line(struct buf *out, struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		buf_add_char(out, ascii_is_control(text.data[i]) ? ' ' : text.data[i]);
}

static bool
write_value(struct render *r, const struct template *t, const struct op *op)
{
	const struct view_value *value = find_value(r, t, op);

	if (value == NULL)
		return true;
	if (value->kind != VIEW_TEXT && value->kind != VIEW_HTML && value->kind != VIEW_URL)
		return true;
	begin_line(r);
	if (op->code == OP_RAW && r->strict && value->kind != VIEW_HTML)
		return template_fault(t, op->offset, r->err, "{{{" SPAN_FORMAT "}}} is not HTML",
		    SPAN_ARGS(op->text));
	if (op->code == OP_RAW || r->kind == TEMPLATE_TEXT)
		buf_add_span(r->out, value->text);
	else if (r->kind == TEMPLATE_LINE)
		write_line(r->out, value->text);
	else
		escape_attr(r->out, value->text);
	return true;
}

/* ---- what encloses ---- */

static bool
run_with(struct render *r, const struct view *view, const struct view_value *dot,
    const struct template *t, uint32_t first, uint32_t end)
{
	bool ok;

	if (r->context_count == TEMPLATE_DEPTH_MAX * 2)
		return template_fault(t, t->ops[first].offset, r->err, "too deep");
	r->contexts[r->context_count++] = (struct context){ .view = view, .dot = dot };
	ok = run(r, t, first, end);
	r->context_count--;
	return ok;
}

/* The contexts are those that the check counted, even where a page gives a flag for a
 * text or the other way round. */
static bool
run_once(struct render *r, const struct template *t, uint32_t index, const struct view *view,
    const struct view_value *value)
{
	const struct op *op = &t->ops[index];
	bool opens = op->place != PLACE_ANY ? op->opens : value == NULL || value->kind != VIEW_FLAG;

	if (!opens)
		return run(r, t, index + 1, op->end);
	return run_with(r, view, value, t, index + 1, op->end);
}

static bool
run_section(struct render *r, const struct template *t, uint32_t index)
{
	const struct view_value *value = find_value(r, t, &t->ops[index]);
	const struct view *item = NULL;

	if (!view_is_true(value))
		return true;
	if (value->kind == VIEW_SUB)
		return run_once(r, t, index, value->sub, value);
	if (value->kind != VIEW_LIST)
		return run_once(r, t, index, NULL, value);
	while ((item = view_list_next(value->list, item)) != NULL) {
		if (!run_once(r, t, index, item, NULL))
			return false;
	}
	return true;
}

/* Runs with more indentation. */
static bool
run_indented(
    struct render *r, struct span indent, const struct template *t, uint32_t first, uint32_t end)
{
	size_t before = r->indent.len;
	bool ok;

	if (r->indenting && indent.len > 0) {
		buf_add_span(&r->indent, indent);
		r->fresh = true;
	}
	ok = run(r, t, first, end);
	r->indent.len = before;
	return ok;
}

/* A piece does not see the arguments of what it stands in. */
static bool
run_partial(struct render *r, const struct op *op)
{
	size_t first = r->argument_first;
	bool ok;

	if (op->target == NULL)
		return true;
	r->argument_first = r->argument_count;
	ok = run_indented(r, op->indent, op->target, 0, op->target->op_count - 1);
	r->argument_first = first;
	return ok;
}

static bool
run_parent(struct render *r, const struct template *t, const struct op *op)
{
	bool ok;

	if (op->target == NULL)
		return true;
	if (r->argument_count == TEMPLATE_DEPTH_MAX * 2)
		return template_fault(t, op->offset, r->err, "too deep");
	r->arguments[r->argument_count++] = (struct arguments){ .t = t, .parent = op };
	ok = run_indented(r, op->indent, op->target, 0, op->target->op_count - 1);
	r->argument_count--;
	return ok;
}

/* The outermost argument of that name wins: whoever inherits last decides. */
static bool
run_block(struct render *r, const struct template *t, const struct op *op)
{
	const struct template *from = t;
	const struct op *block = op;

	for (size_t i = r->argument_first; i < r->argument_count; i++) {
		const struct arguments *a = &r->arguments[i];
		const struct op *found = template_argument(a->t, a->parent, op->text);

		if (found != NULL) {
			from = a->t;
			block = found;
			break;
		}
	}
	return run_indented(r, op->indent, from, (uint32_t)(block - from->ops) + 1, block->end);
}

static bool
step(struct render *r, const struct template *t, uint32_t index)
{
	const struct op *op = &t->ops[index];

	switch (op->code) {
	case OP_TEXT:
		write_text(r, op->text);
		return true;
	case OP_VALUE:
	case OP_RAW:
		return write_value(r, t, op);
	case OP_SECTION:
		return run_section(r, t, index);
	case OP_INVERTED:
		return view_is_true(find_value(r, t, op)) || run(r, t, index + 1, op->end);
	case OP_PARTIAL:
		return run_partial(r, op);
	case OP_PARENT:
		return run_parent(r, t, op);
	case OP_BLOCK:
		return run_block(r, t, op);
	case OP_END:
	default:
		return true;
	}
}

/* Recursion follows the template, never the values, and ends at the depth. */
static bool
run(struct render *r, const struct template *t, uint32_t first, uint32_t end)
{
	bool ok = true;

	if (r->depth == TEMPLATE_DEPTH_MAX)
		return template_fault(t, t->ops[first].offset, r->err,
		    "sections and pieces stand too deep within each other");
	r->depth++;
	for (uint32_t i = first; ok && i < end; i++) {
		const struct op *op = &t->ops[i];

		ok = step(r, t, i);
		if (ok && (++r->steps > TEMPLATE_OPS_MAX || !buf_ok(r->out) ||
			      r->out->len - r->start > TEMPLATE_OUTPUT_MAX))
			ok = template_fault(t, op->offset, r->err, "the page is too long");
		if (op->end > 0)
			i = op->end;
	}
	r->depth--;
	return ok;
}

bool
template_render(const struct template *t, enum template_kind kind, const struct view *view,
    struct buf *out, struct err *err)
{
	struct render r = { .kind = kind, .strict = t->set->strict, .out = out, .err = err };
	bool ok;

	r.indenting = !r.strict || kind != TEMPLATE_HTML;
	r.start = out->len;
	ok = run_with(&r, view, NULL, t, 0, t->op_count - 1);
	buf_free(&r.indent);
	return ok;
}
