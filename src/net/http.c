/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The server: who is let in, how many at once, and its end. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/alloc.h"
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
		.reply_memory = (size_t)64 * 1024 * 1024,
	};
}

bool
http_server_is_proxy(const struct http_server *server, const struct net_address *peer)
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
	if (net_address_is_unix(peer) || http_server_is_proxy(server, peer))
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
	buf_free(&server->sorry);
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
	if (server->dialogues != NULL || server->counts.unanswered > 0)
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

void
http_server_left(struct http_server *server, struct http_client *client)
{
	client_leave(server, client);
	server->counts.open--;
	if (server->freed)
		return;
	pause_or_resume(server);
	http_server_check_drained(server);
}

/* Said to who is turned away: with the fields that every answer has. */
static void
write_sorry(struct http_server *server)
{
	buf_add_text(&server->sorry, "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n"
				     "Retry-After: 10\r\nContent-Length: 0\r\n");
	buf_add_span(&server->sorry, server->options.error_fields);
	buf_add_text(&server->sorry, "\r\n");
}

/* A word on the way out, as far as the kernel takes it: no state is kept for it. */
static void
turn_away(struct http_server *server, int fd)
{
	if (send(fd, server->sorry.data, server->sorry.len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		log_debug("event=http.turned_away");
	file_close(&fd);
}

static void
on_accept(int fd, const struct net_address *peer, void *arg)
{
	struct http_server *server = arg;
	struct http_client *client;

	if (!client_enter(server, peer, &client)) {
		server->counts.refused++;
		turn_away(server, fd);
		return;
	}
	server->counts.accepted++;
	server->counts.open++;
	http_dialogue_open(server, fd, client);
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
	write_sorry(server);
	server->drained_task = (struct loop_task){ .fn = on_drained, .arg = server };
	return server;
}

void
http_server_listen(struct http_server *server, int fd)
{
	if (server->listener_count == LISTENERS_MAX)
		die("more than %d listening sockets", LISTENERS_MAX);
	server->listeners[server->listener_count++] = listen_accept(server->loop, fd,
	    server->options.tls == NULL ? buf_text(&server->sorry) : NULL, on_accept, server);
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
	struct http_dialogue *dialogue, *next;

	server->draining = true;
	server->drained = done;
	server->drained_arg = arg;
	stop_listening(server);
	for (dialogue = server->dialogues; dialogue != NULL; dialogue = next) {
		next = dialogue->next;
		http_dialogue_drain(dialogue);
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
	gone->counts.unanswered++; /* a handler that is told of the end must not be the end of us */
	while (gone->dialogues != NULL)
		http_dialogue_close(gone->dialogues);
	gone->counts.unanswered--;
	http_server_check_drained(gone);
}

void
http_server_count(const struct http_server *server, struct http_counts *out)
{
	*out = server->counts;
}
