/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The server: its doors, their deadlines, and the way of a request through them. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "net/http_inner.h"

void
http_options_default(struct http_options *options)
{
	*options = (struct http_options){
		.body_memory = 64 * 1024,
		.upload_max = 12 * 1024 * 1024,
		.connections = 1000,
		.connections_ip = 32,
		.head_ms = 10 * 1000,
		.body_ms = 120 * 1000,
		.idle_ms = 15 * 1000,
		.reply_ms = 10 * 1000,
		.reply_rate = 500,
	};
}

static bool
is_proxy(const struct http_server *server, const struct net_address *peer)
{
	const struct http_options *options = &server->options;

	if (net_address_is_unix(peer))
		return options->trust_unix;
	for (size_t i = 0; i < options->proxy_count; i++)
		if (net_address_same_host(&options->proxies[i], peer))
			return true;
	return false;
}

/* A proxy speaks for everybody, and limits them itself. */
static bool
is_counted(const struct http_server *server, const struct net_address *peer)
{
	if (net_address_is_unix(peer) || is_proxy(server, peer))
		return false;
	return server->options.limit_loopback || !net_address_is_loopback(peer);
}

/* False: this address has enough open. */
static bool
client_enter(
    struct http_server *server, const struct net_address *peer, struct http_client **client)
{
	char key[9];
	size_t len;

	*client = NULL;
	if (!is_counted(server, peer))
		return true;
	len = net_address_key(peer, key);
	*client = map_get(server->clients, span_make(key, len));
	if (*client == NULL) {
		*client = x_calloc(1, sizeof(**client));
		(*client)->key_len = len;
		memcpy((*client)->key, key, len);
		map_set(server->clients, span_make(key, len), *client);
	}
	if ((*client)->count >= server->options.connections_ip)
		return false;
	(*client)->count++;
	return true;
}

static void
client_leave(struct http_server *server, struct http_client *client)
{
	if (client == NULL || --client->count > 0)
		return;
	map_remove(server->clients, span_make(client->key, client->key_len));
	free(client);
}

static void
server_release(struct http_server *server)
{
	map_free(&server->clients);
	buf_free(&server->scratch);
	free(server);
}

static void
on_drained(void *arg)
{
	struct http_server *server = arg;

	server->drained(server->drained_arg);
}

void
http_server_check_drained(struct http_server *server)
{
	if (server->doors != NULL || server->counts.unanswered > 0)
		return;
	if (server->freed)
		server_release(server);
	else if (server->draining && server->drained != NULL)
		loop_defer(server->loop, &server->drained_task);
}

static void
pause_or_resume(struct http_server *server)
{
	bool full = server->counts.open >= server->options.connections;

	if (full == server->paused)
		return;
	server->paused = full;
	if (full)
		log_warn("event=http.full connections=%zu", server->counts.open);
	for (size_t i = 0; i < server->listener_count; i++) {
		if (full)
			listen_pause(server->listeners[i]);
		else
			listen_resume(server->listeners[i]);
	}
}

/* After its connection has gone. A request that is with the handler stays his. */
static void
door_free(struct http_door *door)
{
	struct http_server *server = door->server;

	loop_undefer(server->loop, &door->task);
	if (door->work != NULL && door->work->handed)
		door->work->door = NULL;
	else
		http_work_free(&door->work);
	client_leave(server, door->client);
	*door->prev = door->next;
	if (door->next != NULL)
		door->next->prev = door->prev;
	free(door);
	server->counts.open--;
	if (!server->freed) {
		pause_or_resume(server);
		http_server_check_drained(server);
	}
}

