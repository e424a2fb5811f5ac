/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "mail/parsed.h"

#include <string.h>

#include "base/utf8.h"
#include "mail/header.h"
#include "text/html_check.h"

enum value_kind {
	VALUE_ENUM, /* an int below max */
	VALUE_BOOL,
	VALUE_SIZE,    /* size_t up to max */
	VALUE_TIME,    /* int64_t from 0 */
	VALUE_LINE,    /* span, one line */
	VALUE_TEXT,    /* span, any UTF-8 without NUL */
	VALUE_HTML,    /* span, the same, of the kind that is shown to everybody */
	VALUE_ADDRESS, /* span, an addr-spec or empty */
	VALUE_ID,      /* span, a Message-ID or empty */
	VALUE_HASH     /* SHA256_SIZE octets */
};

/* One row a field: the row is what is written and what is checked. */
struct row {
	const char *name;
	enum value_kind kind;
	bool is_list; /* the member is a struct span_list, the field repeats */
	size_t offset;
	size_t max;   /* octets, or the bound of a number */
	size_t items; /* of a list */
};

#define AT(member) offsetof(struct parsed, member)

/* clang-format off */
static const struct row rows[] = {
	{ "kind",           VALUE_ENUM,    false, AT(kind), PARSED_KINDS, 0 },
	{ "over-limit",     VALUE_LINE,    false, AT(over_limit), PARSED_LINE_MAX, 0 },
	{ "subject",        VALUE_LINE,    false, AT(subject), PARSED_LINE_MAX, 0 },
	{ "base-subject",   VALUE_LINE,    false, AT(base_subject), PARSED_LINE_MAX, 0 },
	{ "is-reply",       VALUE_BOOL,    false, AT(is_reply), 0, 0 },
	{ "is-forward",     VALUE_BOOL,    false, AT(is_forward), 0, 0 },
	{ "from-name",      VALUE_LINE,    false, AT(from_name), PARSED_LINE_MAX, 0 },
	{ "from-address",   VALUE_ADDRESS, false, AT(from_address), PARSED_ADDRESS_MAX, 0 },
	{ "from-count",     VALUE_SIZE,    false, AT(from_count), INT32_MAX, 0 },
	{ "subject-count",  VALUE_SIZE,    false, AT(subject_count), INT32_MAX, 0 },
	{ "date",           VALUE_TIME,    false, AT(date), 0, 0 },
	{ "message-id",     VALUE_ID,      false, AT(message_id), PARSED_ID_MAX, 0 },
	{ "in-reply-to",    VALUE_ID,      true,  AT(in_reply_to), PARSED_ID_MAX, PARSED_REFERENCES_MAX },
	{ "reference",      VALUE_ID,      true,  AT(references), PARSED_ID_MAX, PARSED_REFERENCES_MAX },
	{ "to-cc",          VALUE_ADDRESS, true,  AT(to_cc), PARSED_ADDRESS_MAX, PARSED_ADDRESSES_MAX },
	{ "recipients",     VALUE_SIZE,    false, AT(recipients), INT32_MAX, 0 },
	{ "auto-submitted", VALUE_ENUM,    false, AT(auto_submitted), PARSED_AUTOS, 0 },
	{ "precedence",     VALUE_ENUM,    false, AT(precedence), PARSED_PRECEDENCES, 0 },
	{ "list-id",        VALUE_LINE,    false, AT(list_id), PARSED_LINE_MAX, 0 },
	{ "list-post",      VALUE_ADDRESS, true,  AT(list_post), PARSED_ADDRESS_MAX, PARSED_REFERENCES_MAX },
	{ "x-loop",         VALUE_LINE,    true,  AT(x_loop), PARSED_LINE_MAX, PARSED_RESULTS_MAX },
	{ "is-spam",        VALUE_BOOL,    false, AT(is_spam), 0, 0 },
	{ "is-reaction",    VALUE_BOOL,    false, AT(is_reaction), 0, 0 },
	{ "is-robot",       VALUE_BOOL,    false, AT(is_robot), 0, 0 },
	{ "looks-absent",   VALUE_BOOL,    false, AT(looks_absent), 0, 0 },
	{ "is-encrypted",   VALUE_BOOL,    false, AT(is_encrypted), 0, 0 },
	{ "is-signed",      VALUE_BOOL,    false, AT(is_signed), 0, 0 },
	{ "no-archive",     VALUE_BOOL,    false, AT(no_archive), 0, 0 },
	{ "authentication", VALUE_LINE,    true,  AT(authentication_results), PARSED_RESULT_MAX, PARSED_RESULTS_MAX },
	{ "odd-signature",  VALUE_BOOL,    false, AT(odd_signature), 0, 0 },
	{ "format",         VALUE_ENUM,    false, AT(format), PARSED_FORMATS, 0 },
	{ "source",         VALUE_TEXT,    false, AT(source), PARSED_TEXT_MAX, 0 },
	{ "own",            VALUE_TEXT,    false, AT(own), PARSED_TEXT_MAX, 0 },
	{ "html",           VALUE_HTML,    false, AT(html.octets), PARSED_HTML_MAX, 0 },
	{ "is-cut",         VALUE_BOOL,    false, AT(is_cut), 0, 0 },
	{ "body-hash",      VALUE_HASH,    false, AT(body_hash), 0, 0 },
	{ "report",         VALUE_ENUM,    false, AT(report), PARSED_REPORTS, 0 },
	{ "report-id",      VALUE_ID,      false, AT(report_message_id), PARSED_ID_MAX, 0 },
	{ "feedback-type",  VALUE_LINE,    false, AT(feedback_type), PARSED_LINE_MAX, 0 },
};
/* clang-format on */

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static const char *const actions[PARSED_ACTIONS] = { "none", "failed", "delayed", "delivered",
	"relayed", "expanded" };

