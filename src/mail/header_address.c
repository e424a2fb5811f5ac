/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* RFC 5322 §3.4 and §3.6.4 as they are met. One pass, no recursion: each reader
 * moves a cursor that never goes back. */
#include "mail/header.h"

#include <string.h>

#include "base/utf8.h"
#include "mail/parsed.h"
#include "mail/thread_id.h"

struct cursor {
	struct span in;
	size_t at;
	bool no_quote;   /* no closing quote is left: quotes are ordinary */
	bool no_comment; /* one within <> had no end: none is looked for again */
};

static char
cursor_octet(const struct cursor *c)
{
	return c->in.data[c->at];
}

static bool
cursor_more(const struct cursor *c)
{
	return c->at < c->in.len;
}

/* A quoted string at the cursor; quotes and backslashes go. False: no end to it. */
static bool
read_quoted(struct cursor *c, struct buf *out)
{
	size_t i = c->at + 1, before = out->len;

	for (; i < c->in.len && c->in.data[i] != '"'; i++) {
		if (c->in.data[i] == '\\' && i + 1 < c->in.len)
			i++;
		buf_add_char(out, c->in.data[i]);
	}
	if (i < c->in.len) {
		c->at = i + 1;
		return true;
	}
	c->no_quote = true;
	out->len = before;
	return false;
}

/* A comment at the cursor, however deep; its text without the outer brackets. */
static void
read_comment(struct cursor *c, struct buf *out)
{
	size_t depth = 0;

	buf_clear(out);
	for (; cursor_more(c); c->at++) {
		char o = cursor_octet(c);
		if (o == '(' && depth++ == 0)
			continue;
		if (o == ')' && --depth == 0) {
			c->at++;
			return;
		}
		if (o == '\\' && c->at + 1 < c->in.len)
			o = c->in.data[++c->at];
		buf_add_char(out, o);
	}
}

/* To the end of a comment that has one; else nothing moves. */
static bool
skip_comment(struct cursor *c)
{
	size_t depth = 0;

	for (size_t i = c->at; i < c->in.len && !c->no_comment; i++) {
		char o = c->in.data[i];
		if (o == '(')
			depth++;
		else if (o == '\\')
			i++;
		else if (o == ')' && --depth == 0) {
			c->at = i;
			return true;
		}
	}
	c->no_comment = true;
	return false;
}

/* <a@b>, <a(comment)@b>, <@route:a@b>, <<a@b>>, and one that never closes. */
static void
read_angle(struct cursor *c, struct buf *out)
{
	bool is_quoted = false;

	buf_clear(out);
	for (c->at++; cursor_more(c); c->at++) {
		char o = cursor_octet(c);
		if (o == '(' && !is_quoted && skip_comment(c))
			continue;
		if (o == '"')
			is_quoted = !is_quoted;
		if (o == '>' && !is_quoted)
			break;
		if (o == '<' && !is_quoted)
			buf_clear(out);
		else if (o == ':' && !is_quoted)
			buf_clear(out);
		else if (!ascii_is_space(o) || is_quoted)
			buf_add_char(out, o);
	}
	while (cursor_more(c) && cursor_octet(c) == '>')
		c->at++;
}

/* An encoded word is one atom whatever it holds. */
static bool
read_encoded(struct cursor *c, struct buf *out)
{
	struct span rest = span_first(span_from(c->in, c->at), 400);

	if (!span_starts(rest, "=?"))
		return false;
	size_t mark = 2 + span_find(span_from(rest, 2), '?');
	if (mark + 3 >= rest.len || rest.data[mark + 2] != '?')
		return false;
	size_t end = span_find_text(span_from(rest, mark + 3), "?=");
	if (mark + 3 + end + 2 > rest.len ||
	    span_find(span_first(rest, mark + 3 + end), ' ') < mark + 3 + end)
		return false;
	size_t len = mark + 3 + end + 2;
	buf_add(out, rest.data, len);
	c->at += len;
	return true;
}

