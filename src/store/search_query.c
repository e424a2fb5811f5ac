/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "store/search_query.h"

#include <string.h>

#include "base/utf8.h"

enum { TERM_MAX = 200 }; /* octets of one term */

struct term {
	struct span text; /* folded */
	bool unwanted;
};

/* « », “ ” and their like are quotes as good as " ": they are what French and telephones type. */
static struct span
straight_quotes(struct arena *arena, struct span s)
{
	struct buf out = { 0 };
	struct span text;
	uint32_t code;

	while (utf8_next(&s, &code))
		utf8_add(&out, code == 0xab || code == 0xbb || (code >= 0x201c && code <= 0x201f)
				   ? '"'
				   : code);
	text = arena_span(arena, buf_span(&out));
	buf_free(&out);
	return text;
}

static struct span
fold_question(struct arena *arena, struct span question)
{
	return utf8_fold(arena, straight_quotes(arena, question));
}

/* French words that lose their vowel before another: what follows is the word. */
static const char *const elisions[] = { "l'", "d'", "j'", "m'", "t'", "s'", "n'", "c'", "qu'",
	"jusqu'", "lorsqu'", "puisqu'", "quoiqu'" };

static struct span
without_elision(struct span word)
{
	for (size_t i = 0; i < sizeof(elisions) / sizeof(elisions[0]); i++)
		if (span_starts(word, elisions[i]) && word.len > strlen(elisions[i]))
			return span_from(word, strlen(elisions[i]));
	return word;
}

static bool
is_blank(char c)
{
	return ascii_is_space(c) || c == '\0';
}

/* Up to the closing quote, or to the end where there is none. */
static struct span
take_phrase(struct span *rest)
{
	struct span inside = span_from(*rest, 1);
	size_t len = span_find(inside, '"');
	struct span phrase = span_first(inside, len);

	*rest = span_from(inside, len + 1);
	return phrase;
}

static struct span
take_word(struct span *rest)
{
	size_t len = 0;
	struct span word;

	while (len < rest->len && !is_blank(rest->data[len]) && rest->data[len] != '"')
		len++;
	word = span_first(*rest, len);
	*rest = span_from(*rest, len);
	return without_elision(word);
}

/* The next term of a folded question; false at the end. */
static bool
next_term(struct span *rest, struct term *term)
{
	while (rest->len > 0 && is_blank(rest->data[0]))
		*rest = span_from(*rest, 1);
	if (rest->len == 0)
		return false;
	term->unwanted = rest->len > 1 && rest->data[0] == '-' && !is_blank(rest->data[1]);
	if (term->unwanted)
		*rest = span_from(*rest, 1);
	term->text = rest->data[0] == '"' ? take_phrase(rest) : take_word(rest);
	term->text = span_first(term->text, TERM_MAX);
	return true;
}

/* FTS5 splits a term at everything that is neither letter nor digit: without one of these it
 * is nothing, and an expression with nothing in it is an error. */
static bool
has_letter(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (ascii_is_alpha(text.data[i]) || ascii_is_digit(text.data[i]) ||
		    (uint8_t)text.data[i] >= 0x80)
			return true;
	return false;
}

static void
write_quoted(struct buf *out, struct span text)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] != '"' && text.data[i] != '\0')
			buf_add_char(out, text.data[i]);
	buf_add_char(out, '"');
}

static size_t
write_terms(struct buf *out, struct span folded, bool unwanted, const char *before)
{
	struct term term;
	size_t count = 0, looked = 0;

	while (looked++ < SEARCH_WORDS_MAX && next_term(&folded, &term)) {
		if (term.unwanted != unwanted || !has_letter(term.text))
			continue;
		if (unwanted || out->len > 0)
			buf_add_text(out, unwanted ? " NOT " : " AND ");
		buf_add_text(out, before);
		write_quoted(out, term.text);
		count++;
	}
	return count;
}

bool
search_write_match(struct arena *arena, const struct search_query *query, struct buf *out)
{
	struct span words = fold_question(arena, query->words);
	size_t wanted = write_terms(out, words, false, "");

	wanted += write_terms(out, fold_question(arena, query->author), false, "author : ");
	if (wanted == 0)
		return false;
	(void)write_terms(out, words, true, "");
	return true;
}

/* A phrase is marked word by word. */
static size_t
split(struct span term, struct span words[SEARCH_WORDS_MAX], size_t count)
{
	struct span rest = term;

	while (rest.len > 0 && count < SEARCH_WORDS_MAX) {
		struct span word;
		size_t len = 0;
		while (len < rest.len &&
		       (ascii_is_alpha(rest.data[len]) || ascii_is_digit(rest.data[len]) ||
			   (uint8_t)rest.data[len] >= 0x80))
			len++;
		word = span_first(rest, len);
		if (len > 0)
			words[count++] = word;
		rest = span_from(rest, len + 1);
	}
	return count;
}

size_t
search_words(struct arena *arena, struct span question, struct span words[SEARCH_WORDS_MAX])
{
	struct span rest = fold_question(arena, question);
	struct term term;
	size_t count = 0, looked = 0;

	while (looked++ < SEARCH_WORDS_MAX && next_term(&rest, &term))
		if (!term.unwanted)
			count = split(term.text, words, count);
	return count;
}
