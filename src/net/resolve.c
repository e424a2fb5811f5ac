/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "net/resolve.h"

static void
make_ip4(struct net_address *out, struct in_addr host, uint16_t port)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = host
	};

	memset(out, 0, sizeof(*out));
	memcpy(&out->storage, &in, sizeof(in));
	out->len = sizeof(in);
}

static void
make_ip6(struct net_address *out, struct in6_addr host, uint16_t port)
{
	struct sockaddr_in6 in = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	in.sin6_addr = host;
	memset(out, 0, sizeof(*out));
	memcpy(&out->storage, &in, sizeof(in));
	out->len = sizeof(in);
}

static bool
make_unix(struct net_address *out, const char *path, struct err *err)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof(un.sun_path))
		return err_set(err, ERR_INVALID, "the path of a socket has 1 to %zu octets",
		    sizeof(un.sun_path) - 1);
	memcpy(un.sun_path, path, len + 1);
	memset(out, 0, sizeof(*out));
	memcpy(&out->storage, &un, sizeof(un));
	out->len = sizeof(un);
	return true;
}

static bool
read_host(struct span text, uint16_t port, struct net_address *out)
{
	char host[INET6_ADDRSTRLEN];
	struct in_addr in4;
	struct in6_addr in6;

	if (text.len == 0 || text.len >= sizeof(host) || memchr(text.data, '\0', text.len) != NULL)
		return false;
	memcpy(host, text.data, text.len);
	host[text.len] = '\0';
	if (inet_pton(AF_INET, host, &in4) == 1) {
		make_ip4(out, in4, port);
		return true;
	}
	if (inet_pton(AF_INET6, host, &in6) != 1)
		return false;
	make_ip6(out, in6, port);
	return true;
}

bool
net_address_read_host(struct span text, struct net_address *out)
{
	return read_host(text, 0, out);
}

bool
net_address_read(const char *text, struct net_address *out, struct err *err)
{
	struct span all = span_of(text), host, port;
	size_t close;
	int64_t number;

	if (span_starts(all, "unix:"))
		return make_unix(out, text + 5, err);
	if (span_starts(all, "[")) {
		close = span_find(all, ']');
		host = span_first(span_from(all, 1), close > 0 ? close - 1 : 0);
		port = span_from(all, close + 1);
	} else {
		host = span_first(all, span_find(all, ':'));
		port = span_from(all, host.len);
	}
	if (!span_starts(port, ":") || !span_int(span_from(port, 1), 0, 65535, &number))
		return err_set(
		    err, ERR_INVALID, "an address ends in a colon and a port: 127.0.0.1:25");
	if (!read_host(host, (uint16_t)number, out) ||
	    (out->storage.ss_family == AF_INET6) != span_starts(all, "["))
		return err_set(err, ERR_INVALID,
		    "an address is numeric: 192.0.2.1:25, [2001:db8::1]:25 or unix:/path");
	return true;
}

/* The sockaddr by its family; copied, since storage may not be read as another type. */
static struct sockaddr_in
as_ip4(const struct net_address *address)
{
	struct sockaddr_in in;

	memcpy(&in, &address->storage, sizeof(in));
	return in;
}

static struct sockaddr_in6
as_ip6(const struct net_address *address)
{
	struct sockaddr_in6 in;

	memcpy(&in, &address->storage, sizeof(in));
	return in;
}

/* IPv4 that came in through an IPv6 socket is IPv4. */
static void
unmap(const struct net_address *address, struct net_address *out)
{
	struct sockaddr_in6 in6;
	struct in_addr in4;

	*out = *address;
	if (address->storage.ss_family != AF_INET6)
		return;
	in6 = as_ip6(address);
	if (!IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr))
		return;
	memcpy(&in4, in6.sin6_addr.s6_addr + 12, 4);
	make_ip4(out, in4, ntohs(in6.sin6_port));
}

void
net_address_write_host(const struct net_address *address, char out[NET_ADDRESS_TEXT])
{
	struct net_address plain;
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;

	out[0] = '\0';
	unmap(address, &plain);
	if (plain.len == 0)
		snprintf(out, NET_ADDRESS_TEXT, "none");
	else if (plain.storage.ss_family == AF_UNIX)
		snprintf(out, NET_ADDRESS_TEXT, "unix");
	else if (plain.storage.ss_family == AF_INET) {
		in4 = as_ip4(&plain);
		inet_ntop(AF_INET, &in4.sin_addr, out, NET_ADDRESS_TEXT);
	} else if (plain.storage.ss_family == AF_INET6) {
		in6 = as_ip6(&plain);
		inet_ntop(AF_INET6, &in6.sin6_addr, out, NET_ADDRESS_TEXT);
	}
}

