/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "mail/smtp_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "mail/smtp_session.h"

enum { WORDS_MAX = 300 }; /* octets of a sentence; a reply line has 512 (RFC 5321 §4.5.3.1.5) */

static const char *const state_names[SMTP_STATES] = {
	[SMTP_GREETED] = "greeted",
	[SMTP_READY] = "ready",
	[SMTP_MAIL] = "mail",
	[SMTP_RCPT] = "rcpt",
	[SMTP_ASKED] = "asked",
	[SMTP_DATA] = "data",
	[SMTP_COMMIT] = "commit",
	[SMTP_TLS] = "tls",
	[SMTP_CLOSED] = "closed",
};

/* The one table of the house: trouble in words of SMTP. BROKEN is our fault, so the
 * sender keeps the mail and tries again. */
/* clang-format off */
static const struct smtp_say kind_says[ERR_KINDS] = {
	[ERR_NONE]      = { 250, "2.0.0", "Taken" },
	[ERR_INVALID]   = { 550, "5.5.0", "The message is not as it must be" },
	[ERR_DENIED]    = { 550, "5.7.1", "Not allowed" },
	[ERR_NOT_FOUND] = { 550, "5.1.1", "No such address here" },
	[ERR_CONFLICT]  = { 550, "5.5.0", "It stands against what is here" },
	[ERR_TOO_MUCH]  = { 450, "4.7.1", "Too much; try again later" },
	[ERR_TEMPORARY] = { 451, "4.3.0", "Try again later" },
	[ERR_BROKEN]    = { 451, "4.3.5", "Trouble here; try again later" },
};

static const struct smtp_say fault_says[] = {
	[SMTP_DATA_SOUND] = { 250, "2.0.0", "Taken" },
	[SMTP_DATA_BARE]  = { 550, "5.6.11", "A bare CR or LF stands in the message" },
	[SMTP_DATA_LONG]  = { 550, "5.6.0", "A line of the message is too long" },
	[SMTP_DATA_SIZE]  = { 552, "5.3.4", "The message is larger than allowed" },
	[SMTP_DATA_HEAD]  = { 552, "5.3.4", "The head of the message is larger than allowed" },
	[SMTP_DATA_LOOP]  = { 554, "5.4.6", "The message goes round in a loop" },
	[SMTP_DATA_STORE] = { 451, "4.3.0", "Try again later" },
};
/* clang-format on */

/* Reply code and enhanced code for a kind of trouble: the one table. For `rcpt` the
 * words of RCPT TO, else those of the end of DATA. */
static struct smtp_say
say_of(enum err_kind kind, bool rcpt)
{
	if (kind == ERR_NONE && rcpt)
		return (struct smtp_say){ 250, "2.1.5", "Recipient taken" };
	return (unsigned)kind < ERR_KINDS ? kind_says[kind] : kind_says[ERR_BROKEN];
}

void
smtp_enter(struct smtp_server *server, enum smtp_state state)
{
	log_debug("smtp session=%s state=%s was=%s", server->session, state_names[state],
	    state_names[server->state]);
	server->state = state;
}

/* Words from elsewhere stay one line of printable ASCII. */
static void
add_words(struct buf *out, const char *text)
{
	for (size_t i = 0; i < WORDS_MAX && text[i] != '\0'; i++)
		buf_add_char(out, text[i] == ' ' || ascii_is_graphic(text[i]) ? text[i] : '?');
	buf_add_text(out, "\r\n");
}

void
smtp_say(struct smtp_server *server, int code, const char *enhanced, const char *text)
{
	buf_printf(&server->replies, "%d ", code);
	if (enhanced != NULL)
		buf_printf(&server->replies, "%s ", enhanced);
	add_words(&server->replies, text);
}

void
smtp_hang_up(struct smtp_server *server, const char *enhanced, const char *text)
{
	smtp_say(server, 421, enhanced, text);
	smtp_forget(server);
	smtp_enter(server, SMTP_CLOSED);
}

void
smtp_refuse(struct smtp_server *server, struct smtp_say say)
{
	if (++server->errors >= server->options.error_max)
		smtp_hang_up(server, "4.7.0", "Too many errors");
	else
		smtp_say(server, say.code, say.enhanced, say.text);
}

