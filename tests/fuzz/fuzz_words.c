/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Running text: addresses in it, its excerpt, what is masked, the subject it may be. No octet of
 * the text is lost, every link is of the kind we write, and a subject is one line. */
#include <stdlib.h>

#include "../unit/html_scan.c"
#include "base/utf8.h"
#include "mail/thread_id.h"
#include "text/escape.h"
#include "text/excerpt.h"
#include "text/link.h"
#include "fuzz.h"

static void
try_links(struct span text)
{
	struct span rest = text, before, link;
	struct buf html = { 0 };
	enum link_kind kind;
	const char *at = text.data;

	while (link_next(&rest, &before, &link, &kind)) {
		must(link.len > 0 && before.data == at && link.data == at + before.len);
		at = link.data + link.len;
		escape_link(&html, link, link);
	}
	must(rest.data == at || rest.len == 0);
	must(at + rest.len == text.data + text.len);
	escape_text(&html, rest);
	escape_link(&html, text, text);
	must(html_scan(buf_span(&html)) == NULL);
	buf_free(&html);
}

/* Whatever stands before an address, it is masked. */
static void
try_mask(struct span text)
{
	struct buf whole = { 0 }, masked = { 0 };

	buf_add_span(&whole, text);
	buf_add_text(&whole, " marie.dupont@ville.example");
	escape_mask(&masked, buf_span(&whole));
	must(utf8_is_valid(buf_span(&masked)));
	must(span_ends(buf_span(&masked), " m…@ville.example"));
	buf_free(&whole);
	buf_free(&masked);
}

static void
try_excerpt(struct arena *arena, struct span text)
{
	struct span words[] = { SPAN("reunion"), SPAN("rue") };
	struct excerpt_piece *piece;
	size_t pieces, octets = 0;

	piece = excerpt_make(arena, text, words, 2, 200, &pieces);
	for (size_t i = 0; i < pieces; i++) {
		must(utf8_is_valid(piece[i].text));
		octets += piece[i].text.len;
	}
	must(octets <= text.len + 6);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena *arena = arena_new();
	struct span text = utf8_clean(arena, span_make(data, len)), id;
	struct thread_subject subject;

	try_links(text);
	try_mask(text);
	try_excerpt(arena, text);
	subject = thread_subject_read(arena, utf8_line(arena, text), SPAN("Voirie"), len % 2 == 0);
	must(utf8_is_line(subject.base) && subject.base.len <= text.len);
	(void)thread_subject_is_absence(text);
	id = thread_id_clean(arena, span_make(data, len));
	must(id.len <= THREAD_ID_MAX && !span_has_control(id));
	must(span_equal(thread_id_clean(arena, id), id));
	arena_free(&arena);
	return 0;
}
