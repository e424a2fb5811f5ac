/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "mail/mail_read.h"
#include "rules/intake.h"
#include "rules/notice.h"
#include "store/session.h"
#include "world.h"

struct world world;
int64_t world_inbox, world_post;

static const char *next_key;
static struct buf next_fields;
static int next_fd = -1;
static struct reading_book *reader;
static struct reading *reading;

int
world_setup(void **state)
{
	uint8_t master[KEY_SIZE];
	struct err err = { 0 };
	struct buf text = { 0 };
	bool ok;

	if (book_setup(state) != 0)
		return 1;
	memset(&world, 0, sizeof(world));
	world.db = *state;
	world.arena = arena_new();
	buf_printf(&text,
	    "site.url = https://forum.ville.example\nmail.domain = forum.ville.example\n"
	    "mail.trust = local\nmail.authserv = mx.ville.example\ndata = %s\n",
	    book_folder);
	ok = settings_read(world.arena, buf_span(&text), "test", &world.settings, &err);
	if (!ok)
		print_error("%s\n", err.text);
	buf_free(&text);
	world.clerk.db = world.db;
	world.clerk.settings = &world.settings;
	world.clerk.now = BOOK_NOW;
	memset(master, 7, sizeof(master));
	mail_keys_set(&world.clerk.token_keys, 1, master, true);
	memset(world.clerk.seal_key, 9, KEY_SIZE);
	clock_hold(BOOK_NOW);
	return ok ? 0 : 1;
}

int
world_teardown(void **state)
{
	world_reading_end();
	reading_book_close(&reader);
	buf_free(&world.outcome.output);
	buf_free(&next_fields);
	indexing_free(&world.clerk);
	arena_free(&world.arena);
	clock_hold(0);
	return book_teardown(state);
}

void
world_key(const char *key)
{
	next_key = key;
}

void
world_field(const char *name, struct span value)
{
	fields_add(&next_fields, name, value);
}

void
world_fd(int fd)
{
	next_fd = fd;
}

/* ---- acts ---- */

static struct fields
input_of(va_list args)
{
	struct fields fields = { 0 };
	struct buf input = { 0 };
	const char *name;

	while ((name = va_arg(args, const char *)) != NULL)
		fields_add_text(&input, name, va_arg(args, const char *));
	buf_add_span(&input, buf_span(&next_fields));
	buf_free(&next_fields);
	assert_true(fields_read(&fields, arena_span(world.arena, buf_span(&input))));
	buf_free(&input);
	return fields;
}

static void
parse(struct act *act)
{
	struct parsed *parsed = arena_alloc(world.arena, sizeof(*parsed));
	struct span source = fields_get(&act->input, "source");
	struct span raw = fields_get(&act->input, "raw");

	if ((act->kind->needs & NEEDS_PARSE) && source.len > 0)
		mail_read_markdown(world.arena, source, false, parsed);
	else if ((act->kind->needs & NEEDS_PARSE_MAIL) && raw.len > 0)
		mail_read(world.arena, raw, parsed);
	else
		return;
	act->parsed = parsed;
}

static bool
run(struct act *act)
{
	bool done;

	buf_clear(&world.outcome.output);
	world.outcome.object[0] = '\0';
	err_clear(&world.err);
	book_ok(act_begin(&world.clerk, &world.err), &world.err);
	err_clear(&world.err);
	done = act_run(&world.clerk, act, &world.outcome, &world.err);
	assert_true(db_in_transaction(world.db));
	if (db_in_transaction(world.db)) {
		struct err err = { 0 };

		book_ok(act_commit(&world.clerk, &err), &err);
	}
	db_check_idle(world.db);
	assert_true(fields_read(&world.output,
	    arena_span(world.arena, buf_span(&world.outcome.output))));
	return done;
}

/* What auth does, with a hash that anybody can read: "hash of " and the secret. */
static void
ask_auth(struct act *act)
{
	struct buf job = { 0 }, answer = { 0 };
	struct fields asked;
	struct span name, value;
	size_t at = 0;

	world.hashings++;
	act_add_secrets(&world.clerk, act, &job);
	assert_true(fields_read(&asked, buf_span(&job)));
	while (fields_next(&asked, &at, &name, &value)) {
		const char *phc = arena_printf(world.arena, "hash of " SPAN_FORMAT, SPAN_ARGS(value));
		if (!span_is(name, "password"))
			continue;
		fields_add_text(&answer, "phc", phc);
		act->hashed = phc;
		act->checked_password = span_is(fields_get(&asked, "phc"), phc);
	}
	act->hashes.octets = arena_span(world.arena, buf_span(&answer));
	buf_free(&job);
	buf_free(&answer);
}

static bool
try_list(enum door door, int64_t actor, const char *name, va_list args)
{
	struct act act = {
		.kind = act_kind_find(span_of(name)),
		.door = door,
		.actor = actor,
		.entered = world.entered ? world.entered : world.clerk.now,
		.administrator = door == DOOR_CONSOLE && actor == 0,
		.hashed = "",
		.fd = next_fd,
		.trace = "t",
		.arena = world.arena,
		.key = span_of(next_key),
	};

	assert_non_null(act.kind);
	next_key = NULL;
	next_fd = -1;
	if (actor != 0)
		act.administrator =
		    world_number("SELECT administrator FROM person WHERE id = %" PRId64, actor) != 0;
	act.input = input_of(args);
	if (act_has_secret(&act)) { /* as the clerk: auth is not troubled with what is refused */
		err_clear(&world.err);
		if (!act_may(&world.clerk, &act, &world.err))
			return false;
		ask_auth(&act);
	}
	parse(&act);
	return run(&act);
}

