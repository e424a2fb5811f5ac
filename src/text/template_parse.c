/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* From the source of a template to its steps (Mustache spec 1.4). */
#include "text/template_ops.h"

#include <string.h>

enum { DELIMITER_MAX = 8, OPS_PER_TEMPLATE = 20000, PARTS_PER_NAME = 8 };

struct parser {
	struct template *t;
	struct span source;
	size_t at;   /* next octet to read */
	size_t line; /* where the line of `at` begins */
	bool used;   /* a tag stands on this line already */
	struct span open_mark, close_mark;
	uint32_t open[TEMPLATE_DEPTH_MAX]; /* steps that are not closed yet */
	size_t depth;
	struct err *err;
};

struct tag {
	char sigil;	   /* # ^ / > < $ ! = & { or 0 */
	struct span name;  /* trimmed */
	size_t start, end; /* of the whole tag, with its marks */
};

static struct op *
add_op(struct parser *p, enum op_code code, size_t offset)
{
	struct template *t = p->t;

	if (t->op_count == t->op_room) {
		uint32_t room = t->op_room == 0 ? 64 : t->op_room * 2;
		struct op *ops = arena_array(t->set->arena, room, sizeof(*ops));

		if (t->op_count > 0)
			memcpy(ops, t->ops, t->op_count * sizeof(*ops));
		t->ops = ops;
		t->op_room = room;
	}
	t->ops[t->op_count] = (struct op){ .code = code, .offset = (uint32_t)offset };
	return &t->ops[t->op_count++];
}

static void
add_text(struct parser *p, size_t from, size_t to)
{
	if (to > from)
		add_op(p, OP_TEXT, from)->text = span_make(p->source.data + from, to - from);
}

static void
add_part(struct parser *p, struct op *op, struct span name)
{
	struct template *t = p->t;

	if (t->part_count == t->part_room) {
		uint32_t room = t->part_room == 0 ? 64 : t->part_room * 2;
		struct op_part *parts = arena_array(t->set->arena, room, sizeof(*parts));

		if (t->part_count > 0)
			memcpy(parts, t->parts, t->part_count * sizeof(*parts));
		t->parts = parts;
		t->part_room = room;
	}
	t->parts[t->part_count++] = (struct op_part){ .name = name, .hash = view_hash(name) };
	op->part_count++;
}

/* "a.b.c"; "." has no parts. */
static bool
add_path(struct parser *p, struct op *op, const struct tag *tag)
{
	struct span rest = tag->name, part;

	op->text = tag->name;
	op->part = p->t->part_count;
	if (span_is(tag->name, "."))
		return true;
	while (span_next(&rest, '.', &part)) {
		if (part.len == 0 || op->part_count == PARTS_PER_NAME)
			return template_fault(p->t, tag->start, p->err,
			    "\"" SPAN_FORMAT "\" is not a name", SPAN_ARGS(tag->name));
		add_part(p, op, part);
	}
	return true;
}

/* ---- tags ---- */

static bool
fail(const struct parser *p, size_t at, const char *sentence)
{
	return template_fault(p->t, at, p->err, "%s", sentence);
}

/* {{{x}}} ends with }}}, whatever the marks are; {{=x y=}} with =}}. */
static size_t
tag_end(const struct parser *p, struct span inner, char sigil, size_t *extra)
{
	size_t end;

	*extra = 0;
	end = span_find_text(inner, p->close_mark.data);
	if (end == inner.len || (sigil != '{' && sigil != '='))
		return end;
	if (sigil == '{') { /* the closing brace stands before the mark, or is its first one */
		if (end + p->close_mark.len < inner.len &&
		    inner.data[end + p->close_mark.len] == '}' && p->close_mark.data[0] == '}')
			*extra = 1;
		else if (end == 0 || inner.data[end - 1] != '}')
			return inner.len;
	}
	return end;
}

