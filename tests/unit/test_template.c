/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The Mustache suite in lax mode, and what strict mode adds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "json.h"
#include "text/template.h"

/* ---- the suite ---- */

static void
fill(struct view *view, const char *name, const struct json *value)
{
	const struct json *item;
	struct view_list *list;
	struct view *sub;

	switch (value->kind) {
	case JSON_TRUE:
	case JSON_FALSE:
		view_flag(view, name, value->kind == JSON_TRUE);
		break;
	case JSON_TEXT:
	case JSON_NUMBER:
		view_text(view, name, value->text);
		break;
	case JSON_LIST:
		list = view_list(view, name);
		for (item = value->first; item != NULL; item = item->next) {
			sub = view_list_add(list);
			if (item->kind != JSON_OBJECT)
				fill(sub, ".", item);
			for (const struct json *v = item->first; item->kind == JSON_OBJECT && v; v = v->next)
				fill(sub, v->name, v);
		}
		break;
	case JSON_OBJECT:
		sub = view_sub(view, name);
		for (item = value->first; item != NULL; item = item->next)
			fill(sub, item->name, item);
		break;
	case JSON_NULL:
	default:
		view_text(view, name, "");
		break;
	}
}

static void
add_partials(struct template_set *set, const struct json *partials)
{
	struct err err;

	if (partials == NULL)
		return;
	for (const struct json *p = partials->first; p != NULL; p = p->next)
		assert_true(template_add(set, p->name, p->name, 1, span_of(p->text), &err));
}

static bool
run_case(struct arena *arena, const struct json *test)
{
	struct template_set *set = template_set_new(false, NULL);
	const struct json *data = json_get(test, "data");
	struct view *view = view_new(arena);
	const char *want = json_get_text(test, "expected");
	struct buf out = { 0 };
	struct err err = { 0 };
	bool ok;

	if (data->kind != JSON_OBJECT)
		fill(view, ".", data);
	for (const struct json *v = data->first; data->kind == JSON_OBJECT && v != NULL; v = v->next)
		fill(view, v->name, v);
	add_partials(set, json_get(test, "partials"));
	ok = template_add(set, "main", "main", 1, span_of(json_get_text(test, "template")), &err) &&
	    template_link(set, &err) &&
	    template_render(template_find(set, "main"), TEMPLATE_HTML, view, &out, &err) &&
	    strcmp(buf_text(&out), want) == 0;
	if (!ok)
		print_error("%s\n wanted <%s>\n got    <%s> %s\n", json_get_text(test, "name"), want,
		    buf_text(&out), err.text);
	buf_free(&out);
	template_set_free(&set);
	return ok;
}