static void
door_close(struct http_door *door)
{
	door->server->counts.octets_sent += conn_sent(door->conn);
	conn_close(&door->conn);
	door_free(door);
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
door_finish(struct http_door *door)
{
	if (door->finishing)
		return;
	door->finishing = true;
	conn_finish(door->conn, time_for(door->server, conn_output_len(door->conn),
				    door->server->options.reply_ms, REPLY_TOTAL_MS));
}

static void
set_deadline(struct http_door *door)
{
	const struct http_options *options = &door->server->options;
	const struct http_head *head;

	if (door->sending) {
		conn_deadline(door->conn, options->reply_ms);
		return;
	}
	switch (door->state) {
	case DOOR_IDLE:
		conn_deadline(door->conn, options->idle_ms);
		break;
	case DOOR_HEAD:
		conn_deadline(door->conn, options->head_ms);
		break;
	case DOOR_BODY:
		head = &door->work->request.head;
		conn_deadline(door->conn, head->chunked
					      ? options->body_ms
					      : time_for(door->server, (size_t)head->content_length,
						    options->head_ms, options->body_ms));
		break;
	case DOOR_ANSWERING:
		conn_deadline(door->conn, 0); /* the handler has deadlines of its own */
		break;
	}
}

static void
door_enter(struct http_door *door, enum door_state state)
{
	door->state = state;
	set_deadline(door);
}

void
http_door_replied(struct http_door *door, bool keep)
{
	door->scan = (struct http_scan){ 0 };
	door->sending = true;
	door->sent_mark = conn_sent(door->conn);
	door->sending_since = clock_ticks_ms();
	door_enter(door, DOOR_IDLE);
	if (!keep)
		door_finish(door);
	else if (!door->busy && (conn_input(door->conn).len > 0 || door->ended))
		loop_defer(door->server->loop, &door->task);
}

/* Refused before it reached the handler: said, and closed. */
static void
refuse(struct http_door *door, int status)
{
	struct http_work *work = http_work_of(door);

	door->server->counts.bad++;
	log_debug("event=http.refused conn=%llu peer=%s status=%d",
	    (unsigned long long)conn_id(door->conn), conn_peer(door->conn), status);
	work->request.head.keep_alive = false;
	http_reply_text(&work->request, status, http_status_text(status));
}

/* The last hop that a proxy of ours saw. */
static const char *
peer_of(struct http_door *door, struct http_request *request)
{
	struct net_address address;
	struct span list = { 0 }, last;
	size_t comma;

	if (is_proxy(door->server, conn_peer_address(door->conn))) {
		for (size_t i = 0; i < request->head.field_count; i++)
			if (span_is_nocase(request->head.fields[i].name, "x-forwarded-for"))
				list = request->head.fields[i].value;
		for (last = list; (comma = span_find(last, ',')) < last.len;)
			last = span_from(last, comma + 1);
		last = span_trim(last);
		if (net_address_read_host(last, &address))
			return arena_strndup(request->arena, last.data, last.len);
	}
	return arena_strdup(request->arena, conn_peer(door->conn));
}

static void
hand_over(struct http_door *door)
{
	struct http_server *server = door->server;

	door_enter(door, DOOR_ANSWERING);
	door->work->handed = true;
	server->counts.requests++;
	server->counts.unanswered++;
	server->fn(&door->work->request, server->arg);
}

static void
start_body(struct http_door *door)
{
	struct http_work *work = door->work;
	const struct http_head *head = &work->request.head;
	int status;

	if (!head->chunked && head->content_length <= 0) {
		hand_over(door);
		return;
	}
	status = http_body_begin(work);
	if (status != 0) {
		refuse(door, status);
		return;
	}
	if (head->expect_continue && conn_input(door->conn).len == 0)
		conn_send(door->conn, SPAN("HTTP/1.1 100 Continue\r\n\r\n"));
	door_enter(door, DOOR_BODY);
}

static void
start_request(struct http_door *door, struct span octets)
{
	static uint64_t last_id;
	struct http_work *work = http_work_of(door);
	struct http_request *request = &work->request;
	struct span copy = arena_span(request->arena, octets);
	int status;

	conn_consume(door->conn, octets.len);
	door->scan = (struct http_scan){ 0 };
	request->id = ++last_id;
	request->secure = conn_is_secure(door->conn);
	status = http_head_read(&request->head, copy);
	if (status != 0) {
		refuse(door, status);
		return;
	}
	request->peer = peer_of(door, request);
	start_body(door);
}

static const struct http_head no_head;

/* Both answer whether there is more to do at once. */
static bool
go_head(struct http_door *door)
{
	struct span input = conn_input(door->conn);
	size_t len;
	int status;

	if (input.len == 0)
		return false;
	switch (http_head_find(&door->scan, input, &len, &status)) {
	case HTTP_MORE:
		if (door->state == DOOR_IDLE)
			door_enter(door, DOOR_HEAD);
		return false;
	case HTTP_BAD:
		http_work_of(door)->request.head = no_head; /* not that of the request before */
		refuse(door, status);
		return false;
	case HTTP_DONE:
		break;
	}
	start_request(door, span_first(input, len));
	return true;
}

static bool
go_body(struct http_door *door)
{
	int status = 0;

	switch (http_body_read(door->work, door->conn, &status)) {
	case HTTP_MORE:
		return false;
	case HTTP_BAD:
		refuse(door, status);
		return false;
	case HTTP_DONE:
		break;
	}
	hand_over(door);
	return true;
}

static bool
go_on(struct http_door *door)
{
	if (door->finishing || conn_output_len(door->conn) > OUTPUT_ENOUGH)
		return false;
	if (door->state == DOOR_IDLE || door->state == DOOR_HEAD)
		return go_head(door);
	return door->state == DOOR_BODY && go_body(door);
}

/* Some requests of one connection, then the others have their turn. */
static void
look_at_requests(struct http_door *door)
{
	int steps = 0;

	door->busy = true;
	while (go_on(door))
		if (++steps == REQUESTS_AT_ONCE) {
			loop_defer(door->server->loop, &door->task);
			break;
		}
	door->busy = false;
	if (door->ended && door->state != DOOR_ANSWERING && door->task.prev == NULL &&
	    conn_output_len(door->conn) <= OUTPUT_ENOUGH)
		door_finish(door);
}

static void
on_task(void *arg)
{
	struct http_door *door = arg;

	look_at_requests(door);
}

/* The peer reads too slowly when a whole span of time brought less than its due. */
static bool
is_too_slow(const struct http_door *door)
{
	const struct http_options *options = &door->server->options;
	uint64_t due = (uint64_t)(options->reply_rate * options->reply_ms / 1000);

	return conn_sent(door->conn) - door->sent_mark < due ||
	       clock_ticks_ms() - door->sending_since > REPLY_TOTAL_MS;
}

static void
on_timeout(struct http_door *door)
{
	if (door->sending && !is_too_slow(door)) {
		door->sent_mark = conn_sent(door->conn);
		set_deadline(door);
		return;
	}
	if (!door->sending && door->state == DOOR_IDLE) {
		door_close(door);
		return;
	}
	door->server->counts.timeouts++;
	log_debug("event=http.timeout conn=%llu peer=%s", (unsigned long long)conn_id(door->conn),
	    conn_peer(door->conn));
	if (door->sending || door->state == DOOR_ANSWERING)
		door_close(door);
	else
		refuse(door, 408);
}

/* A client may end its side after the last request and still wants the answers. */
static void
on_end(struct http_door *door)
{
	if (door->state != DOOR_ANSWERING && !door->sending && conn_input(door->conn).len == 0)
		return;
	conn_stay(door->conn);
	door->ended = true;
	look_at_requests(door);
}

static void
on_left(struct http_door *door)
{
	door->sending = false;
	set_deadline(door);
	look_at_requests(door);
}

static void
on_conn(struct conn *conn, enum conn_event event, void *arg)
{
	struct http_door *door = arg;

	switch (event) {
	case CONN_OPEN:
		set_deadline(door);
		break;
	case CONN_DATA:
		look_at_requests(door);
		break;
	case CONN_DRAINED:
		on_left(door);
		break;
	case CONN_END:
		on_end(door);
		break;
	case CONN_TIMEOUT:
		on_timeout(door);
		break;
	case CONN_CLOSED:
		door->server->counts.octets_sent += conn_sent(conn);
		door->conn = NULL;
		door_free(door);
		break;
	case CONN_SECURE:
		break;
	}
}

/* A word on the way out, as far as the kernel takes it: no state is kept for it. */
static void
turn_away(int fd)
{
	static const char text[] = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n"
				   "Retry-After: 10\r\nContent-Length: 0\r\n\r\n";

	if (send(fd, text, sizeof(text) - 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		log_debug("event=http.turned_away");
	file_close(&fd);
}

static void
on_accept(int fd, const struct net_address *peer, void *arg)
{
	struct http_server *server = arg;
	struct http_client *client;
	struct http_door *door;

	if (!client_enter(server, peer, &client)) {
		server->counts.refused++;
		turn_away(fd);
		return;
	}
	door = x_calloc(1, sizeof(*door));
	door->server = server;
	door->client = client;
	door->task = (struct loop_task){ .fn = on_task, .arg = door };
	door->next = server->doors;
	door->prev = &server->doors;
	if (door->next != NULL)
		door->next->prev = &door->next;
	server->doors = door;
	server->counts.accepted++;
	server->counts.open++;
	door->conn = conn_accept(server->loop, fd, server->options.tls, on_conn, door);
	conn_deadline(door->conn, server->options.head_ms);
	pause_or_resume(server);
}

struct http_server *
http_server_new(struct loop *loop, const struct http_options *options, http_fn *fn, void *arg)
{
	struct http_server *server = x_calloc(1, sizeof(*server));

	server->loop = loop;
	server->options = *options;
	server->fn = fn;
	server->arg = arg;
	server->clients = map_new();
	server->drained_task = (struct loop_task){ .fn = on_drained, .arg = server };
	return server;
}

void
http_server_listen(struct http_server *server, int fd)
{
	if (server->listener_count == LISTENERS_MAX)
		die("more than %d listening sockets", LISTENERS_MAX);
	server->listeners[server->listener_count++] =
	    listen_accept(server->loop, fd, on_accept, server);
}

static void
stop_listening(struct http_server *server)
{
	while (server->listener_count > 0)
		listen_close(&server->listeners[--server->listener_count]);
}

void
http_server_drain(struct http_server *server, loop_fn *done, void *arg)
{
	struct http_door *door, *next;

	server->draining = true;
	server->drained = done;
	server->drained_arg = arg;
	stop_listening(server);
	for (door = server->doors; door != NULL; door = next) {
		next = door->next;
		if (door->state == DOOR_IDLE && !door->sending && !door->busy &&
		    conn_input(door->conn).len == 0)
			door_close(door);
	}
	http_server_check_drained(server);
}

void
http_server_free(struct http_server **server)
{
	struct http_server *gone = *server;

	*server = NULL;
	if (gone == NULL)
		return;
	gone->freed = true;
	stop_listening(gone);
	loop_undefer(gone->loop, &gone->drained_task);
	while (gone->doors != NULL)
		door_close(gone->doors);
	http_server_check_drained(gone);
}

void
http_server_count(const struct http_server *server, struct http_counts *out)
{
	*out = server->counts;
}
