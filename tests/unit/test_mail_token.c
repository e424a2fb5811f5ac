/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Tokens in addresses: made and read back, not forged; what a local part asks for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "mail/mail_token.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define T "abcdefghijklmnopqrstuvwxyz"
#define T7 "2345672345672345672345672a"

static const uint8_t first[KEY_SIZE] = { 1 }, second[KEY_SIZE] = { 2 };

static struct mail_keys
make_keys(void)
{
	struct mail_keys keys;

	memset(&keys, 0, sizeof(keys));
	mail_keys_set(&keys, 3, first, true);
	return keys;
}

static const struct {
	enum mail_purpose purpose;
	bool pair;
	uint64_t a, b;
} ids[] = {
	{ MAIL_PURPOSE_REPLY, true, 0, 0 },
	{ MAIL_PURPOSE_REPLY, true, 1, 2 },
	{ MAIL_PURPOSE_REPLY, true, MAIL_ID_PAIR_MAX, MAIL_ID_PAIR_MAX },
	{ MAIL_PURPOSE_UNSUBSCRIBE, true, 7, MAIL_ID_PAIR_MAX },
	{ MAIL_PURPOSE_BOUNCE, false, 1, 0 },
	{ MAIL_PURPOSE_BOUNCE, false, MAIL_ID_ONE_MAX, 0 },
	{ MAIL_PURPOSE_AUTHOR, false, 4242, 0 },
	{ MAIL_PURPOSE_NOTICE, false, 1234567890123, 0 },
};

static bool
make(const struct mail_keys *keys, size_t i, char out[MAIL_TOKEN_ROOM])
{
	return ids[i].pair ? mail_token_make(keys, ids[i].purpose, ids[i].a, ids[i].b, out)
			   : mail_token_make_one(keys, ids[i].purpose, ids[i].a, out);
}

static void
test_round_trip(void **state)
{
	struct mail_keys keys = make_keys();

	(void)state;
	for (size_t i = 0; i < COUNT(ids); i++) {
		enum mail_purpose purpose = MAIL_PURPOSE_NONE;
		char token[MAIL_TOKEN_ROOM];
		uint64_t a = 99, b = 99;

		assert_true(make(&keys, i, token));
		assert_int_equal(strlen(token), 26);
		for (char *c = token; *c != '\0'; c++)
			*c = (char)((c - token) % 2 ? toupper((unsigned char)*c) : *c);
		assert_true(mail_token_read(&keys, span_of(token), &purpose, &a, &b));
		assert_int_equal(purpose, ids[i].purpose);
		assert_true(a == ids[i].a && b == ids[i].b);
	}
}

/* Every letter changed to every other letter: nothing is read any more. */
static void
test_no_letter_may_change(void **state)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
	struct mail_keys keys = make_keys();
	enum mail_purpose purpose;
	char token[MAIL_TOKEN_ROOM];
	uint64_t a, b;

	(void)state;
	assert_true(mail_token_make(&keys, MAIL_PURPOSE_REPLY, 12, 34, token));
	for (size_t i = 0; i < MAIL_TOKEN_LEN; i++) {
		char right = token[i];

		for (size_t n = 0; n < 32; n++) {
			token[i] = letters[n];
			assert_int_equal(mail_token_read(&keys, span_of(token), &purpose, &a, &b),
			    letters[n] == right);
		}
		token[i] = right;
	}
	assert_false(mail_token_read(&keys, span_first(span_of(token), 25), &purpose, &a, &b));
	assert_false(mail_token_read(&keys, SPAN(""), &purpose, &a, &b));
}

