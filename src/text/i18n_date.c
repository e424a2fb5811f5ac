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
	const char *days[7];          /* Monday first */
	const char *months[12];
	const char *months_short[12]; /* as lists may abridge them */
};

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

/* "18 h 05", "18 h", "18:05" */
static const char *
write_time(struct arena *arena, enum lang lang, const struct clock_date *d)
{
	if (lang == LANG_EN)
		return arena_printf(arena, "%02d:%02d", d->hour, d->minute);
	if (d->minute == 0)
		return arena_printf(arena, "%d" NBSP "h", d->hour);
	return arena_printf(arena, "%d" NBSP "h" NBSP "%02d", d->hour, d->minute);
}

/* "1er mars 2026", "3 Mar 2026" */
static const char *
write_day(struct arena *arena, enum lang lang, const struct clock_date *d, bool brief)
{
	const char *const *months = brief ? words[lang].months_short : words[lang].months;
	const char *first = lang == LANG_FR && d->day == 1 ? "er" : "";

	return arena_printf(arena, "%d%s" NBSP "%s %d", d->day, first, months[d->month - 1], d->year);
}

static const char *
write_date(struct arena *arena, enum lang lang, const struct clock_date *d, enum date_form form)
{
	bool brief = form == DATE_SHORT || form == DATE_BRIEF;
	const char *day = write_day(arena, lang, d, brief), *weekday = words[lang].days[d->weekday];

	if (form == DATE_BRIEF)
		return day;
	if (form == DATE_DAY)
		return arena_printf(arena, "%s %s", weekday, day);
	if (form == DATE_SHORT)
		return arena_printf(arena, "%s, %s", day, write_time(arena, lang, d));
	return arena_printf(arena, "%s %s%s%s", weekday, day, lang == LANG_FR ? " à " : ", ",
	    write_time(arena, lang, d));
}

const char *
i18n_date(struct arena *arena, enum lang lang, int64_t seconds, const char *zone,
    enum date_form form)
{
	struct clock_date date = clock_date_in(seconds, zone);

	return write_date(arena, lang, &date, form);
}

void
i18n_date_view(struct view *view, const char *name, struct arena *arena, enum lang lang,
    int64_t seconds, const char *zone)
{
	struct clock_date date = clock_date_in(seconds, zone);
	struct view *sub = view_sub(view, name);
	char iso[24];

	clock_format_iso(seconds, iso);
	view_text(sub, "full", write_date(arena, lang, &date, DATE_FULL));
	view_text(sub, "day", write_date(arena, lang, &date, DATE_DAY));
	view_text(sub, "short", write_date(arena, lang, &date, DATE_SHORT));
	view_text(sub, "brief", write_date(arena, lang, &date, DATE_BRIEF));
	view_text(sub, "iso", arena_strdup(arena, iso));
}

const char *
i18n_number(struct arena *arena, enum lang lang, int64_t n)
{
	char digits[24];
	struct buf out = { 0 };
	const char *text;
	int len = snprintf(digits, sizeof(digits), "%" PRIu64,
	    n < 0 ? 0 - (uint64_t)n : (uint64_t)n);

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
		return arena_printf(arena, "%" PRId64 NBSP "%s", (tenths + 5) / 10, units[lang][unit]);
	return arena_printf(arena, "%" PRId64 "%s%" PRId64 NBSP "%s", tenths / 10,
	    lang == LANG_FR ? "," : ".", tenths % 10, units[lang][unit]);
}
