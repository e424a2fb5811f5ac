/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The one way out: every reply of the server is written here. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "net/http_inner.h"

struct http_blob {
	size_t references;
	struct buf octets;
};

enum { COPY_TOGETHER = 4 * 1024 /* a small body travels in the same piece as its head */ };

struct http_blob *
http_blob_new(struct span data)
{
	struct http_blob *blob = x_calloc(1, sizeof(*blob));

	blob->references = 1;
	buf_add_span(&blob->octets, data);
	return blob;
}

struct http_blob *
http_blob_take(struct buf *data)
{
	struct http_blob *blob = x_calloc(1, sizeof(*blob));

	blob->references = 1;
	blob->octets = *data;
	*data = (struct buf){ .cap = data->cap };
	return blob;
}

struct http_blob *
http_blob_keep(struct http_blob *blob)
{
	blob->references++;
	return blob;
}

void
http_blob_drop(struct http_blob **blob)
{
	struct http_blob *gone = *blob;

	*blob = NULL;
	if (gone == NULL || --gone->references > 0)
		return;
	buf_free(&gone->octets);
	free(gone);
}

struct span
http_blob_span(const struct http_blob *blob)
{
	return buf_span(&blob->octets);
}

static void
on_blob_sent(void *arg)
{
	struct http_blob *blob = arg;

	http_blob_drop(&blob);
}

struct status_word {
	int status;
	const char *text;
};

static const struct status_word status_words[] = {
	{ 200, "OK" },
	{ 304, "Not Modified" },
	{ 303, "See Other" },
	{ 404, "Not Found" },
	{ 201, "Created" },
	{ 202, "Accepted" },
	{ 204, "No Content" },
	{ 206, "Partial Content" },
	{ 301, "Moved Permanently" },
	{ 302, "Found" },
	{ 307, "Temporary Redirect" },
	{ 308, "Permanent Redirect" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 405, "Method Not Allowed" },
	{ 408, "Request Timeout" },
	{ 409, "Conflict" },
	{ 410, "Gone" },
	{ 411, "Length Required" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 415, "Unsupported Media Type" },
	{ 417, "Expectation Failed" },
	{ 421, "Misdirected Request" },
	{ 422, "Unprocessable Content" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 503, "Service Unavailable" },
};

const char *
http_status_text(int status)
{
	for (size_t i = 0; i < sizeof(status_words) / sizeof(status_words[0]); i++)
		if (status_words[i].status == status)
			return status_words[i].text;
	return "Status";
}

int
http_status_of(enum err_kind kind)
{
	static const int statuses[ERR_KINDS] = {
		[ERR_NONE] = 200,
		[ERR_INVALID] = 400,
		[ERR_DENIED] = 403,
		[ERR_NOT_FOUND] = 404,
		[ERR_CONFLICT] = 409,
		[ERR_TOO_MUCH] = 429,
		[ERR_TEMPORARY] = 503,
		[ERR_BROKEN] = 500,
	};

	return kind < ERR_KINDS ? statuses[kind] : 500;
}

static void
add_number(struct buf *out, size_t number)
{
	char digits[24];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	buf_add(out, digits + at, sizeof(digits) - at);
}

#define ADD(out, literal) buf_add(out, literal, sizeof(literal) - 1)

static void
add_date(struct http_server *server)
{
	int64_t now = clock_now();
	char text[32];

	if (now != server->date_at || server->date_len == 0) {
		clock_format_http(now, text);
		server->date_at = now;
		server->date_len = strlen(text) + 8;
		memcpy(server->date, "Date: ", 6);
		memcpy(server->date + 6, text, server->date_len - 8);
		memcpy(server->date + server->date_len - 2, "\r\n", 2);
	}
	buf_add(&server->scratch, server->date, server->date_len);
}

static void
add_status(struct buf *out, int status)
{
	if (status == 200) {
		ADD(out, "HTTP/1.1 200 OK\r\n");
		return;
	}
	ADD(out, "HTTP/1.1 ");
	add_number(out, (size_t)status);
	buf_add_char(out, ' ');
	buf_add_text(out, http_status_text(status));
	ADD(out, "\r\n");
}

