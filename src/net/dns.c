/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "net/dns.h"

#include <ares.h>
#include <ares_nameser.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/str.h"

enum { TRY_MS = 2000, TRIES = 2, ADDRESSES = 32 };

struct dns {
	ares_channel channel;
};

struct question {
	struct arena *arena;
	enum dns_type type;
	struct dns_answer *answer;
	int status; /* of c-ares */
	bool done;
};

bool
dns_open(const char *server, struct dns **dns, struct err *err)
{
	struct ares_options options = { .timeout = TRY_MS, .tries = TRIES };
	struct net_address address;
	int status;

	*dns = NULL;
	if (server != NULL &&
	    (!net_address_read(server, &address, err) || net_address_is_unix(&address)))
		return err_set(err, ERR_INVALID,
		    "%s is not the address of a resolver, as 127.0.0.1:53", server);
	status = ares_library_init(ARES_LIB_INIT_ALL);
	if (status != ARES_SUCCESS)
		die("c-ares: %s", ares_strerror(status));
	*dns = x_calloc(1, sizeof(**dns));
	status = ares_init_options(&(*dns)->channel, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES);
	if (status == ARES_SUCCESS && server != NULL)
		status = ares_set_servers_ports_csv((*dns)->channel, server);
	if (status == ARES_SUCCESS)
		return true;
	dns_close(dns);
	return err_set(
	    err, ERR_TEMPORARY, "the resolver cannot be used: %s", ares_strerror(status));
}

void
dns_close(struct dns **dns)
{
	if (*dns == NULL)
		return;
	if ((*dns)->channel != NULL)
		ares_destroy((*dns)->channel);
	free(*dns);
	*dns = NULL;
	ares_library_cleanup();
}

/* ---- answers ---- */

/* What strangers publish is shown to people: signs that a terminal obeys become "?". */
static void
keep(struct question *question, struct span text, int weight)
{
	struct dns_answer *answer = question->answer;
	char *clean;

	if (answer->count == DNS_RECORDS_MAX)
		return;
	clean = arena_strndup(question->arena, text.data, text.len);
	for (size_t i = 0; i < text.len; i++)
		if (ascii_is_control(clean[i]) || (unsigned char)clean[i] > 0x7f)
			clean[i] = '?';
	answer->records[answer->count++] = (struct dns_record){ clean, weight };
}

static int
read_a(struct question *question, const unsigned char *octets, int len)
{
	struct ares_addrttl found[ADDRESSES];
	int count = ADDRESSES, status = ares_parse_a_reply(octets, len, NULL, found, &count);
	char text[INET6_ADDRSTRLEN];

	for (int i = 0; status == ARES_SUCCESS && i < count; i++)
		if (inet_ntop(AF_INET, &found[i].ipaddr, text, sizeof(text)) != NULL)
			keep(question, span_of(text), 0);
	return status;
}

static int
read_aaaa(struct question *question, const unsigned char *octets, int len)
{
	struct ares_addr6ttl found[ADDRESSES];
	int count = ADDRESSES, status = ares_parse_aaaa_reply(octets, len, NULL, found, &count);
	char text[INET6_ADDRSTRLEN];

	for (int i = 0; status == ARES_SUCCESS && i < count; i++)
		if (inet_ntop(AF_INET6, &found[i].ip6addr, text, sizeof(text)) != NULL)
			keep(question, span_of(text), 0);
	return status;
}

static int
by_weight(const void *a, const void *b)
{
	const struct dns_record *left = a, *right = b;

	return (left->weight > right->weight) - (left->weight < right->weight);
}

static int
read_mx(struct question *question, const unsigned char *octets, int len)
{
	struct ares_mx_reply *found = NULL;
	int status = ares_parse_mx_reply(octets, len, &found);

	for (struct ares_mx_reply *one = found; one != NULL; one = one->next)
		keep(question, span_of(one->host), one->priority);
	qsort(question->answer->records, question->answer->count,
	    sizeof(question->answer->records[0]), by_weight);
	if (found != NULL)
		ares_free_data(found);
	return status;
}

/* A record of several strings is one text, nothing between them (RFC 7208 §3.3). */
static int
read_txt(struct question *question, const unsigned char *octets, int len)
{
	struct ares_txt_ext *found = NULL;
	int status = ares_parse_txt_reply_ext(octets, len, &found);
	struct buf text = { 0 };

	for (struct ares_txt_ext *one = found; one != NULL; one = one->next) {
		if (one->record_start && one != found) {
			keep(question, buf_span(&text), 0);
			buf_clear(&text);
		}
		buf_add(&text, one->txt, one->length);
	}
	if (found != NULL) {
		keep(question, buf_span(&text), 0);
		ares_free_data(found);
	}
	buf_free(&text);
	return status;
}

