/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <inttypes.h>
#include <string.h>

#include "mail/mail_read.h"
#include "mail/message_write.h"
#include "rules/delivery.h"
#include "text/theme.h"
#include "world.h"

enum { ROOM = 64 };

static int64_t forum, marie, paul;
static struct delivery due[ROOM];
static size_t due_count;
static int64_t due_wait;

static void
town(void)
{
	forum = world_forum("voirie");
	marie = world_person("marie");
	paul = world_person("paul");
	world_subscribe(marie, "voirie", "each");
	world_subscribe(paul, "voirie", "each");
}

static const char *
text(int64_t id)
{
	return arena_printf(world.arena, "%" PRId64, id);
}

static int64_t
post(const char *source)
{
	world.clerk.now += 60;
	world_do(DOOR_WEB, marie, "post.add", "forum", "voirie", "subject", "Un trou", "source",
	    source, NULL);
	return world_int("post");
}

static size_t
look(const int64_t *busy, size_t busy_count, size_t room)
{
	struct err err = { 0 };

	if (!delivery_due(&world.clerk, world.arena, world.clerk.now, busy, busy_count, room, due,
		&due_count, &due_wait, &err))
		assert_int_equal(err.kind, ERR_NOT_FOUND);
	db_check_idle(world.db);
	return due_count;
}

static void
report(int64_t id, const char *result, const char *answer)
{
	struct buf row = { 0 };

	fields_add_int(&row, "id", id);
	fields_add_text(&row, "result", result);
	fields_add_text(&row, "answer", answer);
	world_field("row", buf_span(&row));
	world_do(DOOR_RELAY, 0, "delivery.report", NULL);
	buf_free(&row);
}

static int64_t
in_state(const char *state)
{
	return world_number("SELECT count(*) FROM outbox WHERE state = '%s'", state);
}

/* ---- who receives ---- */

/* clang-format off */
static const struct {
	const char *name, *mode;
	bool opens; /* a reply else */
	int64_t copies;
} modes[] = {
	{ "each, a new thread",   "each",   true,  1 },
	{ "each, a reply",        "each",   false, 1 },
	{ "topics, a new thread", "topics", true,  1 },
	{ "topics, a reply",      "topics", false, 0 },
	{ "none",                 "none",   true,  0 },
};
/* clang-format on */

static void
test_modes(void **state)
{
	int64_t first;

	(void)state;
	town();
	world_subscribe(marie, "voirie", "none");
	world_subscribe(paul, "voirie", "none");
	first = post("Un trou");
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		world_subscribe(paul, "voirie", modes[i].mode);
		world.clerk.now += 60;
		world.clerk.relay_due = false;
		if (modes[i].opens)
			world_do(DOOR_WEB, marie, "post.add", "forum", "voirie", "subject", "x",
			    "source", "x", NULL);
		else
			world_do(DOOR_WEB, marie, "post.add", "parent", text(first), "source", "x",
			    NULL);
		if (world_number("SELECT count(*) FROM outbox WHERE post = %" PRId64,
			world_int("post")) != modes[i].copies)
			fail_msg("%s", modes[i].name);
		assert_int_equal(world.clerk.relay_due, modes[i].copies > 0);
	}
}

/* Who stands in To or Cc has the mail already. */
static void
test_already(void **state)
{
	(void)state;
	town();
	assert_string_equal(world_mail("voirie", world_raw("marie", "Un trou", "a@x.example",
						     "Cc: Paul <PAUL@Example.org>\n", "Un trou.")),
	    "published");
	assert_int_equal(world_number("SELECT count(*) FROM outbox"), 1);
	assert_int_equal(world_number("SELECT count(*) FROM outbox WHERE person = %" PRId64, marie), 1);
}

/* ---- what is due, and what is reported ---- */

