/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "text/mo.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "text/plural.h"

enum { MO_HEADER = 28, MO_ENTRY = 8 };
static const uint32_t mo_magic = 0x950412de, mo_magic_swapped = 0xde120495;

struct mo {
	char *data;
	size_t size;
	bool swapped;
	uint32_t count;	     /* texts, the header among them */
	uint32_t ids, texts; /* offsets of the two tables */
	struct plural plural;
};

static uint32_t
read_u32(const struct mo *mo, size_t offset)
{
	const unsigned char *p = (const unsigned char *)mo->data + offset;
	uint32_t big = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	uint32_t little = (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];

	return mo->swapped ? big : little;
}

/* A text of a table; only after check_text() said it is sound. */
static struct span
text_at(const struct mo *mo, uint32_t table, uint32_t index)
{
	size_t entry = (size_t)table + (size_t)index * MO_ENTRY;

	return span_make(mo->data + read_u32(mo, entry + 4), read_u32(mo, entry));
}

static bool
check_text(const struct mo *mo, uint32_t table, uint32_t index)
{
	size_t entry = (size_t)table + (size_t)index * MO_ENTRY;
	size_t len = read_u32(mo, entry), offset = read_u32(mo, entry + 4);

	return offset < mo->size && len < mo->size - offset && mo->data[offset + len] == '\0' &&
	       utf8_is_valid(span_make(mo->data + offset, len));
}

static bool
check_tables(struct mo *mo, struct err *err)
{
	size_t room;

	mo->count = read_u32(mo, 8);
	mo->ids = read_u32(mo, 12);
	mo->texts = read_u32(mo, 16);
	room = (size_t)mo->count * MO_ENTRY;
	if (room > mo->size || mo->ids > mo->size - room || mo->texts > mo->size - room)
		return err_set(err, ERR_INVALID, "the catalogue is cut");
	for (uint32_t i = 0; i < mo->count; i++) {
		if (!check_text(mo, mo->ids, i) || !check_text(mo, mo->texts, i))
			return err_set(
			    err, ERR_INVALID, "text %u of the catalogue is not sound", i);
		if (i > 0 &&
		    strcmp(text_at(mo, mo->ids, i - 1).data, text_at(mo, mo->ids, i).data) >= 0)
			return err_set(
			    err, ERR_INVALID, "the texts of the catalogue are not in order");
	}
	return true;
}

/* The header is the translation of the empty text: lines "Name: value". */
static struct span
header_field(const struct mo *mo, const char *name)
{
	struct span rest, line;

	if (mo->count == 0 || text_at(mo, mo->ids, 0).len != 0)
		return span_of("");
	rest = text_at(mo, mo->texts, 0);
	while (span_next_line(&rest, &line)) {
		if (span_starts_nocase(line, name))
			return span_trim(span_from(line, strlen(name)));
	}
	return span_of("");
}

static bool
check(struct mo *mo, struct err *err)
{
	uint32_t magic;

	if (mo->size < MO_HEADER)
		return err_set(err, ERR_INVALID, "not a catalogue: too short");
	magic = read_u32(mo, 0);
	mo->swapped = magic == mo_magic_swapped;
	if (magic != mo_magic && magic != mo_magic_swapped)
		return err_set(err, ERR_INVALID, "not a catalogue: no magic number");
	if (read_u32(mo, 4) >> 16 != 0)
		return err_set(err, ERR_INVALID, "a catalogue of an unknown revision");
	if (!check_tables(mo, err))
		return false;
	if (!span_ends(header_field(mo, "Content-Type:"), "charset=UTF-8"))
		return err_set(err, ERR_INVALID, "the catalogue does not say that it is UTF-8");
	return plural_read(&mo->plural, header_field(mo, "Plural-Forms:"), err);
}

bool
mo_open(struct mo **mo, struct span data, struct err *err)
{
	*mo = NULL;
	if (data.len > MO_SIZE_MAX)
		return err_set(
		    err, ERR_INVALID, "the catalogue is longer than %d octets", MO_SIZE_MAX);
	*mo = x_calloc(1, sizeof(**mo));
	(*mo)->data = x_calloc(1, data.len + 1);
	(*mo)->size = data.len;
	if (data.len > 0)
		memcpy((*mo)->data, data.data, data.len);
	if (check(*mo, err))
		return true;
	mo_free(mo);
	return false;
}

void
mo_free(struct mo **mo)
{
	if (*mo == NULL)
		return;
	free((*mo)->data);
	free(*mo);
	*mo = NULL;
}

size_t
mo_count(const struct mo *mo)
{
	return mo->count > 0 ? mo->count - 1 : 0;
}

static struct span
find(const struct mo *mo, const char *id)
{
	uint32_t low = 0, high = mo->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = strcmp(id, text_at(mo, mo->ids, middle).data);

		if (order == 0)
			return text_at(mo, mo->texts, middle);
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return span_of("");
}

const char *
mo_find(const struct mo *mo, const char *id)
{
	struct span text = find(mo, id);

	return *id == '\0' || text.len == 0 || text.data[0] == '\0' ? NULL : text.data;
}

const char *
mo_find_plural(const struct mo *mo, const char *id, uint64_t n)
{
	struct span text = find(mo, id), form;

	if (*id == '\0')
		return NULL;
	for (unsigned int wanted = plural_form(&mo->plural, n);; wanted--) {
		if (!span_next(&text, '\0', &form) || form.len == 0)
			return NULL;
		if (wanted == 0)
			return form.data; /* a NUL follows each form */
	}
}
