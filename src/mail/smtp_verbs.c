/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What each SMTP command does: a row, then a function (mail/smtp_session.h). */
#include "mail/smtp_session.h"

#include <string.h>

static void
run_hello(struct smtp_server *server, const struct smtp_command *command)
{
	bool extended = command->verb != SMTP_VERB_HELO;

	smtp_forget(server);
	memcpy(server->hello, command->name, sizeof(server->hello));
	smtp_enter(server, SMTP_READY);
	if (!extended) {
		buf_printf(&server->replies, "250 %s\r\n", server->name);
		return;
	}
	buf_printf(&server->replies,
	    "250-%s\r\n250-PIPELINING\r\n250-SIZE %zu\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
	    "250-ENHANCEDSTATUSCODES\r\n",
	    server->name, server->options.size_max);
	if (server->options.tls && !server->tls)
		buf_add_text(&server->replies, "250-STARTTLS\r\n");
	buf_add_text(&server->replies, "250 HELP\r\n");
}

/* RFC 3207 §4: what stands behind the command in the same packet was not said under
 * TLS; the transport throws it away. */
static void
run_starttls(struct smtp_server *server, const struct smtp_command *command)
{
	(void)command;
	if (!server->options.tls || server->tls) {
		smtp_refuse(server, (struct smtp_say){ 502, "5.5.1", "Not offered here" });
		return;
	}
	smtp_say(server, 220, "2.0.0", "Go ahead");
	smtp_enter(server, SMTP_TLS);
	server->event = SMTP_EVENT_STARTTLS;
}

static void
run_mail(struct smtp_server *server, const struct smtp_command *command)
{
	if (server->messages >= server->options.message_max) {
		smtp_hang_up(server, "4.7.0", "Many messages were taken; connect again");
		return;
	}
	if (command->size > (int64_t)server->options.size_max) {
		smtp_refuse(server,
		    (struct smtp_say){ 552, "5.3.4", "The message is larger than allowed" });
		return;
	}
	smtp_forget(server);
	server->envelope.sender = command->path;
	server->envelope.size_said = command->size;
	server->envelope.eight_bit = command->eight_bit;
	server->envelope.utf8 = command->utf8;
	smtp_enter(server, SMTP_MAIL);
	smtp_say(server, 250, "2.1.0", "Sender taken");
}

static bool
is_ours(const struct smtp_server *server, const struct mail_address *address)
{
	char domain[ADDRESS_DOMAIN_MAX + 1];
	const char *const *ours = server->options.domains;

	if (address->domain[0] == '\0')
		return true; /* postmaster alone, as the command reader saw to */
	if (!address_fold_domain(address->domain, domain))
		return false;
	for (; ours != NULL && *ours != NULL; ours++) {
		if (strcmp(*ours, domain) == 0)
			return true;
	}
	return false;
}

static void
run_rcpt(struct smtp_server *server, const struct smtp_command *command)
{
	if (server->envelope.rcpt_count >= server->options.rcpt_max) {
		/* no error of the client's: it goes on with a second transaction */
		smtp_say(server, 452, "4.5.3", "Too many recipients; send the others apart");
		return;
	}
	if (!is_ours(server, &command->path)) {
		smtp_refuse(
		    server, (struct smtp_say){ 550, "5.7.1", "Mail for others is not taken" });
		return;
	}
	server->asked = command->path;
	smtp_enter(server, SMTP_ASKED);
	server->event = SMTP_EVENT_RCPT;
}

static void
run_data(struct smtp_server *server, const struct smtp_command *command)
{
	struct smtp_data_limits limits = {
		.size_max = server->options.size_max,
		.head_max = SMTP_HEAD_MAX,
		.line_max = SMTP_TEXT_LINE_MAX,
		.hops_max = SMTP_HOPS_MAX,
	};

	(void)command;
	if (server->envelope.rcpt_count == 0) {
		smtp_refuse(server, (struct smtp_say){ 554, "5.5.1", "No recipient was taken" });
		return;
	}
	smtp_data_begin(&server->data, &limits, server->options.data, server->options.context);
	smtp_enter(server, SMTP_DATA);
	smtp_say(server, 354, NULL, "Go ahead; end with a dot alone on a line");
}

static void
run_reset(struct smtp_server *server, const struct smtp_command *command)
{
	(void)command;
	smtp_forget(server);
	if (server->state != SMTP_GREETED)
		smtp_enter(server, SMTP_READY);
	smtp_say(server, 250, "2.0.0", "Forgotten");
}

static void
run_noop(struct smtp_server *server, const struct smtp_command *command)
{
	(void)command;
	smtp_say(server, 250, "2.0.0", "Still here");
}

static void
run_help(struct smtp_server *server, const struct smtp_command *command)
{
	(void)command;
	smtp_say(server, 214, "2.0.0", "Commands: see RFC 5321; people: see our web pages");
}

/* Never tells whether a person is there. */
static void
run_vrfy(struct smtp_server *server, const struct smtp_command *command)
{
	(void)command;
	smtp_say(server, 252, "2.5.0", "Send a mail and see");
}

static void
run_quit(struct smtp_server *server, const struct smtp_command *command)
{
	(void)command;
	smtp_forget(server);
	smtp_say(server, 221, "2.0.0", "Goodbye");
	smtp_enter(server, SMTP_CLOSED);
}

static void
run_foreign(struct smtp_server *server, const struct smtp_command *command)
{
	(void)command;
	smtp_hang_up(server, "4.7.0", "This is no web server");
}

enum {
	IN_GREETED = 1 << SMTP_GREETED,
	IN_READY = 1 << SMTP_READY,
	IN_MAIL = 1 << SMTP_MAIL,
	IN_RCPT = 1 << SMTP_RCPT,
	NAMED = IN_READY | IN_MAIL | IN_RCPT,
	EVER = IN_GREETED | NAMED
};

/* clang-format off */
static const struct {
	unsigned states;
	void (*run)(struct smtp_server *server, const struct smtp_command *command);
} verbs[SMTP_VERBS] = {
	/* command                allowed in          does */
	[SMTP_VERB_HELO]     = { EVER,               run_hello },
	[SMTP_VERB_EHLO]     = { EVER,               run_hello },
	[SMTP_VERB_LHLO]     = { EVER,               run_hello },
	[SMTP_VERB_STARTTLS] = { IN_GREETED | IN_READY, run_starttls },
	[SMTP_VERB_MAIL]     = { IN_READY,           run_mail },
	[SMTP_VERB_RCPT]     = { IN_MAIL | IN_RCPT,  run_rcpt },
	[SMTP_VERB_DATA]     = { IN_MAIL | IN_RCPT,  run_data },
	[SMTP_VERB_RSET]     = { EVER,               run_reset },
	[SMTP_VERB_NOOP]     = { EVER,               run_noop },
	[SMTP_VERB_HELP]     = { EVER,               run_help },
	[SMTP_VERB_VRFY]     = { EVER,               run_vrfy },
	[SMTP_VERB_QUIT]     = { EVER,               run_quit },
	[SMTP_VERB_FOREIGN]  = { EVER,               run_foreign },
};
/* clang-format on */

void
smtp_run(struct smtp_server *server, const struct smtp_command *command)
{
	if ((verbs[command->verb].states & 1U << server->state) == 0) {
		smtp_refuse(server,
		    (struct smtp_say){ 503, "5.5.1", "Not now: another command comes first" });
		return;
	}
	verbs[command->verb].run(server, command);
}
