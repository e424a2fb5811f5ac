/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Mail that is passed on to people. To a.TOKEN: a private answer to an author, without showing
 * anybody's address to anybody; from proved people only, to proved addresses only, a few a day.
 * To those who look after a forum, or after all: from anybody who is a person. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "rules/delivery.h"
#include "rules/intake_work.h"
#include "rules/limit.h"
#include "rules/moderation_tell.h"

enum { TEXT_MAX = 64 * 1024 }; /* octets that are passed on */

static bool
refuse(struct intake *intake, const char *note)
{
	intake->outcome = "refused";
	intake->note = note;
	return true;
}

static bool
may_send(struct intake *intake, int64_t person, bool *go, struct err *err)
{
	char subject[24];

	(void)snprintf(subject, sizeof(subject), "%" PRId64, person);
	*go = limit_take(intake->clerk, "PRIVATE_USER", subject, err);
	return *go || err_forgive(err, ERR_TOO_MUCH);
}

/* Cut between code points: the quote is what falls off, own words come first. Addresses of
 * ours that are the sender's alone stay with the sender. */
static struct span
cut(struct arena *arena, struct span text)
{
	size_t len = text.len < TEXT_MAX ? text.len : TEXT_MAX;
	char *copy;

	while (len > 0 && len < text.len && ((unsigned char)text.data[len] & 0xc0) == 0x80)
		len--;
	copy = arena_strndup(arena, text.data, len);
	(void)mail_token_hide(copy, len);
	return span_make(copy, len);
}

static bool
pass_on(struct intake *intake, const struct author *author, int64_t to, struct err *err)
{
	const struct parsed *parsed = intake->parsed;
	struct notice_new notice = { .template = "private", .person = to };
	struct buf input = { 0 };
	bool ok;

	fields_add_int(&input, "author", author->person.id);
	fields_add_text(&input, "name", author->person.name_shown);
	fields_add(&input, "subject", parsed->subject);
	fields_add(&input, "text", cut(intake->arena, parsed->own));
	notice.input = buf_span(&input);
	ok = delivery_queue_notice(intake->clerk, intake->arena, &notice, err);
	buf_free(&input);
	intake->outcome = "command";
	intake->note = "private";
	return ok;
}

bool
private_intake(struct intake *intake, struct err *err)
{
	struct person_address address;
	struct author author;
	enum mail_purpose purpose;
	uint64_t to, none;
	bool proved, go;

	if (intake->robot.action != ROBOT_NONE)
		return refuse(intake, "not written by a person");
	if (!mail_token_read(&intake->clerk->token_keys, span_of(intake->to.token), &purpose, &to,
		&none) ||
	    purpose != MAIL_PURPOSE_AUTHOR)
		return refuse(intake, "the address is out of date");
	if (!intake_prove_author(intake, &author, &proved, err))
		return false;
	if (!proved)
		return refuse(intake, "not proved to come from a registered person");
	if (!person_address_preferred(intake->clerk->db, intake->arena, (int64_t)to, &address, err)) {
		if (!err_forgive(err, ERR_NOT_FOUND))
			return false;
		return refuse(intake, "the author has no address");
	}
	if (address.verified == 0)
		return refuse(intake, "the author's address was never proved");
	if (!may_send(intake, author.person.id, &go, err))
		return false;
	return go ? pass_on(intake, &author, (int64_t)to, err) :
		    refuse(intake, "too many private mails in a day");
}

/* ---- to those who look after a forum ---- */

static bool
find_owned(struct intake *intake, int64_t *id, struct err *err)
{
	struct forum forum = { 0 };
	bool found = !*intake->to.slug ||
	    forum_find_slug(intake->clerk->db, intake->arena, span_of(intake->to.slug), &forum, err);

	*id = forum.id;
	return found;
}

/* What is told to nobody stays where it is: in the inbox. */
static bool
tell_owners(struct intake *intake, const struct author *author, bool proved, int64_t forum,
    struct err *err)
{
	const struct parsed *parsed = intake->parsed;
	struct notice_new notice = { .template = "owners", .forum = forum };
	struct buf input = { 0 };
	size_t told;
	bool ok;

	fields_add_text(&input, "name", author->person.name_shown);
	fields_add_text(&input, "address", author->folded);
	fields_add_int(&input, "proved", proved);
	fields_add(&input, "subject", parsed->subject);
	fields_add(&input, "text", cut(intake->arena, parsed->own));
	notice.input = buf_span(&input);
	ok = moderation_tell_owners(intake->clerk, intake->arena, &notice, &told, err);
	buf_free(&input);
	if (!ok)
		return false;
	intake->outcome = told > 0 ? "command" : "kept";
	intake->note = "owners";
	return true;
}

bool
owners_intake(struct intake *intake, struct err *err)
{
	struct author author;
	bool proved, go;
	int64_t forum;

	if (intake->robot.action != ROBOT_NONE)
		return refuse(intake, "not written by a person");
	if (!find_owned(intake, &forum, err))
		return err_forgive(err, ERR_NOT_FOUND) && refuse(intake, "there is no such forum");
	if (!intake_prove_author(intake, &author, &proved, err))
		return false;
	if (author.address == 0)
		return refuse(intake, "it names nobody who could be answered");
	if (!may_send(intake, author.person.id, &go, err))
		return false;
	return go ? tell_owners(intake, &author, proved, forum, err) :
		    refuse(intake, "too many private mails in a day");
}
