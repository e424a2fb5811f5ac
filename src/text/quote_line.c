/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "text/quote_line.h"

#include <string.h>

#include "base/utf8.h"
#include "text/quote.h"
#include "text/quote_words.h"

enum {
	ATTRIBUTION_LINES = 4,
	ATTRIBUTION_MAX = 600, /* octets of an attribution, joined */
	HEADERS_LINES = 14,    /* of a block of headers, wrapped lines included */
	BLANK_LINES = 8	       /* looked over to find what follows */
};

/* Cuts quote marks off the front: at most three blanks before each ">". */
static unsigned
cut_marks(struct span *s)
{
	unsigned depth = 0;

	for (;;) {
		size_t i = 0;

		while (i < s->len && i < 4 && ascii_is_blank(s->data[i]))
			i++;
		if (i == s->len || s->data[i] != '>')
			return depth;
		*s = span_from(*s, i + 1);
		depth++;
	}
}

/* Without asterisks (bold turned to text), the byte order mark and blanks around. */
static struct span
bare(struct span s)
{
	s = span_trim(s);
	if (span_starts(s, "\xef\xbb\xbf"))
		s = span_trim(span_from(s, 3));
	while (s.len > 0 && s.data[0] == '*')
		s = span_from(s, 1);
	while (s.len > 0 && s.data[s.len - 1] == '*')
		s.len--;
	return span_trim(s);
}

/* utf8_fold(), at once where all is ASCII: it is asked for each line of each mail. */
static struct span
fold(struct arena *arena, struct span s)
{
	char *out;

	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.data[i] >= 0x80 || s.data[i] == '`')
			return utf8_fold(arena, s);
	out = arena_alloc(arena, s.len + 1);
	for (size_t i = 0; i < s.len; i++)
		out[i] = ascii_is_space(s.data[i]) ? ' ' : ascii_lower(s.data[i]);
	return span_make(out, s.len);
}

static void
read_line(struct arena *arena, struct quote_line *line)
{
	struct span rest = line->raw;

	line->depth = cut_marks(&rest);
	line->blank = span_trim(rest).len == 0;
	if (rest.len <= QUOTE_LINE_MAX) {
		line->said = bare(fold(arena, rest));
		line->blank = line->said.len == 0 && span_find(rest, '*') == rest.len;
	}
}

/* Code between fences is the author's, whatever it looks like. A fence that is never
 * closed protects nothing. */
static void
mark_fences(struct quote_lines *lines)
{
	size_t open = lines->count;

	for (size_t i = 0; i < lines->count; i++) {
		if (lines->list[i].depth > 0 || !span_starts(span_trim(lines->list[i].raw), "```"))
			continue;
		if (open == lines->count) {
			open = i;
			continue;
		}
		for (; open <= i; open++)
			lines->list[open].fenced = true;
		open = lines->count;
	}
}

size_t
quote_lines_next(const struct quote_lines *lines, size_t i)
{
	while (i < lines->count && lines->list[i].blank)
		i++;
	return i;
}

/* The same, but not far: what is farther away does not belong together. */
static size_t
next_near(const struct quote_lines *lines, size_t i)
{
	for (unsigned n = 0; n < BLANK_LINES && i < lines->count && lines->list[i].blank; n++)
		i++;
	return i;
}

/* Signs of a date or a time of day: "2016", "3/3", "15.12.", "19:03", "9h". */
static void
find_date(struct span said, bool *date, bool *time)
{
	for (size_t i = 0; i < said.len; i++) {
		size_t digits = i;
		char after;

		while (digits < said.len && ascii_is_digit(said.data[digits]))
			digits++;
		if (digits == i)
			continue;
		after = digits + 1 < said.len ? said.data[digits] : '\0';
		if (digits - i == 4 && (said.data[i] == '1' || said.data[i] == '2'))
			*date = true;
		if (digits - i <= 2 && (after == '/' || after == '.' || after == '-'))
			*date = *date || ascii_is_digit(said.data[digits + 1]);
		if (digits - i <= 2 && (after == ':' || after == 'h' || after == '.'))
			*time = *time || ascii_is_digit(said.data[digits + 1]) ||
				(after == 'h' && said.data[digits + 1] == ' ');
		i = digits;
	}
}

