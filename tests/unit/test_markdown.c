/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Markdown: CommonMark's own examples, what we do otherwise on purpose, bad input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmark.h>
#include <cmocka.h>

#include "html_scan.h"
#include "json.h"
#include "text/markdown.h"
#include "text/markdown_nesting.h"

#ifndef PREAU_SOURCE
#define PREAU_SOURCE "."
#endif

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- the suite ---- */

/* Examples whose output differs although our rules for links, images, headings and
 * line ends (see expect()) are applied to what is expected. An example that is listed
 * and agrees fails the test as well. */
/* clang-format off */
static const struct {
	const char *why;
	unsigned short examples[120];
} deviations[] = {
	{ "raw HTML is shown as it was typed",
		{ 21, 31, 148, 149, 150, 151, 152, 153, 154, 155, 156, 157, 158, 159, 160, 161, 162,
		  163, 164, 165, 166, 167, 168, 169, 170, 171, 172, 173, 174, 175, 176, 177, 178,
		  179, 180, 181, 182, 183, 184, 185, 186, 187, 188, 189, 190, 191, 201, 308, 309,
		  344, 474, 475, 476, 490, 493, 523, 535, 612, 613, 614, 615, 616, 622, 624, 627,
		  628, 629, 630, 631, 642, 643, 0 } },
	{ "a bare address is a link wherever it stands",
		{ 601, 605, 607, 610, 611, 0 } },
	{ "an address with a backslash or without a host is not followed",
		{ 20, 599, 602, 0 } },
	{ "the label of an image keeps its emphasis and its links",
		{ 519, 572, 573, 574, 575, 576, 584, 588, 0 } },
	{ "a destination that is not followed is shown as it was typed",
		{ 502, 0 } },
	{ "a link without label and destination is nothing",
		{ 486, 0 } },
	{ "an empty heading is nothing",
		{ 79, 0 } },
	{ "a line end written as an entity is a blank",
		{ 39, 0 } },
};
/* clang-format on */

struct expected {
	struct span rest;
	struct buf out;
	bool pre;
	bool line;	 /* running text: a line end in it is a soft break */
	bool linked;	 /* the link was opened */
	struct span url; /* of the link, as cmark writes it */
	size_t label;	 /* where its label begins in out */
};

/* The value of an attribute of a tag, as written. */
static struct span
value_of(struct span tag, const char *lead)
{
	size_t at = span_find_text(tag, lead);
	struct span value = span_from(tag, at + strlen(lead));

	return at == tag.len ? SPAN("") : span_first(value, span_find(value, '"'));
}

static bool
may_follow(struct span url)
{
	return span_starts_nocase(url, "http://") || span_starts_nocase(url, "https://") ||
	       (span_starts_nocase(url, "mailto:") && span_find(url, '@') < url.len);
}

static bool
is_linked(struct span url)
{
	return may_follow(url) && span_find_text(url, "%5C") == url.len;
}

static void
expect_open_link(struct expected *e, struct span url)
{
	e->linked = is_linked(url);
	e->url = url;
	if (e->linked)
		buf_printf(&e->out, "<a href=\"" SPAN_FORMAT "\" rel=\"nofollow ugc noopener\">",
		    SPAN_ARGS(url));
	e->label = e->out.len;
}

/* cmark writes a destination percent-encoded; ours is shown as it was typed. */
static void
decode(struct span url, struct buf *out)
{
	for (size_t i = 0; i < url.len; i++) {
		unsigned value = 0;

		if (url.data[i] == '%' && i + 2 < url.len)
			sscanf(url.data + i + 1, "%2X", &value);
		if (value >= 0x20)
			i += 2;
		if (value == '"')
			buf_add_text(out, "&quot;");
		else
			buf_add_char(out, value >= 0x20 ? (char)value : url.data[i]);
	}
}

static void
expect_close_link(struct expected *e)
{
	if (e->linked) {
		buf_add_text(&e->out, "</a>");
		return;
	}
	if (e->url.len == 0 || span_equal(span_from(buf_span(&e->out), e->label), e->url))
		return;
	buf_add_text(&e->out, " (");
	decode(e->url, &e->out);
	buf_add_text(&e->out, ")");
}

static void
expect_image(struct expected *e, struct span url, struct span alt)
{
	struct expected outer = *e;

	expect_open_link(e, url);
	buf_add_span(&e->out, alt.len > 0 || !e->linked ? alt : url);
	expect_close_link(e);
	e->url = outer.url;
	e->linked = outer.linked;
	e->label = outer.label;
}

