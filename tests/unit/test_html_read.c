/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* HTML mail: nothing passes through, quotes are folded, nothing of the text is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "html_scan.h"
#include "json.h"
#include "text/html_read.h"

#ifndef PREAU_SOURCE
#define PREAU_SOURCE "."
#endif

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- bad input ---- */

static void
check_safe(const char *name, struct span source)
{
	struct arena *arena = arena_new();
	struct rendered r;
	const char *wrong;

	html_read(arena, source, false, &r);
	wrong = html_scan(r.html.octets);
	if (wrong != NULL)
		fail_msg("%s: %s: " SPAN_FORMAT, name, wrong, SPAN_ARGS(r.html.octets));
	assert_true(r.html.octets.len <= HTML_MAX);
	html_read(arena, r.html.octets, false, &r); /* and again */
	assert_null(html_scan(r.html.octets));
	arena_free(&arena);
}

static void
test_attacks(void **state)
{
	struct arena *arena = arena_new();
	struct json *list =
	    json_read(arena, PREAU_SOURCE "/tests/data/html/dompurify-payloads.json");
	unsigned seen = 0;

	(void)state;
	for (const struct json *item = list->first; item != NULL; item = item->next, seen++)
		check_safe(json_get_text(item, "title"), span_of(json_get_text(item, "payload")));
	assert_int_equal(seen, 96);
	list = json_read(arena, PREAU_SOURCE "/tests/data/html/blns.json");
	for (const struct json *item = list->first; item != NULL; item = item->next)
		check_safe(item->text, span_of(item->text));
	arena_free(&arena);
}

/* Each vector in each place: markup that browsers and libxml2 read differently. */
/* clang-format off */
static const char *const vectors[] = {
	"<script>alert(1)</script>",
	"<img src=x onerror=alert(1)>",
	"<svg onload=alert(1)>",
	"<svg><style><img src=x onerror=alert(1)></style></svg>",
	"<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
	"<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
	"<template><script>alert(1)</script></template>",
	"<title></title><img src=x onerror=alert(1)>",
	"<textarea></textarea><script>alert(1)</script>",
	"<!--><img src=x onerror=alert(1)>-->",
	"<!--[if mso]><script>alert(1)</script><![endif]-->",
	"<![CDATA[<img src=x onerror=alert(1)>]]>",
	"<?php <img src=x onerror=alert(1)> ?>",
	"<a href=\"javascript:alert(1)\">x</a>",
	"<a href=\"JaVaScRiPt&colon;alert(1)\">x</a>",
	"<a href=\"java&#9;script:alert(1)\">x</a>",
	"<a href=\" &#1;javascript:alert(1)\">x</a>",
	"<a href=\"data:text/html,<script>alert(1)</script>\">x</a>",
	"<a href=\"https://a.example\" onclick=alert(1) ping=https://evil.example>x</a>",
	"<a href=\"https://a.example\"\" onmouseover=\"alert(1)\">x</a>",
	"<a href='https://a.example/\"><script>alert(1)</script>'>x</a>",
	"<iframe srcdoc=\"<script>alert(1)</script>\"></iframe>",
	"<object data=\"javascript:alert(1)\"><embed src=x></object>",
	"<base href=\"https://evil.example/\"><meta http-equiv=refresh content=0>",
	"<form action=\"https://evil.example\"><input name=x><button formaction=javascript:alert(1)>x",
	"<div style=\"background:url(https://evil.example/x)\">x</div>",
	"<link rel=stylesheet href=https://evil.example/x>",
	"<xmp><script>alert(1)</script></xmp>",
	"<plaintext><script>alert(1)</script>",
	"<details open ontoggle=alert(1)>x</details>",
	"<details class=\"x\"><summary onclick=alert(1)>y</summary>x</details>",
	"<p id=cookie name=body>x</p>",
	"<ol start=\"1 onload=alert(1)\"><li>x</ol>",
	"<ol start=-5><li value=x>x</ol>",
	"<img alt=\"<script>alert(1)</script>\" src=x>",
	"<x-y onclick=alert(1)>x</x-y>",
	"<a\x0bhref=javascript:alert(1)>x",
	"<a href=https://x.example/\xe2\x80\xae>x</a>",
	"&lt;script&gt;alert(1)&lt;/script&gt;",
	"</p></blockquote></div></body></html><script>alert(1)</script>",
	"<p", "<a href=\"", "<!--", "&", "&#x0;", "&#0;&#1;&#x1b;", "\x01\x02", "\xff\xfe<b>", "<\x00>",
};
/* clang-format on */