static int
read_ptr(struct question *question, const unsigned char *octets, int len)
{
	static const struct in_addr none;
	struct hostent *found = NULL;
	int status = ares_parse_ptr_reply(octets, len, &none, sizeof(none), AF_INET, &found);

	if (status != ARES_SUCCESS)
		return status;
	for (char **name = found->h_aliases; *name != NULL; name++)
		keep(question, span_of(*name), 0);
	ares_free_hostent(found);
	return status;
}

/* clang-format off */
static const struct {
	int number; /* in the DNS */
	int (*read)(struct question *, const unsigned char *octets, int len);
} types[] = {
	[DNS_A]    = { ns_t_a,    read_a },
	[DNS_AAAA] = { ns_t_aaaa, read_aaaa },
	[DNS_MX]   = { ns_t_mx,   read_mx },
	[DNS_TXT]  = { ns_t_txt,  read_txt },
	[DNS_PTR]  = { ns_t_ptr,  read_ptr },
};
/* clang-format on */

static void
on_answer(void *arg, int status, int timeouts, unsigned char *octets, int len)
{
	struct question *question = arg;

	(void)timeouts;
	question->done = true;
	question->status = status;
	if (status == ARES_SUCCESS)
		question->status = types[question->type].read(question, octets, len);
}

/* ---- asking ---- */

/* c-ares keeps its own deadlines: each wait is as long as it says. */
static void
wait_for_octets(ares_channel channel)
{
	ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
	int wanted = ares_getsock(channel, sockets, ARES_GETSOCK_MAXNUM);
	struct pollfd fds[ARES_GETSOCK_MAXNUM];
	struct timeval most = { 1, 0 }, wait, *is = ares_timeout(channel, &most, &wait);
	nfds_t count = 0;

	for (unsigned i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
		short events = (short)((ARES_GETSOCK_READABLE(wanted, i) ? POLLIN : 0) |
				       (ARES_GETSOCK_WRITABLE(wanted, i) ? POLLOUT : 0));

		if (events != 0)
			fds[count++] = (struct pollfd){ sockets[i], events, 0 };
	}
	(void)poll(fds, count, (int)(is->tv_sec * 1000 + is->tv_usec / 1000 + 1));
	for (nfds_t i = 0; i < count; i++) {
		bool in = (fds[i].revents & (POLLIN | POLLERR | POLLHUP)) != 0;
		bool out = (fds[i].revents & POLLOUT) != 0;

		if (in || out)
			ares_process_fd(channel, in ? fds[i].fd : ARES_SOCKET_BAD,
			    out ? fds[i].fd : ARES_SOCKET_BAD);
	}
	ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD); /* what came too late */
}

bool
dns_ask(struct dns *dns, struct arena *arena, const char *name, enum dns_type type,
    struct dns_answer *answer, struct err *err)
{
	struct question question = { .arena = arena, .type = type, .answer = answer };

	answer->count = 0;
	ares_query(dns->channel, name, ns_c_in, types[type].number, on_answer, &question);
	while (!question.done)
		wait_for_octets(dns->channel);
	switch (question.status) {
	case ARES_SUCCESS:
		return true;
	case ARES_ENODATA:
	case ARES_ENOTFOUND:
		answer->count = 0;
		return true;
	default:
		return err_set(err, question.status == ARES_ETIMEOUT ? ERR_TEMPORARY : ERR_BROKEN,
		    "%s: %s", name, ares_strerror(question.status));
	}
}

const char *
dns_reverse(struct arena *arena, const struct net_address *address)
{
	const struct sockaddr *any = (const struct sockaddr *)&address->storage;
	const uint8_t *octets;
	struct buf text = { 0 };
	const char *name;

	if (any->sa_family == AF_INET) {
		octets = (const uint8_t *)&((const struct sockaddr_in *)any)->sin_addr;
		return arena_printf(
		    arena, "%u.%u.%u.%u.in-addr.arpa", octets[3], octets[2], octets[1], octets[0]);
	}
	octets = ((const struct sockaddr_in6 *)any)->sin6_addr.s6_addr;
	for (size_t i = 16; i-- > 0;)
		buf_printf(&text, "%x.%x.", octets[i] & 15U, octets[i] >> 4U);
	buf_add_text(&text, "ip6.arpa");
	name = arena_strdup(arena, buf_text(&text));
	buf_free(&text);
	return name;
}
