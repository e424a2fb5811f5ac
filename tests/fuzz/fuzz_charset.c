/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Octets in some charset, and the transfer encodings: the first line of the input is the name of
 * the charset, the rest the octets. What comes out is UTF-8 within its bound, and no longer than
 * what came in allows. */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "mail/charset.h"
#include "mail/decode.h"
#include "fuzz.h"

static void
try_folds(struct arena *arena, struct span text)
{
	struct span folded = utf8_fold(arena, text), line = utf8_line(arena, text);
	char *slug = utf8_slug(arena, text, 60);

	must(utf8_is_valid(folded) && utf8_is_line(line));
	must(span_equal(utf8_line(arena, line), line));
	must(strlen(slug) <= 60);
	must(strspn(slug, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(slug));
	must(utf8_count(utf8_first(text, 10)) <= 10);
}

static void
try_encodings(struct span octets)
{
	struct buf out = { 0 };

	decode_base64(octets, &out);
	must(out.len <= octets.len);
	buf_clear(&out);
	decode_qp(octets, true, &out);
	must(out.len <= octets.len);
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct span in = span_make(data, len), name = span_first(in, span_find(in, '\n'));
	struct span octets = span_from(in, name.len + 1), whole, cut;
	struct arena *arena = arena_new();

	whole = charset_decode(arena, name, octets, 1 << 20);
	must(utf8_is_valid(whole) && span_find(whole, '\0') == whole.len);
	cut = charset_decode(arena, name, octets, 100);
	must(cut.len <= 100 && utf8_is_valid(cut) && memcmp(cut.data, whole.data, cut.len) == 0);
	must(span_equal(utf8_clean(arena, whole), whole));
	try_folds(arena, whole);
	try_encodings(octets);
	arena_free(&arena);
	return 0;
}
