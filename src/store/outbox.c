/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/outbox.c: how deliveries are queued, reported and cancelled. */
#include "store/outbox.h"

#include "store/db.h"
#include "store/statements.h"

/* Whom mail can reach: a living person, with a preferred address that was proved. */
#define REACHABLE                                                              \
	"  CROSS JOIN person AS p ON p.id = s.person"                          \
	"  CROSS JOIN address AS a ON a.person = s.person AND a.preferred = 1" \
	"   AND a.verified IS NOT NULL"

static const char sql_subscribers[] =
    "INSERT INTO outbox (post, person, address, state, next, created)"
    " SELECT $1, s.person, a.id, 'due', $5, $5"
    "  FROM subscription AS s" REACHABLE " WHERE s.forum = $2"
    "   AND (s.mode = 'each' OR (s.mode = 'topics' AND $4 <> 0))"
    "   AND (s.paused IS NULL OR s.paused <= $5)"
    "   AND p.state IN ('active', 'stranger')"
    "   AND NOT EXISTS (SELECT 1 FROM follow AS f WHERE f.thread = $3 AND f.person = s.person)";
/* Who follows or mutes the thread was left out above: of them, the followers. */
static const char sql_followers[] =
    "INSERT INTO outbox (post, person, address, state, next, created)"
    " SELECT $1, s.person, a.id, 'due', $4, $4"
    "  FROM follow AS s" REACHABLE
    "  LEFT JOIN subscription AS b ON b.forum = $3 AND b.person = s.person"
    " WHERE s.thread = $2"
    "   AND s.how = 'follow'"
    "   AND (b.paused IS NULL OR b.paused <= $4)"
    "   AND p.state IN ('active', 'stranger')";
static const char sql_drop[] = "DELETE FROM outbox"
			       " WHERE post = $1"
			       "   AND person = (SELECT person FROM address WHERE folded = $2)"
			       "   AND address = (SELECT id FROM address WHERE folded = $2)";
static const char sql_notice[] =
    "INSERT INTO outbox (notice, person, address, state, next, created)"
    " VALUES ($1, $2, $3, 'due', $4, $4)";
static const char sql_sent[] =
    "UPDATE outbox"
    "   SET state = 'sent', attempts = attempts + 1, done = $2, answer = $3"
    " WHERE id = $1 AND state = 'due'";
static const char sql_failed[] =
    "UPDATE outbox"
    "   SET state = 'failed', attempts = attempts + 1, done = $2, answer = $3"
    " WHERE id = $1 AND state = 'due'";
static const char sql_retry[] = "UPDATE outbox"
				"   SET attempts = attempts + 1, tries = 0, next = $2, answer = $3"
				" WHERE id = $1 AND state = 'due'";
static const char sql_bring_near[] =
    "UPDATE outbox SET next = CASE WHEN $2 > 0 THEN MAX($1, next - $2) ELSE $1 END"
    " WHERE state = 'due' AND next > CASE WHEN $2 > 0 THEN $1 ELSE $1 + $3 END";
static const char sql_started[] =
    "UPDATE outbox"
    "   SET tries = tries + 1,"
    "       state = CASE WHEN tries + 1 >= $3 THEN 'aside' ELSE 'due' END,"
    "       done = CASE WHEN tries + 1 >= $3 THEN $2 ELSE NULL END"
    " WHERE id = $1 AND state = 'due'";
static const char sql_last[] = "SELECT coalesce(max(id), 0) FROM outbox";
static const char sql_replay[] = "UPDATE outbox"
				 "   SET state = 'due', tries = 0, next = $2, done = NULL"
				 " WHERE id = $1 AND state = 'aside'";
static const char sql_cancel_post[] = "UPDATE outbox SET state = 'cancelled', done = $2"
				      " WHERE post = $1 AND state = 'due'";
static const char sql_cancel_person[] =
    "UPDATE outbox SET state = 'cancelled', done = $3"
    " WHERE person = $1 AND state = 'due' AND post IS NOT NULL"
    "   AND ($2 = 0 OR post IN (SELECT id FROM post WHERE forum = $2 AND id = outbox.post))";

/* Rows come in the order of time: of the oldest those that have an end, and one before that day. */
static const char sql_clean[] =
    "DELETE FROM outbox WHERE id IN"
    " (SELECT id FROM (SELECT id, state, done FROM outbox AS oldest ORDER BY id LIMIT 2000)"
    "   WHERE state IN ('sent', 'failed', 'cancelled') AND done < $1"
    "   LIMIT 1000)";
/* The reports of those that go stay, and name nothing. */
static const char sql_clean_bounce[] =
    "UPDATE bounce SET outbox = NULL WHERE outbox IN"
    " (SELECT id FROM (SELECT id, state, done FROM outbox AS oldest ORDER BY id LIMIT 2000)"
    "   WHERE state IN ('sent', 'failed', 'cancelled') AND done < $1"
    "   LIMIT 1000)";