bool
header_is_address(struct span address)
{
	size_t ats = 0, at = 0;
	bool is_quoted = false;

	if (address.len > PARSED_ADDRESS_MAX || !utf8_is_valid(address))
		return false;
	for (size_t i = 0; i < address.len; i++) {
		unsigned char o = (unsigned char)address.data[i];
		if (o <= ' ' || o == 127 || o == '<' || o == '>')
			return false;
		if (o == '"')
			is_quoted = !is_quoted;
		if (!is_quoted && strchr("(),:;\\", o) != NULL && !(ats == 1 && o == ':'))
			return false;
		if (o == '@' && !is_quoted) {
			ats++;
			at = i;
		}
	}
	return ats == 1 && at > 0 && at + 1 < address.len && !is_quoted;
}

/* Domain in lower case, quotes around a local part that needs none removed. */
static struct span
clean_address(struct arena *arena, struct span in)
{
	char *out = arena_strndup(arena, in.data, in.len);
	bool in_domain = false;

	for (size_t i = 0; i < in.len; i++) {
		if (in_domain)
			out[i] = ascii_lower(out[i]);
		else if (out[i] == '@')
			in_domain = true;
	}
	return span_make(out, in.len);
}

static void
mailbox_add(
    struct arena *arena, struct header_mailboxes *list, struct span name, struct span address)
{
	address = span_trim(address);
	if (!header_is_address(address))
		return;
	list->total++;
	if (list->count == HEADER_MAILBOXES_MAX)
		return;
	if (list->items == NULL)
		list->items = arena_array(arena, HEADER_MAILBOXES_MAX, sizeof(*list->items));
	list->items[list->count++] =
	    (struct header_mailbox){ header_text(arena, name, PARSED_LINE_MAX),
		    clean_address(arena, address) };
}

/* Where words and an address were written without brackets: the word with the @. */
static void
split_bare(struct span text, struct span *name, struct span *address)
{
	size_t at = span_find(text, '@'), begin = at, end = at;

	while (begin > 0 && !ascii_is_space(text.data[begin - 1]))
		begin--;
	while (end < text.len && !ascii_is_space(text.data[end]))
		end++;
	*name = span_first(text, begin);
	*address = span_first(span_from(text, begin), end - begin);
}

/* What was gathered of one mailbox. */
struct pending {
	struct buf phrase;  /* words outside brackets, raw */
	struct buf angle;   /* what stood in <> */
	struct buf comment; /* the last comment */
	bool has_angle;
};

static void
pending_clear(struct pending *p)
{
	buf_clear(&p->phrase);
	buf_clear(&p->angle);
	buf_clear(&p->comment);
	p->has_angle = false;
}

static bool
pending_has_at(const struct pending *p)
{
	struct span phrase = buf_span(&p->phrase);

	return span_find(phrase, '@') < phrase.len;
}

static void
pending_end(struct arena *arena, struct pending *p, struct header_mailboxes *list)
{
	struct span phrase = span_trim(buf_span(&p->phrase)), name = phrase, address;

	if (p->has_angle) {
		address = buf_span(&p->angle);
	} else if (pending_has_at(p)) {
		split_bare(phrase, &name, &address);
	} else {
		return;
	}
	if (span_trim(name).len == 0)
		name = buf_span(&p->comment);
	mailbox_add(arena, list, name, address);
	pending_clear(p);
}

/* Blanks around the @ and the dots of an address are old grammar: not kept. */
static void
pending_octet(struct pending *p, char o)
{
	struct buf *b = &p->phrase;

	if (o == '@')
		while (b->len > 0 && ascii_is_space(b->data[b->len - 1]))
			b->len--;
	if (ascii_is_space(o) && b->len > 0 && b->data[b->len - 1] == '@')
		return;
	buf_add_char(b, o);
}

