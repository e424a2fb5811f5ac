/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "mail/mime_read.h"

#include <stdlib.h>
#include <string.h>

#include <libetpan/libetpan.h>

#include "mail/charset.h"
#include "mail/decode.h"
#include "mail/mime_guard.h"

enum { BOUNDARY_MAX = 255 /* octets; RFC 2046 says 70 */ };

/* Replaces libetpan's own, which copies -1 octets where the boundary is a single
 * double quote (CWE-787, not fixed in Debian 12). The library calls it through the
 * dynamic table, so the executable's is found first; it frees the result. It stands
 * in this file so that whoever links mime_read() gets it. */
__attribute__((visibility("default"))) char *
mailmime_extract_boundary(struct mailmime_content *content_type)
{
	if (content_type == NULL || content_type->ct_parameters == NULL)
		return NULL;
	for (clistiter *i = clist_begin(content_type->ct_parameters); i != NULL;
	     i = clist_next(i)) {
		const struct mailmime_parameter *p = clist_content(i);
		struct span value = span_of(p->pa_value);
		if (!span_is_nocase(span_of(p->pa_name), "boundary"))
			continue;
		if (value.len >= 2 && value.data[0] == '"' && value.data[value.len - 1] == '"')
			value = span_from(span_first(value, value.len - 1), 1);
		if (value.len == 0 || value.len > BOUNDARY_MAX)
			return NULL;
		return strndup(value.data, value.len);
	}
	return NULL;
}

static bool
word_is_multipart(struct span word)
{
	return span_starts(word, "multipart/");
}

/* A media type is two names; anything else is what RFC 2045 §5.2 says for none. */
static bool
is_media_type(struct span word)
{
	size_t slash = span_find(word, '/');

	if (slash == 0 || slash + 1 >= word.len || word.len > 127)
		return false;
	for (size_t i = 0; i < word.len; i++) {
		char c = word.data[i];
		bool is_fit = ascii_is_alpha(c) || ascii_is_digit(c) || (i == slash && c == '/') ||
			      (c != '/' && c > 32 && strchr("!#$&^_.+-", c) != NULL);
		if (!is_fit)
			return false;
	}
	return true;
}

static enum parsed_encoding
read_encoding(struct arena *arena, const struct header *header)
{
	struct header_value value;

	header_value(arena, header_get(header, "Content-Transfer-Encoding"), &value);
	if (span_is(value.word, "base64"))
		return PARSED_ENCODING_BASE64;
	if (span_is(value.word, "quoted-printable"))
		return PARSED_ENCODING_QP;
	return PARSED_ENCODING_NONE;
}

/* Reads the head of the part that lies in raw from start, len octets long. */
static void
part_read(struct arena *arena, struct span raw, size_t start, size_t len, const char *type,
    struct mime_part *part)
{
	struct span octets = span_first(span_from(raw, start), len);

	header_split(arena, octets, &part->header);
	header_value(arena, header_get(&part->header, "Content-Type"), &part->type);
	if (!is_media_type(part->type.word))
		part->type.word = span_of(type);
	header_value(arena, header_get(&part->header, "Content-Disposition"), &part->disposition);
	part->encoding = read_encoding(arena, &part->header);
	part->start = start;
	part->offset = start + part->header.body;
	part->length = octets.len - part->header.body;
}

/* A leaf after all: a multipart without a boundary is shown as the text it holds. */
static void
part_is_leaf(struct mime_part *part)
{
	part->is_multipart = false;
	if (word_is_multipart(part->type.word))
		part->type.word = SPAN("text/plain");
}

static void
tree_close(struct mime_tree *tree, const char *over_limit)
{
	tree->over_limit = over_limit;
	tree->count = 1;
	tree->parts[0].end = 1;
	tree->parts[0].is_multipart = false;
}

/* Children still to visit: where they lie, and libetpan's nodes beside them. */
struct level {
	clistiter *next; /* NULL: libetpan divided it in another way */
	struct span *extents;
	size_t extent_count;
	size_t part; /* index of the parent */
};

