/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <inttypes.h>
#include <string.h>

#include "rules/mail_word.h"
#include "world.h"

static int64_t marie, first, second, other;

static void
town(void)
{
	world_forum("voirie");
	world_forum("culture");
	marie = world_person("marie");
	first = world_person("first");
	second = world_person("second");
	other = world_person("other");
	world_moderator(first, "voirie");
	world_moderator(second, "voirie");
	world_moderator(other, "culture");
	world_subscribe(marie, "voirie", "each");
}

static int64_t
hold(const char *id)
{
	assert_string_equal(world_mail("voirie", world_raw("eve", "Bonjour", id, "", "Bonjour.")),
	    "held");
	return world_post;
}

static const char *
text(int64_t id)
{
	return arena_printf(world.arena, "%" PRId64, id);
}

static const char *
state_of(int64_t post)
{
	static const char *const words[] = { "held", "published", "refused" };

	for (size_t i = 0; i < 3; i++)
		if (world_number("SELECT count(*) FROM post WHERE id = %" PRId64 " AND state = '%s'",
			post, words[i]))
			return words[i];
	return "?";
}

static void
test_approve(void **state)
{
	int64_t post;

	(void)state;
	town();
	post = hold("a@x.example");
	world.clerk.now += 7200;
	world_do(DOOR_WEB, first, "post.approve", "post", text(post), NULL);
	assert_string_equal(world_text("state"), "published");
	assert_true(world_int("thread") > 0);
	/* It appears as of now: last in its thread, and once to each subscriber. */
	assert_int_equal(world_number("SELECT date FROM post WHERE id = %" PRId64, post),
	    BOOK_NOW + 7200);
	assert_int_equal(world_number("SELECT count(*) FROM outbox WHERE post = %" PRId64, post), 1);
	assert_int_equal(world_number("SELECT decided_by FROM post WHERE id = %" PRId64, post), first);
	assert_int_equal(world_number("SELECT count(*) FROM notice WHERE template = 'approved'"), 1);
	assert_int_equal(world_number("SELECT count(*) FROM notice WHERE template = 'decided'"), 1);
	/* The second decision answers what the first one did. */
	world_do(DOOR_WEB, second, "post.refuse", "post", text(post), "why", "non", NULL);
	assert_string_equal(world_text("state"), "published");
	world_do(DOOR_WEB, second, "post.approve", "post", text(post), NULL);
	assert_int_equal(world_number("SELECT count(*) FROM outbox WHERE post = %" PRId64, post), 1);
	assert_int_equal(world_number("SELECT count(*) FROM journal WHERE act = 'post.approve' AND"
				      " object = 'post %" PRId64 "' AND outcome = 'done'",
			     post),
	    2);
}

static void
test_refuse(void **state)
{
	int64_t post;

	(void)state;
	town();
	post = hold("a@x.example");
	world_do(DOOR_WEB, first, "post.refuse", "post", text(post), "why", "Hors sujet.", NULL);
	assert_string_equal(world_text("state"), "refused");
	assert_int_equal(world_number("SELECT count(*) FROM post WHERE why = 'Hors sujet.'"), 1);
	assert_int_equal(world_number("SELECT count(*) FROM notice WHERE template = 'refused'"), 1);
	assert_int_equal(world_number("SELECT count(*) FROM outbox WHERE post IS NOT NULL"), 0);
	world_do(DOOR_WEB, second, "post.approve", "post", text(post), NULL);
	assert_string_equal(world_text("state"), "refused");
}

static void
test_discard_is_silent(void **state)
{
	int64_t post, notices;

	(void)state;
	town();
	post = hold("a@x.example");
	notices = world_number("SELECT count(*) FROM notice WHERE template <> 'decided'");
	world_do(DOOR_WEB, first, "post.discard", "post", text(post), NULL);
	assert_string_equal(state_of(post), "refused");
	assert_int_equal(world_number("SELECT count(*) FROM notice WHERE template <> 'decided'"),
	    notices);
}

