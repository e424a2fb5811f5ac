/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <inttypes.h>
#include <string.h>

#include "base/file.h"
#include "world.h"

/* voirie, where registered people write at once; marie and paul receive each post. */
static int64_t forum, marie, paul;

static void
town(void)
{
	forum = world_forum("voirie");
	marie = world_person("marie");
	paul = world_person("paul");
	world_subscribe(marie, "voirie", "each");
	world_subscribe(paul, "voirie", "each");
}

static void
assert_outcome(const char *got, const char *want, const char *name)
{
	if (strcmp(got, want) != 0)
		fail_msg("%s: %s, not %s", name, got, want);
}

static int64_t
held_as(const char *hold)
{
	return world_number("SELECT count(*) FROM post WHERE id = %" PRId64
			    " AND state = 'held' AND hold = '%s'",
	    world_post, hold);
}

/* ---- a member ---- */

static void
test_a_member_publishes(void **state)
{
	(void)state;
	town();
	assert_string_equal(world_mail("voirie",
				world_raw("marie", "Un trou", "a@x.example", "", "Un trou rue des Lilas.")),
	    "published");
	assert_int_equal(world_number("SELECT count(*) FROM post WHERE author = %" PRId64
				      " AND proof = 'local' AND message_id = 'a@x.example'",
			     marie),
	    1);
	assert_int_equal(world_number("SELECT count(*) FROM outbox WHERE state = 'due'"), 2);
	assert_int_equal(world_number("SELECT count(*) FROM inbox WHERE state = 'done' AND"
				      " outcome = 'published'"),
	    1);
	assert_int_equal(world_number("SELECT count(*) FROM search WHERE search MATCH 'lilas'"), 1);
	assert_int_equal(world_number("SELECT value FROM counter WHERE name = 'mail.published'"), 1);
}

/* A reply finds its parent by the token of its copy, though nothing else names it. */
static void
test_reply_token(void **state)
{
	char token[MAIL_TOKEN_ROOM];
	int64_t first;

	(void)state;
	town();
	(void)world_mail("voirie", world_raw("marie", "Un trou", "a@x.example", "", "Un trou."));
	first = world_post;
	assert_true(mail_token_make(&world.clerk.token_keys, MAIL_PURPOSE_REPLY, (uint64_t)first,
	    (uint64_t)paul, token));
	/* From another network, without verdict: the token proves whom it was made for. */
	assert_string_equal(world_mail_from(arena_printf(world.arena, "voirie+r.%s", token),
				"paul@example.org", "192.0.2.1",
				world_raw("paul", "RE : Un trou", "b@x.example", "", "Je confirme.")),
	    "published");
	assert_int_equal(world_number("SELECT parent FROM post WHERE id = %" PRId64, world_post),
	    first);
	assert_int_equal(world_number("SELECT count(*) FROM thread"), 1);
	/* The same token in the hands of a stranger proves nothing. */
	assert_string_equal(world_mail_from(arena_printf(world.arena, "voirie+r.%s", token),
				"eve@example.org", "192.0.2.1",
				world_raw("eve", "RE : Un trou", "c@x.example", "", "Moi aussi.")),
	    "held");
	assert_int_equal(held_as("stranger"), 1);
	/* In another forum it answers nothing, and proves nobody. */
	world_forum("culture");
	assert_string_equal(world_mail_from(arena_printf(world.arena, "culture+r.%s", token),
				"paul@example.org", "192.0.2.1",
				world_raw("paul", "RE : Un trou", "e@x.example", "", "Ailleurs.")),
	    "held");
	assert_int_equal(held_as("unproved"), 1);
	/* Nor does it let Eve speak for Marie. */
	assert_string_equal(world_mail_from(arena_printf(world.arena, "voirie+r.%s", token),
				"marie@example.org", "192.0.2.1",
				world_raw("marie", "RE : Un trou", "d@x.example", "", "Moi, Marie.")),
	    "held");
	assert_int_equal(held_as("unproved"), 1);
	/* After a year it names the thread, and proves nobody any more. */
	world.clerk.now += 366 * 86400;
	assert_string_equal(world_mail_from(arena_printf(world.arena, "voirie+r.%s", token),
				"paul@example.org", "192.0.2.1",
				world_raw("paul", "RE : Un trou", "f@x.example", "", "Encore.")),
	    "held");
	assert_int_equal(held_as("unproved"), 1);
	assert_int_equal(world_number("SELECT parent FROM post WHERE id = %" PRId64, world_post), first);
}

/* ---- a stranger ---- */

