/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "mail/mail_body.h"

#include <string.h>

#include "base/utf8.h"
#include "text/html_read.h"
#include "text/mail_text.h"
#include "text/markdown.h"

enum { NAME_MAX_OCTETS = 150 /* of an attachment */ };

enum role {
	ROLE_NONE, /* a multipart, or not decided yet */
	ROLE_TEXT, /* text/plain and what is read like it */
	ROLE_HTML,
	ROLE_MARKDOWN,
	ROLE_HIDDEN, /* the other form of a text that is shown */
	ROLE_ATTACHED
};

struct body {
	struct arena *arena;
	const struct mime_tree *tree;
	struct parsed *parsed;
	enum role roles[MIME_PARTS_MAX];
};

static bool
is_text_type(const struct mime_part *part)
{
	return mime_type_is(part, "text/plain") || mime_type_is(part, "text") ||
	       mime_type_is(part, "text/enriched");
}

static struct span
part_file_name(const struct mime_part *part)
{
	struct span name = header_param(&part->disposition, "filename");

	return name.len > 0 ? name : header_param(&part->type, "name");
}

/* What a leaf would be if it stood alone. */
static enum role
leaf_role(const struct mime_part *part)
{
	enum role role = ROLE_ATTACHED;

	if (is_text_type(part))
		role = ROLE_TEXT;
	else if (mime_type_is(part, "text/html") || mime_type_is(part, "application/xhtml+xml"))
		role = ROLE_HTML;
	else if (mime_type_is(part, "text/markdown"))
		role = ROLE_MARKDOWN;
	if (span_is(part->disposition.word, "attachment"))
		role = ROLE_ATTACHED;
	return role;
}

static bool
is_blank_leaf(const struct body *body, const struct mime_part *part)
{
	struct buf octets = { 0 };

	mime_decode(body->tree, part, &octets);
	bool is_blank = span_trim(buf_span(&octets)).len == 0;
	buf_free(&octets);
	return is_blank;
}

/* How good the text within the child at i is for being the one shown: plain text
 * that says something, then Markdown, then HTML, then an empty text. */
static int
alternative_worth(const struct body *body, size_t i)
{
	int worth = 0;

	for (size_t k = i; k < body->tree->parts[i].end; k++) {
		const struct mime_part *part = &body->tree->parts[k];
		if (part->is_multipart)
			continue;
		enum role role = leaf_role(part);
		int this = 0;
		if (role == ROLE_TEXT)
			this = is_blank_leaf(body, part) ? 1 : 4;
		else if (role == ROLE_MARKDOWN)
			this = 3;
		else if (role == ROLE_HTML)
			this = 2;
		worth = this > worth ? this : worth;
	}
	return worth;
}

/* Texts within part i are another form of what is shown; other leaves stay files. */
static void
hide_texts(struct body *body, size_t i)
{
	for (size_t k = i; k < body->tree->parts[i].end; k++) {
		const struct mime_part *part = &body->tree->parts[k];
		if (!part->is_multipart && leaf_role(part) != ROLE_ATTACHED)
			body->roles[k] = ROLE_HIDDEN;
	}
}

static void
choose_alternative(struct body *body, size_t i)
{
	const struct mime_part *parts = body->tree->parts;
	size_t best = i + 1;
	int best_worth = -1;

	for (size_t k = i + 1; k < parts[i].end; k = parts[k].end) {
		int worth = alternative_worth(body, k);
		if (worth > best_worth) {
			best_worth = worth;
			best = k;
		}
	}
	for (size_t k = i + 1; k < parts[i].end; k = parts[k].end)
		if (k != best)
			hide_texts(body, k);
}

/* The root of multipart/related is the first part, or the one that `start` names;
 * texts in the others belong to it, they are no text of the message. */
static void
choose_related(struct body *body, size_t i)
{
	const struct mime_part *parts = body->tree->parts;
	struct span start = header_param(&parts[i].type, "start");
	size_t root = i + 1;

	for (size_t k = i + 1; k < parts[i].end && start.len > 0; k = parts[k].end)
		if (span_equal(header_get(&parts[k].header, "Content-ID"), start))
			root = k;
	for (size_t k = i + 1; k < parts[i].end; k = parts[k].end)
		for (size_t leaf = k; k != root && leaf < parts[k].end; leaf++)
			if (!parts[leaf].is_multipart)
				body->roles[leaf] = ROLE_ATTACHED;
}

/* A text with the name of a file is a file, unless it is all there is to read. */
static void
decide_leaf(struct body *body, size_t i, size_t *texts)
{
	const struct mime_part *part = &body->tree->parts[i];
	enum role role = leaf_role(part);

	if (role != ROLE_ATTACHED && part_file_name(part).len > 0 && *texts > 0)
		role = ROLE_ATTACHED;
	if (role != ROLE_ATTACHED)
		(*texts)++;
	body->roles[i] = role;
}