static void
write_unix(const struct net_address *address, char out[NET_ADDRESS_TEXT])
{
	struct sockaddr_un un;

	memcpy(&un, &address->storage, sizeof(un));
	if (address->len <= offsetof(struct sockaddr_un, sun_path))
		un.sun_path[0] = '\0';
	un.sun_path[sizeof(un.sun_path) - 1] = '\0';
	snprintf(out, NET_ADDRESS_TEXT, "unix:%s", un.sun_path);
}

void
net_address_write(const struct net_address *address, char out[NET_ADDRESS_TEXT])
{
	char host[NET_ADDRESS_TEXT];
	struct net_address plain;

	unmap(address, &plain);
	if (plain.len > 0 && plain.storage.ss_family == AF_UNIX) {
		write_unix(&plain, out);
		return;
	}
	net_address_write_host(&plain, host);
	if (plain.storage.ss_family == AF_INET6)
		snprintf(out, NET_ADDRESS_TEXT, "[%.60s]:%u", host,
		    (unsigned)ntohs(as_ip6(&plain).sin6_port));
	else if (plain.storage.ss_family == AF_INET)
		snprintf(out, NET_ADDRESS_TEXT, "%.60s:%u", host,
		    (unsigned)ntohs(as_ip4(&plain).sin_port));
	else
		snprintf(out, NET_ADDRESS_TEXT, "%.60s", host);
}

bool
net_address_is_unix(const struct net_address *address)
{
	return address->len > 0 && address->storage.ss_family == AF_UNIX;
}

bool
net_address_is_here(const struct net_address *address)
{
	return net_address_is_unix(address) || net_address_is_loopback(address);
}

bool
net_address_is_loopback(const struct net_address *address)
{
	struct net_address plain;
	struct sockaddr_in6 in6;

	unmap(address, &plain);
	if (plain.storage.ss_family == AF_INET)
		return ntohl(as_ip4(&plain).sin_addr.s_addr) >> 24 == 127;
	if (plain.storage.ss_family != AF_INET6)
		return false;
	in6 = as_ip6(&plain);
	return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
}

/* Family and octets of the host; 0 octets for unix. */
static size_t
host_octets(const struct net_address *address, uint8_t out[17])
{
	struct net_address plain;
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;

	unmap(address, &plain);
	out[0] = (uint8_t)plain.storage.ss_family;
	if (plain.storage.ss_family == AF_INET) {
		in4 = as_ip4(&plain);
		memcpy(out + 1, &in4.sin_addr, 4);
		return 5;
	}
	if (plain.storage.ss_family == AF_INET6) {
		in6 = as_ip6(&plain);
		memcpy(out + 1, &in6.sin6_addr, 16);
		return 17;
	}
	return 1;
}

bool
net_address_same_host(const struct net_address *a, const struct net_address *b)
{
	uint8_t one[17], two[17];
	size_t len = host_octets(a, one);

	return host_octets(b, two) == len && memcmp(one, two, len) == 0;
}

size_t
net_address_key(const struct net_address *address, char out[9])
{
	uint8_t octets[17];
	size_t len = host_octets(address, octets);

	if (len > 9)
		len = 9; /* family and the first 64 bits */
	memcpy(out, octets, len);
	return len;
}

bool
net_address_of_peer(int fd, struct net_address *out)
{
	memset(out, 0, sizeof(*out));
	out->len = sizeof(out->storage);
	return getpeername(fd, (struct sockaddr *)&out->storage, &out->len) == 0;
}

bool
net_address_of_socket(int fd, struct net_address *out)
{
	memset(out, 0, sizeof(*out));
	out->len = sizeof(out->storage);
	return getsockname(fd, (struct sockaddr *)&out->storage, &out->len) == 0;
}

static bool
resolver_failed(const char *host, int code, struct err *err)
{
	if (code == EAI_NONAME)
		return err_set(err, ERR_NOT_FOUND, "no address for the name %.100s", host);
	return err_set(err, ERR_TEMPORARY, "the resolver does not answer for %.100s: %s", host,
	    gai_strerror(code));
}

bool
net_resolve(const char *host, uint16_t port, struct net_address *out, size_t max, size_t *count,
    struct err *err)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct addrinfo *list, *item;
	char service[8];
	int code;

	*count = 0;
	if (max > 0 && read_host(span_of(host), port, out)) {
		*count = 1;
		return true;
	}
	hints.ai_flags = AI_NUMERICSERV;
	snprintf(service, sizeof(service), "%u", (unsigned)port);
	code = getaddrinfo(host, service, &hints, &list);
	if (code != 0)
		return resolver_failed(host, code, err);
	for (item = list; item != NULL && *count < max; item = item->ai_next) {
		if (item->ai_addrlen > sizeof(out->storage))
			continue;
		memset(&out[*count], 0, sizeof(*out));
		memcpy(&out[*count].storage, item->ai_addr, item->ai_addrlen);
		out[(*count)++].len = item->ai_addrlen;
	}
	freeaddrinfo(list);
	return *count > 0 || resolver_failed(host, EAI_NONAME, err);
}
