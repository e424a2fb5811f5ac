/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* People, addresses, sessions, tokens, organisations, mandates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>

#include "book.h"
#include "store/organisation.h"
#include "store/person.h"
#include "store/session.h"
#include "store/token_row.h"

static struct arena *arena;

static int
setup(void **state)
{
	arena = arena_new();
	return book_setup(state);
}

static int
teardown(void **state)
{
	arena_free(&arena);
	return book_teardown(state);
}

static void
test_person(void **state)
{
	struct db *db = *state;
	int64_t id = book_person(db, "Zoé Martin", "zoe@ville.example");
	struct person person, again;
	struct err err = { 0 };

	book_ok(person_find(db, arena, id, &person, &err), &err);
	assert_string_equal(person.name_shown, "Zoé Martin");
	assert_string_equal(person.password, "");
	assert_false(person.administrator || person.trusted || person.roll_until);
	person.administrator = true;
	person.password = "$argon2id$x";
	person.locale = "en";
	book_ok(person_set(db, &person, &err), &err);
	book_ok(person_set_trusted(db, id, true, &err), &err);
	book_do(db, "INSERT INTO roll (id, name, created) VALUES (1, 'Habitants', 1);"
		    "INSERT INTO identifier (roll, selector, verifier, state, person, issued)"
		    " SELECT 1, 'AAAA', 'x', 'claimed', id, 1 FROM person");
	book_ok(person_find(db, arena, id, &again, &err), &err);
	assert_true(again.administrator && again.trusted);
	assert_int_equal(again.roll_until, INT64_MAX);
	book_do(db, "UPDATE roll SET expires = 7");
	book_ok(person_find(db, arena, id, &again, &err), &err);
	assert_int_equal(again.roll_until, 7);
	assert_string_equal(again.password, "$argon2id$x");
	assert_string_equal(again.locale, "en");
	again.state = "unheard-of";
	assert_false(person_set(db, &again, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_false(person_find(db, arena, 99, &person, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	again.id = 99;
	again.state = "active";
	assert_false(person_set(db, &again, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void
test_people_by_pages(void **state)
{
	struct db *db = *state;
	struct person *people;
	struct err err = { 0 };
	size_t count;
	int64_t after = 0;
	char address[40];
	int seen = 0;

	for (int i = 0; i < 50; i++) {
		snprintf(address, sizeof(address), "p%d@ville.example", i);
		book_person(db, address, address);
	}
	book_do(db, "UPDATE person SET administrator = 1 WHERE id IN (3, 4);"
		    "UPDATE person SET state = 'suspended' WHERE id = 4");
	do {
		book_ok(person_list(db, arena, after, 20, &people, &count, &err), &err);
		for (size_t i = 0; i < count; i++, seen++)
			assert_true(people[i].id > after && people[i].id == seen + 1);
		after = count > 0 ? people[count - 1].id : after;
	} while (count == 20);
	assert_int_equal(seen, 50);
	book_ok(person_list_administrators(db, arena, &people, &count, &err), &err);
	assert_int_equal(count, 1);
	assert_int_equal(people[0].id, 3);
}

static void
test_addresses(void **state)
{
	struct db *db = *state;
	int64_t id = book_person(db, "Zoé", "zoe@ville.example");
	struct person_address address, *list;
	struct person person;
	struct err err = { 0 };
	int64_t second, none;
	size_t count;

	book_ok(person_address_add(db, id, SPAN("Zoe.M@Asso.example"), SPAN("zoe.m@asso.example"),
		    0, BOOK_NOW, &second, &err),
	    &err);
	assert_false(person_address_add(
	    db, id, SPAN("x"), SPAN("zoe@ville.example"), 0, BOOK_NOW, &none, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_false(
	    person_address_add(db, 77, SPAN("x"), SPAN("x@x.fr"), 0, BOOK_NOW, &none, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	book_ok(person_find_address(db, arena, SPAN("zoe.m@asso.example"), &person, &address, &err),
	    &err);
	assert_int_equal(person.id, id);
	assert_string_equal(address.address, "Zoe.M@Asso.example");
	assert_true(address.verified == 0 && !address.preferred && !address.unproved_ok);
	book_ok(
	    person_find_address(db, arena, SPAN("zoe@ville.example"), &person, NULL, &err), &err);
	assert_false(person_find_address(db, arena, SPAN("zoe"), &person, NULL, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	book_ok(person_address_preferred(db, arena, id, &address, &err), &err);
	assert_string_equal(address.folded, "zoe@ville.example");
	book_ok(person_address_verify(db, second, BOOK_NOW + 5, &err), &err);
	book_ok(person_address_verify(db, second, BOOK_NOW + 9, &err), &err);
	book_ok(person_address_unproved_ok(db, second, &err), &err);
	book_ok(person_address_prefer(db, id, second, &err), &err);
	book_ok(person_address_preferred(db, arena, id, &address, &err), &err);
	assert_int_equal(address.id, second);
	assert_int_equal(address.verified, BOOK_NOW + 5);
	assert_true(address.unproved_ok);
	book_ok(person_address_list(db, arena, id, &list, &count, &err), &err);
	assert_int_equal(count, 2);
	assert_true(!list[0].preferred && list[1].preferred);
}

static void
test_sessions(void **state)
{
	struct db *db = *state;
	int64_t id = book_person(db, "Zoé", "zoe@ville.example");
	uint8_t hash[SHA256_SIZE] = { 1 }, other[SHA256_SIZE] = { 2 };
	struct session session, none;
	struct person person;
	struct err err = { 0 };
	int64_t number;

	book_ok(session_add(db, id, hash, BOOK_NOW, BOOK_NOW + 100, &number, &err), &err);
	book_ok(session_add(db, id, other, BOOK_NOW, BOOK_NOW + 100, &number, &err), &err);
	book_ok(session_find(db, arena, hash, BOOK_NOW + 99, &session, &person, &err), &err);
	assert_int_equal(person.id, id);
	assert_int_equal(session.seen, BOOK_NOW);
	assert_false(session_find(db, arena, hash, BOOK_NOW + 100, &none, &person, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	book_ok(session_seen(db, session.id, BOOK_NOW + 50, BOOK_NOW + 200, &err), &err);
	book_ok(session_find(db, arena, hash, BOOK_NOW + 150, &session, NULL, &err), &err);
	assert_int_equal(session.seen, BOOK_NOW + 50);
	book_ok(session_close(db, hash, &err), &err);
	book_ok(session_close(db, hash, &err), &err);
	assert_false(session_find(db, arena, hash, BOOK_NOW, &session, NULL, &err));
	book_ok(session_find(db, arena, other, BOOK_NOW, &session, NULL, &err), &err);
	book_ok(session_clean(db, BOOK_NOW + 100, &err), &err);
	assert_int_equal(book_number(db, "SELECT count(*) FROM session"), 1);
	book_ok(session_clean(db, BOOK_NOW + 101, &err), &err);
	assert_int_equal(book_number(db, "SELECT count(*) FROM session"), 0);
	book_ok(session_add(db, id, hash, BOOK_NOW, BOOK_NOW + 100, &number, &err), &err);
	book_ok(session_close_person(db, id, &err), &err);
	assert_false(session_find(db, arena, hash, BOOK_NOW, &session, NULL, &err));
}

static void
test_tokens(void **state)
{
	struct db *db = *state;
	int64_t id = book_person(db, "Zoé", "zoe@ville.example");
	uint8_t hash[SHA256_SIZE] = { 1 }, newer[SHA256_SIZE] = { 2 }, code[SHA256_SIZE] = { 3 };
	struct token_row row = { .purpose = "login",
		.person = id,
		.object = 12,
		.code = span_make(code, sizeof(code)),
		.created = BOOK_NOW,
		.expires = BOOK_NOW + 600 };
	struct token_row found;
	struct err err = { 0 };
	int64_t first, second;

	book_ok(token_row_add(db, hash, &row, &first, &err), &err);
	book_ok(token_row_add(db, newer, &row, &second, &err), &err);
	book_ok(token_row_find(db, arena, hash, &found, &err), &err);
	assert_true(found.id == first && found.person == id && found.object == 12 && !found.used);
	assert_true(span_equal(found.code, row.code));
	book_ok(token_row_find_code(db, arena, "login", id, BOOK_NOW, &found, &err), &err);
	assert_int_equal(found.id, second);
	book_ok(token_row_try(db, second, &err), &err);
	book_ok(token_row_use(db, second, BOOK_NOW + 1, &err), &err);
	assert_false(token_row_use(db, second, BOOK_NOW + 2, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	book_ok(token_row_find(db, arena, newer, &found, &err), &err);
	assert_true(found.used == BOOK_NOW + 1 && found.tries == 1);
	book_ok(token_row_find_code(db, arena, "login", id, BOOK_NOW, &found, &err), &err);
	assert_int_equal(found.id, first);
	assert_false(token_row_find_code(db, arena, "login", id, BOOK_NOW + 600, &found, &err));
	assert_false(token_row_find_code(db, arena, "reset", id, BOOK_NOW, &found, &err));
	book_ok(token_row_end_person(db, "login", id, BOOK_NOW + 3, &err), &err);
	assert_false(token_row_find_code(db, arena, "login", id, BOOK_NOW, &found, &err));
	row.purpose = "moderate";
	row.person = 0;
	row.code = (struct span){ NULL, 0 };
	hash[1] = 9;
	book_ok(token_row_add(db, hash, &row, &first, &err), &err);
	book_ok(token_row_end_object(db, "moderate", 13, BOOK_NOW, &err), &err);
	book_ok(token_row_find(db, arena, hash, &found, &err), &err);
	assert_true(found.used == 0 && found.person == 0 && found.code.len == 0);
	book_ok(token_row_end_object(db, "moderate", 12, BOOK_NOW, &err), &err);
	assert_false(token_row_use(db, first, BOOK_NOW, &err));
	book_ok(token_row_clean(db, BOOK_NOW + 601, &err), &err);
	assert_int_equal(book_number(db, "SELECT count(*) FROM token"), 0);
}

static void
test_mandates(void **state)
{
	struct db *db = *state;
	int64_t id = book_person(db, "Zoé", "zoe@ville.example");
	int64_t forum = book_forum(db, "voirie");
	struct organisation organisation = { .name = "Vélo pour tous", .kind = "association" };
	struct mandate mandate = { .person = id, .role = "speaker", .since = BOOK_NOW };
	struct mandate *list;
	struct err err = { 0 };
	int64_t speaker, moderator;
	size_t count;

	book_ok(organisation_add(db, &organisation, &mandate.organisation, &err), &err);
	assert_false(organisation_add(db, &organisation, &speaker, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	book_ok(
	    organisation_find_name(db, arena, SPAN("Vélo pour tous"), &organisation, &err), &err);
	assert_int_equal(organisation.id, mandate.organisation);
	book_ok(mandate_add(db, &mandate, &speaker, &err), &err);
	mandate.forum = forum;
	assert_false(mandate_add(db, &mandate, &moderator, &err)); /* one of both */
	mandate.organisation = 0;
	mandate.role = "moderator";
	mandate.until = BOOK_NOW + 100;
	book_ok(mandate_add(db, &mandate, &moderator, &err), &err);
	book_ok(mandate_list_person(db, arena, id, BOOK_NOW - 1, &list, &count, &err), &err);
	assert_int_equal(count, 0);
	book_ok(mandate_list_person(db, arena, id, BOOK_NOW + 99, &list, &count, &err), &err);
	assert_int_equal(count, 2);
	assert_string_equal(list[0].organisation_name, "Vélo pour tous");
	assert_string_equal(list[1].organisation_name, "");
	book_ok(mandate_list_person(db, arena, id, BOOK_NOW + 100, &list, &count, &err), &err);
	assert_int_equal(count, 1);
	book_ok(mandate_list_forum(db, arena, forum, NULL, BOOK_NOW, &list, &count, &err), &err);
	assert_int_equal(count, 1);
	book_ok(
	    mandate_list_forum(db, arena, forum, "writer", BOOK_NOW, &list, &count, &err), &err);
	assert_int_equal(count, 0);
	book_ok(mandate_end(db, speaker, BOOK_NOW + 1, &err), &err);
	book_ok(mandate_find(db, arena, speaker, &mandate, &err), &err);
	assert_int_equal(mandate.until, BOOK_NOW + 1);
	assert_false(mandate_end(db, 99, BOOK_NOW, &err));
}

#define BOOK_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BOOK_TEST(test_person),
		BOOK_TEST(test_people_by_pages),
		BOOK_TEST(test_addresses),
		BOOK_TEST(test_sessions),
		BOOK_TEST(test_tokens),
		BOOK_TEST(test_mandates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
