/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Rolls, and who may claim what: every refusal of the reliability study §5.11 first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "rules/identifier.h"
#include "rules/roll.h"
#include "world.h"

static char roll[24], line[IDENTIFIER_ROOM], other[IDENTIFIER_ROOM];

static void
draw(char out[IDENTIFIER_ROOM])
{
	char symbols[IDENTIFIER_LEN + 1];

	identifier_draw(symbols);
	identifier_write(symbols, out);
}

static void
town(void)
{
	world_do(DOOR_CONSOLE, 0, "roll.create", "name", "Habitants", "source", "Mairie", NULL);
	(void)snprintf(roll, sizeof(roll), "%s", world_text("roll"));
	draw(line);
	draw(other);
	world_do(DOOR_CONSOLE, 0, "roll.issue", "roll", roll, "line", line, "line", other, NULL);
	assert_int_equal(world_int("issued"), 2);
}

static bool
ask(const char *identifier, const char *address)
{
	return world_try(DOOR_WEB, 0, "person.register", "identifier", identifier, "name",
	    "Jeanne Petit", "address", address, "locale", "fr", "next", "/t/1", "peer", "p", NULL);
}

static void
refused(enum err_kind kind, const char *identifier, const char *address)
{
	assert_false(ask(identifier, address));
	assert_int_equal(world.err.kind, kind);
}

static const char *
told(const char *field)
{
	struct fields input = world_notice("register");

	return fields_text(&input, field, world.arena);
}

/* ---- rolls ---- */

static void
test_who_may(void **state)
{
	int64_t marie = world_person("marie");

	(void)state;
	town();
	world_no(ERR_DENIED, DOOR_WEB, marie, "roll.create", "name", "Moi", NULL);
	world_no(ERR_DENIED, DOOR_WEB, marie, "roll.issue", "roll", roll, "line", line, NULL);
	world_no(ERR_DENIED, DOOR_WEB, 0, "roll.revoke", "number", "1", NULL);
	/* Everybody reads a name: nobody has an address there. */
	world_no(ERR_INVALID, DOOR_WEB, marie, "person.set", "name", "marie@example.org", NULL);
	world_no(ERR_INVALID, DOOR_CONSOLE, 0, "person.create", "name", "Paul <p@x.fr>", NULL);
	world_no(ERR_DENIED, DOOR_MAIL, 0, "person.register", "identifier", line, "name", "x",
	    "address", "x@example.org", "locale", "fr", NULL);
	world_no(ERR_CONFLICT, DOOR_CONSOLE, 0, "roll.create", "name", "Habitants", NULL);
	world_no(ERR_INVALID, DOOR_CONSOLE, 0, "roll.create", "name", "Fini", "expires", "1", NULL);
	world_no(ERR_NOT_FOUND, DOOR_CONSOLE, 0, "roll.issue", "roll", "99", "line", line, NULL);
	world_no(ERR_INVALID, DOOR_CONSOLE, 0, "roll.issue", "roll", roll, "line", "0000", NULL);
}

static void
test_issue(void **state)
{
	(void)state;
	town();
	/* The selector is taken; another line of the same lot is issued all the same. */
	char third[IDENTIFIER_ROOM];
	draw(third);
	world_do(DOOR_CONSOLE, 0, "roll.issue", "roll", roll, "line", line, "line", third, NULL);
	assert_int_equal(world_int("issued"), 1);
	assert_memory_equal(world_text("taken"), line, IDENTIFIER_SELECTOR);
	/* Nothing in the book says a code. */
	assert_int_equal(
	    world_number("SELECT count(*) FROM identifier WHERE selector = '%.4s'", line), 1);
	assert_int_equal(
	    world_number("SELECT count(*) FROM journal_text WHERE text LIKE '%%%.4s%%'", line), 0);
	assert_int_equal(
	    world_number("SELECT count(*) FROM act_key WHERE instr(outcome, '%s')", line), 0);
}

/* ---- claiming ---- */