static void
test_keys_change(void **state)
{
	struct mail_keys keys = make_keys(), other;
	enum mail_purpose purpose;
	char old[MAIL_TOKEN_ROOM], new[MAIL_TOKEN_ROOM];
	uint64_t a, b;

	(void)state;
	assert_true(mail_token_make_one(&keys, MAIL_PURPOSE_BOUNCE, 5, old));
	mail_keys_set(&keys, 4, second, true);
	assert_true(mail_token_make_one(&keys, MAIL_PURPOSE_BOUNCE, 5, new));
	assert_string_not_equal(old, new);
	assert_true(mail_token_read(&keys, span_of(old), &purpose, &a, &b));
	assert_true(mail_token_read(&keys, span_of(new), &purpose, &a, &b));
	keys.key[3].live = false;
	assert_false(mail_token_read(&keys, span_of(old), &purpose, &a, &b));
	memset(&other, 0, sizeof(other));
	assert_false(mail_token_make_one(&other, MAIL_PURPOSE_BOUNCE, 5, new));
	mail_keys_set(&other, 4, first, true);
	assert_true(mail_token_make_one(&keys, MAIL_PURPOSE_BOUNCE, 5, new));
	assert_false(mail_token_read(&other, span_of(new), &purpose, &a, &b));
}

static void
test_what_cannot_be_made(void **state)
{
	struct mail_keys keys = make_keys();
	char out[MAIL_TOKEN_ROOM];

	(void)state;
	assert_false(mail_token_make(&keys, MAIL_PURPOSE_REPLY, MAIL_ID_PAIR_MAX + 1, 0, out));
	assert_false(mail_token_make(&keys, MAIL_PURPOSE_REPLY, 0, MAIL_ID_PAIR_MAX + 1, out));
	assert_false(mail_token_make(&keys, MAIL_PURPOSE_BOUNCE, 1, 1, out));
	assert_false(mail_token_make_one(&keys, MAIL_PURPOSE_REPLY, 1, out));
	assert_false(mail_token_make_one(&keys, MAIL_PURPOSE_BOUNCE, MAIL_ID_ONE_MAX + 1, out));
	assert_false(mail_token_make_one(&keys, MAIL_PURPOSE_NONE, 1, out));
	assert_false(mail_token_make_one(&keys, MAIL_PURPOSES, 1, out));
	assert_string_equal(out, "");
}

static void
test_drawn(void **state)
{
	char one[MAIL_TOKEN_ROOM], two[MAIL_TOKEN_ROOM];

	(void)state;
	mail_token_draw(one);
	mail_token_draw(two);
	assert_true(mail_token_is_shaped(span_of(one)));
	assert_string_not_equal(one, two);
	assert_false(mail_token_is_shaped(SPAN("abcdefghijklmnopqrstuvwxy1")));
	assert_false(mail_token_is_shaped(SPAN("abcdefghijklmnopqrstuvwxy\xe9")));
}