void
smtp_forget(struct smtp_server *server)
{
	if (server->options.drop != NULL)
		server->options.drop(server->options.context);
	memset(&server->envelope, 0, sizeof(server->envelope));
	server->envelope.name = server->hello;
	server->envelope.tls = server->tls;
	server->envelope.rcpts = server->rcpts;
	server->envelope.size_said = -1;
}

/* Takes the asked recipient into the envelope; room was checked. */
static void
add_rcpt(struct smtp_server *server)
{
	size_t count = server->envelope.rcpt_count;

	if (count == server->rcpt_room) {
		server->rcpt_room = count == 0 ? 4 : 2 * count;
		server->rcpts =
		    x_realloc(server->rcpts, server->rcpt_room, sizeof(server->rcpts[0]));
		server->envelope.rcpts = server->rcpts;
	}
	server->rcpts[count] = server->asked;
	server->envelope.rcpt_count = count + 1;
}

static unsigned
limit_or(unsigned limit, unsigned usual)
{
	return limit == 0 ? usual : limit;
}

struct smtp_server *
smtp_server_new(const struct smtp_server_options *options)
{
	struct smtp_server *server = x_calloc(1, sizeof(*server));
	struct smtp_server_options *mine = &server->options;

	*mine = *options;
	(void)snprintf(server->name, sizeof(server->name), "%s", options->name);
	(void)snprintf(server->session, sizeof(server->session), "%s", options->session);
	mine->name = server->name;
	mine->session = server->session;
	mine->size_max = mine->size_max == 0 ? SMTP_SIZE_MAX : mine->size_max;
	mine->rcpt_max = limit_or(mine->rcpt_max, SMTP_RCPT_MAX);
	mine->unknown_max = limit_or(mine->unknown_max, SMTP_UNKNOWN_MAX);
	mine->error_max = limit_or(mine->error_max, SMTP_ERROR_MAX);
	mine->message_max = limit_or(mine->message_max, SMTP_MSG_CONN);
	smtp_forget(server);
	buf_printf(&server->replies, "220 %s %s Preau\r\n", server->name,
	    options->lmtp ? "LMTP" : "ESMTP");
	return server;
}

void
smtp_server_free(struct smtp_server **server)
{
	if (*server == NULL)
		return;
	smtp_forget(*server);
	buf_free(&(*server)->replies);
	free((*server)->rcpts);
	free(*server);
	*server = NULL;
}

/* With LMTP the message has one outcome for each recipient (RFC 2033 §4.2). */
static void
say_outcome(struct smtp_server *server, struct smtp_say say)
{
	size_t count = server->options.lmtp ? server->envelope.rcpt_count : 1;

	while (count-- > 0)
		smtp_say(server, say.code, say.enhanced, say.text);
}

static void
message_ends(struct smtp_server *server)
{
	struct smtp_data *data = &server->data;

	server->messages++;
	server->envelope.size = data->size;
	if (data->fault == SMTP_DATA_SOUND) {
		smtp_enter(server, SMTP_COMMIT);
		server->event = SMTP_EVENT_MESSAGE;
		return;
	}
	log_info("smtp session=%s refused=%d", server->session, fault_says[data->fault].code);
	say_outcome(server, fault_says[data->fault]);
	smtp_forget(server);
	smtp_enter(server, SMTP_READY);
}

static void
read_data(struct smtp_server *server, struct span *input)
{
	uint64_t drained_max = 4 * (uint64_t)server->options.size_max;

	if (smtp_data_input(&server->data, input)) {
		message_ends(server);
	} else if (server->data.seen > drained_max) {
		/* nobody honest sends four times what was announced */
		say_outcome(server, fault_says[SMTP_DATA_SIZE]);
		smtp_forget(server);
		smtp_enter(server, SMTP_CLOSED);
	}
}

static void
run_line(struct smtp_server *server)
{
	struct span line = { server->line, server->line_len };
	struct smtp_dialect dialect = {
		.lmtp = server->options.lmtp,
		.utf8 = server->envelope.utf8,
	};
	struct smtp_command command;
	struct smtp_say say;

	if (server->line_long) {
		smtp_refuse(server, (struct smtp_say){ 500, "5.5.2", "The line is too long" });
	} else if (!span_ends(line, "\r")) {
		smtp_refuse(server, (struct smtp_say){ 500, "5.5.2", "A line ends with CR LF" });
	} else if (smtp_command_read(span_first(line, line.len - 1), dialect, &command, &say)) {
		smtp_run(server, &command);
	} else {
		smtp_refuse(server, say);
	}
	server->line_len = 0;
	server->line_long = false;
}

