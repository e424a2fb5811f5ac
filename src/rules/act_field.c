/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include <inttypes.h>

#include "base/log.h"
#include "base/utf8.h"
#include "mail/address.h"
#include "rules/act.h"

/* Lines and tabs may stand in it, no other control character. */
static bool
is_text(struct span value)
{
	for (size_t i = 0; i < value.len; i++) {
		char c = value.data[i];

		if (ascii_is_control(c) && c != '\n' && c != '\r' && c != '\t')
			return false;
	}
	return utf8_is_valid(value);
}

static bool
is_slug(struct span value)
{
	for (size_t i = 0; i < value.len; i++) {
		char c = value.data[i];

		if (!ascii_is_digit(c) && !ascii_is_lower(c) && (c != '-' || i == 0))
			return false;
	}
	return value.len > 0 && !span_ends(value, "-");
}

static bool
is_word(struct span value, const char *words)
{
	struct span rest = span_of(words), word;

	while (span_next(&rest, ' ', &word))
		if (span_equal(word, value))
			return true;
	return false;
}

static bool
is_address(struct span value)
{
	char folded[ADDRESS_MAX + 1];
	struct err err;

	return address_fold_text(value, folded, &err);
}

static bool
check_int(const struct act_field *field, struct span value, struct err *err)
{
	int64_t number, most = field->max > 0 ? (int64_t)field->max : INT64_MAX;

	if (span_int(value, 0, most, &number))
		return true;
	return err_set(err, ERR_INVALID, "%s must be a whole number from 0 to %" PRId64, field->name,
	    most);
}

static bool
check_type(const struct act_field *field, struct span value, struct err *err)
{
	bool ok = false;

	switch (field->type) {
	case FIELD_LINE:
		ok = utf8_is_line(value);
		break;
	case FIELD_TEXT:
		ok = is_text(value);
		break;
	case FIELD_INT:
		return check_int(field, value, err);
	case FIELD_SLUG:
		ok = is_slug(value);
		break;
	case FIELD_ADDRESS:
		ok = is_address(value);
		break;
	case FIELD_WORD:
		if (is_word(value, field->words))
			return true;
		return err_set(err, ERR_INVALID, "%s must be one of: %s", field->name,
		    field->words);
	case FIELD_FLAG:
		ok = value.len == 0 || is_word(value, "0 1 yes no");
		break;
	case FIELD_OCTETS:
		ok = true;
		break;
	}
	if (ok)
		return true;
	return err_set(err, ERR_INVALID, "%s is not as it must be", field->name);
}

static bool
check_value(const struct act_field *field, struct span value, struct err *err)
{
	if (value.len == 0) {
		if (field->flags & FIELD_REQUIRED)
			return err_set(err, ERR_INVALID, "%s is missing", field->name);
		return true; /* a form sends what was left empty too */
	}
	if (field->type != FIELD_INT && field->max > 0 && value.len > field->max)
		return err_set(err, ERR_TOO_MUCH, "%s is too long (%zu octets at most)", field->name,
		    field->max);
	return check_type(field, value, err);
}

static const struct act_field *
field_find(const struct act_field *fields, struct span name)
{
	for (; fields && fields->name; fields++)
		if (span_is(name, fields->name))
			return fields;
	return NULL;
}

static bool
check_missing(const struct act_field *fields, const struct fields *input, struct err *err)
{
	for (; fields && fields->name; fields++)
		if ((fields->flags & FIELD_REQUIRED) && !fields_has(input, fields->name))
			return err_set(err, ERR_INVALID, "%s is missing", fields->name);
	return true;
}

enum { FIELDS_MAX = 64 }; /* of one kind: seen[] below */

bool
act_check_fields(const struct act_field *fields, const struct fields *input, struct err *err)
{
	bool seen[FIELDS_MAX] = { false };
	const struct act_field *field;
	struct span name, value;
	size_t at = 0, place;

	while (fields_next(input, &at, &name, &value)) {
		field = field_find(fields, name);
		if (!field)
			return err_set(err, ERR_INVALID, "unknown field %s", log_text(name));
		place = (size_t)(field - fields);
		if (place >= FIELDS_MAX || (seen[place] && !(field->flags & FIELD_REPEAT)))
			return err_set(err, ERR_INVALID, "%s is given twice", field->name);
		seen[place] = true;
		if (!check_value(field, value, err))
			return false;
	}
	return check_missing(fields, input, err);
}

bool
act_flag(const struct act *act, const char *name)
{
	struct span value = fields_get(&act->input, name);

	return span_is(value, "1") || span_is(value, "yes");
}
