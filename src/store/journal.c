/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "store/journal.h"

#include <inttypes.h>

#include "base/token.h"
#include "store/db.h"
#include "store/statements.h"

enum { SALT_SIZE = 16, CHECK_PAGE = 1000 };

static const char sql_last_chain[] = "SELECT chain FROM journal ORDER BY id DESC LIMIT 1";
static const char sql_last[] = "SELECT COALESCE(MAX(id), 0) FROM journal";
static const char sql_add_text[] = "INSERT INTO journal_text (salt, text) VALUES ($1, $2)";
static const char sql_add[] =
    "INSERT INTO journal"
    " (date, act, actor, door, object, forum, outcome, text, texthash, chain)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
static const char sql_list[] =
    "SELECT j.id, j.date, j.act, j.actor, j.door, j.object, j.forum, j.outcome, t.text"
    "  FROM journal AS j"
    "  LEFT JOIN journal_text AS t ON t.id = j.text"
    " WHERE j.id < $1"
    "   AND ($2 = 0 OR j.forum = $2)"
    " ORDER BY j.id DESC"
    " LIMIT $3";
/* For the console alone: no index knows the objects. */
static const char sql_object[] =
    "SELECT whole.id, whole.date, whole.act, whole.actor, whole.door, whole.object, whole.forum,"
    "       whole.outcome, t.text"
    "  FROM journal AS whole"
    "  LEFT JOIN journal_text AS t ON t.id = whole.text"
    " WHERE whole.object = $1"
    " ORDER BY whole.id DESC"
    " LIMIT $2";
/* The row that names the text stays as it is: the chain knows its number. */
static const char sql_erase[] = "DELETE FROM journal_text"
				" WHERE id = (SELECT text FROM journal WHERE id = $1)";
static const char sql_check[] =
    "SELECT j.id, j.date, j.act, j.actor, j.door, j.object, j.forum, j.outcome, t.text,"
    "       j.text, j.texthash, j.chain, t.salt"
    "  FROM journal AS j"
    "  LEFT JOIN journal_text AS t ON t.id = j.text"
    " WHERE j.id > $1"
    " ORDER BY j.id"
    " LIMIT $2";

/* A row as the check reads it. */
struct link {
	struct journal entry;
	int64_t text_id;
	struct span texthash, chain, salt;
};

/* clang-format off */
#define JOURNAL_FIELDS(type, at) \
	DB_FIELD(INT, type, at id), \
	DB_FIELD(INT, type, at date), \
	DB_FIELD(TEXT, type, at act), \
	DB_FIELD(INT, type, at actor), \
	DB_FIELD(TEXT, type, at door), \
	DB_FIELD(TEXT, type, at object), \
	DB_FIELD(INT, type, at forum), \
	DB_FIELD(TEXT, type, at outcome), \
	DB_FIELD(SPAN, type, at text)

static const struct db_field journal_columns[] = {
	JOURNAL_FIELDS(struct journal, ),
};
static const struct db_field link_columns[] = {
	JOURNAL_FIELDS(struct link, entry.),
	DB_FIELD(INT, struct link, text_id),
	DB_FIELD(SPAN, struct link, texthash),
	DB_FIELD(SPAN, struct link, chain),
	DB_FIELD(SPAN, struct link, salt),
};
/* clang-format on */
static const struct db_fields journal_fields = DB_FIELDS(struct journal, journal_columns);
static const struct db_fields link_fields = DB_FIELDS(struct link, link_columns);

/* Each with its length before it, so that no two entries read alike. */
static void
add_octets(struct sha256 *h, struct span octets)
{
	uint8_t length[8];

	for (size_t i = 0; i < sizeof(length); i++)
		length[i] = (uint8_t)((uint64_t)octets.len >> (8 * i));
	sha256_add(h, length, sizeof(length));
	sha256_add(h, octets.data, octets.len);
}

static void
add_number(struct sha256 *h, int64_t number)
{
	uint8_t octets[8];

	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)((uint64_t)number >> (8 * i));
	add_octets(h, span_make(octets, sizeof(octets)));
}

static void
hash_text(struct span salt, struct span text, uint8_t out[SHA256_SIZE])
{
	struct sha256 *h = sha256_new();

	sha256_add(h, salt.data, salt.len);
	sha256_add(h, text.data, text.len);
	sha256_end(&h, out);
}

static void
hash_entry(struct span before, const struct journal *entry, int64_t text_id,
    const uint8_t texthash[SHA256_SIZE], uint8_t out[SHA256_SIZE])
{
	struct sha256 *h = sha256_new();

	add_octets(h, before);
	add_number(h, entry->date);
	add_octets(h, span_of(entry->act));
	add_number(h, entry->actor);
	add_octets(h, span_of(entry->door));
	add_octets(h, span_of(entry->object));
	add_number(h, entry->forum);
	add_octets(h, span_of(entry->outcome));
	add_number(h, text_id);
	add_octets(h, span_make(texthash, SHA256_SIZE));
	sha256_end(&h, out);
}

