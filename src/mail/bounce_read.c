/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "mail/bounce_read.h"

#include <string.h>

#include "base/utf8.h"
#include "mail/bounce_text.h"

struct span
bounce_find_status(struct span text)
{
	for (size_t i = 0; i + 5 <= text.len; i++) {
		if (strchr("245", text.data[i]) == NULL || text.data[i] == '\0' ||
		    text.data[i + 1] != '.')
			continue;
		if (i > 0 && (ascii_is_digit(text.data[i - 1]) || text.data[i - 1] == '.'))
			continue;
		size_t k = i + 2, subject = 0, detail = 0;
		while (k < text.len && ascii_is_digit(text.data[k]) && subject < 4)
			k++, subject++;
		if (subject == 0 || subject > 3 || k >= text.len || text.data[k] != '.')
			continue;
		k++;
		while (k < text.len && ascii_is_digit(text.data[k]) && detail < 4)
			k++, detail++;
		bool is_more =
		    k + 1 < text.len && text.data[k] == '.' && ascii_is_digit(text.data[k + 1]);
		if (detail > 0 && detail <= 3 && !is_more) /* an IP address goes on */
			return span_first(span_from(text, i), k - i);
	}
	return (struct span){ 0 };
}

static struct span
clean_line(struct arena *arena, struct span s)
{
	s = utf8_line(arena, s);
	while (s.len > PARSED_LINE_MAX)
		s = utf8_first(s, utf8_count(s) - (s.len - PARSED_LINE_MAX + 3) / 4);
	return s;
}

/* "rfc822; marie@ville.example", or the address alone. */
static struct span
typed_address(struct arena *arena, struct span value)
{
	struct header_mailboxes list = { 0 };
	size_t semicolon = span_find(value, ';');

	if (semicolon < value.len)
		value = span_from(value, semicolon + 1);
	header_mailboxes(arena, value, &list);
	return list.count > 0 ? list.items[0].address : (struct span){ 0 };
}

/* One group of per-recipient fields (RFC 3464 §2.3). */
static void
read_recipient(struct bounce_reading *r, const struct header *group)
{
	struct parsed_recipient recipient = {
		.original = typed_address(r->arena, header_get(group, "Original-Recipient")),
		.final = typed_address(r->arena, header_get(group, "Final-Recipient")),
	};
	struct header_value action;

	if (recipient.final.len == 0)
		recipient.final = recipient.original;
	if (recipient.final.len == 0)
		return;
	header_value(r->arena, header_get(group, "Action"), &action);
	recipient.action = parsed_action_find(action.word);
	struct span diagnostic = header_get(group, "Diagnostic-Code");
	recipient.diagnostic =
	    clean_line(r->arena, header_text(r->arena, diagnostic, PARSED_LINE_MAX));
	recipient.status = arena_span(r->arena, bounce_find_status(header_get(group, "Status")));
	if (recipient.status.len == 0)
		recipient.status = arena_span(r->arena, bounce_find_status(diagnostic));
	bounce_read_add(r, &recipient);
}

/* The groups of fields of message/delivery-status, one empty line between. */
static void
read_status_part(struct bounce_reading *r, struct span text)
{
	for (size_t groups = 0; text.len > 0 && groups <= PARSED_RECIPIENTS_MAX; groups++) {
		struct header group;
		while (text.len > 0 && (text.data[0] == '\n' || text.data[0] == '\r'))
			text = span_from(text, 1);
		header_split(r->arena, text, &group);
		read_recipient(r, &group);
		size_t next = group.body > 0 ? group.body : text.len;
		if (!group.has_end)
			next = text.len;
		text = span_from(text, next);
	}
}

static void
read_feedback_part(struct bounce_reading *r, struct span text)
{
	struct header header;
	struct span value;

	header_split(r->arena, text, &header);
	r->parsed->report = PARSED_REPORT_FEEDBACK;
	r->parsed->feedback_type =
	    clean_line(r->arena, header_text(r->arena, header_get(&header, "Feedback-Type"), 60));
	for (size_t n = 0; header_find(&header, "Original-Rcpt-To", n, &value); n++) {
		struct parsed_recipient recipient = { .final = typed_address(r->arena, value) };
		if (recipient.final.len > 0)
			bounce_read_add(r, &recipient);
	}
}

static bool
is_status_type(const struct mime_part *part)
{
	return mime_type_is(part, "message/delivery-status") ||
	       mime_type_is(part, "message/global-delivery-status");
}

static bool
is_returned_type(const struct mime_part *part)
{
	return mime_type_is(part, "message/rfc822") || mime_type_is(part, "message/global") ||
	       mime_type_is(part, "text/rfc822-headers") ||
	       mime_type_is(part, "message/global-headers") ||
	       mime_type_is(part, "message/rfc822-headers");
}