const char *
parsed_action_name(enum parsed_action action)
{
	return action < PARSED_ACTIONS ? actions[action] : actions[0];
}

enum parsed_action
parsed_action_find(struct span name)
{
	for (int i = 0; i < PARSED_ACTIONS; i++)
		if (span_is_nocase(name, actions[i]))
			return (enum parsed_action)i;
	return PARSED_ACTION_NONE;
}

static const void *
member(const struct parsed *parsed, const struct row *row)
{
	return (const char *)parsed + row->offset;
}

static void
write_number(struct buf *out, const struct row *row, const void *value)
{
	int64_t number = 0;

	if (row->kind == VALUE_ENUM)
		number = (int64_t) * (const unsigned int *)value;
	else if (row->kind == VALUE_BOOL)
		number = *(const bool *)value ? 1 : 0;
	else if (row->kind == VALUE_SIZE)
		number = (int64_t) * (const size_t *)value;
	else
		number = *(const int64_t *)value;
	if (number != 0)
		fields_add_int(out, row->name, number);
}

static bool
is_number(enum value_kind kind)
{
	return kind == VALUE_ENUM || kind == VALUE_BOOL || kind == VALUE_SIZE || kind == VALUE_TIME;
}

static void
write_row(struct buf *out, const struct row *row, const void *value)
{
	if (row->is_list) {
		const struct span_list *list = value;
		for (size_t i = 0; i < list->count; i++)
			fields_add(out, row->name, list->items[i]);
	} else if (is_number(row->kind)) {
		write_number(out, row, value);
	} else if (row->kind == VALUE_HASH) {
		fields_add(out, row->name, span_make(value, SHA256_SIZE));
	} else if (((const struct span *)value)->len > 0) {
		fields_add(out, row->name, *(const struct span *)value);
	}
}

static void
write_attachment(struct buf *out, const struct parsed_attachment *a)
{
	struct buf list = { 0 };

	fields_add(&list, "name", a->name);
	fields_add(&list, "type", a->type);
	fields_add(&list, "content-id", a->content_id);
	fields_add_int(&list, "offset", (int64_t)a->offset);
	fields_add_int(&list, "length", (int64_t)a->length);
	fields_add_int(&list, "encoding", (int64_t)a->encoding);
	fields_add_int(&list, "size", (int64_t)a->size);
	fields_add_int(&list, "inline", a->is_inline ? 1 : 0);
	fields_add(out, "attachment", buf_span(&list));
	buf_free(&list);
}

static void
write_recipient(struct buf *out, const struct parsed_recipient *r)
{
	struct buf list = { 0 };

	fields_add(&list, "original", r->original);
	fields_add(&list, "final", r->final);
	fields_add_int(&list, "action", (int64_t)r->action);
	fields_add(&list, "status", r->status);
	fields_add(&list, "diagnostic", r->diagnostic);
	fields_add(out, "report-recipient", buf_span(&list));
	buf_free(&list);
}

