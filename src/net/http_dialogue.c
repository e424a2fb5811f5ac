/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* One connection of a client: its requests one after another, and their deadlines. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/http_inner.h"

/* The handler that waits to say the next piece is told; it ends the request now or later. */
static void
let_say(struct http_work *work)
{
	if (!work->piece_due)
		return;
	work->piece_due = false;
	work->piece_fn(&work->request, work->piece_arg);
}

/* After its connection has gone. A request that is with the handler stays his. */
static void
dialogue_free(struct http_dialogue *dialogue)
{
	struct http_server *server = dialogue->server;
	struct http_client *client = dialogue->client;
	struct http_work *left = NULL;

	loop_undefer(server->loop, &dialogue->task);
	server->owed -= dialogue->owed;
	if (dialogue->work != NULL && dialogue->work->handed) {
		left = dialogue->work;
		left->dialogue = NULL;
	} else {
		http_work_free(&dialogue->work);
	}
	*dialogue->prev = dialogue->next;
	if (dialogue->next != NULL)
		dialogue->next->prev = dialogue->prev;
	free(dialogue);
	http_server_left(server, client);
	if (left != NULL)
		let_say(left);
}

void
http_dialogue_close(struct http_dialogue *dialogue)
{
	dialogue->server->counts.octets_sent += conn_sent(dialogue->conn);
	conn_close(&dialogue->conn);
	dialogue_free(dialogue);
}

/* The time that a peer of the slowest allowed pace needs. */
static int64_t
time_for(const struct http_server *server, size_t octets, int64_t least, int64_t most)
{
	int64_t rate = server->options.reply_rate > 0 ? server->options.reply_rate : 1;
	int64_t ms = least + (int64_t)octets * 1000 / rate;

	return ms > most ? most : ms;
}

static void
dialogue_finish(struct http_dialogue *dialogue)
{
	const struct http_server *server = dialogue->server;
	size_t waiting = conn_output_len(dialogue->conn);

	if (dialogue->finishing)
		return;
	dialogue->finishing = true;
	conn_finish(
	    dialogue->conn, time_for(server, waiting, server->options.reply_ms, REPLY_TOTAL_MS));
}

static int64_t
time_for_body(const struct http_dialogue *dialogue)
{
	const struct http_options *options = &dialogue->server->options;
	const struct http_head *head = &dialogue->work->request.head;

	if (head->chunked)
		return options->body_ms;
	return time_for(
	    dialogue->server, (size_t)head->content_length, options->head_ms, options->body_ms);
}

static void
set_deadline(struct http_dialogue *dialogue)
{
	const struct http_options *options = &dialogue->server->options;

	if (dialogue->sending) {
		conn_deadline(dialogue->conn, options->reply_ms);
		return;
	}
	switch (dialogue->state) {
	case DIALOGUE_IDLE:
		conn_deadline(dialogue->conn, options->idle_ms);
		break;
	case DIALOGUE_HEAD:
		conn_deadline(dialogue->conn, options->head_ms);
		break;
	case DIALOGUE_BODY:
		conn_deadline(dialogue->conn, time_for_body(dialogue));
		break;
	case DIALOGUE_ANSWERING:
		conn_deadline(dialogue->conn, 0); /* the handler has deadlines of its own */
		break;
	}
}

static void
dialogue_enter(struct http_dialogue *dialogue, enum http_dialogue_state state)
{
	dialogue->state = state;
	set_deadline(dialogue);
}

void
http_dialogue_said(struct http_dialogue *dialogue)
{
	dialogue->sending_since = clock_ticks_ms();
	dialogue->sending = true;
	dialogue->sent_mark = conn_sent(dialogue->conn);
	set_deadline(dialogue);
}

void
http_dialogue_replied(struct http_dialogue *dialogue, bool keep)
{
	dialogue->scan = (struct http_scan){ 0 };
	dialogue->sending = true;
	dialogue->sent_mark = conn_sent(dialogue->conn);
	dialogue->sending_since = clock_ticks_ms();
	dialogue_enter(dialogue, DIALOGUE_IDLE);
	if (!keep)
		dialogue_finish(dialogue);
	else if (!dialogue->busy && (conn_input(dialogue->conn).len > 0 || dialogue->ended))
		loop_defer(dialogue->server->loop, &dialogue->task);
}

/* Refused before it reached the handler: said, and closed. */
static void
refuse(struct http_dialogue *dialogue, int status)
{
	struct http_work *work = http_work_of(dialogue);

	dialogue->server->counts.bad++;
	log_debug("event=http.refused conn=%llu peer=%s status=%d",
	    (unsigned long long)conn_id(dialogue->conn), conn_peer(dialogue->conn), status);
	work->request.head.keep_alive = false;
	http_reply_text(&work->request, status, http_status_text(status));
}