/* Gathers octets up to LF. */
static void
read_line(struct smtp_server *server, struct span *input)
{
	size_t len = span_find(*input, '\n');
	bool whole = len < input->len;

	if (len > sizeof(server->line) - 1 - server->line_len)
		server->line_long = true;
	if (!server->line_long) {
		memcpy(server->line + server->line_len, input->data, len);
		server->line_len += len;
	}
	*input = span_from(*input, len + whole);
	if (whole)
		run_line(server);
}

static bool
is_holding(const struct smtp_server *server)
{
	return server->state == SMTP_ASKED || server->state == SMTP_COMMIT ||
	       server->state == SMTP_TLS || server->state == SMTP_CLOSED;
}

enum smtp_event
smtp_server_input(struct smtp_server *server, struct span *input)
{
	enum smtp_event event;

	while (input->len > 0 && !is_holding(server)) {
		if (server->state == SMTP_DATA)
			read_data(server, input);
		else
			read_line(server, input);
	}
	if (server->state == SMTP_TLS || server->state == SMTP_CLOSED)
		*input = span_from(*input, input->len);
	if (server->state == SMTP_CLOSED)
		return SMTP_EVENT_CLOSE;
	event = server->event;
	server->event = SMTP_EVENT_NONE;
	return event;
}

struct buf *
smtp_server_replies(struct smtp_server *server)
{
	return &server->replies;
}

const struct smtp_envelope *
smtp_server_envelope(const struct smtp_server *server)
{
	return &server->envelope;
}

const struct mail_address *
smtp_server_rcpt(const struct smtp_server *server)
{
	return &server->asked;
}

static struct smtp_say
answer_say(const struct smtp_answer *answer, bool rcpt)
{
	struct smtp_say say = say_of(answer->kind, rcpt);

	if (answer->kind != ERR_NONE && answer->text != NULL && answer->text[0] != '\0')
		say.text = answer->text;
	return say;
}

void
smtp_server_answer_rcpt(struct smtp_server *server, const struct smtp_answer *answer)
{
	struct smtp_say say = answer_say(answer, true);

	if (server->state != SMTP_ASKED)
		return;
	if (answer->kind == ERR_NOT_FOUND && ++server->unknown > server->options.unknown_max) {
		smtp_hang_up(server, "4.7.0", "Too many unknown recipients");
		return;
	}
	if (answer->kind == ERR_NONE)
		add_rcpt(server);
	smtp_enter(server, server->envelope.rcpt_count > 0 ? SMTP_RCPT : SMTP_MAIL);
	smtp_say(server, say.code, say.enhanced, say.text);
}

void
smtp_server_answer_message(
    struct smtp_server *server, const struct smtp_answer *answers, size_t count)
{
	struct smtp_say say;

	if (server->state != SMTP_COMMIT || count == 0)
		return;
	if (count == 1) {
		say_outcome(server, answer_say(&answers[0], false));
	} else {
		for (size_t i = 0; i < count; i++) {
			say = answer_say(&answers[i], false);
			smtp_say(server, say.code, say.enhanced, say.text);
		}
	}
	smtp_forget(server);
	smtp_enter(server, SMTP_READY);
}

void
smtp_server_secured(struct smtp_server *server)
{
	if (server->state != SMTP_TLS)
		return;
	server->tls = true;
	server->line_len = 0;
	server->line_long = false;
	memset(server->hello, 0, sizeof(server->hello));
	smtp_forget(server);
	smtp_enter(server, SMTP_GREETED);
}

void
smtp_server_stop(struct smtp_server *server, const char *enhanced, const char *text)
{
	bool silent =
	    server->state == SMTP_DATA || server->state == SMTP_TLS || server->state == SMTP_CLOSED;

	if (!silent)
		smtp_say(server, 421, enhanced, text);
	smtp_forget(server);
	smtp_enter(server, SMTP_CLOSED);
}

unsigned
smtp_server_patience(const struct smtp_server *server)
{
	return is_holding(server) ? 0 : 300;
}

bool
smtp_server_in_data(const struct smtp_server *server)
{
	return server->state == SMTP_DATA;
}
