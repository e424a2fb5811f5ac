/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "text/rich.h"

#include "base/utf8.h"
#include "text/link.h"
#include "text/text_write.h"

struct rich {
	struct arena *arena;
	struct html_write *html;
	struct text_write *text;
	struct text_write *own;
	struct {
		enum html_tag tag;
		bool implicit; /* nobody said it, nobody will close it */
		bool own;      /* said to `own` too */
	} stack[HTML_DEPTH];
	size_t depth;
	unsigned skipped[HTML_TAGS]; /* opens that wrote nothing and whose close is to come */
	unsigned folds;
	unsigned mask;
	unsigned aside;
	enum html_tag want; /* a paragraph or heading that begins with the next text */
	bool run_empty;	    /* nothing was said yet in the heading or paragraph that is open */
	bool running;	    /* text or an inline element stands right before */
	struct buf pending; /* masked text waits here, for an address may come in pieces */
	struct buf scratch;
};

struct rich *
rich_new(struct arena *arena)
{
	struct rich *rich = arena_alloc(arena, sizeof(*rich));

	rich->arena = arena;
	rich->html = html_write_new(arena);
	rich->text = text_write_new(arena);
	rich->own = text_write_new(arena);
	rich->want = HTML_TAGS;
	return rich;
}

static bool
is_inline(enum html_tag tag)
{
	return tag == TAG_A || tag == TAG_EM || tag == TAG_STRONG || tag == TAG_DEL ||
	       tag == TAG_CODE;
}

static bool
is_heading(enum html_tag tag)
{
	return tag >= TAG_H3 && tag <= TAG_H6;
}

/* Holds running text only: a block cannot stand in it. */
static bool
is_phrasing(enum html_tag tag)
{
	return tag == TAG_P || tag == TAG_PRE || is_heading(tag);
}

static bool
is_list(enum html_tag tag)
{
	return tag == TAG_UL || tag == TAG_OL;
}

/* The innermost element, HTML_TAGS at the root. */
static enum html_tag
top(const struct rich *rich)
{
	return rich->depth > 0 ? rich->stack[rich->depth - 1].tag : HTML_TAGS;
}

static bool
in_phrasing(const struct rich *rich)
{
	return rich->depth > 0 && (is_inline(top(rich)) || is_phrasing(top(rich)));
}

/* Is that tag among the running text's elements that are open? */
static bool
in_run(const struct rich *rich, enum html_tag tag)
{
	for (size_t i = rich->depth; i > 0; i--) {
		if (rich->stack[i - 1].tag == tag)
			return true;
		if (!is_inline(rich->stack[i - 1].tag))
			return false;
	}
	return false;
}

static void
pop(struct rich *rich)
{
	rich->running = rich->running && is_inline(top(rich));
	rich->depth--;
	html_write_close(rich->html);
	text_write_close(rich->text);
	if (rich->stack[rich->depth].own)
		text_write_close(rich->own);
}

/* Room for one more, and its place taken; what writes it is the caller's. */
static bool
push(struct rich *rich, enum html_tag tag, bool implicit)
{
	if (rich->depth == HTML_DEPTH)
		return false;
	rich->running = rich->running && is_inline(tag);
	rich->stack[rich->depth].tag = tag;
	rich->stack[rich->depth].implicit = implicit;
	rich->stack[rich->depth].own = rich->aside == 0;
	rich->depth++;
	return true;
}

static void
push_plain(struct rich *rich, enum html_tag tag, bool implicit)
{
	if (!push(rich, tag, implicit)) {
		rich->skipped[tag] += !implicit;
		return;
	}
	if (is_phrasing(tag))
		rich->run_empty = true;
	html_write_open(rich->html, tag);
	text_write_open(rich->text, tag);
	if (rich->aside == 0)
		text_write_open(rich->own, tag);
}

/* Ends the paragraph, heading or run of text that is open, before a block. */
static void
end_phrasing(struct rich *rich)
{
	while (in_phrasing(rich))
		pop(rich);
	if (is_list(top(rich)) && rich->stack[rich->depth - 1].implicit)
		pop(rich);
}

/* Sees to it that running text may stand here. */
static void
begin_phrasing(struct rich *rich)
{
	if (in_phrasing(rich))
		return;
	if (is_list(top(rich)) && rich->stack[rich->depth - 1].implicit)
		pop(rich);
	else if (is_list(top(rich)))
		push_plain(rich, TAG_LI, true);
	if (is_heading(rich->want))
		push_plain(rich, rich->want, false);
	else if (rich->want == TAG_P || top(rich) != TAG_LI)
		push_plain(rich, TAG_P, true);
	rich->want = HTML_TAGS;
}

