/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* tests/oracle/oracle_say.c: what our readers make of octets, as JSON, for the oracles to compare.
 *
 * usage: oracle_say, which answers each "KIND LENGTH LF octets" of its input by one line of JSON.
 * Kinds: mail (mail_read and the parts of its tree), http (a connection of requests), target (a
 * path and its query), html (HTML mail rendered), markdown (rendered), wall (is it HTML that the
 * clerk takes), url (may a link lead there). Octets that need not be UTF-8 are told as Latin-1. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/token.h"
#include "base/utf8.h"
#include "mail/mail_read.h"
#include "mail/mime_read.h"
#include "net/http_parse.h"
#include "text/html_check.h"
#include "text/html_read.h"
#include "text/markdown.h"

enum { INPUT_MAX = 1 << 24 };

static void
say_octet(struct buf *out, unsigned char c)
{
	if (c == '"' || c == '\\')
		buf_printf(out, "\\%c", c);
	else if (c < ' ' || c == 0x7f)
		buf_printf(out, "\\u%04x", c);
	else
		buf_add_char(out, (char)c);
}

/* UTF-8 as it is. */
static void
say_text(struct buf *out, struct span text)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < text.len; i++)
		say_octet(out, (unsigned char)text.data[i]);
	buf_add_char(out, '"');
}

/* Each octet a code point. */
static void
say_octets(struct buf *out, struct span octets)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < octets.len; i++) {
		unsigned char c = (unsigned char)octets.data[i];

		if (c < 0x80)
			say_octet(out, c);
		else
			buf_printf(out, "\\u%04x", c);
	}
	buf_add_char(out, '"');
}

static void
say_name(struct buf *out, const char *name)
{
	buf_printf(
	    out, "%s\"%s\": ", out->len > 0 && out->data[out->len - 1] != '{' ? ", " : "", name);
}

static void
say_field(struct buf *out, const char *name, struct span text)
{
	say_name(out, name);
	say_text(out, text);
}

static void
say_number(struct buf *out, const char *name, int64_t number)
{
	say_name(out, name);
	buf_printf(out, "%lld", (long long)number);
}

static void
say_list(struct buf *out, const char *name, const struct span_list *list)
{
	say_name(out, name);
	buf_add_char(out, '[');
	for (size_t i = 0; i < list->count; i++) {
		buf_add_text(out, i > 0 ? ", " : "");
		say_text(out, list->items[i]);
	}
	buf_add_char(out, ']');
}

/* ---- mail ---- */

static void
say_leaf(struct buf *out, const struct mime_tree *tree, const struct mime_part *part)
{
	struct span name = header_param(&part->disposition, "filename");
	struct buf octets = { 0 };
	uint8_t sum[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];

	mime_decode(tree, part, &octets);
	token_sha256(buf_span(&octets), sum);
	token_hex(sum, sizeof(sum), hex);
	buf_add_char(out, '{');
	say_field(out, "type", part->type.word);
	say_field(out, "name", name.len > 0 ? name : header_param(&part->type, "name"));
	say_number(out, "size", (int64_t)octets.len);
	say_field(out, "sha256", span_of(hex));
	buf_add_char(out, '}');
	buf_free(&octets);
}

static void
say_parts(struct buf *out, struct arena *arena, struct span raw)
{
	struct mime_tree tree;
	bool first = true;

	mime_read(arena, raw, &tree);
	say_field(out, "tree_over", span_of(tree.over_limit));
	say_name(out, "parts");
	buf_add_char(out, '[');
	for (size_t i = 0; i < tree.count; i++) {
		if (tree.parts[i].is_multipart)
			continue;
		buf_add_text(out, first ? "" : ", ");
		say_leaf(out, &tree, &tree.parts[i]);
		first = false;
	}
	buf_add_char(out, ']');
}

static void
say_mail(struct buf *out, struct arena *arena, struct span raw)
{
	static const char *const formats[] = { "text", "html", "markdown" };
	struct parsed parsed;

	mail_read(arena, raw, &parsed);
	say_field(out, "over_limit", parsed.over_limit);
	say_field(out, "subject", parsed.subject);
	say_field(out, "from", parsed.from_address);
	say_field(out, "from_name", parsed.from_name);
	say_number(out, "from_count", (int64_t)parsed.from_count);
	say_number(out, "date", parsed.date);
	say_field(out, "message_id", parsed.message_id);
	say_list(out, "references", &parsed.references);
	say_list(out, "to_cc", &parsed.to_cc);
	say_field(out, "format", span_of(formats[parsed.format]));
	say_field(out, "text", parsed.source);
	say_parts(out, arena, raw);
}

/* ---- HTTP ---- */

static const char *const methods[] = { "GET", "HEAD", "POST" };

static void
say_pairs(struct buf *out, const char *name, const struct http_field *fields, size_t count)
{
	say_name(out, name);
	buf_add_char(out, '[');
	for (size_t i = 0; i < count; i++) {
		buf_add_text(out, i > 0 ? ", [" : "[");
		say_octets(out, fields[i].name);
		buf_add_text(out, ", ");
		say_octets(out, fields[i].value);
		buf_add_char(out, ']');
	}
	buf_add_char(out, ']');
}

static void
say_head(struct buf *out, const struct http_head *head)
{
	say_field(out, "method", span_of(methods[head->method]));
	say_name(out, "target");
	say_octets(out, head->target);
	say_number(out, "minor", head->minor);
	say_name(out, "keep_alive");
	buf_add_text(out, head->keep_alive ? "true" : "false");
	say_pairs(out, "fields", head->fields, head->field_count);
}

