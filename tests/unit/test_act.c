/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <inttypes.h>
#include <string.h>

#include "rules/intake.h"
#include "store/journal.h"
#include "world.h"

/* ---- the table itself ---- */

static void
test_the_table(void **state)
{
	(void)state;
	for (const struct act_kind *kind = act_kinds; kind->name; kind++) {
		size_t count = 0;

		assert_ptr_equal(act_kind_find(span_of(kind->name)), kind); /* no name twice */
		assert_non_null(kind->run);
		assert_non_null(kind->fields);
		for (const struct act_field *field = kind->fields; field->name; field++) {
			if (++count > 32)
				fail_msg("%s has no end of its fields", kind->name);
			if ((field->type == FIELD_WORD) != (field->words != NULL))
				fail_msg("%s: %s: words", kind->name, field->name);
			if (field->type == FIELD_LINE && field->max == 0)
				fail_msg("%s: %s has no bound", kind->name, field->name);
		}
	}
	for (const struct ask_kind *kind = ask_kinds; kind->name; kind++)
		assert_ptr_equal(ask_kind_find(span_of(kind->name)), kind);
	assert_null(act_kind_find(SPAN("")));
	assert_null(act_kind_find(SPAN("post.add ")));
}

/* ---- fields ---- */

static const struct act_field sample[] = {
	{ "line", FIELD_LINE, 10, FIELD_REQUIRED, NULL },
	{ "text", FIELD_TEXT, 10, 0, NULL },
	{ "int", FIELD_INT, 100, 0, NULL },
	{ "slug", FIELD_SLUG, 10, 0, NULL },
	{ "address", FIELD_ADDRESS, 100, FIELD_REPEAT, NULL },
	{ "word", FIELD_WORD, 0, 0, "each topics none" },
	{ "octets", FIELD_OCTETS, 4, 0, NULL },
	{ "flag", FIELD_FLAG, 0, 0, NULL },
	{ NULL, FIELD_LINE, 0, 0, NULL },
};

/* clang-format off */
static const struct {
	const char *name, *value;
	enum err_kind want;
	const char *sentence; /* NULL = any */
} values[] = {
	{ "line",    "abc",           ERR_NONE,     NULL },
	{ "line",    "",              ERR_INVALID,  "line is missing" },
	{ "line",    "01234567890",   ERR_TOO_MUCH, "line is too long (10 octets at most)" },
	{ "line",    "a\nb",          ERR_INVALID,  "line is not as it must be" },
	{ "line",    "a\x7f",         ERR_INVALID,  NULL },
	{ "line",    "\xff",          ERR_INVALID,  NULL },
	{ "text",    "a\r\n\tb",      ERR_NONE,     NULL },
	{ "text",    "a\x01",         ERR_INVALID,  NULL },
	{ "int",     "0",             ERR_NONE,     NULL },
	{ "int",     "100",           ERR_NONE,     NULL },
	{ "int",     "101",           ERR_INVALID,  "int must be a whole number from 0 to 100" },
	{ "int",     "-1",            ERR_INVALID,  NULL },
	{ "int",     "1e3",           ERR_INVALID,  NULL },
	{ "int",     "99999999999999999999", ERR_INVALID, NULL },
	{ "slug",    "voirie-2",      ERR_NONE,     NULL },
	{ "slug",    "-voirie",       ERR_INVALID,  NULL },
	{ "slug",    "voirie-",       ERR_INVALID,  NULL },
	{ "slug",    "Voirie",        ERR_INVALID,  NULL },
	{ "slug",    "../etc",        ERR_INVALID,  NULL },
	{ "address", "a@example.org", ERR_NONE,     NULL },
	{ "address", "a@b@c",         ERR_INVALID,  NULL },
	{ "address", "a\r\nb@c.org",  ERR_INVALID,  NULL },
	{ "word",    "topics",        ERR_NONE,     NULL },
	{ "word",    "topic",         ERR_INVALID,  "word must be one of: each topics none" },
	{ "word",    "each topics",   ERR_INVALID,  NULL },
	{ "octets",  "\x01\xff",      ERR_NONE,     NULL },
	{ "octets",  "12345",         ERR_TOO_MUCH, NULL },
	{ "flag",    "1",             ERR_NONE,     NULL },
	{ "flag",    "perhaps",       ERR_INVALID,  NULL },
	{ "other",   "x",             ERR_INVALID,  "unknown field other" },
};
/* clang-format on */