static bool
read_tag(struct parser *p, size_t start, struct tag *tag)
{
	struct span inner = span_from(p->source, start + p->open_mark.len);
	size_t end, extra;

	tag->start = start;
	tag->sigil = inner.len > 0 ? inner.data[0] : '\0';
	if (tag->sigil == '\0' || memchr("#^/><$!=&{", tag->sigil, 10) == NULL)
		tag->sigil = '\0';
	end = tag_end(p, inner, tag->sigil, &extra);
	if (end == inner.len)
		return fail(p, start, "a tag is not closed");
	tag->name = span_first(inner, end);
	if (tag->sigil != '\0')
		tag->name = span_from(tag->name, 1);
	if ((tag->sigil == '{' && extra == 0) || (tag->sigil == '=' && span_ends(tag->name, "=")))
		tag->name.len--;
	else if (tag->sigil == '=')
		return fail(p, start, "marks are set as {{=<% %>=}}");
	tag->name = span_trim(tag->name);
	tag->end = start + p->open_mark.len + end + p->close_mark.len + extra;
	if (tag->name.len == 0 && tag->sigil != '!')
		return fail(p, start, "a tag is empty");
	return true;
}

/* ---- lines ---- */

/* Where the blanks before the tag begin, if nothing else stands before it on its line. */
static bool
only_blanks_before(const struct parser *p, size_t start)
{
	for (size_t i = p->line; !p->used && i < start; i++) {
		if (!ascii_is_blank(p->source.data[i]))
			return false;
	}
	return !p->used;
}

/* Whether nothing but blanks stands after it, and where the next line begins. */
static bool
only_blanks_after(const struct parser *p, size_t end, size_t *next)
{
	while (end < p->source.len && ascii_is_blank(p->source.data[end]))
		end++;
	if (end + 1 < p->source.len && p->source.data[end] == '\r' &&
	    p->source.data[end + 1] == '\n')
		end++;
	*next = end + 1;
	if (end == p->source.len)
		*next = end;
	return end == p->source.len || p->source.data[end] == '\n';
}

/* Notes the line ends from one place to another. */
static void
pass_lines(struct parser *p, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		if (p->source.data[i] == '\n') {
			p->line = i + 1;
			p->used = false;
		}
	}
}

/* ---- one tag after the other ---- */

static bool
open_op(struct parser *p, enum op_code code, const struct tag *tag)
{
	struct op *op;

	if (p->depth == TEMPLATE_DEPTH_MAX)
		return fail(p, tag->start, "sections stand too deep within each other");
	p->open[p->depth++] = p->t->op_count;
	op = add_op(p, code, tag->start);
	op->text = tag->name;
	return code == OP_SECTION || code == OP_INVERTED ? add_path(p, op, tag) : true;
}

static bool
close_op(struct parser *p, const struct tag *tag)
{
	struct template *t = p->t;
	uint32_t index;
	struct op *op;

	if (p->depth == 0)
		return template_fault(t, tag->start, p->err, "{{/" SPAN_FORMAT "}} closes nothing",
		    SPAN_ARGS(tag->name));
	index = p->open[p->depth - 1];
	if (!span_equal(t->ops[index].text, tag->name))
		return template_fault(t, tag->start, p->err,
		    "{{/" SPAN_FORMAT "}} stands where {{/" SPAN_FORMAT "}} must",
		    SPAN_ARGS(tag->name), SPAN_ARGS(t->ops[index].text));
	p->depth--;
	add_op(p, OP_END, tag->start)->end = 0;
	op = &t->ops[index];
	op->end = t->op_count - 1;
	if (op->code == OP_BLOCK)
		template_close_block(t, index);
	return true;
}

/* {{=<% %>=}} */
static bool
set_marks(struct parser *p, const struct tag *tag)
{
	struct span rest = tag->name;
	size_t len = 0;

	while (len < rest.len && !ascii_is_space(rest.data[len]))
		len++;
	p->open_mark = span_first(rest, len);
	p->close_mark = span_trim(span_from(rest, len));
	if (p->open_mark.len == 0 || p->close_mark.len == 0 || p->open_mark.len > DELIMITER_MAX ||
	    p->close_mark.len > DELIMITER_MAX ||
	    span_find(p->close_mark, ' ') < p->close_mark.len ||
	    memchr(rest.data, '=', rest.len) != NULL || memchr(rest.data, '\0', rest.len) != NULL)
		return fail(p, tag->start, "marks are set as {{=<% %>=}}");
	p->close_mark =
	    arena_span(p->t->set->arena, p->close_mark); /* with a NUL, to be searched for */
	return true;
}

