/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Dates by the shape of their words, so that their order hardly matters: RFC 5322,
 * RFC 850, asctime, ISO 8601 and their hybrids. */
#include "mail/header.h"

#include <string.h>

#include "base/clock.h"

enum { DATE_MAX = 200 /* octets looked at */, YEAR_MIN = 1970, YEAR_MAX = 2199 };

struct date {
	int year, month, day; /* 0 = not seen yet */
	int hour, minute, second;
	int offset; /* seconds east of UTC */
	bool has_time, has_zone, is_afternoon, is_morning;
};

static const char months[][4] = { "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep",
	"oct", "nov", "dec" };

static const struct {
	char name[5];
	int hours;
} zones[] = { { "ut", 0 }, { "utc", 0 }, { "gmt", 0 }, { "z", 0 }, { "est", -5 }, { "edt", -4 },
	{ "cst", -6 }, { "cdt", -5 }, { "mst", -7 }, { "mdt", -6 }, { "pst", -8 }, { "pdt", -7 },
	{ "cet", 1 }, { "cest", 2 }, { "met", 1 }, { "mest", 2 }, { "mez", 1 }, { "bst", 1 },
	{ "wet", 0 }, { "west", 1 }, { "eet", 2 }, { "eest", 3 }, { "msk", 3 }, { "jst", 9 } };

static int
number(struct span s, int max)
{
	int64_t value;

	return s.len <= 4 && span_int(s, 0, max, &value) ? (int)value : -1;
}

static bool
read_month(struct date *d, struct span word)
{
	for (int i = 0; i < 12; i++)
		if (word.len >= 3 && span_starts_nocase(word, months[i]))
			d->month = i + 1;
	return d->month != 0;
}

/* Two digits: 1970-2069; three: 1900 and so many (RFC 5322 §4.3). */
static void
read_year(struct date *d, struct span word)
{
	int year = number(word, 9999);

	if (word.len == 2)
		year += year < 70 ? 2000 : 1900;
	else if (word.len == 3)
		year += 1900;
	d->year = year;
}

static bool
read_digits(struct date *d, struct span word)
{
	int value = number(word, 9999);

	if (value < 0)
		return false;
	if (word.len <= 2 && d->day == 0 && value >= 1 && value <= 31)
		d->day = value;
	else if (d->year == 0 && word.len >= 2)
		read_year(d, word);
	else if (word.len == 4 && d->has_time && !d->has_zone)
		d->has_zone = true; /* a zone without its sign says nothing */
	else
		return false;
	return true;
}

/* hh:mm, hh:mm:ss, hh:mm:ss.fff */
static bool
read_time(struct date *d, struct span word)
{
	struct span hour, minute, second = SPAN("0");

	word = span_first(word, span_find(word, '.'));
	if (!span_next(&word, ':', &hour) || !span_next(&word, ':', &minute))
		return false;
	if (word.len > 0)
		second = word;
	d->hour = number(hour, 23);
	d->minute = number(minute, 59);
	d->second = number(second, 60);
	if (d->second == 60)
		d->second = 59;
	d->has_time = true;
	return d->hour >= 0 && d->minute >= 0 && d->second >= 0;
}

/* +0100, +01:00, -0500 */
static bool
read_offset(struct date *d, struct span word)
{
	char digits[4];
	size_t n = 0;

	for (size_t i = 1; i < word.len; i++) {
		if (word.data[i] == ':')
			continue;
		if (n == 4)
			return false;
		digits[n++] = word.data[i];
	}
	int hours = n >= 2 ? number(span_make(digits, 2), 23) : -1;
	int minutes = n == 4 ? number(span_make(digits + 2, 2), 59) : 0;
	if (hours < 0 || minutes < 0)
		return false;
	d->offset = (hours * 60 + minutes) * (word.data[0] == '-' ? -60 : 60);
	d->has_zone = true;
	return true;
}