static void
test_due_and_sent(void **state)
{
	int64_t busy[1];

	(void)state;
	town();
	assert_int_equal(look(NULL, 0, ROOM), 0);
	assert_int_equal(due_wait, -1);
	(void)post("Un trou");
	assert_int_equal(look(NULL, 0, ROOM), 2);
	assert_int_equal(due[0].forum, forum);
	assert_string_equal(due[0].address, "marie@example.org");
	assert_int_equal(look(NULL, 0, 1), 1);
	busy[0] = due[0].id;
	assert_int_equal(look(busy, 1, 1), 1);
	assert_int_not_equal(due[0].id, busy[0]);
	report(busy[0], "sent", "250 2.0.0 ok");
	report(busy[0], "sent", "250 2.0.0 ok");
	report(busy[0], "failed", "550 5.1.1 no");
	report(999, "failed", "550 5.1.1 no such row");
	assert_int_equal(in_state("sent"), 1);
	assert_int_equal(world_number("SELECT count(*) FROM bounce"), 0);
	assert_int_equal(look(NULL, 0, ROOM), 1);
}

static void
test_retry(void **state)
{
	int64_t id, wait, last = 0;

	(void)state;
	town();
	world_subscribe(marie, "voirie", "none");
	world.settings.relay_retry = 100;
	world.settings.relay_life = 3600;
	(void)post("Un trou");
	assert_int_equal(look(NULL, 0, ROOM), 1);
	id = due[0].id;
	for (int i = 0; i < 4; i++) {
		report(id, "retry", "451 4.7.1 greylisted");
		assert_int_equal(look(NULL, 0, ROOM), 0);
		wait = due_wait;
		/* It doubles, an eighth more or less. */
		assert_in_range(wait, (100 << i) * 7 / 8 - 1, (100 << i) * 9 / 8 + 1);
		assert_true(wait > last);
		last = wait;
		world.clerk.now += wait;
		assert_int_equal(look(NULL, 0, ROOM), 1);
		assert_int_equal(due[0].attempts, i + 1);
	}
	/* Older than its life: given up, and counted as a soft failure. */
	world.clerk.now += 3600;
	report(id, "retry", "451 4.7.1 greylisted");
	assert_int_equal(in_state("failed"), 1);
	assert_int_equal(world_number("SELECT count(*) FROM bounce WHERE hard = 0 AND status ="
				      " '4.7.1'"),
	    1);
}

/* A clock that jumps ahead ends no delivery at its first trouble. */
static void
test_clock_ahead(void **state)
{
	(void)state;
	town();
	world_subscribe(marie, "voirie", "none");
	(void)post("Un trou");
	assert_int_equal(look(NULL, 0, ROOM), 1);
	world.clerk.now += INT64_C(3650) * 86400;
	for (int i = 0; i < 5; i++) {
		assert_int_equal(in_state("due"), 1);
		report(due[0].id, "retry", "451 4.7.1 greylisted");
	}
	assert_int_equal(in_state("failed"), 1);
}

/* A clock that is set back, by a little where the clerk saw it, by a lot where nobody did. */
static void
test_clock_back(void **state)
{
	(void)state;
	town();
	world_subscribe(marie, "voirie", "none");
	world.settings.relay_retry = 100;
	(void)post("Un trou");
	assert_int_equal(look(NULL, 0, ROOM), 1);
	report(due[0].id, "retry", "451 4.7.1 greylisted");
	world.clerk.now -= 3600;
	world_do(DOOR_HOUSE, 0, "house.clean", NULL);
	assert_int_equal(look(NULL, 0, ROOM), 0);
	assert_in_range(due_wait, 3600, 3800);
	world.clerk.relay_due = false;
	world_do(DOOR_HOUSE, 0, "house.clean", "back", "3600", NULL);
	assert_true(world.clerk.relay_due);
	assert_int_equal(look(NULL, 0, ROOM), 0);
	assert_in_range(due_wait, 80, 120); /* as long as it was before */
	world.clerk.now -= INT64_C(3650) * 86400;
	world_do(DOOR_HOUSE, 0, "house.clean", NULL);
	assert_int_equal(look(NULL, 0, ROOM), 1);
}

static void
test_failed(void **state)
{
	(void)state;
	town();
	(void)post("Un trou");
	(void)look(NULL, 0, ROOM);
	report(due[0].id, "failed", "550 5.1.1 no\r\nsuch\x01 user");
	assert_int_equal(world_number("SELECT count(*) FROM bounce WHERE hard = 1 AND status ="
				      " '5.1.1' AND outbox = %" PRId64 " AND person = %" PRId64,
			     due[0].id, due[0].person),
	    1);
	assert_int_equal(world_number("SELECT count(*) FROM outbox WHERE answer ="
				      " '550 5.1.1 no such user'"),
	    1);
	world_field("row", SPAN("no list"));
	world_no(ERR_INVALID, DOOR_RELAY, 0, "delivery.report", NULL);
}