static bool
drop_already(struct db *db, const struct outbox_post *what, int64_t *count, struct err *err)
{
	int64_t dropped;

	for (size_t i = 0; i < what->already_count; i++) {
		if (!db_do(db, sql_drop, DB_VALUES(DB_INT(what->post), DB_TEXT(what->already[i])),
			&dropped, err))
			return false;
		*count -= dropped;
	}
	return true;
}

bool
outbox_add_post(struct db *db, const struct outbox_post *what, int64_t *count, struct err *err)
{
	int64_t subscribers;
	int64_t followers;

	if (!db_do(db, sql_subscribers,
		DB_VALUES(DB_INT(what->post), DB_INT(what->forum), DB_INT(what->thread),
		    DB_INT(what->opens), DB_INT(what->now)),
		&subscribers, err))
		return false;
	if (!db_do(db, sql_followers,
		DB_VALUES(DB_INT(what->post), DB_INT(what->thread), DB_INT(what->forum),
		    DB_INT(what->now)),
		&followers, err))
		return false;
	*count = subscribers + followers;
	return drop_already(db, what, count, err);
}

bool
outbox_add_notice(struct db *db, int64_t notice, int64_t person, int64_t address, int64_t now,
    int64_t *id, struct err *err)
{
	return db_insert(db, sql_notice,
	    DB_VALUES(DB_INT(notice), DB_INT(person), DB_INT(address), DB_INT(now)), id, err);
}

/* One row, if it is due still: told in *changed (may be NULL). */
static bool
report(struct db *db, const char *sql, struct db_values values, bool *changed, struct err *err)
{
	int64_t rows;

	if (!db_do(db, sql, values, &rows, err))
		return false;
	if (changed != NULL)
		*changed = rows > 0;
	return true;
}

bool
outbox_sent(
    struct db *db, int64_t id, int64_t now, struct span answer, bool *changed, struct err *err)
{
	return report(
	    db, sql_sent, DB_VALUES(DB_INT(id), DB_INT(now), DB_TEXT(answer)), changed, err);
}

bool
outbox_failed(
    struct db *db, int64_t id, int64_t now, struct span answer, bool *changed, struct err *err)
{
	return report(
	    db, sql_failed, DB_VALUES(DB_INT(id), DB_INT(now), DB_TEXT(answer)), changed, err);
}

bool
outbox_retry(
    struct db *db, int64_t id, int64_t next, struct span answer, bool *changed, struct err *err)
{
	return report(
	    db, sql_retry, DB_VALUES(DB_INT(id), DB_INT(next), DB_TEXT(answer)), changed, err);
}

bool
outbox_bring_near(struct db *db, int64_t now, int64_t seconds, int64_t most, int64_t *count,
    struct err *err)
{
	return db_do(db, sql_bring_near,
	    DB_VALUES(DB_INT(now), DB_INT(seconds), DB_INT(most)), count, err);
}

bool
outbox_last(struct db *db, int64_t *id, struct err *err)
{
	return db_number(db, sql_last, DB_NO_VALUES, id, err);
}

bool
outbox_started(struct db *db, int64_t id, int64_t now, int64_t most, struct err *err)
{
	return db_do(db, sql_started, DB_VALUES(DB_INT(id), DB_INT(now), DB_INT(most)), NULL, err);
}

bool
outbox_replay(struct db *db, int64_t id, int64_t now, struct err *err)
{
	int64_t rows;

	if (!db_do(db, sql_replay, DB_VALUES(DB_INT(id), DB_INT(now)), &rows, err))
		return false;
	return rows > 0 || err_set(err, ERR_CONFLICT, "This delivery is not set aside.");
}

bool
outbox_cancel_post(struct db *db, int64_t post, int64_t now, int64_t *count, struct err *err)
{
	return db_do(db, sql_cancel_post, DB_VALUES(DB_INT(post), DB_INT(now)), count, err);
}

bool
outbox_cancel_person(
    struct db *db, int64_t person, int64_t forum, int64_t now, int64_t *count, struct err *err)
{
	return db_do(db, sql_cancel_person, DB_VALUES(DB_INT(person), DB_INT(forum), DB_INT(now)),
	    count, err);
}

bool
outbox_clean(struct db *db, int64_t before, struct err *err)
{
	return db_do(db, sql_clean_bounce, DB_VALUES(DB_INT(before)), NULL, err) &&
	       db_do(db, sql_clean, DB_VALUES(DB_INT(before)), NULL, err);
}

const char *const outbox_statements[] = { sql_clean, sql_clean_bounce, sql_subscribers,
	sql_followers, sql_drop, sql_notice, sql_sent, sql_failed, sql_retry, sql_bring_near,
	sql_started, sql_last,
	sql_replay, sql_cancel_post, sql_cancel_person, NULL };