static void
test_mistyped(void **state)
{
	char typed[IDENTIFIER_ROOM];

	(void)state;
	town();
	strcpy(typed, line);
	typed[0] = typed[0] == 'A' ? 'B' : 'A';
	refused(ERR_INVALID, typed, "jeanne@example.org");
	refused(ERR_INVALID, "not one", "jeanne@example.org");
	refused(ERR_INVALID, line, "no address");
	world_no(ERR_INVALID, DOOR_WEB, 0, "person.register", "identifier", line, "name",
	    "jeanne@example.org", "address", "jeanne@example.org", "locale", "fr", NULL);
	/* Whoever mistypes pays nothing for it. */
	assert_int_equal(world_number("SELECT count(*) FROM rate WHERE name LIKE 'IDENT%%'"), 0);
	assert_int_equal(world_number("SELECT sum(tries) FROM identifier"), 0);
}

/* Wrong, used, revoked, of a roll that is over: one answer. */
static void
test_one_answer(void **state)
{
	char wrong[IDENTIFIER_ROOM], sentence[sizeof(world.err.text)];

	(void)state;
	town();
	draw(wrong);
	refused(ERR_DENIED, wrong, "jeanne@example.org");
	strcpy(sentence, world.err.text);
	world_do(DOOR_CONSOLE, 0, "roll.revoke", "number", "2", NULL);
	refused(ERR_DENIED, other, "jeanne@example.org");
	assert_string_equal(world.err.text, sentence);
	assert_true(ask(line, "jeanne@example.org"));
	world_do(DOOR_WEB, 0, "registration.confirm", "token", told("token"), NULL);
	refused(ERR_DENIED, line, "other@example.org");
	assert_string_equal(world.err.text, sentence);
	book_do(world.db, "UPDATE identifier SET state = 'issued'");
	world_do(DOOR_CONSOLE, 0, "roll.change", "roll", roll, "expires", "1", NULL);
	refused(ERR_DENIED, other, "jeanne@example.org");
	assert_string_equal(world.err.text, sentence);
	assert_int_equal(world_number("SELECT count FROM rate WHERE name = 'IDENT_GLOBAL.1h'"), 4);
}

static void
test_tries_run_out(void **state)
{
	char wrong[IDENTIFIER_ROOM];
	int hashings;

	(void)state;
	town();
	draw(wrong);
	/* Ten from one place within an hour: then not even the right one is looked at. */
	for (int i = 0; i < 10; i++)
		refused(ERR_DENIED, wrong, "jeanne@example.org");
	hashings = world.hashings;
	refused(ERR_TOO_MUCH, line, "jeanne@example.org");
	assert_int_equal(world.hashings, hashings);
	world.clerk.now += 3601;
	assert_true(ask(line, "jeanne@example.org"));
	/* Ten wrong ones with one selector, for life. */
	book_do(world.db, "UPDATE identifier SET tries = 10 WHERE id = 2");
	world.clerk.now += 61;
	refused(ERR_DENIED, other, "emile@example.org");
}

/* Nobody is written to more than once a day and three times a week, whoever asks with whatever
 * letter, and whether or not the address is somebody's. */
static void
test_mails_to_one_address(void **state)
{
	(void)state;
	town();
	world_person("marie");
	for (int day = 0; day < 3; day++) {
		assert_true(ask(line, "victim@example.org"));
		refused(ERR_TOO_MUCH, other, "victim@example.org");
		assert_true(ask(line, "marie@example.org"));
		refused(ERR_TOO_MUCH, other, "Marie@Example.org");
		world.clerk.now += 86401;
		world_do(DOOR_HOUSE, 0, "house.clean", NULL);
	}
	refused(ERR_TOO_MUCH, other, "victim@example.org");
	refused(ERR_TOO_MUCH, other, "marie@example.org");
	world.clerk.now += 5 * 86400;
	assert_true(ask(other, "victim@example.org"));
	/* Nor are all the people of one domain, or of all, at once. */
	book_do(world.db, "UPDATE rate SET count = 300 WHERE name = 'REGISTER_DOMAIN.1h'");
	refused(ERR_TOO_MUCH, other, "another@example.org");
	assert_true(ask(other, "another@elsewhere.example"));
	book_do(world.db, "UPDATE rate SET count = 1000 WHERE name = 'REGISTER_ALL.1h'");
	refused(ERR_TOO_MUCH, other, "another@third.example");
	world.clerk.now += 3601;
	assert_true(ask(other, "another@third.example"));
}

