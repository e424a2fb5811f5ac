/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "net_client.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "net/resolve.h"

enum { PATIENCE_MS = 10 * 1000 };

void
client_open(struct client *client, struct loop *loop, const char *address)
{
	struct net_address to;
	struct err err;

	*client = (struct client){ .loop = loop };
	if (!net_address_read(address, &to, &err))
		die("%s", err.text);
	client->fd = socket(to.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->fd < 0 ||
	    connect(client->fd, (const struct sockaddr *)&to.storage, to.len) != 0)
		die("nobody listens on %s", address);
}

void
client_close(struct client *client)
{
	file_close(&client->fd);
	buf_free(&client->in);
}

/* Takes what is there; answers whether there was something. */
static bool
take(struct client *client)
{
	char room[65536];
	ssize_t got;

	if (client->ended)
		return false;
	got = recv(client->fd, room, sizeof(room), MSG_DONTWAIT);
	if (got > 0)
		buf_add(&client->in, room, (size_t)got);
	else if (got == 0 || (errno != EAGAIN && errno != EINTR))
		client->ended = true;
	client->reset = client->reset || (got < 0 && errno == ECONNRESET);
	return got > 0;
}

static void
turn(struct client *client)
{
	loop_turn(client->loop, false);
	if (!take(client))
		usleep(500);
}

void
client_send(struct client *client, struct span data)
{
	ssize_t sent;

	while (data.len > 0 && !client->ended) {
		sent = send(client->fd, data.data, data.len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent > 0)
			data = span_from(data, (size_t)sent);
		else if (errno != EAGAIN)
			return;
		else
			turn(client);
	}
}

void
client_send_text(struct client *client, const char *text)
{
	client_send(client, span_of(text));
}

void
client_end(struct client *client)
{
	shutdown(client->fd, SHUT_WR);
}

void
client_wait(struct client *client, int64_t ms)
{
	int64_t until = clock_ticks_ms() + ms;

	do
		turn(client);
	while (clock_ticks_ms() < until);
}

bool
client_wait_len(struct client *client, size_t len)
{
	int64_t until = clock_ticks_ms() + PATIENCE_MS;

	while (client->in.len < len && !client->ended && clock_ticks_ms() < until)
		turn(client);
	return client->in.len >= len;
}

bool
client_wait_text(struct client *client, const char *text)
{
	int64_t until = clock_ticks_ms() + PATIENCE_MS;
	struct span in;

	do {
		in = buf_span(&client->in);
		if (span_find_text(in, text) < in.len)
			return true;
		turn(client);
	} while (clock_ticks_ms() < until);
	return false;
}

bool
client_wait_end(struct client *client)
{
	int64_t until = clock_ticks_ms() + PATIENCE_MS;

	while (!client->ended && clock_ticks_ms() < until)
		turn(client);
	return client->ended;
}