/* clang-format off */
static const char *const places[][2] = {
	{ "", "" },
	{ "<p>", "</p>" },
	{ "<pre>", "</pre>" },
	{ "<table><tr><td>", "</td></tr></table>" },
	{ "<ul><li>", "</li></ul>" },
	{ "<a href=https://x.example>", "</a>" },
	{ "a<blockquote type=cite>", "</blockquote>" },
	{ "a<div class=gmail_signature>", "</div>" },
	{ "<b><i><u>", "</b>" },
	{ "<h1>", "</h1>" },
};
/* clang-format on */

static void
test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++)
		for (size_t j = 0; j < COUNT(places); j++) {
			struct buf source = { 0 };

			buf_add_text(&source, places[j][0]);
			buf_add_text(&source, vectors[i]);
			buf_add_text(&source, places[j][1]);
			check_safe(vectors[i], buf_span(&source));
			buf_free(&source);
		}
}

/* Repeated to a megabyte; where a guard were missing this would take minutes. */
/* clang-format off */
static const struct {
	const char *unit;
	bool plain; /* too deep to be parsed */
} storms[] = {
	{ "<x></y>", true },
	{ "<b></i>", true },
	{ "<div>", true },
	{ "<blockquote type=cite>x", true },
	{ "<table><tr><td>", true },
	{ "<p>", false },
	{ "<li>", false },
	{ "a<br>", false },
	{ "<!-- x -->", false },
	{ "<p>Envoyé de mon iPhone</p>", false },
	{ "X a écrit :<blockquote type=cite></blockquote>", false },
	{ "<td>a</td>", false },
	{ "http://x.example/ ", false },
};
/* clang-format on */

static void
test_storms(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(storms); i++) {
		struct buf source = { 0 };
		struct rendered r;

		while (source.len + strlen(storms[i].unit) <= HTML_READ_MAX)
			buf_add_text(&source, storms[i].unit);
		html_read(arena, buf_span(&source), false, &r);
		if (r.plain != storms[i].plain)
			fail_msg("%s", storms[i].unit);
		assert_null(html_scan(r.html.octets));
		buf_free(&source);
		arena_reset(arena);
	}
	arena_free(&arena);
}

static void
test_attributes(void **state)
{
	struct arena *arena = arena_new();
	struct buf source = { 0 };
	struct rendered r;

	(void)state;
	buf_add_text(&source, "<p");
	for (unsigned i = 0; source.len < 900000; i++)
		buf_printf(&source, " a%u=1", i);
	buf_add_text(&source, ">Bonjour</p>");
	html_read(arena, buf_span(&source), false, &r);
	assert_true(r.plain);
	assert_true(html_scan_shows(r.html.octets, "Bonjour"));
	buf_clear(&source);
	buf_add_text(&source, "<p style=\"");
	for (unsigned i = 0; i < 1000; i++) /* one long value is no harm */
		buf_add_text(&source, "margin: 0 > auto ; ");
	buf_add_text(&source, "\">Bonjour</p>");
	html_read(arena, buf_span(&source), false, &r);
	assert_false(r.plain);
	assert_true(span_is(r.text, "Bonjour"));
	buf_free(&source);
	arena_free(&arena);
}

static void
test_too_long(void **state)
{
	struct arena *arena = arena_new();
	struct buf source = { 0 };
	struct rendered r;

	(void)state;
	buf_add_text(&source, "<p>debut</p>");
	while (source.len <= HTML_READ_MAX)
		buf_add_text(&source, "<p>é</p>");
	html_read(arena, buf_span(&source), false, &r);
	assert_true(r.cut);
	assert_true(html_scan_shows(r.html.octets, "debut"));
	assert_null(html_scan(r.html.octets));
	buf_free(&source);
	arena_free(&arena);
}

