/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Connections in one loop, both ends ours: STARTTLS, names, injections, ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "net/conn.h"
#include "net/listen.h"
#include "net_certificate.h"
#include "net_client.h"

enum { PATIENCE_MS = 10 * 1000, LOAD = 3000000 };

/* One end of a dialogue, and what became of it. */
struct end {
	struct fixture *fixture;
	struct conn *conn;
	struct buf said; /* what it heard since the last switch */
	int opened, secured, drained, ended, timeouts;
	bool closed;
	enum conn_reason reason;
	char why[120];
};

struct fixture {
	struct loop *loop;
	struct listener *listener;
	struct tls *server_tls, *client_tls;
	struct certificate authority, certificate;
	struct end server, client;
	conn_fn *on_server;
	bool tls_at_once; /* the server begins with TLS */
	bool inject;      /* the server says more than it should before TLS */
	const char *host; /* the name the client asks for */
	int fd;
	char address[NET_ADDRESS_TEXT];
};

static void
note(struct end *end, enum conn_event event)
{
	struct span in = conn_input(end->conn);

	switch (event) {
	case CONN_OPEN:
		end->opened++;
		break;
	case CONN_SECURE:
		end->secured++;
		buf_clear(&end->said);
		break;
	case CONN_DATA:
		buf_add_span(&end->said, in);
		conn_consume(end->conn, in.len);
		break;
	case CONN_DRAINED:
		end->drained++;
		break;
	case CONN_END:
		end->ended++;
		break;
	case CONN_TIMEOUT:
		end->timeouts++;
		break;
	case CONN_CLOSED:
		assert_false(end->closed);
		end->closed = true;
		end->reason = conn_reason(end->conn);
		snprintf(end->why, sizeof(end->why), "%s", conn_reason_text(end->conn));
		end->conn = NULL;
		break;
	}
}

/* The server of these tests: greets, knows STARTTLS, and repeats the rest. Everything that
 * came with a line stays in the input, as a real server would leave it. */
static void
on_server(struct conn *conn, enum conn_event event, void *arg)
{
	struct end *end = arg;
	struct span in = conn_input(conn), line = span_first(in, span_find(in, '\n') + 1);

	if (event == CONN_OPEN)
		conn_send(conn, SPAN("220 hello\r\n"));
	if (event == CONN_DATA && span_is(line, "STARTTLS\r\n")) {
		conn_consume(conn, line.len);
		conn_send(conn,
		    end->fixture->inject ? SPAN("220 go\r\n250 evil\r\n") : SPAN("220 go\r\n"));
		conn_start_tls_server(conn, end->fixture->server_tls);
		return;
	}
	if (event == CONN_DATA)
		conn_send(conn, in);
	note(end, event);
}

static void
on_client(struct conn *conn, enum conn_event event, void *arg)
{
	struct end *end = arg;
	struct span in = conn_input(conn);

	if (event == CONN_OPEN && end->fixture->tls_at_once)
		conn_start_tls_client(conn, end->fixture->client_tls, end->fixture->host);
	if (event == CONN_DATA && !conn_is_secure(conn) && span_starts(in, "220 hello\r\n")) {
		conn_send(conn, SPAN("STARTTLS\r\n"));
		conn_consume(conn, 11);
		return;
	}
	if (event == CONN_DATA && span_starts(in, "220 go\r\n")) {
		conn_consume(conn, 8);
		conn_start_tls_client(conn, end->fixture->client_tls, end->fixture->host);
		return;
	}
	note(end, event);
}

static void
on_accept(int fd, const struct net_address *peer, void *arg)
{
	struct fixture *fixture = arg;

	assert_true(net_address_is_loopback(peer));
	conn_close(&fixture->server.conn);
	buf_free(&fixture->server.said);
	fixture->server = (struct end){ .fixture = fixture };
	fixture->server.conn =
	    conn_accept(fixture->loop, fd, fixture->tls_at_once ? fixture->server_tls : NULL,
		fixture->on_server, &fixture->server);
	conn_deadline(fixture->server.conn, PATIENCE_MS);
}

