/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A crowd of senders: load PORT SENDERS MAILS SIZE TO TAG
 *
 * Each sender has one connection and sends its share of MAILS, one after another: MAIL, RCPT
 * and DATA pipelined, then the text. Prints "mails seconds". For scripts/bench. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SENDERS_MAX = 256, REPLIES = 4096 };

struct sender {
	int fd, left, step; /* step: replies of this mail seen so far */
	char in[REPLIES];
	size_t len;
};

static struct sender senders[SENDERS_MAX];
static char text[1 << 20];
static const char *to, *tag;
static int size, number;

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
put(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t sent = write(fd, data, len);
		if (sent < 0 && errno == EAGAIN) {
			struct pollfd wait = { fd, POLLOUT, 0 };
			poll(&wait, 1, 1000);
			continue;
		}
		if (sent <= 0) {
			perror("write");
			exit(1);
		}
		data += sent;
		len -= (size_t)sent;
	}
}

static void
begin_mail(struct sender *s, int who)
{
	char head[512];
	int len = snprintf(head, sizeof head,
	    "MAIL FROM:<p%d@bench.example>\r\nRCPT TO:<%s>\r\nDATA\r\n", who, to);

	s->step = 0;
	put(s->fd, head, (size_t)len);
}

static void
send_text(struct sender *s, int who)
{
	int len = snprintf(text, 700,
	    "From: Personne %d <p%d@bench.example>\r\nTo: <%s>\r\nSubject: Sujet %d de %s\r\n"
	    "Message-ID: <%s.%d@bench.example>\r\nDate: Mon, 02 Mar 2026 10:00:00 +0100\r\n\r\n",
	    who, who, to, number, tag, tag, number);
	number++;
	while (len < size) {
		int add = snprintf(text + len, 80, "mot%d la rue des Lilas est trouee depuis l'hiver %d\r\n",
		    (number * 7919 + len) % 20000, len);
		len += add;
	}
	memcpy(text + len, ".\r\n", 3);
	put(s->fd, text, (size_t)len + 3);
}

/* One reply line; false: all of this sender's mails are sent. */
static int
on_line(struct sender *s, int who, const char *line)
{
	if (line[3] == '-')
		return 1;
	if (line[0] != '2' && line[0] != '3') {
		fprintf(stderr, "refused: %s\n", line);
		exit(1);
	}
	s->step++;
	if (s->step == 3)
		send_text(s, who);
	if (s->step < 4)
		return 1;
	if (--s->left == 0)
		return 0;
	begin_mail(s, who);
	return 1;
}

static int
on_input(struct sender *s, int who)
{
	ssize_t got = read(s->fd, s->in + s->len, sizeof s->in - 1 - s->len);
	char *line = s->in, *end;

	if (got <= 0) {
		fprintf(stderr, "sender %d: closed\n", who);
		exit(1);
	}
	s->len += (size_t)got;
	s->in[s->len] = '\0';
	while ((end = strstr(line, "\r\n")) != NULL) {
		*end = '\0';
		if (!on_line(s, who, line))
			return 0;
		line = end + 2;
	}
	s->len -= (size_t)(line - s->in);
	memmove(s->in, line, s->len);
	return 1;
}

static void
greet(struct sender *s)
{
	char in[1024];
	size_t len = 0;

	while (len < sizeof in - 1 && read(s->fd, in + len, 1) == 1 && in[len++] != '\n')
		;
	put(s->fd, "EHLO bench.example\r\n", 20);
	for (;;) {
		len = 0;
		while (len < sizeof in - 1 && read(s->fd, in + len, 1) == 1 && in[len++] != '\n')
			;
		if (len < 4 || in[3] == ' ')
			break;
	}
}

int
main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	struct pollfd polled[SENDERS_MAX];
	int count, mails, one = 1, open;
	double begun;

	if (argc != 7)
		return 64;
	address.sin_port = htons((uint16_t)atoi(argv[1]));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	count = atoi(argv[2]);
	mails = atoi(argv[3]);
	size = atoi(argv[4]);
	to = argv[5];
	tag = argv[6];
	for (int i = 0; i < count; i++) {
		senders[i].fd = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(senders[i].fd, (struct sockaddr *)&address, sizeof address) != 0) {
			perror("connect");
			return 1;
		}
		setsockopt(senders[i].fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		greet(&senders[i]);
		senders[i].left = mails / count;
	}
	begun = now();
	for (int i = 0; i < count; i++) {
		polled[i] = (struct pollfd){ senders[i].fd, POLLIN, 0 };
		begin_mail(&senders[i], i);
	}
	for (open = count; open > 0;) {
		if (poll(polled, (nfds_t)count, 60000) <= 0)
			return 1;
		for (int i = 0; i < count; i++)
			if (polled[i].revents != 0 && !on_input(&senders[i], i)) {
				polled[i].fd = -1;
				open--;
			}
	}
	printf("%d %.6f\n", mails / count * count, now() - begun);
	return 0;
}
