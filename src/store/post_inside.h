/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/post_inside.h: the columns of a post and their fields, for post.c and post_list.c. */
#pragma once

#include "store/db.h"
#include "store/post.h"

#define POST_HEAD_COLUMNS                                                                        \
	"p.id, p.forum, p.thread, p.parent, p.awaits, p.chain, p.state, p.hold, p.date, p.sent," \
	" p.message_id, p.alias, p.subject, p.author, p.author_shown, p.organisation_shown,"     \
	" p.capacity, p.door, p.proof, p.body_hash, p.raw, p.kind, p.renderer, p.decided_by,"    \
	" p.decided, p.why, (SELECT o.author_shown FROM post AS o WHERE o.id = p.parent)"

/* What pages read, and by what they know that it is whole; FROM post AS p POST_SUMS. */
#define POST_PAGE_COLUMNS POST_HEAD_COLUMNS ", p.html, p.text, s.page, s.text"
#define POST_SUMS " LEFT JOIN post_sum AS s ON s.post = p.id"

/* clang-format off */
#define POST_HEAD_FIELDS \
	DB_FIELD(INT, struct post, id), \
	DB_FIELD(INT, struct post, forum), \
	DB_FIELD(INT, struct post, thread), \
	DB_FIELD(INT, struct post, parent), \
	DB_FIELD(TEXT, struct post, awaits), \
	DB_FIELD(TEXT, struct post, chain), \
	DB_FIELD(TEXT, struct post, state), \
	DB_FIELD(TEXT, struct post, hold), \
	DB_FIELD(INT, struct post, date), \
	DB_FIELD(INT, struct post, sent), \
	DB_FIELD(TEXT, struct post, message_id), \
	DB_FIELD(TEXT, struct post, alias), \
	DB_FIELD(TEXT, struct post, subject), \
	DB_FIELD(INT, struct post, author), \
	DB_FIELD(TEXT, struct post, author_shown), \
	DB_FIELD(TEXT, struct post, organisation_shown), \
	DB_FIELD(TEXT, struct post, capacity), \
	DB_FIELD(TEXT, struct post, door), \
	DB_FIELD(TEXT, struct post, proof), \
	DB_FIELD(SPAN, struct post, body_hash), \
	DB_FIELD(INT, struct post, raw), \
	DB_FIELD(TEXT, struct post, kind), \
	DB_FIELD(INT, struct post, renderer), \
	DB_FIELD(INT, struct post, decided_by), \
	DB_FIELD(INT, struct post, decided), \
	DB_FIELD(TEXT, struct post, why), \
	DB_FIELD(TEXT, struct post, parent_author)
/* clang-format on */

extern const struct db_fields post_head_fields; /* POST_HEAD_COLUMNS */
extern const struct db_fields post_page_fields; /* POST_PAGE_COLUMNS */

/* post_check() of each. */
bool
post_check_all(struct db *db, const struct post *posts, size_t count, struct err *err);

/* Keeps the sums of a post with all its texts. */
bool
post_sum_keep(struct db *db, int64_t id, const struct post *post, struct err *err);