static void
write_text(struct rich *rich, struct span text)
{
	/* An item may hold running text without a paragraph: a blank within it counts. */
	bool within = in_phrasing(rich) || (rich->running && rich->want == HTML_TAGS);

	if (!within && span_trim(text).len == 0)
		return;
	begin_phrasing(rich);
	rich->run_empty = false;
	rich->running = true;
	html_write_text(rich->html, text);
	text_write_text(rich->text, text);
	if (rich->aside == 0)
		text_write_text(rich->own, text);
}

static void
flush(struct rich *rich)
{
	if (rich->pending.len == 0)
		return;
	buf_clear(&rich->scratch);
	escape_mask(&rich->scratch, buf_span(&rich->pending));
	buf_clear(&rich->pending);
	write_text(rich, buf_span(&rich->scratch));
}

static void
open_paragraph(struct rich *rich)
{
	/* Within a heading or preformatted text a paragraph is a new line. */
	for (size_t i = rich->depth; i > 0 && in_phrasing(rich); i--) {
		enum html_tag tag = rich->stack[i - 1].tag;

		if (is_phrasing(tag) && tag != TAG_P) {
			if (!rich->run_empty)
				rich_break(rich);
			rich->run_empty = true;
			return;
		}
		if (tag == TAG_P)
			break;
	}
	end_phrasing(rich);
	if (!is_heading(rich->want))
		rich->want = TAG_P;
}

static void
open_item(struct rich *rich)
{
	size_t i;

	while (in_phrasing(rich))
		pop(rich);
	for (i = rich->depth; i > 0 && rich->stack[i - 1].tag == TAG_LI; i--)
		;
	if (i < rich->depth) { /* an item in an item ends it */
		rich->skipped[TAG_LI] += !rich->stack[i].implicit;
		while (rich->depth > i)
			pop(rich);
	}
	if (!is_list(top(rich)))
		push_plain(rich, TAG_UL, true);
	rich->want = HTML_TAGS;
	push_plain(rich, TAG_LI, false);
}

void
rich_open(struct rich *rich, enum html_tag tag)
{
	if (is_inline(tag) && rich->mask > 0) {
		rich->skipped[tag]++;
		return;
	}
	flush(rich);
	if (tag == TAG_P) {
		open_paragraph(rich);
	} else if (tag == TAG_LI) {
		open_item(rich);
	} else if (is_inline(tag)) {
		begin_phrasing(rich);
		push_plain(rich, tag, false);
	} else if (is_heading(tag)) {
		end_phrasing(rich);
		rich->want = tag;
	} else {
		end_phrasing(rich);
		rich->want = HTML_TAGS;
		push_plain(rich, tag, false);
	}
}

void
rich_open_list(struct rich *rich, int64_t start)
{
	flush(rich);
	end_phrasing(rich);
	rich->want = HTML_TAGS;
	if (!push(rich, TAG_OL, false)) {
		rich->skipped[TAG_OL]++;
		return;
	}
	html_write_list(rich->html, start);
	text_write_list(rich->text, start);
	if (rich->aside == 0)
		text_write_list(rich->own, start);
}

bool
rich_open_link(struct rich *rich, struct span url)
{
	if (!escape_url_ok(url) || in_run(rich, TAG_A))
		return false;
	if (rich->mask > 0) { /* an address that would be masked is not linked either */
		buf_clear(&rich->scratch);
		escape_mask(&rich->scratch, url);
		if (!span_equal(buf_span(&rich->scratch), url))
			return false;
	}
	flush(rich);
	begin_phrasing(rich);
	if (!push(rich, TAG_A, false))
		return false;
	html_write_link(rich->html, url);
	text_write_link(rich->text, url);
	if (rich->aside == 0)
		text_write_link(rich->own, url);
	return true;
}

void
rich_open_fold(struct rich *rich, enum html_fold fold, struct span summary)
{
	struct buf masked = { 0 };
	struct span shown;

	flush(rich);
	end_phrasing(rich);
	rich->want = HTML_TAGS;
	rich->folds++;
	rich->mask++;
	rich->aside++;
	escape_mask(&masked, span_trim(summary));
	shown = buf_span(&masked);
	if (push(rich, TAG_DETAILS, false)) {
		html_write_fold(rich->html, fold, shown.len > 0 ? shown : SPAN("···"));
		text_write_open(rich->text, TAG_DETAILS);
	} else {
		rich->skipped[TAG_DETAILS]++;
	}
	text_write_text(rich->text, shown);
	buf_free(&masked);
}

