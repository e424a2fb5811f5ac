/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "text/html_write.h"

#include "base/alloc.h"

/* What is kept free of HTML_MAX so that everything open can be closed. */
enum { HTML_RESERVE = HTML_DEPTH * 16, TEXT_STEP = 1024 };

/* clang-format off */
static const struct {
	const char *name;
	bool block; /* a line of its own in the source, for those who read it */
} tags[HTML_TAGS] = {
	[TAG_P]          = { "p",          true },
	[TAG_BLOCKQUOTE] = { "blockquote", true },
	[TAG_PRE]        = { "pre",        true },
	[TAG_CODE]       = { "code",       false },
	[TAG_EM]         = { "em",         false },
	[TAG_STRONG]     = { "strong",     false },
	[TAG_DEL]        = { "del",        false },
	[TAG_UL]         = { "ul",         true },
	[TAG_OL]         = { "ol",         true },
	[TAG_LI]         = { "li",         true },
	[TAG_H3]         = { "h3",         true },
	[TAG_H4]         = { "h4",         true },
	[TAG_H5]         = { "h5",         true },
	[TAG_H6]         = { "h6",         true },
	[TAG_A]          = { "a",          false },
	[TAG_DETAILS]    = { "details",    true },
	[TAG_BR]         = { "br",         true },
	[TAG_HR]         = { "hr",         true },
};

static const char *const folds[] = {
	[FOLD_QUOTE]     = "quote",
	[FOLD_SIGNATURE] = "signature",
	[FOLD_FOOTER]    = "footer",
};
/* clang-format on */

struct html_write {
	struct arena *arena;
	struct buf out;
	size_t depth;
	struct {
		enum html_tag tag;
		bool written; /* not, where the cap was reached before */
	} open[HTML_DEPTH];
	bool cut;
	bool at_pre; /* a line end here would be swallowed by the browser */
};

struct html_write *
html_write_new(struct arena *arena)
{
	struct html_write *w = arena_alloc(arena, sizeof(*w));

	w->arena = arena;
	buf_init(&w->out, HTML_MAX);
	return w;
}

static bool
has_room(struct html_write *w, size_t need)
{
	if (!w->cut && w->out.len + need + HTML_RESERVE > HTML_MAX)
		w->cut = true;
	return !w->cut;
}

/* Remembers an element; answers whether its tag may be written. */
static bool
push(struct html_write *w, enum html_tag tag, size_t need)
{
	bool room = has_room(w, need);

	if (w->depth == HTML_DEPTH)
		die("html_write: more than %d elements deep", HTML_DEPTH);
	w->open[w->depth].tag = tag;
	w->open[w->depth].written = room;
	w->depth++;
	w->at_pre = tag == TAG_PRE;
	return room;
}

static void
add_tag(struct html_write *w, const char *before, enum html_tag tag, const char *after)
{
	buf_add_text(&w->out, before);
	buf_add_text(&w->out, tags[tag].name);
	buf_add_text(&w->out, after);
}

void
html_write_open(struct html_write *w, enum html_tag tag)
{
	if (push(w, tag, 32))
		add_tag(w, "<", tag, ">");
}

void
html_write_list(struct html_write *w, int64_t start)
{
	if (start == 1)
		html_write_open(w, TAG_OL);
	else if (push(w, TAG_OL, 64))
		buf_printf(&w->out, "<ol start=\"%lld\">", (long long)start);
}

void
html_write_link(struct html_write *w, struct span url)
{
	if (!escape_url_ok(url))
		die("html_write: a link that may not be followed");
	if (!push(w, TAG_A, url.len * 5 + 64)) /* %XX and &amp; at worst */
		return;
	buf_add_text(&w->out, "<a href=\"");
	escape_url(&w->out, url);
	buf_add_text(&w->out, "\" rel=\"nofollow ugc noopener\">");
}

void
html_write_fold(struct html_write *w, enum html_fold fold, struct span summary)
{
	if (!push(w, TAG_DETAILS, summary.len * 6 + 128))
		return;
	buf_printf(&w->out, "<details class=\"%s\">\n<summary>", folds[fold]);
	escape_text(&w->out, summary);
	buf_add_text(&w->out, "</summary>\n");
}

void
html_write_void(struct html_write *w, enum html_tag tag)
{
	if (has_room(w, 16))
		add_tag(w, "<", tag, ">\n");
	w->at_pre = false;
}

/* A piece that ends between code points. */
static struct span
next_piece(struct span text)
{
	size_t len = TEXT_STEP;

	if (text.len <= len)
		return text;
	while (len > TEXT_STEP - 4 && ((unsigned char)text.data[len] & 0xc0) == 0x80)
		len--;
	return span_first(text, len);
}

void
html_write_text(struct html_write *w, struct span text)
{
	if (w->at_pre && text.len > 0 && (text.data[0] == '\n' || text.data[0] == '\r') &&
	    has_room(w, 1))
		buf_add_char(&w->out, '\n');
	w->at_pre = w->at_pre && text.len == 0;
	while (text.len > 0) {
		struct span piece = next_piece(text);

		if (!has_room(w, piece.len * 6))
			return;
		escape_text(&w->out, piece);
		text = span_from(text, piece.len);
	}
}

void
html_write_close(struct html_write *w)
{
	enum html_tag tag;

	if (w->depth == 0)
		return;
	w->depth--;
	w->at_pre = false;
	if (!w->open[w->depth].written)
		return;
	tag = w->open[w->depth].tag;
	add_tag(w, "</", tag, tags[tag].block ? ">\n" : ">");
}

struct html
html_write_end(struct html_write *w, bool *cut)
{
	struct html html;

	while (w->depth > 0)
		html_write_close(w);
	html.octets = arena_span(w->arena, buf_span(&w->out));
	*cut = w->cut;
	buf_free(&w->out);
	return html;
}