static void
test_a_stranger_touches_nothing(void **state)
{
	int64_t moderator, version;

	(void)state;
	town();
	moderator = world_person("moderator");
	world_moderator(moderator, "voirie");
	version = world_number("SELECT value FROM public_version");
	assert_string_equal(world_mail_from("voirie", "eve@example.org", "192.0.2.1",
				world_raw("eve", "Bonjour", "e@x.example", "", "Achetez ma lilas.")),
	    "held");
	assert_int_equal(held_as("stranger"), 1);
	assert_int_equal(world_number("SELECT value FROM public_version"), version);
	assert_int_equal(world_number("SELECT count(*) FROM thread"), 0);
	assert_int_equal(world_number("SELECT count(*) FROM reference"), 0);
	assert_int_equal(world_number("SELECT count(*) FROM search WHERE search MATCH 'lilas'"), 0);
	assert_int_equal(world_number("SELECT count(*) FROM outbox WHERE post IS NOT NULL"), 0);
	/* The moderator is told; the stranger, who is not proved, hears nothing. */
	assert_int_equal(world_number("SELECT count(*) FROM outbox"), 1);
	assert_int_equal(world_number("SELECT count(*) FROM outbox WHERE person = %" PRId64,
			     moderator),
	    1);
	/* No secret lies open in the book. */
	assert_int_equal(world_number("SELECT count(*) FROM notice WHERE reply_to <> ''"), 0);
	assert_true(span_starts(fields_get(&(struct fields){ world_notice("held-moderator").octets },
				    "reply_to"),
	    "voirie+m."));
}

static void
test_a_proved_stranger_is_told(void **state)
{
	(void)state;
	town();
	world_moderator(world_person("moderator"), "voirie");
	assert_string_equal(world_mail("voirie",
				world_raw("eve", "Bonjour", "e@x.example", "", "Bonjour.")),
	    "held");
	assert_int_equal(world_number("SELECT count(*) FROM notice WHERE template = 'join'"), 1);
	/* Once: a second message brings no second explanation, and nothing else. */
	assert_string_equal(world_mail("voirie",
				world_raw("eve", "Encore", "e2@x.example", "", "Encore.")),
	    "held");
	assert_int_equal(world_number("SELECT count(*) FROM notice WHERE template = 'join'"), 1);
	assert_int_equal(world_number("SELECT count(*) FROM notice WHERE template = 'held-author'"), 0);
}

static void
test_refused_in_session(void **state)
{
	(void)state;
	town();
	world_do(DOOR_CONSOLE, 0, "forum.set", "slug", "voirie", "strangers", "refuse", NULL);
	world_no(ERR_DENIED, DOOR_MAIL, 0, "mail.receive", "recipient", "voirie", "peer", "::1",
	    "door", "smtp", "raw", "x", "head.from", "eve@example.org", NULL);
	world_do(DOOR_MAIL, 0, "mail.receive", "recipient", "voirie", "peer", "::1", "door", "smtp",
	    "raw", "x", "head.from", "Marie@EXAMPLE.org", NULL);
	world_no(ERR_NOT_FOUND, DOOR_MAIL, 0, "mail.receive", "recipient", "nope", "peer", "::1",
	    "door", "smtp", "raw", "x", NULL);
	assert_int_equal(world_number("SELECT count(*) FROM inbox"), 1);
	/* A suspended person reads the sentence of a stranger. */
	world_do(DOOR_CONSOLE, 0, "person.set", "person",
	    arena_printf(world.arena, "%" PRId64, marie), "state", "suspended", NULL);
	world_no(ERR_DENIED, DOOR_MAIL, 0, "mail.receive", "recipient", "voirie", "peer", "::1",
	    "door", "smtp", "raw", "x", "head.from", "marie@example.org", NULL);
	assert_string_equal(world.err.text, "you may not write in this forum");
	/* Several recipients: each has its answer, the good ones are kept. */
	world_do(DOOR_CONSOLE, 0, "forum.set", "slug", "voirie", "strangers", "hold", NULL);
	world_do(DOOR_MAIL, 0, "mail.receive", "recipient", "nope", "recipient", "voirie", "peer",
	    "::1", "door", "lmtp", "raw", "x", NULL);
	assert_int_equal(world_int("inbox"), 0);
	assert_int_equal(world_number("SELECT count(*) FROM inbox"), 2);
	/* By SMTP they have one answer: a yes is said for each, so each is kept. */
	world_do(DOOR_MAIL, 0, "mail.receive", "recipient", "nope", "recipient", "voirie", "peer",
	    "::1", "door", "smtp", "raw", "x", NULL);
	assert_int_not_equal(world_int("inbox"), 0);
	assert_int_equal(world_number("SELECT count(*) FROM inbox"), 4);
}

/* ---- robots ---- */

