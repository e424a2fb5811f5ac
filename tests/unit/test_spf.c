/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* SPF as RFC 7208 has it, against a table in the place of the DNS. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "mail/spf.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *name;
	enum dns_type type;
	const char *text;
} zone[] = {
	{ "mx.example", DNS_A, "192.0.2.25" },
	{ "mx.example", DNS_AAAA, "2001:db8::25" },
	{ "town.example", DNS_A, "192.0.2.80" },
	{ "town.example", DNS_MX, "other.example" },
	{ "town.example", DNS_MX, "mx.example" },
	{ "other.example", DNS_A, "192.0.2.26" },
	{ "net.example", DNS_TXT, "something else" },
	{ "net.example", DNS_TXT, "v=spf1 ip4:192.0.2.0/24 -all" },
	{ "strict.example", DNS_TXT, "v=spf1 -all" },
	{ "soft.example", DNS_TXT, "v=spf1 ~all" },
	{ "wrong.example", DNS_TXT, "v=spf1 ip4:300.0.2.0 -all" },
	{ "two.example", DNS_TXT, "v=spf1 -all" },
	{ "two.example", DNS_TXT, "v=spf1 mx -all" },
	{ "loop.example", DNS_TXT, "v=spf1 include:loop.example -all" },
	{ "circle.example", DNS_TXT, "v=spf1 redirect=circle.example" },
	{ "late.example", DNS_TXT, NULL },
	{ "many.example", DNS_MX, "m1.example" },
	{ "many.example", DNS_MX, "m2.example" },
	{ "many.example", DNS_MX, "m3.example" },
	{ "many.example", DNS_MX, "m4.example" },
	{ "many.example", DNS_MX, "m5.example" },
	{ "many.example", DNS_MX, "m6.example" },
	{ "many.example", DNS_MX, "m7.example" },
	{ "many.example", DNS_MX, "m8.example" },
	{ "many.example", DNS_MX, "m9.example" },
	{ "many.example", DNS_MX, "m10.example" },
	{ "many.example", DNS_MX, "mx.example" },
};

/* arg: the record of town.example. A row without a text: no answer. */
static bool
ask_table(void *arg, const char *name, enum dns_type type, struct dns_answer *answer)
{
	answer->count = 0;
	if (type == DNS_TXT && strcmp(name, "town.example") == 0 && arg != NULL)
		answer->records[answer->count++].text = arg;
	for (size_t i = 0; i < COUNT(zone); i++) {
		if (zone[i].type != type || strcmp(zone[i].name, name) != 0)
			continue;
		if (zone[i].text == NULL)
			return false;
		answer->records[answer->count++].text = zone[i].text;
	}
	return true;
}

static const char four[] = "192.0.2.25", six[] = "2001:db8::25";

