/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "text/quote.h"

#include <string.h>

#include "text/quote_line.h"
#include "text/quote_words.h"

enum {
	SIGNATURE_LOOK = 60,	/* lines looked at behind a signature's mark */
	SIGNATURE_EXACT = 25,	/* lines with text after "-- ", RFC 3676 §4.3 */
	SIGNATURE_DASHES = 12,	/* after "--" alone */
	SIGNATURE_RULE = 8,	/* after "_____" or an em-dash rule */
	QUOTE_OPEN_LEADING = 5, /* a longer quote before the only answer is folded */
	QUOTE_OPEN = 20,	/* a longer quote anywhere is folded */
	WRAPPED_MIN = 55	/* a quoted line of that length may have lost its tail */
};

struct splitter {
	struct quote_lines lines;
	enum quote_kind *kind; /* of each line */
	bool forward;	       /* the subject says so */
	bool own_seen;
};

static void
set(struct splitter *s, size_t from, size_t to, enum quote_kind kind)
{
	for (size_t i = from; i < to && i < s->lines.count; i++)
		s->kind[i] = kind;
}

static bool
is_others(enum quote_kind kind)
{
	return kind == QUOTE_ATTRIBUTION || kind == QUOTE_HEADERS || kind == QUOTE_QUOTED;
}

/* A quoted line was wrapped and its tail lost the mark: "> ... pharetra d" LF
 * "ignissim odio?" LF "> ...". */
static bool
is_lost_tail(const struct splitter *s, size_t i)
{
	const struct quote_line *line = &s->lines.list[i], *before, *after;

	if (i == 0 || i + 1 >= s->lines.count)
		return false;
	before = line - 1;
	after = line + 1;
	return before->depth > 0 && after->depth > 0 && !line->blank &&
	       before->raw.len >= WRAPPED_MIN && line->raw.len < before->raw.len &&
	       ascii_is_lower(line->raw.data[0]);
}

static bool
is_quoted(const struct splitter *s, size_t i)
{
	return !s->lines.list[i].fenced && (s->lines.list[i].depth > 0 || is_lost_tail(s, i));
}

/* Lines of text between a signature's mark and the next thing that begins. */
static size_t
signature_len(const struct splitter *s, size_t i, unsigned *texts)
{
	size_t n = i + 1;

	*texts = 0;
	for (; n < s->lines.count; n++) {
		const struct quote_line *line = &s->lines.list[n];

		if (n - i > SIGNATURE_LOOK) {
			*texts = SIGNATURE_LOOK;
			break;
		}
		if (line->start != START_NONE || line->depth > 0 || line->fenced)
			break;
		*texts += !line->blank;
	}
	return n - i;
}

/* How many lines of text may follow this line as a signature; 0: it is no mark. */
static unsigned
signature_room(const struct quote_line *line)
{
	struct span raw = line->raw;
	size_t i = 0;

	if (span_is(raw, "-- "))
		return SIGNATURE_EXACT;
	raw = span_trim(raw);
	if (span_is(raw, "--"))
		return SIGNATURE_DASHES;
	if (span_is(raw, "---"))
		return SIGNATURE_RULE;
	while (i < raw.len && raw.data[i] == '_')
		i++;
	while (span_starts(span_from(raw, i), "—") || span_starts(span_from(raw, i), "–"))
		i += 3;
	return raw.len >= 2 && i == raw.len ? SIGNATURE_RULE : 0;
}

static bool
is_footer(const struct splitter *s, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (quote_words_list_footer(s->lines.list[i].said))
			return true;
	return false;
}

/* Lines of the signature or footer that begins at i, 0 where none does. */
static size_t
take_signature(struct splitter *s, size_t i)
{
	const struct quote_line *line = &s->lines.list[i];
	unsigned room = signature_room(line), texts;
	bool exact = room == SIGNATURE_EXACT;
	size_t len;

	if (room == 0)
		return 0;
	len = signature_len(s, i, &texts);
	if (texts > room || (!exact && (texts == 0 || s->lines.list[i + 1].blank || !s->own_seen)))
		return 0;
	set(s, i, i + len, !exact && is_footer(s, i, i + len) ? QUOTE_FOOTER : QUOTE_SIGNATURE);
	return len;
}

