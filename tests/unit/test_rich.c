/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Escaping, masking, bare links, and rich text said in any order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "html_scan.h"
#include "text/escape.h"
#include "text/link.h"
#include "text/rich.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- escaping ---- */

/* clang-format off */
static const struct {
	const char *name, *text, *as_text, *as_attr;
} escapes[] = {
	{ "nothing", "", "", "" },
	{ "markup", "<b a='1'>&\"", "&lt;b a='1'&gt;&amp;&quot;", "&lt;b a=&#39;1&#39;&gt;&amp;&quot;" },
	{ "an entity is text", "&amp;", "&amp;amp;", "&amp;amp;" },
	{ "line ends", "a\r\nb\rc\nd", "a\nb\nc\nd", "a\nb\nc\nd" },
	{ "control characters", "a\x01\x08\x1b\x7f" "b\tc", "ab\tc", "ab\tc" },
	{ "accents", "é…€", "é…€", "é…€" },
};
/* clang-format on */

static void
test_escape(void **state)
{
	struct buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(escapes); i++) {
		buf_clear(&out);
		escape_text(&out, span_of(escapes[i].text));
		if (strcmp(buf_text(&out), escapes[i].as_text) != 0)
			fail_msg("%s: %s", escapes[i].name, buf_text(&out));
		buf_clear(&out);
		escape_attr(&out, span_of(escapes[i].text));
		if (strcmp(buf_text(&out), escapes[i].as_attr) != 0)
			fail_msg("%s: %s", escapes[i].name, buf_text(&out));
	}
	buf_clear(&out);
	escape_text(&out, span_make("a\0b", 3));
	assert_string_equal(buf_text(&out), "ab");
	buf_free(&out);
}

/* ---- addresses that may be followed ---- */

/* clang-format off */
static const struct {
	const char *url;
	bool ok;
} urls[] = {
	{ "https://ville.example", true },
	{ "HTTP://ville.example/a?b=c&d#e", true },
	{ "https://ville.example:8443/é", true },
	{ "https://[2001:db8::1]/", true },
	{ "https://école.example/", true },
	{ "https://x.example/a@b", true },
	{ "mailto:mairie@ville.example", true },
	{ "mailto:mairie@ville.example?subject=a", true },
	{ "", false },
	{ "https://", false },
	{ "https:///x", false },
	{ "https:ville.example", false },
	{ "//ville.example", false },
	{ "/t/1", false },
	{ "ville.example", false },
	{ "javascript:alert(1)", false },
	{ "JavaScript:alert(1)", false },
	{ " javascript:alert(1)", false },
	{ "java\tscript:alert(1)", false },
	{ "data:text/html,x", false },
	{ "vbscript:x", false },
	{ "file:///etc/passwd", false },
	{ "ftp://x.example", false },
	{ "blob:https://x.example/1", false },
	{ "https://bank.example@evil.example", false },
	{ "https://bank.example:a@evil.example/", false },
	{ "https:\\\\evil.example", false },
	{ "https://evil.example\\@bank.example", false },
	{ "https://x.example/a b", false },
	{ "https://x.example/\n", false },
	{ "https://x.example/\x01", false },
	{ "https://x.example/\"a", false },
	{ "https://x.example/<a>", false },
	{ "https://x.example/\xe2\x80\xae" "gpj.exe", false }, /* right-to-left override */
	{ "https://x.example\xe2\x80\x8b.evil.example", false }, /* zero-width space */
	{ "https://x.example/\xc2\xa0", false },
	{ "https://.example", false },
	{ "https://?x", false },
	{ "mailto:", false },
	{ "mailto:x", false },
	{ "mailto:@ville.example", false },
	{ "mailto:?bcc=a@b", false },
};
/* clang-format on */

static void
test_urls(void **state)
{
	char longest[ESCAPE_URL_MAX + 8];

	(void)state;
	for (size_t i = 0; i < COUNT(urls); i++)
		if (escape_url_ok(span_of(urls[i].url)) != urls[i].ok)
			fail_msg("\"%s\"", urls[i].url);
	memset(longest, 'a', sizeof(longest));
	memcpy(longest, "https://", 8);
	assert_true(escape_url_ok(span_make(longest, ESCAPE_URL_MAX)));
	assert_false(escape_url_ok(span_make(longest, ESCAPE_URL_MAX + 1)));
}

