/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* command/doctor_relay.c: does the relay speak with us? The dialogue that the relay process
 * leads, up to the point where a mail would begin, then QUIT. Whether it takes mail for everybody
 * is not tried: no recipient of the world is ours to try it with. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/doctor.h"
#include "mail/smtp_client.h"
#include "net/conn.h"
#include "net/tls.h"
#include "process/role_relay.h"

enum { CONNECT_MS = 10 * 1000, FINISH_MS = 1000, PATIENCE = 30 };

struct call {
	struct relay_target *target;
	struct smtp_client *client;
	struct tls *tls;
	bool quitting, closing, gone;
	char why[256];
	char channel[80]; /* "TLSv1.3 ...", "" where plain */
};

static void
on_done(void *context, struct smtp_message *message)
{
	(void)context;
	(void)message; /* none is given */
}

static void
flush(struct call *call, struct conn *conn)
{
	struct buf *output = smtp_client_output(call->client);
	unsigned patience = smtp_client_patience(call->client);

	conn_send(conn, buf_span(output));
	buf_clear(output);
	conn_deadline(conn, patience > 0 ? (int64_t)patience * 1000 : CONNECT_MS);
}

static void
keep_why(struct call *call, const char *why)
{
	if (call->why[0] == '\0')
		(void)snprintf(call->why, sizeof(call->why), "%s", why);
}

static void
hear(struct call *call, struct conn *conn)
{
	struct span input = conn_input(conn);
	enum smtp_client_event event = smtp_client_input(call->client, input);

	conn_consume(conn, input.len);
	if (event == SMTP_CLIENT_STARTTLS && call->tls != NULL) {
		flush(call, conn);
		conn_start_tls_client(conn, call->tls, call->target->host);
		return;
	}
	if (event == SMTP_CLIENT_NONE && smtp_client_was_ready(call->client) && !call->quitting) {
		call->quitting = true;
		smtp_client_quit(call->client);
	}
	flush(call, conn);
	if (event != SMTP_CLIENT_NONE) {
		keep_why(call, smtp_client_error(call->client));
		call->closing = true;
		conn_finish(conn, FINISH_MS);
	}
}

static void
on_call(struct conn *conn, enum conn_event event, void *arg)
{
	struct call *call = arg;

	switch (event) {
	case CONN_OPEN:
		flush(call, conn);
		break;
	case CONN_SECURE:
		(void)snprintf(call->channel, sizeof(call->channel), "%s", conn_tls_text(conn));
		smtp_client_secured(call->client);
		flush(call, conn);
		break;
	case CONN_DATA:
		if (!call->closing)
			hear(call, conn);
		break;
	case CONN_TIMEOUT:
		keep_why(call, "no answer in time");
		break;
	case CONN_CLOSED:
		keep_why(call, conn_reason_text(conn));
		call->gone = true;
		break;
	case CONN_END:
	case CONN_DRAINED:
		break;
	}
}

/* One address of the target. */
static bool
try_address(struct doctor *doctor, struct call *call, const struct net_address *address)
{
	const struct settings *s = &doctor->house.settings;
	bool beside = net_address_is_here(address);
	struct smtp_client_options options = {
		.lmtp = call->target->way == RELAY_LMTP,
		.name = s->relay_name,
		.tls = call->target->require_tls ? SMTP_TLS_REQUIRE
		       : beside			 ? SMTP_TLS_NEVER
						 : SMTP_TLS_TRY,
		.patience_max =
		    (unsigned)(s->relay_patience < PATIENCE ? s->relay_patience : PATIENCE),
		.done = on_done,
		.session = "doctor",
	};
	struct loop *loop = loop_new();
	struct conn *conn;
	bool ready;

	call->quitting = call->closing = call->gone = false;
	call->why[0] = call->channel[0] = '\0';
	call->client = smtp_client_new(&options);
	conn = conn_connect(loop, address, on_call, call);
	conn_deadline(conn, CONNECT_MS);
	while (!call->gone && loop_turn(loop, true))
		;
	ready = call->quitting;
	smtp_client_free(&call->client);
	loop_free(&loop);
	return ready;
}

static void
say_call(struct doctor *doctor, const struct call *call, const struct net_address *address)
{
	const char *to = doctor->house.settings.relay_to;

	if (call->channel[0] != '\0')
		doctor_ok(
		    doctor, TR("%s greets us, through %s."), to, call->channel);
	else if (net_address_is_here(address))
		doctor_ok(doctor, TR("%s greets us."), to);
	else
		doctor_warn(doctor,
		    TR("%s greets us, but offers no TLS: what is sent can be read on the way. Turn "
		       "on STARTTLS there."),
		    to);
}

static void
call_target(struct doctor *doctor, struct relay_target *target)
{
	struct call call = { .target = target };
	struct err err = { 0 };

	call.tls = tls_client_new(NULL, &err);
	for (size_t i = 0; i < target->address_count; i++)
		if (try_address(doctor, &call, &target->addresses[i])) {
			say_call(doctor, &call, &target->addresses[i]);
			tls_free(&call.tls);
			return;
		}
	tls_free(&call.tls);
	doctor_wrong(doctor,
	    TR("%s does not take our mail: %s. Until it does, mail waits: look at that server and "
	       "at relay.to."),
	    doctor->house.settings.relay_to, call.why);
}

static void
check_path(struct doctor *doctor, const struct relay_target *target)
{
	struct stat found;

	if (stat(target->path, &found) == 0 && !S_ISDIR(found.st_mode))
		doctor_wrong(
		    doctor, TR("%s is no folder: relay.to cannot write there."), target->path);
	else
		doctor_warn(doctor,
		    TR("relay.to = %s sends nothing: mail becomes files there. Name a mail server, "
		       "as smtp://127.0.0.1:25."),
		    doctor->house.settings.relay_to);
}

void
doctor_relay(struct doctor *doctor)
{
	const struct settings *s = &doctor->house.settings;
	struct relay_target target;
	struct err err = { 0 };

	if (!relay_target_read(s->relay_to, s->data, &target, &err))
		doctor_wrong(doctor, TR("relay.to cannot be used: %s."), err.text);
	else if (target.way == RELAY_DIR)
		check_path(doctor, &target);
	else if (!relay_target_resolve(&target, &err))
		doctor_wrong(doctor,
		    TR("The host of relay.to = %s is not found: %s. Mend the name, or the "
		       "resolver."),
		    s->relay_to, err.text);
	else
		call_target(doctor, &target);
}

bool
doctor_relay_target(struct doctor *doctor, struct relay_target *target)
{
	const struct settings *s = &doctor->house.settings;
	struct err err = { 0 };

	return relay_target_read(s->relay_to, s->data, target, &err) && target->way != RELAY_DIR &&
	       relay_target_resolve(target, &err) && target->address_count > 0;
}