static bool
add_value(struct parser *p, const struct tag *tag)
{
	bool raw = tag->sigil == '&' || tag->sigil == '{';

	return add_path(p, add_op(p, raw ? OP_RAW : OP_VALUE, tag->start), tag);
}

/* own_lines: a block that is alone on its line; a parent that begins one. */
static bool
add_tag(struct parser *p, const struct tag *tag, struct span indent, bool own_lines)
{
	struct op *op;

	switch (tag->sigil) {
	case '#':
		return open_op(p, OP_SECTION, tag);
	case '^':
		return open_op(p, OP_INVERTED, tag);
	case '/':
		return close_op(p, tag);
	case '=':
		return set_marks(p, tag);
	case '!':
		return true;
	case '>':
		op = add_op(p, OP_PARTIAL, tag->start);
		op->text = tag->name;
		op->indent = indent;
		return true;
	case '<':
	case '$':
		if (!open_op(p, tag->sigil == '<' ? OP_PARENT : OP_BLOCK, tag))
			return false;
		op = &p->t->ops[p->t->op_count - 1];
		op->indent = indent;
		op->own_lines = own_lines;
		return true;
	default:
		return add_value(p, tag);
	}
}

/* What encloses the next tag, or NULL. */
static const struct op *
enclosing(const struct parser *p)
{
	return p->depth == 0 ? NULL : &p->t->ops[p->open[p->depth - 1]];
}

/* Whether a tag takes its line with it when nothing follows it there. Text within a
 * parent does not count, so that a block may begin on its line; and the end of a
 * parent that began a line ends one. */
static bool
may_be_alone(const struct parser *p, const struct tag *tag, bool first)
{
	const struct op *around = enclosing(p);

	if (tag->sigil == '\0' || tag->sigil == '&' || tag->sigil == '{')
		return false;
	if (first || around == NULL || around->code != OP_PARENT)
		return first;
	return tag->sigil == '$' || (tag->sigil == '/' && around->own_lines);
}

static bool
take_tag(struct parser *p, size_t text, const struct tag *tag)
{
	bool first = only_blanks_before(p, tag->start);
	bool container = tag->sigil == '<' || tag->sigil == '$', alone = false;
	struct span indent = span_of("");
	size_t next = tag->end, after;

	if (may_be_alone(p, tag, first) && only_blanks_after(p, tag->end, &after)) {
		alone = true;
		next = after;
	}
	if (first && (alone || container)) {
		indent = span_make(p->source.data + p->line, tag->start - p->line);
		add_text(p, text, p->line);
	} else {
		add_text(p, text, tag->start);
	}
	if (!add_tag(p, tag, indent, tag->sigil == '<' ? first : alone))
		return false;
	p->used = true;
	pass_lines(p, tag->start, next);
	p->at = next;
	return true;
}

static size_t
find_mark(const struct parser *p, size_t at)
{
	struct span mark = p->open_mark;

	while (at + mark.len <= p->source.len) {
		const char *first = memchr(p->source.data + at, mark.data[0], p->source.len - at);

		if (first == NULL)
			break;
		at = (size_t)(first - p->source.data);
		if (at + mark.len <= p->source.len && memcmp(first, mark.data, mark.len) == 0)
			return at;
		at++;
	}
	return p->source.len;
}

bool
template_parse(struct template *t, struct err *err)
{
	struct parser p = { .t = t, .source = t->source, .err = err };
	struct tag tag;

	p.open_mark = span_of("{{");
	p.close_mark = span_of("}}");
	while (p.at < p.source.len) {
		size_t text = p.at, found = find_mark(&p, p.at);

		pass_lines(&p, text, found);
		if (found == p.source.len) {
			add_text(&p, text, found);
			break;
		}
		if (!read_tag(&p, found, &tag) || !take_tag(&p, text, &tag))
			return false;
		if (t->op_count > OPS_PER_TEMPLATE)
			return fail(&p, found, "there are too many tags");
	}
	if (p.depth > 0)
		return template_fault(t, enclosing(&p)->offset, err,
		    "{{/" SPAN_FORMAT "}} is missing", SPAN_ARGS(enclosing(&p)->text));
	add_op(&p, OP_END, p.source.len);
	return true;
}