static void
test_link(void **state)
{
	struct buf out = { 0 };

	(void)state;
	escape_link(&out, SPAN("https://x.example/?a=1&b='é[]"), SPAN("<a>"));
	assert_string_equal(buf_text(&out),
	    "<a href=\"https://x.example/?a=1&amp;b=%27%C3%A9%5B%5D\" "
	    "rel=\"nofollow ugc noopener\">&lt;a&gt;</a>");
	buf_clear(&out);
	escape_link(&out, SPAN("javascript:alert(1)"), SPAN("<a>"));
	assert_string_equal(buf_text(&out), "&lt;a&gt;");
	buf_free(&out);
}

/* ---- masking ---- */

/* clang-format off */
static const struct {
	const char *text, *masked;
} masks[] = {
	{ "", "" },
	{ "marie.dupont@ville.example", "m…@ville.example" },
	{ "Marie <marie@ville.example> a écrit", "Marie <m…@ville.example> a écrit" },
	{ "[mailto:marie@ville.example]", "[mailto:m…@ville.example]" },
	{ "a@b.c,d@e.f", "a…@b.c,d…@e.f" },
	{ "élise@ville.example", "é…@ville.example" },
	{ "marie+forum=x@ville.example", "m…@ville.example" },
	{ "https://x.example/?u=marie%40ville.example", "https://x.example/?u=m…%40ville.example" },
	{ "à 3 @ 4, @maire, x@ y", "à 3 @ 4, @maire, x@ y" },
	{ "marie@localhost", "m…@localhost" },
	{ "https://f.example/u/abcdefghijklmnopqrstuvwxyz.", "https://f.example/u/…." },
	{ "https://f.example/ok/abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "https://f.example/ok/…" },
	{ "https://f.example/u/court", "https://f.example/u/court" },
};
/* clang-format on */

static void
test_mask(void **state)
{
	struct buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(masks); i++) {
		buf_clear(&out);
		escape_mask(&out, span_of(masks[i].text));
		if (strcmp(buf_text(&out), masks[i].masked) != 0)
			fail_msg("%s: %s", masks[i].text, buf_text(&out));
	}
	buf_free(&out);
}

/* ---- bare links ---- */

/* clang-format off */
static const struct {
	const char *text;
	const char *links; /* kind and text of each, apart by blanks */
} bare[] = {
	{ "rien", "" },
	{ "Voir https://x.example/a.", "0https://x.example/a" },
	{ "(https://x.example/a_(b))", "0https://x.example/a_(b)" },
	{ "« https://x.example/ »", "0https://x.example/" },
	{ "«https://x.example/»,", "0https://x.example/" },
	{ "<https://x.example>", "0https://x.example" },
	{ "https://x.example/?a=b&c=d#e!", "0https://x.example/?a=b&c=d#e" },
	{ "http://x.example…", "0http://x.example" },
	{ "www.ville.example et www.", "1www.ville.example" },
	{ "awww.ville.example", "" },
	{ "xhttp://x.example", "" },
	{ "http://", "" },
	{ "https://a@b.example", "" },
	{ "moi@ville.example, toi@x.fr.", "2moi@ville.example 2toi@x.fr" },
	{ "à\xc2\xa0moi@ville.example", "2moi@ville.example" },
	{ "élise@ville.example", "" }, /* better no link than one to another person */
	{ "a@b", "" },
	{ "a@b@c.fr", "" },
	{ "@ville.example", "" },
	{ "moi@ville.example/x", "2moi@ville.example" },
	{ "mailto:moi@ville.example", "2moi@ville.example" },
	{ "1+1@2.3", "" },
};
/* clang-format on */