/* The last hop that a proxy of ours saw. */
static const char *
peer_of(struct http_dialogue *dialogue, struct http_request *request)
{
	struct net_address address;
	struct span list = { 0 }, last;
	size_t comma;

	if (http_server_is_proxy(dialogue->server, conn_peer_address(dialogue->conn))) {
		for (size_t i = 0; i < request->head.field_count; i++)
			if (span_is_nocase(request->head.fields[i].name, "x-forwarded-for"))
				list = request->head.fields[i].value;
		for (last = list; (comma = span_find(last, ',')) < last.len;)
			last = span_from(last, comma + 1);
		last = span_trim(last);
		if (net_address_read_host(last, &address))
			return arena_strndup(request->arena, last.data, last.len);
	}
	return arena_strdup(request->arena, conn_peer(dialogue->conn));
}

static void
hand_over(struct http_dialogue *dialogue)
{
	struct http_server *server = dialogue->server;

	dialogue_enter(dialogue, DIALOGUE_ANSWERING);
	dialogue->work->handed = true;
	server->counts.requests++;
	server->counts.unanswered++;
	server->fn(&dialogue->work->request, server->arg);
}

static void
start_body(struct http_dialogue *dialogue)
{
	struct http_work *work = dialogue->work;
	const struct http_head *head = &work->request.head;
	int status;

	if (!head->chunked && head->content_length <= 0) {
		hand_over(dialogue);
		return;
	}
	status = http_body_begin(work);
	if (status != 0) {
		refuse(dialogue, status);
		return;
	}
	if (head->expect_continue && conn_input(dialogue->conn).len == 0)
		conn_send(dialogue->conn, SPAN("HTTP/1.1 100 Continue\r\n\r\n"));
	dialogue_enter(dialogue, DIALOGUE_BODY);
}

static void
start_request(struct http_dialogue *dialogue, struct span octets)
{
	static uint64_t last_id;
	struct http_work *work = http_work_of(dialogue);
	struct http_request *request = &work->request;
	struct span copy = arena_span(request->arena, octets);
	int status;

	dialogue->heard = true;
	conn_consume(dialogue->conn, octets.len);
	dialogue->scan = (struct http_scan){ 0 };
	request->id = ++last_id;
	request->secure = conn_is_secure(dialogue->conn);
	status = http_head_read(&request->head, copy);
	if (status != 0) {
		refuse(dialogue, status);
		return;
	}
	request->peer = peer_of(dialogue, request);
	start_body(dialogue);
}

static const struct http_head no_head;

/* Both answer whether there is more to do at once. */
static bool
go_head(struct http_dialogue *dialogue)
{
	struct span input = conn_input(dialogue->conn);
	size_t len;
	int status;

	if (input.len == 0)
		return false;
	switch (http_head_find(&dialogue->scan, input, &len, &status)) {
	case HTTP_MORE:
		if (dialogue->state == DIALOGUE_IDLE)
			dialogue_enter(dialogue, DIALOGUE_HEAD);
		return false;
	case HTTP_BAD:
		http_work_of(dialogue)->request.head = no_head; /* not that of the request before */
		refuse(dialogue, status);
		return false;
	case HTTP_DONE:
		break;
	}
	start_request(dialogue, span_first(input, len));
	return true;
}

static bool
go_body(struct http_dialogue *dialogue)
{
	int status = 0;

	switch (http_body_read(dialogue->work, dialogue->conn, &status)) {
	case HTTP_MORE:
		return false;
	case HTTP_BAD:
		refuse(dialogue, status);
		return false;
	case HTTP_DONE:
		break;
	}
	hand_over(dialogue);
	return true;
}

static bool
go_on(struct http_dialogue *dialogue)
{
	if (dialogue->finishing || conn_output_len(dialogue->conn) > OUTPUT_ENOUGH)
		return false;
	if (dialogue->state == DIALOGUE_IDLE || dialogue->state == DIALOGUE_HEAD)
		return go_head(dialogue);
	return dialogue->state == DIALOGUE_BODY && go_body(dialogue);
}

