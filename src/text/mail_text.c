/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "text/mail_text.h"

#include <string.h>

#include "base/utf8.h"
#include "text/quote.h"

enum {
	SUMMARY_MAX = 160, /* code points of an attribution in a <summary> */
	INDENT_MAX = 16,   /* leading blanks of a line that are kept */
	QUOTE_LEVELS = 8,  /* of ">": more are shown as so many */
	WRAP_MIN = 60,     /* code points: mail programs wrap at 60 to 100 */
	WRAP_MAX = 100
};

struct text_line {
	struct span raw;
	struct span body; /* without quote marks */
	unsigned depth;
	bool blank;
};

/* The lines of one segment. */
struct text_lines {
	struct text_line *list;
	size_t count;
	bool fences_over; /* no fence closes from here on */
};

static struct text_line
read_line(struct span raw)
{
	struct text_line line = { raw, raw, 0, false };

	for (;;) {
		size_t i = 0;

		while (i < line.body.len && i < 4 && line.body.data[i] == ' ')
			i++;
		if (i == line.body.len || line.body.data[i] != '>')
			break;
		line.body = span_from(line.body, i + 1);
		if (line.depth < QUOTE_LEVELS)
			line.depth++;
	}
	if (line.depth > 0 && line.body.len > 0 && line.body.data[0] == ' ')
		line.body = span_from(line.body, 1);
	line.blank = span_trim(line.body).len == 0;
	return line;
}

static void
read_lines(struct arena *arena, struct span text, struct text_lines *out)
{
	struct span rest = text, raw;
	size_t count = 1;

	for (size_t i = 0; i < text.len; i++)
		count += text.data[i] == '\n';
	memset(out, 0, sizeof(*out));
	out->list = arena_array(arena, count, sizeof(*out->list));
	while (out->count < count && span_next_line(&rest, &raw))
		out->list[out->count++] = read_line(raw);
}

/* Signs that columns matter: blanks within the text, bars, boxes. */
static bool
is_tabular(struct span body)
{
	size_t bars = 0, blanks = 0;
	bool text = false;

	for (size_t i = 0; i < body.len; i++) {
		char c = body.data[i];

		if (c == ' ') {
			blanks++;
			continue;
		}
		if (text && (blanks >= 3 || c == '\t'))
			return true;
		bars += c == '|' || c == '+';
		blanks = 0;
		text = text || c != '\t';
	}
	return bars >= 2;
}

/* Signs of a program: indented, and full of marks that sentences do not have. */
static bool
is_code(struct span body)
{
	size_t marks = 0;

	if (!span_starts(body, "    ") && !span_starts(body, "\t"))
		return false;
	for (size_t i = 0; i < body.len; i++)
		marks += body.data[i] != '\0' && strchr("{}();=<>$#[]\\|&", body.data[i]) != NULL;
	return marks >= 2;
}

static size_t
block_end(const struct text_lines *lines, size_t from)
{
	size_t i = from;

	while (i < lines->count && !lines->list[i].blank &&
	       lines->list[i].depth == lines->list[from].depth &&
	       (i == from || !span_starts(lines->list[i].body, "```")))
		i++;
	return i;
}

static bool
is_preformatted(const struct text_lines *lines, size_t from, size_t to)
{
	size_t signs = 0;

	for (size_t i = from; i < to; i++)
		signs += is_tabular(lines->list[i].body) || is_code(lines->list[i].body);
	return to - from >= 2 && signs * 2 >= to - from;
}

static void
say_preformatted(
    struct rich *rich, const struct text_lines *lines, size_t from, size_t to, bool raw)
{
	rich_open(rich, TAG_PRE);
	for (size_t i = from; i < to; i++) {
		if (i > from)
			rich_break(rich);
		rich_text_linked(rich, raw ? lines->list[i].raw : lines->list[i].body);
	}
	rich_close(rich, TAG_PRE);
}

/* Leading blanks are shown; browsers would swallow plain ones. */
static void
say_line(struct rich *rich, struct span body)
{
	size_t indent = 0;

	while (indent < body.len && body.data[indent] == ' ')
		indent++;
	if (indent >= 2)
		for (size_t i = 0; i < indent && i < INDENT_MAX; i++)
			rich_text(rich, SPAN("\xc2\xa0"));
	rich_text_linked(rich, span_from(body, indent));
}

