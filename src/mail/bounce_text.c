/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "mail/bounce_text.h"

#include <string.h>

#include "base/utf8.h"
#include "mail/bounce_read.h"

enum {
	LINES_MAX = 2000, /* of a report */
	LINE_MAX_OCTETS = 1000
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* clang-format off */
/* All tables are compared with utf8_fold()ed text: lower case, no accents. */

/* Where the message that came back begins: what follows is not the report's. */
static const char *const returned_marks[] = { "received:", "return-path:", "x-original-to:",
	"--- below this line is a copy", "--- undelivered message follows", "--- enclosed is",
	"--- original message", "----- original message", "---- original message",
	"---original message", "--- the header of the original", "--- mail in error follows",
	"--- returned message", "--- unsent message", "----- unsent message", "----- message header",
	"------ this is a copy of", "----- this is a copy of", "--- this is a copy of",
	"--- the unsent message", "---- the unsent message", "------ message header",
	"original message follows", "message headers follow", "message header follow",
	"received: from", "your original message", "the original message follows",
	"original message headers", "contenu du message", "message d'origine", "your message reads",
	"-------- original message", "----- texte du message", "a copy of the original message",
	"the message headers", "copy of the message", "the text you sent follow",
	"content-type: message/rfc822", "**********************************************",
	"-----message header", "original text follow" };

/* Of a subject: the report of a mailer. */
static const char *const subjects[] = { "undeliver", "delivery failure", "delivery failed",
	"failure notice", "delivery status notification", "returned mail", "mail delivery",
	"delivery notification", "delivery error", "delivery problem", "could not be delivered",
	"cannot be delivered", "unable to deliver", "delivery delayed", "delayed mail",
	"warning: could not send", "warning: message", "mail system error", "mail could not be",
	"message not delivered", "nondeliverable", "non-deliverable", "non delivery", "non remis",
	"non delivre", "echec de remise", "echec de la remise", "echec de distribution",
	"retour de courrier", "message rejete", "rejected mail", "bounced", "mail failure",
	"sorry, your mail", "delivery has failed", "message status", "permanent failure",
	"unzustellbar", "unzustellbarkeit", "notificacion de estado de entrega",
	"message you sent blocked", "message delivery failure", "error sending message",
	"delivery report", "considered unsolicited bulk", "mail undeliverable", "problem delivering",
	"message delivery has failed", "mensagem nao", "user unknown", "banned", "send mail failed",
	"report of non-delivery", "dsn:", "there was an error sending your mail" };

/* Of a text: somebody was not reached. */
static const char *const failures[] = { "could not be delivered", "couldn't be delivered",
	"cannot be delivered", "can't be delivered", "undeliverable", "undelivered",
	"delivery failed", "delivery has failed", "failed to deliver", "unable to deliver",
	"wasn't able to deliver", "was not able to deliver", "was not delivered", "not be delivered",
	"has not been delivered", "delivery to the following", "did not reach", "didn't reach",
	"error delivering", "error while trying to deliver", "problem delivering", "returned mail",
	"permanent error", "permanent fatal errors", "user unknown", "unknown user",
	"unrouteable", "unroutable", "mailbox is full", "exceeds allowed size", "over quota",
	"delivery failure", "non remis", "n'a pas pu etre", "non delivre", "impossible de remettre",
	"echec de la remise", "rejected your message", "message could not", "was rejected",
	"has been delayed", "will be retried", "still trying", "user's account is disabled",
	"account is disabled", "bounced", "was undeliverable", "failed recipient", "not delivered",
	"nicht zugestellt", "unzustellbar", "does not exist", "failed addresses", "could not deliver",
	"was not found", "error occurred while sending", "550 ", "554 ", "553 ", "552 ", "551 " };

/* It is not over yet. */
static const char *const delays[] = { "will be retried", "has been delayed", "is delayed",
	"warning message only", "still trying", "not need to resend", "will keep trying",
	"will try again", "sera retente", "est retarde", "has not yet been delivered",
	"could not send message for past", "delivery attempts will continue" };

/* What a sentence means, first match (RFC 3463). */
static const struct {
	const char *words, *status;
} meanings[] = {
	{ "mailbox full", "5.2.2" }, { "mailbox is full", "5.2.2" }, { "mailbox has exceeded", "5.2.2" },
	{ "over quota", "5.2.2" }, { "overquota", "5.2.2" }, { "exceeded the quota", "5.2.2" },
	{ "quota exceeded", "5.2.2" }, { "exceeds allowed size", "5.2.2" }, { "disk quota", "5.2.2" },
	{ "exceeded storage", "5.2.2" }, { "boite pleine", "5.2.2" }, { "not enough storage", "5.2.2" },
	{ "boite aux lettres est pleine", "5.2.2" }, { "mailbox quota", "5.2.2" },
	{ "out of storage", "5.2.2" }, { "message too large", "5.3.4" },
	{ "message size exceeds", "5.3.4" }, { "too big", "5.3.4" }, { "exceeds size limit", "5.3.4" },
	{ "user unknown", "5.1.1" }, { "unknown user", "5.1.1" }, { "no such user", "5.1.1" },
	{ "no such mailbox", "5.1.1" }, { "user not found", "5.1.1" }, { "unknown recipient", "5.1.1" },
	{ "recipient unknown", "5.1.1" }, { "invalid recipient", "5.1.1" }, { "no mailbox", "5.1.1" },
	{ "mailbox unavailable", "5.1.1" }, { "mailbox not found", "5.1.1" },
	{ "unknown mailbox", "5.1.1" }, { "address unknown", "5.1.1" }, { "unknown address", "5.1.1" },
	{ "doesn't have a", "5.1.1" }, { "not listed in", "5.1.1" }, { "no such recipient", "5.1.1" },
	{ "utilisateur inconnu", "5.1.1" }, { "adresse inconnue", "5.1.1" },
	{ "destinataire inconnu", "5.1.1" }, { "no user", "5.1.1" }, { "not a valid user", "5.1.1" },
	{ "account does not exist", "5.1.1" }, { "addressee unknown", "5.1.1" },
	{ "account is disabled", "5.2.1" }, { "account disabled", "5.2.1" }, { "inactive", "5.2.1" },
	{ "account has been disabled", "5.2.1" }, { "suspended", "5.2.1" }, { "disabled", "5.2.1" },
	{ "host unknown", "5.1.2" }, { "unknown host", "5.1.2" }, { "host not found", "5.1.2" },
	{ "domain not found", "5.1.2" }, { "no such domain", "5.1.2" }, { "unrouteable", "5.1.2" },
	{ "unroutable", "5.1.2" }, { "couldn't find any host", "5.1.2" }, { "invalid domain", "5.1.2" },
	{ "domaine inconnu", "5.1.2" }, { "name service error", "5.4.4" },
	{ "could not be resolved", "5.1.2" }, { "too many hops", "5.4.6" }, { "mail loop", "5.4.6" },
	{ "loops back", "5.4.6" }, { "spam", "5.7.1" }, { "blocked", "5.7.1" }, { "blacklist", "5.7.1" },
	{ "access denied", "5.7.1" }, { "relay", "5.7.1" }, { "not authorized", "5.7.1" },
	{ "policy", "5.7.1" }, { "virus", "5.7.1" }, { "rejected", "5.7.1" }, { "denied", "5.7.1" },
	{ "connection timed out", "4.4.1" }, { "timed out", "4.4.1" }, { "timeout", "4.4.1" },
	{ "connection refused", "4.4.1" }, { "no response", "4.4.1" }, { "expired", "4.4.7" },
	{ "retry time", "4.4.7" }, { "socket error", "4.4.1" }, { "delivery time", "4.4.7" },
	{ "been in the queue too long", "4.4.7" }, { "does not exist", "5.1.1" },
};
/* clang-format on */

static bool
has_any(struct span folded, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (span_find_text(folded, words[i]) < folded.len)
			return true;
	return false;
}

struct span
bounce_guess_status(struct span text)
{
	struct arena *arena = arena_new();
	struct span folded = utf8_fold(arena, text), status = { 0 };

	for (size_t i = 0; i < COUNT(meanings) && status.len == 0; i++)
		if (span_find_text(folded, meanings[i].words) < folded.len)
			status = span_of(meanings[i].status);
	arena_free(&arena);
	return status;
}

/* "550 " or "(550)" within a line: the class of the reply, as a status. */
static struct span
status_of_reply(struct span text)
{
	for (size_t i = 0; i + 3 <= text.len; i++) {
		bool begins = i == 0 || strchr(" \t\n(:>#[", text.data[i - 1]) != NULL;
		bool ends = i + 3 == text.len || strchr(" -)\r\n]", text.data[i + 3]) != NULL;
		char c = text.data[i];
		if (!begins || !ends || (c != '4' && c != '5') || text.data[i + 1] > '5' ||
		    !ascii_is_digit(text.data[i + 1]) || !ascii_is_digit(text.data[i + 2]))
			continue;
		return c == '5' ? SPAN("5.0.0") : SPAN("4.0.0");
	}
	return (struct span){ 0 };
}

struct span
bounce_status_of(struct span text)
{
	struct span status = bounce_find_status(text);

	if (status.len == 0)
		status = bounce_guess_status(text);
	return status.len > 0 ? status : status_of_reply(text);
}

void
bounce_read_add(struct bounce_reading *r, const struct parsed_recipient *recipient)
{
	struct parsed *p = r->parsed;

	for (size_t i = 0; i < p->report_recipient_count; i++)
		if (span_equal_nocase(p->report_recipients[i].final, recipient->final) &&
		    span_equal_nocase(p->report_recipients[i].original, recipient->original))
			return;
	if (p->report_recipient_count == PARSED_RECIPIENTS_MAX)
		return;
	if (p->report_recipients == NULL)
		p->report_recipients =
		    arena_array(r->arena, PARSED_RECIPIENTS_MAX, sizeof(*p->report_recipients));
	p->report_recipients[p->report_recipient_count++] = *recipient;
}

/* From: MAILER-DAEMON, with or without an address. */
static bool
is_mailer(const struct parsed *parsed)
{
	return span_starts_nocase(parsed->from_address, "mailer-daemon") ||
	       span_starts_nocase(parsed->from_name, "mailer-daemon") ||
	       span_starts_nocase(parsed->from_name, "mail delivery") ||
	       span_starts_nocase(parsed->from_address, "double-bounce");
}

/* The cheap questions first: nearly all mail is from people. */
bool
bounce_text_is_report(struct bounce_reading *r, const struct header *header, struct span text)
{
	bool is_null = span_is(span_trim(header_get(header, "Return-Path")), "<>");
	bool is_from_mailer = is_mailer(r->parsed);

	if (header_count(header, "X-Failed-Recipients") > 0)
		return true;
	if (!is_from_mailer && !r->parsed->is_robot && !is_null)
		return false;
	struct span subject = utf8_fold(r->arena, r->parsed->subject);
	bool is_named = has_any(subject, subjects, COUNT(subjects));
	if (is_named &&
	    (is_from_mailer || span_starts_nocase(r->parsed->from_address, "postmaster")))
		return true;
	struct span words = utf8_fold(r->arena, span_first(text, 8000));
	bool is_told = has_any(words, failures, COUNT(failures));
	return is_told && (is_from_mailer || is_named || is_null);
}

/* May the octet stand in an address found in a text? */
static bool
is_address_octet(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~.@", c) != NULL);
}

/* The next address in the line from *at on, without what surrounds it. */
static bool
next_address(struct span line, size_t *at, struct span *address)
{
	while (*at < line.len) {
		size_t sign = *at + span_find(span_from(line, *at), '@'), begin = sign, end = sign;
		if (sign == line.len)
			return false;
		while (begin > *at && is_address_octet(line.data[begin - 1]))
			begin--;
		while (end < line.len && is_address_octet(line.data[end]))
			end++;
		*at = end;
		*address = span_first(span_from(line, begin), end - begin);
		while (
		    address->len > 0 && strchr(".'-=/!?*", address->data[address->len - 1]) != NULL)
			address->len--;
		while (address->len > 0 && strchr("'`.=", address->data[0]) != NULL)
			*address = span_from(*address, 1);
		if (header_is_address(*address))
			return true;
	}
	return false;
}

/* Addresses of the conversation itself are not who was not reached. */
static bool
is_ours(const struct parsed *parsed, struct span address)
{
	if (span_equal_nocase(address, parsed->from_address) || header_is_robot(address))
		return true;
	for (size_t i = 0; i < parsed->to_cc.count; i++)
		if (span_equal_nocase(address, parsed->to_cc.items[i]))
			return true;
	return false;
}

/* clang-format off */
/* Lines that name other people: senders, helpers. Folded. */
static const char *const other_lines[] = { "from:", "from ", "sender:", "reply-to:", "message-id",
	"mail from", "return-path", "envelope-from", "for further assistance", "please contact",
	"contact ", "if you ", "x-", "in-reply-to:", "references:", "for assistance", "de :", "dkim" };

/* What stands right before the address of who was not reached. Folded. */
static const char *const leads[] = { "to:", "to", "recipient:", "recipients:", "address:", "user:",
	"rcpt to:", "rcpt", "deliver to", "delivered to:", "mailbox:", "destinataire :", "rfc822;",
	"for", "user", "size:", "recipient", "account", "mailbox", "following address:", "a :" };
/* clang-format on */

/* How sure is it that the address in this line is a recipient: 2 it stands alone or
 * after a word for it, 1 it is just there, 0 the line speaks of another. */
static int
line_worth(struct arena *arena, struct span line, struct span address)
{
	struct span before = span_first(line, (size_t)(address.data - line.data));
	struct span after = span_trim(span_from(line, before.len + address.len));
	struct span folded = utf8_fold(arena, span_trim(line));

	for (size_t i = 0; i < COUNT(other_lines); i++)
		if (span_starts(folded, other_lines[i]))
			return 0;
	before = utf8_fold(arena, span_trim(before));
	while (before.len > 0 && strchr("<\"'([", before.data[before.len - 1]) != NULL)
		before = span_trim(span_first(before, before.len - 1));
	while (after.len > 0 && strchr(">\"')]", after.data[0]) != NULL)
		after = span_trim(span_from(after, 1));
	bool is_first = before.len == 0 || bounce_find_status(before).len > 0 ||
			status_of_reply(before).len > 0;
	if (is_first && (after.len == 0 || strchr(":.(,;-", after.data[0]) != NULL))
		return 2;
	for (size_t i = 0; i < COUNT(leads); i++)
		if (span_ends(before, leads[i]))
			return 2;
	return 1;
}

/* Recipients and where in the text each was found. */
struct found {
	struct span address[PARSED_RECIPIENTS_MAX];
	size_t offset[PARSED_RECIPIENTS_MAX];
	size_t count;
};

static void
found_add(struct found *found, struct span address, size_t offset)
{
	for (size_t i = 0; i < found->count; i++)
		if (span_equal_nocase(found->address[i], address))
			return;
	if (found->count == PARSED_RECIPIENTS_MAX)
		return;
	found->address[found->count] = address;
	found->offset[found->count++] = offset;
}

static void
find_in_line(struct bounce_reading *r, struct span report, struct span line, struct found *sure,
    struct found *maybe)
{
	struct span address;
	size_t at = 0, offset = (size_t)(line.data - report.data);