static void
read_report_part(
    struct bounce_reading *r, const struct mime_tree *tree, const struct mime_part *part)
{
	bool is_status = is_status_type(part);
	bool is_feedback = mime_type_is(part, "message/feedback-report");
	bool is_mdn = mime_type_is(part, "message/disposition-notification");
	struct buf octets = { 0 };
	struct header header;

	if (is_mdn)
		r->parsed->report = PARSED_REPORT_DISPOSITION;
	if (!is_status && !is_feedback && !is_returned_type(part))
		return;
	mime_decode(tree, part, &octets);
	struct span text = arena_span(r->arena, span_first(buf_span(&octets), HEADER_SIZE_MAX));
	buf_free(&octets);
	if (is_status) {
		r->parsed->report = PARSED_REPORT_DELIVERY;
		read_status_part(r, text);
	} else if (is_feedback) {
		read_feedback_part(r, text);
	} else if (r->parsed->report != PARSED_REPORT_NONE) {
		header_split(r->arena, text, &header);
		bounce_read_returned(r, &header);
	}
}

/* Mailers that write to people put the fields of RFC 3464 into their text as well. */
static void
read_fields_in_text(struct bounce_reading *r, struct span text)
{
	struct span rest = text, line;

	while (span_next_line(&rest, &line)) {
		line = span_trim(line);
		if (!span_starts_nocase(line, "final-recipient:") &&
		    !span_starts_nocase(line, "action:"))
			continue;
		read_status_part(r, span_from(text, (size_t)(line.data - text.data)));
		return;
	}
}

static void
read_failed_recipients(struct bounce_reading *r, const struct header *header, struct span text)
{
	struct header_mailboxes list = { 0 };

	header_mailboxes(r->arena, header_get(header, "X-Failed-Recipients"), &list);
	for (size_t i = 0; i < list.count && i < PARSED_RECIPIENTS_MAX; i++) {
		struct parsed_recipient recipient = { .final = list.items[i].address,
			.action = PARSED_ACTION_FAILED,
			.status = arena_span(r->arena, bounce_find_status(text)) };
		if (recipient.status.len == 0)
			recipient.status = bounce_guess_status(text);
		bounce_read_add(r, &recipient);
	}
}

/* No recipient in a form for machines: what the text says. */
static void
read_words(struct bounce_reading *r, const struct mime_tree *tree)
{
	const struct header *header = &tree->parts[0].header;
	struct span text = r->parsed->source;
	bool is_report = r->parsed->report == PARSED_REPORT_DELIVERY;

	if (!is_report && !bounce_text_is_report(r, header, text))
		return;
	r->parsed->report = PARSED_REPORT_DELIVERY;
	read_fields_in_text(r, text);
	if (r->parsed->report_recipient_count == 0)
		bounce_text_read(r, text);
	if (r->parsed->report_recipient_count == 0)
		read_failed_recipients(r, header, text);
	for (size_t i = 0; i < tree->count; i++)
		if (is_returned_type(&tree->parts[i]))
			read_report_part(r, tree, &tree->parts[i]);
}

/* A failure always has a status: from its diagnostic, or the class alone. */
static void
complete_statuses(struct bounce_reading *r)
{
	for (size_t i = 0; i < r->parsed->report_recipient_count; i++) {
		struct parsed_recipient *recipient = &r->parsed->report_recipients[i];
		bool is_delayed = recipient->action == PARSED_ACTION_DELAYED;
		if (recipient->status.len > 0 ||
		    (recipient->action != PARSED_ACTION_FAILED && !is_delayed))
			continue;
		recipient->status = arena_span(r->arena, bounce_status_of(recipient->diagnostic));
		if (recipient->status.len == 0)
			recipient->status = is_delayed ? SPAN("4.0.0") : SPAN("5.0.0");
	}
}

void
bounce_read(struct arena *arena, const struct mime_tree *tree, struct parsed *parsed)
{
	struct bounce_reading r = { arena, parsed };
	struct span type = header_param(&tree->parts[0].type, "report-type");

	for (size_t i = 0; i < tree->count; i++)
		if (!tree->parts[i].is_multipart)
			read_report_part(&r, tree, &tree->parts[i]);
	if (parsed->report == PARSED_REPORT_NONE && span_is_nocase(type, "delivery-status"))
		parsed->report = PARSED_REPORT_DELIVERY;
	if (parsed->report_recipient_count == 0 && parsed->report != PARSED_REPORT_DISPOSITION &&
	    parsed->report != PARSED_REPORT_FEEDBACK)
		read_words(&r, tree);
	if (parsed->report == PARSED_REPORT_DELIVERY)
		complete_statuses(&r);
}