/* clang-format off */
static const struct {
	const char *name, *envelope, *from, *more, *outcome, *hold;
} robots[] = {
	{ "a person",              "x@example.org", "marie", "", "published", "" },
	{ "null sender",           "", "marie", "", "dropped-null", "" },
	{ "auto-replied",          "x@example.org", "marie", "Auto-Submitted: auto-replied\n", "dropped-auto", "" },
	{ "auto-generated",        "x@example.org", "marie", "Auto-Submitted: auto-generated\n", "held", "robot" },
	{ "X-Autoreply",           "x@example.org", "marie", "X-Autoreply: yes\n", "dropped-auto", "" },
	{ "Precedence: bulk",      "x@example.org", "marie", "Precedence: bulk\n", "held", "robot" },
	{ "our own list",          "x@example.org", "marie", "List-Id: Voirie <voirie.forum.ville.example>\n", "dropped-loop", "" },
	{ "our X-Loop",            "x@example.org", "marie", "X-Loop: voirie@forum.ville.example\n", "dropped-loop", "" },
	{ "our List-Post",         "x@example.org", "marie", "List-Post: <mailto:voirie@forum.ville.example>\n", "dropped-loop", "" },
	{ "a foreign list",        "x@example.org", "marie", "List-Id: <other.lists.example>\n", "held", "list" },
	{ "a name like ours",      "x@example.org", "marie", "List-Id: <voirie.notforum.ville.example>\n", "held", "list" },
	{ "a mailer",              "x@example.org", "mailer-daemon", "", "dropped-robot", "" },
	{ "spam",                  "x@example.org", "marie", "X-Spam-Flag: YES\n", "held", "spam" },
	{ "no from",               "x@example.org", NULL, "", "held", "sender" },
};
/* clang-format on */

static void
test_robots(void **state)
{
	(void)state;
	town();
	for (size_t i = 0; i < sizeof(robots) / sizeof(robots[0]); i++) {
		char *id = arena_printf(world.arena, "r%zu@x.example", i);
		const char *raw = robots[i].from ?
		    world_raw(robots[i].from, robots[i].name, id, robots[i].more, "Bonjour.") :
		    "Subject: a\nMessage-ID: <nobody@x.example>\n\nBonjour.\n";

		assert_outcome(world_mail_from("voirie", robots[i].envelope, "127.0.0.1", raw),
		    robots[i].outcome, robots[i].name);
		if (*robots[i].hold && held_as(robots[i].hold) != 1)
			fail_msg("%s: not held as %s", robots[i].name, robots[i].hold);
		if (strncmp(robots[i].outcome, "dropped", 7) == 0)
			assert_int_equal(world_number("SELECT value FROM counter WHERE name = 'mail.%s'",
					     robots[i].outcome) > 0,
			    1);
	}
	assert_int_equal(world_number("SELECT count(*) FROM inbox WHERE state = 'new'"), 0);
}

/* ---- P16 ---- */

/* clang-format off */
static const struct {
	const char *name, *from, *peer, *results, *outcome, *hold;
	const char *asked; /* was-it-you went out */
} proofs[] = {
	{ "loopback is trusted here",    "marie", "127.0.0.1", "", "published", "", "" },
	{ "our server says pass",        "marie", "192.0.2.1", "mx.ville.example; dmarc=pass", "published", "", "" },
	{ "aligned DKIM",                "marie", "192.0.2.1", "mx.ville.example 1; dkim=pass (good) header.d=example.org", "published", "", "" },
	{ "aligned under the domain",    "marie", "192.0.2.1", "mx.ville.example; dkim=pass header.i=@mail.example.org", "published", "", "" },
	{ "DKIM of another domain",      "marie", "192.0.2.1", "mx.ville.example; dkim=pass header.d=evil.example", "held", "unproved", "y" },
	{ "DKIM of a look-alike",        "marie", "192.0.2.1", "mx.ville.example; dkim=pass header.d=notexample.org", "held", "unproved", "y" },
	{ "another server says pass",    "marie", "192.0.2.1", "mx.evil.example; dmarc=pass", "held", "unproved", "y" },
	{ "pass within a comment",       "marie", "192.0.2.1", "mx.ville.example; (dmarc=pass) spf=pass", "held", "unproved", "y" },
	{ "pass within a string",        "marie", "192.0.2.1", "mx.ville.example; spf=pass reason=\"; dmarc=pass\"", "held", "unproved", "y" },
	{ "our server says fail",        "marie", "192.0.2.1", "mx.ville.example; dkim=pass header.d=example.org; dmarc=fail", "held", "failed", "y" },
	{ "fail beats loopback",         "marie", "127.0.0.1", "mx.ville.example; dmarc=fail", "held", "failed", "y" },
	{ "fail beats a later pass",     "marie", "192.0.2.1", "mx.ville.example; dmarc=fail\nAuthentication-Results: mx.ville.example; dmarc=pass", "held", "failed", "y" },
	{ "a pass below a foreign one",  "marie", "192.0.2.1", "mx.evil.example; dmarc=none\nAuthentication-Results: mx.ville.example; dmarc=pass", "held", "unproved", "y" },
	{ "an address never proved",     "unproved", "192.0.2.1", "", "held", "unproved", "" },
	{ "the same with a verdict",     "unproved", "192.0.2.1", "mx.ville.example; dmarc=pass", "published", "", "" },
	{ "forged below: dmarc",         "marie", "192.0.2.1", "mx.ville.example; spf=none; dkim=none; dmarc=none\nAuthentication-Results: mx.ville.example; dmarc=pass", "held", "unproved", "y" },
	{ "forged below: dkim",          "marie", "192.0.2.1", "mx.ville.example; dkim=none; dmarc=none\nAuthentication-Results: mx.ville.example; dkim=pass header.d=example.org", "held", "unproved", "y" },
	{ "forged above: dmarc",         "marie", "192.0.2.1", "mx.ville.example; dmarc=pass\nAuthentication-Results: mx.ville.example; dmarc=none", "held", "unproved", "y" },
	{ "forged above: dkim",          "marie", "192.0.2.1", "mx.ville.example; dkim=pass header.d=example.org\nAuthentication-Results: mx.ville.example; dkim=none", "held", "unproved", "y" },
	{ "a fail below a pass",         "marie", "192.0.2.1", "mx.ville.example; dmarc=pass\nAuthentication-Results: mx.ville.example; dmarc=fail", "held", "failed", "y" },
	{ "a signature that broke",      "marie", "192.0.2.1", "mx.ville.example; dkim=fail header.d=example.org", "held", "failed", "y" },
	{ "one that broke, one good",    "marie", "192.0.2.1", "mx.ville.example; dkim=fail header.d=example.org; dkim=pass header.d=example.org", "published", "", "" },
	{ "a broken one of another",     "marie", "192.0.2.1", "mx.ville.example; dkim=fail header.d=evil.example", "held", "unproved", "y" },
	{ "a path that is not its own",  "marie", "192.0.2.1", "mx.ville.example; spf=fail smtp.mailfrom=marie@example.org", "held", "failed", "y" },
	{ "that path and a DMARC pass",  "marie", "192.0.2.1", "mx.ville.example; spf=fail smtp.mailfrom=marie@example.org; dmarc=pass", "published", "", "" },
	{ "the path of another",         "marie", "192.0.2.1", "mx.ville.example; spf=fail smtp.mailfrom=x@evil.example", "held", "unproved", "y" },
	{ "a blank before the colon",    "marie", "192.0.2.1", "\nAuthentication-Results : mx.ville.example; dmarc=pass", "held", "unproved", "y" },
	{ "a pass of another author",    "marie", "192.0.2.1", "mx.ville.example; dmarc=pass header.from=evil.example", "held", "unproved", "y" },
	{ "a pass of this author",       "marie", "192.0.2.1", "mx.ville.example; dmarc=pass (p=none) header.from=Example.org", "published", "", "" },
	{ "two filters, a field each",   "marie", "192.0.2.1", "mx.ville.example; spf=pass\nAuthentication-Results: mx.ville.example; dkim=pass header.d=example.org\nAuthentication-Results: mx.ville.example; dmarc=pass", "published", "", "" },
	{ "two signatures in a field",   "marie", "192.0.2.1", "mx.ville.example; dkim=pass header.d=list.example; dkim=pass header.d=example.org", "published", "", "" },
	{ "nobody says anything",        "marie", "192.0.2.1", "", "held", "unproved", "y" },
	{ "a stranger, proved",          "eve",   "192.0.2.1", "mx.ville.example; dmarc=pass", "held", "stranger", "" },
	{ "a stranger, not proved",      "eve",   "192.0.2.1", "", "held", "stranger", "" },
};
/* clang-format on */

