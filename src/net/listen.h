/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* net/listen.h: listening sockets and their accept loop.
 *
 * The supervisor opens them (listen_open) and hands them down; a worker accepts
 * on what it inherited (listen_accept). Accepted sockets are non-blocking and
 * close-on-exec; TCP_NODELAY is set on the listening socket and inherited. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "net/loop.h"
#include "net/resolve.h"

struct listener;

/* fd is the callee's from here on. */
typedef void listen_fn(int fd, const struct net_address *peer, void *arg);

/* "127.0.0.1:8080", "[::1]:25", port 0 for any free one, or "unix:/path" (mode 0660; a
 * socket nobody answers on is replaced). Non-blocking, close-on-exec. CONFLICT where
 * the address is taken, DENIED, INVALID. */
bool
listen_open(const char *address, int *fd, struct err *err);

/* Makes a listening stream socket of somebody else's like ours. INVALID where it is none. */
bool
listen_adopt(int fd, struct err *err);

/* The real address of the socket, with the port that the system chose. */
bool
listen_name(int fd, char out[NET_ADDRESS_TEXT]);

/* The descriptor stays the caller's, to be closed after listen_close(). Where the process has no
 * descriptor left, whoever comes hears `sorry` (NULL: nothing; not owned) and is gone. */
struct listener *
listen_accept(struct loop *loop, int fd, const char *sorry, listen_fn *fn, void *arg);

/* Connections wait in the kernel's queue meanwhile. */
void
listen_pause(struct listener *listener);

void
listen_resume(struct listener *listener);

void
listen_close(struct listener **listener);
