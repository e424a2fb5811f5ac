/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "text/template.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "text/template_ops.h"

struct template_set *
template_set_new(bool strict, const struct template_words *words)
{
	struct template_set *set = x_calloc(1, sizeof(*set));

	set->arena = arena_new();
	set->map = map_new();
	set->strict = strict;
	if (words != NULL)
		set->words = *words;
	return set;
}

void
template_set_free(struct template_set **set)
{
	if (*set == NULL)
		return;
	map_free(&(*set)->map);
	arena_free(&(*set)->arena);
	free(*set);
	*set = NULL;
}

/* Line of the file where an offset of the resolved source stands. */
static unsigned int
line_at(const struct template *t, size_t offset)
{
	unsigned int line = t->line;

	for (size_t i = 0; i < offset && i < t->source.len; i++)
		line += t->source.data[i] == '\n';
	for (size_t i = 0; i < t->loss_count; i++)
		line += t->losses[i].offset <= offset ? t->losses[i].lines : 0;
	return line;
}

bool
template_fault(const struct template *t, size_t offset, struct err *err, const char *format, ...)
{
	char sentence[sizeof(err->text)];
	va_list list;

	va_start(list, format);
	vsnprintf(sentence, sizeof(sentence), format, list);
	va_end(list);
	return err_set(
	    err, ERR_INVALID, "%.60s:%u: %.160s", t->file, line_at(t, offset), sentence);
}

bool
template_add(struct template_set *set, const char *name, const char *file, unsigned int line,
    struct span source, struct err *err)
{
	struct template *t = arena_alloc(set->arena, sizeof(*t));

	t->set = set;
	t->name = arena_strdup(set->arena, name);
	t->file = arena_strdup(set->arena, file);
	t->line = line;
	if (source.len > TEMPLATE_SOURCE_MAX)
		return template_fault(
		    t, 0, err, "the file is longer than %d octets", TEMPLATE_SOURCE_MAX);
	if (map_get(set->map, span_of(name)) != NULL)
		return template_fault(t, 0, err, "%s is there twice", name);
	if (!template_resolve(t, source, err) || !template_parse(t, err))
		return false;
	t->next = set->first;
	set->first = t;
	map_set(set->map, span_of(t->name), t);
	return true;
}

bool
template_link(struct template_set *set, struct err *err)
{
	for (struct template *t = set->first; t != NULL; t = t->next) {
		for (uint32_t i = 0; i < t->op_count; i++) {
			struct op *op = &t->ops[i];

			if (op->code != OP_PARTIAL && op->code != OP_PARENT)
				continue;
			op->target = map_get(set->map, op->text);
			if (op->target == NULL && set->strict)
				return template_fault(t, op->offset, err,
				    "there is no " SPAN_FORMAT, SPAN_ARGS(op->text));
		}
	}
	return true;
}

const struct template *
template_find(const struct template_set *set, const char *name)
{
	return map_get(set->map, span_of(name));
}

const struct op *
template_argument(const struct template *t, const struct op *parent, struct span name)
{
	const struct op *op = parent + 1;

	while (op < &t->ops[parent->end]) {
		if (op->code == OP_BLOCK && span_equal(op->text, name))
			return op;
		op = op->end > 0 ? &t->ops[op->end] + 1 : op + 1;
	}
	return NULL;
}