static void
make_client_tls(struct fixture *fixture, const struct certificate *trusted)
{
	struct err err;

	assert_true(file_write("authority.pem", buf_span(&trusted->chain), 0600, &err));
	tls_free(&fixture->client_tls);
	fixture->client_tls = tls_client_new("authority.pem", &err);
	assert_non_null(fixture->client_tls);
	unlink("authority.pem");
}

static int
set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct err err;

	assert_non_null(fixture);
	fixture->loop = loop_new();
	fixture->on_server = on_server;
	fixture->host = "mail.example";
	certificate_authority(&fixture->authority);
	certificate_make(&fixture->certificate, &fixture->authority,
	    "DNS:mail.example,DNS:*.wild.example,IP:127.0.0.1", 5);
	fixture->server_tls = tls_server_new(buf_span(&fixture->certificate.chain),
	    buf_span(&fixture->certificate.key), "http/1.1", &err);
	assert_non_null(fixture->server_tls);
	make_client_tls(fixture, &fixture->authority);
	assert_true(listen_open("127.0.0.1:0", &fixture->fd, &err));
	assert_true(listen_name(fixture->fd, fixture->address));
	fixture->listener = listen_accept(fixture->loop, fixture->fd, NULL, on_accept, fixture);
	*state = fixture;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *fixture = *state;

	conn_close(&fixture->server.conn);
	conn_close(&fixture->client.conn);
	buf_free(&fixture->server.said);
	buf_free(&fixture->client.said);
	tls_free(&fixture->server_tls);
	tls_free(&fixture->client_tls);
	certificate_free(&fixture->authority);
	certificate_free(&fixture->certificate);
	listen_close(&fixture->listener);
	file_close(&fixture->fd);
	loop_free(&fixture->loop);
	free(fixture);
	return 0;
}

static void
dial(struct fixture *fixture)
{
	struct net_address address;
	struct err err;

	conn_close(&fixture->client.conn);
	buf_free(&fixture->client.said);
	fixture->client = (struct end){ .fixture = fixture };
	assert_true(net_address_read(fixture->address, &address, &err));
	fixture->client.conn = conn_connect(fixture->loop, &address, on_client, &fixture->client);
	conn_deadline(fixture->client.conn, PATIENCE_MS);
}

/* Turns until both are secure, or one is closed. */
static bool
both_secure(struct fixture *fixture)
{
	struct end *server = &fixture->server, *client = &fixture->client;

	while (
	    !client->closed && !server->closed &&
	    (client->secured == 0 || server->secured + server->opened * fixture->tls_at_once == 0))
		loop_turn(fixture->loop, true);
	return !client->closed && !server->closed;
}

static void
until_closed(struct fixture *fixture, struct end *end)
{
	while (!end->closed)
		assert_true(loop_turn(fixture->loop, true));
}

static void
exchange(struct fixture *fixture, size_t len)
{
	struct buf load = { 0 };

	for (size_t i = 0; i < len; i++)
		buf_add_char(&load, (char)(i * 7));
	conn_send(fixture->client.conn, buf_span(&load));
	while (fixture->client.said.len < len && !fixture->client.closed)
		loop_turn(fixture->loop, true);
	assert_true(span_equal(buf_span(&fixture->client.said), buf_span(&load)));
	assert_true(fixture->client.drained > 0);
	buf_free(&load);
}