static void
test_suite(void **state)
{
	static const struct {
		const char *file;
		int cases;
	} files[] = {
		{ "comments", 12 }, { "delimiters", 14 }, { "interpolation", 42 }, { "inverted", 22 },
		{ "partials", 12 }, { "sections", 34 }, { "inheritance", 27 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct arena *arena = arena_new();
		const struct json *test, *suite;
		int passed = 0;

		suite = json_read(arena, arena_printf(arena, "%s/tests/data/mustache/%s.json",
		    PREAU_SOURCE, files[i].file));
		for (test = json_get(suite, "tests")->first; test != NULL; test = test->next)
			passed += run_case(arena, test);
		assert_int_equal(passed, files[i].cases);
		arena_free(&arena);
	}
}

/* ---- strict ---- */

static const struct template_name names[] = {
	{ "page/p", "text", VIEW_TEXT, NULL, "" },
	{ "page/p", "html", VIEW_HTML, NULL, "" },
	{ "page/p", "url", VIEW_URL, NULL, "" },
	{ "page/p", "flag", VIEW_FLAG, NULL, "" },
	{ "page/p", "list", VIEW_LIST, "item", "" },
	{ "page/p", "sub", VIEW_SUB, "item", "" },
	{ "page/*", "common", VIEW_TEXT, NULL, "" },
	{ "item", "inner", VIEW_TEXT, NULL, "" },
	{ "item", "deep", VIEW_SUB, "item", "" },
	{ "other", "elsewhere", VIEW_TEXT, NULL, "" },
};

static const char *
translate(void *context, const char *id)
{
	(void)context;
	if (strcmp(id, "Two words") == 0)
		return "Deux mots";
	if (strcmp(id, "markup") == 0)
		return "mark\"up";
	if (strcmp(id, "braces {{text}}") == 0)
		return "accolades {{text";
	return id;
}

static const char *
address(void *context, const char *name)
{
	(void)context;
	return strcmp(name, "style.css") == 0 ? "/static/1/style.css" : NULL;
}

static bool
add_strict(struct template_set **set, const char *source, enum template_kind kind, struct err *err)
{
	static const struct template_words words = { NULL, translate, address };

	*set = template_set_new(true, &words);
	return template_add(*set, "part/part", "part.html", 1, SPAN("[{{inner}}]\n"), err) &&
	    template_add(*set, "part/self", "self.html", 1, SPAN("a\n{{>part/self}}"), err) &&
	    template_add(*set, "page/layout", "layout.html", 1,
	        SPAN("<p>{{$main}}default{{/main}}</p>"), err) &&
	    template_add(*set, "page/p", "p.html", 1, span_of(source), err) &&
	    template_link(*set, err) &&
	    template_check(*set, "page/p", kind, "page/p", names, sizeof(names) / sizeof(names[0]), err);
}

/* What a theme may not do, and the line that is blamed; want NULL: it may. */
static const struct {
	const char *source, *want;
} strict[] = {
	{ "{{text}} {{{html}}} {{common}} <a href=\"{{url}}\">{{.}}</a>", "p.html:1: page/p has no name" },
	{ "{{text}} {{{html}}} {{&html}} {{common}} <a href=\"{{url}}\">x</a>", NULL },
	{ "a\nb\n{{nothing}}", "p.html:3: page/p has no name \"nothing\"" },
	{ "{{elsewhere}}", "p.html:1: page/p has no name \"elsewhere\"" },
	{ "{{inner}}", "p.html:1: page/p has no name \"inner\"" },
	{ "{{#list}}{{inner}}{{text}}{{/list}}", NULL },
	{ "{{#list}}{{deep.deep.inner}}{{/list}}", NULL },
	{ "{{#list}}{{deep.deep.outer}}{{/list}}", "p.html:1: page/p has no name \"deep.deep.outer\"" },
	{ "{{sub.inner}}", NULL },
	{ "{{sub.text}}", "p.html:1: page/p has no name \"sub.text\"" },
	{ "{{text.inner}}", "p.html:1: page/p has no name \"text.inner\"" },
	{ "{{#text}}{{.}}{{/text}}", NULL },
	{ "{{#list}}{{.}}{{/list}}", "p.html:1: page/p has no name \".\"" },
	{ "{{^list}}{{inner}}{{/list}}", "p.html:1: page/p has no name \"inner\"" },
	{ "\n{{{text}}}", "p.html:2: {{text}}: only a value of kind html" },
	{ "{{&url}}", "p.html:1: {{url}}: only a value of kind html" },
	{ "{{html}}", "p.html:1: {{html}}: a value of kind html stands in three braces" },
	{ "{{flag}}", "p.html:1: {{flag}}: this is for sections" },
	{ "{{list}}", "p.html:1: {{list}}: this is for sections" },
	{ "<script src=\"/x\">{{text}}</script>", "p.html:1: {{text}}: no value may stand in a script" },
	{ "<script>1</script>", "p.html:1: a style or script within the page" },
	{ "<script src=\"/x\"></script>{{text}}", NULL },
	{ "<SCRIPT SRC='/x'>a</scrip</SCRIPT >{{text}}", NULL },
	{ "\n<style>b{}</style>", "p.html:2: a style or script within the page" },
	{ "<p onclick=\"x\">", "p.html:1: an on...= attribute" },
	{ "<p\nonClick='x'>", "p.html:2: an on...= attribute" },
	{ "<p style=\"color:{{text}}\">", "p.html:1: {{text}}: no value may stand in this attribute" },
	{ "<p class={{text}}>", "p.html:1: {{text}}: an attribute that holds a value must be quoted" },
	{ "<p class=a{{text}}>", "p.html:1: {{text}}: an attribute that holds a value must be quoted" },
	{ "<p class='{{text}}'>", NULL },
	{ "<p class=\"{{{html}}}\">", "p.html:1: {{html}}: HTML may not stand in an attribute" },
	{ "<p {{text}}>", "p.html:1: {{text}}: no value may stand within a tag" },
	{ "<{{text}}>", "p.html:1: {{text}}: no value may stand within a tag" },
	{ "<<a {{text}}>", "p.html:1: {{text}}: no value may stand within a tag" },
	{ "<p a{{text}}=\"b\">", "p.html:1: {{text}}: no value may stand within a tag" },
	{ "<p =\"{{text}}\">", "p.html:1: {{text}}: no value may stand in this attribute" },
	{ "<!-- {{text}} -->", "p.html:1: {{text}}: no value may stand in a comment" },
	{ "<!-- > -- -->{{text}}", NULL },
	{ "<!doctype {{text}}>", "p.html:1: {{text}}: no value may stand in a comment" },
	{ "<a href=\"{{text}}\">", "p.html:1: {{text}}: only a value of kind url may begin" },
	{ "<a href=\" {{text}}\">", "p.html:1: {{text}}: only a value of kind url may begin" },
	{ "<a href=\"{{url}}{{text}}\">", "p.html:1: {{text}}: only a value of kind url may begin" },
	{ "<a href=\"/x?{{text}}\">", NULL },
	{ "<a href=\"{{#flag}}/x{{/flag}}{{text}}\">", "p.html:1: {{text}}: only a value of kind url" },
	{ "<form action='{{text}}'>", "p.html:1: {{text}}: only a value of kind url may begin" },
	{ "<input{{#flag}} checked{{/flag}}>", NULL },
	{ "<input {{#flag}}checked{{/flag}} name=\"{{text}}\">", NULL },
	{ "<p class=\"a{{#flag}} b{{/flag}}\">", NULL },
	{ "{{#flag}}<b{{/flag}}>", "p.html:1: a section must end where it began" },
	{ "<p {{#flag}}class=\"{{/flag}}{{text}}\">", "p.html:1: a section must end where it began" },
	{ "{{#flag}}<textarea>{{/flag}}{{{html}}}", "p.html:1: a section must end where it began" },
	{ "<textarea>{{text}}</textarea><title>{{text}}</title>", NULL },
	{ "<textarea>{{{html}}}</textarea>", "p.html:1: {{html}}: HTML may not stand in a title" },
	{ "<textarea></textareas><b {{text}}", "p.html:1: {{text}}: no value may stand within a tag" },
	{ "<p class=\"", "p.html:1: a tag is not closed" },
	{ "a\n{{>part/none}}", "p.html:2: there is no part/none" },
	{ "{{>part/part}}", "part.html:1: page/p has no name \"inner\"" },
	{ "{{#sub}}{{>part/part}}{{/sub}}", NULL },
	{ "{{>part/self}}", "self.html:1: pieces stand too deep" },
	{ "{{<page/layout}}{{$main}}{{text}}{{/main}}{{/page/layout}}", NULL },
	{ "{{<page/layout}}{{$mian}}{{text}}{{/mian}}{{/page/layout}}", "p.html:1: page/layout has no block" },
	{ "{{#t}}Two\n words{{/t}}\n{{nothing}}", "p.html:3: page/p has no name \"nothing\"" },
	{ "<p class=\"{{#t}}markup{{/t}}\">", "p.html:1: the translation of \"markup\" has other" },
	{ "{{#t}}braces {{text}}{{/t}}", "p.html:1: the translation of \"braces {{text}}\" has other" },
	{ "\n{{#t}}never closed", "p.html:2: a text to translate is not closed" },
	{ "{{#t}} {{/t}}", "p.html:1: there is nothing to translate" },
	{ "{{#static}}style.css{{/static}}", NULL },
	{ "{{#static}}none.css{{/static}}", "p.html:1: there is no static file none.css" },
	{ "a\n{{#flag}}\n", "p.html:2: {{/flag}} is missing" },
	{ "a\n{{/flag}}\n", "p.html:2: {{/flag}} closes nothing" },
	{ "{{#flag}}\n{{/text}}", "p.html:2: {{/text}} stands where {{/flag}} must" },
	{ "\n\n{{text", "p.html:3: a tag is not closed" },
	{ "{{}}", "p.html:1: a tag is empty" },
	{ "{{a..b}}", "p.html:1: \"a..b\" is not a name" },
	{ "{{=x=}}", "p.html:1: marks are set" },
};

static void
test_strict(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(strict) / sizeof(strict[0]); i++) {
		struct template_set *set;
		struct err err = { 0 };
		bool ok = add_strict(&set, strict[i].source, TEMPLATE_HTML, &err);

		if (strict[i].want == NULL ? !ok : ok || !span_starts(span_of(err.text), strict[i].want))
			fail_msg("%s: wanted %s, got %s", strict[i].source,
			    strict[i].want != NULL ? strict[i].want : "yes", ok ? "yes" : err.text);
		template_set_free(&set);
	}
}