/* ---- what is said ---- */

#define LINK(url, label) "<a href=\"" url "\" rel=\"nofollow ugc noopener\">" label "</a>"

/* clang-format off */
static const struct {
	const char *name, *source, *html;
} cases[] = {
	{ "nothing", "", "" },
	{ "no markup", "Bonjour", "<p>Bonjour</p>\n" },
	{ "blanks are one", "<p>a\n  b\t c </p> <p> d</p>", "<p>a b c</p>\n<p>d</p>\n" },
	{ "lines of Gmail and Apple", "<div>a</div><div>b</div><div><br></div><div>c</div>",
	    "<p>a<br>\nb</p>\n<p>c</p>\n" },
	{ "two line ends begin a paragraph", "a<br>b<br><br>c", "<p>a<br>\nb</p>\n<p>c</p>\n" },
	{ "emphasis", "<b>a</b> <i>b</i> <s>c</s><u>d</u>",
	    "<p><strong>a</strong> <em>b</em> <del>c</del>d</p>\n" },
	{ "headings", "<h1>a</h1><h2>b</h2><h4>c</h4>", "<h3>a</h3>\n<h3>b</h3>\n<h5>c</h5>\n" },
	{ "lists", "<ul><li>a<li>b<ol start=3><li>c</ol></ul>",
	    "<ul><li>a</li>\n<li>b<ol start=\"3\"><li>c</li>\n</ol>\n</li>\n</ul>\n" },
	{ "a blank before and between inline elements of an item", "<ul><li>voir <a href=https://x.example>a</a> <b>b</b> <i>c</i></li></ul>",
	    "<ul><li>voir " LINK("https://x.example", "a") " <strong>b</strong> <em>c</em></li>\n</ul>\n" },
	{ "a list of Outlook", "<ul><ul><li><p>a</p></li></ul></ul>",
	    "<ul><ul><li><p>a</p>\n</li>\n</ul>\n</ul>\n" },
	{ "links", "<a href=\" https://x.example/?a=1&amp;b=2 \">le <b>plan</b></a>",
	    "<p>" LINK("https://x.example/?a=1&amp;b=2", "le <strong>plan</strong>") "</p>\n" },
	{ "a relative link", "<a href=\"/x\">y</a>", "<p>y</p>\n" },
	{ "bare links", "voir www.x.example", "<p>voir " LINK("https://www.x.example", "www.x.example") "</p>\n" },
	{ "images say their text", "<img src=\"https://t.example/1.gif\" alt=\"Logo\"> <img src=cid:1>",
	    "<p>Logo</p>\n" },
	{ "tables row by row", "<table><tr><th>Jour<th>Heure</tr><tr><td>lundi<td>9 h</tr></table>",
	    "<p>Jour | Heure<br>\nlundi | 9 h</p>\n" },
	{ "tables for layout", "<table><tr><td><p>a</p></td><td><p>b</p></td></tr></table>",
	    "<p>a</p>\n<p>b</p>\n" },
	{ "pre", "<pre>\na  b\n c</pre>", "<pre>a  b\n c</pre>\n" },
	{ "entities", "&eacute;&nbsp;&lt;b&gt; &amp;amp;", "<p>é\xc2\xa0&lt;b&gt; &amp;amp;</p>\n" },
	{ "scripts and styles", "<style>p{}</style><script>x</script><title>t</title>a", "<p>a</p>\n" },
	{ "what is hidden", "<div style=\"DISPLAY : none\">x</div><p hidden>y</p>a", "<p>a</p>\n" },
	{ "a charset named inside is ignored", "<meta charset=iso-8859-1><p>é</p>", "<p>é</p>\n" },
	{ "an XML declaration", "<?xml version=\"1.0\" encoding=\"utf-16\"?><p>é</p>", "<p>é</p>\n" },
	{ "a blockquote that is content", "<blockquote>a</blockquote>b",
	    "<blockquote><p>a</p>\n</blockquote>\n<p>b</p>\n" },
	{ "an empty heading", "<h2> </h2><h2><p>a</p></h2>", "<p>a</p>\n" },
	{ "bad UTF-8", "a\xff", "<p>a\xef\xbf\xbd</p>\n" },
};
/* clang-format on */