/* Nothing to read yet: what the author attached as plain text is better than nothing. */
static void
decide_roles(struct body *body)
{
	size_t texts = 0;

	for (size_t i = 0; i < body->tree->count; i++) {
		const struct mime_part *part = &body->tree->parts[i];
		if (part->is_multipart && mime_type_is(part, "multipart/alternative"))
			choose_alternative(body, i);
		else if (part->is_multipart && mime_type_is(part, "multipart/related"))
			choose_related(body, i);
		else if (!part->is_multipart && body->roles[i] == ROLE_NONE)
			decide_leaf(body, i, &texts);
	}
}

static bool
has_flag(const struct mime_part *part, const char *name, const char *value)
{
	return span_is_nocase(header_param(&part->type, name), value);
}

/* The text of a leaf as it is kept: flowed lines joined, HTML read as text. */
static struct span
leaf_text(const struct body *body, size_t i)
{
	const struct mime_part *part = &body->tree->parts[i];
	struct rendered rendered;
	bool is_cut = false;

	struct span text = mime_text(body->arena, body->tree, part, PARSED_TEXT_MAX, &is_cut);
	if (has_flag(part, "format", "flowed"))
		text = mail_text_unflow(body->arena, text, has_flag(part, "delsp", "yes"));
	if (body->roles[i] == ROLE_HTML) {
		html_read(body->arena, text, body->parsed->is_forward, &rendered);
		text = rendered.text;
		is_cut |= rendered.cut;
	}
	body->parsed->is_cut |= is_cut;
	return text;
}

static void
add_piece(struct buf *out, struct span text)
{
	if (out->len > 0 && out->data[out->len - 1] != '\n')
		buf_add_char(out, '\n');
	buf_add_span(out, text);
}

/* At most PARSED_TEXT_MAX octets, cut between characters. */
static struct span
cap_text(struct span text, bool *is_cut)
{
	if (text.len <= PARSED_TEXT_MAX)
		return text;
	*is_cut = true;
	text.len = PARSED_TEXT_MAX;
	while (text.len > 0 && ((unsigned char)text.data[text.len] & 0xC0) == 0x80)
		text.len--;
	return text;
}

static size_t
count_role(const struct body *body, enum role role)
{
	size_t count = 0;

	for (size_t i = 0; i < body->tree->count; i++)
		if (body->roles[i] == role)
			count++;
	return count;
}

static bool
is_shown(enum role role)
{
	return role == ROLE_TEXT || role == ROLE_HTML || role == ROLE_MARKDOWN;
}

static void
keep_rendered(struct parsed *parsed, const struct rendered *rendered)
{
	bool is_cut = rendered->cut;

	parsed->own = cap_text(rendered->own, &is_cut);
	parsed->html = rendered->html;
	parsed->is_cut |= is_cut;
}

/* All texts are HTML: their markup is rebuilt, not only their words. */
static void
render_html(struct body *body)
{
	struct buf all = { 0 };
	struct rendered rendered;

	for (size_t i = 0; i < body->tree->count; i++) {
		if (body->roles[i] != ROLE_HTML)
			continue;
		add_piece(&all, mime_text(body->arena, body->tree, &body->tree->parts[i],
				    PARSED_TEXT_MAX, &body->parsed->is_cut));
	}
	html_read(body->arena, buf_span(&all), body->parsed->is_forward, &rendered);
	buf_free(&all);
	body->parsed->format = PARSED_FORMAT_HTML;
	body->parsed->source = cap_text(rendered.text, &body->parsed->is_cut);
	keep_rendered(body->parsed, &rendered);
}

static void
render_text(struct body *body)
{
	struct buf all = { 0 };
	struct rendered rendered;
	struct parsed *parsed = body->parsed;

	for (size_t i = 0; i < body->tree->count; i++)
		if (is_shown(body->roles[i]))
			add_piece(&all, leaf_text(body, i));
	struct span source = arena_span(body->arena, buf_span(&all));
	buf_free(&all);
	parsed->source = cap_text(source, &parsed->is_cut);
	if (count_role(body, ROLE_MARKDOWN) > 0 && count_role(body, ROLE_TEXT) == 0) {
		mail_body_markdown(body->arena, parsed->source, false, parsed);
		return;
	}
	parsed->format = PARSED_FORMAT_TEXT;
	struct mail_text_format format = { .forward = parsed->is_forward };
	mail_text_render(body->arena, parsed->source, format, &rendered);
	keep_rendered(parsed, &rendered);
}

void
mail_body_markdown(struct arena *arena, struct span source, bool is_plain, struct parsed *parsed)
{
	struct rendered rendered;

	parsed->format = PARSED_FORMAT_MARKDOWN;
	parsed->source = cap_text(source, &parsed->is_cut);
	if (is_plain)
		markdown_plain(arena, parsed->source, &rendered);
	else
		markdown_render(arena, parsed->source, &rendered);
	keep_rendered(parsed, &rendered);
}

