/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What a broken parser might have shown to everybody. What the sound one writes is fed to
 * html_check() by the flow stories: nothing would appear if it refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "text/html_check.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define REL "\" rel=\"nofollow ugc noopener\">"

static const struct {
	const char *html;
	bool ok;
} rows[] = {
	{ "", true },
	{ "text, l'été\n\t&amp; &lt;b&gt; &quot;", true },
	{ "<p>a<br>\n<em>b</em></p>\n<hr>\n", true },
	{ "<ol start=\"3\"><li>a</li></ol><ol></ol>", true },
	{ "<a href=\"https://x.example/?a=b&amp;c" REL "x</a>", true },
	{ "<a href=\"MAILTO:a@b.example" REL "x</a>", true },
	{ "<details class=\"quote\">\n<summary>x</summary>\n</details>", true },
	{ "<h3>a</h3><h6>b</h6><pre><code>c</code></pre><blockquote><p>d</p></blockquote>", true },
	{ "<script>alert(1)</script>", false },
	{ "<P>a</P>", false },
	{ "<p onclick=\"x\">a</p>", false },
	{ "<p class=\"x\">a</p>", false },
	{ "<p >a</p>", false },
	{ "<p/>", false },
	{ "<p", false },
	{ "<", false },
	{ "<p>a", false },
	{ "a</p>", false },
	{ "<em><p>a</em></p>", false },
	{ "</p><p>", false },
	{ "<!-- x -->", false },
	{ "<![CDATA[x]]>", false },
	{ "<?x?>", false },
	{ "<img src=x onerror=alert(1)>", false },
	{ "<h1>a</h1>", false },
	{ "<svg></svg>", false },
	{ "<a href=\"javascript:alert(1)" REL "x</a>", false },
	{ "<a href=\"data:text/html,x" REL "x</a>", false },
	{ "<a href=\"//x.example" REL "x</a>", false },
	{ "<a href=\"/logout" REL "x</a>", false },
	{ "<a href=\" https://x.example" REL "x</a>", false },
	{ "<a href=\"https://x.example/&#106;" REL "x</a>", false },
	{ "<a href=\"https://x.example\" onclick=\"x" REL "x</a>", false },
	{ "<a href=\"https://x.example", false },
	{ "<a href=\"https://x.example\">x</a>", false },
	{ "<a>x</a>", false },
	{ "<a href=\"https://x.example/{a}" REL "x</a>", false },
	{ "<h3><h4>a</h4></h3>", false },
	{ "<p><blockquote>a</blockquote></p>", false },
	{ "<em><ul><li>a</li></ul></em>", false },
	{ "<a href=\"https://x.example" REL "<p>x</p></a>", false },
	{ "<p><hr></p>", false },
	{ "<blockquote><h3><em><code>a</code><br></em></h3><hr></blockquote>", true },
	{ "<li>a</li>", false },
	{ "<blockquote><li>a</li></blockquote>", false },
	{ "<ul><em><li>a</li></em></ul>", false },
	{ "<ul><li><ol><li>a</li></ol></li></ul>", true },
	{ "<a href=\"https://x.example" REL "<em><a href=\"https://y.example" REL "x</a></em></a>", false },
	{ "<a href=\"https://x.example" REL "x</a><a href=\"https://y.example" REL "y</a>", true },
	{ "<ul start=\"1\"></ul>", false },
	{ "<ol start=\"-1\"></ol>", false },
	{ "<ol start=\"\"></ol>", false },
	{ "<ol start=\"12345678901\"></ol>", false },
	{ "<details>x</details>", false },
	{ "<details class=\"quote\" open>x</details>", false },
	{ "a > b", false },
	{ "a \" b", false },
	{ "a & b", false },
	{ "&#60;", false },
	{ "&nbsp;", false },
	{ "a\x01", false },
	{ "a\x7f", false },
	{ "a\r\n", false },
};

static void
test_check(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (html_check(span_of(rows[i].html)) != rows[i].ok)
			fail_msg("%s", rows[i].html);
	assert_false(html_check(span_make("<p>\0</p>", 8)));
}

static void
test_depth(void **state)
{
	struct buf html = { 0 };

	(void)state;
	for (int depth = 1; depth <= 65; depth++) {
		buf_clear(&html);
		for (int i = 0; i < depth; i++)
			buf_add_text(&html, "<em>");
		for (int i = 0; i < depth; i++)
			buf_add_text(&html, "</em>");
		assert_int_equal(html_check(buf_span(&html)), depth <= 64);
	}
	buf_free(&html);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_check), cmocka_unit_test(test_depth) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
