/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "mail/header.h"

#include <string.h>

#include "base/utf8.h"
#include "mail/thread_id.h"

/* What ends a line: LF, or a bare CR where the whole message holds no LF. */
struct lines {
	struct span raw;
	char end;
};

static struct lines
lines_of(struct span raw)
{
	bool has_lf = raw.len > 0 && memchr(raw.data, '\n', raw.len) != NULL;

	return (struct lines){ raw, has_lf ? '\n' : '\r' };
}

/* The line at *at, without its end; moves *at behind it. False at the end. */
static bool
lines_next(const struct lines *lines, size_t *at, struct span *line)
{
	struct span rest = span_from(lines->raw, *at);

	if (rest.len == 0)
		return false;
	size_t n = span_find(rest, lines->end);
	*line = span_first(rest, n);
	*at += n < rest.len ? n + 1 : n;
	if (line->len > 0 && line->data[line->len - 1] == '\r')
		line->len--;
	return true;
}

/* Octets of the name of a field line, or 0 where it is none. */
static size_t
field_name_length(struct span line)
{
	size_t n = 0;

	while (n < line.len && ascii_is_graphic(line.data[n]) && line.data[n] != ':')
		n++;
	size_t colon = n;
	while (colon < line.len && ascii_is_blank(line.data[colon]))
		colon++;
	return colon < line.len && line.data[colon] == ':' ? n : 0;
}

/* An mbox separator, a byte order mark: what may stand before the head. */
static size_t
head_start(const struct lines *lines)
{
	struct span line, raw = lines->raw;
	size_t at = 0, next;

	if (span_starts(raw, "\xEF\xBB\xBF"))
		at = 3;
	next = at;
	if (!lines_next(lines, &next, &line))
		return at;
	if ((span_starts(line, "From ") || span_starts(line, ">From ")) &&
	    field_name_length(line) == 0)
		at = next;
	return at;
}

struct extent {
	size_t start; /* of the first field */
	size_t last;  /* where the last line that is a field begins */
	size_t end;   /* of the head: the empty line, or where the text begins without one */
	size_t body;  /* behind the empty line */
	bool has_end;
};

/* Where the head lies. A malformed line belongs to it as long as a field follows
 * before the empty line; otherwise it is the text, and the empty line was lost. */
static struct extent
head_extent(const struct lines *lines)
{
	struct extent e = { .start = head_start(lines) };
	size_t at = e.start, begin = at, bad = SIZE_MAX;
	struct span line;

	e.last = e.start;
	while (lines_next(lines, &at, &line)) {
		if (line.len == 0) {
			e.has_end = true;
			break;
		}
		if (field_name_length(line) > 0) {
			e.last = begin;
			bad = SIZE_MAX;
		} else if (!ascii_is_blank(line.data[0]) && bad == SIZE_MAX) {
			bad = begin;
		}
		begin = at;
		if (begin - e.start > HEADER_SIZE_MAX)
			break;
	}
	e.end = begin;
	e.body = e.has_end ? at : begin;
	if (bad != SIZE_MAX) {
		e.end = e.body = bad;
		e.has_end = false;
	}
	return e;
}

size_t
header_length(struct span raw)
{
	struct lines lines = lines_of(raw);

	return head_extent(&lines).body;
}

/* A value that is folded or holds NUL or CR, made one line in the arena. */
static struct span
unfold(struct arena *arena, struct span raw)
{
	bool is_plain = true;

	raw = span_trim(raw);
	for (size_t i = 0; i < raw.len; i++)
		if (raw.data[i] == '\n' || raw.data[i] == '\r' || raw.data[i] == '\0')
			is_plain = false;
	if (is_plain)
		return raw;
	char *out = arena_alloc(arena, raw.len + 1);
	size_t n = 0;
	for (size_t i = 0; i < raw.len; i++) {
		char c = raw.data[i];
		bool is_end = c == '\n' || c == '\r';
		if (is_end && i + 1 < raw.len && ascii_is_space(raw.data[i + 1]))
			continue; /* the blank of the fold stands for it */
		if (c != '\0')
			out[n++] = is_end ? ' ' : c;
	}
	return span_trim(span_make(out, n));
}

static bool
header_add(struct arena *arena, struct header *header, struct span name, struct span raw)
{
	if (header->count == HEADER_FIELDS_MAX)
		header->over_limit = "too many header fields";
	else if (raw.len > HEADER_FIELD_MAX)
		header->over_limit = "a header field is too long";
	if (header->over_limit != NULL)
		return false;
	header->fields[header->count++] = (struct header_field){ name, unfold(arena, raw) };
	return true;
}