/* What the server takes at all; a handler that refuses knows better what its page takes. */
static void
add_allow(struct buf *out, int status, const struct http_reply *reply)
{
	if (status == 405 && reply->fields_too.len == 0)
		ADD(out, "Allow: GET, HEAD, POST\r\n");
}

static bool
may_have_body(int status)
{
	return status >= 200 && status != 204 && status != 304;
}

/* RFC 9112 §9.3: HTTP/1.1 stays open unless told, HTTP/1.0 the other way round. */
static void
add_connection(struct buf *out, const struct http_head *head, bool keep)
{
	if (!keep)
		ADD(out, "Connection: close\r\n");
	else if (head->minor == 0)
		ADD(out, "Connection: keep-alive\r\n");
}

static struct span
write_head(
    struct http_work *work, const struct http_reply *reply, int status, size_t len, bool keep)
{
	struct buf *out = &work->server->scratch;

	buf_clear(out);
	add_status(out, status);
	add_allow(out, status, reply);
	add_date(work->server);
	if (work->chunked_reply) {
		ADD(out, "Transfer-Encoding: chunked\r\n");
	} else if (may_have_body(status) && work->piece_fn == NULL) {
		ADD(out, "Content-Length: ");
		add_number(out, len);
		ADD(out, "\r\n");
	}
	if (reply->type != NULL && may_have_body(status)) {
		ADD(out, "Content-Type: ");
		buf_add_text(out, reply->type);
		ADD(out, "\r\n");
	}
	if (reply->etag.len > 0) {
		ADD(out, "ETag: ");
		buf_add_span(out, reply->etag);
		ADD(out, "\r\n");
	}
	buf_add_span(out, reply->fields);
	buf_add_span(out, reply->fields_too);
	add_connection(out, &work->request.head, keep);
	ADD(out, "\r\n");
	return buf_span(out);
}

static bool
is_known_to_client(const struct http_head *head, const struct http_reply *reply)
{
	return reply->status == 200 && reply->etag.len > 0 && head->method != HTTP_POST &&
	       http_etag_matches(http_head_get(head, "If-None-Match"), reply->etag);
}

/* Readers that take their time keep the octets in our memory: many of them, each with a big
 * file at the slowest pace that is borne, must not fill it. */
static bool
is_too_much(const struct http_work *work, const struct http_reply *reply)
{
	const struct http_server *server = work->server;
	const struct http_head *head = &work->request.head;
	size_t len = reply->blob != NULL ? http_blob_span(reply->blob).len : 0;

	return len >= REPLY_BIG && server->owed > 0 && head->method != HTTP_HEAD &&
	       !is_known_to_client(head, reply) &&
	       (len > server->options.reply_memory ||
		   server->owed > server->options.reply_memory - len);
}

static void
owe(struct http_dialogue *dialogue, size_t len)
{
	if (len < REPLY_BIG)
		return;
	dialogue->owed += len;
	dialogue->server->owed += len;
}

static void
send_reply(struct http_work *work, const struct http_reply *reply, bool keep)
{
	const struct http_head *head = &work->request.head;
	struct conn *conn = work->dialogue->conn;
	struct span body = reply->blob != NULL ? http_blob_span(reply->blob) : reply->body;
	int status = is_known_to_client(head, reply) ? 304 : reply->status;
	struct span octets = write_head(work, reply, status, body.len, keep);

	if (body.len == 0 || head->method == HTTP_HEAD || !may_have_body(status)) {
		conn_send(conn, octets);
	} else if (body.len <= COPY_TOGETHER) {
		buf_add_span(&work->server->scratch, body);
		conn_send(conn, buf_span(&work->server->scratch));
	} else if (reply->blob != NULL) {
		owe(work->dialogue, body.len);
		conn_send_both(conn, octets, body, on_blob_sent, http_blob_keep(reply->blob));
	} else {
		conn_send(conn, octets);
		conn_send(conn, body);
	}
}

static struct http_work *
work_of(struct http_request *request)
{
	return (struct http_work *)(void *)request; /* its first member */
}