static void
test_plain_text_takes_no_html(void **state)
{
	struct template_set *set;
	struct err err = { 0 };

	(void)state;
	assert_false(add_strict(&set, "{{{html}}}", TEMPLATE_TEXT, &err));
	assert_string_equal(err.text, "p.html:1: {{html}}: HTML may not stand in a plain text");
	template_set_free(&set);
}

/* ---- what comes out ---- */

static struct view *
hostile_view(struct arena *arena)
{
	struct view *view = view_new(arena);

	view_text(view, "text", "<b>\"'&\r\nX: y");
	view_html(view, "html", (struct html){ SPAN("<i>&amp;</i>") });
	view_url(view, "url", "https://a.example/?a=1&b=2");
	view_text(view_sub(view, "sub"), "inner", "in");
	return view;
}

static const struct {
	enum template_kind kind;
	const char *source, *want;
} outputs[] = {
	{ TEMPLATE_HTML, "{{text}}", "&lt;b&gt;&quot;&#39;&amp;\nX: y" },
	{ TEMPLATE_HTML, "{{{html}}}", "<i>&amp;</i>" },
	{ TEMPLATE_HTML, "<a href=\"{{url}}\">", "<a href=\"https://a.example/?a=1&amp;b=2\">" },
	{ TEMPLATE_TEXT, "{{text}}", "<b>\"'&\r\nX: y" },
	{ TEMPLATE_LINE, "{{text}}", "<b>\"'&  X: y" },
	{ TEMPLATE_HTML, "{{#t}}Two\n\twords{{/t}}", "Deux mots" },
	{ TEMPLATE_HTML, "{{#static}}style.css{{/static}}", "/static/1/style.css" },
	{ TEMPLATE_HTML, "  {{<page/layout}}{{$main}}x{{/main}}{{/page/layout}}\n", "<p>x</p>" },
	{ TEMPLATE_TEXT, "  {{#sub}}\n  {{>part/part}}\n{{/sub}}", "  [in]\n" },
	/* what the page did not set is empty, not what surrounds it */
	{ TEMPLATE_HTML, "{{#sub}}{{#deep}}x{{/deep}}{{inner}}{{/sub}}", "in" },
	{ TEMPLATE_HTML, "{{#list}}never{{/list}}{{^list}}none{{/list}}", "none" },
};

