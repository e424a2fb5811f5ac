/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Plain mail: shown as meant, quotes folded, addresses of others masked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "html_scan.h"
#include "json.h"
#include "text/mail_text.h"

#ifndef PREAU_SOURCE
#define PREAU_SOURCE "."
#endif

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- RFC 3676 ---- */

/* clang-format off */
static const struct {
	const char *name, *source, *text;
	bool delsp;
} flows[] = {
	{ "nothing", "", "", false },
	{ "fixed lines stay", "a\nb\n", "a\nb\n", false },
	{ "flowed lines are joined", "a \nb \nc\nd\n", "a b c\nd\n", false },
	{ "CRLF", "a \r\nb\r\n", "a b\n", false },
	{ "the blank is deleted", "ab \ncd\n", "abcd\n", true },
	{ "stuffed lines", " From here\n  two\n", "From here\n two\n", false },
	{ "quotes", "> a \n> b\n>> c \n>> d\ne\n", "> a b\n>> c d\ne\n", false },
	{ "a quote that ends softly", "> a \nb\n", "> a \nb\n", false },
	{ "depth grows after a soft end", "> a \n>> b\n", "> a \n>> b\n", false },
	{ "a signature is never joined", "a \n-- \nJean \nPetit\n", "a \n-- \nJean Petit\n", false },
	{ "a line of blanks is empty", "a\n \nb\n", "a\n\nb\n", false },
	{ "soft at the very end", "a ", "a ", false },
};
/* clang-format on */

static void
test_unflow(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(flows); i++) {
		struct span text =
		    mail_text_unflow(arena, span_of(flows[i].source), flows[i].delsp);

		if (!span_is(text, flows[i].text))
			fail_msg("%s: " SPAN_FORMAT, flows[i].name, SPAN_ARGS(text));
	}
	arena_free(&arena);
}

/* ---- what is said ---- */

#define LINK(url, label) "<a href=\"" url "\" rel=\"nofollow ugc noopener\">" label "</a>"
#define FOLD(class, summary) "<details class=\"" class "\">\n<summary>" summary "</summary>\n"
#define END "</details>\n"
#define NBSP "\xc2\xa0"

