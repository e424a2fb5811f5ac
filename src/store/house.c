/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "store/house.h"

#include "store/db.h"
#include "store/statements.h"

static const char sql_key_find[] = "SELECT outcome FROM act_key WHERE key = $1";
static const char sql_key_add[] = "INSERT INTO act_key (key, date, outcome) VALUES ($1, $2, $3)";
static const char sql_key_clean[] =
    "DELETE FROM act_key WHERE key IN (SELECT key FROM act_key WHERE date < $1 LIMIT 1000)";
/* A window lies around now, or is begun anew (also where the clock went back). */
static const char sql_rate_take[] =
    "INSERT INTO rate (name, subject, window, count)"
    " VALUES ($1, $2, $3, 1)"
    " ON CONFLICT (name, subject) DO UPDATE"
    "   SET count = CASE WHEN rate.window <= $3 AND rate.window + $4 > $3"
    "                    THEN rate.count + 1 ELSE 1 END,"
    "       window = CASE WHEN rate.window <= $3 AND rate.window + $4 > $3"
    "                     THEN rate.window ELSE $3 END"
    " RETURNING count";
static const char sql_rate_count[] =
    "SELECT COALESCE((SELECT count FROM rate"
    "                  WHERE name = $1 AND subject = $2 AND window <= $3 AND window + $4 > $3), 0)";
static const char sql_rate_clean[] =
    "DELETE FROM rate"
    " WHERE (name, subject) IN (SELECT name, subject FROM rate"
    "                            WHERE window < CASE WHEN name LIKE '%.1y' THEN $1 - 31536000"
    "                                                WHEN name LIKE '%.7d' THEN $1 - 604800"
    "                                                ELSE $1 END LIMIT 1000)";
static const char sql_counter_add[] = "INSERT INTO counter (name, value)"
				      " VALUES ($1, $2)"
				      " ON CONFLICT (name) DO UPDATE"
				      "   SET value = counter.value + excluded.value";
static const char sql_counter_list[] = "SELECT name, value FROM counter ORDER BY name LIMIT 1000";
static const char sql_counter_find[] =
    "SELECT COALESCE((SELECT value FROM counter WHERE name = $1), 0)";
static const char sql_job_next[] =
    "SELECT COALESCE((SELECT MAX(next) FROM job AS small WHERE name = $1), 0)";
static const char sql_job_move[] = "UPDATE job AS small SET next = $2 WHERE name = $1";
static const char sql_job_add[] = "INSERT INTO job (name, next) VALUES ($1, $2)";
static const char sql_public_version[] = "SELECT value FROM public_version WHERE one = 1";

struct key_row {
	struct span outcome;
};

/* clang-format off */
static const struct db_field key_columns[] = {
	DB_FIELD(SPAN, struct key_row, outcome),
};
static const struct db_field counter_columns[] = {
	DB_FIELD(TEXT, struct counter, name),
	DB_FIELD(INT, struct counter, value),
};
/* clang-format on */
static const struct db_fields key_fields = DB_FIELDS(struct key_row, key_columns);
static const struct db_fields counter_fields = DB_FIELDS(struct counter, counter_columns);

bool
act_key_find(struct db *db, struct arena *arena, const uint8_t key[SHA256_SIZE],
    struct span *outcome, struct err *err)
{
	struct key_row row;

	if (!db_one(db, arena, sql_key_find, DB_VALUES(DB_HASH(key)), &key_fields, &row, err))
		return false;
	*outcome = row.outcome;
	return true;
}

bool
act_key_add(struct db *db, const uint8_t key[SHA256_SIZE], struct span outcome, int64_t now,
    struct err *err)
{
	return db_do(
	    db, sql_key_add, DB_VALUES(DB_HASH(key), DB_INT(now), DB_BLOB(outcome)), NULL, err);
}

bool
act_key_clean(struct db *db, int64_t before, struct err *err)
{
	return db_do(db, sql_key_clean, DB_VALUES(DB_INT(before)), NULL, err);
}

bool
rate_take(struct db *db, const char *name, const char *subject, int64_t now, int64_t window,
    int64_t *count, struct err *err)
{
	return db_number(db, sql_rate_take,
	    DB_VALUES(DB_WORD(name), DB_WORD(subject), DB_INT(now), DB_INT(window)), count, err);
}

bool
rate_count(struct db *db, const char *name, const char *subject, int64_t now, int64_t window,
    int64_t *count, struct err *err)
{
	return db_number(db, sql_rate_count,
	    DB_VALUES(DB_WORD(name), DB_WORD(subject), DB_INT(now), DB_INT(window)), count, err);
}

bool
rate_clean(struct db *db, int64_t before, struct err *err)
{
	return db_do(db, sql_rate_clean, DB_VALUES(DB_INT(before)), NULL, err);
}

bool
counter_add(struct db *db, const char *name, int64_t value, struct err *err)
{
	return db_do(db, sql_counter_add, DB_VALUES(DB_WORD(name), DB_INT(value)), NULL, err);
}

bool
counter_list(
    struct db *db, struct arena *arena, struct counter **counters, size_t *count, struct err *err)
{
	return db_list(
	    db, arena, sql_counter_list, DB_NO_VALUES, &counter_fields, counters, count, err);
}

bool
counter_find(struct db *db, const char *name, int64_t *value, struct err *err)
{
	return db_number(db, sql_counter_find, DB_VALUES(DB_WORD(name)), value, err);
}

bool
job_next(struct db *db, const char *name, int64_t *next, struct err *err)
{
	return db_number(db, sql_job_next, DB_VALUES(DB_WORD(name)), next, err);
}

bool
job_set(struct db *db, const char *name, int64_t next, struct err *err)
{
	int64_t moved;

	return db_do(
		   db, sql_job_move, DB_VALUES(DB_WORD(name), DB_INT(next)), &moved, err) &&
	       (moved > 0 ||
		   db_do(db, sql_job_add, DB_VALUES(DB_WORD(name), DB_INT(next)), NULL, err));
}

bool
public_version_read(struct db *db, int64_t *version, struct err *err)
{
	return db_number(db, sql_public_version, DB_NO_VALUES, version, err);
}

const char *const house_statements[] = { sql_key_find, sql_key_add, sql_key_clean, sql_rate_take,
	sql_rate_count, sql_rate_clean, sql_counter_add, sql_counter_list, sql_counter_find,
	sql_job_next, sql_job_move, sql_job_add, sql_public_version, NULL };