static void
test_outputs(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++) {
		struct template_set *set;
		struct buf out = { 0 };
		struct err err = { 0 };

		if (!add_strict(&set, outputs[i].source, outputs[i].kind, &err) ||
		    !template_render(template_find(set, "page/p"), outputs[i].kind,
		        hostile_view(arena), &out, &err))
			fail_msg("%s: %s", outputs[i].source, err.text);
		assert_string_equal(buf_text(&out), outputs[i].want);
		buf_free(&out);
		template_set_free(&set);
	}
	arena_free(&arena);
}

/* A page that gives text where HTML was promised is a bug; it must not become a hole. */
static void
test_raw_is_typed(void **state)
{
	struct arena *arena = arena_new();
	struct view *view = view_new(arena);
	struct template_set *set;
	struct buf out = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_true(add_strict(&set, "\n{{{html}}}", TEMPLATE_HTML, &err));
	view_text(view, "html", "<script>");
	assert_false(template_render(template_find(set, "page/p"), TEMPLATE_HTML, view, &out, &err));
	assert_string_equal(err.text, "p.html:2: {{{html}}} is not HTML");
	buf_free(&out);
	template_set_free(&set);
	arena_free(&arena);
}

/* ---- limits ---- */

static void
nest(struct view *view, int depth, int width)
{
	struct view_list *list = view_list(view, "list");

	for (int i = 0; depth > 0 && i < width; i++)
		nest(view_list_add(list), depth - 1, width);
	view_text(view, "text", "0123456789012345678901234567890123456789012345678901234567890123456789");
}

