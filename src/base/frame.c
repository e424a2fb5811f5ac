/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Messages between processes. A process that was broken into may send anything:
 * the whole is checked once at the door, without recursion, and the walk of a
 * checked list goes through the same function as the check. */
#include "base/frame.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/alloc.h"

enum {
	FRAME_MAGIC = 0x5052,
	FRAME_HEAD = 16, /* octets before the fields */
	FIELD_HEAD = 5,	 /* octets before the name */
	FIELD_NAME_MAX = 31
};

static void
add_little(struct buf *out, uint64_t value, size_t octets)
{
	unsigned char little[8];

	for (size_t i = 0; i < octets; i++)
		little[i] = (unsigned char)(value >> (8 * i) & 0xff);
	buf_add(out, little, octets);
}

static uint64_t
get_little(const char *data, size_t octets)
{
	uint64_t value = 0;

	for (size_t i = octets; i > 0; i--)
		value = value << 8 | (unsigned char)data[i - 1];
	return value;
}

static bool
is_field_name(struct span name)
{
	if (name.len == 0 || name.len > FIELD_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.data[i];

		if (!ascii_is_lower(c) && !ascii_is_digit(c) && c != '_' && c != '.' &&
		    c != '-')
			return false;
	}
	return true;
}

void
frame_begin(struct buf *out, uint16_t kind, uint32_t incarnation, uint64_t id)
{
	add_little(out, FRAME_MAGIC, 2);
	add_little(out, kind, 2);
	add_little(out, incarnation, 4);
	add_little(out, id, 8);
}

/* A bad name is our bug; too long a value is the input's, and fills the buf. */
void
fields_add(struct buf *out, const char *name, struct span value)
{
	struct span key = span_of(name);

	if (!is_field_name(key))
		die("frame: not a field name: %s", name);
	if (value.len > MESSAGE_MAX) {
		out->full = true;
		return;
	}
	add_little(out, key.len, 1);
	add_little(out, value.len, 4);
	buf_add_span(out, key);
	buf_add_span(out, value);
}

void
fields_add_text(struct buf *out, const char *name, const char *value)
{
	fields_add(out, name, span_of(value));
}

void
fields_add_int(struct buf *out, const char *name, int64_t value)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRId64, value);

	fields_add(out, name, span_make(digits, (size_t)len));
}

bool
frame_read(struct frame *frame, struct span data)
{
	if (data.len < FRAME_HEAD || data.len > MESSAGE_MAX)
		return false;
	if (get_little(data.data, 2) != FRAME_MAGIC)
		return false;
	frame->kind = (uint16_t)get_little(data.data + 2, 2);
	frame->incarnation = (uint32_t)get_little(data.data + 4, 4);
	frame->id = get_little(data.data + 8, 8);
	return fields_read(&frame->fields, span_from(data, FRAME_HEAD));
}

bool
fields_read(struct fields *fields, struct span data)
{
	struct fields unchecked = { data };
	struct span name, value;
	size_t at = 0, count = 0;

	*fields = (struct fields){ 0 };
	if (data.len > MESSAGE_MAX)
		return false;
	while (fields_next(&unchecked, &at, &name, &value))
		if (++count > FRAME_FIELDS_MAX || !is_field_name(name))
			return false;
	if (at != data.len)
		return false;
	*fields = unchecked;
	return true;
}

struct span
fields_get(const struct fields *fields, const char *name)
{
	struct span key = span_of(name), each, value;
	size_t at = 0;

	while (fields_next(fields, &at, &each, &value))
		if (span_equal(each, key))
			return value;
	return (struct span){ 0 };
}

bool
fields_has(const struct fields *fields, const char *name)
{
	return fields_get(fields, name).data != NULL;
}

int64_t
fields_int(const struct fields *fields, const char *name, int64_t fallback)
{
	int64_t value;

	if (!span_int(fields_get(fields, name), INT64_MIN, INT64_MAX, &value))
		return fallback;
	return value;
}

char *
fields_text(const struct fields *fields, const char *name, struct arena *arena)
{
	struct span value = fields_get(fields, name);

	return arena_strndup(arena, value.data, span_find(value, '\0'));
}

/* False at the end, and where the next field does not fit: *at then stays. */
bool
fields_next(const struct fields *fields, size_t *at, struct span *name, struct span *value)
{
	struct span rest = span_from(fields->octets, *at);
	size_t name_len, value_len;

	if (rest.len < FIELD_HEAD)
		return false;
	name_len = (size_t)get_little(rest.data, 1);
	value_len = (size_t)get_little(rest.data + 1, 4);
	rest = span_from(rest, FIELD_HEAD);
	if (name_len > rest.len || value_len > rest.len - name_len)
		return false;
	*name = span_first(rest, name_len);
	*value = span_first(span_from(rest, name_len), value_len);
	*at += FIELD_HEAD + name_len + value_len;
	return true;
}
