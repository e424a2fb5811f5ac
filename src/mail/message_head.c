/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "mail/message_head.h"

#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "mail/address.h"
#include "mail/header.h"

enum {
	LINE_AIM = 76,	/* octets of a line, where it has blanks to fold at */
	WORD_MAX = 75,	/* of an encoded word, RFC 2047 §2 */
	PLAIN_MAX = 70, /* of a word that is written as it is */
	URL_MAX = 900	/* what cannot be folded stays well under 998 */
};

/* The next word with the blanks before it; the fold stands for one of them. */
static void
write_word(struct buf *out, size_t *column, struct span blanks, struct span word)
{
	if (*column + blanks.len + word.len > LINE_AIM) {
		buf_add_text(out, "\r\n");
		*column = 0;
	}
	for (size_t i = 0; i < blanks.len; i++)
		buf_add_char(out, ' ');
	buf_add_span(out, word);
	*column += blanks.len + word.len;
}

static bool
is_gap(char c)
{
	return c == ' ' || ascii_is_control(c);
}

void
field_write(struct buf *out, const char *name, struct span value)
{
	size_t column = 0;

	value = span_trim(value);
	if (value.len == 0)
		return;
	buf_add_text(out, name);
	buf_add_char(out, ':');
	struct span blanks = SPAN(" ");
	bool is_first = true;
	while (value.len > 0) {
		size_t n = 0, gap = 0;
		while (n < value.len && !is_gap(value.data[n]))
			n++;
		write_word(out, &column, blanks, span_first(value, n));
		column += is_first ? strlen(name) + 1 : 0; /* counted late: no empty first line */
		is_first = false;
		value = span_from(value, n);
		while (gap < value.len && is_gap(value.data[gap]))
			gap++;
		/* A line of blanks alone would be folding that some readers trip over. */
		blanks = span_first(value, gap < 20 ? gap : 20);
		value = span_from(value, gap);
	}
	buf_add_text(out, "\r\n");
}

/* May the text stand as it is: ASCII, no word too long, nothing like an encoded word. */
static bool
is_plain(struct span text)
{
	size_t run = 0;

	if (span_find_text(text, "=?") < text.len)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if ((unsigned char)text.data[i] >= 127)
			return false;
		run = is_gap(text.data[i]) ? 0 : run + 1;
		if (run > PLAIN_MAX)
			return false;
	}
	return true;
}

/* Octets that stand for themselves in Q within unstructured text. */
static bool
is_q_plain(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) ||
	       (c != '\0' && strchr("!*+-/.,;:()'", c) != NULL);
}

static size_t
q_length(struct span point)
{
	return point.len == 1 && (is_q_plain(point.data[0]) || point.data[0] == ' ')
		   ? 1
		   : point.len * 3;
}

static void
q_add(struct buf *out, struct span point)
{
	for (size_t i = 0; i < point.len; i++) {
		char c = point.data[i];
		if (c == ' ')
			buf_add_char(out, '_');
		else if (is_q_plain(c))
			buf_add_char(out, c);
		else
			buf_printf(out, "=%02X", (unsigned char)c);
	}
}

/* Encoded words with one blank between; no code point is split (RFC 2047 §5). The
 * first one leaves room for the name of the field. */
static void
encode_words(struct buf *out, struct span text, size_t name_length)
{
	size_t room = 0;

	while (text.len > 0) {
		struct span rest = text;
		uint32_t code;
		utf8_next(&rest, &code);
		struct span point = span_first(text, text.len - rest.len);
		size_t need = q_length(point);
		if (need > room) {
			room = WORD_MAX - 12 - (out->len == 0 ? name_length + 1 : 0);
			buf_add_text(out, out->len > 0 ? "?= =?UTF-8?Q?" : "=?UTF-8?Q?");
		}
		q_add(out, point);
		room -= need;
		text = rest;
	}
	if (out->len > 0)
		buf_add_text(out, "?=");
}

void
field_write_text(struct buf *out, const char *name, struct span value)
{
	struct arena *arena = arena_new();
	struct buf words = { 0 };
	struct span text = utf8_line(arena, utf8_clean(arena, value));

	if (is_plain(text)) {
		field_write(out, name, text);
	} else {
		encode_words(&words, text, strlen(name));
		field_write(out, name, buf_span(&words));
	}
	buf_free(&words);
	arena_free(&arena);
}

static bool
is_printable(struct span s, const char *banned)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_graphic(s.data[i]) || strchr(banned, s.data[i]) != NULL)
			return false;
	return true;
}

static bool
is_ascii_address(struct span address)
{
	return header_is_address(address) && is_printable(address, "");
}

static bool
is_id(struct span id)
{
	return id.len > 0 && id.len <= 250 && is_printable(id, "<>");
}

static bool
is_url(struct span url)
{
	return url.len <= URL_MAX && is_printable(url, "<>\",");
}

static bool
check_addresses(const struct outgoing *o, struct err *err)
{
	const struct {
		const char *name;
		struct span value;
		bool is_needed;
	} rows[] = {
		{ "From", o->from_address, true },
		{ "To", o->to_address, true },
		{ "Reply-To", o->reply_address, false },
		{ "List-Post", o->list_post, false },
		{ "List-Owner", o->list_owner, false },
		{ "List-Unsubscribe", o->unsubscribe_mail, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].value.len == 0 && !rows[i].is_needed)
			continue;
		if (!is_ascii_address(rows[i].value))
			return err_set(err, ERR_INVALID,
			    "the address for %s cannot stand in a header", rows[i].name);
	}
	return true;
}

