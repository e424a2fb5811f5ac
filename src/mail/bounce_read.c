/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "mail/bounce_read.h"

#include <string.h>

#include "base/utf8.h"

struct span
bounce_find_status(struct span text)
{
	for (size_t i = 0; i + 5 <= text.len; i++) {
		if (strchr("245", text.data[i]) == NULL || text.data[i] == '\0' || text.data[i + 1] != '.')
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
		bool is_more = k + 1 < text.len && text.data[k] == '.' && ascii_is_digit(text.data[k + 1]);
		if (detail > 0 && detail <= 3 && !is_more) /* an IP address goes on */
			return span_first(span_from(text, i), k - i);
	}
	return (struct span){ 0 };
}

struct reading {
	struct arena *arena;
	struct parsed *parsed;
};

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

static void
add_recipient(struct reading *r, const struct parsed_recipient *recipient)
{
	struct parsed *p = r->parsed;

	if (p->report_recipient_count == PARSED_RECIPIENTS_MAX)
		return;
	if (p->report_recipients == NULL)
		p->report_recipients =
		    arena_array(r->arena, PARSED_RECIPIENTS_MAX, sizeof(*p->report_recipients));
	p->report_recipients[p->report_recipient_count++] = *recipient;
}

/* One group of per-recipient fields (RFC 3464 §2.3). */
static void
read_recipient(struct reading *r, const struct header *group)
{
	struct parsed_recipient recipient = {
		.original = typed_address(r->arena, header_get(group, "Original-Recipient")),
		.final = typed_address(r->arena, header_get(group, "Final-Recipient")),
	};
	struct header_value action;

	if (recipient.final.len == 0 && recipient.original.len == 0)
		return;
	header_value(r->arena, header_get(group, "Action"), &action);
	recipient.action = parsed_action_find(action.word);
	struct span diagnostic = header_get(group, "Diagnostic-Code");
	recipient.diagnostic = clean_line(r->arena, header_text(r->arena, diagnostic, PARSED_LINE_MAX));
	recipient.status = arena_span(r->arena, bounce_find_status(header_get(group, "Status")));
	if (recipient.status.len == 0)
		recipient.status = arena_span(r->arena, bounce_find_status(diagnostic));
	add_recipient(r, &recipient);
}

/* The groups of fields of message/delivery-status, one empty line between. */
static void
read_status_part(struct reading *r, struct span text)
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
read_feedback_part(struct reading *r, struct span text)
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
			add_recipient(r, &recipient);
	}
}

/* The Message-ID of what came back, from the returned message or its head. */
static void
read_returned(struct reading *r, struct span text)
{
	struct header header;
	struct header_ids ids;

	if (r->parsed->report_message_id.len > 0)
		return;
	header_split(r->arena, text, &header);
	header_ids(r->arena, header_get(&header, "Message-ID"), &ids);
	if (ids.count > 0)
		r->parsed->report_message_id = arena_span(r->arena, ids.items[0]);
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
	    mime_type_is(part, "text/rfc822-headers") || mime_type_is(part, "message/global-headers") ||
	    mime_type_is(part, "message/rfc822-headers");
}

static void
read_report_part(struct reading *r, const struct mime_tree *tree, const struct mime_part *part)
{
	bool is_status = is_status_type(part);
	bool is_feedback = mime_type_is(part, "message/feedback-report");
	bool is_mdn = mime_type_is(part, "message/disposition-notification");
	struct buf octets = { 0 };

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
		read_returned(r, text);
	}
}

void
bounce_read(struct arena *arena, const struct mime_tree *tree, struct parsed *parsed)
{
	struct reading r = { arena, parsed };
	struct span type = header_param(&tree->parts[0].type, "report-type");

	for (size_t i = 0; i < tree->count; i++)
		if (!tree->parts[i].is_multipart)
			read_report_part(&r, tree, &tree->parts[i]);
	if (parsed->report == PARSED_REPORT_NONE && span_is_nocase(type, "delivery-status"))
		parsed->report = PARSED_REPORT_DELIVERY;
}
