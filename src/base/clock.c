/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The clocks, and civil dates by arithmetic. The C library's localtime() knows one
 * zone for the whole process, by the environment; here each person has hers. */
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "base/zone.h"

#ifndef CLOCK_BOOTTIME
#define CLOCK_BOOTTIME CLOCK_MONOTONIC
#endif

enum { DAY = 86400 };

/* First and last second of the years that have four digits. */
static const int64_t first_second = -62135596800, last_second = 253402300799;

/* clang-format off */
static const char weekdays[7][4] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep",
	"Oct", "Nov", "Dec" };
/* clang-format on */

static int64_t held;

static int64_t
clock_us(clockid_t which)
{
	struct timespec now;

	if (clock_gettime(which, &now) != 0)
		die("no clock");
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t
clock_now(void)
{
	return clock_now_us() / 1000000;
}

int64_t
clock_now_us(void)
{
	return held != 0 ? held * 1000000 : clock_us(CLOCK_REALTIME);
}

int64_t
clock_ticks_ms(void)
{
	return clock_us(CLOCK_BOOTTIME) / 1000;
}

int64_t
clock_cpu_us(void)
{
	return clock_us(CLOCK_PROCESS_CPUTIME_ID);
}

void
clock_hold(int64_t seconds)
{
	held = seconds;
}

/* Civil dates: years begin in March here, so that the leap day is their last */

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* Days from 1970-01-01 to a day of the proleptic Gregorian calendar. */
static int64_t
days_of(int64_t year, int month, int day)
{
	int64_t from_march = (month + 9) % 12;

	if (month <= 2)
		year--;
	return year * 365 + floor_div(year, 4) - floor_div(year, 100) + floor_div(year, 400) +
	       (153 * from_march + 2) / 5 + day - 1 - 719468;
}

/* The year is guessed from its mean length and at most one too far. */
static void
date_of_days(int64_t days, struct clock_date *date)
{
	int64_t year = floor_div((days + 719468) * 400, 146097), from_march, rest;

	if (days_of(year, 3, 1) > days)
		year--;
	else if (days_of(year + 1, 3, 1) <= days)
		year++;
	rest = days - days_of(year, 3, 1);
	from_march = (5 * rest + 2) / 153;
	date->day = (int)(rest - (153 * from_march + 2) / 5 + 1);
	date->month = (int)(from_march < 10 ? from_march + 3 : from_march - 9);
	date->year = (int)(year + (date->month <= 2));
	date->weekday = (int)(days + 3 - 7 * floor_div(days + 3, 7));
}

static int64_t
within_years(int64_t seconds)
{
	if (seconds < first_second)
		return first_second;
	return seconds > last_second ? last_second : seconds;
}

/* Dates beyond the years 1 to 9999 are held to their ends. */
struct clock_date
clock_date_at(int64_t seconds, int offset)
{
	struct clock_date date = { .offset = offset };
	int64_t days, rest;

	seconds = within_years(within_years(seconds) + offset);
	days = floor_div(seconds, DAY);
	rest = seconds - days * DAY;
	date_of_days(days, &date);
	date.hour = (int)(rest / 3600);
	date.minute = (int)(rest / 60 % 60);
	date.second = (int)(rest % 60);
	return date;
}

int64_t
clock_seconds_of(const struct clock_date *date)
{
	return days_of(date->year, date->month, date->day) * DAY + date->hour * 3600 +
	       date->minute * 60 + date->second - date->offset;
}

struct clock_date
clock_date_in(int64_t seconds, const char *zone)
{
	return clock_date_at(seconds, zone_offset(zone, seconds));
}

/* Dates as text; English whatever the reader's language, as the RFCs have it */

void
clock_format_mail(int64_t seconds, const char *zone, char out[40])
{
	struct clock_date d = clock_date_in(seconds, zone);
	int minutes = abs(d.offset) / 60;

	(void)snprintf(out, 40, "%s, %02d %s %04d %02d:%02d:%02d %c%02d%02d", weekdays[d.weekday],
	    d.day, months[d.month - 1], d.year, d.hour, d.minute, d.second,
	    d.offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

void
clock_format_iso(int64_t seconds, char out[24])
{
	struct clock_date d = clock_date_at(seconds, 0);

	(void)snprintf(out, 24, "%04d-%02d-%02dT%02d:%02d:%02dZ", d.year, d.month, d.day, d.hour,
	    d.minute, d.second);
}

void
clock_format_http(int64_t seconds, char out[32])
{
	struct clock_date d = clock_date_at(seconds, 0);

	(void)snprintf(out, 32, "%s, %02d %s %04d %02d:%02d:%02d GMT", weekdays[d.weekday], d.day,
	    months[d.month - 1], d.year, d.hour, d.minute, d.second);
}
