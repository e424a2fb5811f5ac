/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Time zones by our own reading of the system's TZif files (RFC 9636): the C
 * library knows one zone for the whole process. */
#include "base/zone.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/str.h"

#define ZONE_FOLDER "/usr/share/zoneinfo/"

enum {
	DAY = 86400,
	ZONE_NAME_MAX = 63,
	ZONE_FILE_MAX = 256 * 1024,
	ZONE_HEAD = 44, /* octets of a TZif header */
	ZONES_CACHED = 4,
	ZONE_TYPES_MAX = 256, /* RFC 9636 §3.2: the index of a type is one octet */
	OFFSET_MAX = 26 * 3600
};

/* What comes after a file's last transition: a POSIX TZ string */

struct zone_day {
	char kind;	      /* 'J': 1-365, no leap day; 'N': 0-365; 'M': month.week.weekday */
	int month, week, day; /* day: of the year, or 0 = Sunday */
	int seconds;	      /* of the day, may be negative or over a day */
};

struct zone_rule {
	int standard, summer; /* seconds east of UTC */
	bool has_summer;
	struct zone_day from, to;
};

struct zone_time {
	int64_t from;
	int offset;
};

struct zone {
	char name[ZONE_NAME_MAX + 1];
	int before;		 /* offset before the first time */
	struct zone_time *times; /* owned, ascending */
	size_t count;
	struct zone_rule rule; /* after the last */
	bool has_rule;
};

static bool
cut_char(struct span *s, char c)
{
	if (s->len == 0 || s->data[0] != c)
		return false;
	*s = span_from(*s, 1);
	return true;
}

static bool
cut_int(struct span *s, int max, int *value)
{
	size_t len = 0;
	int64_t number;

	while (len < s->len && ascii_is_digit(s->data[len]))
		len++;
	if (!span_int(span_first(*s, len), 0, max, &number))
		return false;
	*value = (int)number;
	*s = span_from(*s, len);
	return true;
}

/* [+-]hh[:mm[:ss]] */
static bool
cut_time(struct span *s, int *seconds)
{
	bool negative = cut_char(s, '-');
	int hours, minutes = 0, rest = 0;

	if (!negative)
		(void)cut_char(s, '+');
	if (!cut_int(s, 167, &hours))
		return false;
	if (cut_char(s, ':') && !cut_int(s, 59, &minutes))
		return false;
	if (cut_char(s, ':') && !cut_int(s, 59, &rest))
		return false;
	*seconds = hours * 3600 + minutes * 60 + rest;
	if (negative)
		*seconds = -*seconds;
	return true;
}

/* "CET" or "<+03>" */
static bool
cut_zone_name(struct span *s)
{
	size_t len = 0;

	if (cut_char(s, '<')) {
		len = span_find(*s, '>');
		*s = span_from(*s, len + 1);
		return len > 0;
	}
	while (len < s->len && ascii_is_alpha(s->data[len]))
		len++;
	*s = span_from(*s, len);
	return len >= 3;
}

static bool
cut_day(struct span *s, struct zone_day *day)
{
	*day = (struct zone_day){ .kind = 'N', .seconds = 2 * 3600 };
	if (!cut_char(s, ','))
		return false;
	if (cut_char(s, 'M')) {
		day->kind = 'M';
		if (!cut_int(s, 12, &day->month) || day->month < 1 || !cut_char(s, '.') ||
		    !cut_int(s, 5, &day->week) || day->week < 1 || !cut_char(s, '.') ||
		    !cut_int(s, 6, &day->day))
			return false;
	} else {
		if (cut_char(s, 'J'))
			day->kind = 'J';
		if (!cut_int(s, 365, &day->day))
			return false;
	}
	return !cut_char(s, '/') || cut_time(s, &day->seconds);
}