static const struct {
	const char *record, *address;
	enum spf_result want;
	const char *why;
} cases[] = {
	{ NULL, four, SPF_NONE, "" },
	{ "v=spf10 -all", four, SPF_NONE, "" },
	{ "v=spf1", four, SPF_NEUTRAL, "" },
	{ "V=SPF1 +ALL", four, SPF_PASS, "+ALL" },
	{ "v=spf1 mx -all", four, SPF_PASS, "mx" },
	{ "v=spf1 mx -all", six, SPF_PASS, "mx" },
	{ "v=spf1  mx  -all", "192.0.2.27", SPF_FAIL, "-all" },
	{ "v=spf1 mx/30 -all", "192.0.2.27", SPF_PASS, "mx/30" },
	{ "v=spf1 mx/30 -all", "192.0.2.28", SPF_FAIL, "-all" },
	{ "v=spf1 mx//64 -all", "2001:db8::9", SPF_PASS, "mx//64" },
	{ "v=spf1 mx/30//120 -all", "2001:db8::125", SPF_FAIL, "-all" },
	{ "v=spf1 a -all", "192.0.2.80", SPF_PASS, "a" },
	{ "v=spf1 a:mx.example -all", four, SPF_PASS, "a:mx.example" },
	{ "v=spf1 a:mx.example/24 -all", "192.0.2.1", SPF_PASS, "a:mx.example/24" },
	{ "v=spf1 a ?all", four, SPF_NEUTRAL, "?all" },
	{ "v=spf1 a ~all", four, SPF_SOFTFAIL, "~all" },
	{ "v=spf1 -mx ~all", four, SPF_FAIL, "-mx" },
	{ "v=spf1 ip4:192.0.2.25 -all", four, SPF_PASS, "ip4:192.0.2.25" },
	{ "v=spf1 ip4:192.0.2.25 -all", "::ffff:192.0.2.25", SPF_PASS, "ip4:192.0.2.25" },
	{ "v=spf1 ip4:192.0.2.24/31 -all", four, SPF_PASS, "ip4:192.0.2.24/31" },
	{ "v=spf1 ip4:192.0.2.26/31 -all", four, SPF_FAIL, "-all" },
	{ "v=spf1 ip4:0.0.0.0/0 -all", four, SPF_PASS, "ip4:0.0.0.0/0" },
	{ "v=spf1 ip4:0.0.0.0/0 -all", six, SPF_FAIL, "-all" },
	{ "v=spf1 ip6:2001:db8::/32 -all", six, SPF_PASS, "ip6:2001:db8::/32" },
	{ "v=spf1 ip6:2001:db8:1::/48 -all", six, SPF_FAIL, "-all" },
	{ "v=spf1 exists:mx.example -all", four, SPF_PASS, "exists:mx.example" },
	{ "v=spf1 exists:nobody.example -all", four, SPF_FAIL, "-all" },
	{ "v=spf1 include:net.example -all", four, SPF_PASS, "include:net.example" },
	{ "v=spf1 include:strict.example ~all", four, SPF_SOFTFAIL, "~all" },
	{ "v=spf1 include:soft.example -all", four, SPF_FAIL, "-all" },
	{ "v=spf1 ?include:net.example -all", four, SPF_NEUTRAL, "?include:net.example" },
	{ "v=spf1 redirect=net.example", four, SPF_PASS, "ip4:192.0.2.0/24" },
	{ "v=spf1 redirect=net.example -all", four, SPF_FAIL, "-all" },
	{ "v=spf1 redirect=strict.example mx", four, SPF_PASS, "mx" },
	{ "v=spf1 exp=why.example mx x-y=%{z} -all", four, SPF_PASS, "mx" },
	/* the DNS does not answer */
	{ "v=spf1 include:late.example -all", four, SPF_LATER, "late.example" },
	{ "v=spf1 mx include:late.example -all", four, SPF_PASS, "mx" },
	/* depends on the mail */
	{ "v=spf1 exists:%{i}.net.example -all", four, SPF_UNJUDGED, "exists:%{i}.net.example" },
	{ "v=spf1 ptr -all", four, SPF_UNJUDGED, "ptr" },
	{ "v=spf1 mx ptr -all", four, SPF_PASS, "mx" },
	{ "v=spf1 redirect=%{d}", four, SPF_UNJUDGED, "%{d}" },
	/* not to be evaluated, wherever the mistake stands */
	{ "v=spf1 mx foo -all", four, SPF_BROKEN, "foo" },
	{ "v=spf1 mx -all/24", four, SPF_BROKEN, "-all/24" },
	{ "v=spf1 all:x", four, SPF_BROKEN, "all:x" },
	{ "v=spf1 include -all", four, SPF_BROKEN, "include" },
	{ "v=spf1 a: -all", four, SPF_BROKEN, "a:" },
	{ "v=spf1 a/33 -all", four, SPF_BROKEN, "a/33" },
	{ "v=spf1 a/024 -all", four, SPF_BROKEN, "a/024" },
	{ "v=spf1 a/ -all", four, SPF_BROKEN, "a/" },
	{ "v=spf1 a//129 -all", four, SPF_BROKEN, "a//129" },
	{ "v=spf1 ip4 -all", four, SPF_BROKEN, "ip4" },
	{ "v=spf1 ip4:192.0.2.0/33 -all", four, SPF_BROKEN, "ip4:192.0.2.0/33" },
	{ "v=spf1 ip4:2001:db8::1 -all", four, SPF_BROKEN, "ip4:2001:db8::1" },
	{ "v=spf1 ip6:192.0.2.1 -all", four, SPF_BROKEN, "ip6:192.0.2.1" },
	{ "v=spf1 redirect=a.example redirect=b.example", four, SPF_BROKEN, "redirect=b.example" },
	{ "v=spf1 include:wrong.example -all", four, SPF_BROKEN, "ip4:300.0.2.0" },
	{ "v=spf1 include:nobody.example -all", four, SPF_BROKEN, "include:nobody.example, where there is no SPF" },
	{ "v=spf1 redirect=nobody.example", four, SPF_BROKEN, "redirect=nobody.example, where there is no SPF" },
	{ "v=spf1 include:two.example -all", four, SPF_BROKEN, "two.example has more than one SPF record" },
	{ "v=spf1 include:loop.example -all", four, SPF_BROKEN, "more than 10 terms ask the DNS" },
	{ "v=spf1 redirect=circle.example", four, SPF_BROKEN, "more than 10 terms ask the DNS" },
	{ "v=spf1 mx:many.example -all", four, SPF_BROKEN, "many.example has more than 10 MX" },
	{ "v=spf1 a:n1.example a:n2.example -all", four, SPF_FAIL, "-all" },
	{ "v=spf1 a:n1.example a:n2.example a:n3.example mx -all", four, SPF_BROKEN,
	  "n3.example: too many names that are not there" },
};

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char record[200] = "";
		struct spf spf = { .ask = ask_table, .arena = arena_new() };
		enum spf_result got;

		if (cases[i].record != NULL) {
			(void)snprintf(record, sizeof(record), "%s", cases[i].record);
			spf.arg = record;
		}
		assert_true(net_address_read_host(span_of(cases[i].address), &spf.address));
		got = spf_check(&spf, "town.example");
		if (got != cases[i].want || strcmp(spf.why, cases[i].why) != 0)
			fail_msg("%s for %s: %d (%s)", cases[i].record, cases[i].address, (int)got, spf.why);
		arena_free(&spf.arena);
	}
}

/* Ten terms may ask, the eleventh may not; what needs no question does not count. */
static void
test_limit(void **state)
{
	(void)state;
	for (int terms = 9; terms <= 11; terms++) {
		char record[400] = "v=spf1 ip4:192.0.2.1 ip6:::1";
		struct spf spf = { .ask = ask_table, .arg = record, .arena = arena_new() };

		for (int i = 0; i < terms; i++)
			(void)snprintf(record + strlen(record), sizeof(record) - strlen(record), " a:other.example");
		(void)snprintf(record + strlen(record), sizeof(record) - strlen(record), " -all");
		assert_true(net_address_read_host(span_of(four), &spf.address));
		assert_int_equal(spf_check(&spf, "town.example"), terms <= 10 ? SPF_FAIL : SPF_BROKEN);
		arena_free(&spf.arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
