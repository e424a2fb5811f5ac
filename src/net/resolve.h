/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* net/resolve.h: addresses, and names turned into addresses.
 *
 * Addresses are numeric with a port, "192.0.2.1:25" or "[2001:db8::1]:25", or
 * "unix:/path". Only net_resolve() asks the resolver; it blocks, and is meant for
 * start and reload (the smart host), not for a dialogue. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/str.h"

enum { NET_ADDRESS_TEXT = 128 }; /* octets that hold any address as text, NUL included */

struct net_address {
	struct sockaddr_storage storage;
	socklen_t len; /* octets of storage in use; 0 = none */
};

/* Numeric or unix. INVALID says what is wrong. Port 0 is allowed. */
bool
net_address_read(const char *text, struct net_address *out, struct err *err);

/* An IP address without port or brackets, as in X-Forwarded-For. */
bool
net_address_read_host(struct span text, struct net_address *out);

/* With port and brackets: "[::1]:25", "unix:/path", "unix:" without a path. */
void
net_address_write(const struct net_address *address, char out[NET_ADDRESS_TEXT]);

/* Without port: "192.0.2.1", "::1", "unix". IPv4 in IPv6 is shown as IPv4. */
void
net_address_write_host(const struct net_address *address, char out[NET_ADDRESS_TEXT]);

bool
net_address_is_loopback(const struct net_address *address);

bool
net_address_is_unix(const struct net_address *address);

/* On this machine by what it is: loopback, or a socket of the file system. */
bool
net_address_is_here(const struct net_address *address);

/* Same host, ports aside; unix is the same as unix. */
bool
net_address_same_host(const struct net_address *a, const struct net_address *b);

/* What counts as one client for limits: IPv4 whole, IPv6 by /64. Octets used (<= 9). */
size_t
net_address_key(const struct net_address *address, char out[9]);

/* The other end, or this end, of a connected or listening socket. */
bool
net_address_of_peer(int fd, struct net_address *out);
bool
net_address_of_socket(int fd, struct net_address *out);

/* Blocks. Numeric hosts are not looked up. At most max addresses, in the order of
 * preference of the system; TEMPORARY where the resolver gave no answer, NOT_FOUND
 * where there is no such name. */
bool
net_resolve(const char *host, uint16_t port, struct net_address *out, size_t max, size_t *count,
    struct err *err);