static void
test_starttls(void **state)
{
	struct fixture *fixture = *state;

	dial(fixture);
	assert_true(both_secure(fixture));
	assert_int_equal(fixture->client.opened, 1);
	assert_int_equal(fixture->client.secured, 1);
	assert_int_equal(fixture->server.secured, 1);
	assert_true(conn_is_secure(fixture->client.conn));
	assert_true(conn_is_secure(fixture->server.conn));
	assert_int_equal(strncmp(conn_tls_text(fixture->client.conn), "TLSv1.3 ", 8), 0);
	exchange(fixture, LOAD);
	conn_finish(fixture->client.conn, 1000);
	until_closed(fixture, &fixture->server);
	assert_int_equal(fixture->server.reason, CONN_BY_PEER);
	until_closed(fixture, &fixture->client);
	assert_int_equal(fixture->client.reason, CONN_BY_US);
}

static void
test_tls_at_once(void **state)
{
	struct fixture *fixture = *state;

	fixture->tls_at_once = true;
	fixture->host = "127.0.0.1";
	dial(fixture);
	assert_true(both_secure(fixture));
	while (fixture->client.said.len < 11 && !fixture->client.closed)
		loop_turn(fixture->loop, true);
	assert_string_equal(buf_text(&fixture->client.said), "220 hello\r\n");
	buf_clear(&fixture->client.said);
	exchange(fixture, LOAD);
}

/* The deadline of the dialogue is not touched by the switch. */
static void
test_names(void **state)
{
	static const struct {
		const char *host, *why;
		bool ok;
	} cases[] = {
		{ "mail.example", "", true },
		{ "MAIL.example", "", true },
		{ "a.wild.example", "", true },
		{ "127.0.0.1", "", true },
		{ "other.example", "hostname mismatch", false },
		{ "mail.example.evil.example", "hostname mismatch", false },
		{ "wild.example", "hostname mismatch", false },
		{ "127.0.0.2", "IP address mismatch", false },
		{ "Test server", "hostname mismatch", false }, /* the common name is no name */
		{ "", "hostname mismatch", false },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fixture->host = cases[i].host;
		dial(fixture);
		if (both_secure(fixture) != cases[i].ok)
			fail_msg("%s: %s", cases[i].host, fixture->client.why);
		if (cases[i].ok)
			continue;
		until_closed(fixture, &fixture->client);
		assert_int_equal(fixture->client.reason, CONN_TLS_REFUSED);
		assert_int_equal(fixture->client.secured, 0);
		if (strstr(fixture->client.why, cases[i].why) == NULL)
			fail_msg("%s: %s", cases[i].host, fixture->client.why);
	}
}

static void
refused(struct fixture *fixture, const char *why)
{
	dial(fixture);
	assert_false(both_secure(fixture));
	until_closed(fixture, &fixture->client);
	assert_int_equal(fixture->client.reason, CONN_TLS_REFUSED);
	if (strstr(fixture->client.why, why) == NULL)
		fail_msg("%s", fixture->client.why);
}

static void
test_other_authority(void **state)
{
	struct fixture *fixture = *state;
	struct certificate other;

	certificate_authority(&other);
	make_client_tls(fixture, &other);
	refused(fixture, "certificate");
	certificate_free(&other);
}

static void
test_expired(void **state)
{
	struct fixture *fixture = *state;
	struct certificate old;
	struct err err;

	certificate_make(&old, &fixture->authority, "DNS:mail.example", 0);
	assert_true(
	    tls_server_swap(fixture->server_tls, buf_span(&old.chain), buf_span(&old.key), &err));
	refused(fixture, "expired");
	certificate_free(&old);
}

