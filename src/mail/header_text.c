/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* RFC 2047, as it is really written: encoded words inside quotes, without blanks
 * around, with blanks inside, characters split between two of them. */
#include "mail/header.h"

#include "base/utf8.h"
#include "mail/charset.h"
#include "mail/decode.h"

enum {
	WORD_MAX = 2000,     /* octets looked at for the end of an encoded word */
	ATTEMPTS_MAX = 2000, /* "=?" looked at in one value */
	DECODED_MAX = 64 * 1024
};

struct word {
	struct span charset;
	char encoding; /* 'b' or 'q' */
	struct span text;
	size_t len; /* octets of the whole word */
};

/* The encoded word that in begins with; false where it begins with none. */
static bool
word_read(struct span in, struct word *word)
{
	if (!span_starts(in, "=?"))
		return false;
	struct span rest = span_first(span_from(in, 2), WORD_MAX);
	size_t n = span_find(rest, '?');
	if (n == 0 || n + 3 > rest.len || n > 60 || rest.data[n + 2] != '?')
		return false;
	struct span name = span_first(rest, n);
	if (span_find(name, ' ') < n)
		return false;
	word->charset = span_first(name, span_find(name, '*'));
	word->encoding = ascii_lower(rest.data[n + 1]);
	rest = span_from(rest, n + 3);
	size_t end = span_find_text(rest, "?=");
	if (end == rest.len || (word->encoding != 'b' && word->encoding != 'q'))
		return false;
	word->text = span_first(rest, end);
	word->len = 2 + n + 3 + end + 2;
	return true;
}

/* Octets of one charset are gathered before they are converted. */
struct gather {
	struct buf *out;
	struct buf octets;
	struct span charset;
};

static void
gather_flush(struct gather *g)
{
	charset_append(g->out, g->charset, buf_span(&g->octets));
	buf_clear(&g->octets);
	g->charset = (struct span){ 0 };
}

static void
gather_word(struct gather *g, const struct word *word)
{
	if (!span_equal_nocase(g->charset, word->charset))
		gather_flush(g);
	g->charset = word->charset;
	if (word->encoding == 'b')
		decode_base64(word->text, &g->octets);
	else
		decode_qp(word->text, true, &g->octets);
}

static size_t
blanks(struct span in)
{
	size_t n = 0;

	while (n < in.len && ascii_is_space(in.data[n]))
		n++;
	return n;
}

/* What stands from `at` to the next encoded word (read into word), or to the end. */
static struct span
plain_run(struct span in, size_t at, size_t *attempts, struct word *word)
{
	size_t end = at;

	word->len = 0;
	while (end < in.len) {
		end += span_find(span_from(in, end), '=');
		if (end < in.len && *attempts < ATTEMPTS_MAX && end + 1 < in.len &&
		    in.data[end + 1] == '?') {
			(*attempts)++;
			if (word_read(span_from(in, end), word))
				break;
		}
		if (end < in.len)
			end++;
	}
	return span_first(span_from(in, at), end - at);
}

static void
decode_words(struct span in, struct buf *out)
{
	struct gather g = { .out = out };
	struct word word;
	size_t at = 0, attempts = 0, words = 0;
	bool after_word = false;

	buf_init(&g.octets, DECODED_MAX);
	while (at < in.len) {
		struct span plain = plain_run(in, at, &attempts, &word);
		bool is_glue = after_word && word.len > 0 && blanks(plain) == plain.len;
		if (!is_glue && plain.len > 0) {
			gather_flush(&g);
			charset_append(out, (struct span){ 0 }, plain);
		}
		at += plain.len;
		if (word.len == 0)
			break;
		gather_word(&g, &word);
		at += word.len;
		after_word = true;
		if (++words == HEADER_WORDS_MAX)
			attempts = ATTEMPTS_MAX;
	}
	gather_flush(&g);
	buf_free(&g.octets);
}

static struct span
cut_text(struct span text, size_t max)
{
	if (text.len <= max)
		return text;
	text.len = max;
	while (text.len > 0 && ((unsigned char)text.data[text.len] & 0xC0) == 0x80)
		text.len--;
	return text;
}

struct span
header_text(struct arena *arena, struct span value, size_t max)
{
	struct buf out;

	buf_init(&out, DECODED_MAX);
	decode_words(span_trim(value), &out);
	struct span text = utf8_line(arena, buf_span(&out));
	buf_free(&out);
	return cut_text(text, max);
}
