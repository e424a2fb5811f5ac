/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The matrix: every kind of person × every value of every axis, cell by cell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "rules/permission.h"

/* clang-format off */
static const struct {
	const char *name;
	struct standing standing;
	/* may write in a forum of: everyone registered roll mandated nobody */
	const char *writes;
	/* may read a forum of: everyone registered members */
	const char *reads;
	bool moderates;
	/* waits where it appears: at_once first_read always_read read_unless_roll;
	 * - = appears, f = first, a = always */
	const char *holds;
} people[] = {
	{ "anonymous",         { 0 },                                                     "y----", "y--", false, "-faa" },
	{ "stranger",          { .person = 1 },                                           "y----", "y--", false, "-faa" },
	{ "suspended",         { .person = 1, .barred = true },                           "-----", "y--", false, "-faa" },
	{ "registered",        { .person = 1, .active = true },                           "yy---", "yy-", false, "-faa" },
	{ "read beforehand",   { .person = 1, .active = true, .was_read = true },         "yy---", "yy-", false, "--aa" },
	{ "trusted",           { .person = 1, .active = true, .trusted = true },          "yy---", "yy-", false, "--aa" },
	{ "on the roll",       { .person = 1, .active = true, .on_roll = true },          "yyy--", "yy-", false, "-fa-" },
	{ "subscribed",        { .person = 1, .active = true, .subscribed = true },       "yy---", "yyy", false, "-faa" },
	{ "writer",            { .person = 1, .active = true, .writer = true },           "yyyy-", "yyy", false, "-faa" },
	{ "speaker",           { .person = 1, .active = true, .speaker = true },          "yy-y-", "yy-", false, "-faa" },
	{ "animator",          { .person = 1, .active = true, .animator = true },         "yyyy-", "yyy", false, "----" },
	{ "moderator",         { .person = 1, .active = true, .moderator = true },        "yyyy-", "yyy", true,  "----" },
	{ "administrator",     { .person = 1, .active = true, .administrator = true },    "yy---", "yyy", true,  "----" },
	{ "suspended moderator", { .person = 1, .barred = true, .moderator = true },      "-----", "y--", false, "-faa" },
};
/* clang-format on */

static void
test_write(void **state)
{
	static const char *const words[] = { "everyone", "registered", "roll", "mandated",
		"nobody" };
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(people) / sizeof(people[0]); i++)
		for (size_t j = 0; j < 5; j++) {
			struct axes axes = axes_of(words[j], "at_once", "everyone", "hold", false);
			bool want = people[i].writes[j] == 'y';

			if (permission_write(&people[i].standing, &axes, &err) != want)
				fail_msg("%s in a forum of %s", people[i].name, words[j]);
			if (!want)
				assert_int_equal(err.kind, ERR_DENIED);
		}
}

static void
test_read(void **state)
{
	static const char *const words[] = { "everyone", "registered", "members" };
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(people) / sizeof(people[0]); i++)
		for (size_t j = 0; j < 3; j++) {
			struct axes axes = axes_of("everyone", "at_once", words[j], "hold", false);
			bool want = people[i].reads[j] == 'y';

			if (permission_read(&people[i].standing, &axes) != want)
				fail_msg("%s reads a forum of %s", people[i].name, words[j]);
			/* Who cannot read does not write, whatever the other axis says. */
			if (!want && permission_write(&people[i].standing, &axes, &err))
				fail_msg("%s writes unseeing in %s", people[i].name, words[j]);
		}
}

static void
test_moderate(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(people) / sizeof(people[0]); i++)
		if (permission_moderate(&people[i].standing) != people[i].moderates)
			fail_msg("%s", people[i].name);
}

static void
test_hold(void **state)
{
	static const char *const words[] = { "at_once", "first_read", "always_read",
		"read_unless_roll" };

	(void)state;
	for (size_t i = 0; i < sizeof(people) / sizeof(people[0]); i++)
		for (size_t j = 0; j < 4; j++) {
			struct axes axes = axes_of("everyone", words[j], "everyone", "hold", false);
			char letter = people[i].holds[j];
			const char *want = letter == 'f' ? "first" : letter == 'a' ? "always" : "";
			const char *got = permission_hold(&people[i].standing, &axes);

			if (strcmp(got, want) != 0)
				fail_msg("%s, %s: '%s'", people[i].name, words[j], got);
			axes.emergency = true;
			assert_string_equal(permission_hold(&people[i].standing, &axes), "emergency");
		}
}

/* A word that this program does not know closes: an older binary on a newer book. */
static void
test_unknown_words_close(void **state)
{
	struct axes axes = axes_of("martians", "sometimes", "few", "hold", false);
	const struct standing active = { .person = 1, .active = true };
	struct err err;

	(void)state;
	assert_false(permission_write(&active, &axes, &err));
	assert_false(permission_read(&active, &axes));
	assert_string_equal(permission_hold(&active, &axes), "always");
}

/* Nobody helps themselves into a forum of members. */
static void
test_subscribe(void **state)
{
	const struct standing active = { .person = 1, .active = true };
	const struct standing member = { .person = 1, .active = true, .subscribed = true };
	struct axes members = axes_of("everyone", "at_once", "members", "hold", false);
	struct axes open = axes_of("nobody", "at_once", "everyone", "hold", false);

	(void)state;
	assert_false(permission_subscribe(&active, &members));
	assert_true(permission_subscribe(&member, &members));
	assert_true(permission_subscribe(&active, &open));
	assert_false(permission_subscribe(&(struct standing){ .person = 1 }, &open));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_moderate),
		cmocka_unit_test(test_hold),
		cmocka_unit_test(test_unknown_words_close),
		cmocka_unit_test(test_subscribe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