static bool
check(const struct act_field *fields, struct buf *input, struct err *err)
{
	struct fields list;

	err_clear(err);
	assert_true(fields_read(&list, buf_span(input)));
	return act_check_fields(fields, &list, err);
}

static void
test_fields(void **state)
{
	struct buf input = { 0 };
	struct err err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		buf_clear(&input);
		if (strcmp(values[i].name, "line") != 0)
			fields_add_text(&input, "line", "x");
		fields_add_text(&input, values[i].name, values[i].value);
		if (check(sample, &input, &err) != (values[i].want == ERR_NONE) ||
		    err.kind != values[i].want)
			fail_msg("%s = '%s': %s", values[i].name, values[i].value, err.text);
		if (values[i].sentence)
			assert_string_equal(err.text, values[i].sentence);
	}
	/* Missing; twice; twice where that is allowed; a NUL within. */
	buf_clear(&input);
	assert_false(check(sample, &input, &err));
	assert_string_equal(err.text, "line is missing");
	fields_add_text(&input, "line", "x");
	fields_add_text(&input, "address", "a@example.org");
	fields_add_text(&input, "address", "b@example.org");
	assert_true(check(sample, &input, &err));
	fields_add_text(&input, "line", "y");
	assert_false(check(sample, &input, &err));
	assert_string_equal(err.text, "line is given twice");
	buf_clear(&input);
	fields_add(&input, "line", span_make("a\0b", 3));
	assert_false(check(sample, &input, &err));
	buf_free(&input);
}

/* Every kind refuses what it does not know, and what lacks something, before anything
 * else: nobody reaches a rule with input that its row does not describe. */
static void
test_every_kind_checks(void **state)
{
	(void)state;
	for (const struct act_kind *kind = act_kinds; kind->name; kind++) {
		if (world_try(DOOR_CONSOLE, 0, kind->name, "no-such-field", "x", NULL))
			fail_msg("%s takes any field", kind->name);
		assert_int_equal(world.err.kind, ERR_INVALID);
		if ((kind->fields[0].flags & FIELD_REQUIRED) &&
		    world_try(DOOR_CONSOLE, 0, kind->name, NULL))
			fail_msg("%s asks for nothing", kind->name);
	}
	assert_int_equal(world_number("SELECT count(*) FROM journal"), 0);
}

/* ---- permission: every act that is the administrator's, by somebody who is not ---- */

static void
test_administrators_acts(void **state)
{
	static const char *const acts[][8] = {
		{ "forum.create", "slug", "x", "name", "x", NULL },
		{ "forum.set", "slug", "voirie", NULL },
		{ "person.create", "name", "x", NULL },
		{ "mandate.set", "person", "1", "forum", "voirie", "role", "moderator", NULL },
		{ "mandate.end", "mandate", "1", NULL },
		{ "organisation.create", "name", "x", "kind", "council", NULL },
		{ "session.link", "person", "1", NULL },
		{ "mail.replay", "inbox", "1", NULL },
		{ "mail.aside", "inbox", "1", NULL },
		{ "import.add", "forum", "voirie", "raw", "x", NULL },
		{ "subscription.set", "forum", "voirie", "mode", "each", NULL },
	};
	int64_t marie;

	(void)state;
	world_forum("voirie");
	marie = world_person("marie");
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		for (int64_t who = 0; who <= marie; who += marie) {
			const char *const *a = acts[i];

			if (who != 0 && strcmp(a[0], "subscription.set") == 0)
				continue; /* one's own is one's own */
			world_no(ERR_DENIED, DOOR_WEB, who, a[0], a[1], a[2], a[3], a[4], a[5],
			    a[6], NULL);
		}
	world_do(DOOR_WEB, marie, "subscription.set", "forum", "voirie", "mode", "each", NULL);
	world_no(ERR_DENIED, DOOR_WEB, marie, "subscription.set", "forum", "voirie", "mode", "each",
	    "person", "2", NULL);
	world_no(ERR_DENIED, DOOR_WEB, marie, "subscription.set", "forum", "voirie", "mode", "each",
	    "address", "marie@example.org", NULL);
}

