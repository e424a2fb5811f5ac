/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "mail_show.h"

static void
show_line(struct buf *out, const char *name, struct span value)
{
	if (value.len > 0)
		buf_printf(out, "%s: " SPAN_FORMAT "\n", name, SPAN_ARGS(value));
}

static void
show_list(struct buf *out, const char *name, const struct span_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		show_line(out, name, list->items[i]);
}

static void
show_flag(struct buf *out, const char *name, bool flag)
{
	if (flag)
		buf_printf(out, "%s: yes\n", name);
}

static void
show_number(struct buf *out, const char *name, int64_t number, int64_t usual)
{
	if (number != usual)
		buf_printf(out, "%s: %lld\n", name, (long long)number);
}

static void
show_head(const struct parsed *p, struct buf *out)
{
	show_line(out, "over-limit", p->over_limit);
	show_line(out, "subject", p->subject);
	show_line(out, "base-subject", p->base_subject);
	show_flag(out, "is-reply", p->is_reply);
	show_flag(out, "is-forward", p->is_forward);
	show_line(out, "from-name", p->from_name);
	show_line(out, "from-address", p->from_address);
	show_number(out, "from-count", (int64_t)p->from_count, 1);
	show_number(out, "date", p->date, 0);
	show_line(out, "message-id", p->message_id);
	show_list(out, "in-reply-to", &p->in_reply_to);
	show_list(out, "reference", &p->references);
	show_list(out, "to-cc", &p->to_cc);
}

static void
show_signals(const struct parsed *p, struct buf *out)
{
	show_number(out, "auto-submitted", (int64_t)p->auto_submitted, 0);
	show_number(out, "precedence", (int64_t)p->precedence, 0);
	show_line(out, "list-id", p->list_id);
	show_list(out, "list-post", &p->list_post);
	show_list(out, "x-loop", &p->x_loop);
	show_flag(out, "is-spam", p->is_spam);
	show_flag(out, "is-reaction", p->is_reaction);
	show_flag(out, "is-robot", p->is_robot);
	show_flag(out, "looks-absent", p->looks_absent);
	show_flag(out, "is-encrypted", p->is_encrypted);
	show_flag(out, "is-signed", p->is_signed);
	show_flag(out, "no-archive", p->no_archive);
	show_list(out, "authentication", &p->authentication_results);
}

static void
show_report(const struct parsed *p, struct buf *out)
{
	show_number(out, "report", (int64_t)p->report, 0);
	show_line(out, "report-message-id", p->report_message_id);
	show_line(out, "feedback-type", p->feedback_type);
	for (size_t i = 0; i < p->report_recipient_count; i++) {
		const struct parsed_recipient *r = &p->report_recipients[i];
		show_line(out, "recipient", r->final);
		show_line(out, "  original", r->original);
		show_line(out, "  action", span_of(parsed_action_name(r->action)));
		show_line(out, "  status", r->status);
		show_line(out, "  diagnostic", r->diagnostic);
	}
}

static void
show_attachments(const struct parsed *p, struct span raw, struct buf *out)
{
	for (size_t i = 0; i < p->attachment_count; i++) {
		const struct parsed_attachment *a = &p->attachments[i];
		struct span octets = span_first(span_from(raw, a->offset), a->length);
		buf_printf(out, "attachment: " SPAN_FORMAT " | " SPAN_FORMAT " | %zu octets%s\n",
		    SPAN_ARGS(a->name), SPAN_ARGS(a->type), a->size,
		    a->is_inline ? " | inline" : "");
		show_line(
		    out, "  begins", span_first(octets, span_find(span_first(octets, 40), '\r')));
	}
}

static void
show_text(struct buf *out, const char *name, struct span text)
{
	if (text.len == 0)
		return;
	buf_printf(out, "--- %s\n", name);
	buf_add_span(out, text);
	if (text.data[text.len - 1] != '\n')
		buf_add_char(out, '\n');
}

void
mail_show(const struct parsed *p, struct span raw, struct buf *out)
{
	static const char *const formats[] = { "text", "html", "markdown" };

	show_head(p, out);
	show_signals(p, out);
	show_report(p, out);
	show_attachments(p, raw, out);
	show_flag(out, "is-cut", p->is_cut);
	if (p->format != PARSED_FORMAT_TEXT)
		show_line(out, "format", span_of(formats[p->format]));
	show_text(out, "source", p->source);
	show_text(out, "own", p->own);
	show_text(out, "html", p->html.octets);
}
