/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/db_row.c: statements and their rows in one call. */
#include <string.h>

#include "base/alloc.h"
#include "store/db.h"
#include "store/db_inside.h"

enum { LIST_START = 16 };

struct db_value
db_value_id(int64_t id)
{
	return id == 0 ? DB_NULL : DB_INT(id);
}

struct db_value
db_value_word(const char *word)
{
	return word == NULL ? DB_NULL : DB_TEXT(span_of(word));
}

static bool
no_row(struct err *err)
{
	return err_set(err, ERR_NOT_FOUND, "There is no such thing.");
}

bool
db_do(struct db *db, const char *sql, struct db_values values, int64_t *changed, struct err *err)
{
	struct db_cursor cursor;

	db_query(db, sql, values, &cursor);
	while (db_next(&cursor))
		;
	if (!db_end(&cursor, err))
		return false;
	if (changed != NULL)
		*changed = db_changes(db);
	return true;
}

bool
db_say(struct db *db, const char *sql, struct err *err)
{
	return db_do(db, sql, DB_NO_VALUES, NULL, err);
}

bool
db_do_one(struct db *db, const char *sql, struct db_values values, struct err *err)
{
	int64_t changed;

	if (!db_do(db, sql, values, &changed, err))
		return false;
	return changed > 0 || no_row(err);
}

bool
db_insert(struct db *db, const char *sql, struct db_values values, int64_t *id, struct err *err)
{
	if (!db_do(db, sql, values, NULL, err))
		return false;
	if (id != NULL)
		*id = db_new_id(db);
	return true;
}

bool
db_number(struct db *db, const char *sql, struct db_values values, int64_t *number, struct err *err)
{
	struct db_cursor cursor;
	bool found;

	db_query(db, sql, values, &cursor);
	found = db_next(&cursor);
	if (found)
		*number = db_int(&cursor, 0);
	while (db_next(&cursor))
		;
	if (!db_end(&cursor, err))
		return false;
	return found || no_row(err);
}

static void
read_field(const struct db_cursor *cursor, int column, struct arena *arena,
    const struct db_field *field, char *row)
{
	void *place = row + field->offset;
	struct span octets;

	switch (field->kind) {
	case DB_FIELD_INT:
		*(int64_t *)place = db_int(cursor, column);
		return;
	case DB_FIELD_BOOL:
		*(bool *)place = db_int(cursor, column) != 0;
		return;
	case DB_FIELD_TEXT:
		octets = db_octets(cursor, column);
		*(const char **)place =
		    octets.len == 0 ? "" : arena_strndup(arena, octets.data, octets.len);
		return;
	case DB_FIELD_SPAN:
		octets = db_octets(cursor, column);
		*(struct span *)place =
		    octets.len == 0 ? (struct span){ "", 0 } : arena_span(arena, octets);
		return;
	default:
		die("book: field of kind %d", (int)field->kind);
	}
}

static void
read_row(
    const struct db_cursor *cursor, struct arena *arena, const struct db_fields *fields, char *row)
{
	if ((size_t)db_columns(cursor) != fields->count)
		die("book: %d columns for %zu fields", db_columns(cursor), fields->count);
	for (size_t i = 0; i < fields->count; i++)
		read_field(cursor, (int)i, arena, &fields->items[i], row);
}

bool
db_one(struct db *db, struct arena *arena, const char *sql, struct db_values values,
    const struct db_fields *fields, void *out, struct err *err)
{
	struct db_cursor cursor;
	bool found;

	memset(out, 0, fields->size);
	db_query(db, sql, values, &cursor);
	found = db_next(&cursor);
	if (found)
		read_row(&cursor, arena, fields, out);
	if (!db_end(&cursor, err))
		return false;
	return found || no_row(err);
}

static char *
grow_list(struct arena *arena, const char *old, size_t *room, size_t size)
{
	size_t wider = *room == 0 ? LIST_START : *room * 2;
	char *rows = arena_array(arena, wider, size);

	if (*room > 0)
		memcpy(rows, old, *room * size);
	*room = wider;
	return rows;
}

bool
db_list(struct db *db, struct arena *arena, const char *sql, struct db_values values,
    const struct db_fields *fields, void *out, size_t *count, struct err *err)
{
	struct db_cursor cursor;
	size_t room = 0;
	size_t used = 0;
	char *rows = NULL;

	db_query(db, sql, values, &cursor);
	while (db_next(&cursor)) {
		if (used == room)
			rows = grow_list(arena, rows, &room, fields->size);
		read_row(&cursor, arena, fields, rows + used++ * fields->size);
	}
	*(void **)out = rows;
	*count = used;
	return db_end(&cursor, err);
}

bool
db_counts(struct db *db, struct arena *arena, const char *sql, struct db_count **counts,
    size_t *count, struct err *err)
{
	static const struct db_field columns[] = {
		DB_FIELD(TEXT, struct db_count, word),
		DB_FIELD(INT, struct db_count, count),
	};
	static const struct db_fields fields = DB_FIELDS(struct db_count, columns);

	return db_list(db, arena, sql, DB_NO_VALUES, &fields, counts, count, err);
}