static bool
is_block(struct span name)
{
	static const char *const blocks[] = { "p", "blockquote", "pre", "ul", "ol", "li", "hr",
		"h1", "h2", "h3", "h4", "h5", "h6" };

	if (span_starts(name, "/"))
		name = span_from(name, 1);
	for (size_t i = 0; i < COUNT(blocks); i++)
		if (span_is(name, blocks[i]))
			return true;
	return false;
}

static void
expect_heading(struct expected *e, struct span name)
{
	bool closes = name.data[0] == '/';
	int level = name.data[name.len - 1] - '0' + 2;

	buf_printf(&e->out, "<%sh%d>", closes ? "/" : "", level > 6 ? 6 : level);
}

static void
expect_tag(struct expected *e, struct span tag)
{
	struct span name = span_first(tag, span_find(tag, ' '));

	if (span_is(name, "a")) {
		expect_open_link(e, value_of(tag, "href=\""));
	} else if (span_is(name, "/a")) {
		expect_close_link(e);
	} else if (span_is(name, "img")) {
		expect_image(e, value_of(tag, "src=\""), value_of(tag, "alt=\""));
	} else if (span_is(name, "br")) {
		buf_add_text(&e->out, "<br>");
		if (span_starts(e->rest, "\n"))
			e->rest = span_from(e->rest, 1);
	} else if ((name.len == 2 || name.len == 3) && name.data[name.len - 2] == 'h' &&
		   ascii_is_digit(name.data[name.len - 1])) {
		expect_heading(e, name);
	} else {
		if (span_is(name, "ol") && span_find_text(tag, "start=") < tag.len)
			buf_printf(&e->out, "<" SPAN_FORMAT ">", SPAN_ARGS(tag));
		else
			buf_printf(&e->out, "<" SPAN_FORMAT ">", SPAN_ARGS(name));
		e->pre = span_is(name, "pre") || (e->pre && !span_is(name, "/pre"));
	}
	if (is_block(name))
		e->line = false;
	else
		e->line = true;
}

/* What is expected, with our rules: headings begin at h3, images are links, a
 * destination that may not be followed is shown, titles and code languages are
 * dropped, line ends in running text are <br>. Line ends between blocks are dropped. */
static void
expect(struct span html, struct expected *e)
{
	e->rest = html;
	while (e->rest.len > 0) {
		char c = e->rest.data[0];

		if (c == '<') {
			size_t end = span_find(e->rest, '>');
			struct span tag = span_make(e->rest.data + 1, end - 1);

			if (span_ends(tag, " /"))
				tag.len -= 2;
			e->rest = span_from(e->rest, end + 1);
			expect_tag(e, tag);
			continue;
		}
		e->rest = span_from(e->rest, 1);
		if (c == '\n' && !e->pre) {
			struct span next = span_from(e->rest, 1);

			next = span_first(next, span_find(next, '>'));
			next = span_first(next, span_find(next, ' '));
			if (e->line && e->rest.len > 0 &&
			    !(e->rest.data[0] == '<' && is_block(next)))
				buf_add_text(&e->out, "<br>");
			continue;
		}
		buf_add_char(&e->out, c);
		e->line = true;
	}
}

static void
without_line_ends(struct span html, struct buf *out)
{
	bool pre = false;

	for (size_t i = 0; i < html.len; i++) {
		struct span rest = span_from(html, i);

		if (span_starts(rest, "<pre>"))
			pre = true;
		else if (span_starts(rest, "</pre>"))
			pre = false;
		if (html.data[i] != '\n' || pre)
			buf_add_char(out, html.data[i]);
	}
}

static void
with_tabs(const char *text, struct buf *out)
{
	struct span rest = span_of(text);

	while (rest.len > 0) {
		if (span_starts(rest, "→")) {
			buf_add_char(out, '\t');
			rest = span_from(rest, 3);
		} else {
			buf_add_char(out, rest.data[0]);
			rest = span_from(rest, 1);
		}
	}
}

static const char *
deviation(unsigned number)
{
	for (size_t i = 0; i < COUNT(deviations); i++)
		for (size_t j = 0; deviations[i].examples[j] != 0; j++)
			if (deviations[i].examples[j] == number)
				return deviations[i].why;
	return NULL;
}