static void
test_proofs(void **state)
{
	int64_t asked;

	(void)state;
	town();
	world_do(DOOR_CONSOLE, 0, "person.create", "name", "unproved", "address",
	    "unproved@example.org", NULL);
	for (size_t i = 0; i < sizeof(proofs) / sizeof(proofs[0]); i++) {
		char *id = arena_printf(world.arena, "p%zu@x.example", i);
		const char *more = "";

		if (*proofs[i].results)
			more = arena_printf(world.arena, "Authentication-Results: %s\n",
			    proofs[i].results);
		world.clerk.now += 86400; /* so that questions are not limited here */
		asked = world_number("SELECT count(*) FROM notice WHERE template = 'was-it-you'");
		assert_outcome(world_mail_from("voirie", "x@example.org", proofs[i].peer,
				   world_raw(proofs[i].from, proofs[i].name, id, more, "Bonjour.")),
		    proofs[i].outcome, proofs[i].name);
		if (*proofs[i].hold && held_as(proofs[i].hold) != 1)
			fail_msg("%s: not held as %s", proofs[i].name, proofs[i].hold);
		if (world_number("SELECT count(*) FROM notice WHERE template = 'was-it-you'") !=
		    asked + (*proofs[i].asked ? 1 : 0))
			fail_msg("%s: was the author asked?", proofs[i].name);
	}
}

static void
test_was_it_you(void **state)
{
	struct fields input;
	const char *token;

	(void)state;
	town();
	(void)world_mail_from("voirie", "x@example.org", "192.0.2.1",
	    world_raw("marie", "Un trou", "a@x.example", "", "Un trou."));
	assert_int_equal(held_as("unproved"), 1);
	input = world_notice("was-it-you");
	token = fields_text(&input, "token", world.arena);
	world_no(ERR_NOT_FOUND, DOOR_WEB, 0, "post.confirm", "token", "aaaaaaaaaaaaaaaaaaaaaaaaaa",
	    NULL);
	world_do(DOOR_WEB, 0, "post.confirm", "token", token, NULL);
	assert_string_equal(world_text("state"), "published");
	assert_int_equal(world_number("SELECT count(*) FROM outbox WHERE post = %" PRId64, world_post),
	    2);
	/* Twice is once. */
	world_do(DOOR_WEB, 0, "post.confirm", "token", token, NULL);
	assert_string_equal(world_text("state"), "published");
	assert_int_equal(world_number("SELECT count(*) FROM outbox WHERE post = %" PRId64, world_post),
	    2);
	/* From now on the address is believed without a verdict, but not against one. */
	assert_string_equal(world_mail_from("voirie", "x@example.org", "192.0.2.1",
				world_raw("marie", "Suite", "b@x.example", "", "Bouché.")),
	    "published");
	assert_string_equal(
	    world_mail_from("voirie", "x@example.org", "192.0.2.1",
		world_raw("marie", "Suite", "c@x.example",
		    "Authentication-Results: mx.ville.example; dmarc=fail\n", "Faux.")),
	    "held");
}

