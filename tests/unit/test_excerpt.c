/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The place of a text where the words of a search stand: marked, cut between words, never
 * within a character. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "text/excerpt.h"

#define LONG \
	"Le conseil de quartier se réunit chaque mois dans la salle des fêtes, porte de gauche. "

/* "[" and "]" around what is marked. */
static const struct {
	const char *name, *text, *word, *want;
	size_t octets;
} cases[] = {
	{ "accents and case", "Une Réunion, hier", "reunion", "Une [Réunion], hier", 100 },
	{ "a ligature", "au Cœur du bourg", "coeur", "au [Cœur] du bourg", 100 },
	{ "after an elision", "dès l'été", "ete", "dès l'[été]", 100 },
	{ "a curled apostrophe", "dès l’été", "ete", "dès l’[été]", 100 },
	{ "a whole word alone", "les arbres, l'arbre", "arbre", "les arbres, l'[arbre]", 100 },
	{ "each time", "non, non et non", "non", "[non], [non] et [non]", 100 },
	{ "French quotes", "« non » !", "non", "« [non] » !", 100 },
	{ "none", "bonjour à tous", "merci", "bonjour à tous", 100 },
	{ "lines are one", "un\ndeux\r\ntrois", "deux", "un [deux] trois", 100 },
	{ "the beginning, cut", "un deux trois quatre", "zéro", "un deux trois …", 12 },
	{ "from afar", LONG LONG "Les tilleuls seront plantés ici.", "tilleuls",
	    "… quartier se réunit chaque mois dans la salle des fêtes, porte de gauche. "
	    "Les [tilleuls] seront …",
	    95 },
	{ "whole where it fits", LONG "tilleuls", "tilleuls", LONG "[tilleuls]", 200 },
	{ "empty", "", "mot", "", 100 },
	{ "markup is text", "<b>non</b>", "non", "<b>[non]</b>", 100 },
};

static void
write_pieces(const struct excerpt_piece *pieces, size_t count, struct buf *out)
{
	for (size_t i = 0; i < count; i++) {
		if (pieces[i].marked)
			buf_add_char(out, '[');
		buf_add_span(out, pieces[i].text);
		if (pieces[i].marked)
			buf_add_char(out, ']');
	}
}

static void
test_cases(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct span word = span_of(cases[i].word);
		struct buf out = { 0 };
		size_t count;
		struct excerpt_piece *pieces =
		    excerpt_make(arena, span_of(cases[i].text), &word, 1, cases[i].octets, &count);

		write_pieces(pieces, count, &out);
		if (!span_is(buf_span(&out), cases[i].want))
			fail_msg("%s: '%s'", cases[i].name, buf_text(&out));
		buf_free(&out);
	}
	arena_free(&arena);
}

/* However long the text and wherever it is cut: whole characters, and not much of them. */
static void
test_long(void **state)
{
	struct arena *arena = arena_new();
	struct buf text = { 0 };
	struct span words[2] = { SPAN("fin"), SPAN("e") };

	(void)state;
	while (text.len < 200000)
		buf_add_text(&text, text.len % 7 == 0 ? "é" : "éé e ");
	buf_add_text(&text, " fin");
	for (size_t cut = 0; cut < 40; cut++) {
		struct buf out = { 0 };
		struct span from = span_from(buf_span(&text), cut * 2);
		size_t count;
		struct excerpt_piece *pieces;

		while (((uint8_t)from.data[0] & 0xc0) == 0x80)
			from = span_from(from, 1);
		pieces = excerpt_make(arena, from, words, 1 + cut % 2, 40 + cut, &count);

		write_pieces(pieces, count, &out);
		assert_true(utf8_is_valid(buf_span(&out)));
		assert_in_range(out.len, 10, 400);
		buf_free(&out);
	}
	buf_free(&text);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases),
		cmocka_unit_test(test_long) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