bool
world_try(enum door door, int64_t actor, const char *name, ...)
{
	va_list args;
	bool done;

	va_start(args, name);
	done = try_list(door, actor, name, args);
	va_end(args);
	return done;
}

void
world_do(enum door door, int64_t actor, const char *name, ...)
{
	va_list args;
	bool done;

	va_start(args, name);
	done = try_list(door, actor, name, args);
	va_end(args);
	if (!done)
		fail_msg("%s: %s", name, world.err.text);
}

void
world_no(enum err_kind kind, enum door door, int64_t actor, const char *name, ...)
{
	va_list args;
	bool done;

	va_start(args, name);
	done = try_list(door, actor, name, args);
	va_end(args);
	if (done)
		fail_msg("%s was not refused", name);
	if (world.err.kind != kind)
		fail_msg("%s: refused with %s (%s), not %s", name, err_kind_name(world.err.kind),
		    world.err.text, err_kind_name(kind));
}

int64_t
world_int(const char *field)
{
	return fields_int(&world.output, field, -1);
}

const char *
world_text(const char *field)
{
	return fields_text(&world.output, field, world.arena);
}

/* ---- people and forums ---- */

int64_t
world_forum(const char *slug)
{
	world_do(DOOR_CONSOLE, 0, "forum.create", "slug", slug, "name", slug, NULL);
	return world_int("forum");
}

int64_t
world_person(const char *name)
{
	world_do(DOOR_CONSOLE, 0, "person.create", "name", name, "address",
	    arena_printf(world.arena, "%s@example.org", name), "verified", "1", NULL);
	return world_int("person");
}

void
world_moderator(int64_t person, const char *slug)
{
	world_do(DOOR_CONSOLE, 0, "mandate.set", "person",
	    arena_printf(world.arena, "%" PRId64, person), "forum", slug, "role", "moderator", NULL);
}

void
world_subscribe(int64_t person, const char *slug, const char *mode)
{
	world_do(DOOR_CONSOLE, 0, "subscription.set", "forum", slug, "mode", mode, "person",
	    arena_printf(world.arena, "%" PRId64, person), NULL);
}

/* ---- mail ---- */

static const char *
process(int64_t inbox, const char *raw)
{
	struct parsed *parsed = arena_alloc(world.arena, sizeof(*parsed));
	struct buf input = { 0 };
	struct act act = {
		.kind = act_kind_find(SPAN("mail.process")),
		.door = DOOR_HOUSE,
		.hashed = "",
		.fd = -1,
		.trace = "t",
		.arena = world.arena,
		.parsed = parsed,
	};

	mail_read(world.arena, span_of(raw), parsed);
	fields_add_int(&input, "inbox", inbox);
	assert_true(fields_read(&act.input, arena_span(world.arena, buf_span(&input))));
	buf_free(&input);
	if (!run(&act))
		fail_msg("mail.process: %s", world.err.text);
	world_post = world_int("post");
	return world_text("outcome");
}

const char *
world_mail_from(const char *recipient, const char *envelope, const char *peer, const char *raw)
{
	world_do(DOOR_MAIL, 0, "mail.receive", "recipient", recipient, "from", envelope, "peer",
	    peer, "door", "smtp", "raw", raw, NULL);
	world_inbox = world_int("inbox");
	return process(world_inbox, raw);
}

const char *
world_mail(const char *recipient, const char *raw)
{
	return world_mail_from(recipient, "someone@example.org", "127.0.0.1", raw);
}

const char *
world_raw(const char *from, const char *subject, const char *id, const char *more, const char *body)
{
	return arena_printf(world.arena,
	    "From: %s <%s@example.org>\nTo: x@forum.ville.example\nSubject: %s\n"
	    "Message-ID: <%s>\nDate: Tue, 14 Nov 2023 22:00:00 +0000\n%s\n%s\n",
	    from, from, subject, id, more, body);
}

/* ---- looking ---- */

int64_t
world_number(const char *format, ...)
{
	va_list args;
	char sql[600];

	va_start(args, format);
	(void)vsnprintf(sql, sizeof(sql), format, args);
	va_end(args);
	return book_number(world.db, sql);
}

struct reading *
world_reading(const char *secret)
{
	struct err err = { 0 };

	world_reading_end();
	clock_hold(world.clerk.now);
	if (!reader) {
		reader = reading_book_open(&world.settings, &err);
		book_ok(reader != NULL, &err);
	}
	book_ok(reading_begin(reader, world.arena, span_of(secret), &reading, &err), &err);
	return reading;
}

void
world_reading_end(void)
{
	if (reading)
		reading_end(&reading);
}

const char *
world_session(int64_t person)
{
	uint8_t hash[SHA256_SIZE];
	struct err err = { 0 };
	char secret[44];
	int64_t id;

	token_secret(secret);
	token_sha256(span_of(secret), hash);
	book_ok(act_begin(&world.clerk, &err), &err);
	book_ok(session_add(world.db, person, hash, world.clerk.now, world.clerk.now + 86400, &id,
		    &err),
	    &err);
	book_ok(act_commit(&world.clerk, &err), &err);
	return arena_strdup(world.arena, secret);
}

struct fields
world_notice(const char *template)
{
	struct fields input = { 0 };
	struct notice notice;
	struct err err = { 0 };
	int64_t id = world_number("SELECT coalesce(max(id), 0) FROM notice WHERE template = '%s'",
	    template);

	if (id == 0)
		fail_msg("no notice %s", template);
	book_ok(notice_find(world.db, world.arena, id, &notice, &err), &err);
	book_ok(notice_unseal(&world.clerk.token_keys, world.arena, notice.input, &input, &err),
	    &err);
	return input;
}