static void
test_limits(void **state)
{
	static const struct {
		const char *source, *want;
		int depth, width;
	} cases[] = {
		{ "{{#list}}{{>main}}{{/list}}", "deep", 40, 1 },
		{ "{{#list}}{{>main}}{{/list}}{{text}}{{text}}{{text}}{{text}}{{text}}{{text}}{{text}}"
		  "{{text}}{{text}}{{text}}", "too long", 5, 10 },
		{ "{{<main}}{{/main}}", "deep", 0, 0 },
		{ "{{$a}}{{>main}}{{/a}}", "deep", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *arena = arena_new();
		struct template_set *set = template_set_new(false, NULL);
		struct view *view = view_new(arena);
		struct buf out = { 0 };
		struct err err = { 0 };

		nest(view, cases[i].depth, cases[i].width);
		assert_true(template_add(set, "main", "main", 1, span_of(cases[i].source), &err));
		assert_true(template_link(set, &err));
		assert_false(template_render(template_find(set, "main"), TEMPLATE_HTML, view, &out, &err));
		assert_int_equal(err.kind, ERR_INVALID);
		assert_non_null(strstr(err.text, cases[i].want));
		assert_true(out.len < 2 * TEMPLATE_OUTPUT_MAX);
		buf_free(&out);
		template_set_free(&set);
		arena_free(&arena);
	}
}

static void
test_source_limits(void **state)
{
	struct template_set *set = template_set_new(true, NULL);
	struct buf deep = { 0 }, many = { 0 };
	struct err err;

	(void)state;
	for (int i = 0; i <= TEMPLATE_DEPTH_MAX; i++)
		buf_add_text(&deep, "{{#a}}\n");
	assert_false(template_add(set, "deep", "deep", 1, buf_span(&deep), &err));
	assert_string_equal(err.text, "deep:33: sections stand too deep within each other");
	while (many.len <= TEMPLATE_SOURCE_MAX)
		buf_add_text(&many, "x");
	assert_false(template_add(set, "long", "long", 1, buf_span(&many), &err));
	buf_clear(&many);
	for (int i = 0; i < 25000; i++)
		buf_add_text(&many, "{{a}}");
	assert_false(template_add(set, "many", "many", 1, buf_span(&many), &err));
	assert_true(template_add(set, "twice", "twice", 1, SPAN(""), &err));
	assert_false(template_add(set, "twice", "twice", 1, SPAN(""), &err));
	buf_free(&deep);
	buf_free(&many);
	template_set_free(&set);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_suite),
		cmocka_unit_test(test_strict),
		cmocka_unit_test(test_plain_text_takes_no_html),
		cmocka_unit_test(test_outputs),
		cmocka_unit_test(test_raw_is_typed),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_source_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