/* What killed the relay twice is set aside; other rows go on. */
static void
test_poison(void **state)
{
	(void)state;
	town();
	(void)post("Un trou");
	(void)look(NULL, 0, ROOM);
	world_do(DOOR_RELAY, 0, "delivery.start", "id", text(due[0].id), "id", text(due[1].id), NULL);
	assert_int_equal(in_state("due"), 2);
	world_do(DOOR_RELAY, 0, "delivery.start", "id", text(due[0].id), NULL);
	assert_int_equal(in_state("aside"), 1);
	assert_int_equal(look(NULL, 0, ROOM), 1);
}

/* ---- what a copy says ---- */

static struct theme *theme;

static void
open_theme(void)
{
	struct err err = { 0 };

	if (!theme)
		book_ok(theme_open(&theme, PREAU_SOURCE "/themes", "default", &err), &err);
	world.clerk.theme = theme;
}

/* The message of the index-th delivery that is due, parsed again. */
static const char *
message_of(size_t index, const char **sender)
{
	struct message_template template;
	struct message_tokens tokens;
	struct outgoing outgoing;
	struct buf out = { 0 };
	struct err err = { 0 };
	const char *message;

	book_ok(delivery_outgoing(&world.clerk, world.arena, &due[index], &outgoing, &err), &err);
	book_ok(message_template_build(world.arena, &outgoing, &template, &err), &err);
	book_ok(delivery_slots(&world.clerk, world.arena, &due[index], &tokens, sender, &err), &err);
	book_ok(message_template_patch(&template, &tokens, &out, &err), &err);
	db_check_idle(world.db);
	message = arena_strndup(world.arena, out.data, out.len);
	buf_free(&out);
	return message;
}

static void
assert_holds(const char *message, const char *line)
{
	if (!strstr(message, line))
		fail_msg("no '%s' in:\n%s", line, message);
}

