/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "text/text_write.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

struct text_level {
	enum html_tag tag;
	int64_t number;	 /* of the next item of an <ol> */
	char lead[16];	 /* "> ", "- ", "12. ": before the first line of a block */
	bool lead_said;	 /* then blanks take its place, except for "> " */
	size_t label;	 /* <a>: where its label begins in out */
	struct span url; /* <a>: in the arena */
};

struct text_write {
	struct arena *arena;
	struct buf out;
	struct text_level level[HTML_DEPTH];
	size_t depth;
	unsigned breaks; /* line ends owed before the next text; 2 = an empty line */
	bool line_open;	 /* the lead of the current line is written */
	bool cut;
};

struct text_write *
text_write_new(struct arena *arena)
{
	struct text_write *w = arena_alloc(arena, sizeof(*w));

	w->arena = arena;
	buf_init(&w->out, TEXT_MAX);
	return w;
}

static void
add(struct text_write *w, const char *data, size_t len)
{
	if (!w->cut && w->out.len + len > TEXT_MAX)
		w->cut = true;
	if (!w->cut)
		buf_add(&w->out, data, len);
}

/* What stands before the text of a line: quote marks, bullets, indents. */
static void
add_lead(struct text_write *w)
{
	for (size_t i = 0; i < w->depth; i++) {
		struct text_level *level = &w->level[i];
		size_t len = strlen(level->lead);

		if (level->tag == TAG_LI && level->lead_said)
			add(w, "                ", len);
		else
			add(w, level->lead, len);
		level->lead_said = true;
	}
	w->line_open = true;
}

static void
drop_blanks(struct text_write *w)
{
	while (w->out.len > 0 && w->out.data[w->out.len - 1] == ' ')
		w->out.len--;
	if (w->out.data != NULL)
		w->out.data[w->out.len] = '\0';
}

/* An empty line within a quote carries its mark; a bullet waits for text. */
static void
add_empty_line(struct text_write *w)
{
	for (size_t i = 0; i < w->depth; i++) {
		struct text_level *level = &w->level[i];

		if (level->tag == TAG_LI && !level->lead_said)
			break;
		if (level->tag == TAG_LI)
			add(w, "                ", strlen(level->lead));
		else if (level->lead_said)
			add(w, level->lead, strlen(level->lead));
	}
	drop_blanks(w);
	add(w, "\n", 1);
}

static void
begin_line(struct text_write *w)
{
	if (w->breaks > 0 && w->out.len > 0) {
		drop_blanks(w);
		add(w, "\n", 1);
		for (; w->breaks > 1; w->breaks--)
			add_empty_line(w);
	}
	if (w->breaks > 0 || !w->line_open)
		add_lead(w);
	w->breaks = 0;
}

static void
owe(struct text_write *w, unsigned breaks)
{
	if (w->breaks < breaks)
		w->breaks = breaks;
}

/* Items of one list stand close together, blocks one empty line apart. */
static unsigned
breaks_of(const struct text_write *w, enum html_tag tag)
{
	switch ((int)tag) {
	case TAG_LI:
		return 1;
	case TAG_UL:
	case TAG_OL:
		for (size_t i = 0; i < w->depth; i++)
			if (w->level[i].tag == TAG_LI)
				return 1;
		return 2;
	case TAG_P:
	case TAG_BLOCKQUOTE:
	case TAG_PRE:
	case TAG_H3:
	case TAG_H4:
	case TAG_H5:
	case TAG_H6:
	case TAG_DETAILS:
		return 2;
	default:
		return 0;
	}
}

static struct text_level *
push(struct text_write *w, enum html_tag tag)
{
	struct text_level *level = &w->level[w->depth];

	if (w->depth == HTML_DEPTH)
		die("text_write: more than %d elements deep", HTML_DEPTH);
	/* The first block of an item stands on the line of its bullet. */
	if (tag == TAG_LI || w->depth == 0 || w->level[w->depth - 1].tag != TAG_LI ||
	    w->level[w->depth - 1].lead_said)
		owe(w, breaks_of(w, tag));
	memset(level, 0, sizeof(*level));
	level->tag = tag;
	w->depth++;
	return level;
}

