/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What SQLite and a socket cost alone, to compare with:
 *
 *   bare serial FOLDER        an SMTP server for one client at a time, a commit a mail; prints
 *                             its port and ends with the first client
 *   bare group FOLDER MAILS SIZE   rows of that size, a hundred a commit; prints "rows seconds"
 *   bare client PORT MAILS SIZE    a pipelined SMTP client; prints "mails seconds"
 *
 * synchronous=FULL, WAL, like the book. For scripts/bench. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CLIENTS = 8 }; /* connections of the client */

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static sqlite3 *
open_book(const char *folder, sqlite3_stmt **insert)
{
	char path[1024];
	sqlite3 *db;

	snprintf(path, sizeof path, "%s/bare.db", folder);
	unlink(path);
	if (sqlite3_open(path, &db) != SQLITE_OK ||
	    sqlite3_exec(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
			     "CREATE TABLE mail (id INTEGER PRIMARY KEY, octets BLOB)", NULL, NULL, NULL) != SQLITE_OK)
		exit(1);
	sqlite3_prepare_v2(db, "INSERT INTO mail (octets) VALUES (?)", -1, insert, NULL);
	return db;
}

static void
add(sqlite3_stmt *insert, const char *octets, size_t len)
{
	sqlite3_bind_blob(insert, 1, octets, (int)len, SQLITE_STATIC);
	if (sqlite3_step(insert) != SQLITE_DONE)
		exit(1);
	sqlite3_reset(insert);
}

static int
serial(const char *folder)
{
	static char in[1 << 20];
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd, one = 1, data = 0;
	sqlite3_stmt *insert;
	size_t len = 0;
	ssize_t got;

	(void)open_book(folder, &insert);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 1) != 0)
		return 1;
	getsockname(listener, (struct sockaddr *)&address, &size);
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
	fd = accept(listener, NULL, NULL);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (write(fd, "220 bare\r\n", 10) < 0)
		return 1;
	while ((got = read(fd, in + len, sizeof in - 1 - len)) > 0) {
		char out[512], *line = in, *end;
		size_t used = 0;
		len += (size_t)got;
		in[len] = '\0';
		while (!data && (end = strstr(line, "\r\n")) != NULL) {
			data = strncmp(line, "DATA", 4) == 0;
			used += (size_t)sprintf(out + used, "%s", data ? "354 go on\r\n" :
			    strncmp(line, "EHLO", 4) == 0 ? "250-bare\r\n250 PIPELINING\r\n" : "250 ok\r\n");
			line = end + 2;
		}
		len -= (size_t)(line - in);
		memmove(in, line, len);
		if (data && len >= 5 && memcmp(in + len - 5, "\r\n.\r\n", 5) == 0) {
			add(insert, in, len - 3);
			used += (size_t)sprintf(out + used, "250 kept\r\n");
			len = 0;
			data = 0;
		}
		if (used > 0 && write(fd, out, used) < 0)
			return 1;
	}
	return 0;
}

static int
group(const char *folder, int rows, int size)
{
	static char octets[1 << 20];
	sqlite3_stmt *insert;
	sqlite3 *db = open_book(folder, &insert);
	double begun = now();

	memset(octets, 'x', sizeof octets);
	for (int i = 0; i < rows; i++) {
		if (i % 100 == 0)
			sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
		add(insert, octets, (size_t)size);
		if (i % 100 == 99 || i == rows - 1)
			sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	}
	printf("%d %.6f\n", rows, now() - begun);
	return 0;
}

/* Replies are read in a lump: they are not looked at, only counted. */
static void
wait_replies(int fd, int wanted)
{
	static char in[65536];

	while (wanted > 0) {
		ssize_t got = read(fd, in, sizeof in);
		if (got <= 0)
			exit(1);
		for (ssize_t i = 0; i < got; i++)
			wanted -= in[i] == '\n';
	}
}

static int
client(int port, int mails, int size)
{
	static char out[1 << 20];
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd[CLIENTS], one = 1;
	double begun;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int i = 0; i < CLIENTS; i++) {
		fd[i] = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(fd[i], (struct sockaddr *)&address, sizeof address) != 0)
			return 1;
		setsockopt(fd[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		wait_replies(fd[i], 1);
		if (write(fd[i], "EHLO bare\r\n", 11) < 0)
			return 1;
		wait_replies(fd[i], 3);
	}
	begun = now();
	for (int i = 0; i < mails; i += CLIENTS) {
		for (int j = 0; j < CLIENTS; j++)
			if (write(fd[j], "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n", 39) < 0)
				return 1;
		for (int j = 0; j < CLIENTS; j++) {
			wait_replies(fd[j], 3);
			memset(out, 'x', (size_t)size);
			for (int k = 76; k < size; k += 78)
				memcpy(out + k, "\r\n", 2);
			memcpy(out + size, "\r\n.\r\n", 5);
			if (write(fd[j], out, (size_t)size + 5) < 0)
				return 1;
		}
		for (int j = 0; j < CLIENTS; j++)
			wait_replies(fd[j], 1);
	}
	printf("%d %.6f\n", (mails + CLIENTS - 1) / CLIENTS * CLIENTS, now() - begun);
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "serial") == 0)
		return serial(argv[2]);
	if (argc == 5 && strcmp(argv[1], "group") == 0)
		return group(argv[2], atoi(argv[3]), atoi(argv[4]));
	if (argc == 5 && strcmp(argv[1], "client") == 0)
		return client(atoi(argv[2]), atoi(argv[3]), atoi(argv[4]));
	return 64;
}
