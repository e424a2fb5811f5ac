/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A connection full of requests from anybody. The same octets are read at once and in
 * pieces: whoever could make the two differ could smuggle a request. */
#include <stdlib.h>

#include "net/http_parse.h"
#include "fuzz.h"

static bool
is_inside(struct span part, struct span whole)
{
	return part.len == 0 ||
	       (part.data >= whole.data && part.data + part.len <= whole.data + whole.len);
}

static void
check_head(const struct http_head *head, struct span octets, struct arena *arena)
{
	struct http_path path;
	struct http_form form;
	struct err err;

	must(is_inside(head->target, octets) && is_inside(head->path, octets));
	must(is_inside(head->host, octets) && span_starts(head->path, "/"));
	must(head->minor == 0 || head->host.len > 0);
	must(!head->chunked || head->content_length < 0);
	must(span_find(head->target, ' ') == head->target.len);
	for (size_t i = 0; i < head->field_count; i++) {
		struct span value = head->fields[i].value;

		must(is_inside(value, octets) && span_find(value, '\n') == value.len);
		must(span_find(value, '\r') == value.len && span_find(value, '\0') == value.len);
		(void)http_etag_matches(value, SPAN("\"a\""));
		(void)http_parameter(arena, value, "boundary");
	}
	(void)http_cookie(head, "__Host-s");
	if (http_path_split(arena, head->path, &path))
		for (size_t i = 0; i < path.count; i++)
			must(!span_is(path.parts[i], "..") &&
			     span_find(path.parts[i], '\0') == path.parts[i].len);
	if (http_form_read(arena, head->query, &form, &err))
		must(form.count <= HTTP_FORM_MAX);
}

/* Finds and reads; step octets more at a time. DONE: the head is good, *len octets. A refusal
 * may come earlier, and for another reason, where the octets come slowly. */
static enum http_progress
read_head(struct http_head *head, struct span in, size_t step, size_t *len)
{
	struct http_scan scan = { 0 };
	enum http_progress progress = HTTP_MORE;
	int status = 0;

	for (size_t n = step; progress == HTTP_MORE; n += step) {
		progress = http_head_find(&scan, span_first(in, n), len, &status);
		if (n >= in.len)
			break;
	}
	must(progress != HTTP_BAD || (status >= 400 && status < 600));
	if (progress != HTTP_DONE)
		return progress;
	status = http_head_read(head, span_first(in, *len));
	must(status == 0 || (status >= 400 && status < 600));
	return status == 0 ? HTTP_DONE : HTTP_BAD;
}

static enum http_progress
read_chunks(struct span *in, size_t step, struct buf *out)
{
	struct http_chunked chunked = { 0 };
	enum http_progress progress;
	struct span data, seen = span_first(*in, step);
	size_t used, at = 0;

	for (;;) {
		progress = http_chunked_read(&chunked, span_from(seen, at), &used, &data);
		must(is_inside(data, *in) && at + used <= seen.len);
		buf_add_span(out, data);
		at += used;
		if (progress != HTTP_MORE)
			break;
		if (used == 0 && seen.len == in->len)
			break;
		if (used == 0)
			seen = span_first(*in, seen.len + step);
	}
	*in = span_from(*in, at);
	return progress;
}

static bool
check_chunks(struct span *in)
{
	struct buf whole = { 0 }, pieces = { 0 };
	struct span again = *in, slow = span_first(*in, 2000);
	enum http_progress progress;

	if (slow.len == in->len) {
		progress = read_chunks(&again, in->len, &whole);
		must(read_chunks(&slow, 1, &pieces) == progress);
		must(span_equal(buf_span(&whole), buf_span(&pieces)));
	}
	buf_clear(&whole);
	progress = read_chunks(in, in->len, &whole);
	buf_free(&whole);
	buf_free(&pieces);
	return progress == HTTP_DONE;
}

static bool
one_request(struct span *in, struct arena *arena)
{
	static struct http_head head, slow;
	size_t len = 0, slow_len = 0;
	enum http_progress progress = read_head(&slow, *in, 1, &slow_len);

	must(read_head(&head, *in, in->len, &len) == progress);
	if (progress != HTTP_DONE)
		return false;
	must(len == slow_len && head.content_length == slow.content_length);
	check_head(&head, span_first(*in, len), arena);
	*in = span_from(*in, len);
	if (head.chunked)
		return check_chunks(in);
	if (head.content_length > (int64_t)in->len)
		return false;
	if (head.content_length > 0)
		*in = span_from(*in, (size_t)head.content_length);
	return head.keep_alive;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span in = span_make(data, len);
	struct arena *arena = arena_new();

	while (in.len > 0 && one_request(&in, arena))
		arena_reset(arena);
	arena_free(&arena);
	return 0;
}