/* Nobody is told anything about mail that was not proved to be theirs. */
static void
test_no_backscatter(void **state)
{
	(void)state;
	town();
	assert_string_equal(world_mail_from("voirie", "x@y.example", "192.0.2.1",
				world_raw("eve", "Bonjour", "a@x.example", "", "Bonjour.")),
	    "held");
	world_do(DOOR_WEB, first, "post.refuse", "post", text(world_post), NULL);
	assert_int_equal(world_number("SELECT count(*) FROM outbox AS o JOIN address AS a ON"
				      " a.id = o.address WHERE a.folded = 'eve@example.org'"),
	    0);
}

static void
test_who_may(void **state)
{
	int64_t post;

	(void)state;
	town();
	post = hold("a@x.example");
	world_no(ERR_NOT_FOUND, DOOR_WEB, marie, "post.approve", "post", text(post), NULL);
	world_no(ERR_NOT_FOUND, DOOR_WEB, other, "post.approve", "post", text(post), NULL);
	world_no(ERR_DENIED, DOOR_WEB, 0, "post.approve", "post", text(post), NULL);
	world_no(ERR_NOT_FOUND, DOOR_WEB, first, "post.approve", "post", "999", NULL);
	assert_string_equal(state_of(post), "held");
	assert_int_equal(world_number("SELECT count(*) FROM journal WHERE act = 'post.approve' AND"
				      " outcome <> 'done'"),
	    4);
	/* A mandate that ended is none; the administrator may decide everywhere. */
	world_do(DOOR_CONSOLE, 0, "mandate.end", "mandate", "1", NULL);
	world.clerk.now += 1;
	world_no(ERR_NOT_FOUND, DOOR_WEB, first, "post.approve", "post", text(post), NULL);
	world_do(DOOR_CONSOLE, 0, "post.approve", "post", text(post), NULL);
	assert_string_equal(state_of(post), "published");
}

static bool
is_trusted(const char *name)
{
	return world_number("SELECT trusted FROM person WHERE name_shown = '%s'", name) == 1;
}

/* Trust goes with the reading of a first message, and with nothing else. */
static void
test_trust(void **state)
{
	int64_t post;

	(void)state;
	town();
	/* A forum that reads no first messages gives none. */
	post = hold("a@x.example");
	world_do(DOOR_WEB, first, "post.approve", "post", text(post), "trust", "1", NULL);
	assert_string_equal(state_of(post), "published");
	assert_false(is_trusted("eve"));
	/* Who comes second decides nothing, who refused has not read with favour. */
	world_do(DOOR_CONSOLE, 0, "forum.set", "slug", "voirie", "appears", "first_read", NULL);
	(void)world_mail("voirie", world_raw("marie", "Un", "b@x.example", "", "Un."));
	post = world_post;
	world_do(DOOR_WEB, second, "post.refuse", "post", text(post), "why", "non", NULL);
	world_do(DOOR_WEB, first, "post.approve", "post", text(post), "trust", "1", NULL);
	assert_false(is_trusted("marie"));
	(void)world_mail("voirie", world_raw("marie", "Deux", "c@x.example", "", "Deux."));
	world_do(DOOR_WEB, first, "post.approve", "post", text(world_post), "trust", "1", NULL);
	assert_true(is_trusted("marie"));
	/* Nor does anybody vouch for himself. */
	(void)world_mail("voirie", world_raw("first", "Trois", "d@x.example",
				       "Auto-Submitted: auto-generated\n", "Trois."));
	assert_string_equal(state_of(world_post), "held");
	world_do(DOOR_WEB, first, "post.approve", "post", text(world_post), "trust", "1", NULL);
	assert_string_equal(state_of(world_post), "published");
	assert_false(is_trusted("first"));
}