struct walk {
	struct arena *arena;
	struct mime_tree *tree;
	struct mime_copy copy;
	struct level levels[MIME_DEPTH_MAX];
	size_t depth; /* levels in use */
};

/* The children that libetpan found in a node, or NULL. */
static clistiter *
first_child(const struct mailmime *mime)
{
	if (mime == NULL || mime->mm_type != MAILMIME_MULTIPLE)
		return NULL;
	clist *children = mime->mm_data.mm_multipart.mm_mp_list;
	return children != NULL ? clist_begin(children) : NULL;
}

/* Octets of the empty line before `at`: libetpan begins a part without a head behind
 * it, and the first lines of its text would be taken for one. */
static size_t
empty_line_before(const struct mime_copy *copy, size_t at)
{
	const char *data = copy->data;

	if (at < copy->head + 2 || data[at - 1] != '\n')
		return 0;
	if (data[at - 2] == '\n')
		return 1;
	return at >= copy->head + 3 && data[at - 2] == '\r' && data[at - 3] == '\n' ? 2 : 0;
}

/* Where a node of libetpan's lies in raw; the empty span where it is nothing of it. */
static struct span
node_extent(const struct walk *w, const struct mailmime *mime)
{
	size_t at = 0;

	if (mime->mm_mime_start != NULL)
		at = (size_t)(mime->mm_mime_start - w->copy.data);
	if (at < w->copy.head || at > w->copy.len || mime->mm_length > w->copy.len - at)
		return (struct span){ 0 };
	size_t more = empty_line_before(&w->copy, at);
	return span_first(span_from(w->tree->raw, at - more - w->copy.head + w->copy.body),
	    mime->mm_length + more);
}

/* Do libetpan's children lie where the boundary says? */
static bool
is_same_division(const struct walk *w, clistiter *child, const struct mime_extents *own)
{
	size_t i = 0;

	for (; child != NULL && i < own->count; child = clist_next(child), i++) {
		struct span extent = node_extent(w, clist_content(child));
		if (extent.data != own->list[i].data || extent.len != own->list[i].len)
			return false;
	}
	return child == NULL && i == own->count;
}

/* Goes down into the part at index. Where libetpan divides it in another way than the
 * letter of RFC 2046 (a boundary that begins like another, a missing one, bare CRs),
 * the letter counts: it would lose text. */
static const char *
walk_enter(struct walk *w, size_t index, clistiter *children)
{
	struct mime_part *part = &w->tree->parts[index];
	struct span boundary = header_param(&part->type, "boundary");
	struct mime_extents own = { 0 };

	if (!word_is_multipart(part->type.word))
		return NULL;
	if (boundary.len > 0)
		mime_split(w->arena,
		    span_first(span_from(w->tree->raw, part->offset), part->length), boundary,
		    MIME_PARTS_MAX, &own);
	part->is_multipart = own.delimiters > 0;
	if (!part->is_multipart)
		part_is_leaf(part);
	if (own.count == 0)
		return NULL;
	if (w->depth == MIME_DEPTH_MAX)
		return "parts too deep";
	if (!is_same_division(w, children, &own))
		children = NULL;
	w->levels[w->depth++] = (struct level){ children, own.list, own.count, index };
	return NULL;
}

/* Adds the part that lies there. */
static const char *
walk_add(struct walk *w, struct span extent, clistiter *children)
{
	struct mime_tree *tree = w->tree;
	size_t start = (size_t)(extent.data - tree->raw.data);
	size_t parent = w->levels[w->depth - 1].part;
	bool is_digest = span_is(tree->parts[parent].type.word, "multipart/digest");

	if (tree->count == MIME_PARTS_MAX)
		return "too many parts";
	struct mime_part *part = &tree->parts[tree->count++];
	part_read(w->arena, tree->raw, start, extent.len,
	    is_digest ? "message/rfc822" : "text/plain", part);
	part->depth = w->depth;
	part->end = tree->count;
	if (part->header.over_limit != NULL)
		return part->header.over_limit;
	return walk_enter(w, tree->count - 1, children);
}