/* DONE: the body is whole and eaten. */
static enum http_progress
read_body(const struct http_head *head, struct span *in, struct buf *body)
{
	struct http_chunked chunked = { 0 };
	size_t used, length = head->content_length > 0 ? (size_t)head->content_length : 0;
	struct span data;
	enum http_progress progress;

	if (!head->chunked) {
		buf_add_span(body, span_first(*in, length));
		progress = length > in->len ? HTTP_MORE : HTTP_DONE;
		*in = span_from(*in, length);
		return progress;
	}
	do {
		progress = http_chunked_read(&chunked, *in, &used, &data);
		buf_add_span(body, data);
		*in = span_from(*in, used);
	} while (progress == HTTP_MORE && used > 0);
	return progress;
}

/* Says one request; DONE: there may be another. */
static enum http_progress
say_request(struct buf *out, struct span whole, struct span *in, int *status)
{
	static struct http_head head;
	struct http_scan scan = { 0 };
	struct buf body = { 0 };
	size_t len;
	enum http_progress progress = http_head_find(&scan, *in, &len, status);

	if (progress != HTTP_DONE)
		return progress;
	*status = http_head_read(&head, span_first(*in, len));
	if (*status != 0)
		return HTTP_BAD;
	*in = span_from(*in, len);
	buf_add_text(out, out->data[out->len - 1] == '[' ? "{" : ", {");
	say_head(out, &head);
	progress = read_body(&head, in, &body);
	say_name(out, "complete");
	buf_add_text(out, progress == HTTP_DONE ? "true" : "false");
	say_number(out, "end", (int64_t)(whole.len - in->len));
	say_name(out, "body");
	say_octets(out, buf_span(&body));
	buf_add_char(out, '}');
	buf_free(&body);
	if (progress == HTTP_DONE && !head.keep_alive)
		*in = (struct span){ 0 };
	return progress;
}

static void
say_http(struct buf *out, struct span in)
{
	enum http_progress progress = HTTP_DONE;
	struct span whole = in;
	int status = 0;

	say_name(out, "requests");
	buf_add_char(out, '[');
	while (in.len > 0 && progress == HTTP_DONE)
		progress = say_request(out, whole, &in, &status);
	buf_add_char(out, ']');
	say_name(out, "bad");
	buf_add_text(out, progress == HTTP_BAD ? "true" : "false");
	say_number(out, "status", status);
}

/* What is refused is not said. */
static void
say_target(struct buf *out, struct arena *arena, struct span target)
{
	struct span path = span_first(target, span_find(target, '?'));
	struct http_form form;
	struct http_path parts;
	struct err err;

	if (http_path_split(arena, path, &parts)) {
		say_name(out, "path");
		buf_add_char(out, '[');
		for (size_t i = 0; i < parts.count; i++) {
			buf_add_text(out, i > 0 ? ", " : "");
			say_octets(out, parts.parts[i]);
		}
		buf_add_char(out, ']');
	}
	if (http_form_read(arena, span_from(target, path.len + 1), &form, &err))
		say_pairs(out, "query", form.fields, form.count);
}

/* ---- text ---- */

static void
say_rendered(struct buf *out, const struct rendered *rendered)
{
	say_field(out, "html", rendered->html.octets);
	say_field(out, "text", rendered->text);
	say_name(out, "wall");
	buf_add_text(out, html_check(rendered->html.octets) ? "true" : "false");
}

static void
say_url(struct buf *out, struct arena *arena, struct span url)
{
	struct buf written = { 0 };

	url = utf8_clean(arena, url);
	say_name(out, "ok");
	buf_add_text(out, escape_url_ok(url) ? "true" : "false");
	escape_url(&written, url);
	say_field(out, "href", buf_span(&written));
	buf_free(&written);
}

static bool
answer(struct buf *out, struct arena *arena, struct span kind, struct span octets)
{
	struct rendered rendered;

	buf_add_char(out, '{');
	if (span_is(kind, "mail")) {
		say_mail(out, arena, octets);
	} else if (span_is(kind, "http")) {
		say_http(out, octets);
	} else if (span_is(kind, "target")) {
		say_target(out, arena, octets);
	} else if (span_is(kind, "html")) {
		html_read(arena, utf8_clean(arena, octets), false, &rendered);
		say_rendered(out, &rendered);
	} else if (span_is(kind, "markdown")) {
		markdown_render(arena, octets, &rendered);
		say_rendered(out, &rendered);
	} else if (span_is(kind, "wall")) {
		say_name(out, "wall");
		buf_add_text(out, html_check(octets) ? "true" : "false");
	} else if (span_is(kind, "url")) {
		say_url(out, arena, octets);
	} else {
		return false;
	}
	buf_add_text(out, "}\n");
	return true;
}

/* Octets in memory of their very length: a sanitizer sees the first one read too far. */
static bool
answer_next(struct arena *arena)
{
	struct buf out = { 0 };
	char kind[16] = "";
	size_t len = 0;
	char *octets;
	bool good;

	if (scanf("%15s %zu", kind, &len) != 2 || getchar() != '\n' || len > INPUT_MAX)
		return false;
	octets = x_calloc(len > 0 ? len : 1, 1);
	good = fread(octets, 1, len, stdin) == len &&
	       answer(&out, arena, span_of(kind), span_make(octets, len));
	free(octets);
	if (good) {
		fwrite(out.data, 1, out.len, stdout);
		fflush(stdout);
	}
	buf_free(&out);
	return good;
}

int
main(void)
{
	struct arena *arena = arena_new();

	while (answer_next(arena))
		arena_reset(arena);
	arena_free(&arena);
	return feof(stdin) ? 0 : 1;
}