/* The emergency brake holds moderators too, and none of them lets himself through. */
static void
test_emergency(void **state)
{
	(void)state;
	town();
	world_do(DOOR_CONSOLE, 0, "forum.set", "slug", "voirie", "emergency", "1", NULL);
	(void)world_mail("voirie", world_raw("first", "Un", "a@x.example", "", "Un."));
	assert_string_equal(state_of(world_post), "held");
	world_no(ERR_DENIED, DOOR_WEB, first, "post.approve", "post", text(world_post), NULL);
	assert_string_equal(state_of(world_post), "held");
	world_do(DOOR_WEB, second, "post.approve", "post", text(world_post), NULL);
	assert_string_equal(state_of(world_post), "published");
	/* To take one's own back is no favour. */
	(void)world_mail("voirie", world_raw("first", "Deux", "b@x.example", "", "Deux."));
	world_do(DOOR_WEB, first, "post.discard", "post", text(world_post), NULL);
	assert_string_equal(state_of(world_post), "refused");
}

/* A forum without moderators: the administrators are told. */
static void
test_administrators_are_told(void **state)
{
	(void)state;
	world_forum("voirie");
	world_do(DOOR_CONSOLE, 0, "person.create", "name", "Admin", "address", "admin@example.org",
	    "verified", "1", "administrator", "1", NULL);
	(void)world_mail("voirie", world_raw("eve", "Bonjour", "a@x.example", "", "Bonjour."));
	assert_int_equal(world_number("SELECT count(*) FROM notice WHERE template = 'held-moderator'"),
	    1);
}

/* A mandate outlives a suspension, what it gave does not. */
static void
test_suspended_moderator(void **state)
{
	int64_t post;

	(void)state;
	town();
	world_do(DOOR_CONSOLE, 0, "person.set", "person", text(first), "state", "suspended", NULL);
	post = hold("a@x.example");
	assert_int_equal(world_number("SELECT count(*) FROM outbox WHERE person = %" PRId64, first), 0);
	assert_int_equal(world_number("SELECT count(*) FROM outbox WHERE person = %" PRId64, second),
	    1);
	world_no(ERR_NOT_FOUND, DOOR_WEB, first, "post.approve", "post", text(post), NULL);
}

/* A closed discussion takes no replies by mail either: they wait, and say why. */
static void
test_closed_discussion(void **state)
{
	struct fields input;
	int64_t post;

	(void)state;
	town();
	(void)world_mail("voirie", world_raw("marie", "Un trou", "a@x.example", "", "Un trou."));
	world_do(DOOR_WEB, first, "thread.set", "thread", "1", "closed", "1", NULL);
	assert_string_equal(
	    world_mail("voirie",
		world_raw("marie", "Re: Un trou", "b@x.example", "In-Reply-To: <a@x.example>\n", "Et ?")),
	    "held");
	post = world_post;
	assert_int_equal(world_number("SELECT count(*) FROM post WHERE hold = 'closed'"), 1);
	/* Nor does the author's yes open it. */
	assert_string_equal(world_mail_from("voirie", "x@y.example", "192.0.2.1",
				world_raw("marie", "Re: Un trou", "c@x.example",
				    "In-Reply-To: <a@x.example>\n", "Moi ?")),
	    "held");
	input = world_notice("was-it-you");
	world_do(DOOR_WEB, 0, "post.confirm", "token", fields_text(&input, "token", world.arena),
	    NULL);
	assert_string_equal(state_of(world_post), "held");
	assert_int_equal(world_number("SELECT count(*) FROM post WHERE hold = 'closed'"), 2);
	/* A moderator may let it in, knowing. */
	world_do(DOOR_WEB, first, "post.approve", "post", text(post), NULL);
	assert_int_equal(world_number("SELECT thread FROM post WHERE id = %" PRId64, post), 1);
}

/* ---- by mail ---- */

static const char *
newest_answer_address(void)
{
	struct fields input = world_notice("held-moderator");

	return fields_text(&input, "reply_to", world.arena);
}