static bool
has_digit(struct span said)
{
	for (size_t i = 0; i < said.len; i++)
		if (ascii_is_digit(said.data[i]))
			return true;
	return false;
}

/* What an attribution ends with may be dressed: "wrote ----", "a écrit :*". */
static struct span
undressed(struct span said)
{
	while (said.len > 0 && strchr("-*_= ", said.data[said.len - 1]))
		said.len--;
	return said;
}

static bool
ends_with_colon(struct span said, struct span *before)
{
	*before = said;
	if (span_ends(said, ":"))
		*before = span_trim(span_first(said, said.len - 1));
	else if (span_ends(said, "："))
		*before = span_trim(span_first(said, said.len - 3));
	return before->len < said.len;
}

/* Are these words an attribution? `count` lines were joined for them. */
static bool
is_attribution(struct span said, unsigned count, bool quote_follows, bool *strong)
{
	struct span before;
	bool date = false, time = false, colon, address, verb;

	said = undressed(said);
	while (span_starts(said, "-"))
		said = span_trim(span_from(said, 1));
	colon = ends_with_colon(said, &before);
	verb = quote_words_ends_with_verb(before) || (colon && quote_words_has_verb(before));
	address = span_find(before, '@') < before.len &&
		  (span_find(before, '<') < before.len || span_find(before, '[') < before.len ||
		      span_find(before, '(') < before.len || verb);
	find_date(before, &date, &time);
	*strong = address || (date && time);
	if (verb) {
		if (date || (address && count <= 2))
			return *strong || quote_follows;
		if (quote_words_opens_attribution(before) && has_digit(before))
			return (address || time) || quote_follows;
		return colon && quote_follows && count == 1 && before.len <= 100;
	}
	/* "2016-10-24 15:36 GMT+02:00 X <x@y>:" has no verb at all. */
	if (!address || !date || !span_ends(before, ">"))
		return false;
	return colon ? time || ascii_is_digit(said.data[0])
		     : count == 1 && ascii_is_digit(said.data[0]);
}

/* May more lines follow on this one, as parts of one attribution? */
static bool
opens_attribution(struct span said)
{
	bool date = false, time = false;

	while (span_starts(said, "-"))
		said = span_trim(span_from(said, 1));
	if (!has_digit(said))
		return false;
	find_date(said, &date, &time);
	return date || time || quote_words_opens_attribution(said);
}

static bool
quote_follows(const struct quote_lines *lines, size_t i, unsigned depth)
{
	i = next_near(lines, i);
	return i < lines->count && lines->list[i].depth > depth;
}

/* Adds one more line to an attribution. Where an address was broken after its "<",
 * the ">" at the front of the next line is its end and no quote mark. */
static bool
join(struct buf *joined, const struct quote_line *line, unsigned depth)
{
	struct span said = line->said;
	struct span open = buf_span(joined);
	size_t opened = 0;

	for (size_t i = 0; i < open.len; i++)
		opened += open.data[i] == '<' ? 1 : open.data[i] == '>' ? (size_t)-1 : 0;
	if (line->depth > depth && opened == 1 && line->depth == depth + 1)
		buf_add_char(joined, '>');
	else if (line->depth != depth || line->blank)
		return false;
	else if (joined->len > 0)
		buf_add_char(joined, ' ');
	buf_add_span(joined, said);
	return said.len > 0 && joined->len <= ATTRIBUTION_MAX;
}

/* No attribution is without a date, an address or a colon at its end. */
static bool
may_begin_attribution(struct span said)
{
	struct span before;

	return has_digit(said) || span_find(said, '@') < said.len || ends_with_colon(said, &before);
}

static void
find_attribution(struct quote_lines *lines, size_t i, struct buf *joined)
{
	struct quote_line *first = &lines->list[i];

	if (!may_begin_attribution(first->said))
		return;
	buf_clear(joined);
	for (unsigned n = 0; n < ATTRIBUTION_LINES && i + n < lines->count; n++) {
		if (lines->list[i + n].fenced || !join(joined, &lines->list[i + n], first->depth))
			return;
		if (n == 1 && !opens_attribution(first->said))
			return;
		if (is_attribution(buf_span(joined), n + 1,
			quote_follows(lines, i + n + 1, first->depth), &first->strong)) {
			first->start = START_ATTRIBUTION;
			first->span = n + 1;
			return;
		}
	}
}