/* Fields a head can have at most, to take the table once. */
static size_t
count_fields(const struct lines *lines, const struct extent *e)
{
	size_t at = e->start, count = 0;
	struct span line;

	while (at < e->end && lines_next(lines, &at, &line))
		if (field_name_length(line) > 0)
			count++;
	return count < HEADER_FIELDS_MAX ? count : HEADER_FIELDS_MAX;
}

void
header_split(struct arena *arena, struct span raw, struct header *header)
{
	struct lines lines = lines_of(raw);
	struct extent e = head_extent(&lines);
	struct span line, name = { 0 };
	size_t at = e.start, begin = at, value = 0;
	bool has_field = false;

	*header = (struct header){ .start = e.start, .body = e.body, .has_end = e.has_end };
	header->fields = arena_array(arena, count_fields(&lines, &e) + 1, sizeof(*header->fields));
	if (e.end - e.start > HEADER_SIZE_MAX)
		header->over_limit = "the head is too large";
	while (begin < e.end && lines_next(&lines, &at, &line)) {
		bool is_more = ascii_is_blank(line.data[0]);
		size_t n = is_more ? 0 : field_name_length(line);

		if (!is_more && has_field) {
			has_field = false;
			if (!header_add(arena, header, name,
				span_make(raw.data + value, begin - value)))
				return;
		}
		if (n > 0) {
			name = span_first(line, n);
			value = begin + span_find(span_from(raw, begin), ':') + 1;
			has_field = true;
		} else if (!is_more) {
			header->malformed++;
		}
		begin = at;
	}
	if (has_field)
		header_add(arena, header, name, span_make(raw.data + value, e.end - value));
}

bool
header_find(const struct header *header, const char *name, size_t n, struct span *value)
{
	for (size_t i = 0; i < header->count; i++) {
		if (!span_is_nocase(header->fields[i].name, name))
			continue;
		if (n-- == 0) {
			*value = header->fields[i].value;
			return true;
		}
	}
	return false;
}

struct span
header_get(const struct header *header, const char *name)
{
	struct span value = { 0 };

	header_find(header, name, 0, &value);
	return value;
}

size_t
header_count(const struct header *header, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < header->count; i++)
		if (span_is_nocase(header->fields[i].name, name))
			count++;
	return count;
}

/* Local parts that no person writes from (study §4.8), before a "-", "+" or digit too. */
static const char *const robots[] = { "mailer-daemon", "postmaster", "noreply", "no-reply",
	"no_reply", "donotreply", "do-not-reply", "do_not_reply", "nepasrepondre",
	"ne-pas-repondre", "ne_pas_repondre", "pasdereponse", "pas-de-reponse", "sympa", "listserv",
	"majordomo", "mailman", "double-bounce", "mdaemon", "bounce", "bounces" };

bool
header_is_robot(struct span address)
{
	struct span local = span_first(address, span_find(address, '@'));

	for (size_t i = 0; i < sizeof(robots) / sizeof(robots[0]); i++) {
		size_t n = strlen(robots[i]);
		if (!span_starts_nocase(local, robots[i]))
			continue;
		if (local.len == n || strchr("-+._0123456789", local.data[n]) != NULL)
			return true;
	}
	return false;
}

static void
front_from(struct arena *arena, const struct header *header, struct header_front *front)
{
	struct header_mailboxes from = { 0 };
	struct span value;

	for (size_t n = 0; header_find(header, "From", n, &value); n++)
		header_mailboxes(arena, value, &from);
	front->from_count = from.total;
	if (from.count == 0)
		return;
	front->from_name = from.items[0].name;
	front->from_address = from.items[0].address;
	front->is_robot = header_is_robot(front->from_address);
}

static struct span
first_id(struct arena *arena, struct span value)
{
	struct header_ids ids = { 0 };

	header_ids(arena, value, &ids);
	return ids.count > 0 ? ids.items[0] : (struct span){ 0 };
}

void
header_front(struct arena *arena, struct span raw, struct header_front *front)
{
	struct header header;
	struct header_value value;

	*front = (struct header_front){ 0 };
	header_split(arena, raw, &header);
	front->over_limit = header.over_limit;
	front_from(arena, &header, front);
	front->subject = header_text(arena, header_get(&header, "Subject"), 1000);
	front->message_id = first_id(arena, header_get(&header, "Message-ID"));
	front->in_reply_to = first_id(arena, header_get(&header, "In-Reply-To"));
	header_value(arena, header_get(&header, "Auto-Submitted"), &value);
	front->auto_submitted = value.word;
	header_value(arena, header_get(&header, "Content-Type"), &value);
	front->is_report = span_is(value.word, "multipart/report");
}