static bool
example_agrees(struct arena *arena, const struct json *example, bool tell)
{
	struct buf source = { 0 }, want = { 0 }, got = { 0 };
	struct expected e = { 0 };
	struct rendered rendered;
	bool agrees;

	with_tabs(json_get_text(example, "markdown"), &source);
	with_tabs(json_get_text(example, "html"), &want);
	expect(buf_span(&want), &e);
	markdown_render(arena, buf_span(&source), &rendered);
	without_line_ends(rendered.html.octets, &got);
	agrees = span_equal(buf_span(&got), buf_span(&e.out)) && !rendered.plain && !rendered.cut;
	if (html_scan(rendered.html.octets) != NULL)
		fail_msg("%s: %s", buf_text(&source), html_scan(rendered.html.octets));
	if (!agrees && tell)
		print_error("example %s (%s)\n%s\nwant %s\ngot  %s\n\n",
		    json_get_text(example, "number"), json_get_text(example, "section"),
		    buf_text(&source), buf_text(&e.out), buf_text(&got));
	buf_free(&source);
	buf_free(&want);
	buf_free(&got);
	buf_free(&e.out);
	return agrees;
}

static void
test_commonmark(void **state)
{
	struct arena *arena = arena_new();
	struct json *list =
	    json_read(arena, PREAU_SOURCE "/tests/data/markdown/commonmark-spec-0.30.0.json");
	unsigned seen = 0, wrong = 0;

	(void)state;
	for (const struct json *example = list->first; example != NULL; example = example->next) {
		unsigned number = (unsigned)strtoul(json_get_text(example, "number"), NULL, 10);
		const char *why = deviation(number);
		bool agrees = example_agrees(arena, example, why == NULL);

		seen++;
		if (agrees == (why == NULL))
			continue;
		wrong++;
		if (agrees)
			print_error("example %u agrees, yet is listed: %s\n", number, why);
	}
	assert_int_equal(seen, 652);
	assert_int_equal(wrong, 0);
	arena_free(&arena);
}

/* ---- bad input and our own rules ---- */

/* clang-format off */
static const struct {
	const char *name, *source, *html;
} cases[] = {
	{ "nothing", "", "" },
	{ "blanks", " \n\t\n", "" },
	{ "a heading of a post stands under the page's", "# Un\n## Deux\n##### Cinq\n",
	    "<h3>Un</h3>\n<h4>Deux</h4>\n<h6>Cinq</h6>\n" },
	{ "line ends are kept", "un\ndeux", "<p>un<br>\ndeux</p>\n" },
	{ "raw HTML is shown", "<script>alert(1)</script>",
	    "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n" },
	{ "raw HTML in a line", "a <b onclick=x>b</b>", "<p>a &lt;b onclick=x&gt;b&lt;/b&gt;</p>\n" },
	{ "an image is a link", "![le plan](https://x.example/p.png)",
	    "<p><a href=\"https://x.example/p.png\" rel=\"nofollow ugc noopener\">le plan</a></p>\n" },
	{ "an image without a label", "![](https://x.example/p.png)",
	    "<p><a href=\"https://x.example/p.png\" rel=\"nofollow ugc noopener\">"
	    "https://x.example/p.png</a></p>\n" },
	{ "data: is dropped", "![x](data:image/png;base64,AAAA)", "<p>x</p>\n" },
	{ "javascript: is no link", "[x](javascript:alert(1))", "<p>x (javascript:alert(1))</p>\n" },
	{ "javascript: in capitals and entities", "[x](JaVa&#x53;cript&colon;alert(1))",
	    "<p>x (JaVaScript:alert(1))</p>\n" },
	{ "javascript: in angle brackets", "<javascript:alert(1)>", "<p>javascript:alert(1)</p>\n" },
	{ "a password in an address", "[x](https://bank.example@evil.example/)",
	    "<p>x (https://bank.example@evil.example/)</p>\n" },
	{ "a quote in an address", "[x](https://x.example/\"onmouseover=alert(1))",
	    "<p>x (https://x.example/&quot;onmouseover=alert(1))</p>\n" },
	{ "www. in a link", "[x](www.ville.example/plan)",
	    "<p><a href=\"https://www.ville.example/plan\" rel=\"nofollow ugc noopener\">x</a></p>\n" },
	{ "a bare address, its sentence apart", "Voir (https://x.example/a_b_c).",
	    "<p>Voir (<a href=\"https://x.example/a_b_c\" rel=\"nofollow ugc noopener\">"
	    "https://x.example/a_b_c</a>).</p>\n" },
	{ "no links in code", "`https://x.example`", "<p><code>https://x.example</code></p>\n" },
	{ "a mail address", "moi@ville.example",
	    "<p><a href=\"mailto:moi@ville.example\" rel=\"nofollow ugc noopener\">"
	    "moi@ville.example</a></p>\n" },
	{ "a title is dropped", "[x](https://x.example \"titre\")",
	    "<p><a href=\"https://x.example\" rel=\"nofollow ugc noopener\">x</a></p>\n" },
	{ "blanks between the elements of an item", "- **a** *b* `c`",
	    "<ul><li><strong>a</strong> <em>b</em> <code>c</code></li>\n</ul>\n" },
	{ "where a list starts", "3. a\n4. b",
	    "<ol start=\"3\"><li>a</li>\n<li>b</li>\n</ol>\n" },
	{ "code keeps its line ends", "```sh\n\n a\n```", "<pre><code>\n a\n</code></pre>\n" },
	{ "bad UTF-8", "a\xff\xc3", "<p>a\xef\xbf\xbd\xef\xbf\xbd</p>\n" },
	{ "control characters", "a\x01\x1b[0mb", "<p>a[0mb</p>\n" },
};
/* clang-format on */