/* Some requests of one connection, then the others have their turn. */
static void
look_at_requests(struct http_dialogue *dialogue)
{
	int steps = 0;

	dialogue->busy = true;
	while (go_on(dialogue))
		if (++steps == REQUESTS_AT_ONCE) {
			loop_defer(dialogue->server->loop, &dialogue->task);
			break;
		}
	dialogue->busy = false;
	if (dialogue->ended && dialogue->state != DIALOGUE_ANSWERING &&
	    dialogue->task.prev == NULL && conn_output_len(dialogue->conn) <= OUTPUT_ENOUGH)
		dialogue_finish(dialogue);
}

static void
on_task(void *arg)
{
	struct http_dialogue *dialogue = arg;

	look_at_requests(dialogue);
}

/* The peer reads too slowly when a whole span of time brought less than its due. */
static bool
is_too_slow(const struct http_dialogue *dialogue)
{
	const struct http_options *options = &dialogue->server->options;
	uint64_t due = (uint64_t)(options->reply_rate * options->reply_ms / 1000);

	return conn_sent(dialogue->conn) - dialogue->sent_mark < due ||
	       clock_ticks_ms() - dialogue->sending_since > REPLY_TOTAL_MS;
}

static void
on_timeout(struct http_dialogue *dialogue)
{
	if (dialogue->sending && !is_too_slow(dialogue)) {
		dialogue->sent_mark = conn_sent(dialogue->conn);
		set_deadline(dialogue);
		return;
	}
	if (!dialogue->sending && dialogue->state == DIALOGUE_IDLE) {
		http_dialogue_close(dialogue);
		return;
	}
	dialogue->server->counts.timeouts++;
	log_debug("event=http.timeout conn=%llu peer=%s",
	    (unsigned long long)conn_id(dialogue->conn), conn_peer(dialogue->conn));
	if (dialogue->sending || dialogue->state == DIALOGUE_ANSWERING)
		http_dialogue_close(dialogue);
	else
		refuse(dialogue, 408);
}

/* A client may end its side after the last request and still wants the answers. */
static void
on_end(struct http_dialogue *dialogue)
{
	if (dialogue->state != DIALOGUE_ANSWERING && !dialogue->sending &&
	    conn_input(dialogue->conn).len == 0)
		return;
	conn_stay(dialogue->conn);
	dialogue->ended = true;
	look_at_requests(dialogue);
}

static void
on_left(struct http_dialogue *dialogue)
{
	dialogue->sending = false;
	dialogue->server->owed -= dialogue->owed;
	dialogue->owed = 0;
	set_deadline(dialogue);
	if (dialogue->state == DIALOGUE_ANSWERING && dialogue->work->piece_due)
		let_say(dialogue->work);
	else
		look_at_requests(dialogue);
}

static void
on_conn(struct conn *conn, enum conn_event event, void *arg)
{
	struct http_dialogue *dialogue = arg;

	switch (event) {
	case CONN_OPEN:
		set_deadline(dialogue);
		break;
	case CONN_DATA:
		look_at_requests(dialogue);
		break;
	case CONN_DRAINED:
		on_left(dialogue);
		break;
	case CONN_END:
		on_end(dialogue);
		break;
	case CONN_TIMEOUT:
		on_timeout(dialogue);
		break;
	case CONN_CLOSED:
		dialogue->server->counts.octets_sent += conn_sent(conn);
		dialogue->conn = NULL;
		dialogue_free(dialogue);
		break;
	case CONN_SECURE:
		break;
	}
}

void
http_dialogue_open(struct http_server *server, int fd, struct http_client *client)
{
	struct http_dialogue *dialogue = x_calloc(1, sizeof(*dialogue));

	dialogue->server = server;
	dialogue->client = client;
	dialogue->task = (struct loop_task){ .fn = on_task, .arg = dialogue };
	dialogue->next = server->dialogues;
	dialogue->prev = &server->dialogues;
	if (dialogue->next != NULL)
		dialogue->next->prev = &dialogue->next;
	server->dialogues = dialogue;
	dialogue->conn = conn_accept(server->loop, fd, server->options.tls, on_conn, dialogue);
	conn_deadline(dialogue->conn, server->options.head_ms);
}

/* Between two requests, with nothing on its way? */
static bool
is_idle(const struct http_dialogue *dialogue)
{
	return dialogue->state == DIALOGUE_IDLE && !dialogue->sending && !dialogue->busy &&
	       conn_input(dialogue->conn).len == 0;
}

/* A client sends again what a kept connection lost, and not what a new one did. */
void
http_dialogue_drain(struct http_dialogue *dialogue)
{
	if (!is_idle(dialogue))
		return;
	if (dialogue->heard)
		http_dialogue_close(dialogue);
	else
		conn_deadline(dialogue->conn, FIRST_REQUEST_MS);
}