static void
test_a_copy(void **state)
{
	const char *message, *sender;
	int64_t first, reply;

	(void)state;
	town();
	open_theme();
	first = post("Un *trou* rue des Lilas, signalé par paul@secret.example.");
	assert_int_equal(look(NULL, 0, ROOM), 2);
	message = message_of(1, &sender);
	assert_holds(message, "From: \"marie (voirie)\" <a.");
	assert_holds(message, "To: \"voirie\" <voirie@forum.ville.example>\r\n");
	assert_holds(message, "Reply-To: \"voirie\" <voirie+r.");
	assert_holds(message, "Subject: Un trou\r\n");
	assert_holds(message, "List-Id: ");
	assert_holds(message, "<voirie.forum.ville.example>\r\n");
	assert_holds(message, "List-Unsubscribe: <https://forum.ville.example/u/");
	assert_holds(message, "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
	assert_holds(message, "Precedence: list\r\n");
	assert_holds(message, "X-Loop: voirie@forum.ville.example");
	assert_null(strstr(message, "In-Reply-To:"));
	assert_null(strstr(message, "paul@example.org"));
	assert_null(strstr(message, "marie@example.org"));
	assert_true(span_starts(span_of(sender), "b."));
	assert_true(span_ends(span_of(sender), "@forum.ville.example"));
	world.clerk.now += 60;
	world_do(DOOR_WEB, paul, "post.add", "parent", text(first), "source", "Oui.", NULL);
	reply = world_int("post");
	(void)look(NULL, 0, ROOM);
	assert_int_equal(due[2].post, reply);
	message = message_of(2, &sender);
	assert_holds(message, "Subject: Re: Un trou\r\n");
	assert_holds(message, "In-Reply-To: <p.");
	assert_holds(message, "References: <p.");
}

/* The tokens in a copy lead back to where they were made for. */
static void
test_the_way_back(void **state)
{
	const char *sender, *message, *at;
	enum mail_purpose purpose;
	uint64_t a, b;
	int64_t first;

	(void)state;
	town();
	open_theme();
	first = post("Un trou");
	(void)look(NULL, 0, ROOM);
	message = message_of(1, &sender);
	at = strstr(message, "<voirie+r.") + strlen("<voirie+r.");
	assert_true(mail_token_read(&world.clerk.token_keys, span_make(at, 26), &purpose, &a, &b));
	assert_int_equal(purpose, MAIL_PURPOSE_REPLY);
	assert_int_equal((int64_t)a, first);
	assert_int_equal((int64_t)b, due[1].person);
	at = strstr(message, "/u/") + 3;
	assert_true(mail_token_read(&world.clerk.token_keys, span_make(at, 26), &purpose, &a, &b));
	assert_int_equal(purpose, MAIL_PURPOSE_UNSUBSCRIBE);
	assert_int_equal((int64_t)a, forum);
	world_do(DOOR_WEB, 0, "subscription.leave", "token", arena_strndup(world.arena, at, 26), NULL);
	assert_string_equal(world_text("forum"), "voirie");
	assert_int_equal(world_number("SELECT count(*) FROM outbox WHERE state = 'cancelled' AND"
				      " person = %" PRId64,
			     due[1].person),
	    1);
	at = sender + 2;
	assert_true(mail_token_read(&world.clerk.token_keys, span_make(at, 26), &purpose, &a, &b));
	assert_int_equal(purpose, MAIL_PURPOSE_BOUNCE);
	assert_int_equal((int64_t)a, due[1].id);
	/* A second time changes nothing, and queues no second notice. */
	at = strstr(message, "/u/") + 3;
	world_do(DOOR_WEB, 0, "subscription.leave", "token", arena_strndup(world.arena, at, 26), NULL);
	assert_int_equal(world_number("SELECT count(*) FROM notice WHERE template = 'unsubscribed'"),
	    1);
	world_no(ERR_NOT_FOUND, DOOR_WEB, 0, "subscription.leave", "token", "aaaa", NULL);
}

/* Our own copy sent back to us is a loop, whoever sends it. */
static void
test_own_copy_is_a_loop(void **state)
{
	const char *sender, *message;

	(void)state;
	town();
	open_theme();
	(void)post("Un trou");
	(void)look(NULL, 0, ROOM);
	message = message_of(0, &sender);
	assert_string_equal(world_mail("voirie", message), "dropped-loop");
	assert_int_equal(world_number("SELECT count(*) FROM post"), 1);
}

/* Every template of a notice, in both languages: it can be written, it is marked as
 * automatic, its sender is null, and no secret stands open in the book. */
static void
test_notices(void **state)
{
	static const struct {
		const char *template, *automatic;
	} kinds[] = {
		{ "held-author", "auto-replied" },
		{ "held-moderator", "auto-generated" },
		{ "approved", "auto-replied" },
		{ "refused", "auto-replied" },
		{ "decided", "auto-generated" },
		{ "login", "auto-generated" },
		{ "confirm", "auto-generated" },
		{ "unsubscribed", "auto-replied" },
		{ "was-it-you", "auto-replied" },
		{ "hidden", "auto-replied" },
		{ "reset", "auto-generated" },
		{ "register", "auto-generated" },
		{ "join", "auto-replied" },
		{ "private", NULL },
		{ "owners", "auto-generated" },
		{ "alarm", "auto-generated" },
	};
	int64_t id;

	(void)state;
	town();
	open_theme();
	id = post("Un trou");
	book_do(world.db, "DELETE FROM outbox");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct notice_new notice = { .template = kinds[i].template, .person = paul,
			.forum = forum, .post = id, .reply_to = "voirie+m.aaaaaaaaaaaaaaaaaaaaaaaaaa" };
		struct outgoing outgoing;
		struct message_tokens tokens;
		struct buf input = { 0 }, out = { 0 };
		struct err err = { 0 };
		const char *sender, *locale;

		fields_add_text(&input, "token", "bbbbbbbbbbbbbbbbbbbbbbbbbb");
		fields_add_int(&input, "author", marie);
		fields_add_text(&input, "name", "Marie");
		fields_add_text(&input, "address", "marie@example.org");
		fields_add_text(&input, "text", "Bonjour");
		fields_add_text(&input, "decision", "approved");
		notice.input = buf_span(&input);
		book_ok(db_begin(world.db, &err), &err);
		book_ok(delivery_queue_notice(&world.clerk, world.arena, &notice, &err), &err);
		book_ok(db_commit(world.db, &err), &err);
		buf_free(&input);
		(void)look(NULL, 0, ROOM);
		assert_int_equal(due_count, i + 1);
		for (int l = 0; l < 2; l++) {
			locale = l == 0 ? "fr" : "en";
			due[i].locale = locale;
			if (!delivery_outgoing(&world.clerk, world.arena, &due[i], &outgoing, &err))
				fail_msg("%s: %s", kinds[i].template, err.text);
			book_ok(delivery_slots(&world.clerk, world.arena, &due[i], &tokens, &sender,
				    &err),
			    &err);
			assert_string_equal(sender, "");
			buf_clear(&out);
			if (!message_write(world.arena, &outgoing, &out, &err))
				fail_msg("%s: %s", kinds[i].template, err.text);
			if (kinds[i].automatic)
				assert_holds(buf_text(&out),
				    arena_printf(world.arena, "Auto-Submitted: %s\r\n",
					kinds[i].automatic));
			assert_holds(buf_text(&out), "To: <paul@example.org>\r\n");
			assert_holds(buf_text(&out), "voirie+m.aaaaaaaaaaaaaaaaaaaaaaaaaa");
		}
		buf_free(&out);
	}
	assert_int_equal(world_number("SELECT count(*) FROM notice WHERE instr(hex(input),"
				      " hex('bbbbbbbbbb')) > 0 OR reply_to <> ''"),
	    0);
}

