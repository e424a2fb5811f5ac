/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "mail/message_write.h"

#include <string.h>

#include "base/token.h"
#include "base/utf8.h"
#include "mail/message_head.h"
#include "text/html_mail.h"

enum {
	QP_LINE = 76,	    /* octets of an encoded line, the "=" of a soft break included */
	HOLES_MAX = 64,	    /* slots in one message */
	RANDOM_OCTETS = 17, /* 28 letters of base32 */
	RANDOM_LETTERS = 28
};

struct span
message_slot(enum message_slot slot)
{
	static char slots[MESSAGE_SLOTS][RANDOM_LETTERS + 1];

	for (int i = 0; i < MESSAGE_SLOTS && slots[i][0] == '\0'; i++) {
		uint8_t octets[RANDOM_OCTETS];
		token_random(octets, sizeof octets);
		token_base32(octets, sizeof octets, slots[i]);
	}
	return span_make(slots[slot], MESSAGE_TOKEN);
}

struct span
message_id_new(struct arena *arena, const char *prefix, struct span domain)
{
	uint8_t octets[RANDOM_OCTETS];
	char letters[RANDOM_LETTERS + 1];

	token_random(octets, sizeof octets);
	token_base32(octets, sizeof octets, letters);
	return span_of(
	    arena_printf(arena, "%s.%s@" SPAN_FORMAT, prefix, letters, SPAN_ARGS(domain)));
}

bool
message_id_is_ours(struct span id, struct span domain)
{
	size_t dot = span_find(id, '.');
	struct span letters = span_first(span_from(id, dot + 1), RANDOM_LETTERS);
	struct span rest = span_from(id, dot + 1 + RANDOM_LETTERS);

	for (size_t i = 0; i < letters.len; i++)
		if (!ascii_is_lower(letters.data[i]) &&
		    (letters.data[i] < '2' || letters.data[i] > '7'))
			return false;
	return dot < id.len && letters.len == RANDOM_LETTERS && span_starts(rest, "@") &&
	       span_equal_nocase(span_from(rest, 1), domain);
}

/* The slot that s begins with, or MESSAGE_SLOTS. */
static enum message_slot
slot_at(struct span s)
{
	for (int i = 0; i < MESSAGE_SLOTS; i++)
		if (span_equal(span_first(s, MESSAGE_TOKEN), message_slot((enum message_slot)i)))
			return (enum message_slot)i;
	return MESSAGE_SLOTS;
}

struct qp {
	struct buf *out;
	size_t column;
};

/* Room for len octets that may not be parted. */
static void
qp_reserve(struct qp *qp, size_t len)
{
	if (qp->column + len < QP_LINE)
		return;
	buf_add_text(qp->out, "=\r\n");
	qp->column = 0;
}

static void
qp_octet(struct qp *qp, char c, bool is_literal)
{
	qp_reserve(qp, is_literal ? 1 : 3);
	if (is_literal)
		buf_add_char(qp->out, c);
	else
		buf_printf(qp->out, "=%02X", (unsigned char)c);
	qp->column += is_literal ? 1 : 3;
}

/* RFC 2045 §6.7, and no line that begins with "From " or is a lone dot: both are
 * changed on the way by some. */
static bool
qp_is_literal(const struct qp *qp, char c, struct span rest)
{
	bool is_last = rest.len == 0 || rest.data[0] == '\n';

	if (ascii_is_blank(c))
		return !is_last;
	if (qp->column == 0 && ((c == 'F' && span_starts(rest, "rom ")) || (c == '.' && is_last)))
		return false;
	return ascii_is_graphic(c) && c != '=';
}

/* text has LF line ends and no other control character but tab. */
static void
qp_write(struct buf *out, struct span text)
{
	struct qp qp = { out, 0 };

	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];
		struct span here = span_from(text, i);
		if (c == '\n') {
			buf_add_text(out, "\r\n");
			qp.column = 0;
		} else if (slot_at(here) < MESSAGE_SLOTS) {
			qp_reserve(&qp, MESSAGE_TOKEN);
			buf_add(out, here.data, MESSAGE_TOKEN);
			qp.column += MESSAGE_TOKEN;
			i += MESSAGE_TOKEN - 1;
		} else {
			qp_octet(&qp, c, qp_is_literal(&qp, c, span_from(text, i + 1)));
		}
	}
}

