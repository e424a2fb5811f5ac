/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A mail server that takes everything and keeps nothing: sink COUNT
 *
 * Prints its port, serves loopback, and after COUNT mails (or 120 s) prints "mails seconds",
 * from the first to the last. For scripts/bench. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { OPEN_MAX_HERE = 256, ROOM = 65536 };

struct peer {
	int data;      /* within a message */
	size_t len;
	char in[ROOM];
	char tail[5];  /* the last octets of the message */
};

static struct peer *peers[OPEN_MAX_HERE];
static struct pollfd polled[OPEN_MAX_HERE + 1];
static long mails;
static double first, last;

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
on_octets(struct peer *p, int fd, const char *data, size_t len)
{
	char out[4096];
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		if (p->data) {
			memmove(p->tail, p->tail + 1, 4);
			p->tail[4] = data[i];
			if (memcmp(p->tail, "\r\n.\r\n", 5) != 0)
				continue;
			p->data = 0;
			p->len = 0;
			last = now();
			if (mails++ == 0)
				first = last;
			used += (size_t)sprintf(out + used, "250 2.0.0 taken\r\n");
			continue;
		}
		if (p->len < ROOM - 1)
			p->in[p->len++] = data[i];
		if (data[i] != '\n')
			continue;
		p->in[p->len] = '\0';
		p->len = 0;
		if (strncmp(p->in, "EHLO", 4) == 0)
			used += (size_t)sprintf(out + used, "250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n");
		else if (strncmp(p->in, "DATA", 4) == 0) {
			used += (size_t)sprintf(out + used, "354 go on\r\n");
			p->data = 1;
			memcpy(p->tail, "...\r\n", 5);
		} else
			used += (size_t)sprintf(out + used, "250 2.0.0 ok\r\n");
		if (used > sizeof out - 200) {
			if (write(fd, out, used) < 0)
				return;
			used = 0;
		}
	}
	if (used > 0 && write(fd, out, used) < 0)
		return;
}

int
main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1, open = 0;
	long wanted = argc > 1 ? atol(argv[1]) : 1;
	static char octets[262144];
	double begun = now();

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 128) != 0)
		return 1;
	getsockname(listener, (struct sockaddr *)&address, &len);
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
	polled[0] = (struct pollfd){ listener, POLLIN, 0 };
	while (mails < wanted && now() - begun < 120) {
		if (poll(polled, (nfds_t)open + 1, 1000) <= 0)
			continue;
		if (polled[0].revents != 0 && open < OPEN_MAX_HERE) {
			int fd = accept(listener, NULL, NULL);
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
			peers[open] = calloc(1, sizeof(struct peer));
			polled[++open] = (struct pollfd){ fd, POLLIN, 0 };
			if (write(fd, "220 sink\r\n", 10) < 0)
				return 1;
		}
		for (int i = 1; i <= open; i++) {
			ssize_t got;
			if (polled[i].revents == 0)
				continue;
			got = read(polled[i].fd, octets, sizeof octets);
			if (got > 0) {
				on_octets(peers[i - 1], polled[i].fd, octets, (size_t)got);
				continue;
			}
			close(polled[i].fd);
			free(peers[i - 1]);
			peers[i - 1] = peers[open - 1];
			polled[i] = polled[open--];
		}
	}
	printf("%ld %.6f\n", mails, last - first);
	return 0;
}