/* What is not sound changes nothing; what is sound counts for the next session. */
static void
test_swap(void **state)
{
	struct fixture *fixture = *state;
	struct span chain = buf_span(&fixture->certificate.chain);
	struct span key = buf_span(&fixture->certificate.key);
	struct certificate next;
	struct err err;

	certificate_make(&next, &fixture->authority, "DNS:next.example", 5);
	assert_false(tls_server_swap(fixture->server_tls, chain, buf_span(&next.key), &err));
	assert_false(tls_server_swap(fixture->server_tls, SPAN("no PEM"), key, &err));
	assert_false(tls_server_swap(fixture->server_tls, chain, SPAN(""), &err));
	assert_int_equal(err.kind, ERR_INVALID);
	dial(fixture);
	assert_true(both_secure(fixture));
	assert_true(
	    tls_server_swap(fixture->server_tls, buf_span(&next.chain), buf_span(&next.key), &err));
	exchange(fixture, 1000);
	refused(fixture, "hostname mismatch");
	fixture->host = "next.example";
	dial(fixture);
	assert_true(both_secure(fixture));
	tls_free(&fixture->server_tls); /* what lasts has its own reference */
	tls_free(&fixture->client_tls);
	exchange(fixture, 1000);
	certificate_free(&next);
}

/* CVE-2011-0411: plain text before the switch is not taken for what comes after it. */
static void
test_injected_server(void **state)
{
	struct fixture *fixture = *state;
	struct client client;

	client_open(&client, fixture->loop, fixture->address);
	assert_true(client_wait_text(&client, "220 hello\r\n"));
	client_send_text(&client, "STARTTLS\r\nMAIL FROM:<evil@example>\r\n");
	assert_true(client_wait_end(&client));
	assert_true(fixture->server.closed);
	assert_int_equal(fixture->server.reason, CONN_INJECTED);
	assert_int_equal(fixture->server.said.len, 0);
	assert_int_equal(fixture->server.secured, 0);
	client_close(&client);
}

static void
test_injected_client(void **state)
{
	struct fixture *fixture = *state;

	fixture->inject = true;
	dial(fixture);
	until_closed(fixture, &fixture->client);
	assert_int_equal(fixture->client.reason, CONN_INJECTED);
	assert_int_equal(fixture->client.said.len, 0);
}

/* In two pieces the second one is read as TLS, and is none. */
static void
test_injected_later(void **state)
{
	struct fixture *fixture = *state;
	struct client client;

	client_open(&client, fixture->loop, fixture->address);
	client_send_text(&client, "STARTTLS\r\n");
	assert_true(client_wait_text(&client, "220 go\r\n"));
	client_send_text(&client, "MAIL FROM:<evil@example>\r\n");
	assert_true(client_wait_end(&client));
	assert_true(fixture->server.closed);
	assert_int_equal(fixture->server.reason, CONN_TLS_REFUSED);
	assert_int_equal(fixture->server.said.len, 0);
	client_close(&client);
}

static void
test_handshake_deadline(void **state)
{
	struct fixture *fixture = *state;
	struct client client;

	fixture->tls_at_once = true;
	client_open(&client, fixture->loop, fixture->address);
	client_wait(&client, 20);
	conn_deadline(fixture->server.conn, 50);
	assert_true(client_wait_end(&client));
	assert_true(fixture->server.closed);
	assert_int_equal(fixture->server.reason, CONN_TIMED_OUT);
	assert_int_equal(fixture->server.opened, 0);
	client_close(&client);
}

/* A peer of another make: protocols offered, versions. */
static bool
shake_hands(struct fixture *fixture, const char *alpn, int version)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(context);
	struct client client;
	int64_t until = clock_ticks_ms() + PATIENCE_MS;
	int result = -1;

	client_open(&client, fixture->loop, fixture->address);
	SSL_set_security_level(ssl, 0);
	assert_int_equal(SSL_set_max_proto_version(ssl, version), 1);
	if (alpn != NULL)
		SSL_set_alpn_protos(ssl, (const unsigned char *)alpn, (unsigned)strlen(alpn));
	assert_int_equal(fcntl(client.fd, F_SETFL, O_NONBLOCK), 0);
	SSL_set_fd(ssl, client.fd);
	while (result != 1 && clock_ticks_ms() < until) {
		result = SSL_connect(ssl);
		if (result != 1 && SSL_get_error(ssl, result) != SSL_ERROR_WANT_READ)
			break;
		loop_turn(fixture->loop, false);
	}
	SSL_free(ssl);
	SSL_CTX_free(context);
	client_close(&client);
	return result == 1;
}

