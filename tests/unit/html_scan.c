/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "html_scan.h"

#include <stdio.h>
#include <string.h>

enum { DEEPEST = 64 };

struct scan {
	const char *at;
	const char *end;
	const char *open[DEEPEST];
	unsigned depth;
};

static const char *const allowed[] = { "p", "br", "blockquote", "pre", "code", "em", "strong",
	"del", "ul", "ol", "li", "a", "h3", "h4", "h5", "h6", "hr", "details", "summary", NULL };

static bool
take(struct scan *s, const char *text)
{
	size_t len = strlen(text);

	if ((size_t)(s->end - s->at) < len || memcmp(s->at, text, len) != 0)
		return false;
	s->at += len;
	return true;
}

static const char *
take_name(struct scan *s)
{
	const char *start = s->at;

	while (s->at < s->end &&
	       ((*s->at >= 'a' && *s->at <= 'z') || (*s->at >= '0' && *s->at <= '9')))
		s->at++;
	for (unsigned i = 0; allowed[i] != NULL; i++)
		if (strlen(allowed[i]) == (size_t)(s->at - start) &&
		    memcmp(allowed[i], start, (size_t)(s->at - start)) == 0)
			return allowed[i];
	return NULL;
}

/* One address, up to the quote that ends it. */
static const char *
check_url(struct scan *s)
{
	if (!take(s, "http://") && !take(s, "https://") && !take(s, "mailto:")) {
		bool other = false; /* capitals in the scheme */

		for (unsigned i = 0; i < 8 && s->at + i < s->end; i++)
			other = other || (s->at[i] >= 'A' && s->at[i] <= 'Z');
		if (!other)
			return "a link to somewhere else";
	}
	for (; s->at < s->end && *s->at != '"'; s->at++) {
		if (*s->at <= 0x20 || strchr("<>'`\\{}|^", *s->at) != NULL)
			return "a bad octet in an address";
		if (*s->at == '&' && memcmp(s->at, "&amp;", 5) != 0)
			return "a bare & in an address";
	}
	return NULL;
}

static const char *
check_attributes(struct scan *s, const char *tag)
{
	const char *wrong;

	if (strcmp(tag, "a") == 0) {
		if (!take(s, " href=\""))
			return "a link without href";
		wrong = check_url(s);
		if (wrong != NULL)
			return wrong;
		return take(s, "\" rel=\"nofollow ugc noopener\"") ? NULL : "a link without rel";
	}
	if (strcmp(tag, "details") == 0)
		return take(s, " class=\"quote\"") || take(s, " class=\"signature\"") ||
			       take(s, " class=\"footer\"")
			   ? NULL
			   : "details of another class";
	if (strcmp(tag, "ol") == 0 && take(s, " start=\"")) {
		while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
			s->at++;
		return take(s, "\"") ? NULL : "a start that is no number";
	}
	return NULL;
}

static const char *
check_tag(struct scan *s)
{
	bool closes = take(s, "/");
	const char *tag = take_name(s), *wrong;

	if (tag == NULL)
		return "a tag that is not ours";
	if (closes) {
		if (s->depth == 0 || s->open[s->depth - 1] != tag)
			return "closed out of order";
		s->depth--;
		return take(s, ">") ? NULL : "a closing tag with more in it";
	}
	wrong = check_attributes(s, tag);
	if (wrong != NULL)
		return wrong;
	if (!take(s, ">"))
		return "an attribute that is not ours";
	if (strcmp(tag, "br") == 0 || strcmp(tag, "hr") == 0)
		return NULL;
	if (s->depth == DEEPEST)
		return "too deep";
	if (strcmp(tag, "a") == 0)
		for (unsigned i = 0; i < s->depth; i++)
			if (strcmp(s->open[i], "a") == 0)
				return "a link in a link";
	s->open[s->depth++] = tag;
	return NULL;
}

static const char *
check_entity(struct scan *s)
{
	static const char *const entities[] = { "&amp;", "&lt;", "&gt;", "&quot;", NULL };

	for (unsigned i = 0; entities[i] != NULL; i++)
		if (take(s, entities[i]))
			return NULL;
	return "a bare &";
}

const char *
html_scan(struct span html)
{
	struct scan s = { html.data, html.data + html.len, { NULL }, 0 };
	const char *wrong = NULL;

	while (s.at < s.end && wrong == NULL) {
		unsigned char c = (unsigned char)*s.at;

		if (c == '<') {
			s.at++;
			wrong = check_tag(&s);
		} else if (c == '&') {
			wrong = check_entity(&s);
		} else if (c == '>' || c == '"') {
			wrong = "a bare > or quote";
		} else if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f) {
			wrong = "a control character";
		} else {
			s.at++;
		}
	}
	if (wrong == NULL && s.depth > 0)
		wrong = "not closed";
	return wrong;
}

void
html_scan_text(struct span html, struct buf *out)
{
	static const char *const entities[][2] = { { "&amp;", "&" }, { "&lt;", "<" },
		{ "&gt;", ">" }, { "&quot;", "\"" }, { NULL, NULL } };
	struct scan s = { html.data, html.data + html.len, { NULL }, 0 };

	while (s.at < s.end) {
		unsigned i = 0;

		if (*s.at == '<') {
			while (s.at < s.end && *s.at != '>')
				s.at++;
			s.at++;
			continue;
		}
		while (entities[i][0] != NULL && !take(&s, entities[i][0]))
			i++;
		if (entities[i][0] != NULL)
			buf_add_text(out, entities[i][1]);
		else
			buf_add_char(out, *s.at++);
	}
}

bool
html_scan_shows(struct span html, const char *what)
{
	struct buf text = { 0 };
	bool shows;

	html_scan_text(html, &text);
	shows = span_find_text(buf_span(&text), what) < text.len || *what == '\0';
	buf_free(&text);
	return shows;
}
