/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* tests/unit/net_client.h: a peer of a server that runs in the same loop. It sees octets
 * only, and turns the loop by hand while it waits. */
#pragma once

#include <stdbool.h>

#include "base/str.h"
#include "net/loop.h"

struct client {
	struct loop *loop;
	int fd;
	struct buf in; /* all that came */
	bool ended;    /* the server has ended, in order or by a reset */
	bool reset;
};

/* address as listen_name() gives it; the test fails where nobody listens. */
void
client_open(struct client *client, struct loop *loop, const char *address);

void
client_close(struct client *client);

/* Everything, turning the loop where the kernel takes no more. */
void
client_send(struct client *client, struct span data);

void
client_send_text(struct client *client, const char *text);

/* No more will be sent. */
void
client_end(struct client *client);

/* Turns the loop for so long, and takes what comes. */
void
client_wait(struct client *client, int64_t ms);

/* Until so many octets, that text, or the end have come; false after 10 s. */
bool
client_wait_len(struct client *client, size_t len);
bool
client_wait_text(struct client *client, const char *text);
bool
client_wait_end(struct client *client);