/* Pops to the innermost such element; nothing where there is none. */
static void
close_to(struct rich *rich, enum html_tag tag)
{
	size_t i = rich->depth;

	if (rich->skipped[tag] > 0) {
		rich->skipped[tag]--;
		return;
	}
	while (i > 0 && rich->stack[i - 1].tag != tag) {
		if (is_inline(tag) && !is_inline(rich->stack[i - 1].tag))
			return;
		i--;
	}
	while (i > 0 && rich->depth >= i)
		pop(rich);
}

void
rich_close(struct rich *rich, enum html_tag tag)
{
	if (is_inline(tag) && rich->skipped[tag] > 0) {
		rich->skipped[tag]--;
		return;
	}
	flush(rich);
	if (is_heading(tag) && rich->want == tag) {
		rich->want = HTML_TAGS; /* nothing was said in it */
		return;
	}
	if (tag == TAG_P) {
		for (size_t i = rich->depth; i > 0 && in_phrasing(rich); i--)
			if (rich->stack[i - 1].tag == TAG_P)
				end_phrasing(rich);
	} else {
		close_to(rich, tag);
	}
	if (tag != TAG_P || rich->want == TAG_P)
		rich->want = HTML_TAGS;
	if (tag == TAG_DETAILS && rich->folds > 0) {
		rich->folds--;
		rich->mask--;
		rich->aside--;
	}
}

void
rich_text(struct rich *rich, struct span text)
{
	if (text.len == 0)
		return;
	if (rich->mask > 0)
		buf_add_span(&rich->pending, text);
	else
		write_text(rich, text);
}

static void
write_link(struct rich *rich, struct span label, enum link_kind kind)
{
	struct buf url = { 0 };

	if (kind == LINK_WWW)
		buf_add_text(&url, "https://");
	else if (kind == LINK_MAIL)
		buf_add_text(&url, "mailto:");
	buf_add_span(&url, label);
	if (rich_open_link(rich, buf_span(&url))) {
		rich_text(rich, label);
		rich_close(rich, TAG_A);
	} else {
		rich_text(rich, label);
	}
	buf_free(&url);
}

void
rich_text_linked(struct rich *rich, struct span text)
{
	struct span before, label;
	enum link_kind kind;

	while (!in_run(rich, TAG_A) && link_next(&text, &before, &label, &kind)) {
		rich_text(rich, before);
		write_link(rich, label, kind);
	}
	rich_text(rich, text);
}

void
rich_break(struct rich *rich)
{
	flush(rich);
	if (!in_phrasing(rich) && top(rich) != TAG_LI)
		return;
	for (size_t i = rich->depth; i > 0 && in_phrasing(rich); i--)
		if (rich->stack[i - 1].tag == TAG_PRE) {
			write_text(rich, SPAN("\n"));
			return;
		}
	html_write_void(rich->html, TAG_BR);
	text_write_break(rich->text);
	if (rich->aside == 0)
		text_write_break(rich->own);
}

void
rich_rule(struct rich *rich)
{
	flush(rich);
	end_phrasing(rich);
	rich->want = HTML_TAGS;
	rich->running = false;
	html_write_void(rich->html, TAG_HR);
	text_write_rule(rich->text);
	if (rich->aside == 0)
		text_write_rule(rich->own);
}

void
rich_mask(struct rich *rich, bool on)
{
	flush(rich);
	if (on)
		rich->mask++;
	else if (rich->mask > 0)
		rich->mask--;
}

void
rich_end(struct rich *rich, struct rendered *out)
{
	bool cut_html, cut_text, cut_own;

	flush(rich);
	while (rich->depth > 0)
		pop(rich);
	out->html = html_write_end(rich->html, &cut_html);
	out->text = text_write_end(rich->text, &cut_text);
	out->own = text_write_end(rich->own, &cut_own);
	out->cut = cut_html || cut_text || rich->pending.full;
	out->plain = false;
	if (out->own.len == 0)
		out->own = out->text;
	buf_free(&rich->pending);
	buf_free(&rich->scratch);
}

void
rich_plain(struct arena *arena, struct span source, struct rendered *out)
{
	struct span rest = utf8_clean(arena, source), line;
	struct rich *rich = rich_new(arena);
	bool open = false;

	while (span_next_line(&rest, &line)) {
		if (span_trim(line).len == 0) {
			rich_close(rich, TAG_P);
			open = false;
			continue;
		}
		if (open)
			rich_break(rich);
		else
			rich_open(rich, TAG_P);
		open = true;
		rich_text_linked(rich, line);
	}
	rich_end(rich, out);
	out->own = out->text;
	out->plain = true;
}