/* The width a paragraph was wrapped at: its longest line; 0 where no program wrapped it. */
static size_t
wrap_width(const struct text_lines *lines, size_t from, size_t to)
{
	size_t width = 0;

	for (size_t i = from; i < to; i++) {
		size_t count = utf8_count(lines->list[i].body);

		if (count > width)
			width = count;
	}
	return width >= WRAP_MIN && width <= WRAP_MAX ? width : 0;
}

/* What begins an item or is set in keeps its line. */
static bool
begins_anew(struct span body)
{
	size_t digits = 0;

	if (body.len == 0 || ascii_is_space(body.data[0]) || strchr("-*+#|=~_", body.data[0]) != NULL ||
	    span_starts(body, "\xe2\x80\xa2") || span_starts(body, "\xe2\x80\x93"))
		return true;
	while (digits < body.len && ascii_is_digit(body.data[digits]))
		digits++;
	return digits > 0 && digits < body.len && strchr(".)", body.data[digits]) != NULL;
}

/* Did a program end this line, for want of room for the next word? Then the words run
 * on, so that a narrow screen wraps them but once. */
static bool
is_wrapped(struct span line, struct span next, size_t width)
{
	struct span word = span_first(next, span_find(next, ' '));

	if (width == 0 || begins_anew(next) || begins_anew(line))
		return false;
	return utf8_count(line) + 1 + utf8_count(word) > width;
}

static void
say_paragraph(struct rich *rich, const struct text_lines *lines, size_t from, size_t to)
{
	size_t width = wrap_width(lines, from, to);

	rich_open(rich, TAG_P);
	for (size_t i = from; i < to; i++) {
		struct span body = lines->list[i].body;

		if (i > from && !is_wrapped(lines->list[i - 1].body, body, width))
			rich_break(rich);
		else if (i > from && !span_ends(lines->list[i - 1].body, " "))
			rich_text(rich, SPAN(" "));
		say_line(rich, body);
	}
	rich_close(rich, TAG_P);
}

/* The line that closes the fence at `from`, 0 where none does. */
static size_t
fence_end(struct text_lines *lines, size_t from)
{
	if (lines->fences_over || !span_starts(lines->list[from].body, "```"))
		return 0;
	for (size_t i = from + 1; i < lines->count; i++)
		if (lines->list[i].depth == lines->list[from].depth &&
		    span_is(span_trim(lines->list[i].body), "```"))
			return i;
	lines->fences_over = true;
	return 0;
}

static void
set_depth(struct rich *rich, unsigned *now, unsigned want)
{
	for (; *now > want; (*now)--)
		rich_close(rich, TAG_BLOCKQUOTE);
	for (; *now < want; (*now)++)
		rich_open(rich, TAG_BLOCKQUOTE);
}

static void
say_lines(struct arena *arena, struct rich *rich, struct span text)
{
	struct text_lines lines;
	unsigned depth = 0;

	read_lines(arena, text, &lines);
	for (size_t i = 0, end; i < lines.count; i = end) {
		end = i + 1;
		if (lines.list[i].blank)
			continue;
		set_depth(rich, &depth, lines.list[i].depth);
		end = fence_end(&lines, i);
		if (end > 0) {
			say_preformatted(rich, &lines, i + 1, end, lines.list[i].depth == 0);
			end++;
			continue;
		}
		end = block_end(&lines, i);
		if (is_preformatted(&lines, i, end))
			say_preformatted(rich, &lines, i, end, false);
		else
			say_paragraph(rich, &lines, i, end);
	}
	set_depth(rich, &depth, 0);
}

static bool
is_introduction(enum quote_kind kind)
{
	return kind == QUOTE_ATTRIBUTION || kind == QUOTE_HEADERS;
}

/* The attribution on one line; of headers the first line that says something. */
static struct span
summary_of(struct arena *arena, const struct quote_segment *segment)
{
	struct span rest = segment->text, line, summary;

	if (segment->kind == QUOTE_ATTRIBUTION) {
		summary = utf8_line(arena, rest);
	} else {
		summary = SPAN("");
		while (summary.len == 0 && span_next_line(&rest, &line)) {
			line = span_trim(line);
			while (line.len > 0 && strchr("-_=*> ", line.data[0]))
				line = span_from(line, 1);
			while (line.len > 0 && strchr("-_=* ", line.data[line.len - 1]))
				line.len--;
			summary = utf8_line(arena, line);
		}
	}
	return utf8_first(summary, SUMMARY_MAX);
}

