/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <inttypes.h>
#include <string.h>

#include "world.h"

static int64_t marie;

static void
town(void)
{
	marie = world_person("marie");
	world_do(DOOR_CONSOLE, 0, "person.create", "name", "unverified", "address",
	    "unverified@example.org", NULL);
}

static const char *
ask(const char *field)
{
	struct fields input;

	world_do(DOOR_WEB, 0, "session.ask", "address", "Marie@Example.ORG", NULL);
	input = world_notice("login");
	return fields_text(&input, field, world.arena);
}

static int64_t
sessions(void)
{
	return world_number("SELECT count(*) FROM session");
}

static void
test_ask_tells_nothing(void **state)
{
	static const char *const addresses[] = { "nobody@example.org", "unverified@example.org",
		"no address at all", "a@b@c" };

	(void)state;
	town();
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		world_do(DOOR_WEB, 0, "session.ask", "address", addresses[i], NULL);
		assert_int_equal(world.outcome.output.len, 0);
	}
	assert_int_equal(world_number("SELECT count(*) FROM notice"), 0);
	/* What is nobody's is counted like what is somebody's: a commit takes its time. */
	assert_int_equal(world_number("SELECT count(DISTINCT subject) FROM rate"), 2);
	(void)ask("token");
	assert_int_equal(world.outcome.output.len, 0);
	/* One a minute, five a day, silently. */
	world_do(DOOR_WEB, 0, "session.ask", "address", "marie@example.org", NULL);
	assert_int_equal(world_number("SELECT count(*) FROM notice"), 1);
	for (int i = 0; i < 8; i++) {
		world.clerk.now += 61;
		world_do(DOOR_WEB, 0, "session.ask", "address", "marie@example.org", NULL);
	}
	assert_in_range(world_number("SELECT count(*) FROM notice"), 4, 5);
}

static void
test_link(void **state)
{
	const char *token;

	(void)state;
	town();
	token = ask("token");
	/* Only hashes rest in the book, and the notice is sealed. */
	assert_int_equal(world_number("SELECT count(*) FROM notice WHERE instr(input, '%s') > 0",
			     token),
	    0);
	world_do(DOOR_WEB, 0, "session.open", "token", token, NULL);
	assert_int_equal(strlen(world_text("secret")), 43);
	assert_int_equal(world_int("person"), marie);
	/* Once only. */
	world_no(ERR_DENIED, DOOR_WEB, 0, "session.open", "token", token, NULL);
	assert_int_equal(sessions(), 1);
}

static void
test_link_too_late(void **state)
{
	const char *token;

	(void)state;
	town();
	token = ask("token");
	world.clerk.now += 601;
	world_no(ERR_DENIED, DOOR_WEB, 0, "session.open", "token", token, NULL);
	world_no(ERR_DENIED, DOOR_WEB, 0, "session.open", "token", "aaaaaaaaaaaaaaaaaaaaaaaaaa", NULL);
	world_no(ERR_DENIED, DOOR_WEB, 0, "session.open", "token", "short", NULL);
	world_no(ERR_DENIED, DOOR_WEB, 0, "session.open", NULL);
	assert_int_equal(sessions(), 0);
}

static void
test_code(void **state)
{
	const char *code;

	(void)state;
	town();
	code = ask("code");
	assert_int_equal(strlen(code), 8);
	world_no(ERR_DENIED, DOOR_WEB, 0, "session.open", "address", "marie@example.org", "code",
	    "00000000x", NULL);
	world_no(ERR_DENIED, DOOR_WEB, 0, "session.open", "address", "unverified@example.org",
	    "code", code, NULL);
	world_do(DOOR_WEB, 0, "session.open", "address", "marie@example.org", "code",
	    arena_printf(world.arena, " %.4s %.4s", code, code + 4), NULL);
	assert_int_equal(world_int("person"), marie);
	world_no(ERR_DENIED, DOOR_WEB, 0, "session.open", "address", "marie@example.org", "code",
	    code, NULL);
}

