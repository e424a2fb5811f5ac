/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "mail/smtp_reply.h"

#include <string.h>

#include "base/utf8.h"

void
smtp_reply_begin(struct smtp_reply_reader *reader)
{
	memset(reader, 0, sizeof(*reader));
}

/* RFC 5321 §4.2: 2-5, 0-5, 0-9; 0 where it is no code. */
static int
read_code(struct span line)
{
	const char *d = line.data;

	if (line.len < 3 || d[0] < '2' || d[0] > '5' || d[1] < '0' || d[1] > '5' ||
	    !ascii_is_digit(d[2]))
		return 0;
	return (d[0] - '0') * 100 + (d[1] - '0') * 10 + (d[2] - '0');
}

/* RFC 3463: class "." subject "." detail, of the class of the code. Cut off the words. */
static struct span
read_enhanced(struct span words, int code, char out[12])
{
	struct span word = span_first(words, span_find(words, ' ')), rest = word, part;
	int64_t value;
	int parts = 0;

	if (word.len >= 12)
		return words;
	while (span_next(&rest, '.', &part)) {
		if (part.len > 3 || !span_int(part, 0, 999, &value))
			return words;
		if (parts++ == 0 && value != code / 100)
			return words;
	}
	if (parts != 3)
		return words;
	memcpy(out, word.data, word.len);
	out[word.len] = '\0';
	return span_from(words, word.len + 1);
}

/* Printable UTF-8 on one line, cut between code points. */
static void
add_words(struct smtp_reply *reply, struct span words)
{
	struct buf text;
	uint32_t code;

	buf_init(&text, SMTP_REPLY_TEXT_MAX);
	buf_add_text(&text, reply->text);
	if (text.len > 0 && text.len < SMTP_REPLY_TEXT_MAX && words.len > 0)
		buf_add_char(&text, ' ');
	while (text.len + 4 <= SMTP_REPLY_TEXT_MAX && utf8_next(&words, &code)) {
		bool plain = code >= 0x20 && !(code >= 0x7f && code < 0xa0) && code != 0x2028 &&
			     code != 0x2029;

		utf8_add(&text, plain ? code : '?');
	}
	memcpy(reply->text, buf_text(&text), text.len);
	reply->text[text.len] = '\0';
	buf_free(&text);
}

static enum smtp_reply_state
take_line(struct smtp_reply_reader *reader, struct span line, smtp_reply_line *fn, void *context)
{
	struct smtp_reply *reply = &reader->reply;
	struct span words = span_from(line, 4);
	int code = read_code(line);
	bool last = line.len < 4 || line.data[3] == ' ';

	if (code == 0 || (!last && line.data[3] != '-') || ++reader->lines > SMTP_REPLY_LINES_MAX)
		return SMTP_REPLY_BAD;
	if (reader->lines == 1)
		reply->code = code;
	else if (code != reply->code)
		return SMTP_REPLY_BAD;
	if (reader->lines > 1 && fn != NULL)
		fn(context, words);
	add_words(reply, read_enhanced(words, code, reply->enhanced));
	reader->whole = last;
	return last ? SMTP_REPLY_WHOLE : SMTP_REPLY_MORE;
}

enum smtp_reply_state
smtp_reply_input(
    struct smtp_reply_reader *reader, struct span *input, smtp_reply_line *line, void *context)
{
	enum smtp_reply_state state = SMTP_REPLY_MORE;

	if (reader->whole)
		smtp_reply_begin(reader);
	while (input->len > 0 && state == SMTP_REPLY_MORE) {
		size_t len = span_find(*input, '\n');
		struct span whole;

		if (len >= sizeof(reader->line) - reader->line_len)
			return SMTP_REPLY_BAD;
		memcpy(reader->line + reader->line_len, input->data, len);
		reader->line_len += len;
		if (len == input->len) {
			*input = span_from(*input, len);
			return SMTP_REPLY_MORE;
		}
		*input = span_from(*input, len + 1);
		whole = span_make(reader->line, reader->line_len);
		if (!span_ends(whole, "\r") || memchr(whole.data, '\0', whole.len) != NULL)
			return SMTP_REPLY_BAD;
		reader->line_len = 0;
		state = take_line(reader, span_first(whole, whole.len - 1), line, context);
	}
	return state;
}
