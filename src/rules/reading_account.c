/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* One's own account, and the rolls for who administers them. */
#include "rules/reading_work.h"
#include "rules/signup.h"
#include "store/identifier.h"
#include "store/roll.h"
#include "store/session.h"

static bool
must_be_signed(const struct reading *reading, struct err *err)
{
	return reading->person.id != 0 || err_set(err, ERR_NOT_FOUND, "nobody is signed in");
}

bool
reading_account(struct reading *reading, struct account_view *view, struct err *err)
{
	struct person_address *addresses;

	*view = (struct account_view){ .has_password = *reading->person.password != '\0',
		.on_roll = reading->person.roll_until > reading->now,
		.lately = reading->now - reading->entered < SIGNUP_LATELY_MINUTES * 60 };
	if (!must_be_signed(reading, err) ||
	    !person_address_list(reading->db, reading->arena, reading->person.id, &addresses,
		&view->address_count, err))
		return false;
	view->addresses = arena_array(reading->arena, view->address_count, sizeof(char *));
	for (size_t i = 0; i < view->address_count; i++)
		view->addresses[i] = addresses[i].address;
	return true;
}

bool
reading_sessions(
    struct reading *reading, struct session_view **out, size_t *count, struct err *err)
{
	struct session *rows;

	if (!must_be_signed(reading, err) ||
	    !session_list(reading->db, reading->arena, reading->person.id, reading->now, &rows,
		count, err))
		return false;
	*out = arena_array(reading->arena, *count, sizeof(**out));
	for (size_t i = 0; i < *count; i++)
		(*out)[i] = (struct session_view){ rows[i].id, rows[i].created, rows[i].seen,
			rows[i].id == reading->session };
	return true;
}

/* ---- rolls ---- */

static struct roll_view
view_of(const struct roll *roll)
{
	return (struct roll_view){ roll->id, roll->name, roll->source, roll->purpose,
		roll->expires, roll->issued, roll->claimed, roll->revoked };
}

bool
reading_rolls(struct reading *reading, struct roll_view **out, size_t *count, struct err *err)
{
	struct roll *rows;

	if (!reading_must_administer(reading, err) ||
	    !roll_list(reading->db, reading->arena, &rows, count, err))
		return false;
	*out = arena_array(reading->arena, *count, sizeof(**out));
	for (size_t i = 0; i < *count; i++)
		(*out)[i] = view_of(&rows[i]);
	return true;
}

bool
reading_roll(struct reading *reading, int64_t id, struct roll_view *out, struct err *err)
{
	struct roll roll;

	if (!reading_must_administer(reading, err) ||
	    !roll_find(reading->db, reading->arena, id, &roll, err))
		return false;
	*out = view_of(&roll);
	return true;
}

bool
reading_roll_lines(struct reading *reading, int64_t roll, int64_t after, size_t room,
    struct line_view **out, size_t *count, struct err *err)
{
	struct identifier *rows;

	if (!reading_must_administer(reading, err) ||
	    !identifier_list(reading->db, reading->arena, roll, after, room, &rows, count, err))
		return false;
	*out = arena_array(reading->arena, *count, sizeof(**out));
	for (size_t i = 0; i < *count; i++)
		(*out)[i] = (struct line_view){ rows[i].id, rows[i].selector, rows[i].state,
			rows[i].name, rows[i].issued, rows[i].changed };
	return true;
}