/* The peer went while the handler worked, or even the server. */
static void
drop_reply(struct http_work *work)
{
	struct http_server *server = work->server;

	server->counts.dropped++;
	server->counts.unanswered--;
	http_work_free(&work);
	http_server_check_drained(server);
}

void
http_reply(struct http_request *request, const struct http_reply *reply)
{
	struct http_work *work = work_of(request);
	struct http_server *server = work->server;
	struct http_dialogue *dialogue = work->dialogue;
	const struct http_reply busy = {
		.status = 503,
		.type = "text/plain; charset=utf-8",
		.fields = server->options.error_fields,
		.fields_too = SPAN("Retry-After: 30\r\n"),
		.body = SPAN("Too many big files are on their way; please try again.\n"),
	};
	bool keep;

	if (dialogue == NULL) {
		drop_reply(work);
		return;
	}
	if (is_too_much(work, reply))
		reply = &busy;
	keep = request->head.keep_alive && !reply->close && !server->draining;
	send_reply(work, reply, keep);
	if (work->handed)
		server->counts.unanswered--;
	http_work_reset(work);
	http_dialogue_replied(dialogue, keep);
}

/* ---- in pieces ---- */

/* The last chunk is the empty one: a piece is never that. */
static void
send_piece(struct http_work *work, struct span piece)
{
	struct buf *out = &work->server->scratch;

	if (piece.len == 0)
		return;
	buf_clear(out);
	if (work->chunked_reply)
		buf_printf(out, "%zx\r\n", piece.len);
	buf_add_span(out, piece);
	if (work->chunked_reply)
		ADD(out, "\r\n");
	conn_send(work->dialogue->conn, buf_span(out));
	owe(work->dialogue, piece.len);
}

static bool
has_gone(const struct http_work *work)
{
	return work->dialogue == NULL || work->dialogue->finishing;
}

bool
http_reply_start(
    struct http_request *request, const struct http_reply *reply, http_piece_fn *fn, void *arg)
{
	struct http_work *work = work_of(request);
	struct span first = reply->blob != NULL ? http_blob_span(reply->blob) : reply->body;
	bool keep;

	if (work->dialogue == NULL) {
		drop_reply(work);
		return false;
	}
	work->piece_fn = fn;
	work->piece_arg = arg;
	work->chunked_reply = request->head.minor > 0;
	keep = work->chunked_reply && request->head.keep_alive && !reply->close &&
	       !work->server->draining;
	request->head.keep_alive = keep; /* what was said holds to the end */
	conn_send(work->dialogue->conn, write_head(work, reply, reply->status, 0, keep));
	if (request->head.method == HTTP_HEAD) {
		work->chunked_reply = false; /* not even the last chunk */
		http_reply_end(request, true);
		return false;
	}
	return http_reply_piece(request, first);
}

bool
http_reply_piece(struct http_request *request, struct span piece)
{
	struct http_work *work = work_of(request);

	if (has_gone(work)) {
		http_reply_end(request, false);
		return false;
	}
	send_piece(work, piece);
	work->piece_due = true;
	http_dialogue_said(work->dialogue);
	return true;
}

void
http_reply_end(struct http_request *request, bool whole)
{
	struct http_work *work = work_of(request);
	struct http_dialogue *dialogue = work->dialogue;
	bool keep = whole && request->head.keep_alive && !work->server->draining;

	if (dialogue == NULL) {
		drop_reply(work);
		return;
	}
	if (whole && work->chunked_reply)
		conn_send(dialogue->conn, SPAN("0\r\n\r\n"));
	work->server->counts.unanswered--;
	http_work_reset(work);
	if (whole)
		http_dialogue_replied(dialogue, keep);
	else
		http_dialogue_close(dialogue);
}

void
http_reply_text(struct http_request *request, int status, const char *text)
{
	struct http_work *work = work_of(request);
	struct http_reply reply = { .status = status, .type = "text/plain; charset=utf-8" };

	reply.body = span_of(arena_printf(request->arena, "%s\n", text));
	reply.fields = work->server->options.error_fields;
	http_reply(request, &reply);
}