/* clang-format off */
static const struct {
	const char *type, *extension;
} extensions[] = {
	{ "application/pdf", "pdf" },
	{ "application/pgp-signature", "asc" },
	{ "application/pkcs7-mime", "p7m" },
	{ "application/pkcs7-signature", "p7s" },
	{ "application/zip", "zip" },
	{ "image/gif", "gif" },
	{ "image/jpeg", "jpg" },
	{ "image/png", "png" },
	{ "image/webp", "webp" },
	{ "message/delivery-status", "txt" },
	{ "message/rfc822", "eml" },
	{ "message/global", "eml" },
	{ "text/calendar", "ics" },
	{ "text/csv", "csv" },
	{ "text/html", "html" },
	{ "text/plain", "txt" },
	{ "text/rfc822-headers", "txt" },
	{ "text/vcard", "vcf" },
};
/* clang-format on */

static const char *
type_extension(struct span type)
{
	for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++)
		if (span_is(type, extensions[i].type))
			return extensions[i].extension;
	return "bin";
}

/* Without a path; a long name keeps its end, where the extension is. */
static struct span
clean_file_name(struct arena *arena, struct span name)
{
	name = utf8_line(arena, name);
	for (size_t i = name.len; i > 0; i--) {
		if (name.data[i - 1] != '/' && name.data[i - 1] != '\\')
			continue;
		name = span_from(name, i);
		break;
	}
	while (name.len > 0 && (name.data[0] == '.' || name.data[0] == ' '))
		name = span_from(name, 1);
	if (name.len > NAME_MAX_OCTETS) {
		name = span_from(name, name.len - NAME_MAX_OCTETS);
		while (name.len > 0 && ((unsigned char)name.data[0] & 0xC0) == 0x80)
			name = span_from(name, 1);
	}
	return name;
}

static struct span
attachment_name(struct body *body, const struct mime_part *part)
{
	struct span name = clean_file_name(body->arena, part_file_name(part));

	if (name.len > 0)
		return name;
	return span_of(arena_printf(body->arena, "piece-%zu.%s", body->parsed->attachment_count + 1,
	    type_extension(part->type.word)));
}

static void
attach(struct body *body, size_t i, struct sha256 *hash)
{
	const struct mime_part *part = &body->tree->parts[i];
	struct parsed *parsed = body->parsed;
	struct header_ids ids = { 0 };
	struct buf octets = { 0 };

	mime_decode(body->tree, part, &octets);
	sha256_add(hash, part->type.word.data, part->type.word.len);
	sha256_add(hash, "\0", 1);
	sha256_add(hash, buf_text(&octets), octets.len);
	header_ids(body->arena, header_get(&part->header, "Content-ID"), &ids);
	parsed->attachments[parsed->attachment_count] = (struct parsed_attachment){
		.name = attachment_name(body, part),
		.type = arena_span(body->arena, part->type.word),
		.content_id =
		    ids.count > 0 ? arena_span(body->arena, ids.items[0]) : (struct span){ 0 },
		.offset = part->offset,
		.length = part->length,
		.encoding = part->encoding,
		.size = octets.len,
		.is_inline = span_is(part->disposition.word, "inline") || ids.count > 0,
	};
	parsed->attachment_count++;
	buf_free(&octets);
}

/* The text with each run of blanks as one: line ends and flowing do not count. */
static void
hash_text(struct arena *arena, struct sha256 *hash, struct span text)
{
	char *folded = arena_alloc(arena, text.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		bool is_blank = ascii_is_space(text.data[i]);
		if (!is_blank || (n > 0 && folded[n - 1] != ' '))
			folded[n++] = is_blank ? ' ' : text.data[i];
	}
	if (n > 0 && folded[n - 1] == ' ')
		n--;
	sha256_add(hash, folded, n);
	sha256_add(hash, "\0", 1);
}

static void
attach_all(struct body *body, struct sha256 *hash)
{
	size_t count = count_role(body, ROLE_ATTACHED);

	body->parsed->attachments =
	    arena_array(body->arena, count + 1, sizeof(*body->parsed->attachments));
	for (size_t i = 0; i < body->tree->count; i++)
		if (body->roles[i] == ROLE_ATTACHED)
			attach(body, i, hash);
}

void
mail_body_read(struct arena *arena, const struct mime_tree *tree, struct parsed *parsed)
{
	struct body *body = arena_alloc(arena, sizeof(*body));
	struct sha256 *hash = sha256_new();

	*body = (struct body){ .arena = arena, .tree = tree, .parsed = parsed };
	decide_roles(body);
	if (count_role(body, ROLE_HTML) > 0 && count_role(body, ROLE_TEXT) == 0 &&
	    count_role(body, ROLE_MARKDOWN) == 0)
		render_html(body);
	else
		render_text(body);
	hash_text(arena, hash, parsed->source);
	attach_all(body, hash);
	sha256_end(&hash, parsed->body_hash);
}

void
mail_body_opaque(struct arena *arena, struct span raw, struct parsed *parsed)
{
	parsed->attachments = arena_array(arena, 1, sizeof(*parsed->attachments));
	parsed->attachments[0] = (struct parsed_attachment){ .name = SPAN("message.eml"),
		.type = SPAN("message/rfc822"),
		.length = raw.len,
		.size = raw.len };
	parsed->attachment_count = 1;
	token_sha256(span_from(raw, header_length(raw)), parsed->body_hash);
}