/* One letter sends so many mails a day, to whomever. */
static void
test_mails_of_one_letter(void **state)
{
	(void)state;
	town();
	for (int i = 0; i < 10; i++)
		assert_true(ask(line, arena_printf(world.arena, "j%d@example.org", i)));
	refused(ERR_TOO_MUCH, line, "j10@example.org");
	assert_true(ask(other, "j10@example.org"));
	assert_int_equal(world_number("SELECT count(*) FROM notice WHERE template = 'register'"), 11);
}

static void
test_by_token(void **state)
{
	(void)state;
	town();
	assert_true(ask(line, "jeanne@example.org"));
	assert_int_equal(world.outcome.output.len, 0);
	assert_int_equal(world_number("SELECT count(*) FROM person WHERE state = 'active'"), 0);
	assert_int_equal(
	    world_number("SELECT count(*) FROM identifier WHERE state = 'claimed'"), 0);
	world_do(DOOR_WEB, 0, "registration.confirm", "token", told("token"), NULL);
	assert_string_equal(world_text("next"), "/t/1");
	assert_true(*world_text("secret"));
	assert_int_equal(world_number("SELECT count(*) FROM person WHERE state = 'active'"
				      " AND name_shown = 'Jeanne Petit' AND password IS NULL"),
	    1);
	assert_int_equal(
	    world_number("SELECT verified > 0 FROM address WHERE folded = 'jeanne@example.org'"),
	    1);
	assert_int_equal(
	    world_number("SELECT count(*) FROM identifier WHERE state = 'claimed' AND person = %d",
		(int)world_int("person")),
	    1);
	world_no(ERR_DENIED, DOOR_WEB, 0, "registration.confirm", "token", told("token"), NULL);
}

static void
test_by_code(void **state)
{
	const char *code;

	(void)state;
	town();
	assert_true(ask(line, "jeanne@example.org"));
	code = told("code");
	world_no(ERR_DENIED, DOOR_WEB, 0, "registration.confirm", "address", "jeanne@example.org",
	    "code", strcmp(code, "00000000") == 0 ? "00000001" : "00000000", NULL);
	assert_int_equal(world_number("SELECT tries FROM registration"), 1);
	world_no(ERR_DENIED, DOOR_WEB, 0, "registration.confirm", "address", "nobody@example.org",
	    "code", code, NULL);
	world_do(DOOR_WEB, 0, "registration.confirm", "address", "Jeanne@Example.org", "code", code,
	    NULL);
	assert_int_equal(world_number("SELECT count(*) FROM session"), 1);
}

static void
test_codes_run_out(void **state)
{
	(void)state;
	town();
	assert_true(ask(line, "jeanne@example.org"));
	book_do(world.db, "UPDATE registration SET tries = 5");
	world_no(ERR_DENIED, DOOR_WEB, 0, "registration.confirm", "address", "jeanne@example.org",
	    "code", told("code"), NULL);
}

static void
test_late(void **state)
{
	(void)state;
	town();
	assert_true(ask(line, "jeanne@example.org"));
	world.clerk.now += 86401;
	world_no(ERR_DENIED, DOOR_WEB, 0, "registration.confirm", "token", told("token"), NULL);
	assert_int_equal(
	    world_number("SELECT count(*) FROM identifier WHERE state = 'claimed'"), 0);
}

/* The roll ended between the letter and the mail. */
static void
test_roll_ends_meanwhile(void **state)
{
	(void)state;
	town();
	assert_true(ask(line, "jeanne@example.org"));
	world_do(DOOR_CONSOLE, 0, "roll.change", "roll", roll, "expires", "1", NULL);
	world_no(ERR_DENIED, DOOR_WEB, 0, "registration.confirm", "token", told("token"), NULL);
	assert_int_equal(world_number("SELECT count(*) FROM person WHERE state = 'active'"), 0);
}