/* A quoted local part ("a.b"@c) is an address, not a name. */
static void
pending_quoted(struct cursor *c, struct pending *p)
{
	size_t before = p->phrase.len;

	if (!read_quoted(c, &p->phrase)) {
		c->at++;
		return;
	}
	if (!cursor_more(c) || cursor_octet(c) != '@')
		return;
	struct span local = span_from(buf_span(&p->phrase), before);
	for (size_t i = 0; i < local.len; i++)
		if (strchr(" \t,:;<>()[]\\\"@", local.data[i]) != NULL)
			p->phrase.len = before; /* what needs its quotes is not written to */
}

static void
mailboxes_octet(
    struct arena *arena, struct cursor *c, struct pending *p, struct header_mailboxes *list)
{
	char o = cursor_octet(c);

	c->at++;
	if (o == ',' || o == ';') {
		if (p->has_angle || pending_has_at(p))
			pending_end(arena, p, list);
		else if (o == ';')
			pending_clear(p); /* the end of an empty group */
		else if (span_trim(buf_span(&p->phrase)).len > 0)
			buf_add_char(&p->phrase, o); /* Bad, Name <a@x> */
	} else if (o == ':' && !p->has_angle && !pending_has_at(p)) {
		pending_clear(p); /* the name of a group, or mailto: */
	} else {
		pending_octet(p, o);
	}
}

void
header_mailboxes(struct arena *arena, struct span value, struct header_mailboxes *list)
{
	struct cursor c = { .in = value };
	struct pending p = { 0 };

	while (cursor_more(&c)) {
		char o = cursor_octet(&c);
		if (o == '"' && !c.no_quote) {
			pending_quoted(&c, &p);
		} else if (o == '(') {
			read_comment(&c, &p.comment);
		} else if (o == '<' && !p.has_angle) {
			read_angle(&c, &p.angle);
			p.has_angle = true;
		} else if (o != '=' || !read_encoded(&c, &p.phrase)) {
			mailboxes_octet(arena, &c, &p, list);
		}
	}
	pending_end(arena, &p, list);
	buf_free(&p.phrase);
	buf_free(&p.angle);
	buf_free(&p.comment);
}

/* The next thing that may be an id: what stands in <>, or where the value has
 * none, each word. False at the end. */
static bool
next_id(struct span value, size_t *at, bool has_angles, struct span *id)
{
	struct span rest = span_from(value, *at);

	if (has_angles) {
		size_t open = span_find(rest, '<');
		if (open == rest.len)
			return false;
		rest = span_from(rest, open + 1);
		size_t close = span_find(rest, '>'), again = span_find(rest, '<');
		*id = span_first(rest, close < again ? close : again);
		*at += open + 1 + id->len;
		return true;
	}
	while (rest.len > 0 && (ascii_is_space(rest.data[0]) || rest.data[0] == ','))
		rest = span_from(rest, 1);
	size_t n = 0;
	while (n < rest.len && !ascii_is_space(rest.data[n]) && rest.data[n] != ',')
		n++;
	*id = span_first(rest, n);
	*at = value.len - rest.len + n;
	return n > 0;
}

/* Bare words: only what has the shape of an id. */
static struct span
usable_id(struct arena *arena, struct span id, bool has_angles)
{
	if (!has_angles && span_find(id, '@') == id.len)
		return (struct span){ 0 };
	return thread_id_clean(arena, id);
}

void
header_ids(struct arena *arena, struct span value, struct header_ids *ids)
{
	bool has_angles = span_find(value, '<') < value.len;
	struct span id;
	size_t total = 0, skip = 0;

	for (size_t at = 0; next_id(value, &at, has_angles, &id);)
		if (usable_id(arena, id, has_angles).len > 0)
			total++;
	if (total > HEADER_IDS_MAX) {
		skip = total - HEADER_IDS_MAX;
		total = HEADER_IDS_MAX;
	}
	ids->items = arena_array(arena, total + 1, sizeof(*ids->items));
	ids->count = 0;
	for (size_t at = 0; ids->count < total && next_id(value, &at, has_angles, &id);) {
		id = usable_id(arena, id, has_angles);
		if (id.len > 0 && skip > 0)
			skip--;
		else if (id.len > 0)
			ids->items[ids->count++] = id;
	}
}
