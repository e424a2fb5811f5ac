/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The HTTP server on real sockets: order, bounds, deadlines, ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/token.h"
#include "json.h"
#include "net/http.h"
#include "net/listen.h"
#include "net_client.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define ERROR_FIELDS "X-Content-Type-Options: nosniff\r\n"

enum { BIG = 100 * 1024, HUGE_BODY = 12 * 1024 * 1024 };

struct fixture {
	struct loop *loop;
	struct http_options options;
	struct http_server *server;
	struct http_blob *big;
	struct http_blob *huge;
	struct http_request *later; /* not yet answered */
	int fd;
	bool drained;
	bool started;		   /* a reply in pieces goes on */
	int pieces, piece_count;   /* asked for so far; in all */
	int piece_cut, piece_wait; /* at which it is cut, or waits */
	char address[NET_ADDRESS_TEXT];
	char folder[64];
};

static void
echo(struct fixture *fixture, struct http_request *request)
{
	struct http_reply reply = { .status = 200, .type = "application/octet-stream" };
	struct buf fields = { 0 };

	(void)fixture;
	http_field_add(&fields, "X-Peer", span_of(request->peer));
	http_field_add(&fields, "X-Spool", span_of(request->body_path != NULL ? "yes" : "no"));
	reply.fields = buf_span(&fields);
	reply.body = request->body;
	http_reply(request, &reply);
	buf_free(&fields);
}

/* ---- a reply in pieces ---- */

enum { PIECES = 40, PIECE = 64 * 1024, ENDLESS = 1000000 };

static void
on_piece_due(struct http_request *request, void *arg)
{
	struct fixture *fixture = arg;

	fixture->pieces++;
	if (fixture->pieces == fixture->piece_cut)
		http_reply_end(request, false);
	else if (fixture->pieces == fixture->piece_wait)
		fixture->later = request;
	else if (fixture->pieces > fixture->piece_count)
		http_reply_end(request, true);
	else
		http_reply_piece(request, span_first(http_blob_span(fixture->big), PIECE));
}

static void
start_pieces(struct fixture *fixture, struct http_request *request)
{
	struct http_reply reply = { .status = 200, .type = "text/plain", .body = SPAN("first\n") };

	fixture->pieces = 0;
	fixture->started = http_reply_start(request, &reply, on_piece_due, fixture);
}

static void
on_request(struct http_request *request, void *arg)
{
	struct fixture *fixture = arg;
	struct http_reply reply = { .status = 200, .type = "text/plain", .body = SPAN("hello\n") };
	struct span path = request->head.path;

	if (span_is(path, "/later")) {
		assert_null(fixture->later);
		fixture->later = request;
		return;
	}
	if (span_is(path, "/pieces")) {
		start_pieces(fixture, request);
		return;
	}
	if (span_is(path, "/echo")) {
		echo(fixture, request);
		return;
	}
	if (span_is(path, "/big"))
		reply.blob = fixture->big;
	else if (span_is(path, "/huge"))
		reply.blob = fixture->huge;
	else if (span_is(path, "/copy"))
		reply.body = http_blob_span(fixture->big);
	else if (span_is(path, "/tag"))
		reply.etag = SPAN("\"v1\"");
	else if (span_is(path, "/none"))
		reply.status = 204;
	else if (span_starts(path, "/n/"))
		reply.body = span_from(path, 3);
	http_reply(request, &reply);
}

static void
start(struct fixture *fixture)
{
	fixture->server = http_server_new(fixture->loop, &fixture->options, on_request, fixture);
	http_server_listen(fixture->server, fixture->fd);
}

static void
answer(struct fixture *fixture)
{
	struct http_reply reply = { .status = 200, .type = "text/plain", .body = SPAN("late\n") };
	struct http_request *request = fixture->later;

	fixture->later = NULL;
	http_reply(request, &reply);
}

/* Until the handler holds the request that it will answer later. */
static void
await_later(struct client *client, const struct fixture *fixture)
{
	for (int i = 0; i < 2000 && fixture->later == NULL; i++)
		client_wait(client, 5);
	assert_non_null(fixture->later);
}

static struct http_counts
counts(struct fixture *fixture)
{
	struct http_counts counts;

	http_server_count(fixture->server, &counts);
	return counts;
}

static struct http_blob *
blob_of(size_t len)
{
	struct buf octets = { 0 };

	for (size_t i = 0; i < len; i++)
		buf_add_char(&octets, (char)('a' + i % 26));
	return http_blob_take(&octets);
}

static int
set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct err err;

	assert_non_null(fixture);
	fixture->loop = loop_new();
	fixture->big = blob_of(BIG);
	snprintf(fixture->folder, sizeof(fixture->folder), "spool.XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	http_options_default(&fixture->options);
	fixture->options.error_fields = SPAN(ERROR_FIELDS);
	fixture->options.spool = fixture->folder;
	assert_true(listen_open("127.0.0.1:0", &fixture->fd, &err));
	assert_true(listen_name(fixture->fd, fixture->address));
	*state = fixture;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *fixture = *state;

	http_server_free(&fixture->server);
	file_close(&fixture->fd);
	http_blob_drop(&fixture->big);
	http_blob_drop(&fixture->huge);
	loop_free(&fixture->loop);
	assert_int_equal(rmdir(fixture->folder), 0); /* the spool is empty */
	free(fixture);
	return 0;
}

