/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Dates and zones; the C library is the witness for zones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { DAY = 86400 };

static void
test_formats(void **state)
{
	static const struct {
		int64_t seconds;
		const char *iso, *http, *mail;
	} cases[] = {
		{ 0, "1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT",
		    "Thu, 01 Jan 1970 01:00:00 +0100" },
		{ -1, "1969-12-31T23:59:59Z", "Wed, 31 Dec 1969 23:59:59 GMT",
		    "Thu, 01 Jan 1970 00:59:59 +0100" },
		{ 1772470800, "2026-03-02T17:00:00Z", "Mon, 02 Mar 2026 17:00:00 GMT",
		    "Mon, 02 Mar 2026 18:00:00 +0100" },
		{ 951782400, "2000-02-29T00:00:00Z", "Tue, 29 Feb 2000 00:00:00 GMT",
		    "Tue, 29 Feb 2000 01:00:00 +0100" },
		{ 4107542400, "2100-03-01T00:00:00Z", "Mon, 01 Mar 2100 00:00:00 GMT",
		    "Mon, 01 Mar 2100 01:00:00 +0100" },
		{ 4118083200, "2100-07-01T00:00:00Z", "Thu, 01 Jul 2100 00:00:00 GMT",
		    "Thu, 01 Jul 2100 02:00:00 +0200" },
		{ INT64_MAX, "9999-12-31T23:59:59Z", "Fri, 31 Dec 9999 23:59:59 GMT",
		    "Fri, 31 Dec 9999 23:59:59 +0100" },
		{ INT64_MIN, "0001-01-01T00:00:00Z", "Mon, 01 Jan 0001 00:00:00 GMT",
		    "Mon, 01 Jan 0001 00:09:21 +0009" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char iso[24], http[32], mail[40];

		clock_format_iso(cases[i].seconds, iso);
		clock_format_http(cases[i].seconds, http);
		clock_format_mail(cases[i].seconds, "Europe/Paris", mail);
		assert_string_equal(iso, cases[i].iso);
		assert_string_equal(http, cases[i].http);
		if (file_exists("/usr/share/zoneinfo/Europe/Paris"))
			assert_string_equal(mail, cases[i].mail);
	}
}

/* Each day of four hundred years, forth and back. */
static void
test_days(void **state)
{
	struct clock_date before = clock_date_at(-12219292800 - DAY, 0); /* 1582-10-14 */

	(void)state;
	for (int64_t day = 0; day < 146097 + 10; day++) {
		int64_t seconds = -12219292800 + day * DAY + 12345;
		struct clock_date date = clock_date_at(seconds, 3600);

		assert_int_equal(date.weekday, (before.weekday + 1) % 7);
		assert_true(date.day == before.day + 1 || date.day == 1);
		assert_true(clock_seconds_of(&date) == seconds);
		before = date;
	}
}

/* Compares with localtime_r at steps of some hours, and around each full year. */
static void
check_zone(const char *zone)
{
	assert_int_equal(setenv("TZ", zone, 1), 0);
	tzset();
	for (int64_t seconds = -4000000000; seconds < 9000000000; seconds += 34567) {
		time_t at = (time_t)seconds;
		struct clock_date date = clock_date_in(seconds, zone);
		struct tm want;

		assert_non_null(localtime_r(&at, &want));
		if (date.offset != (int)want.tm_gmtoff || date.hour != want.tm_hour ||
		    date.day != want.tm_mday || date.month != want.tm_mon + 1 ||
		    date.year != want.tm_year + 1900 || date.weekday != (want.tm_wday + 6) % 7)
			fail_msg("%s at %lld: offset %d, want %ld", zone, (long long)seconds,
			    date.offset, want.tm_gmtoff);
	}
}

static void
test_zones(void **state)
{
	static const char *const zones[] = { "Europe/Paris", "Europe/Dublin", "America/New_York",
		"America/Santiago", "Australia/Lord_Howe", "Pacific/Chatham", "Asia/Kolkata",
		"Africa/Casablanca", "America/Scoresbysund", "Pacific/Apia", "Asia/Gaza",
		"Antarctica/Troll", "Etc/GMT+12", "Asia/Tehran" };

	(void)state;
	for (size_t i = 0; i < COUNT(zones); i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", zones[i]);
		if (file_exists(path))
			check_zone(zones[i]);
	}
}

/* To the second around the changes of 2026 and of 2150 (by the rule). */
static void
test_changes(void **state)
{
	static const struct {
		int64_t seconds;
		const char *zone;
		int before, after;
	} cases[] = {
		{ 1774746000, "Europe/Paris", 3600, 7200 },
		{ 1792890000, "Europe/Paris", 7200, 3600 },
		{ 5687802000, "Europe/Paris", 3600, 7200 },
		{ 5705946000, "Europe/Paris", 7200, 3600 },
		{ 1772953200, "America/New_York", -18000, -14400 },
	};

	(void)state;
	if (!file_exists("/usr/share/zoneinfo/Europe/Paris"))
		skip();
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t at = cases[i].seconds;

		assert_int_equal(clock_date_in(at - 1, cases[i].zone).offset, cases[i].before);
		assert_int_equal(clock_date_in(at, cases[i].zone).offset, cases[i].after);
	}
}

static void
test_no_zone(void **state)
{
	static const char *const names[] = { NULL, "", "UTC", "Mars/Olympus", "../../etc/passwd",
		"/etc/passwd", "Europe", "zone.tab", "Europe/Paris ", "Europe/../Europe/Paris",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		assert_int_equal(clock_date_in(1782864000, names[i]).offset, 0);
}

static void
test_clocks(void **state)
{
	int64_t ticks = clock_ticks_ms();

	(void)state;
	clock_hold(1772470800);
	assert_true(clock_now() == 1772470800);
	assert_true(clock_now_us() == 1772470800000000);
	clock_hold(0);
	assert_true(clock_now() > 1772470800);
	assert_true(clock_ticks_ms() >= ticks);
	assert_true(clock_cpu_us() >= 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_days),
		cmocka_unit_test(test_zones),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_no_zone),
		cmocka_unit_test(test_clocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