/* Short lines of ASCII need no encoding at all. */
static bool
is_seven_bit(struct span text)
{
	struct span line;

	while (span_next_line(&text, &line)) {
		if (line.len > QP_LINE || span_starts(line, "From "))
			return false;
		for (size_t i = 0; i < line.len; i++)
			if ((unsigned char)line.data[i] >= 127)
				return false;
	}
	return true;
}

static void
crlf_write(struct buf *out, struct span text)
{
	struct span line;

	while (span_next_line(&text, &line)) {
		buf_add_span(out, line);
		buf_add_text(out, "\r\n");
	}
}

/* Valid UTF-8, LF line ends, no control character but tab, an end to the last line. */
static struct span
clean_text(struct arena *arena, struct span text)
{
	text = utf8_clean(arena, text);
	char *out = arena_alloc(arena, text.len + 2);
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];
		if ((unsigned char)c >= 32 ? c != 127 : c == '\n' || c == '\t')
			out[n++] = c;
	}
	while (n > 0 && out[n - 1] == '\n')
		n--;
	out[n++] = '\n';
	return span_make(out, n);
}

static void
write_leaf(struct arena *arena, struct buf *out, const char *type, struct span text)
{
	text = clean_text(arena, text);
	bool is_plain = is_seven_bit(text);

	buf_printf(out, "Content-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n\r\n",
	    type, is_plain ? "7bit" : "quoted-printable");
	if (is_plain)
		crlf_write(out, text);
	else
		qp_write(out, text);
}

/* "12 Ko", "1,4 Mo"; "12 KB", "1.4 MB". */
static struct span
size_text(struct arena *arena, size_t octets, const char *language)
{
	bool is_french = language != NULL && strncmp(language, "fr", 2) == 0;
	const char *octet = is_french ? "o" : "B";
	size_t tenths = octets * 10 / 1024 / 1024;

	if (octets < 1024)
		return span_of(
		    arena_printf(arena, "%zu %s", octets, is_french ? "octets" : "bytes"));
	if (tenths < 10)
		return span_of(arena_printf(arena, "%zu K%s", octets / 1024, octet));
	return span_of(arena_printf(
	    arena, "%zu%s%zu M%s", tenths / 10, is_french ? "," : ".", tenths % 10, octet));
}

static struct span
text_body(struct arena *arena, const struct outgoing *o)
{
	struct buf out = { 0 };

	buf_add_span(&out, o->text);
	for (size_t i = 0; i < o->attachment_count; i++) {
		const struct message_attachment *a = &o->attachments[i];
		buf_add_text(&out, i == 0 ? "\n\n" : "\n");
		buf_add_span(&out, o->attachment_word);
		buf_printf(&out, " " SPAN_FORMAT " (" SPAN_FORMAT ") ", SPAN_ARGS(a->name),
		    SPAN_ARGS(size_text(arena, a->size, o->language)));
		buf_add_span(&out, a->url);
	}
	if (o->footer_text.len > 0) {
		buf_add_text(&out, "\n\n-- \n");
		buf_add_span(&out, o->footer_text);
	}
	struct span text = arena_span(arena, buf_span(&out));
	buf_free(&out);
	return text;
}

static struct span
html_body(struct arena *arena, const struct outgoing *o)
{
	struct html_mail mail = { .title = o->subject,
		.language = o->language,
		.body = o->html,
		.footer = o->footer_html };
	struct buf out = { 0 };

	html_mail_open(&out, &mail);
	for (size_t i = 0; i < o->attachment_count; i++)
		html_mail_file(&out, o->attachment_word, o->attachments[i].name,
		    size_text(arena, o->attachments[i].size, o->language), o->attachments[i].url);
	html_mail_close(&out, &mail);
	struct span html = arena_span(arena, buf_span(&out));
	buf_free(&out);
	return html;
}