/* A yes to a mail that failed frees that mail; it does not speak for the next one. */
static void
test_was_it_you_after_a_failure(void **state)
{
	struct fields input;

	(void)state;
	town();
	(void)world_mail_from("voirie", "x@example.org", "192.0.2.1",
	    world_raw("marie", "Un trou", "a@x.example",
		"Authentication-Results: mx.ville.example; dmarc=fail\n", "Un trou."));
	assert_int_equal(held_as("failed"), 1);
	input = world_notice("was-it-you");
	world_do(DOOR_WEB, 0, "post.confirm", "token", fields_text(&input, "token", world.arena),
	    NULL);
	assert_string_equal(world_text("state"), "published");
	assert_string_equal(world_mail_from("voirie", "x@example.org", "192.0.2.1",
				world_raw("marie", "Suite", "b@x.example", "", "Bouché.")),
	    "held");
}

/* The same by mail: the answer to ok.TOKEN; a machine's answer confirms nothing. */
static void
test_confirm_by_mail(void **state)
{
	struct fields input;
	const char *to;
	int64_t post;

	(void)state;
	town();
	(void)world_mail_from("voirie", "x@example.org", "192.0.2.1",
	    world_raw("marie", "Un trou", "a@x.example", "", "Un trou."));
	post = world_post;
	input = world_notice("was-it-you");
	to = fields_text(&input, "reply_to", world.arena);
	assert_string_equal(world_mail(to, world_raw("marie", "Absence", "v@x.example",
						   "Auto-Submitted: auto-replied\n", "Je suis absente.")),
	    "dropped-auto");
	assert_int_equal(world_number("SELECT count(*) FROM post WHERE id = %" PRId64
				      " AND state = 'held'",
			     post),
	    1);
	/* Nor does one that hides what it is, nor somebody else's yes. */
	assert_string_equal(world_mail(to, world_raw("marie", "Re: ok", "n@x.example", "",
						   "Merci de votre message, nous y répondrons.")),
	    "refused");
	assert_string_equal(world_mail(to, world_raw("paul", "Re: ok", "o@x.example", "", "Oui.")),
	    "refused");
	assert_int_equal(world_number("SELECT count(*) FROM post WHERE id = %" PRId64
				      " AND state = 'held'",
			     post),
	    1);
	assert_string_equal(world_mail(to, world_raw("marie", "Re: ok", "w@x.example", "", "Oui.")),
	    "command");
	assert_int_equal(world_number("SELECT count(*) FROM post WHERE id = %" PRId64
				      " AND state = 'published'",
			     post),
	    1);
}

/* A mail door that was taken over says what it likes of the file it hands on. */
static void
test_size_of_a_file(void **state)
{
	(void)state;
	town();
	world.settings.mail_size = 100 * 1024;
	world_fd(file_memory("mail", SPAN("x")));
	world_no(ERR_INVALID, DOOR_MAIL, 0, "mail.receive", "recipient", "voirie", "peer", "192.0.2.1",
	    "door", "smtp", "size", "102401", NULL);
	assert_string_equal(world.err.text, "the mail is larger than is taken");
	world_fd(file_memory("mail", SPAN("x")));
	world_no(ERR_INVALID, DOOR_MAIL, 0, "mail.receive", "recipient", "voirie", "peer", "192.0.2.1",
	    "door", "smtp", "size", "102400", NULL);
	assert_string_equal(world.err.text, "The file is shorter than was said.");
	/* Its file was lost on the way: a mail that is not there is no empty one. */
	world_no(ERR_TEMPORARY, DOOR_MAIL, 0, "mail.receive", "recipient", "voirie", "peer", "192.0.2.1",
	    "door", "smtp", "size", "102400", NULL);
	assert_int_equal(world_number("SELECT count(*) FROM inbox"), 0);
}

/* ---- the same mail again ---- */