static void
test_cases(void **state)
{
	struct arena *arena = arena_new();
	struct rendered r;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		markdown_render(arena, span_of(cases[i].source), &r);
		if (!span_is(r.html.octets, cases[i].html))
			fail_msg("%s: " SPAN_FORMAT, cases[i].name, SPAN_ARGS(r.html.octets));
		assert_false(r.plain);
		assert_false(r.cut);
	}
	arena_free(&arena);
}

/* clang-format off */
static const struct {
	const char *name, *source, *text;
} texts[] = {
	{ "links", "[le plan](https://x.example/p) et https://y.example",
	    "le plan <https://x.example/p> et https://y.example" },
	{ "lists", "1. un\n2. deux\n   - a\n   - b\n\n> q\n> > r\n",
	    "1. un\n2. deux\n   - a\n   - b\n\n> q\n>\n> > r" },
	{ "headings and rules", "# T\n***\nx", "T\n\n---\n\nx" },
	{ "code", "    a\n\n    b", "a\n\nb" },
	{ "loose items", "- a\n\n  b\n- c", "- a\n\n  b\n\n- c" },
};
/* clang-format on */

static void
test_text(void **state)
{
	struct arena *arena = arena_new();
	struct rendered r;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		markdown_render(arena, span_of(texts[i].source), &r);
		if (!span_is(r.text, texts[i].text))
			fail_msg("%s: " SPAN_FORMAT, texts[i].name, SPAN_ARGS(r.text));
		assert_true(span_equal(r.text, r.own));
	}
	arena_free(&arena);
}

/* What costs cmark 0.30 the square of its length, repeated to the cap. These must not
 * be parsed; where they were, this test would take minutes. */
/* clang-format off */
static const struct {
	const char *name, *lead, *unit;
} hostile[] = {
	{ "lists in lists", "", "- + " },
	{ "numbered lists in lists", "", "1. " },
	{ "quotes in quotes", "", "> " },
	{ "quotes without blanks", "", ">" },
	{ "a deep list, then empty lines", "- - - - - - - - - - - - - - - - - - - - - - x\n", "\n" },
	{ "images never closed", "", "![[]()" },
	{ "lists in a quote", "> ", "- + * " },
};
/* clang-format on */

static void
repeat(struct buf *out, const char *lead, const char *unit)
{
	buf_add_text(out, lead);
	while (out->len + strlen(unit) <= MARKDOWN_MAX)
		buf_add_text(out, unit);
}

static void
test_hostile(void **state)
{
	struct arena *arena = arena_new();
	struct rendered r;

	(void)state;
	for (size_t i = 0; i < COUNT(hostile); i++) {
		struct buf source = { 0 };

		repeat(&source, hostile[i].lead, hostile[i].unit);
		markdown_render(arena, buf_span(&source), &r);
		if (!r.plain)
			fail_msg("%s was parsed", hostile[i].name);
		assert_null(html_scan(r.html.octets));
		arena_reset(arena);
		buf_free(&source);
	}
	arena_free(&arena);
}

/* Indented step by step, one level a line. */
static void
test_nesting(void **state)
{
	struct arena *arena = arena_new();
	struct rendered r;

	(void)state;
	for (unsigned deep = 1; deep <= 2 * MARKDOWN_NESTING; deep++) {
		struct buf source = { 0 };

		for (unsigned i = 0; i < deep; i++)
			buf_printf(&source, "%*s- x\n", (int)(2 * i), "");
		markdown_render(arena, buf_span(&source), &r);
		assert_int_equal(r.plain, deep > MARKDOWN_NESTING);
		assert_null(html_scan(r.html.octets));
		buf_free(&source);
	}
	arena_free(&arena);
}