/* A broken door does the acts of its own kind at most: DOOR_HOUSE is nobody but the clerk. */
static void
test_doors(void **state)
{
	/* clang-format off */
	static const struct {
		const char *act[4];
		bool web, mail, relay;
	} rows[] = {
		{ { "session.ask", "address", "marie@example.org" },     true,  false, false },
		{ { "session.close", "session", "x" },                   true,  false, false },
		{ { "delivery.start", "id", "1" },                       false, false, true },
		{ { "delivery.report" },                                 false, false, true },
		{ { "mail.receive", "peer", "x" },                       false, true,  false },
		{ { "mail.process", "inbox", "1" },                      false, false, false },
		{ { "mail.died", "inbox", "1" },                         false, false, false },
		{ { "mail.replay", "inbox", "1" },                       false, false, false },
		{ { "person.create", "name", "x" },                      false, false, false },
		{ { "session.link", "person", "1" },                     false, false, false },
		{ { "forum.create", "slug", "x", NULL },                 false, false, false },
	};
	/* clang-format on */
	static const enum door doors[] = { DOOR_WEB, DOOR_MAIL, DOOR_RELAY };

	(void)state;
	world_person("marie");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t d = 0; d < sizeof(doors) / sizeof(doors[0]); d++) {
			const char *const *a = rows[i].act;
			bool may = d == 0 ? rows[i].web : d == 1 ? rows[i].mail : rows[i].relay;
			bool done = world_try(doors[d], 0, a[0], a[1], a[2], NULL);

			if ((done ||
				(world.err.kind != ERR_DENIED && world.err.kind != ERR_INVALID)) &&
			    !may)
				fail_msg("%s was done at door %zu", a[0], d);
			if (!done && may && world.err.kind == ERR_DENIED)
				fail_msg("%s was refused at door %zu", a[0], d);
		}
}

/* ---- the journal ---- */

static void
test_journal(void **state)
{
	struct err err = { 0 };
	int64_t entries;

	(void)state;
	world_forum("voirie");
	world_no(
	    ERR_CONFLICT, DOOR_CONSOLE, 0, "forum.create", "slug", "voirie", "name", "x", NULL);
	world_do(DOOR_CONSOLE, 0, "forum.set", "slug", "voirie", "name", "Rues", NULL);
	assert_int_equal(
	    world_number("SELECT count(*) FROM journal WHERE act = 'forum.create' AND"
			 " outcome = 'done' AND object = 'forum 1' AND door = 'console'"),
	    1);
	assert_int_equal(
	    world_number("SELECT count(*) FROM journal WHERE outcome = 'conflict'"), 1);
	book_ok(journal_check(world.db, &entries, &err), &err);
	assert_int_equal(entries, 3);
	book_do(world.db, "UPDATE journal SET outcome = 'done' WHERE id = 2");
	assert_false(journal_check(world.db, &entries, &err));
}

/* What fails leaves nothing but its line in the journal. */
static void
test_rolled_back(void **state)
{
	(void)state;
	world_person("marie");
	world_no(ERR_CONFLICT, DOOR_CONSOLE, 0, "person.create", "name", "x", "address",
	    "new@example.org", "address", "marie@example.org", NULL);
	assert_int_equal(world_number("SELECT count(*) FROM person"), 1);
	assert_int_equal(world_number("SELECT count(*) FROM address"), 1);
}

static void
test_keys(void **state)
{
	int64_t first;

	(void)state;
	world_key("k");
	world_do(DOOR_CONSOLE, 0, "person.create", "name", "x", NULL);
	first = world_int("person");
	world_key("k");
	world_do(DOOR_CONSOLE, 0, "person.create", "name", "other", NULL);
	assert_int_equal(world_int("person"), first);
	/* The same key of another act is another key; a refused act keeps none. */
	world_key("k");
	world_do(DOOR_CONSOLE, 0, "organisation.create", "name", "x", "kind", "council", NULL);
	world_key("l");
	world_no(ERR_CONFLICT, DOOR_CONSOLE, 0, "organisation.create", "name", "x", "kind",
	    "council", NULL);
	world_key("l");
	world_do(DOOR_CONSOLE, 0, "organisation.create", "name", "y", "kind", "council", NULL);
}

/* ---- asks ---- */

static enum err_kind
known(const char *recipient)
{
	struct buf input = { 0 };
	struct act act = { .door = DOOR_MAIL, .fd = -1, .arena = world.arena };
	struct outcome outcome = { 0 };
	struct err err = { 0 };

	fields_add_text(&input, "recipient", recipient);
	assert_true(fields_read(&act.input, arena_span(world.arena, buf_span(&input))));
	buf_free(&input);
	(void)ask_run(&world.clerk, ask_kind_find(SPAN("address.known")), &act, &outcome, &err);
	buf_free(&outcome.output);
	return err.kind;
}