static void
test_merged_and_alias(void **state)
{
	const char *raw;
	int64_t first;

	(void)state;
	town();
	raw = world_raw("marie", "Un trou", "a@x.example", "", "Un trou.");
	assert_string_equal(world_mail("voirie", raw), "published");
	first = world_post;
	assert_string_equal(world_mail("voirie", raw), "merged");
	assert_int_equal(world_post, first);
	assert_int_equal(world_number("SELECT count(*) FROM outbox"), 2);
	/* Another body under the same id is another post, whose old id is kept beside. */
	assert_string_equal(world_mail("voirie",
				world_raw("paul", "Un trou", "a@x.example", "", "Tout autre chose.")),
	    "published");
	assert_int_equal(world_number("SELECT count(*) FROM post WHERE id = %" PRId64
				      " AND alias = 'a@x.example' AND message_id <> alias",
			     world_post),
	    1);
	assert_string_equal(world_mail("voirie",
				world_raw("paul", "Un trou", "a@x.example", "", "Tout autre chose.")),
	    "merged");
	/* To another forum it is a cross-post. */
	world_forum("culture");
	assert_string_equal(world_mail("culture", raw), "published");
	assert_int_equal(world_number("SELECT count(*) FROM post"), 3);
}

/* "Reply all": the copy to the forum came first and waits, the one with the token proves. */
static void
test_second_copy_proves(void **state)
{
	char token[MAIL_TOKEN_ROOM];
	const char *raw;
	int64_t first;

	(void)state;
	town();
	(void)world_mail("voirie", world_raw("marie", "Un trou", "a@x.example", "", "Un trou."));
	first = world_post;
	raw = world_raw("paul", "Re: Un trou", "b@x.example", "In-Reply-To: <a@x.example>\n", "Oui.");
	assert_string_equal(world_mail_from("voirie", "x@y.example", "192.0.2.1", raw), "held");
	/* Somebody else who is proved proves nothing about Paul, and loses nothing by him. */
	assert_string_equal(world_mail("voirie", world_raw("marie", "Re: Un trou", "b@x.example",
						     "In-Reply-To: <a@x.example>\n", "Oui.")),
	    "published");
	assert_int_equal(world_number("SELECT count(*) FROM post"
				      " WHERE state = 'held' AND hold = 'unproved'"),
	    1);
	assert_true(mail_token_make(&world.clerk.token_keys, MAIL_PURPOSE_REPLY, (uint64_t)first,
	    (uint64_t)paul, token));
	assert_string_equal(world_mail_from(arena_printf(world.arena, "voirie+r.%s", token),
				"x@y.example", "192.0.2.1", raw),
	    "merged");
	assert_int_equal(world_number("SELECT count(*) FROM post WHERE id = %" PRId64
				      " AND state = 'published' AND parent = %" PRId64,
			     world_post, first),
	    1);
}

/* Whoever knows what a member is about to send sends it first, from an address of his own. */
static void
test_nobody_is_forestalled(void **state)
{
	const char *raw;

	(void)state;
	town();
	raw = world_raw("eve", "Un trou", "a@x.example", "", "Un trou.");
	assert_string_equal(world_mail_from("voirie", "x@y.example", "192.0.2.1", raw), "held");
	assert_string_equal(world_mail_from("voirie", "x@y.example", "192.0.2.1", raw), "merged");
	raw = world_raw("marie", "Un trou", "a@x.example", "", "Un trou.");
	assert_string_equal(world_mail("voirie", raw), "published");
	assert_string_equal(world_mail("voirie", raw), "merged");
	assert_int_equal(world_number("SELECT count(*) FROM post"), 2);
}

/* ---- other reasons to wait ---- */

static void
test_other_holds(void **state)
{
	(void)state;
	town();
	assert_string_equal(world_mail("voirie", world_raw("marie", "", "a@x.example", "", "Bonjour.")),
	    "held");
	assert_int_equal(held_as("no-subject"), 1);
	/* A reply may do without. */
	(void)world_mail("voirie", world_raw("marie", "Un trou", "b@x.example", "", "Un trou."));
	assert_string_equal(world_mail("voirie", world_raw("marie", "", "c@x.example",
						   "In-Reply-To: <b@x.example>\n", "Bouché.")),
	    "published");
	assert_string_equal(world_mail("voirie", world_raw("marie", "Vide", "d@x.example", "", "")),
	    "held");
	assert_int_equal(held_as("no-text"), 1);
	world.settings.limit_mails = 4;
	assert_string_equal(world_mail("voirie", world_raw("marie", "e", "e@x.example", "", "e")),
	    "published");
	assert_string_equal(world_mail("voirie", world_raw("marie", "f", "f@x.example", "", "f")),
	    "published");
	assert_string_equal(world_mail("voirie", world_raw("marie", "g", "g@x.example", "", "g")),
	    "held");
	assert_int_equal(held_as("limit"), 1);
}

/* ---- commands ---- */