/* A line of "=====" over the separator is part of it. */
static size_t
with_rule_above(const struct splitter *s, size_t i)
{
	size_t above = i;

	while (above > 0 && i - above < 3 && s->lines.list[above - 1].blank)
		above--;
	if (above == 0 || s->kind[above - 1] != QUOTE_OWN)
		return i;
	for (struct span rule = s->lines.list[above - 1].said; rule.len > 0; rule.len--)
		if (strchr("=-_~#", rule.data[rule.len - 1]) == NULL)
			return i;
	return above - 1;
}

/* What stands under headers belongs to who wrote it, up to the end, unless the marks
 * ">" tell whose each line is. */
static size_t
take_headers(struct splitter *s, size_t i)
{
	const struct quote_line *line = &s->lines.list[i];
	size_t end = i + line->span, next = quote_lines_next(&s->lines, end);
	bool marked = next < s->lines.count && s->lines.list[next].depth > line->depth;

	if (s->forward || (!s->own_seen && !marked && !line->prefixed)) {
		set(s, i, s->lines.count, QUOTE_FORWARDED);
		return s->lines.count - i;
	}
	set(s, with_rule_above(s, i), end, QUOTE_HEADERS);
	if (line->prefixed || (marked && !s->own_seen))
		return end - i;
	set(s, end, s->lines.count, QUOTE_QUOTED);
	return s->lines.count - i;
}

static size_t
take_attribution(struct splitter *s, size_t i)
{
	const struct quote_line *line = &s->lines.list[i];
	size_t end = i + line->span, next = quote_lines_next(&s->lines, end);
	bool marked = next < s->lines.count && s->lines.list[next].depth > line->depth;

	if (s->forward && !marked) {
		set(s, i, s->lines.count, QUOTE_FORWARDED);
		return s->lines.count - i;
	}
	set(s, i, end, QUOTE_ATTRIBUTION);
	if (marked || !s->own_seen)
		return end - i;
	set(s, end, s->lines.count, QUOTE_QUOTED);
	return s->lines.count - i;
}

/* A forward that stands in somebody's quote is part of that quote. */
static bool
begins_forward(const struct splitter *s, size_t i)
{
	const struct quote_line *line = &s->lines.list[i];

	if (line->start != START_FORWARD)
		return false;
	return line->depth == 0 || i == 0 ||
	       (s->kind[i - 1] != QUOTE_QUOTED && !is_others(s->kind[i - 1]));
}

/* Decides the line at i and perhaps those after it; answers how many. */
static size_t
take(struct splitter *s, size_t i)
{
	const struct quote_line *line = &s->lines.list[i];
	size_t len;

	if (line->blank && line->depth == 0) {
		s->kind[i] = i > 0 ? s->kind[i - 1] : QUOTE_OWN;
		return 1;
	}
	if (begins_forward(s, i)) {
		set(s, i, s->lines.count, QUOTE_FORWARDED);
		return s->lines.count - i;
	}
	if (is_quoted(s, i)) {
		s->kind[i] = QUOTE_QUOTED;
		return 1;
	}
	if (line->start == START_MARK) {
		set(s, i, s->lines.count, QUOTE_QUOTED);
		return s->lines.count - i;
	}
	if (line->start == START_HEADERS)
		return take_headers(s, i);
	if (line->start == START_ATTRIBUTION)
		return take_attribution(s, i);
	len = line->fenced ? 0 : take_signature(s, i);
	if (len > 0)
		return len;
	if (!line->fenced && quote_words_device(line->said)) {
		s->kind[i] = QUOTE_SIGNATURE;
		return 1;
	}
	s->kind[i] = QUOTE_OWN;
	s->own_seen = true;
	return 1;
}