static void
test_other_peers(void **state)
{
	struct fixture *fixture = *state;

	fixture->tls_at_once = true;
	assert_true(shake_hands(fixture, NULL, 0));
	assert_true(shake_hands(fixture, "\x08http/1.1", 0));
	assert_true(shake_hands(fixture, "\x02h2\x08http/1.1", TLS1_2_VERSION));
	assert_false(shake_hands(fixture, "\x02h2", 0));
	assert_false(shake_hands(fixture, NULL, TLS1_1_VERSION));
}

/* Nobody there; and a deadline that passes without an answer. */
static void
test_no_answer(void **state)
{
	struct fixture *fixture = *state;

	listen_close(&fixture->listener);
	dial(fixture);
	assert_false(fixture->client.closed); /* never told inside the call */
	conn_deadline(fixture->client.conn, 50);
	until_closed(fixture, &fixture->client); /* in the queue, unaccepted: connected, silent */
	assert_int_equal(fixture->client.reason, CONN_TIMED_OUT);
	assert_int_equal(fixture->client.timeouts, 1);
	file_close(&fixture->fd);
	dial(fixture);
	until_closed(fixture, &fixture->client);
	assert_int_equal(fixture->client.reason, CONN_NO_ANSWER);
	assert_int_equal(fixture->client.opened, 0);
}

static int closer_calls;

/* Closes in the very first event; nothing may come after that. */
static void
on_closer(struct conn *conn, enum conn_event event, void *arg)
{
	struct end *end = arg;

	(void)conn;
	closer_calls++;
	assert_int_equal(event, CONN_OPEN);
	conn_close(&end->conn);
}

static void
test_close_inside(void **state)
{
	struct fixture *fixture = *state;
	struct client client;

	closer_calls = 0;
	fixture->on_server = on_closer;
	client_open(&client, fixture->loop, fixture->address);
	client_send_text(&client, "anything");
	assert_true(client_wait_end(&client));
	client_wait(&client, 20);
	assert_int_equal(closer_calls, 1);
	assert_null(fixture->server.conn);
	client_close(&client);
}

static void
on_shared_done(void *arg)
{
	++*(int *)arg;
}

/* Input that is held waits, and shared octets are given back once. */
static void
test_hold_and_share(void **state)
{
	static const char shared[] = "0123456789";
	struct fixture *fixture = *state;
	struct client client;
	int done = 0;

	client_open(&client, fixture->loop, fixture->address);
	assert_true(client_wait_text(&client, "220 hello\r\n"));
	conn_hold_input(fixture->server.conn, true);
	client_send_text(&client, "echo");
	client_wait(&client, 30);
	assert_int_equal(fixture->server.said.len, 0);
	conn_hold_input(fixture->server.conn, false);
	assert_true(client_wait_text(&client, "echo"));
	assert_true(span_is(buf_span(&fixture->server.said), "echo"));
	conn_send_shared(fixture->server.conn, span_of(shared), on_shared_done, &done);
	assert_int_equal(done, 0);
	assert_true(client_wait_text(&client, shared));
	assert_int_equal(done, 1);
	conn_send_shared(fixture->server.conn, span_of(shared), on_shared_done, &done);
	conn_close(&fixture->server.conn);
	assert_int_equal(done, 2);
	client_close(&client);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_starttls),
		CASE(test_tls_at_once),
		CASE(test_names),
		CASE(test_other_authority),
		CASE(test_expired),
		CASE(test_swap),
		CASE(test_injected_server),
		CASE(test_injected_client),
		CASE(test_injected_later),
		CASE(test_handshake_deadline),
		CASE(test_other_peers),
		CASE(test_no_answer),
		CASE(test_close_inside),
		CASE(test_hold_and_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