static void
test_leave_by_mail(void **state)
{
	char token[MAIL_TOKEN_ROOM];

	(void)state;
	town();
	(void)world_mail("voirie", world_raw("marie", "Un trou", "a@x.example", "", "Un trou."));
	assert_true(mail_token_make(&world.clerk.token_keys, MAIL_PURPOSE_UNSUBSCRIBE,
	    (uint64_t)forum, (uint64_t)paul, token));
	assert_string_equal(world_mail(arena_printf(world.arena, "voirie+u.%s", token),
				world_raw("paul", "unsubscribe", "u@x.example", "", "")),
	    "command");
	assert_int_equal(world_number("SELECT count(*) FROM outbox WHERE post IS NOT NULL AND person ="
				      " %" PRId64 " AND state = 'cancelled'",
			     paul),
	    1);
	assert_int_equal(world_number("SELECT count(*) FROM subscription WHERE person = %" PRId64
				      " AND mode = 'none'",
			     paul),
	    1);
	assert_int_equal(world_number("SELECT count(*) FROM notice WHERE template = 'unsubscribed'"),
	    1);
	/* The word in the address does the same for whoever is proved, and for nobody else. */
	assert_string_equal(world_mail_from("voirie+desabonner", "x@y.example", "192.0.2.1",
				world_raw("marie", "x", "v@x.example", "", "")),
	    "refused");
	assert_string_equal(world_mail("voirie+desabonner", world_raw("marie", "x", "w@x.example", "", "")),
	    "command");
	assert_int_equal(world_number("SELECT count(*) FROM subscription WHERE mode <> 'none'"), 0);
}

static void
test_private(void **state)
{
	char token[MAIL_TOKEN_ROOM];
	const char *to;
	struct fields input;

	(void)state;
	town();
	assert_true(mail_token_make_one(&world.clerk.token_keys, MAIL_PURPOSE_AUTHOR,
	    (uint64_t)marie, token));
	to = arena_printf(world.arena, "a.%s", token);
	assert_string_equal(world_mail(to, world_raw("paul", "Entre nous", "a@x.example", "", "Merci !")),
	    "command");
	input = world_notice("private");
	assert_true(span_is(fields_get(&input, "text"), "Merci !"));
	assert_int_equal(world_number("SELECT count(*) FROM outbox WHERE person = %" PRId64, marie), 1);
	assert_string_equal(world_mail_from(to, "x@y.example", "192.0.2.1",
				world_raw("paul", "x", "b@x.example", "", "x")),
	    "refused");
	assert_string_equal(world_mail(to, world_raw("eve", "x", "c@x.example", "", "x")), "refused");
	/* Nobody is written to at an address that was never proved. */
	assert_true(mail_token_make_one(&world.clerk.token_keys, MAIL_PURPOSE_AUTHOR,
	    (uint64_t)world_number("SELECT id FROM person WHERE name_shown = 'eve'"), token));
	assert_string_equal(world_mail(arena_printf(world.arena, "a.%s", token),
				world_raw("paul", "x", "d@x.example", "", "x")),
	    "refused");
	assert_int_equal(world_number("SELECT count(*) FROM notice WHERE template = 'private'"), 1);
}

/* To those who look after a forum, from anybody who can be answered; nobody hears of it but they. */
static void
test_owners(void **state)
{
	int64_t boss = world_person("boss");
	struct fields input;

	(void)state;
	town();
	world_moderator(paul, "voirie");
	assert_string_equal(world_mail_from("voirie+responsables", "eve@example.org", "192.0.2.1",
				world_raw("eve", "Pourquoi ?", "o@x.example", "", "Je ne comprends pas.")),
	    "command");
	input = world_notice("owners");
	assert_true(span_is(fields_get(&input, "address"), "eve@example.org"));
	assert_true(span_is(fields_get(&input, "text"), "Je ne comprends pas."));
	assert_true(span_is(fields_get(&input, "proved"), "0"));
	assert_int_equal(world_number("SELECT count(*) FROM outbox"), 1);
	assert_int_equal(world_number("SELECT count(*) FROM outbox WHERE person = %" PRId64, paul), 1);
	assert_string_equal(world_mail("voirie+responsables",
				world_raw("marie", "Merci", "p@x.example", "", "Merci !")),
	    "command");
	input = world_notice("owners");
	assert_true(span_is(fields_get(&input, "proved"), "1"));
	assert_string_equal(world_mail("voirie+responsables",
				world_raw("marie", "x", "r@x.example", "Auto-Submitted: auto-replied\n", "x")),
	    "dropped-auto");
	/* Nobody looks after the house yet: it is kept. */
	assert_string_equal(
	    world_mail("postmaster", world_raw("eve", "x", "s@x.example", "", "x")), "kept");
	world_do(DOOR_CONSOLE, 0, "person.set", "person", arena_printf(world.arena, "%" PRId64, boss),
	    "administrator", "1", NULL);
	assert_string_equal(
	    world_mail("postmaster", world_raw("eve", "x", "t@x.example", "", "x")), "command");
	assert_int_equal(world_number("SELECT count(*) FROM outbox WHERE person = %" PRId64, boss), 1);
	/* Not without end. */
	book_do(world.db, "UPDATE rate SET count = 20 WHERE name = 'PRIVATE_USER.1d'");
	assert_string_equal(
	    world_mail("postmaster", world_raw("eve", "x", "u@x.example", "", "x")), "refused");
}

static const char *
report(const char *action, const char *status)
{
	return arena_printf(world.arena,
	    "From: MAILER-DAEMON@example.org\nTo: b.x@forum.ville.example\nSubject: failed\n"
	    "MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status;"
	    " boundary=\"b\"\n\n--b\nContent-Type: text/plain\n\nIt failed.\n\n--b\n"
	    "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\n"
	    "Final-Recipient: rfc822; paul@example.org\nAction: %s\nStatus: %s\n"
	    "Diagnostic-Code: smtp; 550 5.1.1 unknown\n\n--b--\n",
	    action, status);
}

