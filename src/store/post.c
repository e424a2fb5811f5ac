/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/post.c: how posts come, change state, and find their place; and one at a time. */
#include "store/post.h"

#include "store/db.h"
#include "store/post_inside.h"
#include "store/statements.h"

static const char sql_add[] =
    "INSERT INTO post (forum, thread, parent, awaits, chain, state, hold, date, sent, message_id,"
    " alias, subject, author, author_shown, organisation_shown, capacity, door, proof, body_hash,"
    " raw, kind, renderer, decided_by, decided, why, html, text, source)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,"
    " $19, $20, $21, $22, $23, $24, $25, $26, $27, $28)";
static const char sql_find[] =
    "SELECT " POST_HEAD_COLUMNS ", p.html, p.text, p.source, s.page, s.text, s.source"
    "  FROM post AS p" POST_SUMS " WHERE p.id = $1";
static const char sql_find_head[] = "SELECT " POST_HEAD_COLUMNS " FROM post AS p WHERE p.id = $1";
static const char sql_move[] = "UPDATE post"
			       "   SET state = $3, decided_by = COALESCE($4, decided_by),"
			       "       decided = COALESCE($5, decided), why = $6"
			       " WHERE id = $1 AND state = $2";
static const char sql_place[] =
    "UPDATE post SET thread = $2, parent = $3, awaits = $4, date = $5 WHERE id = $1";
static const char sql_fill[] =
    "UPDATE post SET parent = $3, awaits = NULL WHERE awaits = $2 AND thread = $1";
static const char sql_parent[] = "UPDATE post SET parent = $2 WHERE id = $1";
static const char sql_hold[] =
    "UPDATE post SET hold = $2, proof = $3 WHERE id = $1 AND state = 'held'";
static const char sql_html[] = "UPDATE post SET html = $2, renderer = $3 WHERE id = $1";

/* clang-format off */
static const struct db_field post_columns[] = {
	POST_HEAD_FIELDS,
	DB_FIELD(SPAN, struct post, html),
	DB_FIELD(SPAN, struct post, text),
	DB_FIELD(SPAN, struct post, source),
	DB_FIELD(INT, struct post, page_sum),
	DB_FIELD(INT, struct post, text_sum),
	DB_FIELD(INT, struct post, source_sum),
};
/* clang-format on */
static const struct db_fields post_fields = DB_FIELDS(struct post, post_columns);

static struct db_value
word_or_null(const char *word)
{
	return word == NULL || word[0] == '\0' ? DB_NULL : DB_WORD(word);
}

static struct db_value
word_or_empty(const char *word)
{
	return DB_TEXT(span_of(word));
}

bool
post_add(struct db *db, const struct post *post, int64_t *id, struct err *err)
{
	int64_t new;
	bool done = db_insert(db, sql_add,
	    DB_VALUES(DB_INT(post->forum), DB_ID(post->thread), DB_ID(post->parent),
		word_or_null(post->awaits), word_or_empty(post->chain), DB_WORD(post->state),
		word_or_empty(post->hold), DB_INT(post->date), DB_INT(post->sent),
		DB_WORD(post->message_id), word_or_null(post->alias), DB_WORD(post->subject),
		DB_INT(post->author), DB_WORD(post->author_shown),
		word_or_empty(post->organisation_shown), word_or_empty(post->capacity),
		DB_WORD(post->door), word_or_empty(post->proof), DB_BLOB(post->body_hash),
		DB_ID(post->raw), DB_WORD(post->kind), DB_INT(post->renderer),
		DB_ID(post->decided_by), DB_ID(post->decided), word_or_empty(post->why),
		DB_TEXT(post->html), DB_TEXT(post->text), DB_TEXT(post->source)),
	    &new, err);

	if (done && id != NULL)
		*id = new;
	return done && post_sum_keep(db, new, post, err);
}

bool
post_find(struct db *db, struct arena *arena, int64_t id, struct post *post, struct err *err)
{
	return db_one(db, arena, sql_find, DB_VALUES(DB_INT(id)), &post_fields, post, err) &&
	       post_check(db, post, err);
}

bool
post_find_head(struct db *db, struct arena *arena, int64_t id, struct post *post, struct err *err)
{
	return db_one(
	    db, arena, sql_find_head, DB_VALUES(DB_INT(id)), &post_head_fields, post, err);
}

bool
post_move(struct db *db, int64_t id, const char *from, const char *to, int64_t by, int64_t now,
    struct span why, struct err *err)
{
	int64_t changed;

	if (!db_do(db, sql_move,
		DB_VALUES(
		    DB_INT(id), DB_WORD(from), DB_WORD(to), DB_ID(by), DB_ID(now), DB_TEXT(why)),
		&changed, err))
		return false;
	return changed > 0 || err_set(err, ERR_CONFLICT, "This post is not %s any more.", from);
}

bool
post_place(struct db *db, int64_t id, int64_t thread, int64_t parent, struct span awaits,
    int64_t date, struct err *err)
{
	return db_do_one(db, sql_place,
	    DB_VALUES(DB_INT(id), DB_ID(thread), DB_ID(parent),
		awaits.len > 0 ? DB_TEXT(awaits) : DB_NULL, DB_INT(date)),
	    err);
}

bool
post_fill(struct db *db, int64_t thread, struct span message_id, int64_t parent, int64_t *filled,
    struct err *err)
{
	return db_do(db, sql_fill, DB_VALUES(DB_INT(thread), DB_TEXT(message_id), DB_INT(parent)),
	    filled, err);
}

bool
post_set_parent(struct db *db, int64_t id, int64_t parent, struct err *err)
{
	return db_do_one(db, sql_parent, DB_VALUES(DB_INT(id), DB_ID(parent)), err);
}

bool
post_set_hold(struct db *db, int64_t id, const char *hold, const char *proof, struct err *err)
{
	int64_t changed;

	if (!db_do(
		db, sql_hold, DB_VALUES(DB_INT(id), DB_WORD(hold), DB_WORD(proof)), &changed, err))
		return false;
	return changed > 0 || err_set(err, ERR_CONFLICT, "This post is not held any more.");
}

bool
post_set_html(struct db *db, int64_t id, struct span html, int64_t renderer, struct err *err)
{
	return db_do_one(
		   db, sql_html, DB_VALUES(DB_INT(id), DB_TEXT(html), DB_INT(renderer)), err) &&
	       post_sum_set(db, id, err);
}

const char *const post_statements[] = { sql_add, sql_find, sql_find_head, sql_move, sql_place,
	sql_fill, sql_parent, sql_hold, sql_html, NULL };
