/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Hashes, encodings and seals against published vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/token.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
assert_digest(const uint8_t digest[SHA256_SIZE], const char *want)
{
	char hex[2 * SHA256_SIZE + 1];

	token_hex(digest, SHA256_SIZE, hex);
	assert_string_equal(hex, want);
}

/* FIPS 180-4, and the same in slices. */
static void
test_sha256(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	};
	uint8_t digest[SHA256_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sha256 *h = sha256_new();
		size_t half = strlen(cases[i].text) / 2;

		token_sha256(span_of(cases[i].text), digest);
		assert_digest(digest, cases[i].want);
		sha256_add(h, cases[i].text, half);
		token_sha256(SPAN("in between"), digest);
		sha256_add(h, cases[i].text + half, strlen(cases[i].text) - half);
		sha256_end(&h, digest);
		assert_null(h);
		assert_digest(digest, cases[i].want);
	}
}

/* RFC 4231 with its keys padded to 32 octets, which HMAC does not tell apart. */
static void
test_hmac(void **state)
{
	static const struct {
		uint8_t key[KEY_SIZE];
		const char *text, *want;
	} cases[] = {
		{ { 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b,
		      0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b },
		    "Hi There",
		    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
		{ "Jefe", "what do ya want for nothing?",
		    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
	};
	uint8_t digest[SHA256_SIZE], derived[KEY_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		token_hmac(cases[i].key, span_of(cases[i].text), digest);
		assert_digest(digest, cases[i].want);
	}
	token_derive(cases[1].key, cases[1].text, derived);
	assert_memory_equal(derived, digest, sizeof(derived));
}

/* The vectors of the SipHash paper: key 00..0f, data 00, 01, .. */
static void
test_siphash(void **state)
{
	static const uint64_t key[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
	static const struct {
		size_t len;
		uint64_t want;
	} cases[] = {
		{ 0, 0x726fdb47dd0e0e31 },
		{ 1, 0x74f839c593dc67fd },
		{ 8, 0x93f5f5799a932462 },
		{ 15, 0xa129ca6149be45e5 },
	};
	char data[15];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)i;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_true(
		    token_siphash_with(key, span_make(data, cases[i].len)) == cases[i].want);
	assert_true(token_siphash(SPAN("a")) == token_siphash(SPAN("a")));
	assert_true(token_siphash(SPAN("a")) != token_siphash(SPAN("b")));
}

/* RFC 4648 §10, without padding where the house has none. */
static void
test_encodings(void **state)
{
	static const struct {
		const char *text, *hex, *base64url, *base32;
	} cases[] = {
		{ "", "", "", "" },
		{ "f", "66", "Zg", "my" },
		{ "fo", "666f", "Zm8", "mzxq" },
		{ "foo", "666f6f", "Zm9v", "mzxw6" },
		{ "foob", "666f6f62", "Zm9vYg", "mzxw6yq" },
		{ "fooba", "666f6f6261", "Zm9vYmE", "mzxw6ytb" },
		{ "foobar", "666f6f626172", "Zm9vYmFy", "mzxw6ytboi" },
		{ "\xff\xfe\xfb", "fffefb", "__77", "777pw" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct span text = span_of(cases[i].text);
		char out[16], back[16];
		size_t len;

		token_hex(text.data, text.len, out);
		assert_string_equal(out, cases[i].hex);
		assert_true(token_unhex(span_of(out), back, text.len));
		assert_memory_equal(back, text.data, text.len);
		token_base64url(text.data, text.len, out);
		assert_string_equal(out, cases[i].base64url);
		assert_true(token_unbase64url(span_of(out), back, sizeof(back), &len));
		assert_true(span_equal(span_make(back, len), text));
		token_base32(text.data, text.len, out);
		assert_string_equal(out, cases[i].base32);
	}
}

static void
test_bad_encodings(void **state)
{
	static const struct {
		const char *name, *text;
		bool base64url;
		size_t room;
	} cases[] = {
		{ "sound", "aQ", .base64url = true, .room = 9 },
		{ "capitals", "AA", .base64url = true, .room = 9 },
		{ "a letter alone", "a", .room = 9 },
		{ "spare bits", "ab", .room = 9 },
		{ "padding", "AA==", .room = 9 },
		{ "no room", "AA", .room = 0 },
		{ "the other base64", "a/+a", .room = 9 },
		{ "a blank", "AA ", .room = 9 },
		{ "three letters", "aaY", .base64url = true, .room = 9 },
		{ "six letters", "AAAAAA", .base64url = true, .room = 9 },
		{ "no letter of base32", "a1a0", .base64url = true, .room = 9 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct span text = span_of(cases[i].text);
		size_t room = cases[i].room, len;
		char out[9];

		if (token_unbase64url(text, out, room, &len) != cases[i].base64url)
			fail_msg("%s", cases[i].name);
	}
	assert_false(token_unhex(SPAN("6"), (char[4]){ 0 }, 0));
	assert_false(token_unhex(SPAN("6g"), (char[4]){ 0 }, 1));
	assert_false(token_unhex(SPAN("6666"), (char[4]){ 0 }, 1));
	assert_true(token_unhex(SPAN("aFFa"), (char[4]){ 0 }, 2));
	assert_false(token_unbase64url(span_make("a\0", 2), (char[4]){ 0 }, 4, &(size_t){ 0 }));
}

/* Each count of bits is the start of the whole, with zeros behind its last bit. */
static void
test_base32_bits(void **state)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint8_t data[20];
	char whole[33], out[33];

	(void)state;
	token_random(data, sizeof(data));
	token_base32(data, sizeof(data), whole);
	for (size_t bits = 1; bits <= 8 * sizeof(data); bits++) {
		size_t len = (bits + 4) / 5, spare = 5 * len - bits;
		size_t last = (size_t)(strchr(letters, whole[len - 1]) - letters);

		token_base32_bits(data, bits, out);
		assert_int_equal(strlen(out), len);
		assert_memory_equal(out, whole, len - 1);
		assert_int_equal(out[len - 1], letters[last >> spare << spare]);
	}
	assert_int_equal((130 + 4) / 5, BASE32_26);
}

static void
test_seal(void **state)
{
	static const uint8_t key[KEY_SIZE] = { 1 }, other[KEY_SIZE] = { 2 };
	struct buf sealed = { 0 }, again = { 0 }, out = { 0 };

	(void)state;
	for (size_t len = 0; len < 39; len += 13) {
		struct span plain = span_first(SPAN("a secret of some forty octets, no less"), len);

		buf_clear(&sealed);
		buf_clear(&again);
		token_seal(key, SPAN("user 1"), plain, &sealed);
		token_seal(key, SPAN("user 1"), plain, &again);
		assert_int_equal(sealed.len, len + 28);
		assert_false(span_equal(buf_span(&sealed), buf_span(&again)));
		assert_false(token_unseal(other, SPAN("user 1"), buf_span(&sealed), &out));
		assert_false(token_unseal(key, SPAN("user 2"), buf_span(&sealed), &out));
		for (size_t i = 0; i < sealed.len; i++) {
			sealed.data[i] ^= 1;
			assert_false(token_unseal(key, SPAN("user 1"), buf_span(&sealed), &out));
			sealed.data[i] ^= 1;
			assert_false(token_unseal(
			    key, SPAN("user 1"), span_first(buf_span(&sealed), i), &out));
		}
		assert_int_equal(out.len, 0);
		assert_true(token_unseal(key, SPAN("user 1"), buf_span(&sealed), &out));
		assert_true(span_equal(buf_span(&out), plain));
		buf_clear(&out);
	}
	buf_free(&sealed);
	buf_free(&again);
	buf_free(&out);
}

static void
test_random(void **state)
{
	char first[44], second[44], wiped[4] = "abc";

	(void)state;
	token_secret(first);
	token_secret(second);
	assert_int_equal(strlen(first), 43);
	assert_string_not_equal(first, second);
	assert_true(token_random_u64() != token_random_u64());
	token_random(NULL, 0);
	assert_true(token_equal("abc", "abc", 3));
	assert_false(token_equal("abc", "abd", 3));
	assert_true(token_equal("abc", "abd", 2));
	token_wipe(wiped, sizeof(wiped));
	assert_memory_equal(wiped, "\0\0\0\0", 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sha256),
		cmocka_unit_test(test_hmac),
		cmocka_unit_test(test_siphash),
		cmocka_unit_test(test_encodings),
		cmocka_unit_test(test_bad_encodings),
		cmocka_unit_test(test_base32_bits),
		cmocka_unit_test(test_seal),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