static void
test_cases(void **state)
{
	struct arena *arena = arena_new();
	struct rendered r;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		html_read(arena, span_of(cases[i].source), false, &r);
		if (!span_is(r.html.octets, cases[i].html))
			fail_msg("%s: " SPAN_FORMAT, cases[i].name, SPAN_ARGS(r.html.octets));
		assert_null(html_scan(r.html.octets));
	}
	arena_free(&arena);
}

/* ---- quotes ---- */

#define QUOTE "<details class=\"quote\">\n<summary>"
#define SAID "</summary>\n"
#define END "</details>\n"

/* clang-format off */
static const struct {
	const char *name, *source, *html, *own;
	bool forward;
} quotes[] = {
	{ "Gmail", "<div>Oui.</div><br><div class=\"gmail_quote\"><div class=\"gmail_attr\">Le mar. 3 mars, "
	    "Marie &lt;<a href=\"mailto:m@x.fr\">m@x.fr</a>&gt; a écrit :<br></div>"
	    "<blockquote class=\"gmail_quote\"><div>Mardi ?</div></blockquote></div>",
	    "<p>Oui.</p>\n" QUOTE "Le mar. 3 mars, Marie &lt;m…@x.fr&gt; a écrit :" SAID
	    "<blockquote><p>Mardi ?</p>\n</blockquote>\n" END, "Oui.", false },
	{ "Thunderbird", "<p>Oui.</p><div class=\"moz-cite-prefix\">Le 03/03/2026 à 9:00, Marie a écrit :<br></div>"
	    "<blockquote type=\"cite\" cite=\"mid:1@x\"><p>Mardi ?</p></blockquote>",
	    "<p>Oui.</p>\n" QUOTE "Le 03/03/2026 à 9:00, Marie a écrit :" SAID
	    "<blockquote><p>Mardi ?</p>\n</blockquote>\n" END, "Oui.", false },
	{ "Thunderbird, between the answers", "<blockquote type=\"cite\">Mardi ?</blockquote><p>Oui.</p>"
	    "<blockquote type=\"cite\">9 h ? m@x.fr</blockquote><p>Non.</p>",
	    "<blockquote><p>Mardi ?</p>\n</blockquote>\n<p>Oui.</p>\n"
	    "<blockquote><p>9 h ? m…@x.fr</p>\n</blockquote>\n<p>Non.</p>\n",
	    "> Mardi ?\n\nOui.\n\n> 9 h ? m…@x.fr\n\nNon.", false },
	{ "Apple", "<div>Oui.<br><div><br><blockquote type=\"cite\"><div>Le 3 mars 2026 à 10:00, Marie "
	    "&lt;m@x.fr&gt; a écrit :</div><br><div>Mardi ?</div></blockquote></div></div>",
	    "<p>Oui.</p>\n" QUOTE "Le 3 mars 2026 à 10:00, Marie &lt;m…@x.fr&gt; a écrit :" SAID
	    "<blockquote><p>Mardi ?</p>\n</blockquote>\n" END, "Oui.", false },
	{ "Outlook on the web", "<div>Oui.</div><div id=\"appendonsend\"></div><hr>"
	    "<div id=\"divRplyFwdMsg\"><b>De :</b> Marie &lt;m@x.fr&gt;<br><b>Objet :</b> Voirie</div>"
	    "<div>Mardi ?</div><p>Marie</p>",
	    "<p>Oui.</p>\n<hr>\n" QUOTE "De : Marie &lt;m…@x.fr&gt; Objet : Voirie" SAID
	    "<p>Mardi ?</p>\n<p>Marie</p>\n" END, "Oui.\n\n---", false },
	{ "Outlook for the desktop", "<div class=WordSection1><p class=MsoNormal>Oui.</p><div><div style='border:none;"
	    "border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p class=MsoNormal><b>De&nbsp;:</b> "
	    "Marie</p></div></div><p>Mardi ?</p></div>",
	    "<p>Oui.</p>\n" QUOTE "De\xc2\xa0: Marie" SAID "<p>Mardi ?</p>\n" END, "Oui.", false },
	{ "the same as a forward", "<p>Pour info.</p><div id=\"divRplyFwdMsg\">De : Marie &lt;m@x.fr&gt;</div>"
	    "<div>Mardi ?</div>",
	    "<p>Pour info.</p>\n<p>De : Marie &lt;m…@x.fr&gt;<br>\nMardi ?</p>\n",
	    "Pour info.\n\nDe : Marie <m…@x.fr>\nMardi ?", true },
	{ "a forward of Gmail", "<div>Pour info.</div><div class=\"gmail_quote\"><div class=\"gmail_attr\">"
	    "---------- Forwarded message ---------<br>De : Marie &lt;m@x.fr&gt;</div>Mardi ?</div>",
	    "<p>Pour info.<br>\n---------- Forwarded message ---------<br>\nDe : Marie &lt;m…@x.fr&gt;<br>\nMardi ?</p>\n",
	    "Pour info.\n---------- Forwarded message ---------\nDe : Marie <m…@x.fr>\nMardi ?", false },
	{ "Roundcube", "<p>Oui.</p><p id=\"reply-intro\">Le 2026-03-03 09:00, Marie a écrit :</p>"
	    "<blockquote type=\"cite\">Mardi ?</blockquote>",
	    "<p>Oui.</p>\n" QUOTE "Le 2026-03-03 09:00, Marie a écrit :" SAID
	    "<blockquote><p>Mardi ?</p>\n</blockquote>\n" END, "Oui.", false },
	{ "an attribution that no mark tells", "Oui.<br><p>Le 3 mars, Marie a écrit&nbsp;:</p><blockquote "
	    "type=cite>Mardi ?</blockquote>",
	    "<p>Oui.</p>\n" QUOTE "Le 3 mars, Marie a écrit\xc2\xa0:" SAID
	    "<blockquote><p>Mardi ?</p>\n</blockquote>\n" END, "Oui.", false },
	{ "a signature", "<p>Oui.</p><div class=\"gmail_signature\">Jean j@x.fr</div>",
	    "<p>Oui.</p>\n<details class=\"signature\">\n<summary>···" SAID "<p>Jean j…@x.fr</p>\n" END, "Oui.", false },
	{ "a telephone", "<div>Oui.</div><div>Envoyé de mon iPhone</div>",
	    "<p>Oui.</p>\n<details class=\"signature\">\n<summary>···" SAID "<p>Envoyé de mon iPhone</p>\n" END,
	    "Oui.", false },
	{ "our answer mark", "<div>Oui.</div><div><p>---- Répondez au-dessus de cette ligne ----</p><pre>a</pre></div>",
	    "<p>Oui.</p>\n" QUOTE "---- Répondez au-dessus de cette ligne ----" SAID "<pre>a</pre>\n" END, "Oui.", false },
	{ "headers within pre", "<p>Oui.</p><pre>x<div id=divRplyFwdMsg>De : M</div>y</pre><p>a  b</p>",
	    "<p>Oui.</p>\n<pre>x</pre>\n" QUOTE "De : M" SAID "<p>y</p>\n<p>a b</p>\n" END, "Oui.\n\nx", false },
	{ "nothing but a quote", "<blockquote type=cite>Mardi ?</blockquote>",
	    "<blockquote><p>Mardi ?</p>\n</blockquote>\n", "> Mardi ?", false },
	{ "nothing but a signature", "<div class=gmail_signature>Jean</div>", "<p>Jean</p>\n", "Jean", false },
};
/* clang-format on */

static void
test_quotes(void **state)
{
	struct arena *arena = arena_new();
	struct rendered r;

	(void)state;
	for (size_t i = 0; i < COUNT(quotes); i++) {
		html_read(arena, span_of(quotes[i].source), quotes[i].forward, &r);
		if (!span_is(r.html.octets, quotes[i].html))
			fail_msg("%s: " SPAN_FORMAT, quotes[i].name, SPAN_ARGS(r.html.octets));
		if (!span_is(r.own, quotes[i].own))
			fail_msg("%s: own: " SPAN_FORMAT, quotes[i].name, SPAN_ARGS(r.own));
		assert_null(html_scan(r.html.octets));
	}
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attacks),
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_storms),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_quotes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
