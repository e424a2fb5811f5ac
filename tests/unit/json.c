/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "json.h"

#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/file.h"
#include "base/utf8.h"

struct reader {
	struct arena *arena;
	const char *at;
};

static struct json *
read_value(struct reader *r);

static void
skip(struct reader *r)
{
	while (ascii_is_space(*r->at))
		r->at++;
}

static void
expect(struct reader *r, char octet)
{
	skip(r);
	if (*r->at != octet)
		die("json: %c expected at %.20s", octet, r->at);
	r->at++;
}

static uint32_t
read_hex(struct reader *r)
{
	uint32_t code = 0;

	for (int i = 0; i < 4; i++, r->at++) {
		char c = ascii_lower(*r->at);

		code = code * 16 + (uint32_t)(ascii_is_digit(c) ? c - '0' : c - 'a' + 10);
	}
	return code;
}

static void
read_escape(struct reader *r, struct buf *out)
{
	static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
	const char *found = strchr(from, *r->at);
	uint32_t code;

	if (*r->at != 'u') {
		buf_add_char(out, found != NULL ? to[found - from] : *r->at);
		r->at++;
		return;
	}
	r->at++;
	code = read_hex(r);
	if (code >= 0xd800 && code < 0xdc00 && r->at[0] == '\\' && r->at[1] == 'u') {
		r->at += 2;
		code = 0x10000 + ((code - 0xd800) << 10) + (read_hex(r) - 0xdc00);
	}
	utf8_add(out, code);
}

static const char *
read_text(struct reader *r)
{
	struct buf out = { 0 };
	const char *text;

	expect(r, '"');
	while (*r->at != '"') {
		if (*r->at == '\0')
			die("json: a text is not closed");
		if (*r->at != '\\') {
			buf_add_char(&out, *r->at++);
			continue;
		}
		r->at++;
		read_escape(r, &out);
	}
	r->at++;
	text = arena_strndup(r->arena, buf_text(&out), out.len);
	buf_free(&out);
	return text;
}

static struct json *
read_inside(struct reader *r, enum json_kind kind, char close)
{
	struct json *value = arena_alloc(r->arena, sizeof(*value));
	struct json **last = &value->first;

	value->kind = kind;
	r->at++;
	for (skip(r); *r->at != close; skip(r)) {
		const char *name = NULL;

		if (value->first != NULL)
			expect(r, ',');
		if (kind == JSON_OBJECT) {
			skip(r);
			name = read_text(r);
			expect(r, ':');
		}
		*last = read_value(r);
		(*last)->name = name;
		last = &(*last)->next;
	}
	r->at++;
	return value;
}

static struct json *
read_word(struct reader *r)
{
	struct json *value = arena_alloc(r->arena, sizeof(*value));
	size_t len = strcspn(r->at, ",]} \t\r\n");

	value->text = arena_strndup(r->arena, r->at, len);
	value->kind = JSON_NUMBER;
	if (strcmp(value->text, "true") == 0)
		value->kind = JSON_TRUE;
	else if (strcmp(value->text, "false") == 0)
		value->kind = JSON_FALSE;
	else if (strcmp(value->text, "null") == 0)
		value->kind = JSON_NULL;
	r->at += len;
	return value;
}

static struct json *
read_value(struct reader *r)
{
	struct json *value;

	skip(r);
	if (*r->at == '{')
		return read_inside(r, JSON_OBJECT, '}');
	if (*r->at == '[')
		return read_inside(r, JSON_LIST, ']');
	if (*r->at != '"')
		return read_word(r);
	value = arena_alloc(r->arena, sizeof(*value));
	value->kind = JSON_TEXT;
	value->text = read_text(r);
	return value;
}

struct json *
json_read(struct arena *arena, const char *path)
{
	struct reader r = { .arena = arena };
	struct buf file = { 0 };
	struct err err = { 0 };

	if (!file_read(path, 64 * 1024 * 1024, &file, &err))
		die("%s: %s", path, err.text);
	r.at = arena_strndup(arena, buf_text(&file), file.len);
	buf_free(&file);
	return read_value(&r);
}

const struct json *
json_get(const struct json *object, const char *name)
{
	for (const struct json *value = object->first; value != NULL; value = value->next) {
		if (value->name != NULL && strcmp(value->name, name) == 0)
			return value;
	}
	return NULL;
}

const char *
json_get_text(const struct json *object, const char *name)
{
	const struct json *value = json_get(object, name);

	return value != NULL ? value->text : NULL;
}
