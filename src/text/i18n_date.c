/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Dates, numbers and sizes as people write them. Blanks that may not break a line
 * are U+00A0; French groups digits by U+202F. */
#include "text/i18n.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define NBSP "\xc2\xa0"
#define NNBSP "\xe2\x80\xaf"

struct words {
	const char *days[7]; /* Monday first */
	const char *months[12];
	const char *months_short[12]; /* as lists may abridge them */
};

/* clang-format off */
static const struct words words[LANG_COUNT] = {
	[LANG_FR] = {
		{ "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche" },
		{ "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août",
		    "septembre", "octobre", "novembre", "décembre" },
		{ "janv.", "févr.", "mars", "avril", "mai", "juin", "juill.", "août", "sept.",
		    "oct.", "nov.", "déc." },
	},
	[LANG_EN] = {
		{ "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday" },
		{ "January", "February", "March", "April", "May", "June", "July", "August",
		    "September", "October", "November", "December" },
		{ "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov",
		    "Dec" },
	},
};
/* clang-format on */

/* A page of fifty posts writes hundreds of dates: they are put together by hand. */
struct line {
	char text[120];
	size_t len;
};

static void
put(struct line *line, const char *text)
{
	size_t len = strlen(text);

	if (len >= sizeof(line->text) - line->len)
		return; /* no date is that long */
	memcpy(line->text + line->len, text, len);
	line->len += len;
}

static void
put_number(struct line *line, int number, int width)
{
	char digits[12];
	size_t at = sizeof(digits) - 1;

	digits[at] = '\0';
	for (; at > 0 && (number > 0 || width > 0); number /= 10, width--)
		digits[--at] = (char)('0' + number % 10);
	put(line, digits + at);
}

/* "18 h 05", "18 h", "18:05" */
static void
put_time(struct line *line, enum lang lang, const struct clock_date *d)
{
	put_number(line, d->hour, lang == LANG_EN ? 2 : 1);
	put(line, lang == LANG_EN ? ":" : NBSP "h");
	if (lang == LANG_FR && d->minute == 0)
		return;
	put(line, lang == LANG_EN ? "" : NBSP);
	put_number(line, d->minute, 2);
}

/* "1er mars 2026", "3 Mar 2026" */
static void
put_day(struct line *line, enum lang lang, const struct clock_date *d, bool brief)
{
	put_number(line, d->day, 1);
	put(line, lang == LANG_FR && d->day == 1 ? "er" NBSP : NBSP);
	put(line, (brief ? words[lang].months_short : words[lang].months)[d->month - 1]);
	put(line, " ");
	put_number(line, d->year, 4);
}

/* Appends the whole form and answers where the time of day begins, which the day alone
 * goes without. */
static size_t
put_date(struct line *line, enum lang lang, const struct clock_date *d, bool brief)
{
	size_t day;

	if (!brief) {
		put(line, words[lang].days[d->weekday]);
		put(line, " ");
	}
	put_day(line, lang, d, brief);
	day = line->len;
	put(line, lang == LANG_FR && !brief ? " à " : ", ");
	put_time(line, lang, d);
	return day;
}

const char *
i18n_date(
    struct arena *arena, enum lang lang, int64_t seconds, const char *zone, enum date_form form)
{
	struct clock_date date = clock_date_in(seconds, zone);
	bool brief = form == DATE_SHORT || form == DATE_BRIEF;
	struct line line = { 0 };
	size_t day = put_date(&line, lang, &date, brief);

	return arena_strndup(
	    arena, line.text, form == DATE_DAY || form == DATE_BRIEF ? day : line.len);
}

static void
view_two(struct view *view, const char *whole, const char *part, struct arena *arena,
    const struct line *line, size_t day)
{
	struct span text = arena_span(arena, span_make(line->text, line->len));

	view_span(view, whole, text);
	view_span(view, part, span_first(text, day));
}

/* "2026-03-03T17:05:00Z": in UTC, for machines. */
static void
view_iso(struct view *view, struct arena *arena, int64_t seconds)
{
	struct clock_date utc = clock_date_at(seconds, 0);
	const int numbers[] = { utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second };
	static const char *const marks[] = { "-", "-", "T", ":", ":", "Z" };
	struct line line = { 0 };

	for (int i = 0; i < 6; i++) {
		put_number(&line, numbers[i], i == 0 ? 4 : 2);
		put(&line, marks[i]);
	}
	view_span(view, "iso", arena_span(arena, span_make(line.text, line.len)));
}

void
i18n_date_view(struct view *view, const char *name, struct arena *arena, enum lang lang,
    int64_t seconds, const char *zone)
{
	struct clock_date date = clock_date_in(seconds, zone);
	struct view *sub = view_sub(view, name);
	struct line full = { 0 }, brief = { 0 };
	size_t day = put_date(&full, lang, &date, false);

	view_two(sub, "full", "day", arena, &full, day);
	day = put_date(&brief, lang, &date, true);
	view_two(sub, "short", "brief", arena, &brief, day);
	view_iso(sub, arena, seconds);
}

const char *
i18n_number(struct arena *arena, enum lang lang, int64_t n)
{
	char digits[24];
	struct buf out = { 0 };
	const char *text;
	int len =
	    snprintf(digits, sizeof(digits), "%" PRIu64, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);

	if (n < 0)
		buf_add_char(&out, '-');
	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			buf_add_text(&out, lang == LANG_FR ? NNBSP : ",");
		buf_add_char(&out, digits[i]);
	}
	text = arena_strdup(arena, buf_text(&out));
	buf_free(&out);
	return text;
}

const char *
i18n_size(struct arena *arena, enum lang lang, int64_t octets)
{
	static const char *const units[LANG_COUNT][4] = {
		[LANG_FR] = { "octets", "ko", "Mo", "Go" },
		[LANG_EN] = { "bytes", "kB", "MB", "GB" },
	};
	int64_t tenths = octets < 0 ? 0 : octets;
	int unit = 0;

	if (tenths < 1000)
		return arena_printf(arena, "%" PRId64 NBSP "%s", tenths, units[lang][0]);
	tenths = tenths > INT64_MAX / 100 ? INT64_MAX / 10 : tenths * 10;
	while (unit < 3 && tenths >= 9995) { /* 999.5 rounds to the next unit */
		tenths = (tenths + 500) / 1000;
		unit++;
	}
	if (tenths >= 100 || tenths % 10 == 0)
		return arena_printf(
		    arena, "%" PRId64 NBSP "%s", (tenths + 5) / 10, units[lang][unit]);
	return arena_printf(arena, "%" PRId64 "%s%" PRId64 NBSP "%s", tenths / 10,
	    lang == LANG_FR ? "," : ".", tenths % 10, units[lang][unit]);
}