void
text_write_open(struct text_write *w, enum html_tag tag)
{
	struct text_level *list = w->depth > 0 ? &w->level[w->depth - 1] : NULL;
	struct text_level *level = push(w, tag);

	if (tag == TAG_BLOCKQUOTE)
		snprintf(level->lead, sizeof(level->lead), "> ");
	else if (tag == TAG_LI && list != NULL && list->tag == TAG_OL)
		snprintf(level->lead, sizeof(level->lead), "%u. ",
		    (unsigned)(list->number++ % 1000000000));
	else if (tag == TAG_LI)
		snprintf(level->lead, sizeof(level->lead), "- ");
}

void
text_write_list(struct text_write *w, int64_t start)
{
	push(w, TAG_OL)->number = start;
}

void
text_write_link(struct text_write *w, struct span url)
{
	struct text_level *level;

	begin_line(w);
	level = push(w, TAG_A);
	level->label = w->out.len;
	level->url = arena_span(w->arena, url);
}

void
text_write_break(struct text_write *w)
{
	if (w->breaks == 0 && !w->line_open)
		return;
	if (w->breaks == 0) {
		w->breaks = 1;
	} else {
		w->breaks++;
	}
}

void
text_write_rule(struct text_write *w)
{
	owe(w, 2);
	begin_line(w);
	add(w, "---", 3);
	owe(w, 2);
}

/* Control characters have no place in a mail's text either. */
static void
add_line(struct text_write *w, struct span line)
{
	size_t start = 0;

	for (size_t i = 0; i < line.len; i++) {
		if (!ascii_is_control(line.data[i]) || line.data[i] == '\t')
			continue;
		add(w, line.data + start, i - start);
		start = i + 1;
	}
	add(w, line.data + start, line.len - start);
}

void
text_write_text(struct text_write *w, struct span text)
{
	struct span line;

	while (text.len > 0) {
		size_t end = span_find(text, '\n');

		line = span_first(text, end);
		if (line.len > 0 && line.data[line.len - 1] == '\r')
			line.len--;
		if (line.len > 0) {
			begin_line(w);
			add_line(w, line);
		}
		if (end == text.len)
			return;
		text_write_break(w);
		text = span_from(text, end + 1);
	}
}

/* "https://ville.example/" said as "ville.example" needs no repetition. */
static bool
says_the_same(struct span label, struct span url)
{
	static const char *const leads[] = { "", "https://", "http://", "mailto:" };

	if (span_ends(url, "/") && !span_ends(label, "/"))
		url.len--;
	for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++) {
		size_t len = strlen(leads[i]);

		if (span_starts_nocase(url, leads[i]) &&
		    span_equal_nocase(span_from(url, len), label))
			return true;
	}
	return false;
}

static void
end_link(struct text_write *w, const struct text_level *level)
{
	struct span label = span_trim(span_from(buf_span(&w->out), level->label));

	if (says_the_same(label, level->url))
		return;
	begin_line(w);
	add(w, label.len > 0 ? " <" : "<", label.len > 0 ? 2 : 1);
	add(w, level->url.data, level->url.len);
	add(w, ">", 1);
}

void
text_write_close(struct text_write *w)
{
	const struct text_level *level;
	unsigned breaks;

	if (w->depth == 0)
		return;
	level = &w->level[w->depth - 1];
	if (level->tag == TAG_A)
		end_link(w, level);
	breaks = breaks_of(w, level->tag);
	w->depth--;
	if (level->tag == TAG_UL || level->tag == TAG_OL)
		breaks = breaks_of(w, level->tag);
	if (w->out.len > 0)
		owe(w, breaks);
}

struct span
text_write_end(struct text_write *w, bool *cut)
{
	struct span text = buf_span(&w->out);

	while (w->depth > 0)
		text_write_close(w);
	text = buf_span(&w->out);
	while (text.len > 0 && ascii_is_space(text.data[text.len - 1]))
		text.len--;
	text = arena_span(w->arena, text);
	*cut = w->cut;
	buf_free(&w->out);
	return text;
}