static const struct {
	const char *local;
	enum mail_recipient_kind kind;
	const char *slug, *token;
	enum mail_word word;
} locals[] = {
	{ "voirie", MAIL_TO_FORUM, "voirie", "", 0 },
	{ "Conseil-de-Quartier-2", MAIL_TO_FORUM, "conseil-de-quartier-2", "", 0 },
	{ "voirie+r." T, MAIL_TO_REPLY, "voirie", T, 0 },
	{ "VOIRIE+R.ABCDEFGHIJKLMNOPQRSTUVWXYZ", MAIL_TO_REPLY, "voirie", T, 0 },
	{ "voirie+m." T7, MAIL_TO_MODERATE, "voirie", T7, 0 },
	{ "voirie+u." T, MAIL_TO_UNSUBSCRIBE, "voirie", T, 0 },
	{ "voirie+abonner", MAIL_TO_WORD, "voirie", "", MAIL_WORD_SUBSCRIBE },
	{ "voirie+Subscribe", MAIL_TO_WORD, "voirie", "", MAIL_WORD_SUBSCRIBE },
	{ "voirie+desabonner", MAIL_TO_WORD, "voirie", "", MAIL_WORD_UNSUBSCRIBE },
	{ "voirie+unsubscribe", MAIL_TO_WORD, "voirie", "", MAIL_WORD_UNSUBSCRIBE },
	{ "voirie+aide", MAIL_TO_WORD, "voirie", "", MAIL_WORD_HELP },
	{ "voirie+responsables", MAIL_TO_WORD, "voirie", "", MAIL_WORD_OWNERS },
	{ "voirie+pause", MAIL_TO_WORD, "voirie", "", MAIL_WORD_PAUSE },
	{ "b." T, MAIL_TO_BOUNCE, "", T, 0 },
	{ "B." T, MAIL_TO_BOUNCE, "", T, 0 },
	{ "a." T, MAIL_TO_AUTHOR, "", T, 0 },
	{ "ok." T, MAIL_TO_CONFIRM, "", T, 0 },
	{ "postmaster", MAIL_TO_POSTMASTER, "", "", 0 },
	{ "Postmaster", MAIL_TO_POSTMASTER, "", "", 0 },
	{ "abuse", MAIL_TO_POSTMASTER, "", "", 0 },
	{ "", MAIL_TO_UNKNOWN, "", "", 0 },
	{ "x%gmail.com", MAIL_TO_UNKNOWN, "", "", 0 },
	{ "l.test!x", MAIL_TO_UNKNOWN, "", "", 0 },
	{ "voirie+", MAIL_TO_UNKNOWN, "", "", 0 },
	{ "voirie+xyz", MAIL_TO_UNKNOWN, "", "", 0 },
	{ "voirie+r.short", MAIL_TO_UNKNOWN, "", "", 0 },
	{ "voirie+r." T "a", MAIL_TO_UNKNOWN, "", "", 0 },
	{ "voirie+x." T, MAIL_TO_UNKNOWN, "", "", 0 },
	{ "b.abc", MAIL_TO_UNKNOWN, "", "", 0 },
	{ "c." T, MAIL_TO_UNKNOWN, "", "", 0 },
	{ "-voirie", MAIL_TO_UNKNOWN, "", "", 0 },
	{ "voirie-", MAIL_TO_UNKNOWN, "", "", 0 },
	{ "voi rie", MAIL_TO_UNKNOWN, "", "", 0 },
	{ "vo\xc3\xafrie", MAIL_TO_UNKNOWN, "", "", 0 },
	{ "+abonner", MAIL_TO_UNKNOWN, "", "", 0 },
	{ "-+r." T, MAIL_TO_UNKNOWN, "", "", 0 },
};

static void
test_locals(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(locals); i++) {
		struct mail_recipient got;

		mail_recipient_read(span_of(locals[i].local), &got);
		if (got.kind != locals[i].kind)
			fail_msg("%s is %s", locals[i].local, mail_recipient_kind_name(got.kind));
		assert_string_equal(got.slug, locals[i].slug);
		assert_string_equal(got.token, locals[i].token);
		assert_int_equal(got.word, locals[i].word);
	}
}

#define X "xxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct {
	const char *name, *text, *want;
} hidings[] = {
	{ "nothing", "", "" },
	{ "a reply address", "A : <voirie+r." T "@x.fr>", "A : <voirie+r." X "@x.fr>" },
	{ "in capitals", "VOIRIE+R.ABCDEFGHIJKLMNOPQRSTUVWXYZ", "VOIRIE+R." X },
	{ "percent-encoded", "mailto:voirie%2Br." T7 "%40x.fr", "mailto:voirie%2Br." X "%40x.fr" },
	{ "all kinds", "+u." T " +m." T " a." T " b." T " ok." T,
	    "+u." X " +m." X " a." X " b." X " ok." X },
	{ "links", "href=\"https://x.fr/u/" T "\" /ok/" T7,
	    "href=\"https://x.fr/u/" X "\" /ok/" X },
	{ "a word of that length", "r " T ", +" T, "r " T ", +" T },
	{ "too short, too long", "r.bcdefghijklmnopqrstuvwxyz r." T "a",
	    "r.bcdefghijklmnopqrstuvwxyz r." T "a" },
};

static void
test_hide(void **state)
{
	char text[300];

	(void)state;
	for (size_t i = 0; i < COUNT(hidings); i++) {
		print_message("%s\n", hidings[i].name);
		(void)snprintf(text, sizeof(text), "%s", hidings[i].text);
		assert_int_equal(mail_token_hide(text, strlen(text)) > 0,
		    strcmp(hidings[i].text, hidings[i].want) != 0);
		assert_string_equal(text, hidings[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_no_letter_may_change),
		cmocka_unit_test(test_keys_change),
		cmocka_unit_test(test_what_cannot_be_made),
		cmocka_unit_test(test_drawn),
		cmocka_unit_test(test_hide),
		cmocka_unit_test(test_locals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
