/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* How the house does, in numbers: each from an index or a small table. */
#include <string.h>

#include "rules/reading_work.h"
#include "store/house.h"
#include "store/inbox.h"
#include "store/journal.h"
#include "store/outbox.h"
#include "store/readonly.h"

typedef bool
count_fn(struct db *, struct arena *, struct db_count **, size_t *, struct err *);

/* How many are in each state; those that were set aside are added up. */
static bool
count_states(
    struct reading *reading, count_fn *fn, struct tallies *out, int64_t *aside, struct err *err)
{
	struct db_count *counts;
	struct tally *rows;

	if (!fn(reading->db, reading->arena, &counts, &out->count, err))
		return false;
	out->rows = rows = arena_array(reading->arena, out->count, sizeof(*rows));
	for (size_t i = 0; i < out->count; i++) {
		rows[i] = (struct tally){ counts[i].word, counts[i].count };
		if (strcmp(counts[i].word, "aside") == 0)
			*aside += counts[i].count;
	}
	return true;
}

static bool
list_events(struct reading *reading, struct tallies *out, struct err *err)
{
	struct counter *counters;
	struct tally *rows;

	if (!counter_list(reading->db, reading->arena, &counters, &out->count, err))
		return false;
	out->rows = rows = arena_array(reading->arena, out->count, sizeof(*rows));
	for (size_t i = 0; i < out->count; i++)
		rows[i] = (struct tally){ counters[i].name, counters[i].value };
	return true;
}

static bool
find_oldest_due(struct reading *reading, int64_t *seconds, struct err *err)
{
	int64_t created;

	if (!outbox_oldest_due(reading->db, &created, err))
		return false;
	*seconds = created != 0 && created < reading->now ? reading->now - created : 0;
	return true;
}

bool
reading_health(struct reading *reading, struct health_view *view, struct err *err)
{
	struct db *db = reading->db;

	*view = (struct health_view){ .aside = 0 };
	db_sizes(db, &view->book_size, &view->wal_size);
	view->closed = readonly_is(reading->settings->data);
	return count_states(reading, post_count_states, &view->posts, &view->aside, err) &&
	       count_states(reading, inbox_count_states, &view->inbox, &view->aside, err) &&
	       count_states(reading, outbox_count_states, &view->outbox, &view->aside, err) &&
	       list_events(reading, &view->events, err) &&
	       find_oldest_due(reading, &view->oldest_due, err) &&
	       job_next(db, "check", &view->check_next, err) &&
	       person_count_active(db, &view->people, err) && journal_last(db, &view->journal, err);
}