/* A folded quote, with what introduces it and what follows it in the same fold. */
static size_t
say_folded_quote(struct arena *arena, struct rich *rich, const struct quote_parts *parts, size_t i)
{
	const struct quote_segment *segment = &parts->list[i];
	struct span summary = SPAN("");
	size_t next = i;

	if (is_introduction(segment->kind))
		summary = summary_of(arena, segment);
	rich_open_fold(rich, FOLD_QUOTE, summary);
	if (segment->kind == QUOTE_ATTRIBUTION && utf8_count(summary) < SUMMARY_MAX)
		next++; /* the summary says all of it */
	while (next < parts->count && parts->list[next].folded &&
	       (next == i || parts->list[next].kind == QUOTE_QUOTED))
		say_lines(arena, rich, parts->list[next++].text);
	rich_close(rich, TAG_DETAILS);
	return next;
}

static size_t
say_segment(struct arena *arena, struct rich *rich, const struct quote_parts *parts, size_t i)
{
	const struct quote_segment *segment = &parts->list[i];
	bool others = segment->kind != QUOTE_OWN;

	if (segment->folded && (is_introduction(segment->kind) || segment->kind == QUOTE_QUOTED))
		return say_folded_quote(arena, rich, parts, i);
	if (segment->folded) {
		rich_open_fold(
		    rich, segment->kind == QUOTE_FOOTER ? FOLD_FOOTER : FOLD_SIGNATURE, SPAN(""));
		say_lines(arena, rich, segment->text);
		rich_close(rich, TAG_DETAILS);
		return i + 1;
	}
	if (others)
		rich_mask(rich, true);
	say_lines(arena, rich, segment->text);
	if (others)
		rich_mask(rich, false);
	return i + 1;
}

void
mail_text_render(
    struct arena *arena, struct span source, struct mail_text_format format, struct rendered *out)
{
	bool cut = source.len > MAIL_TEXT_MAX;
	struct span text = utf8_clean(arena, span_first(source, MAIL_TEXT_MAX));
	struct rich *rich = rich_new(arena);
	struct quote_parts parts;

	if (format.flowed)
		text = mail_text_unflow(arena, text, format.delsp);
	quote_split(arena, text, format.forward, &parts);
	for (size_t i = 0; i < parts.count;)
		i = say_segment(arena, rich, &parts, i);
	rich_end(rich, out);
	out->cut = out->cut || cut;
}

/* One line of flowed text, RFC 3676 §4. */
struct flowed_line {
	struct span body;
	unsigned depth;
	bool soft; /* goes on in the next line */
};

static struct flowed_line
read_flowed(struct span raw, bool delsp)
{
	struct flowed_line line = { raw, 0, false };

	while (line.body.len > 0 && line.body.data[0] == '>') {
		line.depth++;
		line.body = span_from(line.body, 1);
	}
	if (line.body.len > 0 && line.body.data[0] == ' ') /* stuffed */
		line.body = span_from(line.body, 1);
	line.soft =
	    span_ends(line.body, " ") && !span_is(line.body, "-- ") && span_trim(line.body).len > 0;
	if (line.soft && delsp)
		line.body.len--;
	return line;
}

static void
add_marks(struct buf *out, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		buf_add_char(out, '>');
	if (depth > 0)
		buf_add_char(out, ' ');
}

struct span
mail_text_unflow(struct arena *arena, struct span source, bool delsp)
{
	struct buf out = { 0 };
	struct flowed_line before = { SPAN(""), 0, false };
	struct span raw, text;

	while (span_next_line(&source, &raw)) {
		struct flowed_line line = read_flowed(raw, delsp);

		if (!before.soft || before.depth != line.depth || span_is(line.body, "-- ")) {
			if (before.soft)
				buf_add_char(&out, '\n');
			add_marks(&out, line.depth);
		}
		buf_add_span(&out, line.body);
		if (!line.soft)
			buf_add_char(&out, '\n');
		before = line;
	}
	text = arena_span(arena, buf_span(&out));
	buf_free(&out);
	return text;
}