/* Notices are paragraphs of their own below the author's words. */
static void
mark_legal(struct splitter *s)
{
	bool own_above = false;

	for (size_t i = 0; i < s->lines.count; i++) {
		const struct quote_line *line = &s->lines.list[i];
		bool first = i == 0 || s->lines.list[i - 1].blank;

		if (s->kind[i] != QUOTE_OWN || line->blank || line->fenced)
			continue;
		if (!own_above || !first || !quote_words_legal(line->said)) {
			own_above = true;
			continue;
		}
		for (; i < s->lines.count && s->kind[i] == QUOTE_OWN && !s->lines.list[i].blank;
		     i++)
			s->kind[i] = QUOTE_FOOTER;
	}
}

static bool
anything_left(const struct splitter *s)
{
	if (s->lines.rest.len > 0)
		return true;
	for (size_t i = 0; i < s->lines.count; i++)
		if ((s->kind[i] == QUOTE_OWN || s->kind[i] == QUOTE_FORWARDED) &&
		    !s->lines.list[i].blank)
			return true;
	return false;
}

/* Lines of one kind become a segment; blank lines have the kind of what is above. */
static void
gather(struct arena *arena, const struct splitter *s, struct quote_parts *out)
{
	struct quote_segment *segment = NULL;

	out->list = arena_array(arena, s->lines.count + 1, sizeof(*out->list));
	for (size_t i = 0; i < s->lines.count; i++) {
		struct span whole = s->lines.list[i].whole;

		if (segment == NULL || segment->kind != s->kind[i]) {
			segment = &out->list[out->count++];
			segment->kind = s->kind[i];
			segment->text = span_make(whole.data, 0);
		}
		segment->text.len += whole.len;
		out->forward = out->forward || s->kind[i] == QUOTE_FORWARDED;
	}
	if (s->lines.rest.len > 0) {
		segment = &out->list[out->count++];
		segment->kind = QUOTE_OWN;
		segment->text = s->lines.rest;
	}
}

static size_t
count_lines(struct span text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.len; i++)
		count += text.data[i] == '\n';
	return count;
}

/* A quote is folded where no answer follows, where it is all that stands before one
 * answer, or where it is long; what introduces it goes with it. */
static void
fold(struct quote_parts *parts)
{
	bool own_below = false, next_folded = true;
	size_t runs = 0, first = parts->count;

	for (size_t i = 0; i < parts->count; i++) {
		runs += parts->list[i].kind == QUOTE_QUOTED;
		if (first == parts->count && span_trim(parts->list[i].text).len > 0 &&
		    !is_others(parts->list[i].kind))
			first = i;
	}
	for (size_t i = parts->count; i > 0; i--) {
		struct quote_segment *segment = &parts->list[i - 1];
		size_t open = runs == 1 && i - 1 < first ? QUOTE_OPEN_LEADING : QUOTE_OPEN;

		if (segment->kind == QUOTE_SIGNATURE || segment->kind == QUOTE_FOOTER) {
			segment->folded = true;
		} else if (segment->kind == QUOTE_QUOTED) {
			segment->folded = !own_below || count_lines(segment->text) > open;
			next_folded = segment->folded;
		} else if (is_others(segment->kind)) {
			segment->folded = next_folded;
		} else if (span_trim(segment->text).len > 0) {
			own_below = true;
			next_folded = false;
		}
	}
}

void
quote_split(struct arena *arena, struct span text, bool forward, struct quote_parts *out)
{
	struct splitter s = { .forward = forward };

	memset(out, 0, sizeof(*out));
	quote_lines_read(arena, text, &s.lines);
	s.kind = arena_array(arena, s.lines.count + 1, sizeof(*s.kind));
	for (size_t i = 0; i < s.lines.count;)
		i += take(&s, i);
	mark_legal(&s);
	if (!anything_left(&s))
		set(&s, 0, s.lines.count, QUOTE_OWN);
	gather(arena, &s, out);
	fold(out);
}

struct span
quote_own(struct arena *arena, const struct quote_parts *parts)
{
	struct buf out = { 0 };
	struct span own;

	for (size_t i = 0; i < parts->count; i++)
		if (!parts->list[i].folded)
			buf_add_span(&out, parts->list[i].text);
	own = arena_span(arena, buf_span(&out));
	buf_free(&out);
	return own;
}