/* The chain so far; 32 zeros where there is none. */
static bool
read_last(struct db *db, uint8_t chain[SHA256_SIZE], struct err *err)
{
	struct db_cursor cursor;
	struct span octets;
	bool sound = true;

	for (size_t i = 0; i < SHA256_SIZE; i++)
		chain[i] = 0;
	db_query(db, sql_last_chain, DB_NO_VALUES, &cursor);
	if (db_next(&cursor)) {
		octets = db_octets(&cursor, 0);
		sound = octets.len == SHA256_SIZE;
		for (size_t i = 0; sound && i < SHA256_SIZE; i++)
			chain[i] = (uint8_t)octets.data[i];
	}
	if (!db_end(&cursor, err))
		return false;
	return sound || err_set(err, ERR_BROKEN, "The last entry of the journal is damaged.");
}

bool
journal_add(struct db *db, const struct journal *entry, int64_t *id, struct err *err)
{
	uint8_t salt[SALT_SIZE];
	uint8_t before[SHA256_SIZE];
	uint8_t texthash[SHA256_SIZE];
	uint8_t chain[SHA256_SIZE];
	int64_t text_id = 0;

	token_random(salt, sizeof(salt));
	if (!read_last(db, before, err))
		return false;
	if (entry->text.len == 0)
		hash_text((struct span){ NULL, 0 }, entry->text, texthash);
	else
		hash_text(span_make(salt, sizeof(salt)), entry->text, texthash);
	if (entry->text.len > 0 &&
	    !db_insert(db, sql_add_text,
		DB_VALUES(DB_BLOB(span_make(salt, sizeof(salt))), DB_TEXT(entry->text)), &text_id,
		err))
		return false;
	hash_entry(span_make(before, sizeof(before)), entry, text_id, texthash, chain);
	return db_insert(db, sql_add,
	    DB_VALUES(DB_INT(entry->date), DB_WORD(entry->act), DB_ID(entry->actor),
		DB_WORD(entry->door), DB_WORD(entry->object), DB_ID(entry->forum),
		DB_WORD(entry->outcome), DB_ID(text_id), DB_HASH(texthash), DB_HASH(chain)),
	    id, err);
}

bool
journal_list(struct db *db, struct arena *arena, int64_t forum, int64_t before, size_t room,
    struct journal **out, size_t *count, struct err *err)
{
	int64_t id = before == 0 ? INT64_MAX : before;

	return db_list(db, arena, sql_list,
	    DB_VALUES(DB_INT(id), DB_INT(forum), DB_INT((int64_t)room)), &journal_fields, out,
	    count, err);
}

bool
journal_list_object(struct db *db, struct arena *arena, const char *object, size_t room,
    struct journal **out, size_t *count, struct err *err)
{
	return db_list(db, arena, sql_object,
	    DB_VALUES(DB_TEXT(span_of(object)), DB_INT((int64_t)room)), &journal_fields, out, count,
	    err);
}

bool
journal_erase(struct db *db, int64_t id, struct err *err)
{
	return db_do(db, sql_erase, DB_VALUES(DB_INT(id)), NULL, err);
}

/* Is it what its hashes say? before: the chain up to it, changed to the chain with it. */
static bool
check_link(const struct link *link, int64_t expected, uint8_t before[SHA256_SIZE])
{
	uint8_t hash[SHA256_SIZE];

	if (link->entry.id != expected || link->chain.len != SHA256_SIZE ||
	    link->texthash.len != SHA256_SIZE)
		return false;
	/* An erased text has no salt any more; one that never was has no id. */
	if (link->salt.len > 0 || link->text_id == 0) {
		hash_text(link->salt, link->entry.text, hash);
		if (!token_equal(hash, link->texthash.data, SHA256_SIZE))
			return false;
	}
	hash_entry(span_make(before, SHA256_SIZE), &link->entry, link->text_id,
	    (const uint8_t *)link->texthash.data, hash);
	if (!token_equal(hash, link->chain.data, SHA256_SIZE))
		return false;
	for (size_t i = 0; i < SHA256_SIZE; i++)
		before[i] = hash[i];
	return true;
}

static bool
check_page(struct db *db, struct arena *arena, uint8_t before[SHA256_SIZE], int64_t *last,
    size_t *count, struct err *err)
{
	struct link *links;

	if (!db_list(db, arena, sql_check, DB_VALUES(DB_INT(*last), DB_INT(CHECK_PAGE)),
		&link_fields, &links, count, err))
		return false;
	for (size_t i = 0; i < *count; i++) {
		if (!check_link(&links[i], *last + 1, before))
			return err_set(err, ERR_BROKEN,
			    "Entry %" PRId64 " of the journal is not as it was written.",
			    *last + 1);
		*last = links[i].entry.id;
	}
	return true;
}

bool
journal_check(struct db *db, int64_t *entries, struct err *err)
{
	struct arena *arena = arena_new();
	uint8_t before[SHA256_SIZE] = { 0 };
	size_t count = CHECK_PAGE;
	bool good = true;

	*entries = 0;
	while (good && count == CHECK_PAGE) {
		good = check_page(db, arena, before, entries, &count, err);
		arena_reset(arena);
	}
	arena_free(&arena);
	return good;
}

bool
journal_last(struct db *db, int64_t *id, struct err *err)
{
	return db_number(db, sql_last, DB_NO_VALUES, id, err);
}

const char *const journal_statements[] = { sql_object, sql_last_chain, sql_add_text, sql_add, sql_list,
	sql_erase, sql_check, sql_last, NULL };
