/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Indentation of blocks (Mustache spec, inheritance): removed where a block is defined,
 * added where it is expanded. */
#include "text/template_ops.h"

#include <string.h>

static struct span
blanks_of(struct span text)
{
	size_t len = 0;

	while (len < text.len && ascii_is_blank(text.data[len]))
		len++;
	return span_first(text, len);
}

/* Indentation of the first thing that a block holds. */
static struct span
inner_indent(const struct template *t, uint32_t block)
{
	const struct op *op = &t->ops[block + 1];

	if (op->code == OP_TEXT)
		return blanks_of(op->text);
	return op->code == OP_END ? span_of("") : op->indent;
}

static struct span
without(struct span text, struct span indent)
{
	if (indent.len <= text.len && memcmp(text.data, indent.data, indent.len) == 0)
		return span_from(text, indent.len);
	return span_from(text, blanks_of(text).len);
}

/* A text without that indentation on each of its lines; `fresh`: it begins a line. */
static struct span
dedent_text(struct template *t, struct span text, struct span indent, bool fresh)
{
	struct buf out = { 0 };
	struct span kept;

	while (text.len > 0) {
		size_t end = span_find(text, '\n');
		struct span line = span_first(text, end < text.len ? end + 1 : end);

		text = span_from(text, line.len);
		buf_add_span(&out, fresh ? without(line, indent) : line);
		fresh = true;
	}
	kept = arena_span(t->set->arena, buf_span(&out));
	buf_free(&out);
	return kept;
}

/* Indentation is removed where a block is defined and added where it is expanded. */
static void
dedent_block(struct template *t, uint32_t block, struct span indent)
{
	bool fresh = true;

	for (uint32_t i = block + 1; i < t->op_count; i++) {
		struct op *op = &t->ops[i];

		if (op->code == OP_TEXT && op->text.len > 0) {
			bool ends = op->text.data[op->text.len - 1] == '\n';

			op->text = dedent_text(t, op->text, indent, fresh);
			fresh = ends;
		} else if (op->code == OP_VALUE || op->code == OP_RAW) {
			fresh = false;
		} else if (op->indent.len > 0) {
			op->indent = without(op->indent, indent);
		}
		if (op->code == OP_BLOCK && op->own_lines) /* done when it was closed */
			i = op->end;
	}
}

void
template_close_block(struct template *t, uint32_t block)
{
	struct op *op = &t->ops[block];
	struct span indent;

	if (!op->own_lines || op->end == block + 1)
		return;
	indent = inner_indent(t, block);
	op->indent = indent;
	if (indent.len > 0)
		dedent_block(t, block, indent);
}
