/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "text/markdown_nesting.h"

/* The text of an item stands at most so far right of its list: three blanks, nine
 * digits and a dot, four blanks (CommonMark 0.30 §5.2). */
enum { ITEM_COLUMNS = 17 };

/* What a line begins with: blanks (a tab counts as four columns) and markers. */
struct line_front {
	unsigned lead;	  /* columns before the first marker, at least */
	unsigned blanks;  /* columns in all, at most, without the one that belongs to a marker */
	unsigned markers; /* ">", "-", "+", "*", "1.", "1)" */
	bool begins;	  /* the first marker begins an item even within a paragraph */
};

/* "* * *" is a rule, however long: not lists in lists. */
static bool
is_rule(struct span s)
{
	unsigned count = 0;
	char mark = s.data[0];

	if (mark != '-' && mark != '*')
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] == mark)
			count++;
		else if (s.data[i] != ' ' && s.data[i] != '\t')
			return false;
	}
	return count >= 3;
}

/* Octets of the marker at the front, 0 where there is none. */
static size_t
marker_len(struct span s)
{
	size_t len = 0;

	if (s.data[0] == '>')
		return 1;
	if (s.data[0] == '-' || s.data[0] == '+' || s.data[0] == '*') {
		len = 1;
	} else {
		while (len < s.len && len <= 9 && ascii_is_digit(s.data[len]))
			len++;
		if (len == 0 || len == s.len || (s.data[len] != '.' && s.data[len] != ')'))
			return 0;
		len++;
	}
	return len == s.len || ascii_is_blank(s.data[len]) ? len : 0;
}

/* May this marker interrupt a paragraph? Not a quote's: it may just continue one. */
static bool
interrupts(struct span line, size_t len)
{
	if (line.data[0] == '>' || (len > 1 && (len != 2 || line.data[0] != '1')))
		return false;
	return span_trim(span_from(line, len)).len > 0;
}

static struct line_front
front_of(struct span line, unsigned enough)
{
	struct line_front front = { 0, 0, 0, false };
	bool after_marker = false;

	while (line.len > 0 && front.markers <= enough) {
		size_t len;

		if (ascii_is_blank(line.data[0])) {
			if (!after_marker || line.data[0] == '\t')
				front.blanks += line.data[0] == '\t' ? 4 : 1;
			front.lead += front.markers == 0;
			after_marker = false;
			line = span_from(line, 1);
			continue;
		}
		len = marker_len(line);
		if (len == 0 || is_rule(line))
			break;
		if (front.markers == 0)
			front.begins = front.lead < 4 && interrupts(line, len);
		front.markers++;
		after_marker = true;
		line = span_from(line, len);
	}
	return front;
}

static bool
is_blank(struct span line)
{
	return span_trim(line).len == 0;
}

/* How many containers stand open after a line, at most. No more can stay open than
 * were and than its indent reaches, for each list takes two columns; each marker may
 * add one. But a line may also be the lazy continuation of a paragraph (§5.1), which
 * closes none: all but those after an empty line, and those that begin an item. */
static unsigned
open_after(unsigned open, struct line_front front, bool after_blank)
{
	unsigned reached = open < front.blanks / 2 ? open : front.blanks / 2;

	if (after_blank || front.begins || reached + front.markers > open)
		return reached + front.markers;
	return open;
}

static bool
nesting_ok(struct span source, unsigned most)
{
	unsigned open = 0;
	bool after_blank = false;
	struct span line;

	while (span_next_line(&source, &line)) {
		struct line_front front;

		if (is_blank(line)) {
			after_blank = true;
			continue;
		}
		front = front_of(line, most);
		if (front.lead > open * ITEM_COLUMNS + 3) /* code: no item reaches so far */
			continue;
		open = open_after(open, front, after_blank);
		if (open > most)
			return false;
		after_blank = false;
	}
	return true;
}

static bool
images_ok(struct span source)
{
	unsigned count = 0;

	for (size_t i = 0; i + 1 < source.len; i++)
		count += source.data[i] == '!' && source.data[i + 1] == '[';
	return count <= MARKDOWN_IMAGES;
}

bool
markdown_may_parse(struct span source, unsigned nesting)
{
	return images_ok(source) && nesting_ok(source, nesting);
}