	while (next_address(line, &at, &address)) {
		if (is_ours(r->parsed, address))
			continue;
		int worth = line_worth(r->arena, line, address);
		if (worth == 2)
			found_add(sure, address, offset);
		else if (worth == 1)
			found_add(maybe, address, offset);
		if (worth == 0)
			return;
	}
}

/* Offset of the message that came back within the text, or its end. */
static size_t
find_returned(struct arena *arena, struct span text)
{
	struct span rest = text, line;

	for (size_t n = 0; n < LINES_MAX && span_next_line(&rest, &line); n++) {
		struct span folded = utf8_fold(arena, span_trim(span_first(line, LINE_MAX_OCTETS)));
		for (size_t i = 0; i < COUNT(returned_marks); i++)
			if (n > 0 && span_starts(folded, returned_marks[i]))
				return (size_t)(line.data - text.data);
	}
	return text.len - rest.len;
}

void
bounce_read_returned(struct bounce_reading *r, const struct header *header)
{
	struct header_mailboxes to = { 0 };
	struct header_ids ids;

	header_ids(r->arena, header_get(header, "Message-ID"), &ids);
	if (ids.count > 0 && r->parsed->report_message_id.len == 0)
		r->parsed->report_message_id = arena_span(r->arena, ids.items[0]);
	header_mailboxes(r->arena, header_get(header, "To"), &to);
	if (r->parsed->report_recipient_count > 0 || to.total != 1 ||
	    is_ours(r->parsed, to.items[0].address))
		return;
	struct parsed_recipient recipient = { .final = to.items[0].address };
	if (r->parsed->report == PARSED_REPORT_DELIVERY) {
		recipient.action = PARSED_ACTION_FAILED;
		recipient.status = arena_span(r->arena, bounce_status_of(r->parsed->source));
	}
	bounce_read_add(r, &recipient);
}

/* The head that is quoted in the text, from its first line that is a field. */
static void
read_quoted_head(struct bounce_reading *r, struct span text)
{
	struct span rest = text, line;
	struct header header;

	while (span_next_line(&rest, &line)) {
		bool begins =
		    span_starts_nocase(line, "received:") ||
		    span_starts_nocase(line, "return-path:") || span_starts_nocase(line, "date:") ||
		    span_starts_nocase(line, "message-id:") || span_starts_nocase(line, "from:") ||
		    span_starts_nocase(line, "to:") || span_starts_nocase(line, "subject:");
		if (!begins)
			continue;
		header_split(r->arena, span_from(text, (size_t)(line.data - text.data)), &header);
		bounce_read_returned(r, &header);
		return;
	}
}

/* The words about recipient i: up to the next one, or the whole report. */
static void
add_found(struct bounce_reading *r, struct span report, const struct found *found, size_t i,
    bool is_delayed)
{
	size_t end = i + 1 < found->count ? found->offset[i + 1] : report.len;
	struct span about = span_from(span_first(report, end), found->offset[i]);
	struct span status = bounce_status_of(about);

	if (status.len == 0)
		status = bounce_status_of(report);
	if (status.len == 0)
		status = is_delayed ? SPAN("4.4.7") : SPAN("5.0.0");
	struct parsed_recipient recipient = {
		.final = arena_span(r->arena, found->address[i]),
		.action = is_delayed ? PARSED_ACTION_DELAYED : PARSED_ACTION_FAILED,
		.status = arena_span(r->arena, status),
		.diagnostic = utf8_line(r->arena, span_first(about, 300)),
	};
	bounce_read_add(r, &recipient);
}

void
bounce_text_read(struct bounce_reading *r, struct span text)
{
	struct found *sure = arena_alloc(r->arena, sizeof(*sure));
	struct found *maybe = arena_alloc(r->arena, sizeof(*maybe));
	struct span report = span_first(text, find_returned(r->arena, text)), rest = report, line;
	bool is_delayed = has_any(utf8_fold(r->arena, report), delays, COUNT(delays));

	while (span_next_line(&rest, &line))
		find_in_line(r, report, span_first(line, LINE_MAX_OCTETS), sure, maybe);
	if (sure->count == 0 && maybe->count > 0) {
		*sure = *maybe;
		sure->count = 1;
	}
	for (size_t i = 0; i < sure->count; i++)
		add_found(r, report, sure, i, is_delayed);
	read_quoted_head(r, span_from(text, report.len));
}
