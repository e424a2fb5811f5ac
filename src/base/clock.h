/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* base/clock.h: the two clocks, and dates as text.
 *
 * Expiry and dates use the wall clock, deadlines the boot-time clock, which
 * does not jump. Tests may hold the wall clock still. */
#pragma once

#include <stdint.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

int64_t
clock_now(void); /* seconds since 1970, UTC */

int64_t
clock_now_us(void); /* microseconds since 1970, UTC */

int64_t
clock_ticks_ms(void); /* milliseconds, CLOCK_BOOTTIME, never jumps */

int64_t
clock_cpu_us(void); /* CPU time of this process */

/* For tests: clock_now() answers this until 0 is given. */
void
clock_hold(int64_t seconds);

struct clock_date {
	int year, month, day, hour, minute, second; /* month 1-12, day 1-31 */
	int weekday;                                /* 0 = Monday */
	int offset;                                 /* seconds east of UTC */
};

/* Civil date at an offset east of UTC. */
struct clock_date
clock_date_at(int64_t seconds, int offset);

/* Civil date in a named zone of the system's tz data ("Europe/Paris"); UTC if unknown. */
struct clock_date
clock_date_in(int64_t seconds, const char *zone);

int64_t
clock_seconds_of(const struct clock_date *date); /* honours offset */

/* RFC 5322 §3.3 date, "Mon, 02 Mar 2026 18:00:00 +0100"; out holds 40 octets. */
void
clock_format_mail(int64_t seconds, const char *zone, char out[40]);

/* RFC 3339 "2026-03-02T17:00:00Z"; out holds 24 octets. */
void
clock_format_iso(int64_t seconds, char out[24]);

/* RFC 9110 §5.6.7 "Mon, 02 Mar 2026 17:00:00 GMT"; out holds 32 octets. */
void
clock_format_http(int64_t seconds, char out[32]);