/* Lists and quotes within each other, as cmark counts them. */
static unsigned
depth_of(const struct buf *source)
{
	cmark_node *root = cmark_parse_document(buf_text(source), source->len, CMARK_OPT_DEFAULT);
	cmark_iter *iter = cmark_iter_new(root);
	cmark_event_type event;
	unsigned depth = 0, deepest = 0;

	while ((event = cmark_iter_next(iter)) != CMARK_EVENT_DONE) {
		cmark_node_type type = cmark_node_get_type(cmark_iter_get_node(iter));

		if (type != CMARK_NODE_BLOCK_QUOTE && type != CMARK_NODE_ITEM)
			continue;
		depth += event == CMARK_EVENT_ENTER ? 1 : (unsigned)-1;
		deepest = depth > deepest ? depth : deepest;
	}
	cmark_iter_free(iter);
	cmark_node_free(root);
	return deepest;
}

/* What passes is not deeper than was asked, whatever the markers and blanks are. */
static void
test_nesting_bound(void **state)
{
	static const char *const pieces[] = { "- ", "+ ", "> ", ">", "1. ", "12) ", "  ", "    ",
		" ", "\t", "x", "\n", "\n\n", "-", "*\n", "* ", "```\n", "10. \n", "5. ", "1.    ",
		"- a\n", "> a\n", "      " };
	const unsigned most = 6;
	uint32_t random = 1;
	unsigned passed = 0, deepest = 0;

	(void)state;
	for (unsigned n = 0; n < 20000; n++) {
		struct buf source = { 0 };
		unsigned liked = 0;

		for (unsigned i = 0; i < 50; i++) {
			random = random * 1664525 + 1013904223;
			if (i == 0)
				liked = random >> 16;
			buf_add_text(&source,
			    pieces[(random >> 30 == 0 ? liked : random >> 16) % COUNT(pieces)]);
		}
		if (markdown_may_parse(buf_span(&source), most)) {
			unsigned depth = depth_of(&source);

			if (depth > most)
				fail_msg("%u deep: %s", depth, buf_text(&source));
			deepest = depth > deepest ? depth : deepest;
			passed++;
		}
		buf_free(&source);
	}
	assert_int_equal(deepest, most);
	assert_true(passed > 5000);
}

/* Long and yet harmless: must be parsed. */
/* clang-format off */
static const char *const harmless[] = { "- a\n", "> a\n", "* * * * * * * * * * * * * * * * * * * *\n",
	"-----\n", "a\n\n                                                - pasted\n", "1. a\n   - b\n\n",
	"> - a\n", "![a](https://x.example)", "*a **a ", "[a", "a]", "<a ", "`" };
/* clang-format on */

static void
test_caps(void **state)
{
	struct arena *arena = arena_new();
	struct rendered r;

	(void)state;
	for (size_t i = 0; i < COUNT(harmless); i++) {
		struct buf source = { 0 };

		while (source.len < 20000)
			buf_add_text(&source, harmless[i]);
		markdown_render(arena, buf_span(&source), &r);
		if (r.plain)
			fail_msg("%s was not parsed", harmless[i]);
		assert_null(html_scan(r.html.octets));
		assert_true(r.html.octets.len <= HTML_MAX);
		while (source.len <= MARKDOWN_MAX)
			buf_add_text(&source, harmless[i]);
		markdown_render(arena, buf_span(&source), &r);
		assert_true(r.plain);
		assert_true(r.text.len > 0);
		arena_reset(arena);
		buf_free(&source);
	}
	arena_free(&arena);
}

/* Strings that broke other programs: shown as typed, but for markup. */
static void
test_naughty(void **state)
{
	struct arena *arena = arena_new();
	struct json *list = json_read(arena, PREAU_SOURCE "/tests/data/html/blns.json");
	unsigned seen = 0;

	(void)state;
	for (const struct json *item = list->first; item != NULL; item = item->next, seen++) {
		struct rendered r;

		markdown_render(arena, span_of(item->text), &r);
		if (html_scan(r.html.octets) != NULL)
			fail_msg("%s: %s", item->text, html_scan(r.html.octets));
		markdown_plain(arena, span_of(item->text), &r);
		if (html_scan(r.html.octets) != NULL)
			fail_msg("%s: %s", item->text, html_scan(r.html.octets));
	}
	assert_int_equal(seen, 485);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_nesting),
		cmocka_unit_test(test_nesting_bound),
		cmocka_unit_test(test_caps),
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_commonmark),
		cmocka_unit_test(test_naughty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
