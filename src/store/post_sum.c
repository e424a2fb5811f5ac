/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/post_sum.c: is a post what was written? Its mail lies in table raw with a hash of its
 * own; what pages show was made of that once, and nothing else would tell if it changed. */
#include "base/sum.h"
#include "store/db.h"
#include "store/post.h"
#include "store/post_inside.h"
#include "store/statements.h"

enum { SLICE = 200 };

static const char sql_set[] =
    "INSERT INTO post_sum (post, page, text, source)"
    " VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (post) DO UPDATE"
    "   SET page = excluded.page, text = excluded.text, source = excluded.source";
#define WHOLE_COLUMNS                                                                        \
	"p.id, p.subject, p.author_shown, p.organisation_shown, p.capacity, p.html, p.text," \
	" p.source, s.page, s.text, s.source"
static const char sql_one[] =
    "SELECT " WHOLE_COLUMNS " FROM post AS p" POST_SUMS " WHERE p.id = $1";
static const char sql_some[] =
    "SELECT " WHOLE_COLUMNS " FROM post AS p" POST_SUMS " WHERE p.id > $1"
    " ORDER BY p.id"
    " LIMIT $2";

/* clang-format off */
static const struct db_field whole_columns[] = {
	DB_FIELD(INT, struct post, id),
	DB_FIELD(TEXT, struct post, subject),
	DB_FIELD(TEXT, struct post, author_shown),
	DB_FIELD(TEXT, struct post, organisation_shown),
	DB_FIELD(TEXT, struct post, capacity),
	DB_FIELD(SPAN, struct post, html),
	DB_FIELD(SPAN, struct post, text),
	DB_FIELD(SPAN, struct post, source),
	DB_FIELD(INT, struct post, page_sum),
	DB_FIELD(INT, struct post, text_sum),
	DB_FIELD(INT, struct post, source_sum),
};
/* clang-format on */
static const struct db_fields whole_fields = DB_FIELDS(struct post, whole_columns);

static int64_t
page_sum(const struct post *post)
{
	const char *const words[] = { post->subject, post->author_shown, post->organisation_shown,
		post->capacity };
	int64_t sum = 0;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		sum = sum_add(sum, span_of(words[i] != NULL ? words[i] : ""));
	return sum_add(sum, post->html);
}

bool
post_check(struct db *db, const struct post *post, struct err *err)
{
	if ((post->page_sum == 0 || post->page_sum == page_sum(post)) &&
	    (post->text_sum == 0 || post->text_sum == sum_add(0, post->text)) &&
	    (post->source_sum == 0 || post->source_sum == sum_add(0, post->source)))
		return true;
	return db_damaged(db, "post", post->id, err);
}

bool
post_check_all(struct db *db, const struct post *posts, size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++)
		if (!post_check(db, &posts[i], err))
			return false;
	return true;
}

bool
post_sum_keep(struct db *db, int64_t id, const struct post *post, struct err *err)
{
	return db_do(db, sql_set,
	    DB_VALUES(DB_INT(id), DB_INT(page_sum(post)), DB_INT(sum_add(0, post->text)),
		DB_INT(sum_add(0, post->source))),
	    NULL, err);
}

bool
post_sum_set(struct db *db, int64_t id, struct err *err)
{
	struct arena *arena = arena_new();
	struct post post;
	bool done = db_one(db, arena, sql_one, DB_VALUES(DB_INT(id)), &whole_fields, &post, err) &&
		    post_sum_keep(db, id, &post, err);

	arena_free(&arena);
	return done;
}

static bool
list_some(struct db *db, struct arena *arena, int64_t after, size_t room, struct post **posts,
    size_t *count, struct err *err)
{
	return db_list(db, arena, sql_some, DB_VALUES(DB_INT(after), DB_INT((int64_t)room)),
	    &whole_fields, posts, count, err);
}

bool
post_check_some(struct db *db, int64_t after, size_t room, int64_t *last, struct err *err)
{
	struct arena *arena = arena_new();
	struct post *posts;
	size_t count;
	bool good = list_some(db, arena, after, room, &posts, &count, err);

	*last = 0;
	for (size_t i = 0; good && i < count; i++) {
		*last = posts[i].id;
		good = posts[i].page_sum != 0 ? post_check(db, &posts[i], err)
					      : db_damaged(db, "post", posts[i].id, err);
	}
	arena_free(&arena);
	return good;
}

static bool
fill_slice(struct db *db, int64_t *after, bool *more, struct err *err)
{
	struct arena *arena = arena_new();
	struct post *posts;
	size_t count;
	bool good = list_some(db, arena, *after, SLICE, &posts, &count, err);

	*more = good && count > 0;
	for (size_t i = 0; good && i < count; i++) {
		*after = posts[i].id;
		good = posts[i].page_sum != 0 || post_sum_keep(db, posts[i].id, &posts[i], err);
	}
	arena_free(&arena);
	return good;
}

bool
post_sum_fill(struct db *db, struct err *err)
{
	int64_t after = 0;
	bool more = true;

	while (more)
		if (!fill_slice(db, &after, &more, err))
			return false;
	return true;
}

const char *const post_sum_statements[] = { sql_set, sql_one, sql_some, NULL };