/* Counts the lines of headers from i on (lines that were wrapped are between them)
 * and says which roles they have. */
static unsigned
headers_len(const struct quote_lines *lines, size_t i, unsigned *roles, bool *address)
{
	unsigned len = 0;
	unsigned depth = i < lines->count ? lines->list[i].depth : 0;

	for (unsigned n = 0; n < HEADERS_LINES && i + n < lines->count; n++) {
		const struct quote_line *line = &lines->list[i + n];
		enum header_role role = quote_words_header(line->said);

		if (line->depth != depth || line->blank || line->fenced)
			break;
		if (role != HEADER_NONE) {
			*roles |= 1U << role;
			len = n + 1;
		} else if (n == 0 || n - len >= 2) {
			break;
		}
		*address = *address || span_find(line->said, '@') < line->said.len;
	}
	return len;
}

static bool
is_underscores(struct span said)
{
	for (size_t i = 0; i < said.len; i++)
		if (said.data[i] != '_')
			return false;
	return said.len >= 20;
}

static unsigned
count_roles(unsigned roles)
{
	unsigned count = 0;

	if ((roles & 1U << HEADER_SENT) != 0)
		roles &= ~(1U << HEADER_DATE);
	for (; roles != 0; roles &= roles - 1)
		count++;
	return count;
}

/* Headers that no separator announces must be beyond doubt: an invitation, too, has a
 * date, a subject and "De 18 h à 20 h". */
static bool
are_headers(unsigned roles, bool address, bool ruled)
{
	bool from = (roles & 1U << HEADER_FROM) != 0;
	bool sent = (roles & 1U << HEADER_SENT) != 0;
	bool to = (roles & (1U << HEADER_TO | 1U << HEADER_SUBJECT)) != 0;

	if (ruled)
		return from && count_roles(roles) >= 2;
	return from && to && count_roles(roles) >= 3 && (address || sent);
}

static void
find_headers(struct quote_lines *lines, size_t i)
{
	struct quote_line *line = &lines->list[i];
	bool separator = quote_words_reply(line->said);
	bool ruled = separator || is_underscores(line->said);
	bool address = false;
	unsigned roles = 0, len;
	size_t from = ruled ? next_near(lines, i + 1) : i;

	if (!ruled && quote_words_header(line->said) == HEADER_NONE)
		return;
	len = headers_len(lines, from, &roles, &address);
	if (!are_headers(roles, address, ruled)) {
		if (!separator)
			return;
		len = 0;
		from = i + 1;
	}
	line->start = START_HEADERS;
	line->span = (unsigned)(from - i) + len;
	line->prefixed = len > 0 && lines->list[from].depth > line->depth;
}

static void
find_starts(struct quote_lines *lines)
{
	struct buf joined = { 0 };

	for (size_t i = 0; i < lines->count; i++) {
		struct quote_line *line = &lines->list[i];

		line->span = 1;
		if (line->blank || line->fenced || line->said.len == 0)
			continue;
		if (quote_words_answer_mark(line->said))
			line->start = START_MARK;
		else if (quote_words_forward(line->said))
			line->start = START_FORWARD;
		else
			find_headers(lines, i);
		if (line->start == START_NONE)
			find_attribution(lines, i, &joined);
	}
	buf_free(&joined);
}

void
quote_lines_read(struct arena *arena, struct span text, struct quote_lines *out)
{
	size_t count = 1, n = 0;

	for (size_t i = 0; i < text.len && count < QUOTE_LINES_MAX; i++)
		count += text.data[i] == '\n';
	out->list = arena_array(arena, count, sizeof(*out->list));
	while (n < count && text.len > 0) {
		struct quote_line *line = &out->list[n++];
		size_t end = span_find(text, '\n');

		line->whole = span_first(text, end == text.len ? end : end + 1);
		line->raw = span_first(text, end);
		if (line->raw.len > 0 && line->raw.data[line->raw.len - 1] == '\r')
			line->raw.len--;
		text = span_from(text, line->whole.len);
		read_line(arena, line);
	}
	out->count = n;
	out->rest = text;
	mark_fences(out);
	find_starts(out);
}