static void
test_bare(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bare); i++) {
		struct span rest = span_of(bare[i].text), before, link;
		struct buf found = { 0 };
		enum link_kind kind;

		while (link_next(&rest, &before, &link, &kind))
			buf_printf(&found, "%s%d" SPAN_FORMAT, found.len > 0 ? " " : "", (int)kind,
			    SPAN_ARGS(link));
		if (strcmp(buf_text(&found), bare[i].links) != 0)
			fail_msg("%s: %s", bare[i].text, buf_text(&found));
		buf_free(&found);
	}
}

/* ---- rich text in any order ---- */

/* Events: "<x" opens, "/x" closes, others are text; see say(). */
/* clang-format off */
static const struct {
	const char *name, *events, *html, *text;
} orders[] = {
	{ "nothing", "", "", "" },
	{ "text alone gets a paragraph", "a", "<p>a</p>\n", "a" },
	{ "an empty paragraph is left out", "<p|/p|a", "<p>a</p>\n", "a" },
	{ "a block ends a paragraph", "<p|a|<q|b|/q|c|/p", "<p>a</p>\n<blockquote><p>b</p>\n</blockquote>\n<p>c</p>\n",
	    "a\n\n> b\n\nc" },
	{ "a block ends emphasis", "<em|a|<ul|<li|b|/li|/ul|c|/em",
	    "<p><em>a</em></p>\n<ul><li>b</li>\n</ul>\n<p>c</p>\n", "a\n\n- b\n\nc" },
	{ "an item without a list", "<li|a|/li|b", "<ul><li>a</li>\n</ul>\n<p>b</p>\n", "- a\n\nb" },
	{ "an item in an item", "<ul|<li|a|<li|b|/li|c|/li|/ul",
	    "<ul><li>a</li>\n<li>bc</li>\n</ul>\n", "- a\n- bc" },
	{ "text in a list", "<ul|a|/ul", "<ul><li>a</li>\n</ul>\n", "- a" },
	{ "a heading in a heading", "<h|a|<h|b|/h|c|/h", "<h3>a</h3>\n<h3>b</h3>\n<p>c</p>\n", "a\n\nb\n\nc" },
	{ "a paragraph in a heading is a line", "<h|<p|a|/p|<p|b|/p|/h", "<h3>a<br>\nb</h3>\n", "a\nb" },
	{ "a link in a link", "@https://x.example|a|@https://y.example|b|/a|/a",
	    "<p><a href=\"https://x.example\" rel=\"nofollow ugc noopener\">ab</a></p>\n",
	    "ab <https://x.example>" },
	{ "closed what was never open", "/p|/q|/em|/li|a|/a", "<p>a</p>\n", "a" },
	{ "closed in the wrong order", "<q|<em|a|/q|/em|b", "<blockquote><p><em>a</em></p>\n</blockquote>\n<p>b</p>\n",
	    "> a\n\nb" },
	{ "never closed", "<q|<ul|<li|a", "<blockquote><ul><li>a</li>\n</ul>\n</blockquote>\n", "> - a" },
	{ "a line end at the front of pre stays", "<pre|\n a|/pre", "<pre>\n\n a</pre>\n", "a" },
	{ "a fold", "a|[|b@c.fr|/d|d", "<p>a</p>\n<details class=\"quote\">\n<summary>···</summary>\n<p>b…@c.fr</p>\n"
	    "</details>\n<p>d</p>\n", "a\n\nb…@c.fr\n\nd" },
	{ "an address in pieces is masked", "[|b|<em|@c.fr|/em|/d", "<details class=\"quote\">\n<summary>···</summary>\n"
	    "<p>b…@c.fr</p>\n</details>\n", "b…@c.fr" },
	{ "no link that shows an address in a fold", "[|@https://x.example/?m=a@b.fr|x|/d",
	    "<details class=\"quote\">\n<summary>···</summary>\n<p>x</p>\n</details>\n", "x" },
};
/* clang-format on */

/* clang-format off */
static const struct {
	const char *name;
	enum html_tag tag;
} tags[] = { { "p", TAG_P }, { "q", TAG_BLOCKQUOTE }, { "em", TAG_EM }, { "ul", TAG_UL }, { "li", TAG_LI },
	{ "h", TAG_H3 }, { "pre", TAG_PRE }, { "a", TAG_A }, { "d", TAG_DETAILS } };
/* clang-format on */