static size_t
count_text(const struct buf *in, const char *text)
{
	struct span rest = buf_span(in);
	size_t count = 0, at;

	while ((at = span_find_text(rest, text)) < rest.len) {
		count++;
		rest = span_from(rest, at + 1);
	}
	return count;
}

static void
assert_starts(const struct client *client, const char *text)
{
	if (!span_starts(buf_span(&client->in), text))
		fail_msg("'%.200s' does not begin with '%s'", buf_text(&client->in), text);
}

static void
assert_has(const struct client *client, const char *text)
{
	if (count_text(&client->in, text) == 0)
		fail_msg("'%.600s' has no '%s'", buf_text(&client->in), text);
}

static void
test_keep_alive(void **state)
{
	struct fixture *fixture = *state;
	struct client client;

	start(fixture);
	client_open(&client, fixture->loop, fixture->address);
	for (int i = 0; i < 3; i++) {
		buf_clear(&client.in);
		client_send_text(&client, GET("/"));
		assert_true(client_wait_text(&client, "\r\n\r\nhello\n"));
		assert_starts(&client, "HTTP/1.1 200 OK\r\nDate: ");
		assert_has(&client, " GMT\r\nContent-Length: 6\r\nContent-Type: text/plain\r\n");
		assert_int_equal(count_text(&client.in, "Connection:"), 0);
	}
	assert_int_equal(counts(fixture).accepted, 1);
	assert_int_equal(counts(fixture).requests, 3);
	client_close(&client);
}

/* The octets of the chunks that came, put together; -1: not whole. */
static int64_t
sum_chunks(const struct client *client)
{
	struct span rest = buf_span(&client->in);
	int64_t sum = 0;

	rest = span_from(rest, span_find_text(rest, "\r\n\r\n") + 4);
	while (rest.len > 0) {
		size_t len = strtoul(rest.data, NULL, 16), head = span_find_text(rest, "\r\n") + 2;
		if (len == 0)
			return span_is(rest, "0\r\n\r\n") ? sum : -1;
		if (rest.len < head + len + 2)
			return -1;
		sum += (int64_t)len;
		rest = span_from(rest, head + len + 2);
	}
	return -1;
}