/* The longest slug: every address made of it is still a local part of 64 octets. */
static void
test_longest_slug(void **state)
{
	const char *slug = "abcdefghijklmnopqrstuvwxyz-01234567", *sender, *message;

	(void)state;
	town();
	open_theme();
	world_no(ERR_TOO_MUCH, DOOR_CONSOLE, 0, "forum.create", "slug",
	    "abcdefghijklmnopqrstuvwxyz-012345678", "name", "x", NULL);
	world_forum(slug);
	world_subscribe(paul, slug, "each");
	world_do(DOOR_WEB, marie, "post.add", "forum", slug, "subject", "x", "source", "x", NULL);
	(void)look(NULL, 0, ROOM);
	message = message_of(0, &sender);
	assert_holds(message, arena_printf(world.arena, "<%s+r.", slug));
}

/* Hundreds of ancestors: the root and the last ones are named, in order. */
static void
test_long_references(void **state)
{
	const struct span_list *ids;
	struct parsed parsed;
	const char *sender;
	int64_t last;

	(void)state;
	town();
	open_theme();
	world.settings.limit_posts = 0;
	last = post("Un trou");
	for (int i = 0; i < 40; i++) {
		world.clerk.now += 60;
		world_do(DOOR_WEB, marie, "post.add", "parent", text(last), "source", "x", NULL);
		last = world_int("post");
	}
	book_do(world.db, "DELETE FROM outbox WHERE post < 41");
	(void)look(NULL, 0, ROOM);
	mail_read(world.arena, span_of(message_of(0, &sender)), &parsed);
	ids = &parsed.references;
	assert_int_equal(ids->count, MESSAGE_REFERENCES_MAX);
	assert_int_equal(world_number("SELECT id FROM post WHERE message_id = '%.*s'",
			     SPAN_ARGS(ids->items[0])),
	    1);
	for (size_t i = 1; i < ids->count; i++)
		assert_int_equal(world_number("SELECT id FROM post WHERE message_id = '%.*s'",
				     SPAN_ARGS(ids->items[i])),
		    21 + (int64_t)i);
}

static int
close_theme(void **state)
{
	(void)state;
	theme_free(&theme);
	return 0;
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_modes),
		TEST(test_already),
		TEST(test_due_and_sent),
		TEST(test_retry),
		TEST(test_clock_ahead),
		TEST(test_clock_back),
		TEST(test_failed),
		TEST(test_poison),
		TEST(test_a_copy),
		TEST(test_the_way_back),
		TEST(test_own_copy_is_a_loop),
		TEST(test_notices),
		TEST(test_longest_slug),
		TEST(test_long_references),
	};

	return cmocka_run_group_tests(tests, NULL, close_theme);
}