static void
test_address_known(void **state)
{
	char token[MAIL_TOKEN_ROOM];

	(void)state;
	world_forum("voirie");
	assert_int_equal(known("voirie"), ERR_NONE);
	assert_int_equal(known("VOIRIE"), ERR_NONE);
	assert_int_equal(known("voirie+desabonner"), ERR_NONE);
	assert_int_equal(known("postmaster"), ERR_NONE);
	assert_int_equal(known("nope"), ERR_NOT_FOUND);
	assert_int_equal(known("nope+desabonner"), ERR_NOT_FOUND);
	assert_int_equal(known(""), ERR_INVALID);
	assert_int_equal(known("voirie+r.aaaaaaaaaaaaaaaaaaaaaaaaaa"), ERR_NOT_FOUND);
	assert_int_equal(known("voirie+m.aaaaaaaaaaaaaaaaaaaaaaaaaa"), ERR_NOT_FOUND);
	assert_int_equal(known("b.aaaaaaaaaaaaaaaaaaaaaaaaaa"), ERR_NOT_FOUND);
	assert_true(mail_token_make(&world.clerk.token_keys, MAIL_PURPOSE_REPLY, 1, 1, token));
	assert_int_equal(known(arena_printf(world.arena, "voirie+r.%s", token)), ERR_NONE);
	/* A token is good for its purpose alone. */
	assert_int_equal(known(arena_printf(world.arena, "voirie+u.%s", token)), ERR_NOT_FOUND);
	assert_int_equal(known(arena_printf(world.arena, "b.%s", token)), ERR_NOT_FOUND);
	world_do(DOOR_CONSOLE, 0, "forum.set", "slug", "voirie", "who_writes", "nobody", NULL);
	assert_int_equal(known("voirie"), ERR_DENIED);
}

/* What is over goes; what is not stays. */
static void
test_clean(void **state)
{
	int64_t marie;

	(void)state;
	marie = world_person("marie");
	world_key("k");
	world_do(DOOR_CONSOLE, 0, "person.create", "name", "x", NULL);
	(void)world_session(marie);
	world_do(DOOR_WEB, 0, "session.ask", "address", "marie@example.org", NULL);
	world_do(DOOR_HOUSE, 0, "house.clean", NULL);
	assert_int_equal(
	    world_number("SELECT (SELECT count(*) FROM session) + (SELECT count(*) FROM"
			 " token) + (SELECT count(*) FROM act_key)"),
	    3);
	assert_true(world_number("SELECT count(*) FROM rate") > 0);
	world.clerk.now += 2 * 86400;
	world_do(DOOR_HOUSE, 0, "house.clean", NULL);
	assert_int_equal(world_number("SELECT count(*) FROM session"), 0);
	assert_int_equal(world_number("SELECT count(*) FROM token"), 1);
	world.clerk.now += 31 * 86400;
	world_do(DOOR_HOUSE, 0, "house.clean", NULL);
	assert_int_equal(world_number("SELECT (SELECT count(*) FROM token) + (SELECT count(*) FROM"
				      " act_key) + (SELECT count(*) FROM rate)"),
	    0);
	assert_true(world_number("SELECT count(*) FROM notice") > 0);
	world_do(DOOR_HOUSE, 0, "house.clean", NULL);
	assert_true(world_number("SELECT count(*) FROM notice") > 0); /* it waits to be sent */
	book_do(world.db, "UPDATE outbox SET state = 'sent', done = next");
	world_do(DOOR_HOUSE, 0, "house.clean", NULL);
	assert_true(world_number("SELECT count(*) FROM notice") > 0); /* keep.deliveries */
	world.clerk.now += 91 * 86400;
	world_do(DOOR_HOUSE, 0, "house.clean", NULL);
	assert_int_equal(
	    world_number("SELECT (SELECT count(*) FROM notice) + (SELECT count(*) FROM outbox)"),
	    0);
	world_no(ERR_DENIED, DOOR_WEB, marie, "house.clean", NULL);
}

static void
test_reserved_slugs(void **state)
{
	static const char *const words[] = { "postmaster", "abuse", "a", "b", "ok" };

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		world_no(ERR_CONFLICT, DOOR_CONSOLE, 0, "forum.create", "slug", words[i], "name",
		    "x", NULL);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_table),
		cmocka_unit_test(test_fields),
		TEST(test_every_kind_checks),
		TEST(test_administrators_acts),
		TEST(test_doors),
		TEST(test_journal),
		TEST(test_rolled_back),
		TEST(test_keys),
		TEST(test_address_known),
		TEST(test_clean),
		TEST(test_reserved_slugs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