static void
read_zone(struct date *d, struct span word)
{
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		if (!span_is_nocase(word, zones[i].name))
			continue;
		d->offset = zones[i].hours * 3600;
		d->has_zone = true;
	}
	d->is_afternoon |= span_is_nocase(word, "pm");
	d->is_morning |= span_is_nocase(word, "am");
}

/* 2026-03-02, 2026-03-02T17:00:00Z, 2026-03-02T17:00:00+01:00, 02-Mar-2026 */
static bool
read_dashed(struct date *d, struct span word)
{
	struct span part, day = word, time = { 0 };
	size_t n = 0, t = span_find(word, 'T');

	if (t < word.len && t >= 8) {
		day = span_first(word, t);
		time = span_from(word, t + 1);
	}
	while (span_next(&day, '-', &part)) {
		int value = number(part, 9999);
		n++;
		if (n == 1 && part.len == 4)
			d->year = value;
		else if (n == 2 && d->year != 0)
			d->month = value;
		else if (n == 2)
			read_month(d, part);
		else if (n == 3 && d->year == 0 && value >= 0)
			read_year(d, part);
		else
			d->day = value;
	}
	if (time.len == 0)
		return n == 3;
	size_t zone = 0;
	while (zone < time.len && strchr("Zz+-", time.data[zone]) == NULL)
		zone++;
	if (zone < time.len && (time.data[zone] == '+' || time.data[zone] == '-') &&
	    !read_offset(d, span_from(time, zone)))
		return false;
	return n == 3 && read_time(d, span_first(time, zone));
}

static bool
read_word(struct date *d, struct span word)
{
	char first = word.data[0];

	if (first == '+' || (first == '-' && d->has_time))
		return read_offset(d, word);
	if (ascii_is_digit(first) && span_find(word, '-') < word.len)
		return read_dashed(d, word);
	if (span_find(word, ':') < word.len)
		return read_time(d, word);
	if (ascii_is_digit(first))
		return read_digits(d, word);
	if (d->month == 0 && read_month(d, word))
		return true;
	read_zone(d, word);
	return true; /* weekdays and other words */
}

/* The next word: blanks, commas and comments stand between. */
static bool
next_word(struct span *rest, struct span *word)
{
	size_t i = 0, depth = 0;

	for (; i < rest->len; i++) {
		char c = rest->data[i];
		if (c == '(')
			depth++;
		else if (c == ')' && depth > 0)
			depth--;
		else if (depth == 0 && !ascii_is_space(c) && c != ',')
			break;
	}
	size_t begin = i;
	while (i < rest->len && !ascii_is_space(rest->data[i]) && rest->data[i] != ',' &&
	       rest->data[i] != '(')
		i++;
	*word = span_first(span_from(*rest, begin), i - begin);
	*rest = span_from(*rest, i);
	return word->len > 0;
}

static bool
is_date(const struct date *d)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	if (d->year < YEAR_MIN || d->year > YEAR_MAX || d->month < 1 || d->month > 12)
		return false;
	bool is_leap = (d->year % 4 == 0 && d->year % 100 != 0) || d->year % 400 == 0;
	int last = days[d->month - 1] + (d->month == 2 && is_leap ? 1 : 0);
	return d->day >= 1 && d->day <= last;
}

bool
header_date(struct span value, int64_t *seconds)
{
	struct date d = { 0 };
	struct span word, rest = span_first(value, DATE_MAX);

	while (next_word(&rest, &word))
		if (!read_word(&d, word))
			return false;
	if (!is_date(&d))
		return false;
	if (d.is_afternoon && d.hour < 12)
		d.hour += 12;
	if (d.is_morning && d.hour == 12)
		d.hour = 0;
	struct clock_date date = { .year = d.year,
		.month = d.month,
		.day = d.day,
		.hour = d.hour,
		.minute = d.minute,
		.second = d.second,
		.offset = d.offset };
	*seconds = clock_seconds_of(&date);
	return *seconds >= 0;
}