void
parsed_write(const struct parsed *parsed, struct buf *out)
{
	for (size_t i = 0; i < ROWS; i++)
		write_row(out, &rows[i], member(parsed, &rows[i]));
	for (size_t i = 0; i < parsed->attachment_count; i++)
		write_attachment(out, &parsed->attachments[i]);
	for (size_t i = 0; i < parsed->report_recipient_count; i++)
		write_recipient(out, &parsed->report_recipients[i]);
}

static bool
is_id(struct span s)
{
	return utf8_is_line(s) && span_find(s, ' ') == s.len;
}

/* Does a value of octets keep what its row says? */
static bool
octets_fit(const struct row *row, struct span value)
{
	if (row->kind == VALUE_HASH)
		return value.len == SHA256_SIZE;
	if (value.len > row->max)
		return false;
	if (row->kind == VALUE_ADDRESS)
		return value.len == 0 || header_is_address(value);
	if (row->kind == VALUE_ID)
		return is_id(value);
	if (row->kind == VALUE_LINE)
		return utf8_is_line(value);
	if (row->kind == VALUE_HTML && !html_check(value))
		return false;
	return utf8_is_valid(value) && span_find(value, '\0') == value.len;
}

static bool
read_number(const struct row *row, struct span value, void *out)
{
	int64_t number, max = (int64_t)row->max;

	if (row->kind == VALUE_ENUM)
		max--;
	else if (row->kind == VALUE_BOOL)
		max = 1;
	else if (row->kind == VALUE_TIME)
		max = INT64_MAX;
	if (!span_int(value, 0, max, &number))
		return false;
	if (row->kind == VALUE_ENUM)
		*(unsigned int *)out = (unsigned int)number;
	else if (row->kind == VALUE_BOOL)
		*(bool *)out = number != 0;
	else if (row->kind == VALUE_SIZE)
		*(size_t *)out = (size_t)number;
	else
		*(int64_t *)out = number;
	return true;
}

static bool
read_item(struct arena *arena, const struct row *row, struct span value, struct span_list *list)
{
	if (list->count == row->items || value.len == 0 || !octets_fit(row, value))
		return false;
	if (list->items == NULL)
		list->items = arena_array(arena, row->items, sizeof(*list->items));
	list->items[list->count++] = arena_span(arena, value);
	return true;
}

static bool
read_row(struct arena *arena, const struct row *row, struct span value, struct parsed *parsed)
{
	char *out = (char *)parsed + row->offset;

	if (row->is_list)
		return read_item(arena, row, value, (struct span_list *)(void *)out);
	if (is_number(row->kind))
		return read_number(row, value, out);
	if (!octets_fit(row, value))
		return false;
	if (row->kind == VALUE_HASH)
		memcpy(out, value.data, SHA256_SIZE);
	else
		*(struct span *)(void *)out = arena_span(arena, value);
	return true;
}

static bool
is_lower_type(struct span type)
{
	size_t slash = span_find(type, '/');

	for (size_t i = 0; i < type.len; i++) {
		char c = type.data[i];
		if (c <= 32 || c >= 127 || ascii_lower(c) != c || strchr("<>\"'();\\,", c) != NULL)
			return false;
	}
	return type.len <= 127 && slash > 0 && slash + 1 < type.len;
}

static bool
is_file_name(struct span name)
{
	return name.len > 0 && name.len <= PARSED_LINE_MAX && utf8_is_line(name) &&
	       span_find(name, '/') == name.len && span_find(name, '\\') == name.len;
}

/* What can come out of an extent: no more than its encoding allows. */
static bool
is_size_possible(const struct parsed_attachment *a)
{
	if (a->encoding == PARSED_ENCODING_NONE)
		return a->size == a->length;
	return a->size <= a->length;
}

static bool
read_attachment(
    struct arena *arena, struct span value, size_t raw_size, struct parsed_attachment *a)
{
	static const struct row id = { "content-id", VALUE_ID, false, 0, PARSED_ID_MAX, 0 };
	struct fields f;
	int64_t max = (int64_t)raw_size, offset, length, encoding, size;

	if (!fields_read(&f, value))
		return false;
	if (!span_int(fields_get(&f, "offset"), 0, max, &offset) ||
	    !span_int(fields_get(&f, "length"), 0, max - offset, &length) ||
	    !span_int(fields_get(&f, "encoding"), 0, PARSED_ENCODINGS - 1, &encoding) ||
	    !span_int(fields_get(&f, "size"), 0, max, &size))
		return false;
	*a = (struct parsed_attachment){ .name = arena_span(arena, fields_get(&f, "name")),
		.type = arena_span(arena, fields_get(&f, "type")),
		.content_id = arena_span(arena, fields_get(&f, "content-id")),
		.offset = (size_t)offset,
		.length = (size_t)length,
		.encoding = (enum parsed_encoding)encoding,
		.size = (size_t)size,
		.is_inline = fields_int(&f, "inline", 0) == 1 };
	return is_file_name(a->name) && is_lower_type(a->type) && octets_fit(&id, a->content_id) &&
	       is_size_possible(a);
}

