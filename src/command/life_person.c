/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* command/life_person.c: preau show person NUMBER|ADDRESS: who that is here, what they receive, and
 * the latest of what they wrote and were sent. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "command/life.h"
#include "mail/address.h"
#include "store/db.h"
#include "store/inbox.h"
#include "store/organisation.h"
#include "store/outbox.h"
#include "store/person.h"
#include "store/post.h"
#include "store/subscription.h"

/* A number, or an address in whatever case. */
static bool
find(struct life *life, const char *word, struct person *person, struct err *err)
{
	char folded[ADDRESS_MAX + 1];
	int64_t id;
	bool good;

	if (span_int(span_of(word), 1, INT64_MAX, &id))
		good = person_find(life->db, life->arena, id, person, err);
	else
		good =
		    address_fold_text(span_of(word), folded, err) &&
		    person_find_address(life->db, life->arena, span_of(folded), person, NULL, err);
	if (!good && err->kind == ERR_NOT_FOUND)
		err_set(err, ERR_NOT_FOUND, "There is nobody with that number or address.");
	return good;
}

static void
print_head(const struct person *person)
{
	life_number("person", person->id);
	life_field("state", person->state);
	life_field("name", person->name_shown);
	life_field("locale", person->locale);
	life_number("administrator", person->administrator);
	life_number("trusted", person->trusted);
	life_field("password", person->password[0] != '\0' ? "yes" : "no");
	life_time("roll_until", person->roll_until);
	life_time("created", person->created);
}

static bool
print_bounces(struct life *life, int64_t address, struct err *err)
{
	struct bounce *bounces;
	size_t count;

	if (!bounce_list(life->db, life->arena, address, LIFE_ROWS, &bounces, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		life_row("bounce", bounces[i].id);
		life_row_number("outbox", bounces[i].outbox);
		life_row_time("date", bounces[i].date);
		life_row_field("kind", bounces[i].hard ? "hard" : "soft");
		life_row_field("status", bounces[i].status);
		life_row_field("text", bounces[i].text);
		life_row_end();
	}
	return true;
}

/* Mail that came from it, whatever became of it. */
static bool
print_mails(struct life *life, const char *address, struct err *err)
{
	struct inbox *mails;
	size_t count;

	if (!inbox_list_sender(life->db, life->arena, address, LIFE_ROWS, &mails, &count, err))
		return false;
	life_inbox(mails, count);
	return true;
}

static bool
print_addresses(struct life *life, int64_t person, struct err *err)
{
	struct person_address *list;
	size_t count;

	if (!person_address_list(life->db, life->arena, person, &list, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		life_row("address", list[i].id);
		life_row_field("is", list[i].address);
		life_row_time("verified", list[i].verified);
		life_row_number("preferred", list[i].preferred);
		life_row_number("unproved_ok", list[i].unproved_ok);
		life_row_end();
		if (!print_bounces(life, list[i].id, err) ||
		    !print_mails(life, list[i].address, err))
			return false;
	}
	return true;
}

static bool
print_forums(struct life *life, int64_t person, struct err *err)
{
	struct subscription *subscriptions;
	struct mandate *mandates;
	size_t count;

	if (!subscription_list_person(life->db, life->arena, person, &subscriptions, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		life_row("subscription", subscriptions[i].forum);
		life_row_field("forum", subscriptions[i].forum_slug);
		life_row_field("mode", subscriptions[i].mode);
		life_row_time("paused", subscriptions[i].paused);
		life_row_time("since", subscriptions[i].since);
		life_row_end();
	}
	if (!mandate_list_person(
		life->db, life->arena, person, clock_now(), &mandates, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		life_row("mandate", mandates[i].id);
		life_row_field("role", mandates[i].role);
		life_row_number("forum", mandates[i].forum);
		life_row_time("until", mandates[i].until);
		life_row_field("organisation", mandates[i].organisation_name);
		life_row_end();
	}
	return true;
}

static bool
print_posts(struct life *life, int64_t person, struct err *err)
{
	struct post *posts;
	size_t count;

	if (!post_list_author(life->db, life->arena, person, LIFE_ROWS, &posts, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		life_row("post", posts[i].id);
		life_row_field("state", posts[i].state);
		life_row_time("date", posts[i].date);
		life_row_field("door", posts[i].door);
		life_row_field("proof", posts[i].proof);
		life_row_field("subject", posts[i].subject);
		life_row_end();
	}
	return true;
}

static bool
print_deliveries(struct life *life, int64_t person, struct err *err)
{
	struct outbox *rows;
	size_t count;

	if (!outbox_list_person(life->db, life->arena, person, LIFE_ROWS, &rows, &count, err))
		return false;
	life_outbox(rows, count);
	return true;
}

int
life_person(struct command *command)
{
	struct life life = { 0 };
	struct person person;
	struct err err = { 0 };
	bool good;

	if (command->count != 2) {
		fprintf(stderr, "preau: show person takes a number or an address\n");
		return EXIT_MISUSED;
	}
	if (!command_settings(command))
		return EXIT_SETTINGS;
	good = life_open(&life, command, &err) && find(&life, command->words[1], &person, &err);
	if (good)
		print_head(&person);
	good = good && print_addresses(&life, person.id, &err) &&
	       print_forums(&life, person.id, &err) && print_posts(&life, person.id, &err) &&
	       print_deliveries(&life, person.id, &err);
	life_close(&life);
	return good ? 0 : command_fail(&err);
}
