/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "rules/health.h"

#include <stdio.h>

#include "base/clock.h"
#include "rules/delivery.h"
#include "store/house.h"
#include "store/person.h"
#include "text/i18n.h"

enum { DAY = 86400, NIGHT_HOUR = 3 };

const char *const health_closed =
    TR("Nothing can be written here for now: data of this site is damaged, and its "
       "administrators are told. What is there can still be read.");

bool
health_ping(struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	(void)clerk;
	(void)act;
	(void)outcome;
	(void)err;
	return true;
}

static bool
tell_administrators(struct clerk *clerk, const struct act *act, struct err *err)
{
	struct notice_new notice = { .template = "alarm" };
	struct buf input = { 0 };
	struct person *people;
	size_t count;
	bool ok = person_list_administrators(clerk->db, act->arena, &people, &count, err);

	fields_add(&input, "why", fields_get(&act->input, "why"));
	notice.input = buf_span(&input);
	for (size_t i = 0; ok && i < count; i++) {
		notice.person = people[i].id;
		ok = delivery_queue_notice(clerk, act->arena, &notice, err);
	}
	buf_free(&input);
	return ok;
}

bool
health_alarm(struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	struct span why = fields_get(&act->input, "why");

	(void)snprintf(clerk->alarm, sizeof(clerk->alarm), SPAN_FORMAT, SPAN_ARGS(why));
	outcome->text = why;
	return counter_add(clerk->db, "damage.alarm", 1, err) &&
	       tell_administrators(clerk, act, err);
}

bool
health_damage(struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	(void)outcome;
	return counter_add(clerk->db, "damage.read", fields_int(&act->input, "times", 1), err);
}

bool
health_check(struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	(void)act;
	(void)outcome;
	(void)err;
	clerk->check_due = true;
	return true;
}

/* The next time that it is three in the morning there, at least half a day from now. */
static int64_t
next_night(const struct clerk *clerk)
{
	struct clock_date date = clock_date_in(clerk->now + DAY / 2, clerk->settings->site_zone);
	int64_t today = date.hour * 3600 + date.minute * 60 + date.second;
	int64_t wait = NIGHT_HOUR * 3600 - today;

	return clerk->now + DAY / 2 + (wait < 0 ? wait + DAY : wait);
}

bool
health_checked(struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	(void)act;
	(void)outcome;
	return job_set(clerk->db, "check", next_night(clerk), err);
}