/* "5.1.1", or nothing. */
static bool
is_status(struct span s)
{
	struct span part;
	int64_t number;
	size_t count = 0;

	if (s.len == 0)
		return true;
	while (span_next(&s, '.', &part)) {
		count++;
		if (!span_int(part, 0, 999, &number) ||
		    (count == 1 && number != 2 && number != 4 && number != 5))
			return false;
	}
	return count == 3;
}

static bool
read_recipient(struct arena *arena, struct span value, struct parsed_recipient *r)
{
	static const struct row address = { "", VALUE_ADDRESS, false, 0, PARSED_ADDRESS_MAX, 0 };
	static const struct row line = { "", VALUE_LINE, false, 0, PARSED_LINE_MAX, 0 };
	struct fields f;
	int64_t action;

	if (!fields_read(&f, value) ||
	    !span_int(fields_get(&f, "action"), 0, PARSED_ACTIONS - 1, &action))
		return false;
	*r = (struct parsed_recipient){ .original = arena_span(arena, fields_get(&f, "original")),
		.final = arena_span(arena, fields_get(&f, "final")),
		.action = (enum parsed_action)action,
		.status = arena_span(arena, fields_get(&f, "status")),
		.diagnostic = arena_span(arena, fields_get(&f, "diagnostic")) };
	return octets_fit(&address, r->original) && octets_fit(&address, r->final) &&
	       is_status(r->status) && octets_fit(&line, r->diagnostic);
}

struct reading {
	struct arena *arena;
	struct parsed *parsed;
	size_t raw_size;
	bool seen[ROWS];
};

static bool
read_nested(struct reading *r, struct span name, struct span value)
{
	struct parsed *p = r->parsed;

	if (span_is(name, "attachment") && p->attachment_count < PARSED_ATTACHMENTS_MAX)
		return read_attachment(
		    r->arena, value, r->raw_size, &p->attachments[p->attachment_count++]);
	if (span_is(name, "report-recipient") && p->report_recipient_count < PARSED_RECIPIENTS_MAX)
		return read_recipient(
		    r->arena, value, &p->report_recipients[p->report_recipient_count++]);
	return false;
}

static bool
read_field(struct reading *r, struct span name, struct span value)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (!span_is(name, rows[i].name))
			continue;
		if (r->seen[i] && !rows[i].is_list)
			return false;
		r->seen[i] = true;
		return read_row(r->arena, &rows[i], value, r->parsed);
	}
	return read_nested(r, name, value);
}

/* What one field cannot tell. */
static bool
is_whole(const struct reading *r)
{
	const struct parsed *p = r->parsed;

	if (p->over_limit.len > 0 && (p->source.len > 0 || p->attachment_count != 1))
		return false;
	return p->kind == PARSED_MAIL || p->attachment_count == 0;
}

static size_t
count_named(const struct fields *fields, const char *name, size_t max)
{
	struct span field, value;
	size_t at = 0, count = 0;

	while (fields_next(fields, &at, &field, &value))
		if (span_is(field, name))
			count++;
	return count < max ? count : max;
}

bool
parsed_read(struct arena *arena, const struct fields *fields, size_t raw_size,
    struct parsed *parsed, struct err *err)
{
	struct reading r = { .arena = arena, .parsed = parsed, .raw_size = raw_size };
	struct span name, value;
	size_t at = 0;

	*parsed = (struct parsed){ 0 };
	parsed->attachments =
	    arena_array(arena, count_named(fields, "attachment", PARSED_ATTACHMENTS_MAX) + 1,
		sizeof(*parsed->attachments));
	parsed->report_recipients =
	    arena_array(arena, count_named(fields, "report-recipient", PARSED_RECIPIENTS_MAX) + 1,
		sizeof(*parsed->report_recipients));
	while (fields_next(fields, &at, &name, &value))
		if (!read_field(&r, name, value))
			return err_set(err, ERR_INVALID, "the parser's %.*s is not sound",
			    (int)name.len, name.data);
	if (!is_whole(&r))
		return err_set(err, ERR_INVALID, "the parser's answer contradicts itself");
	return true;
}
