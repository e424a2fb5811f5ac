/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* command/doctor_doors.c: are the ports ours or free, and does the running server answer? */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "command/doctor.h"
#include "net/conn.h"
#include "net/listen.h"
#include "net/tls.h"

enum { ANSWER_MS = 10 * 1000, LISTEN_MAX = 64 * 1024 };

/* The lock of process/house.c, taken for the blink of an eye, and shared: two who look do
 * not see each other. */
bool
doctor_is_served(const struct doctor *doctor, bool *known)
{
	const char *path = arena_printf(doctor->arena, "%s/run/lock", doctor->house.settings.data);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	bool served;

	*known = fd >= 0 || errno == ENOENT;
	served = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0;
	file_close(&fd);
	return served;
}

/* run/listen: "http 127.0.0.1:8080", a line each. */
static struct span
listen_file(const struct doctor *doctor)
{
	struct buf file = { 0 };
	struct span text = { 0 };

	if (file_read(arena_printf(doctor->arena, "%s/run/listen", doctor->house.settings.data),
		LISTEN_MAX, &file, &(struct err){ 0 }))
		text = arena_span(doctor->arena, buf_span(&file));
	buf_free(&file);
	return text;
}

/* As the system writes it: "[::0]:25" is "[::]:25" there. NULL: no address. */
static const char *
plain(const struct doctor *doctor, const char *address)
{
	struct net_address read;
	char text[NET_ADDRESS_TEXT];

	if (!net_address_read(address, &read, &(struct err){ 0 }))
		return NULL;
	net_address_write(&read, text);
	return arena_strdup(doctor->arena, text);
}

/* Does the running server hold it? Port 0 is whatever port it got. */
static bool
is_held(const struct doctor *doctor, const char *door, const char *address)
{
	struct span text = listen_file(doctor), line, name;
	size_t any =
	    strlen(address) > 2 && strcmp(address + strlen(address) - 2, ":0") == 0 ? 1 : 0;
	struct span head = span_first(span_of(address), strlen(address) - any);

	while (span_next_line(&text, &line)) {
		if (!span_next(&line, ' ', &name) || !span_is(name, door))
			continue;
		if (any != 0 ? span_equal(span_first(line, head.len), head)
			     : span_equal(line, head))
			return true;
	}
	return false;
}

static void
check_door(struct doctor *doctor, const char *door, const char *said)
{
	const char *address = plain(doctor, said);
	bool known, served = doctor_is_served(doctor, &known);
	struct err err = { 0 };
	int fd = -1;

	if (address == NULL) {
		doctor_wrong(doctor,
		    TR("listen.%s = %s is no address: write it as 127.0.0.1:8080."), door, said);
	} else if (served && is_held(doctor, door, address)) {
		doctor_ok(doctor, TR("listen.%s = %s is held by the running server."), door, said);
	} else if (span_starts(span_of(address), "unix:")) {
		/* To try it would make the file. */
		doctor_unseen(doctor, TR("listen.%s = %s is a file: serve makes it."), door, said);
	} else if (listen_open(address, &fd, &err)) {
		doctor_ok(doctor, TR("listen.%s = %s is free."), door, said);
		close(fd);
	} else if (err.kind == ERR_CONFLICT && !known) {
		doctor_unseen(doctor,
		    TR("listen.%s = %s is taken; whether by the running server cannot be seen: run "
		       "this as root, or as the user of the server."),
		    door, said);
	} else if (err.kind == ERR_CONFLICT) {
		doctor_wrong(doctor,
		    TR("listen.%s = %s is taken by another program: ss -ltnp says which; stop it, "
		       "or change the setting."),
		    door, said);
	} else {
		doctor_wrong(doctor,
		    TR("listen.%s = %s cannot be opened: %s. Below port 1024 the server must be "
		       "started as root."),
		    door, said, err.text);
	}
}

static void
check_doors(struct doctor *doctor, const char *door, const char *addresses)
{
	struct span rest = span_of(addresses), word;

	while (span_next(&rest, ' ', &word))
		if (span_trim(word).len > 0)
			check_door(doctor, door, arena_strndup(doctor->arena, word.data, word.len));
}

