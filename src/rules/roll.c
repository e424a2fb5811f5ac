/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "rules/roll.h"

#include "base/utf8.h"
#include "rules/identifier.h"
#include "rules/membership.h"
#include "store/identifier.h"
#include "store/roll.h"
#include "text/i18n.h"

static const char *
line_or(const struct act *act, const char *name, const char *fallback)
{
	struct span line;

	if (!fields_has(&act->input, name))
		return fallback;
	line = utf8_line(act->arena, fields_get(&act->input, name));
	return arena_strndup(act->arena, line.data, line.len);
}

static void
read_roll(const struct act *act, struct roll *roll)
{
	roll->name = line_or(act, "name", roll->name);
	roll->source = line_or(act, "source", roll->source);
	roll->purpose = line_or(act, "purpose", roll->purpose);
	roll->expires = fields_int(&act->input, "expires", roll->expires);
}

static bool
name_refused(struct err *err)
{
	if (err->kind == ERR_CONFLICT)
		(void)err_set(err, ERR_CONFLICT, TR("There is a roll of that name already."));
	return false;
}

bool
roll_create(struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	struct roll roll = { .name = "", .source = "", .purpose = "", .created = clerk->now };
	int64_t id;

	read_roll(act, &roll);
	if (!*roll.name)
		return err_set(err, ERR_INVALID, TR("Please give the roll a name."));
	if (roll.expires != 0 && roll.expires <= clerk->now)
		return err_set(err, ERR_INVALID, TR("The end of the roll must lie ahead."));
	if (!roll_add(clerk->db, &roll, &id, err))
		return name_refused(err);
	fields_add_int(&outcome->output, "roll", id);
	outcome_about(outcome, "roll", id, 0);
	return true;
}

bool
roll_change(struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	struct roll roll;

	if (!roll_find(clerk->db, act->arena, fields_int(&act->input, "roll", 0), &roll, err))
		return false;
	read_roll(act, &roll);
	if (!*roll.name)
		return err_set(err, ERR_INVALID, TR("Please give the roll a name."));
	outcome_about(outcome, "roll", roll.id, 0);
	return roll_set(clerk->db, &roll, err) || name_refused(err);
}

/* ---- lines ---- */

/* The next value of that name; false at the end. */
static bool
next_of(const struct fields *fields, const char *wanted, size_t *at, struct span *value)
{
	struct span name;

	while (fields_next(fields, at, &name, value))
		if (span_is(name, wanted))
			return true;
	return false;
}

static bool
issue_line(struct clerk *clerk, const struct act *act, int64_t roll, struct span typed,
    struct span hash, struct outcome *outcome, struct err *err)
{
	char symbols[IDENTIFIER_LEN + 1];
	struct span selector = identifier_selector(symbols);

	if (!identifier_read(typed, symbols, err))
		return false;
	if (identifier_add(clerk->db, roll, selector,
		arena_strndup(act->arena, hash.data, hash.len), clerk->now, err))
		return true;
	if (!err_forgive(err, ERR_CONFLICT))
		return false;
	fields_add(&outcome->output, "taken", selector);
	return true;
}

bool
roll_issue(struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	size_t at = 0, hash_at = 0, before;
	struct span line, hash;
	int64_t issued = 0;
	struct roll roll;

	if (!roll_find(clerk->db, act->arena, fields_int(&act->input, "roll", 0), &roll, err))
		return err->kind == ERR_NOT_FOUND ?
		    err_set(err, ERR_NOT_FOUND, "there is no such roll") : false;
	if (roll.expires != 0 && roll.expires <= clerk->now)
		return err_set(err, ERR_CONFLICT, TR("This roll is over."));
	for (int count = 0; next_of(&act->input, "line", &at, &line); count++) {
		if (count == ROLL_LOT)
			return err_set(err, ERR_TOO_MUCH, "at most %d lines at a time", ROLL_LOT);
		if (!next_of(&act->hashes, "phc", &hash_at, &hash))
			return err_set(err, ERR_TEMPORARY, "a line was not hashed");
		before = outcome->output.len;
		if (!issue_line(clerk, act, roll.id, line, hash, outcome, err))
			return false;
		issued += outcome->output.len == before;
	}
	fields_add_int(&outcome->output, "issued", issued);
	outcome_about(outcome, "roll", roll.id, 0);
	return true;
}

bool
roll_is_taken(const struct fields *output, struct span line)
{
	char symbols[IDENTIFIER_LEN + 1];
	struct err ignored;
	struct span value;
	size_t at = 0;

	if (!identifier_read(line, symbols, &ignored))
		return true;
	while (next_of(output, "taken", &at, &value))
		if (span_equal(value, identifier_selector(symbols)))
			return true;
	return false;
}

bool
roll_revoke(struct clerk *clerk, const struct act *act, struct outcome *outcome, struct err *err)
{
	struct identifier line;

	if (!identifier_find(
		clerk->db, act->arena, fields_int(&act->input, "number", 0), &line, err))
		return false;
	fields_add_int(&outcome->output, "roll", line.roll);
	outcome_about(outcome, "identifier", line.id, 0);
	if (act_flag(act, "suspend") && line.person != 0 &&
	    !membership_suspend(clerk, act, line.person, err))
		return false;
	return identifier_revoke(clerk->db, line.id, clerk->now, err);
}