/* Five wrong codes kill a code, though each try was rolled back. */
static void
test_wrong_codes(void **state)
{
	const char *code, *wrong;

	(void)state;
	town();
	code = ask("code");
	wrong = strcmp(code, "12345678") == 0 ? "87654321" : "12345678";
	for (int i = 0; i < 5; i++) {
		world.clerk.now += 61; /* the limit by the minute is another thing */
		world_no(ERR_DENIED, DOOR_WEB, 0, "session.open", "address", "marie@example.org",
		    "code", wrong, NULL);
	}
	assert_int_equal(world_number("SELECT max(tries) FROM token"), 5);
	world_no(ERR_DENIED, DOOR_WEB, 0, "session.open", "address", "marie@example.org", "code",
	    code, NULL);
	/* And the account is limited, whoever tries. */
	for (int i = 0; i < 5; i++)
		(void)world_try(DOOR_WEB, 0, "session.open", "address", "marie@example.org", "code",
		    wrong, NULL);
	world_no(ERR_TOO_MUCH, DOOR_WEB, 0, "session.open", "address", "marie@example.org", "code",
	    wrong, NULL);
}

static const char *
id(int64_t person)
{
	return arena_printf(world.arena, "%" PRId64, person);
}

static const char *
password_of(const char *address)
{
	struct buf input = { 0 }, job = { 0 };
	struct act act = { .kind = act_kind_find(SPAN("session.open")), .arena = world.arena };
	struct fields asked;

	fields_add_text(&input, "address", address);
	fields_add_text(&input, "password", "anything");
	assert_true(fields_read(&act.input, arena_span(world.arena, buf_span(&input))));
	buf_free(&input);
	act_add_secrets(&world.clerk, &act, &job);
	assert_true(fields_read(&asked, arena_span(world.arena, buf_span(&job))));
	buf_free(&job);
	return fields_text(&asked, "phc", world.arena);
}

static void
test_password(void **state)
{
	const char *token;

	(void)state;
	town();
	/* Nobody, and somebody without a password: the same decoy. */
	assert_string_equal(password_of("nobody@example.org"), password_of("marie@example.org"));
	world_no(ERR_DENIED, DOOR_WEB, 0, "session.open", "address", "marie@example.org",
	    "password", "the right one", NULL);
	world_no(ERR_DENIED, DOOR_WEB, marie, "person.set", "password", "the right one", NULL);
	world_do(
	    DOOR_CONSOLE, 0, "person.set", "person", id(marie), "password", "the right one", NULL);
	assert_string_equal(password_of("marie@example.org"), "hash of the right one");
	world_do(DOOR_WEB, 0, "session.open", "address", "marie@example.org", "password",
	    "the right one", NULL);
	world_no(ERR_DENIED, DOOR_WEB, 0, "session.open", "address", "marie@example.org", "password",
	    "a wrong one", NULL);
	assert_int_equal(sessions(), 1);
	/* A new password ends all sessions, and the links on their way to one. */
	token = ask("token");
	world_do(DOOR_CONSOLE, 0, "person.set", "person", id(marie), "password", "another", NULL);
	assert_int_equal(sessions(), 0);
	world_no(ERR_DENIED, DOOR_WEB, 0, "session.open", "token", token, NULL);
}

/* A session left open changes no password, whose holder is told of each change. */
static void
test_password_lately(void **state)
{
	(void)state;
	town();
	world.entered = world.clerk.now - 15 * 60;
	world_no(
	    ERR_DENIED, DOOR_WEB, marie, "password.set", "password", "cheval pile agrafe", NULL);
	world_no(ERR_DENIED, DOOR_WEB, marie, "password.set", NULL);
	world.entered += 1;
	world_do(DOOR_WEB, marie, "password.set", "password", "cheval pile agrafe", NULL);
	assert_int_equal(
	    world_number("SELECT count(*) FROM notice WHERE template = 'password'"), 1);
	world_do(DOOR_WEB, marie, "password.set", NULL); /* taken away: that is told too */
	assert_int_equal(
	    world_number("SELECT count(*) FROM notice WHERE template = 'password'"), 2);
	assert_int_equal(world_number("SELECT count(DISTINCT address) FROM outbox"), 1);
}