/* All parts below the root, in order, without recursion. */
static const char *
walk_tree(struct walk *w, clistiter *children)
{
	const char *why = walk_enter(w, 0, children);

	while (why == NULL && w->depth > 0) {
		struct level *level = &w->levels[w->depth - 1];
		if (level->extent_count == 0) {
			w->tree->parts[level->part].end = w->tree->count;
			w->depth--;
			continue;
		}
		struct span extent = *level->extents++;
		const struct mailmime *mime =
		    level->next != NULL ? clist_content(level->next) : NULL;
		level->extent_count--;
		level->next = level->next != NULL ? clist_next(level->next) : NULL;
		why = walk_add(w, extent, first_child(mime));
	}
	return why;
}

static void
read_multipart(struct arena *arena, struct mime_tree *tree)
{
	struct mime_part *root = &tree->parts[0];
	struct walk walk = { .arena = arena, .tree = tree };
	struct mailmime *mime = NULL, *top = NULL;
	size_t at = 0;

	const char *why = mime_guard(arena, tree->raw, root->offset, &root->type, &walk.copy);
	if (why != NULL) {
		tree_close(tree, why);
		return;
	}
	if (mailmime_parse(walk.copy.data, walk.copy.len, &at, &mime) == MAILIMF_NO_ERROR)
		top = mime;
	if (top != NULL && top->mm_type == MAILMIME_MESSAGE)
		top = top->mm_data.mm_message.mm_msg_mime;
	why = walk_tree(&walk, first_child(top));
	if (why != NULL)
		tree_close(tree, why);
	if (mime != NULL)
		mailmime_free(mime);
}

void
mime_read(struct arena *arena, struct span raw, struct mime_tree *tree)
{
	*tree = (struct mime_tree){ .raw = raw, .count = 1 };
	tree->parts = arena_array(arena, MIME_PARTS_MAX, sizeof(*tree->parts));
	struct mime_part *root = &tree->parts[0];
	part_read(arena, raw, 0, raw.len, "text/plain", root);
	root->end = 1;
	if (raw.len > MIME_SIZE_MAX)
		tree_close(tree, "the message is too large");
	else if (root->header.over_limit != NULL)
		tree_close(tree, root->header.over_limit);
	else if (word_is_multipart(root->type.word) &&
		 header_param(&root->type, "boundary").len > 0)
		read_multipart(arena, tree);
	else
		part_is_leaf(root);
}

void
mime_decode(const struct mime_tree *tree, const struct mime_part *part, struct buf *out)
{
	struct span octets = span_first(span_from(tree->raw, part->offset), part->length);

	switch (part->encoding) {
	case PARSED_ENCODING_BASE64:
		decode_base64(octets, out);
		break;
	case PARSED_ENCODING_QP:
		decode_qp(octets, false, out);
		break;
	case PARSED_ENCODING_NONE:
	case PARSED_ENCODINGS:
		buf_add_span(out, octets);
		break;
	}
}

/* CRLF and CR become LF, in place. */
static size_t
fold_line_ends(char *data, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (data[i] == '\r' && i + 1 < len && data[i + 1] == '\n')
			continue;
		data[n++] = data[i] == '\r' ? '\n' : data[i];
	}
	return n;
}

struct span
mime_text(struct arena *arena, const struct mime_tree *tree, const struct mime_part *part,
    size_t max, bool *is_cut)
{
	struct buf octets = { 0 };

	mime_decode(tree, part, &octets);
	/* More than max, by one character at least, if there is more. */
	struct span text =
	    charset_decode(arena, header_param(&part->type, "charset"), buf_span(&octets), max + 8);
	buf_free(&octets);
	if (text.len > max) {
		*is_cut = true;
		text.len = max;
		while (text.len > 0 && ((unsigned char)text.data[text.len] & 0xC0) == 0x80)
			text.len--;
	}
	char *data = arena_strndup(arena, text.data, text.len);
	return span_make(data, fold_line_ends(data, text.len));
}

bool
mime_type_is(const struct mime_part *part, const char *type)
{
	return span_is(part->type.word, type);
}