/* clang-format off */
static const struct {
	const char *name, *source, *html, *own;
	struct mail_text_format format;
} cases[] = {
	{ "nothing", "", "", "", { 0 } },
	{ "blank", " \n\n", "", "", { 0 } },
	{ "it is not Markdown", "# a\n* b *c*\n1986. Oui\n+1\n", "<p># a<br>\n* b *c*<br>\n1986. Oui<br>\n+1</p>\n",
	    "# a\n* b *c*\n1986. Oui\n+1", { 0 } },
	{ "nor HTML", "<script>alert(1)</script> &amp;\n",
	    "<p>&lt;script&gt;alert(1)&lt;/script&gt; &amp;amp;</p>\n", "<script>alert(1)</script> &amp;", { 0 } },
	{ "wrapped by a program", "Le samedi matin, il n'y a plus un arceau de libre autour de la halle,\n"
	    "et les vélos finissent attachés aux grilles.\nKarim\n",
	    "<p>Le samedi matin, il n'y a plus un arceau de libre autour de la halle, et les vélos finissent "
	    "attachés aux grilles.<br>\nKarim</p>\n",
	    "Le samedi matin, il n'y a plus un arceau de libre autour de la halle, et les vélos finissent "
	    "attachés aux grilles.\nKarim", { 0 } },
	{ "a list is not wrapped", "- deux personnes pour monter les barnums le vendredi après-midi, dès 14\n"
	    "- quatre personnes\n",
	    "<p>- deux personnes pour monter les barnums le vendredi après-midi, dès 14<br>\n- quatre personnes</p>\n",
	    "- deux personnes pour monter les barnums le vendredi après-midi, dès 14\n- quatre personnes", { 0 } },
	{ "paragraphs", "a\nb\n\n\n\nc\n", "<p>a<br>\nb</p>\n<p>c</p>\n", "a\nb\n\nc", { 0 } },
	{ "links", "Voir https://x.example/a?b&c, www.y.example\n",
	    "<p>Voir " LINK("https://x.example/a?b&amp;c", "https://x.example/a?b&amp;c") ", "
	    LINK("https://www.y.example", "www.y.example") "</p>\n",
	    "Voir https://x.example/a?b&c, www.y.example", { 0 } },
	{ "the author's own address", "Écrire à moi@x.example\n",
	    "<p>Écrire à " LINK("mailto:moi@x.example", "moi@x.example") "</p>\n", "Écrire à moi@x.example", { 0 } },
	{ "indented lines", "Liste :\n  - un\n    - deux\n",
	    "<p>Liste :<br>\n" NBSP NBSP "- un<br>\n" NBSP NBSP NBSP NBSP "- deux</p>\n",
	    "Liste :\n" NBSP NBSP "- un\n" NBSP NBSP NBSP NBSP "- deux", { 0 } },
	{ "columns", "nom      prix\npain     1,20\n", "<pre>nom      prix\npain     1,20</pre>\n",
	    "nom      prix\npain     1,20", { 0 } },
	{ "a box", "+---+---+\n| a | b |\n+---+---+\n", "<pre>+---+---+\n| a | b |\n+---+---+</pre>\n",
	    "+---+---+\n| a | b |\n+---+---+", { 0 } },
	{ "code", "    if (a) {\n        b();\n    }\n", "<pre>    if (a) {\n        b();\n    }</pre>\n",
	    "if (a) {\n        b();\n    }", { 0 } },
	{ "a fence", "```\n> a\n\n# b\n```\nc\n", "<pre>&gt; a\n\n# b</pre>\n<p>c</p>\n", "> a\n\n# b\n\nc", { 0 } },
	{ "a quote and its answer", "> a m@x.fr\n> b\n\nOui.\n",
	    "<blockquote><p>a m…@x.fr<br>\nb</p>\n</blockquote>\n<p>Oui.</p>\n", "> a m…@x.fr\n> b\n\nOui.", { 0 } },
	{ "quotes in quotes", "Non.\n> a\n>> b\n> > > c\n",
	    "<p>Non.</p>\n" FOLD("quote", "···") "<blockquote><p>a</p>\n<blockquote><p>b</p>\n<blockquote><p>c</p>\n"
	    "</blockquote>\n</blockquote>\n</blockquote>\n" END, "Non.", { 0 } },
	{ "a reply", "Oui.\n\nLe 3/3/2026 à 9:00, Marie <m@x.fr>\na écrit :\n> Mardi ?\n",
	    "<p>Oui.</p>\n" FOLD("quote", "Le 3/3/2026 à 9:00, Marie &lt;m…@x.fr&gt; a écrit :")
	    "<blockquote><p>Mardi ?</p>\n</blockquote>\n" END, "Oui.", { 0 } },
	{ "a reply of Outlook", "Oui.\n\n-----Message d'origine-----\nDe : Marie <m@x.fr>\nObjet : V\n\nMardi ?\n",
	    "<p>Oui.</p>\n" FOLD("quote", "Message d'origine")
	    "<p>-----Message d'origine-----<br>\nDe : Marie &lt;m…@x.fr&gt;<br>\nObjet : V</p>\n<p>Mardi ?</p>\n" END,
	    "Oui.", { 0 } },
	{ "a forward", "Pour info.\n\n---------- Message transféré ---------\nDe : Marie <m@x.fr>\n\nMardi ?\n",
	    "<p>Pour info.</p>\n<p>---------- Message transféré ---------<br>\nDe : Marie &lt;m…@x.fr&gt;</p>\n"
	    "<p>Mardi ?</p>\n",
	    "Pour info.\n\n---------- Message transféré ---------\nDe : Marie <m…@x.fr>\n\nMardi ?", { 0 } },
	{ "a forward by its subject", "Pour info.\n\nDe : Marie <m@x.fr>\nEnvoyé : mardi\nÀ : J\nObjet : V\n\nMardi ?\n",
	    "<p>Pour info.</p>\n<p>De : Marie &lt;m…@x.fr&gt;<br>\nEnvoyé : mardi<br>\nÀ : J<br>\nObjet : V</p>\n"
	    "<p>Mardi ?</p>\n",
	    "Pour info.\n\nDe : Marie <m…@x.fr>\nEnvoyé : mardi\nÀ : J\nObjet : V\n\nMardi ?", { .forward = true } },
	{ "a signature", "Oui.\n-- \nJean j@x.fr\nhttps://x.fr\n",
	    "<p>Oui.</p>\n" FOLD("signature", "···") "<p>-- <br>\nJean j…@x.fr<br>\n"
	    LINK("https://x.fr", "https://x.fr") "</p>\n" END, "Oui.", { 0 } },
	{ "a footer", "Oui.\n\nCe message et toutes les pièces jointes sont confidentiels.\n",
	    "<p>Oui.</p>\n" FOLD("footer", "···") "<p>Ce message et toutes les pièces jointes sont confidentiels.</p>\n"
	    END, "Oui.", { 0 } },
	{ "our own secrets in a quote", "Oui.\n\n> https://f.example/u/abcdefghijklmnopqrstuvwxyz\n",
	    "<p>Oui.</p>\n" FOLD("quote", "···") "<blockquote><p>https://f.example/u/…</p>\n</blockquote>\n" END,
	    "Oui.", { 0 } },
	{ "a quote alone is shown", "> a\n", "<blockquote><p>a</p>\n</blockquote>\n", "> a", { 0 } },
	{ "flowed", "Bonjour \nà tous\n\n> a \n> b\n\nOui.\n",
	    "<p>Bonjour à tous</p>\n<blockquote><p>a b</p>\n</blockquote>\n<p>Oui.</p>\n",
	    "Bonjour à tous\n\n> a b\n\nOui.", { .flowed = true } },
	{ "bad octets", "a\xff\x01" "b\n", "<p>a\xef\xbf\xbd" "b</p>\n", "a\xef\xbf\xbd" "b", { 0 } },
};
/* clang-format on */