static bool
check_words(const struct outgoing *o, struct err *err)
{
	const struct span urls[] = { o->list_help, o->list_subscribe, o->list_archive,
		o->archived_at, o->unsubscribe_url };

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		if (!is_url(urls[i]))
			return err_set(err, ERR_INVALID, "a URL cannot stand in a header");
	if (!is_id(o->message_id))
		return err_set(err, ERR_INVALID, "the Message-ID cannot stand in a header");
	if (o->list_id.len > 200 || !is_printable(o->list_id, "<>\""))
		return err_set(err, ERR_INVALID, "the List-Id cannot stand in a header");
	return true;
}

static void
write_mailbox_field(struct buf *out, const char *field, struct span name, struct span address)
{
	struct buf value = { 0 };

	if (address.len == 0)
		return;
	address_write_mailbox(name, address, &value);
	field_write(out, field, buf_span(&value));
	buf_free(&value);
}

/* "<" before value ">" as a field; before is "" or "mailto:". */
static void
write_bracketed(struct buf *out, const char *field, const char *before, struct span value)
{
	struct buf text = { 0 };

	if (value.len == 0)
		return;
	buf_printf(&text, "<%s", before);
	buf_add_span(&text, value);
	buf_add_char(&text, '>');
	field_write(out, field, buf_span(&text));
	buf_free(&text);
}

/* The root and the last ones: the chain of a long thread stays within bounds. */
static void
write_references(struct buf *out, const struct outgoing *o)
{
	struct buf value = { 0 };
	size_t written = 0, skip = 0;

	if (o->reference_count > MESSAGE_REFERENCES_MAX)
		skip = o->reference_count - MESSAGE_REFERENCES_MAX;
	for (size_t i = 0; i < o->reference_count; i++) {
		bool is_middle = i > 0 && i <= skip;
		if (is_middle || !is_id(o->references[i]))
			continue; /* an id that was seen in the wild may be unfit to be written */
		buf_add_text(&value, written++ > 0 ? " <" : "<");
		buf_add_span(&value, o->references[i]);
		buf_add_char(&value, '>');
	}
	field_write(out, "References", buf_span(&value));
	buf_free(&value);
}

static void
write_unsubscribe(struct buf *out, const struct outgoing *o)
{
	struct buf value = { 0 };

	if (o->unsubscribe_url.len > 0) {
		buf_add_char(&value, '<');
		buf_add_span(&value, o->unsubscribe_url);
		buf_add_char(&value, '>');
	}
	if (o->unsubscribe_mail.len > 0) {
		buf_add_text(&value, value.len > 0 ? ", <mailto:" : "<mailto:");
		buf_add_span(&value, o->unsubscribe_mail);
		buf_add_char(&value, '>');
	}
	field_write(out, "List-Unsubscribe", buf_span(&value));
	if (o->unsubscribe_url.len > 0) /* RFC 8058 §3.1: only with one https URL */
		field_write(out, "List-Unsubscribe-Post", SPAN("List-Unsubscribe=One-Click"));
	buf_free(&value);
}

/* RFC 2919, 2369, 5064; X-Loop is a proof of a loop beside List-Post (study §4.8). */
static void
write_list(struct buf *out, const struct outgoing *o)
{
	struct buf value = { 0 };

	if (o->list_id.len == 0)
		return;
	address_write_mailbox(o->list_name, o->list_id, &value);
	field_write(out, "List-Id", buf_span(&value));
	buf_free(&value);
	if (o->list_post.len > 0)
		write_bracketed(out, "List-Post", "mailto:", o->list_post);
	else
		field_write(out, "List-Post", SPAN("NO"));
	write_unsubscribe(out, o);
	write_bracketed(out, "List-Subscribe", "", o->list_subscribe);
	write_bracketed(out, "List-Help", "", o->list_help);
	write_bracketed(out, "List-Owner", "mailto:", o->list_owner);
	write_bracketed(out, "List-Archive", "", o->list_archive);
	write_bracketed(out, "Archived-At", "", o->archived_at);
	field_write(out, "Precedence", SPAN("list"));
	field_write(out, "X-Auto-Response-Suppress", SPAN("OOF, AutoReply"));
	field_write(out, "X-Loop", o->to_address);
}

bool
message_head_write(struct buf *out, const struct outgoing *o, struct err *err)
{
	char date[40];

	if (!check_addresses(o, err) || !check_words(o, err))
		return false;
	clock_format_mail(o->date, o->zone != NULL ? o->zone : "UTC", date);
	write_mailbox_field(out, "From", o->from_name, o->from_address);
	write_mailbox_field(out, "To", o->to_name, o->to_address);
	write_mailbox_field(out, "Reply-To", o->reply_name, o->reply_address);
	field_write_text(out, "Subject", o->subject);
	field_write(out, "Date", span_of(date));
	write_bracketed(out, "Message-ID", "", o->message_id);
	if (is_id(o->in_reply_to))
		write_bracketed(out, "In-Reply-To", "", o->in_reply_to);
	write_references(out, o);
	write_list(out, o);
	if (o->auto_submitted != NULL && o->auto_submitted[0] != '\0') {
		field_write(out, "Auto-Submitted", span_of(o->auto_submitted));
		field_write(out, "X-Auto-Response-Suppress", SPAN("All"));
	}
	return true;
}