/* POSIX counts offsets to the west. */
static bool
rule_read(struct zone_rule *rule, struct span s)
{
	int west;

	*rule = (struct zone_rule){ 0 };
	if (!cut_zone_name(&s) || !cut_time(&s, &west) || abs(west) > OFFSET_MAX)
		return false;
	rule->standard = -west;
	if (s.len == 0)
		return true;
	if (!cut_zone_name(&s))
		return false;
	rule->has_summer = true;
	rule->summer = rule->standard + 3600;
	if (s.len > 0 && s.data[0] != ',') {
		if (!cut_time(&s, &west) || abs(west) > OFFSET_MAX)
			return false;
		rule->summer = -west;
	}
	return cut_day(&s, &rule->from) && cut_day(&s, &rule->to) && s.len == 0;
}

static bool
is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Midnight as if local time were UTC, the first of a month being month 1-13. */
static int64_t
month_start(int year, int month)
{
	struct clock_date date = { .year = year, .month = month, .day = 1 };

	if (month > 12) {
		date.year++;
		date.month = 1;
	}
	return clock_seconds_of(&date);
}

/* The day-th weekday of the week-th week of its month; week 5 is the last. */
static int64_t
month_day(int year, const struct zone_day *day)
{
	int64_t first = month_start(year, day->month);
	int weekday = (clock_date_at(first, 0).weekday + 1) % 7; /* 0 = Sunday */
	int64_t found = first + DAY * ((day->day - weekday + 7) % 7 + 7 * (day->week - 1));

	return found < month_start(year, day->month + 1) ? found : found - (int64_t)7 * DAY;
}

/* Seconds of that day's change in local time, as if local were UTC. */
static int64_t
change_of(int year, const struct zone_day *day)
{
	int days = day->day;

	if (day->kind == 'M')
		return month_day(year, day) + day->seconds;
	if (day->kind == 'J')
		days += (day->day > 59 && is_leap(year)) - 1;
	return month_start(year, 1) + (int64_t)days * DAY + day->seconds;
}

static int
rule_offset(const struct zone_rule *rule, int64_t seconds)
{
	int year;
	int64_t from, to;
	bool summer;

	if (!rule->has_summer)
		return rule->standard;
	year = clock_date_at(seconds, rule->standard).year;
	from = change_of(year, &rule->from) - rule->standard;
	to = change_of(year, &rule->to) - rule->summer;
	if (from < to)
		summer = seconds >= from && seconds < to;
	else
		summer = seconds >= from || seconds < to;
	return summer ? rule->summer : rule->standard;
}

/* The file itself, RFC 9636 §3 */

struct zone_counts {
	size_t utc, standard, leaps, times, types, letters;
};

static int64_t
get_big(struct span s, size_t at, size_t octets)
{
	uint64_t value = (unsigned char)s.data[at] & 0x80 ? UINT64_MAX : 0;

	for (size_t i = 0; i < octets; i++)
		value = value << 8 | (unsigned char)s.data[at + i];
	return (int64_t)value;
}

static bool
cut_head(struct span *s, struct zone_counts *counts)
{
	size_t *const each[] = { &counts->utc, &counts->standard, &counts->leaps, &counts->times,
		&counts->types, &counts->letters };

	if (s->len < ZONE_HEAD || !span_starts(*s, "TZif") || s->data[4] < '2')
		return false;
	for (size_t i = 0; i < 6; i++) {
		int64_t count = get_big(*s, 20 + 4 * i, 4);

		if (count < 0 || count > ZONE_FILE_MAX)
			return false;
		*each[i] = (size_t)count;
	}
	*s = span_from(*s, ZONE_HEAD);
	return true;
}

/* Octets of a block's data where a time has so many octets. */
static size_t
block_len(const struct zone_counts *c, size_t octets)
{
	return c->times * (octets + 1) + c->types * 6 + c->letters + c->leaps * (octets + 4) +
	       c->standard + c->utc;
}

