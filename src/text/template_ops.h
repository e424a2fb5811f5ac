/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* text/template_ops.h: a compiled template, for the files template*.c alone.
 *
 * A template is a flat array of steps in the order of the source. What encloses
 * others (section, parent, block) knows the index of its end. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/map.h"
#include "text/template.h"

enum op_code {
	OP_TEXT,     /* text as it is */
	OP_VALUE,    /* {{x}} */
	OP_RAW,	     /* {{{x}}} {{&x}} */
	OP_SECTION,  /* {{#x}} */
	OP_INVERTED, /* {{^x}} */
	OP_PARTIAL,  /* {{>x}} */
	OP_PARENT,   /* {{<x}}, arguments up to its end */
	OP_BLOCK,    /* {{$x}}, default or argument up to its end */
	OP_END	     /* {{/x}} */
};

/* A checked template knows in whose table each name stands and looks nowhere else, so that
 * a value that a page did not set is empty and never that of what surrounds it. */
enum op_place {
	PLACE_ANY = 0,	  /* not checked, or checked twice with different answers: outwards */
	PLACE_ROOT = 250, /* a value of the page */
	PLACE_BOTH = 251  /* found in different places: outwards */
			  /* 1 to 249: that many contexts from within, 1 is the innermost */
};

struct op_part {
	struct span name;
	uint32_t hash;
};

struct op {
	enum op_code code;
	uint32_t end;		   /* index of the OP_END of what encloses */
	uint32_t offset;	   /* in the resolved source, for errors */
	uint32_t part, part_count; /* a.b.c in parts; 0 parts: {{.}} */
	bool own_lines;		   /* block: what it holds begins on a line of its own */
	uint8_t place;		   /* where the name stands: see below; set by template_check() */
	bool opens;		   /* section: its names are in sight within (set likewise) */
	struct span text;	   /* OP_TEXT; name of partial, parent, block */
	struct span indent;	   /* partial, parent, block: put before each line */
	const struct template *target; /* partial, parent; NULL: empty */
};

/* A place where the resolved source has fewer lines than the file. */
struct line_loss {
	size_t offset;
	unsigned int lines;
};

struct template
{
	const struct template_set *set;
	const char *name, *file;
	unsigned int line;  /* of the file, where the source begins */
	struct span source; /* resolved */
	struct line_loss *losses;
	size_t loss_count;
	struct op *ops;
	uint32_t op_count, op_room;
	struct op_part *parts;
	uint32_t part_count, part_room;
	struct template *next;
};

struct template_set {
	struct arena *arena;
	struct map *map;
	struct template *first;
	bool strict;
	struct template_words words;
};

/* "page/thread.html:12: sentence", INVALID; returns false. */
bool
template_fault(const struct template *t, size_t offset, struct err *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Resolves {{#t}} and {{#static}}: fills source and losses. */
bool
template_resolve(struct template *t, struct span source, struct err *err);

/* Fills ops and parts from source. */
bool
template_parse(struct template *t, struct err *err);

/* A block was closed: takes the indentation off what it holds. */
void
template_close_block(struct template *t, uint32_t block);

/* The argument of that name within a parent, or NULL. */
const struct op *
template_argument(const struct template *t, const struct op *parent, struct span name);
