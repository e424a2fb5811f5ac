/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "text/excerpt.h"

#include "base/utf8.h"

enum {
	BEFORE = 80,	      /* octets shown before the first word found */
	LOOKED_AT = 32 * 1024 /* octets of a text; some are books */
};

struct work {
	struct arena *arena;
	const struct span *words;
	size_t count;
	struct excerpt_piece *pieces;
	size_t used, room;
};

/* Letters and digits of any language: what is no ASCII is taken for a letter, but for the
 * blanks, quotes and dashes of typography. */
static size_t
letter_len(struct span rest)
{
	struct span after = rest;
	uint32_t code;

	if (!utf8_next(&after, &code))
		return 0;
	if (code < 0x80)
		return ascii_is_alpha((char)code) || ascii_is_digit((char)code) ? 1 : 0;
	if (code == 0xa0 || code == 0xab || code == 0xbb || (code >= 0x2000 && code < 0x2070))
		return 0;
	return rest.len - after.len;
}

static size_t
run_len(struct span rest)
{
	size_t len = 0, one;

	while ((one = letter_len(span_from(rest, len))) > 0)
		len += one;
	return len;
}

/* Octets of the character that is no letter. */
static size_t
other_len(struct span rest)
{
	struct span after = rest;
	uint32_t code;

	return utf8_next(&after, &code) ? rest.len - after.len : 0;
}

static bool
is_wanted(const struct work *work, struct span word)
{
	struct span folded = utf8_fold(work->arena, word);

	for (size_t i = 0; i < work->count; i++)
		if (span_equal(folded, work->words[i]))
			return true;
	return false;
}

/* Where the first of the words begins; the length of the text where there is none. */
static size_t
find_first(const struct work *work, struct span text)
{
	size_t at = 0;

	while (at < text.len) {
		size_t len = run_len(span_from(text, at));
		if (len > 0 && is_wanted(work, span_make(text.data + at, len)))
			return at;
		at += len > 0 ? len : other_len(span_from(text, at));
	}
	return text.len;
}

/* The first beginning of a word at or after. */
static size_t
word_start(struct span text, size_t at)
{
	while (at < text.len && !ascii_is_space(text.data[at - 1]))
		at++;
	return at;
}

static void
add(struct work *work, struct span text, bool marked)
{
	struct excerpt_piece *last = work->used > 0 ? &work->pieces[work->used - 1] : NULL;

	if (text.len == 0)
		return;
	if (last != NULL && !last->marked && !marked &&
	    last->text.data + last->text.len == text.data)
		last->text.len += text.len;
	else if (work->used < work->room)
		work->pieces[work->used++] = (struct excerpt_piece){ text, marked };
}

/* Blanks in a row, ends of lines among them, are one. */
static struct span
one_line(struct arena *arena, struct span text)
{
	char *out = arena_alloc(arena, text.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		bool blank = ascii_is_space(text.data[i]);
		if (!blank)
			out[len++] = text.data[i];
		else if (len > 0 && out[len - 1] != ' ')
			out[len++] = ' ';
	}
	return span_make(out, len);
}

/* The part that is looked at, cut between characters. */
static struct span
beginning(struct span text)
{
	struct span part = span_first(text, LOOKED_AT);

	while (part.len < text.len && part.len > 0 && (uint8_t)part.data[part.len - 1] >= 0x80)
		part.len--;
	return part;
}

struct excerpt_piece *
excerpt_make(struct arena *arena, struct span text, const struct span *words, size_t count,
    size_t octets, size_t *pieces)
{
	struct work work = { .arena = arena, .words = words, .count = count, .room = octets + 4 };
	struct span line = one_line(arena, beginning(text));
	size_t first = find_first(&work, line), at = 0, end;

	work.pieces = arena_array(arena, work.room, sizeof(*work.pieces));
	if (line.len > octets && first < line.len && first > BEFORE)
		at = word_start(line, first - BEFORE);
	end = at + octets < line.len ? at + octets : line.len;
	if (at > 0)
		add(&work, SPAN("… "), false);
	while (at < end) {
		struct span rest = span_from(line, at);
		size_t len = run_len(rest), other = len > 0 ? len : other_len(rest);
		add(&work, span_first(rest, other),
		    len > 0 && is_wanted(&work, span_first(rest, len)));
		at += other;
	}
	if (at > 0 && at < line.len)
		add(&work, line.data[at - 1] == ' ' ? SPAN("…") : SPAN(" …"), false);
	*pieces = work.used;
	return work.pieces;
}