static bool
zone_read_block(struct zone *zone, struct span s, const struct zone_counts *c)
{
	size_t kinds = c->times * 8, types = kinds + c->times;
	int offsets[ZONE_TYPES_MAX] = { 0 };

	for (size_t i = 0; i < c->types; i++) {
		int64_t offset = get_big(s, types + 6 * i, 4);

		if (offset > OFFSET_MAX || offset < -OFFSET_MAX)
			return false;
		offsets[i] = (int)offset;
	}
	zone->before = offsets[0];
	zone->times = x_calloc(c->times, sizeof(*zone->times));
	for (size_t i = 0; i < c->times; i++) {
		size_t type = (unsigned char)s.data[kinds + i];

		if (type >= c->types)
			return false;
		zone->times[i].from = get_big(s, 8 * i, 8);
		zone->times[i].offset = offsets[type];
		if (i > 0 && zone->times[i].from <= zone->times[i - 1].from)
			return false;
	}
	zone->count = c->times;
	return true;
}

static bool
zone_read(struct zone *zone, struct span s)
{
	struct zone_counts old, counts;
	struct span footer;

	if (!cut_head(&s, &old))
		return false;
	s = span_from(s, block_len(&old, 4));
	if (!cut_head(&s, &counts) || counts.types == 0 || counts.types > ZONE_TYPES_MAX ||
	    block_len(&counts, 8) > s.len)
		return false;
	if (!zone_read_block(zone, s, &counts))
		return false;
	footer = span_from(s, block_len(&counts, 8));
	if (cut_char(&footer, '\n'))
		zone->has_rule =
		    rule_read(&zone->rule, span_first(footer, span_find(footer, '\n')));
	return true;
}

static bool
is_zone_name(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > ZONE_NAME_MAX || name[0] == '/' || strstr(name, "..") != NULL)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!ascii_is_alpha(name[i]) && !ascii_is_digit(name[i]) &&
		    strchr("_+-/", name[i]) == NULL)
			return false;
	return true;
}

/* A zone that is not there or not sound is kept too, as UTC: it is not looked for
 * again at each date. */
static void
zone_load(struct zone *zone, const char *name)
{
	char path[sizeof(ZONE_FOLDER) + ZONE_NAME_MAX];
	struct buf data = { 0 };
	struct err err;

	free(zone->times);
	*zone = (struct zone){ 0 };
	(void)snprintf(zone->name, sizeof(zone->name), "%s", name);
	(void)snprintf(path, sizeof(path), ZONE_FOLDER "%s", zone->name);
	if (!file_read(path, ZONE_FILE_MAX, &data, &err) || !zone_read(zone, buf_span(&data))) {
		zone->count = 0;
		zone->before = 0;
	}
	buf_free(&data);
}

/* The last used stand first. */
static const struct zone *
zone_find(const char *name)
{
	static struct zone cache[ZONES_CACHED];
	struct zone found;
	size_t at = 0;

	while (at < ZONES_CACHED - 1 && strcmp(cache[at].name, name) != 0)
		at++;
	if (strcmp(cache[at].name, name) != 0)
		zone_load(&cache[at], name);
	if (at > 0) {
		found = cache[at];
		memmove(cache + 1, cache, at * sizeof(*cache));
		cache[0] = found;
	}
	return &cache[0];
}

static int
zone_offset_at(const struct zone *zone, int64_t seconds)
{
	size_t low = 0, high = zone->count; /* the first time after seconds lies between */

	if (zone->has_rule && (high == 0 || seconds >= zone->times[high - 1].from))
		return rule_offset(&zone->rule, seconds);
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (zone->times[middle].from <= seconds)
			low = middle + 1;
		else
			high = middle;
	}
	return low == 0 ? zone->before : zone->times[low - 1].offset;
}

int
zone_offset(const char *name, int64_t seconds)
{
	if (name == NULL || strcmp(name, "UTC") == 0 || !is_zone_name(name))
		return 0;
	return zone_offset_at(zone_find(name), seconds);
}
