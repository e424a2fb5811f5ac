/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/outbox_read.c: what waits, what left, what is aside. */
#include "store/db.h"
#include "store/outbox.h"
#include "store/statements.h"

#define OUTBOX_SELECT                                                                       \
	"SELECT o.id, o.post, o.notice, o.person, o.address, o.state, o.attempts, o.tries," \
	"       o.next, o.created, o.done, o.answer, o.bounced, a.address, p.locale,"       \
	"       COALESCE(m.message_id, n.message_id), m.forum"                              \
	"  FROM outbox AS o"                                                                \
	"  CROSS JOIN address AS a ON a.id = o.address"                                     \
	"  CROSS JOIN person AS p ON p.id = o.person"                                       \
	"  LEFT JOIN post AS m ON m.id = o.post"                                            \
	"  LEFT JOIN notice AS n ON n.id = o.notice"

static const char sql_find[] = OUTBOX_SELECT " WHERE o.id = $1";
static const char sql_due[] = OUTBOX_SELECT " WHERE o.state = 'due' AND o.next <= $1"
					    " ORDER BY o.next, o.id"
					    " LIMIT $2";
static const char sql_next[] = "SELECT next FROM outbox WHERE state = 'due'"
			       " ORDER BY next, id"
			       " LIMIT 1";
static const char sql_list[] = OUTBOX_SELECT " WHERE o.id > $1"
					     "   AND ($3 IS NULL OR o.state = $3)"
					     " ORDER BY o.id"
					     " LIMIT $2";
static const char sql_post[] = OUTBOX_SELECT " WHERE o.post = $1 AND o.person > $2"
					     " ORDER BY o.person"
					     " LIMIT $3";
/* For the console alone: from the newest on until there are enough, perhaps to the oldest. */
static const char sql_person[] =
    OUTBOX_SELECT " WHERE o.id IN (SELECT whole.id FROM outbox AS whole WHERE +whole.person = $1"
		  "                 ORDER BY whole.id DESC LIMIT $2)"
		  " ORDER BY o.id DESC";
static const char sql_count[] = "SELECT COUNT(*) FROM outbox WHERE state = 'due'";
/* What was sent is nearly all of them: it is what the others leave. */
#define OVER " FROM outbox INDEXED BY outbox_over WHERE state IN ('failed','cancelled','aside')"
static const char sql_count_states[] =
    "SELECT 'due', COUNT(*) FROM outbox INDEXED BY outbox_due WHERE state = 'due'"
    " UNION ALL "
    "SELECT 'sent', (SELECT COUNT(*) FROM outbox)"
    "     - (SELECT COUNT(*) FROM outbox INDEXED BY outbox_due WHERE state = 'due')"
    "     - (SELECT COUNT(*)" OVER ")"
    " UNION ALL "
    "SELECT 'failed', COUNT(*)" OVER " AND state = 'failed'"
    " UNION ALL "
    "SELECT 'cancelled', COUNT(*)" OVER " AND state = 'cancelled'"
    " UNION ALL "
    "SELECT 'aside', COUNT(*)" OVER " AND state = 'aside'";
/* Ids come in the order of time. */
static const char sql_oldest[] =
    "SELECT COALESCE((SELECT created FROM outbox"
    "                  WHERE id = (SELECT MIN(id) FROM outbox INDEXED BY outbox_due"
    "                               WHERE state = 'due')), 0)";

/* clang-format off */
static const struct db_field outbox_columns[] = {
	DB_FIELD(INT, struct outbox, id),
	DB_FIELD(INT, struct outbox, post),
	DB_FIELD(INT, struct outbox, notice),
	DB_FIELD(INT, struct outbox, person),
	DB_FIELD(INT, struct outbox, address_id),
	DB_FIELD(TEXT, struct outbox, state),
	DB_FIELD(INT, struct outbox, attempts),
	DB_FIELD(INT, struct outbox, tries),
	DB_FIELD(INT, struct outbox, next),
	DB_FIELD(INT, struct outbox, created),
	DB_FIELD(INT, struct outbox, done),
	DB_FIELD(TEXT, struct outbox, answer),
	DB_FIELD(INT, struct outbox, bounced),
	DB_FIELD(TEXT, struct outbox, address),
	DB_FIELD(TEXT, struct outbox, locale),
	DB_FIELD(TEXT, struct outbox, message_id),
	DB_FIELD(INT, struct outbox, forum),
};
/* clang-format on */
static const struct db_fields outbox_fields = DB_FIELDS(struct outbox, outbox_columns);

bool
outbox_find(struct db *db, struct arena *arena, int64_t id, struct outbox *out, struct err *err)
{
	return db_one(db, arena, sql_find, DB_VALUES(DB_INT(id)), &outbox_fields, out, err);
}

bool
outbox_list_due(struct db *db, struct arena *arena, int64_t now, size_t room, struct outbox **out,
    size_t *count, struct err *err)
{
	return db_list(db, arena, sql_due, DB_VALUES(DB_INT(now), DB_INT((int64_t)room)),
	    &outbox_fields, out, count, err);
}

bool
outbox_next_due(struct db *db, int64_t *next, struct err *err)
{
	return db_number(db, sql_next, DB_NO_VALUES, next, err);
}

bool
outbox_list(struct db *db, struct arena *arena, const char *state, int64_t after, size_t room,
    struct outbox **out, size_t *count, struct err *err)
{
	return db_list(db, arena, sql_list,
	    DB_VALUES(DB_INT(after), DB_INT((int64_t)room), DB_WORD(state)), &outbox_fields, out,
	    count, err);
}

bool
outbox_list_post(struct db *db, struct arena *arena, int64_t post, int64_t after_person,
    size_t room, struct outbox **out, size_t *count, struct err *err)
{
	return db_list(db, arena, sql_post,
	    DB_VALUES(DB_INT(post), DB_INT(after_person), DB_INT((int64_t)room)), &outbox_fields,
	    out, count, err);
}

bool
outbox_list_person(struct db *db, struct arena *arena, int64_t person, size_t room,
    struct outbox **out, size_t *count, struct err *err)
{
	return db_list(db, arena, sql_person, DB_VALUES(DB_INT(person), DB_INT((int64_t)room)),
	    &outbox_fields, out, count, err);
}

bool
outbox_count_due(struct db *db, int64_t *count, struct err *err)
{
	return db_number(db, sql_count, DB_NO_VALUES, count, err);
}

bool
outbox_count_states(
    struct db *db, struct arena *arena, struct db_count **counts, size_t *count, struct err *err)
{
	return db_counts(db, arena, sql_count_states, counts, count, err);
}

bool
outbox_oldest_due(struct db *db, int64_t *created, struct err *err)
{
	return db_number(db, sql_oldest, DB_NO_VALUES, created, err);
}

const char *const outbox_read_statements[] = { sql_find, sql_due, sql_next, sql_list, sql_post, sql_person,
	sql_count, sql_count_states, sql_oldest, NULL };