static void
test_bounces(void **state)
{
	char token[MAIL_TOKEN_ROOM];
	const char *to;
	int64_t row;

	(void)state;
	town();
	(void)world_mail("voirie", world_raw("marie", "Un trou", "a@x.example", "", "Un trou."));
	row = world_number("SELECT id FROM outbox WHERE person = %" PRId64, paul);
	assert_true(mail_token_make_one(&world.clerk.token_keys, MAIL_PURPOSE_BOUNCE, (uint64_t)row,
	    token));
	to = arena_printf(world.arena, "b.%s", token);
	assert_string_equal(world_mail(to, world_raw("paul", "Salut", "b@x.example", "", "Salut")),
	    "dropped-human");
	assert_string_equal(world_mail_from(to, "", "192.0.2.1",
				report("delayed", "4.2.0")),
	    "bounce");
	/* Who has a sender is no mail server. */
	assert_string_equal(world_mail_from(to, "x@example.org", "192.0.2.1",
				report("failed", "5.1.1")),
	    "dropped-report");
	assert_int_equal(world_number("SELECT count(*) FROM bounce"), 0);
	/* Once; what is said again adds nothing. */
	for (int i = 0; i < 2; i++)
		assert_string_equal(world_mail_from(to, "", "192.0.2.1",
					report("failed", "5.1.1")),
		    "bounce");
	assert_int_equal(world_number("SELECT count(*) FROM bounce WHERE hard = 1 AND status ="
				      " '5.1.1' AND outbox = %" PRId64 " AND person = %" PRId64,
			     row, paul),
	    1);
	assert_int_equal(world_number("SELECT count(*) FROM outbox WHERE bounced IS NOT NULL"), 1);
	assert_int_equal(world_number("SELECT count(*) FROM post"), 1);
	/* Nor does anything that comes weeks later. */
	book_do(world.db, "UPDATE outbox SET bounced = NULL");
	world.clerk.now += 15 * 86400;
	assert_string_equal(world_mail_from(to, "", "192.0.2.1", report("failed", "5.1.1")), "bounce");
	assert_int_equal(world_number("SELECT count(*) FROM outbox WHERE bounced IS NOT NULL"), 0);
}

/* What killed a process twice is set aside; the administrator may replay it. */
static void
test_poison(void **state)
{
	char *id;

	(void)state;
	town();
	world_do(DOOR_MAIL, 0, "mail.receive", "recipient", "voirie", "peer", "::1", "door", "smtp",
	    "raw", "x", NULL);
	id = arena_printf(world.arena, "%" PRId64, world_int("inbox"));
	world_do(DOOR_HOUSE, 0, "mail.died", "inbox", id, "note", "signal 11", NULL);
	assert_int_equal(world_number("SELECT count(*) FROM inbox WHERE state = 'new'"), 1);
	world_do(DOOR_HOUSE, 0, "mail.died", "inbox", id, "note", "signal 11", NULL);
	assert_int_equal(world_number("SELECT count(*) FROM inbox WHERE state = 'aside' AND note ="
				      " 'signal 11'"),
	    1);
	world_no(ERR_DENIED, DOOR_WEB, marie, "mail.replay", "inbox", id, NULL);
	world_do(DOOR_CONSOLE, 0, "mail.replay", "inbox", id, NULL);
	assert_int_equal(world_number("SELECT count(*) FROM inbox WHERE state = 'new' AND tries = 0"),
	    1);
}

static void
test_doors(void **state)
{
	(void)state;
	town();
	world_no(ERR_DENIED, DOOR_WEB, marie, "mail.receive", "recipient", "voirie", "peer", "::1",
	    "door", "smtp", "raw", "x", NULL);
	world_no(ERR_DENIED, DOOR_MAIL, 0, "mail.process", "inbox", "1", NULL);
	world_no(ERR_DENIED, DOOR_WEB, marie, "delivery.report", NULL);
	world_no(ERR_INVALID, DOOR_MAIL, 0, "mail.receive", "recipient", "a\nb", "peer", "::1",
	    "door", "smtp", "raw", "x", NULL);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_member_publishes),
		TEST(test_reply_token),
		TEST(test_a_stranger_touches_nothing),
		TEST(test_a_proved_stranger_is_told),
		TEST(test_refused_in_session),
		TEST(test_robots),
		TEST(test_proofs),
		TEST(test_was_it_you),
		TEST(test_was_it_you_after_a_failure),
		TEST(test_confirm_by_mail),
		TEST(test_size_of_a_file),
		TEST(test_merged_and_alias),
		TEST(test_nobody_is_forestalled),
		TEST(test_second_copy_proves),
		TEST(test_other_holds),
		TEST(test_leave_by_mail),
		TEST(test_private),
		TEST(test_owners),
		TEST(test_bounces),
		TEST(test_poison),
		TEST(test_doors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
