/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "rules/password.h"


#include "base/utf8.h"
#include "text/i18n.h"

enum {
	DIGITS_MIN = 16, /* where there is nothing else: 50 bits; twelve small letters have 56 */
	WORD_MIN = 4,	 /* octets of a known word that counts */
	REST_MIN = 8	 /* octets beside what everybody knows */
};

static bool
too_easy(struct err *err)
{
	return err_set(err, ERR_INVALID,
	    TR("This password is too easy to guess. Four words that have nothing to do with each "
	       "other make a good one."));
}

static bool
is_digits(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!ascii_is_digit(text.data[i]))
			return false;
	return true;
}

/* "aaaaaaaaaaaa", "abababababab": few different characters. */
static bool
is_monotone(struct span text)
{
	bool seen[256] = { false };
	int different = 0;

	for (size_t i = 0; i < text.len; i++) {
		different += !seen[(uint8_t)text.data[i]];
		seen[(uint8_t)text.data[i]] = true;
	}
	return different < 5;
}

static size_t
word_len(struct span rest)
{
	size_t len = 0;

	while (
	    len < rest.len && (ascii_is_alpha(rest.data[len]) || ascii_is_digit(rest.data[len]) ||
				  (uint8_t)rest.data[len] >= 0x80))
		len++;
	return len;
}

/* Octets of the password that are a word, however often. */
static size_t
covered_by(struct span typed, struct span word)
{
	size_t covered = 0, at = 0;

	while (at + word.len <= typed.len) {
		bool here = span_equal_nocase(span_make(typed.data + at, word.len), word);
		covered += here ? word.len : 0;
		at += here ? word.len : 1;
	}
	return covered;
}

/* Take the words of `known` away: is too little left? */
static bool
leans_on(struct span typed, const char *known)
{
	struct span rest = span_of(known);
	size_t covered = 0;

	while (rest.len > 0) {
		size_t len = word_len(rest);
		if (len >= WORD_MIN)
			covered += covered_by(typed, span_first(rest, len));
		rest = span_from(rest, len + 1);
	}
	return covered > 0 && typed.len < covered + REST_MIN;
}

bool
password_check(struct clerk *clerk, struct arena *arena, const struct person *person,
    struct span typed, struct err *err)
{
	size_t length, count;
	struct person_address *addresses;

	if (!utf8_is_valid(typed))
		return err_set(err, ERR_INVALID, "this text is not UTF-8");
	length = utf8_count(typed);
	if (length > PASSWORD_MOST)
		return err_set(
		    err, ERR_INVALID, TR("This password is too long: 128 characters at most."));
	if (length < PASSWORD_MIN)
		return err_set(
		    err, ERR_INVALID, TR("This password is too short: 12 characters at least."));
	if ((is_digits(typed) && length < DIGITS_MIN) || is_monotone(typed) ||
	    leans_on(typed, person->name_shown) || leans_on(typed, clerk->settings->site_name))
		return too_easy(err);
	if (!person_address_list(clerk->db, arena, person->id, &addresses, &count, err))
		return false;
	for (size_t i = 0; i < count; i++)
		if (leans_on(typed, addresses[i].address))
			return too_easy(err);
	return true;
}
