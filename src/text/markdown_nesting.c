/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "text/markdown_nesting.h"

/* What a line begins with: blanks (a tab counts as four columns) and markers. */
struct line_front {
	unsigned blanks;  /* columns, without the one that belongs to a marker */
	unsigned markers; /* ">", "-", "+", "*", "1.", "1)" */
};

/* "* * *" is a rule, however long: not lists in lists. */
static bool
is_rule(struct span s)
{
	unsigned count = 0;
	char mark = s.data[0];

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
	return len == s.len || s.data[len] == ' ' || s.data[len] == '\t' ? len : 0;
}

static struct line_front
front_of(struct span line, unsigned enough)
{
	struct line_front front = { 0, 0 };
	bool after_marker = false;

	while (line.len > 0 && front.markers <= enough) {
		size_t len;

		if (line.data[0] == ' ' || line.data[0] == '\t') {
			if (!after_marker || line.data[0] == '\t')
				front.blanks += line.data[0] == '\t' ? 4 : 1;
			after_marker = false;
			line = span_from(line, 1);
			continue;
		}
		len = marker_len(line);
		if (len == 0 || (line.data[0] != '>' && is_rule(line)))
			break;
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

/* Within a line no more containers can stay open than stood open before and than its
 * indent reaches (each list takes two columns at least); each marker may add one. A
 * line without markers may lazily continue the innermost, so it closes none, unless
 * an empty line came before. */
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
		if ((front.markers > 0 || after_blank) && open > front.blanks / 2)
			open = front.blanks / 2;
		open += front.markers;
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