/* Two who saw one letter: the first to answer the mail has it. */
static void
test_race(void **state)
{
	const char *first, *second;

	(void)state;
	town();
	assert_true(ask(line, "jeanne@example.org"));
	first = told("token");
	assert_true(ask(line, "emile@example.org"));
	second = told("token");
	world_do(DOOR_WEB, 0, "registration.confirm", "token", second, NULL);
	world_no(ERR_DENIED, DOOR_WEB, 0, "registration.confirm", "token", first, NULL);
	assert_int_equal(world_number("SELECT count(*) FROM person WHERE state = 'active'"), 1);
}

/* Of an address that has an account nothing is told; its holder gets the line. */
static void
test_known_address(void **state)
{
	int64_t marie = world_person("marie");

	(void)state;
	town();
	assert_true(ask(line, "marie@example.org"));
	assert_int_equal(world.outcome.output.len, 0);
	world_do(DOOR_WEB, 0, "registration.confirm", "token", told("token"), NULL);
	assert_int_equal(world_int("person"), marie);
	assert_int_equal(
	    world_number("SELECT name_shown = 'marie' FROM person WHERE id = %d", (int)marie), 1);
	world_do(DOOR_CONSOLE, 0, "person.set", "person", world_text("person"), "state",
	    "suspended", NULL);
	world.clerk.now += 86401;
	assert_true(ask(other, "marie@example.org"));
	world_no(ERR_DENIED, DOOR_WEB, 0, "registration.confirm", "token", told("token"), NULL);
}

/* What a stranger wrote before is the member's afterwards. */
static void
test_stranger_becomes_member(void **state)
{
	(void)state;
	town();
	world_forum("voirie");
	assert_string_equal(
	    world_mail("voirie", world_raw("jeanne", "Bonjour", "<a@x>", "", "Oui.")), "held");
	assert_true(ask(line, "jeanne@example.org"));
	world_do(DOOR_WEB, 0, "registration.confirm", "token", told("token"), NULL);
	assert_int_equal(world_number("SELECT author = %d FROM post", (int)world_int("person")), 1);
}

/* On the roll one may write where the roll writes; not any more once the line is revoked,
 * or the roll is over. */
static void
test_roll_writes(void **state)
{
	int64_t jeanne;

	(void)state;
	town();
	world_forum("voirie");
	world_do(DOOR_CONSOLE, 0, "forum.set", "slug", "voirie", "who_writes", "roll", NULL);
	assert_true(ask(line, "jeanne@example.org"));
	world_do(DOOR_WEB, 0, "registration.confirm", "token", told("token"), NULL);
	jeanne = world_int("person");
	world_do(
	    DOOR_WEB, jeanne, "post.add", "forum", "voirie", "subject", "a", "source", "Un.", NULL);
	world_do(DOOR_CONSOLE, 0, "roll.change", "roll", roll, "expires", "1", NULL);
	world_no(ERR_DENIED, DOOR_WEB, jeanne, "post.add", "forum", "voirie", "subject", "b",
	    "source", "Deux.", NULL);
	world_do(DOOR_HOUSE, 0, "house.clean", NULL);
	assert_int_equal(
	    world_number("SELECT count(*) FROM identifier WHERE state = 'revoked'"), 2);
}