/* Who may decide over others from now on has no session of thirty days left. */
static void
test_promoted(void **state)
{
	(void)state;
	town();
	world_forum("voirie");
	(void)world_session(marie);
	world_do(DOOR_CONSOLE, 0, "mandate.set", "person", id(marie), "forum", "voirie", "role",
	    "writer", NULL);
	assert_int_equal(sessions(), 1);
	world_do(DOOR_CONSOLE, 0, "mandate.set", "person", id(marie), "forum", "voirie", "role",
	    "moderator", NULL);
	assert_int_equal(sessions(), 0);
	(void)world_session(marie);
	world_do(DOOR_CONSOLE, 0, "mandate.set", "person", id(marie), "forum", "voirie", "role",
	    "moderator", NULL); /* the same mandate: nothing new */
	world_do(DOOR_CONSOLE, 0, "person.set", "person", id(marie), "administrator", "0", NULL);
	assert_int_equal(sessions(), 1);
	world_do(DOOR_CONSOLE, 0, "person.set", "person", id(marie), "administrator", "1", NULL);
	assert_int_equal(sessions(), 0);
	(void)world_session(marie);
	world_do(DOOR_WEB, marie, "person.set", "name", "Marie P.", NULL);
	assert_int_equal(sessions(), 1);
	/* Nor does an administrator lock himself out by a slip. */
	world_no(ERR_INVALID, DOOR_WEB, marie, "person.set", "state", "suspended", NULL);
	world_no(ERR_INVALID, DOOR_WEB, marie, "person.set", "administrator", "0", NULL);
	assert_int_equal(sessions(), 1);
}

static bool
guess(const char *address, const char *peer)
{
	return world_try(DOOR_WEB, 0, "session.open", "address", address, "password", "a guess",
	    "peer", peer, NULL);
}

/* One machine that tries many accounts, then many that do; auth is not troubled any more. */
static void
test_many_accounts(void **state)
{
	int hashings;

	(void)state;
	town();
	for (int i = 0; i < 30; i++)
		assert_false(guess(arena_printf(world.arena, "p%d@example.org", i), "p"));
	assert_int_equal(world.err.kind, ERR_DENIED);
	hashings = world.hashings;
	assert_false(guess("p30@example.org", "p"));
	assert_int_equal(world.err.kind, ERR_TOO_MUCH);
	assert_false(guess("not an address", "p"));
	assert_int_equal(world.err.kind, ERR_TOO_MUCH);
	world_no(ERR_TOO_MUCH, DOOR_WEB, 0, "session.ask", "address", "marie@example.org", "peer",
	    "p", NULL);
	assert_int_equal(world.hashings, hashings);
	assert_false(guess("p30@example.org", "another"));
	assert_int_equal(world.err.kind, ERR_DENIED);
	book_do(world.db, "UPDATE rate SET count = 600 WHERE name = 'LOGIN_GLOBAL.10min'");
	assert_false(guess("p31@example.org", "third"));
	assert_int_equal(world.err.kind, ERR_TOO_MUCH);
	/* A link opens all the same. */
	world_do(DOOR_WEB, 0, "session.open", "token", ask("token"), NULL);
}

static void
test_many_forgot(void **state)
{
	(void)state;
	town();
	for (int i = 0; i < 10; i++)
		world_do(DOOR_WEB, 0, "session.ask", "reset", "1", "peer", "p", "address",
		    arena_printf(world.arena, "p%d@example.org", i), NULL);
	world_no(ERR_TOO_MUCH, DOOR_WEB, 0, "session.ask", "reset", "1", "peer", "p", "address",
	    "marie@example.org", NULL);
	world_do(DOOR_WEB, 0, "session.ask", "reset", "1", "peer", "another", "address",
	    "marie@example.org", NULL);
}