static void
test_cases(void **state)
{
	struct arena *arena = arena_new();
	struct rendered r;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		mail_text_render(arena, span_of(cases[i].source), cases[i].format, &r);
		if (!span_is(r.html.octets, cases[i].html))
			fail_msg("%s: " SPAN_FORMAT, cases[i].name, SPAN_ARGS(r.html.octets));
		if (!span_is(span_trim(r.own), cases[i].own))
			fail_msg("%s: own: " SPAN_FORMAT, cases[i].name, SPAN_ARGS(r.own));
		assert_null(html_scan(r.html.octets));
		assert_false(r.cut);
	}
	arena_free(&arena);
}

/* Every word that came in is shown, wherever it was folded. */
static void
check_kept(const char *source, struct span html)
{
	struct buf text = { 0 };
	struct span rest = span_of(source), word, shown;

	html_scan_text(html, &text);
	shown = buf_span(&text);
	while (rest.len > 0) {
		size_t end = 0;

		while (end < rest.len && !ascii_is_space(rest.data[end]) && rest.data[end] != '>')
			end++;
		word = span_first(rest, end);
		rest = span_from(rest, end + 1);
		for (size_t i = 0; i < word.len; i++)
			if (word.data[i] == '@' || (unsigned char)word.data[i] < 0x20 ||
			    (unsigned char)word.data[i] == 0x7f || word.data[i] == '`')
				word.len = 0; /* masked, dropped, or a fence */
		if (word.len > 0) {
			char *copy = strndup(word.data, word.len);

			if (span_find_text(shown, copy) == shown.len)
				fail_msg("lost \"%s\" of: %s", copy, source);
			free(copy);
		}
	}
	buf_free(&text);
}

static void
test_naughty(void **state)
{
	struct arena *arena = arena_new();
	struct json *list = json_read(arena, PREAU_SOURCE "/tests/data/html/blns.json");
	unsigned seen = 0;

	(void)state;
	for (const struct json *item = list->first; item != NULL; item = item->next, seen++) {
		struct rendered r;

		mail_text_render(arena, span_of(item->text), (struct mail_text_format){ 0 }, &r);
		if (html_scan(r.html.octets) != NULL)
			fail_msg("%s: %s", item->text, html_scan(r.html.octets));
		check_kept(item->text, r.html.octets);
	}
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct rendered r;

		if (strchr(cases[i].source, '@') != NULL ||
		    strstr(cases[i].source, "/u/") != NULL ||
		    strchr(cases[i].source, '\xff') != NULL)
			continue;
		mail_text_render(arena, span_of(cases[i].source), cases[i].format, &r);
		check_kept(cases[i].source, r.html.octets);
	}
	assert_int_equal(seen, 485);
	arena_free(&arena);
}

/* Long and hostile: bounded and well formed. The first is over the cap, too. */
/* clang-format off */
static const char *const storms[] = { "> ", ">", "\n", "a\n", "> a\n", ">> a\n> b\n", "a  b   c\n", "|||\n", "```\n",
	"-- \n", "a@", "a@b.fr ", "www.", "www.x.fr ", "http://", "https://x.example/ ", " ", "\t", "é", "\xff", "<",
	"Le 3/3/2026 <a@b.fr> a écrit :\n", "a \n", "> a \n", "/u/" };
/* clang-format on */

static void
test_storms(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(storms); i++)
		for (int flowed = 0; flowed < 2; flowed++) {
			struct buf source = { 0 };
			struct rendered r;

			while (source.len <= (i == 0 ? MAIL_TEXT_MAX : 200000))
				buf_add_text(&source, storms[i]);
			mail_text_render(arena, buf_span(&source),
			    (struct mail_text_format){
				.flowed = flowed == 1, .delsp = flowed == 1 },
			    &r);
			if (i == 0)
				assert_true(r.cut);
			assert_null(html_scan(r.html.octets));
			assert_true(r.html.octets.len <= HTML_MAX);
			buf_free(&source);
			arena_reset(arena);
		}
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unflow),
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_naughty),
		cmocka_unit_test(test_storms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