/* A letter in wrong hands: the account that was made with it ends with the line. */
static void
test_revoke_and_suspend(void **state)
{
	int64_t jeanne;

	(void)state;
	town();
	assert_true(ask(line, "jeanne@example.org"));
	world_do(DOOR_WEB, 0, "registration.confirm", "token", told("token"), NULL);
	jeanne = world_int("person");
	world_do(DOOR_CONSOLE, 0, "roll.revoke", "number", "1", NULL);
	assert_int_equal(world_number("SELECT count(*) FROM person WHERE state = 'suspended'"), 0);
	assert_int_equal(world_number("SELECT count(*) FROM session"), 1);
	world_do(DOOR_CONSOLE, 0, "roll.revoke", "number", "1", "suspend", "1", NULL);
	assert_int_equal(world_number("SELECT count(*) FROM person WHERE state = 'suspended' AND id ="
				      " %d",
			     (int)jeanne),
	    1);
	assert_int_equal(world_number("SELECT count(*) FROM session"), 0);
	/* A line of nobody's suspends nobody. */
	world_do(DOOR_CONSOLE, 0, "roll.revoke", "number", "2", "suspend", "1", NULL);
	assert_int_equal(world_number("SELECT count(*) FROM person WHERE state = 'suspended'"), 1);
}

/* ---- passwords ---- */

static void
test_password(void **state)
{
	static const struct {
		const char *password;
		bool good;
	} cases[] = {
		{ "court", false },
		{ "12345678901", false },
		{ "123456789012", false }, /* digits alone: sixteen */
		{ "7391046285517394", true },
		{ "aaaaaaaaaaaaaaaa", false },
		{ "abababababababab", false },
		{ "marie-marie-1", false }, /* the name, over and over */
		{ "Forums de Ville", false },
		{ "cheval pile agrafe", true },
		{ "été à Ouistreham", true },
	};
	int64_t marie = world_person("marie");

	(void)state;
	world.settings.site_name = "Forums de Ville";
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (world_try(DOOR_WEB, marie, "password.set", "password", cases[i].password,
			NULL) != cases[i].good)
			fail_msg("%s", cases[i].password);
	world_no(
	    ERR_TOO_MUCH, DOOR_WEB, marie, "password.set", "password", "cheval pile agrafe", NULL);
}

static void
test_forgotten(void **state)
{
	int64_t marie = world_person("marie");
	struct fields input;

	(void)state;
	(void)world_session(marie);
	world_do(DOOR_WEB, 0, "session.ask", "address", "nobody@example.org", "reset", "1", NULL);
	assert_int_equal(world_number("SELECT count(*) FROM notice"), 0);
	world_do(DOOR_WEB, 0, "session.ask", "address", "marie@example.org", "reset", "1", NULL);
	input = world_notice("reset");
	assert_string_equal(fields_text(&input, "code", world.arena), "");
	world_do(
	    DOOR_WEB, 0, "session.open", "token", fields_text(&input, "token", world.arena), NULL);
	assert_string_equal(world_text("next"), "/account/password");
	assert_int_equal(world_number("SELECT count(*) FROM session"), 1); /* the others are over */
}

static void
test_sessions(void **state)
{
	int64_t marie = world_person("marie"), emile = world_person("emile");

	(void)state;
	(void)world_session(marie);
	world_do(DOOR_WEB, emile, "session.revoke", "number", "1", NULL);
	assert_int_equal(world_number("SELECT count(*) FROM session"), 1); /* another's: nothing */
	world_do(DOOR_WEB, marie, "session.revoke", "number", "1", NULL);
	assert_int_equal(world_number("SELECT count(*) FROM session"), 0);
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		WORLD_TEST(test_who_may),
		WORLD_TEST(test_issue),
		WORLD_TEST(test_mistyped),
		WORLD_TEST(test_one_answer),
		WORLD_TEST(test_tries_run_out),
		WORLD_TEST(test_mails_to_one_address),
		WORLD_TEST(test_mails_of_one_letter),
		WORLD_TEST(test_by_token),
		WORLD_TEST(test_by_code),
		WORLD_TEST(test_codes_run_out),
		WORLD_TEST(test_late),
		WORLD_TEST(test_roll_ends_meanwhile),
		WORLD_TEST(test_race),
		WORLD_TEST(test_known_address),
		WORLD_TEST(test_stranger_becomes_member),
		WORLD_TEST(test_roll_writes),
		WORLD_TEST(test_revoke_and_suspend),
		WORLD_TEST(test_password),
		WORLD_TEST(test_forgotten),
		WORLD_TEST(test_sessions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