static void
test_suspended(void **state)
{
	const char *token;
	char *id;

	(void)state;
	town();
	id = arena_printf(world.arena, "%" PRId64, marie);
	token = ask("token");
	(void)world_session(marie);
	world_no(ERR_DENIED, DOOR_WEB, marie, "person.set", "person", id, "state", "suspended", NULL);
	world_no(ERR_DENIED, DOOR_WEB, marie, "person.set", "administrator", "1", NULL);
	world_do(DOOR_CONSOLE, 0, "person.set", "person", id, "state", "suspended", NULL);
	assert_int_equal(sessions(), 0);
	world_no(ERR_DENIED, DOOR_WEB, 0, "session.open", "token", token, NULL);
	world_no(ERR_NOT_FOUND, DOOR_CONSOLE, 0, "session.link", "person", id, NULL);
}

static void
test_life_of_a_session(void **state)
{
	const char *secret;
	struct act act = { .arena = world.arena };
	struct err err = { 0 };

	(void)state;
	town();
	world_do(DOOR_WEB, 0, "session.open", "token", ask("token"), NULL);
	secret = world_text("secret");
	act.arena = world.arena;
	book_ok(act_find_actor(&world.clerk, &act, span_of(secret), &err), &err);
	assert_int_equal(act.actor, marie);
	book_ok(act_find_actor(&world.clerk, &act, SPAN("another"), &err), &err);
	assert_int_equal(act.actor, 0);
	/* Used every day it lives for 180 days, then it ends all the same. */
	for (int day = 0; day < 179; day++) {
		world.clerk.now += 86400;
		world_do(DOOR_WEB, marie, "session.seen", "session", secret, NULL);
	}
	world.clerk.now += 2 * 86400;
	book_ok(act_find_actor(&world.clerk, &act, span_of(secret), &err), &err);
	assert_int_equal(act.actor, 0);
	/* Closing is idempotent. */
	secret = world_session(marie);
	world_do(DOOR_WEB, marie, "session.close", "session", secret, NULL);
	world_do(DOOR_WEB, marie, "session.close", "session", secret, NULL);
	book_ok(act_find_actor(&world.clerk, &act, span_of(secret), &err), &err);
	assert_int_equal(act.actor, 0);
}

/* Whoever may decide over others is signed out sooner. */
static void
test_staff(void **state)
{
	(void)state;
	town();
	world_forum("voirie");
	world_do(DOOR_WEB, 0, "session.open", "token", ask("token"), NULL);
	assert_int_equal(world_int("expires"), world.clerk.now + 30 * 86400);
	world_moderator(marie, "voirie");
	world.clerk.now += 61;
	world_do(DOOR_WEB, 0, "session.open", "token", ask("token"), NULL);
	assert_int_equal(world_int("expires"), world.clerk.now + 12 * 3600);
}

static void
test_link_of_the_administrator(void **state)
{
	const char *url;

	(void)state;
	town();
	world_no(ERR_DENIED, DOOR_WEB, marie, "session.link", "address", "marie@example.org", NULL);
	world_no(ERR_INVALID, DOOR_CONSOLE, 0, "session.link", "address", "marie@example.org",
	    "life", "86401", NULL);
	world_do(DOOR_CONSOLE, 0, "session.link", "address", "marie@example.org", "life", "86400",
	    NULL);
	url = world_text("url");
	assert_true(span_starts(span_of(url), "https://forum.ville.example/ok/"));
	world.clerk.now += 80000;
	world_do(DOOR_WEB, 0, "session.open", "token", url + strlen("https://forum.ville.example/ok/"),
	    NULL);
	assert_int_equal(world_int("person"), marie);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_ask_tells_nothing),
		TEST(test_link),
		TEST(test_link_too_late),
		TEST(test_code),
		TEST(test_wrong_codes),
		TEST(test_password),
		TEST(test_password_lately),
		TEST(test_promoted),
		TEST(test_many_accounts),
		TEST(test_many_forgot),
		TEST(test_suspended),
		TEST(test_life_of_a_session),
		TEST(test_staff),
		TEST(test_link_of_the_administrator),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