static void
say(struct rich *rich, struct span event)
{
	if (span_starts(event, "@http")) {
		rich_open_link(rich, span_from(event, 1));
		return;
	}
	if (span_is(event, "[")) {
		rich_open_fold(rich, FOLD_QUOTE, SPAN(""));
		return;
	}
	for (size_t i = 0; i < COUNT(tags); i++) {
		if (!span_is(span_from(event, 1), tags[i].name))
			continue;
		if (span_starts(event, "<")) {
			rich_open(rich, tags[i].tag);
			return;
		}
		if (span_starts(event, "/")) {
			rich_close(rich, tags[i].tag);
			return;
		}
	}
	rich_text(rich, event);
}

static void
test_orders(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(orders); i++) {
		struct rich *rich = rich_new(arena);
		struct span events = span_of(orders[i].events), event;
		struct rendered r;

		while (span_next(&events, '|', &event))
			say(rich, event);
		rich_end(rich, &r);
		if (!span_is(r.html.octets, orders[i].html))
			fail_msg("%s: " SPAN_FORMAT, orders[i].name, SPAN_ARGS(r.html.octets));
		if (!span_is(span_trim(r.text), orders[i].text))
			fail_msg("%s: " SPAN_FORMAT, orders[i].name, SPAN_ARGS(r.text));
		assert_null(html_scan(r.html.octets));
	}
	arena_free(&arena);
}

/* Any sequence of calls gives HTML that the scanner accepts. */
static void
test_any_order(void **state)
{
	static const char *const texts[] = { "a", " ", "\n", "b@c.fr", "<x>",
		"https://x.example/ " };
	struct arena *arena = arena_new();
	uint32_t random = 7;

	(void)state;
	for (unsigned n = 0; n < 3000; n++) {
		struct rich *rich = rich_new(arena);
		struct rendered r;

		for (unsigned i = 0; i < 80; i++) {
			enum html_tag tag;

			random = random * 1664525 + 1013904223;
			tag = (enum html_tag)((random >> 8) % TAG_DETAILS);
			switch (random >> 28) {
			case 0:
			case 1:
			case 2:
			case 3:
				if (tag != TAG_A)
					rich_open(rich, tag);
				break;
			case 4:
			case 5:
			case 6:
				rich_close(rich, tag);
				break;
			case 7:
				rich_open_link(rich, SPAN("https://x.example"));
				break;
			case 8:
				rich_open_fold(rich, FOLD_FOOTER, SPAN("<"));
				break;
			case 9:
				rich_close(rich, TAG_DETAILS);
				break;
			case 10:
				rich_break(rich);
				break;
			case 11:
				rich_rule(rich);
				break;
			default:
				rich_text_linked(
				    rich, span_of(texts[(random >> 8) % COUNT(texts)]));
				break;
			}
		}
		rich_end(rich, &r);
		if (html_scan(r.html.octets) != NULL)
			fail_msg(
			    "%s: " SPAN_FORMAT, html_scan(r.html.octets), SPAN_ARGS(r.html.octets));
		arena_reset(arena);
	}
	arena_free(&arena);
}

/* At the cap the end is cut, never a tag or an entity. */
static void
test_cap(void **state)
{
	struct arena *arena = arena_new();
	struct rich *rich = rich_new(arena);
	struct rendered r;

	(void)state;
	for (unsigned i = 0; i < 40; i++)
		rich_open(rich, TAG_BLOCKQUOTE);
	for (unsigned i = 0; i < 300000; i++) {
		rich_open(rich, TAG_P);
		rich_text(rich, SPAN("<é>&"));
		rich_open_link(rich, SPAN("https://x.example/?a&b"));
		rich_close(rich, TAG_A);
	}
	rich_end(rich, &r);
	assert_true(r.cut);
	assert_true(r.html.octets.len <= HTML_MAX);
	assert_true(r.html.octets.len > HTML_MAX - 20000);
	assert_true(r.text.len <= HTML_MAX);
	assert_null(html_scan(r.html.octets));
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_link),
		cmocka_unit_test(test_mask),
		cmocka_unit_test(test_bare),
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_any_order),
		cmocka_unit_test(test_cap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