void
doctor_ports(struct doctor *doctor)
{
	const struct settings *s = &doctor->house.settings;

	check_doors(doctor, "http", s->listen_http);
	check_doors(doctor, "smtp", s->listen_smtp);
	check_doors(doctor, "lmtp", s->listen_lmtp);
}

/* ---- /healthz ---- */

struct visit {
	struct doctor *doctor;
	struct tls *tls;
	struct buf answer;
	bool open, gone;
	char why[160];
};

static void
on_visit(struct conn *conn, enum conn_event event, void *arg)
{
	static const char question[] =
	    "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
	struct visit *visit = arg;
	struct span input;

	switch (event) {
	case CONN_OPEN:
		if (visit->tls != NULL && !visit->open) {
			struct span host = doctor_site_host(&visit->doctor->house.settings);

			visit->open = true;
			conn_start_tls_client(conn, visit->tls,
			    arena_strndup(visit->doctor->arena, host.data, host.len));
			return;
		}
		conn_send(conn, span_of(question));
		break;
	case CONN_SECURE:
		conn_send(conn, span_of(question));
		break;
	case CONN_DATA:
		input = conn_input(conn);
		buf_add_span(&visit->answer, input);
		conn_consume(conn, input.len);
		break;
	case CONN_CLOSED:
		(void)snprintf(visit->why, sizeof(visit->why), "%s", conn_reason_text(conn));
		visit->gone = true;
		break;
	case CONN_END:
	case CONN_TIMEOUT:
	case CONN_DRAINED:
		break;
	}
}

/* "HTTP/1.1 503 Service Unavailable ... \r\n\r\nclerk: no answer\n" */
static void
say_answer(struct doctor *doctor, struct span answer, const char *why)
{
	struct span body = span_from(answer, span_find_text(answer, "\r\n\r\n") + 4), line = { 0 };
	const char *text;

	if (answer.len == 0) {
		doctor_wrong(doctor,
		    TR("The server runs and does not answer /healthz: %s. See its log (journalctl "
		       "-u preau), then systemctl restart preau."),
		    why);
		return;
	}
	if (span_starts(answer, "HTTP/1.1 200")) {
		doctor_ok(doctor, TR("The server answers: pages can be read and messages are taken."));
		return;
	}
	(void)span_next_line(&body, &line);
	text = arena_strndup(doctor->arena, line.data, line.len);
	doctor_wrong(doctor,
	    TR("/healthz says: %s. See the log (journalctl -u preau), then systemctl restart "
	       "preau."),
	    text);
}

static void
visit_healthz(struct doctor *doctor, const char *where)
{
	struct visit visit = { .doctor = doctor };
	struct net_address address;
	struct err err = { 0 };
	struct loop *loop;
	struct conn *conn;

	if (!net_address_read(where, &address, &err)) {
		doctor_unseen(doctor, TR("/healthz cannot be asked: %s"), err.text);
		return;
	}
	if (doctor->house.settings.listen_tls)
		visit.tls = tls_client_new(NULL, &err);
	buf_init(&visit.answer, LISTEN_MAX);
	loop = loop_new();
	conn = conn_connect(loop, &address, on_visit, &visit);
	conn_deadline(conn, ANSWER_MS);
	while (!visit.gone && loop_turn(loop, true))
		;
	say_answer(doctor, buf_span(&visit.answer), visit.why);
	buf_free(&visit.answer);
	loop_free(&loop);
	tls_free(&visit.tls);
}

void
doctor_server(struct doctor *doctor)
{
	struct span text = listen_file(doctor), line, name;
	bool known, served = doctor_is_served(doctor, &known);

	if (!known) {
		doctor_unseen(doctor, TR("Whether the server runs cannot be seen: run this as "
					 "root, or as the user of the server."));
		return;
	}
	if (!served) {
		doctor_warn(doctor, TR("The server does not run: systemctl start preau"));
		return;
	}
	while (span_next_line(&text, &line))
		if (span_next(&line, ' ', &name) && span_is(name, "http")) {
			visit_healthz(doctor, arena_strndup(doctor->arena, line.data, line.len));
			return;
		}
	doctor_unseen(doctor,
	    TR("The server runs without pages (listen.http): there is no /healthz to ask."));
}