/* The two forms, plain first (RFC 2046 §5.1.4). "=_" cannot stand in quoted-printable. */
static void
write_alternative(struct arena *arena, struct buf *out, const struct outgoing *o)
{
	uint8_t octets[RANDOM_OCTETS];
	char boundary[RANDOM_LETTERS + 1];

	token_random(octets, sizeof octets);
	token_base32(octets, sizeof octets, boundary);
	buf_printf(out, "Content-Type: multipart/alternative; boundary=\"=_%s\"\r\n\r\n--=_%s\r\n",
	    boundary, boundary);
	write_leaf(arena, out, "text/plain", text_body(arena, o));
	buf_printf(out, "\r\n--=_%s\r\n", boundary);
	write_leaf(arena, out, "text/html", html_body(arena, o));
	buf_printf(out, "\r\n--=_%s--\r\n", boundary);
}

/* Where the slots came to stand; they are blanked so that a copy never holds them. */
static bool
find_holes(struct arena *arena, struct message_template *template, char *octets, size_t len,
    struct err *err)
{
	template->holes = arena_array(arena, HOLES_MAX, sizeof(*template->holes));
	template->hole_count = 0;
	for (size_t i = 0; i + MESSAGE_TOKEN <= len; i++) {
		enum message_slot slot = slot_at(span_make(octets + i, len - i));
		if (slot == MESSAGE_SLOTS)
			continue;
		if (template->hole_count == HOLES_MAX)
			return err_set(err, ERR_INVALID, "too many tokens in one message");
		template->holes[template->hole_count++] = (struct message_hole){ slot, i };
		memset(octets + i, 'a', MESSAGE_TOKEN);
	}
	template->octets = span_make(octets, len);
	return true;
}

bool
message_template_build(struct arena *arena, const struct outgoing *outgoing,
    struct message_template *template, struct err *err)
{
	struct buf out = { 0 };

	if (!message_head_write(&out, outgoing, err)) {
		buf_free(&out);
		return false;
	}
	field_write(&out, "MIME-Version", SPAN("1.0"));
	field_write_text(&out, "Content-Language", span_of(outgoing->language));
	if (outgoing->html.octets.len > 0)
		write_alternative(arena, &out, outgoing);
	else
		write_leaf(arena, &out, "text/plain", text_body(arena, outgoing));
	bool fits = buf_ok(&out);
	char *octets = arena_strndup(arena, buf_text(&out), out.len);
	size_t len = out.len;
	buf_free(&out);
	if (!fits)
		return err_set(err, ERR_TOO_MUCH, "the message is too large to be sent");
	return find_holes(arena, template, octets, len, err);
}

static bool
is_token(struct span token)
{
	for (size_t i = 0; i < token.len; i++) {
		char c = token.data[i];
		if (!ascii_is_lower(c) && !(c >= '2' && c <= '7'))
			return false;
	}
	return token.len == MESSAGE_TOKEN;
}

bool
message_template_patch(const struct message_template *template, const struct message_tokens *tokens,
    struct buf *out, struct err *err)
{
	size_t begin = out->len;

	for (size_t i = 0; i < template->hole_count; i++)
		if (!is_token(tokens->slot[template->holes[i].slot]))
			return err_set(err, ERR_INVALID, "a token of the message is missing");
	buf_add_span(out, template->octets);
	if (!buf_ok(out))
		return err_set(err, ERR_TOO_MUCH, "the message is too large to be sent");
	for (size_t i = 0; i < template->hole_count; i++)
		memcpy(out->data + begin + template->holes[i].offset,
		    tokens->slot[template->holes[i].slot].data, MESSAGE_TOKEN);
	return true;
}

bool
message_write(
    struct arena *arena, const struct outgoing *outgoing, struct buf *out, struct err *err)
{
	struct message_template template;
	struct message_tokens none = { 0 };

	return message_template_build(arena, outgoing, &template, err) &&
	       message_template_patch(&template, &none, out, err);
}