static void
test_by_mail(void **state)
{
	const char *to;
	int64_t post;

	(void)state;
	town();
	post = hold("a@x.example");
	to = newest_answer_address(); /* second's: notices go in the order of persons */
	/* A machine, another person, no proof, no word: nothing is done. */
	assert_string_equal(world_mail(to, world_raw("second", "Absence", "1@x.example",
						   "Auto-Submitted: auto-replied\n", "ok")),
	    "dropped-auto");
	assert_string_equal(world_mail(to, world_raw("first", "Re", "2@x.example", "", "ok")),
	    "refused");
	assert_string_equal(world_mail_from(to, "x@y.example", "192.0.2.1",
				world_raw("second", "Re", "3@x.example", "", "ok")),
	    "refused");
	assert_string_equal(world_mail(to, world_raw("second", "Re", "4@x.example", "", "Peut-être.")),
	    "command");
	assert_string_equal(state_of(post), "held");
	assert_string_equal(world_mail(to,
				world_raw("second", "Re", "5@x.example", "",
				    "Non : hors sujet ici\n\nLe 3 mars 2026, X a écrit :\n> ok\n")),
	    "command");
	assert_string_equal(state_of(post), "refused");
	assert_int_equal(world_number("SELECT count(*) FROM post WHERE why = 'hors sujet ici'"), 1);
	assert_int_equal(world_number("SELECT count(*) FROM journal WHERE act = 'post.refuse' AND"
				      " door = 'mail' AND actor = %" PRId64,
			     second),
	    1);
	/* Late: the first decision stands. */
	assert_string_equal(world_mail(to, world_raw("second", "Re", "6@x.example", "", "OK")),
	    "command");
	assert_string_equal(state_of(post), "refused");
	/* After a week the address is out of date. */
	post = hold("b@x.example");
	to = newest_answer_address();
	world.clerk.now += 8 * 86400;
	assert_string_equal(world_mail(to, world_raw("second", "Re", "7@x.example", "", "ok")),
	    "refused");
	assert_string_equal(state_of(post), "held");
}

/* clang-format off */
static const struct {
	const char *own;
	enum mail_verb verb;
	const char *why;
} words[] = {
	{ "ok", MAIL_VERB_APPROVE, "" },
	{ "OK.", MAIL_VERB_APPROVE, "" },
	{ "  Oui, merci\n", MAIL_VERB_APPROVE, "" },
	{ "Accepter", MAIL_VERB_APPROVE, "" },
	{ "approuver !", MAIL_VERB_APPROVE, "" },
	{ "approve", MAIL_VERB_APPROVE, "" },
	{ "Non", MAIL_VERB_REFUSE, "" },
	{ "refuser: hors sujet", MAIL_VERB_REFUSE, "hors sujet" },
	{ "Refuser\xc2\xa0: hors\nsujet", MAIL_VERB_REFUSE, "hors sujet" },
	{ "Non.\n\nTrop long", MAIL_VERB_REFUSE, "Trop long" },
	{ "jeter", MAIL_VERB_DISCARD, "" },
	{ "", MAIL_VERB_NONE, "" },
	{ "non-dit", MAIL_VERB_NONE, "" },
	{ "okay", MAIL_VERB_NONE, "" },
	{ "nonobstant", MAIL_VERB_NONE, "" },
	{ "> ok", MAIL_VERB_NONE, "" },
	{ "Je ne sais pas : ok ?", MAIL_VERB_NONE, "" },
	{ "No problem, publish it", MAIL_VERB_NONE, "" },
	{ "No", MAIL_VERB_REFUSE, "" },
	{ "No: off topic", MAIL_VERB_REFUSE, "off topic" },
};
/* clang-format on */

static void
test_words(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct mail_answer answer = mail_word_read(arena, span_of(words[i].own));

		if (answer.verb != words[i].verb || !span_is(answer.why, words[i].why))
			fail_msg("'%s': %d '%.*s'", words[i].own, (int)answer.verb,
			    SPAN_ARGS(answer.why));
	}
	arena_free(&arena);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_approve),
		TEST(test_refuse),
		TEST(test_discard_is_silent),
		TEST(test_no_backscatter),
		TEST(test_who_may),
		TEST(test_trust),
		TEST(test_emergency),
		TEST(test_administrators_are_told),
		TEST(test_suspended_moderator),
		TEST(test_closed_discussion),
		TEST(test_by_mail),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