static void
test_pieces(void **state)
{
	struct fixture *fixture = *state;
	struct client client;

	start(fixture);
	fixture->piece_count = PIECES;
	client_open(&client, fixture->loop, fixture->address);
	for (int i = 0; i < 2; i++) {
		buf_clear(&client.in);
		client_send_text(&client, GET("/pieces"));
		assert_true(client_wait_text(&client, "\r\n0\r\n\r\n"));
		assert_has(&client, "\r\nTransfer-Encoding: chunked\r\n");
		assert_int_equal(count_text(&client.in, "Content-Length"), 0);
		assert_int_equal(sum_chunks(&client), 6 + PIECES * PIECE);
		assert_int_equal(counts(fixture).unanswered, 0);
	}
	/* No body at all, and the connection goes on. */
	buf_clear(&client.in);
	client_send_text(&client, "HEAD /pieces HTTP/1.1\r\nHost: a\r\n\r\n" GET("/"));
	assert_true(client_wait_text(&client, "\r\n\r\nhello\n"));
	assert_false(fixture->started);
	assert_int_equal(count_text(&client.in, "first"), 0);
	client_close(&client);
	/* Of old there are no chunks: the end of the connection is the end. */
	client_open(&client, fixture->loop, fixture->address);
	client_send_text(&client, "GET /pieces HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	assert_true(client_wait_end(&client));
	assert_has(&client, "\r\nConnection: close\r\n");
	assert_int_equal(count_text(&client.in, "chunked"), 0);
	assert_int_equal(
	    client.in.len - span_find_text(buf_span(&client.in), "first"), 6 + PIECES * PIECE);
	client_close(&client);
}

static void
turn(struct fixture *fixture, int times)
{
	for (int i = 0; i < times; i++) {
		loop_turn(fixture->loop, false);
		usleep(2000);
	}
}

/* A part is not taken for the whole; a peer that leaves is told to whoever speaks, now or when
 * he next does; what waits for a slow one is a piece, not all. */
static void
test_pieces_cut(void **state)
{
	struct fixture *fixture = *state;
	struct client client;

	start(fixture);
	fixture->piece_count = ENDLESS;
	fixture->piece_cut = 3;
	client_open(&client, fixture->loop, fixture->address);
	client_send_text(&client, GET("/pieces"));
	assert_true(client_wait_end(&client));
	assert_int_equal(sum_chunks(&client), -1);
	client_close(&client);
	fixture->piece_cut = 0;
	fixture->piece_wait = 3;
	client_open(&client, fixture->loop, fixture->address);
	client_send_text(&client, GET("/pieces"));
	await_later(&client, fixture);
	client_close(&client);
	assert_int_equal(counts(fixture).unanswered, 1);
	(void)http_reply_piece(fixture->later, SPAN("late"));
	fixture->later = NULL;
	for (int i = 0; i < 2000 && counts(fixture).unanswered > 0; i++)
		turn(fixture, 1);
	assert_int_equal(counts(fixture).unanswered, 0);
	/* It goes while the piece is on its way. */
	fixture->piece_wait = 0;
	client_open(&client, fixture->loop, fixture->address);
	client_send_text(&client, GET("/pieces"));
	turn(fixture, 50);
	assert_in_range(fixture->pieces, 1, 1000);
	client_close(&client);
	for (int i = 0; i < 2000 && counts(fixture).unanswered > 0; i++)
		turn(fixture, 1);
	assert_int_equal(counts(fixture).unanswered, 0);
	/* The server ends while it is said. */
	client_open(&client, fixture->loop, fixture->address);
	client_send_text(&client, GET("/pieces"));
	turn(fixture, 50);
	http_server_free(&fixture->server);
	client_close(&client);
}

static void
test_close(void **state)
{
	static const struct {
		const char *text;
		bool keep;
	} cases[] = {
		{ "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false },
		{ "GET / HTTP/1.0\r\n\r\n", false },
		{ "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true },
		{ "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
		    false },
	};
	struct fixture *fixture = *state;
	struct client client;

	start(fixture);
	for (size_t i = 0; i < COUNT(cases); i++) {
		client_open(&client, fixture->loop, fixture->address);
		client_send_text(&client, cases[i].text);
		assert_true(client_wait_text(&client, "hello\n"));
		assert_has(&client,
		    cases[i].keep ? "Connection: keep-alive\r\n" : "Connection: close\r\n");
		if (!cases[i].keep)
			assert_true(client_wait_end(&client));
		assert_false(client.reset);
		client_close(&client);
	}
}

/* The next reply follows at once: no octet of a body that must not be there. */
static void
test_no_body(void **state)
{
	static const struct {
		const char *text, *status, *has;
	} cases[] = {
		{ "HEAD /big HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\n",
		    "Content-Length: 102400\r\n" },
		{ "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\n",
		    "Content-Length: 6\r\n" },
		{ "GET /tag HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"x\", W/\"v1\"\r\n\r\n",
		    "HTTP/1.1 304 Not Modified\r\n", "ETag: \"v1\"\r\n" },
		{ "HEAD /tag HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"v1\"\r\n\r\n",
		    "HTTP/1.1 304 Not Modified\r\n", "ETag: \"v1\"\r\n" },
		{ GET("/none"), "HTTP/1.1 204 No Content\r\n", "Date: " },
	};
	struct fixture *fixture = *state;
	struct client client;

	start(fixture);
	client_open(&client, fixture->loop, fixture->address);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct span in;

		buf_clear(&client.in);
		client_send_text(&client, cases[i].text);
		client_send_text(&client, GET("/n/next"));
		assert_true(client_wait_text(&client, "\r\n\r\nnext"));
		assert_starts(&client, cases[i].status);
		assert_has(&client, cases[i].has);
		in = buf_span(&client.in);
		in = span_from(in, span_find_text(in, "\r\n\r\n") + 4);
		assert_true(span_starts(in, "HTTP/1.1 200 OK\r\n"));
	}
	client_send_text(&client, "POST /tag HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"v1\"\r\n\r\n");
	buf_clear(&client.in);
	assert_true(client_wait_text(&client, "hello\n")); /* a POST is done, never 304 */
	client_close(&client);
}

static void
test_big_bodies(void **state)
{
	static const char *const paths[] = { "/big", "/copy" };
	struct fixture *fixture = *state;
	struct client client;

	start(fixture);
	client_open(&client, fixture->loop, fixture->address);
	for (size_t i = 0; i < COUNT(paths); i++) {
		struct buf text = { 0 };
		struct span in;

		buf_printf(&text, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", paths[i]);
		buf_clear(&client.in);
		client_send(&client, buf_span(&text));
		assert_true(client_wait_len(&client, BIG + 50));
		client_wait(&client, 20);
		in = buf_span(&client.in);
		in = span_from(in, span_find_text(in, "\r\n\r\n") + 4);
		assert_true(span_equal(in, http_blob_span(fixture->big)));
		buf_free(&text);
	}
	client_close(&client);
}

/* Forty at once, one of them answered late: the order stays. */
static void
test_pipelining(void **state)
{
	struct fixture *fixture = *state;
	struct client client;
	struct buf text = { 0 };
	struct span rest;
	size_t at;

	start(fixture);
	for (int i = 0; i < 40; i++)
		buf_printf(
		    &text, i == 20 ? GET("/later") : "GET /n/<%d> HTTP/1.1\r\nHost: a\r\n\r\n", i);
	client_open(&client, fixture->loop, fixture->address);
	client_send(&client, buf_span(&text));
	assert_true(client_wait_text(&client, "<19>"));
	await_later(&client, fixture);
	assert_int_equal(count_text(&client.in, "HTTP/1.1 200"), 20);
	answer(fixture);
	assert_true(client_wait_text(&client, "<39>"));
	rest = buf_span(&client.in);
	for (int i = 0; i < 40; i++) {
		char want[16];

		snprintf(want, sizeof(want), i == 20 ? "late\n" : "<%d>", i);
		at = span_find_text(rest, want);
		assert_true(at < rest.len);
		rest = span_from(rest, at);
	}
	assert_int_equal(count_text(&client.in, "HTTP/1.1 200"), 40);
	buf_free(&text);
	client_close(&client);
}

/* Thousands of requests whose answers nobody reads: the server stops reading them. */
static void
test_pipelining_unread(void **state)
{
	struct fixture *fixture = *state;
	struct client client;
	struct buf text = { 0 };
	int unread = 4096;

	start(fixture);
	for (int i = 0; i < 1000; i++)
		buf_add_text(&text, GET("/copy"));
	client_open(&client, fixture->loop, fixture->address);
	assert_int_equal(setsockopt(client.fd, SOL_SOCKET, SO_RCVBUF, &unread, sizeof(unread)), 0);
	assert_true(write(client.fd, text.data, text.len) > 0);
	for (int i = 0; i < 200; i++)
		loop_turn(fixture->loop, false);
	/* what the kernel took (at most some MiB), the mark, one reply over it */
	assert_in_range(counts(fixture).requests, 3, 200);
	buf_free(&text);
	client_close(&client);
}

static const struct {
	const char *name, *text, *status;
} refusals[] = {
	{ "no Host", "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n" },
	{ "two lengths",
	    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
	    "HTTP/1.1 400 " },
	{ "bare LF", "GET / HTTP/1.1\nHost: a\n\n", "HTTP/1.1 400 " },
	{ "TLS", "\x16\x03\x01", "HTTP/1.1 400 " },
	{ "PUT", "PUT / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 405 Method Not Allowed\r\n" },
	{ "BREW", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 501 " },
	{ "a bad chunk",
	    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n",
	    "HTTP/1.1 400 " },
	{ "a long form", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n",
	    "HTTP/1.1 413 " },
	{ "a long upload",
	    "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=B\r\n"
	    "Content-Length: 12582913\r\n\r\n",
	    "HTTP/1.1 413 " },
	{ "a miracle", "POST / HTTP/1.1\r\nHost: a\r\nExpect: a miracle\r\n\r\n", "HTTP/1.1 417 " },
};

static void
test_refusals(void **state)
{
	struct fixture *fixture = *state;
	struct client client;

	start(fixture);
	for (size_t i = 0; i < COUNT(refusals); i++) {
		client_open(&client, fixture->loop, fixture->address);
		client_send_text(&client, GET("/n/before"));
		assert_true(client_wait_text(&client, "before"));
		buf_clear(&client.in);
		client_send_text(&client, refusals[i].text);
		client_send_text(&client, GET("/n/after"));
		if (!client_wait_end(&client) || client.reset)
			fail_msg("%s: not closed in order", refusals[i].name);
		assert_starts(&client, refusals[i].status);
		assert_has(&client, "Connection: close\r\n");
		assert_has(&client, ERROR_FIELDS);
		if (count_text(&client.in, "HTTP/1.1 ") != 1)
			fail_msg("%s: '%s'", refusals[i].name, buf_text(&client.in));
		client_close(&client);
	}
	assert_int_equal(counts(fixture).bad, COUNT(refusals));
}

/* After a HEAD, the refusal of what follows still has its text. */
static void
test_refusal_after_head(void **state)
{
	struct fixture *fixture = *state;
	struct client client;

	start(fixture);
	client_open(&client, fixture->loop, fixture->address);
	client_send_text(&client, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n\x01");
	assert_true(client_wait_end(&client));
	assert_has(&client, "\r\n\r\nBad Request\n");
	client_close(&client);
}

static void
add_base64(struct buf *out, const char *text)
{
	struct buf url = { 0 };
	size_t len = 0;
	char *octets;

	for (; *text != '\0' && *text != '='; text++)
		buf_add_char(&url, *text == '+' ? '-' : *text == '/' ? '_' : *text);
	octets = calloc(1, url.len + 1);
	assert_non_null(octets);
	assert_true(token_unbase64url(buf_span(&url), octets, url.len, &len));
	buf_add(out, octets, len);
	free(octets);
	buf_free(&url);
}

/* What llhttp rejects ends here in a refusal or in a closed connection, and so do all heads
 * that are cut; nothing is ever answered twice. */
static void
test_llhttp(void **state)
{
	struct fixture *fixture = *state;
	struct arena *arena = arena_new();
	struct json *list = json_read(arena, PREAU_SOURCE "/tests/data/http/llhttp-requests.json");
	struct client client;

	start(fixture);
	for (const struct json *item = list->first; item != NULL; item = item->next) {
		bool rejects = json_get(item, "strict_parser_rejects")->kind == JSON_TRUE;
		struct buf text = { 0 };

		add_base64(&text, json_get_text(item, "bytes_b64"));
		client_open(&client, fixture->loop, fixture->address);
		client_send(&client, buf_span(&text));
		client_send_text(&client, "\r\n\r\n");
		client_end(&client);
		if (!client_wait_end(&client))
			fail_msg("%s: open", json_get_text(item, "title"));
		if (rejects && count_text(&client.in, "HTTP/1.1 200") > 0 &&
		    count_text(&client.in, "Connection: close\r\n") != 1)
			fail_msg("%s: '%s'", json_get_text(item, "title"), buf_text(&client.in));
		client_close(&client);
		buf_free(&text);
	}
	arena_free(&arena);
}

static void
slowly(struct client *client, const char *text, int64_t ms)
{
	for (; *text != '\0' && !client->ended; text++) {
		client_send(client, span_make(text, 1));
		client_wait(client, ms);
	}
}

/* An octet now and then does not move the deadline. */
static void
test_slow_head(void **state)
{
	struct fixture *fixture = *state;
	struct client client;
	int64_t began = clock_ticks_ms();

	fixture->options.head_ms = 200;
	start(fixture);
	client_open(&client, fixture->loop, fixture->address);
	slowly(&client, GET("/") GET("/"), 20);
	assert_true(client_wait_end(&client));
	assert_in_range(clock_ticks_ms() - began, 150, 1000);
	assert_starts(&client, "HTTP/1.1 408 Request Timeout\r\n");
	assert_int_equal(counts(fixture).timeouts, 1);
	assert_int_equal(counts(fixture).requests, 0);
	client_close(&client);
}

static void
test_slow_body(void **state)
{
	struct fixture *fixture = *state;
	struct client client;

	fixture->options.body_ms = 200;
	start(fixture);
	client_open(&client, fixture->loop, fixture->address);
	client_send_text(&client, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n");
	slowly(&client, "........................................................................",
	    20);
	assert_true(client_wait_end(&client));
	assert_starts(&client, "HTTP/1.1 408 ");
	assert_int_equal(counts(fixture).requests, 0);
	client_close(&client);
}

/* Silence before the first request, and after one. */
static void
test_idle(void **state)
{
	struct fixture *fixture = *state;
	struct client client;

	fixture->options.idle_ms = 100;
	start(fixture);
	for (int i = 0; i < 2; i++) {
		client_open(&client, fixture->loop, fixture->address);
		if (i == 1)
			client_send_text(&client, GET("/"));
		assert_true(client_wait_end(&client));
		assert_int_equal(count_text(&client.in, "HTTP/1.1"), i);
		client_close(&client);
	}
	assert_int_equal(counts(fixture).timeouts, 0);
	assert_int_equal(counts(fixture).open, 0);
}

/* A peer that asks and does not read is let go; one that reads steadily is not. */
static void
test_slow_reader(void **state)
{
	struct fixture *fixture = *state;
	struct client client;
	int64_t until = clock_ticks_ms() + 10000;

	fixture->huge = blob_of(HUGE_BODY);
	fixture->options.reply_ms = 150;
	fixture->options.reply_rate = 100000;
	start(fixture);
	client_open(&client, fixture->loop, fixture->address);
	client_send_text(&client, GET("/huge"));
	while (counts(fixture).timeouts == 0 && clock_ticks_ms() < until)
		loop_turn(fixture->loop, true);
	assert_int_equal(counts(fixture).timeouts, 1);
	assert_int_equal(counts(fixture).open, 0);
	client_close(&client);
	client_open(&client, fixture->loop, fixture->address);
	client_send_text(&client, GET("/huge"));
	while (client.in.len < HUGE_BODY && !client.ended) {
		client_wait_len(&client, client.in.len + 1000000);
		client_wait(&client, 40);
	}
	assert_in_range(client.in.len, HUGE_BODY, HUGE_BODY + 1000);
	assert_int_equal(counts(fixture).timeouts, 1);
	client_close(&client);
}

/* Big bodies whose readers take their time are bounded together; small ones are not. */
static void
test_many_slow_readers(void **state)
{
	struct fixture *fixture = *state;
	struct client slow, client;

	fixture->huge = blob_of(HUGE_BODY);
	fixture->options.reply_memory = HUGE_BODY + HUGE_BODY / 2;
	start(fixture);
	client_open(&slow, fixture->loop, fixture->address);
	client_send_text(&slow, GET("/huge"));
	while (counts(fixture).requests == 0)
		loop_turn(fixture->loop, true);
	client_open(&client, fixture->loop, fixture->address);
	client_send_text(&client, GET("/huge"));
	assert_true(client_wait_text(&client, "please try again.\n"));
	assert_starts(&client, "HTTP/1.1 503 ");
	assert_int_equal(count_text(&client.in, "Retry-After: 30\r\n"), 1);
	client_send_text(&client, GET("/") "HEAD /huge HTTP/1.1\r\nHost: a\r\n\r\n" GET("/big"));
	assert_true(client_wait_len(&client, BIG));
	assert_int_equal(count_text(&client.in, "HTTP/1.1 200 OK"), 3);
	client_close(&slow);
	while (counts(fixture).open > 1)
		loop_turn(fixture->loop, true);
	client_send_text(&client, GET("/huge"));
	assert_true(client_wait_len(&client, BIG + HUGE_BODY));
	client_close(&client);
}

static size_t
files_in(const char *folder)
{
	DIR *dir = opendir(folder);
	size_t count = 0;

	assert_non_null(dir);
	for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
		if (entry->d_name[0] != '.')
			count++;
	closedir(dir);
	return count;
}

static void
add_body(struct buf *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		buf_add_char(out, (char)('A' + i % 23));
}

static const struct {
	const char *name, *type;
	size_t len, chunk; /* chunk 0: by length */
	const char *status, *spool;
} sent_bodies[] = {
	{ "empty", "a/b", 0, 0, "HTTP/1.1 200", "no" },
	{ "one octet", "a/b", 1, 0, "HTTP/1.1 200", "no" },
	{ "all that memory takes", "a/b", 65536, 0, "HTTP/1.1 200", "no" },
	{ "chunked, empty", "a/b", 0, 1, "HTTP/1.1 200", "no" },
	{ "chunked", "a/b", 30000, 1000, "HTTP/1.1 200", "no" },
	{ "chunked, all that memory takes", "a/b", 65536, 9999, "HTTP/1.1 200", "no" },
	{ "chunked, too long", "a/b", 65537, 9999, "HTTP/1.1 413", NULL },
	{ "too long", "a/b", 65537, 0, "HTTP/1.1 413", NULL },
	{ "upload, small", "multipart/form-data; boundary=B", 65536, 0, "HTTP/1.1 200", "no" },
	{ "upload", "multipart/form-data; boundary=B", 65537, 0, "HTTP/1.1 200", "yes" },
	{ "upload, big", "multipart/form-data; boundary=B", 3000000, 0, "HTTP/1.1 200", "yes" },
	{ "upload, chunked", "multipart/form-data; boundary=B", 3000000, 40000, "HTTP/1.1 200",
	    "yes" },
	{ "upload, far too long", "multipart/form-data; boundary=B", HUGE_BODY + 1, 0,
	    "HTTP/1.1 413", NULL },
	{ "upload, chunked, far too long", "multipart/form-data; boundary=B", HUGE_BODY + 1,
	    1000000, "HTTP/1.1 413", NULL },
};

static void
write_request(struct buf *out, const char *type, struct span body, size_t chunk)
{
	buf_printf(out, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: %s\r\n", type);
	if (chunk == 0) {
		buf_printf(out, "Content-Length: %zu\r\n\r\n", body.len);
		buf_add_span(out, body);
		return;
	}
	buf_add_text(out, "Transfer-Encoding: chunked\r\n\r\n");
	for (; body.len > 0; body = span_from(body, chunk)) {
		buf_printf(out, "%zx\r\n", span_first(body, chunk).len);
		buf_add_span(out, span_first(body, chunk));
		buf_add_text(out, "\r\n");
	}
	buf_add_text(out, "0\r\n\r\n");
}

static void
check_sent_body(struct fixture *fixture, size_t at)
{
	struct buf body = { 0 }, text = { 0 };
	struct client client;
	struct span in;
	char spool[32];

	add_body(&body, sent_bodies[at].len);
	write_request(&text, sent_bodies[at].type, buf_span(&body), sent_bodies[at].chunk);
	client_open(&client, fixture->loop, fixture->address);
	client_send(&client, buf_span(&text));
	assert_true(client_wait_text(&client, "\r\n\r\n"));
	if (!span_starts(buf_span(&client.in), sent_bodies[at].status) || client.reset)
		fail_msg("%s: '%.100s'", sent_bodies[at].name, buf_text(&client.in));
	if (sent_bodies[at].spool != NULL) {
		snprintf(spool, sizeof(spool), "X-Spool: %s\r\n", sent_bodies[at].spool);
		assert_has(&client, spool);
		in = buf_span(&client.in);
		client_wait_len(&client, span_find_text(in, "\r\n\r\n") + 4 + body.len);
		in = buf_span(&client.in);
		in = span_from(in, span_find_text(in, "\r\n\r\n") + 4);
		if (!span_equal(in, buf_span(&body)))
			fail_msg("%s: another body", sent_bodies[at].name);
	} else {
		assert_true(client_wait_end(&client));
	}
	assert_int_equal(files_in(fixture->folder), 0);
	client_close(&client);
	buf_free(&text);
	buf_free(&body);
}

static void
test_bodies(void **state)
{
	start(*state);
	for (size_t i = 0; i < COUNT(sent_bodies); i++)
		check_sent_body(*state, i);
}

/* A cut upload leaves nothing behind. */
static void
test_cut_upload(void **state)
{
	struct fixture *fixture = *state;
	struct buf body = { 0 }, text = { 0 };
	struct client client;

	start(fixture);
	add_body(&body, 200000);
	write_request(&text, "multipart/form-data; boundary=B", buf_span(&body), 0);
	client_open(&client, fixture->loop, fixture->address);
	client_send(&client, span_first(buf_span(&text), 150000));
	for (int i = 0; i < 2000 && files_in(fixture->folder) == 0; i++)
		client_wait(&client, 5);
	assert_int_equal(files_in(fixture->folder), 1);
	client_close(&client);
	client_open(&client, fixture->loop, fixture->address);
	for (int i = 0; i < 2000 && files_in(fixture->folder) != 0; i++)
		client_wait(&client, 5);
	assert_int_equal(files_in(fixture->folder), 0);
	assert_int_equal(counts(fixture).requests, 0);
	client_close(&client);
	buf_free(&text);
	buf_free(&body);
}

static void
test_expect(void **state)
{
	struct fixture *fixture = *state;
	struct client client;

	start(fixture);
	client_open(&client, fixture->loop, fixture->address);
	client_send_text(&client,
	    "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
	assert_true(client_wait_text(&client, "HTTP/1.1 100 Continue\r\n\r\n"));
	client_send_text(&client, "world");
	assert_true(client_wait_text(&client, "\r\n\r\nworld"));
	assert_int_equal(count_text(&client.in, "HTTP/1.1"), 2);
	buf_clear(&client.in);
	client_send_text(&client, "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: "
				  "100-continue\r\nContent-Length: 99999\r\n\r\n");
	assert_true(client_wait_end(&client));
	assert_starts(&client, "HTTP/1.1 413 ");
	client_close(&client);
}

static void
test_late_reply(void **state)
{
	struct fixture *fixture = *state;
	struct client client;

	start(fixture);
	client_open(&client, fixture->loop, fixture->address);
	client_send_text(&client, GET("/later"));
	await_later(&client, fixture);
	assert_int_equal(counts(fixture).unanswered, 1);
	answer(fixture);
	assert_true(client_wait_text(&client, "late\n"));
	assert_int_equal(counts(fixture).unanswered, 0);
	client_close(&client);
}

static void
test_peer_vanished(void **state)
{
	struct linger hard = { .l_onoff = 1 }; /* a reset instead of an end */
	struct fixture *fixture = *state;
	struct client client, other;

	start(fixture);
	client_open(&client, fixture->loop, fixture->address);
	client_open(&other, fixture->loop, fixture->address);
	client_send_text(&client, GET("/later"));
	await_later(&client, fixture);
	assert_int_equal(setsockopt(client.fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)), 0);
	client_close(&client);
	client_wait(&other, 30);
	assert_int_equal(counts(fixture).open, 1);
	assert_int_equal(counts(fixture).unanswered, 1);
	answer(fixture);
	assert_int_equal(counts(fixture).unanswered, 0);
	assert_int_equal(counts(fixture).dropped, 1);
	client_send_text(&other, GET("/"));
	assert_true(client_wait_text(&other, "hello\n"));
	client_close(&other);
}

static void
test_half_closed(void **state)
{
	struct fixture *fixture = *state;
	struct client client;

	start(fixture);
	client_open(&client, fixture->loop, fixture->address);
	client_send_text(&client, GET("/n/one") GET("/later") GET("/big"));
	client_end(&client);
	assert_true(client_wait_text(&client, "one"));
	await_later(&client, fixture);
	assert_false(client.ended);
	answer(fixture);
	assert_true(client_wait_end(&client));
	assert_false(client.reset);
	assert_int_equal(count_text(&client.in, "HTTP/1.1 200"), 3);
	assert_in_range(client.in.len, BIG, BIG + 2000);
	client_close(&client);
}

static void
test_limit_of_address(void **state)
{
	struct fixture *fixture = *state;
	struct client clients[3], client;

	fixture->options.limit_loopback = true;
	fixture->options.connections_ip = 3;
	start(fixture);
	for (size_t i = 0; i < COUNT(clients); i++)
		client_open(&clients[i], fixture->loop, fixture->address);
	client_wait(&clients[0], 30);
	client_open(&client, fixture->loop, fixture->address);
	assert_true(client_wait_end(&client));
	assert_starts(&client, "HTTP/1.1 503 ");
	assert_int_equal(counts(fixture).refused, 1);
	client_close(&client);
	client_close(&clients[0]);
	client_wait(&clients[1], 30);
	client_open(&client, fixture->loop, fixture->address);
	client_send_text(&client, GET("/"));
	assert_true(client_wait_text(&client, "hello\n"));
	client_close(&client);
	client_close(&clients[1]);
	client_close(&clients[2]);
}

/* Neither a proxy of ours nor, unless asked, a neighbour is held to the limit. */
static void
test_limit_exempt(void **state)
{
	static struct net_address proxy;
	struct fixture *fixture = *state;
	struct client one, two;

	assert_true(net_address_read_host(SPAN("127.0.0.1"), &proxy));
	fixture->options.proxies = &proxy;
	fixture->options.connections_ip = 1;
	for (int i = 0; i < 2; i++) {
		fixture->options.limit_loopback = i == 0;
		fixture->options.proxy_count = i == 0;
		start(fixture);
		client_open(&one, fixture->loop, fixture->address);
		client_wait(&one, 20);
		client_open(&two, fixture->loop, fixture->address);
		client_send_text(&two, GET("/"));
		assert_true(client_wait_text(&two, "hello\n"));
		client_close(&one);
		client_close(&two);
		http_server_free(&fixture->server);
	}
}

static void
test_limit_of_all(void **state)
{
	struct fixture *fixture = *state;
	struct client one, two, three;

	fixture->options.connections = 2;
	start(fixture);
	client_open(&one, fixture->loop, fixture->address);
	client_open(&two, fixture->loop, fixture->address);
	client_open(&three, fixture->loop, fixture->address);
	client_send_text(&three, GET("/"));
	client_wait(&three, 50);
	assert_int_equal(three.in.len, 0);
	assert_int_equal(counts(fixture).open, 2);
	client_close(&one);
	assert_true(client_wait_text(&three, "hello\n"));
	client_close(&two);
	client_close(&three);
}

static void
test_proxy(void **state)
{
	static const struct {
		const char *field, *peer;
		bool trusted;
	} cases[] = {
		{ "X-Forwarded-For: 192.0.2.9\r\n", "192.0.2.9", true },
		{ "X-Forwarded-For: 10.0.0.1, 2001:db8::1 \r\n", "2001:db8::1", true },
		{ "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.2\r\n", "192.0.2.2",
		    true },
		{ "X-Forwarded-For: 192.0.2.9, unknown\r\n", "127.0.0.1", true },
		{ "X-Forwarded-For: \r\n", "127.0.0.1", true },
		{ "", "127.0.0.1", true },
		{ "X-Forwarded-For: 192.0.2.9\r\n", "127.0.0.1", false },
	};
	static struct net_address proxy;
	struct fixture *fixture = *state;
	struct client client;

	assert_true(net_address_read_host(SPAN("127.0.0.1"), &proxy));
	fixture->options.proxies = &proxy;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[200], want[64];

		fixture->options.proxy_count = cases[i].trusted;
		start(fixture);
		snprintf(
		    text, sizeof(text), "GET /echo HTTP/1.1\r\nHost: a\r\n%s\r\n", cases[i].field);
		snprintf(want, sizeof(want), "X-Peer: %s\r\n", cases[i].peer);
		client_open(&client, fixture->loop, fixture->address);
		client_send_text(&client, text);
		assert_true(client_wait_text(&client, "\r\n\r\n"));
		assert_has(&client, want);
		client_close(&client);
		http_server_free(&fixture->server);
	}
}

static void
on_drained(void *arg)
{
	struct fixture *fixture = arg;

	fixture->drained = true;
}

static void
test_drain(void **state)
{
	struct fixture *fixture = *state;
	struct client idle, waiting, late;

	start(fixture);
	client_open(&idle, fixture->loop, fixture->address);
	client_open(&late, fixture->loop, fixture->address);
	client_open(&waiting, fixture->loop, fixture->address);
	client_send_text(&waiting, GET("/later"));
	client_wait(&waiting, 30);
	http_server_drain(fixture->server, on_drained, fixture);
	client_send_text(&late, GET("/")); /* was on its way */
	assert_true(client_wait_end(&late));
	assert_has(&late, "HTTP/1.1 200 ");
	assert_has(&late, "Connection: close\r\n");
	client_close(&late);
	assert_true(client_wait_end(&idle));
	client_wait(&waiting, 30);
	assert_false(fixture->drained);
	answer(fixture);
	assert_true(client_wait_end(&waiting));
	assert_has(&waiting, "Connection: close\r\n");
	assert_has(&waiting, "late\n");
	client_close(&waiting); /* the server waits for our end too */
	client_wait(&idle, 30);
	assert_true(fixture->drained);
	client_close(&idle);
}

/* The server goes while a request is with the handler, who answers all the same. */
static void
test_free_unanswered(void **state)
{
	struct fixture *fixture = *state;
	struct client client;

	start(fixture);
	client_open(&client, fixture->loop, fixture->address);
	client_send_text(&client, GET("/later"));
	await_later(&client, fixture);
	http_server_free(&fixture->server);
	assert_true(client_wait_end(&client));
	answer(fixture);
	client_close(&client);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_keep_alive),
		CASE(test_pieces),
		CASE(test_pieces_cut),
		CASE(test_close),
		CASE(test_no_body),
		CASE(test_big_bodies),
		CASE(test_pipelining),
		CASE(test_pipelining_unread),
		CASE(test_refusals),
		CASE(test_refusal_after_head),
		CASE(test_llhttp),
		CASE(test_slow_head),
		CASE(test_slow_body),
		CASE(test_idle),
		CASE(test_slow_reader),
		CASE(test_many_slow_readers),
		CASE(test_bodies),
		CASE(test_cut_upload),
		CASE(test_expect),
		CASE(test_late_reply),
		CASE(test_peer_vanished),
		CASE(test_half_closed),
		CASE(test_limit_of_address),
		CASE(test_limit_exempt),
		CASE(test_limit_of_all),
		CASE(test_proxy),
		CASE(test_drain),
		CASE(test_free_unanswered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
