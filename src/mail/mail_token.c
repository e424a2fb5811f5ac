/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "mail/mail_token.h"

#include <string.h>

enum {
	HEAD_LETTERS = 10, /* purpose 3, key id 3, ids 44: 50 bits */
	MAC_LETTERS = 16,  /* 80 bits */
	MAC_OCTETS = 10
};

static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";

static bool
is_pair(enum mail_purpose purpose)
{
	return purpose == MAIL_PURPOSE_REPLY || purpose == MAIL_PURPOSE_UNSUBSCRIBE;
}

static bool
is_purpose(unsigned purpose)
{
	return purpose > MAIL_PURPOSE_NONE && purpose < MAIL_PURPOSES;
}

/* 0-31, or -1. */
static int
letter_value(char c)
{
	c = ascii_lower(c);
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	if (c >= '2' && c <= '7')
		return c - '2' + 26;
	return -1;
}

void
mail_keys_set(struct mail_keys *keys, unsigned id, const uint8_t master[KEY_SIZE], bool current)
{
	id %= MAIL_KEY_IDS;
	token_derive(master, "mail-token", keys->key[id].key);
	keys->key[id].live = true;
	if (current)
		keys->current = id;
}

/* The MAC covers the 50 bits before it, as letters: there is one spelling. */
static void
write_mac(const struct mail_key *key, const char *head, char out[MAC_LETTERS + 1])
{
	uint8_t mac[SHA256_SIZE];

	token_hmac(key->key, span_make(head, HEAD_LETTERS), mac);
	token_base32(mac, MAC_OCTETS, out);
}

static bool
make(const struct mail_keys *keys, enum mail_purpose purpose, uint64_t ids,
    char out[MAIL_TOKEN_ROOM])
{
	unsigned id = keys->current % MAIL_KEY_IDS;
	uint64_t head;

	out[0] = '\0';
	if (ids > MAIL_ID_ONE_MAX || !is_purpose(purpose) || !keys->key[id].live)
		return false;
	head = (uint64_t)purpose << 47 | (uint64_t)id << 44 | ids;
	for (unsigned i = 0; i < HEAD_LETTERS; i++)
		out[i] = letters[head >> (5 * (HEAD_LETTERS - 1 - i)) & 31];
	write_mac(&keys->key[id], out, out + HEAD_LETTERS);
	return true;
}

bool
mail_token_make(const struct mail_keys *keys, enum mail_purpose purpose, uint64_t a, uint64_t b,
    char out[MAIL_TOKEN_ROOM])
{
	out[0] = '\0';
	if (!is_pair(purpose) || a > MAIL_ID_PAIR_MAX || b > MAIL_ID_PAIR_MAX)
		return false;
	return make(keys, purpose, a << 22 | b, out);
}

bool
mail_token_make_one(
    const struct mail_keys *keys, enum mail_purpose purpose, uint64_t id, char out[MAIL_TOKEN_ROOM])
{
	out[0] = '\0';
	return !is_pair(purpose) && make(keys, purpose, id, out);
}

bool
mail_token_read(const struct mail_keys *keys, struct span text, enum mail_purpose *purpose,
    uint64_t *a, uint64_t *b)
{
	char token[MAIL_TOKEN_ROOM], mac[MAC_LETTERS + 1];
	const struct mail_key *key;
	uint64_t head = 0, ids;

	if (!mail_token_fold(text, token))
		return false;
	for (size_t i = 0; i < HEAD_LETTERS; i++)
		head = head << 5 | (uint64_t)letter_value(token[i]);
	key = &keys->key[head >> 44 & 7];
	if (!is_purpose((unsigned)(head >> 47)) || !key->live)
		return false;
	write_mac(key, token, mac);
	if (!token_equal(mac, token + HEAD_LETTERS, MAC_LETTERS))
		return false;
	ids = head & MAIL_ID_ONE_MAX;
	*purpose = (enum mail_purpose)(head >> 47);
	*a = is_pair(*purpose) ? ids >> 22 : ids;
	*b = is_pair(*purpose) ? ids & MAIL_ID_PAIR_MAX : 0;
	return true;
}

bool
mail_token_is_shaped(struct span text)
{
	if (text.len != MAIL_TOKEN_LEN)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (letter_value(text.data[i]) < 0)
			return false;
	}
	return true;
}

bool
mail_token_fold(struct span text, char out[MAIL_TOKEN_ROOM])
{
	out[0] = '\0';
	if (!mail_token_is_shaped(text))
		return false;
	for (size_t i = 0; i < MAIL_TOKEN_LEN; i++)
		out[i] = ascii_lower(text.data[i]);
	out[MAIL_TOKEN_LEN] = '\0';
	return true;
}

/* What stands before the tokens of our addresses and links (mail_recipient.c, web/route.c). */
static bool
is_prefixed(struct span before)
{
	static const char *const prefixes[] = { "r.", "u.", "m.", "a.", "b.", "ok.", "/u/",
		"/ok/" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (before.len >= strlen(prefixes[i]) &&
		    span_is_nocase(
			span_from(before, before.len - strlen(prefixes[i])), prefixes[i]))
			return true;
	return false;
}

/* Octets from the end of a possible token back to the last that is no letter; MAIL_TOKEN_LEN
 * where all are letters. */
static size_t
letters_before(const char *end)
{
	size_t count = 0;

	while (count < MAIL_TOKEN_LEN && letter_value(end[-1 - (ptrdiff_t)count]) >= 0)
		count++;
	return count;
}

/* Words are short: looking at where a token would end leaps over most octets. */
size_t
mail_token_hide(char *text, size_t len)
{
	size_t count = 0, begin = 0;

	while (begin + MAIL_TOKEN_LEN <= len) {
		size_t end = begin + MAIL_TOKEN_LEN;
		size_t run = letters_before(text + end);

		if (run < MAIL_TOKEN_LEN) {
			begin = end - run;
			continue;
		}
		while (end < len && letter_value(text[end]) >= 0)
			end++;
		if (end - begin == MAIL_TOKEN_LEN && is_prefixed(span_make(text, begin))) {
			memset(text + begin, 'x', MAIL_TOKEN_LEN);
			count++;
		}
		begin = end + 1;
	}
	return count;
}

void
mail_token_draw(char out[MAIL_TOKEN_ROOM])
{
	uint8_t random[MAIL_TOKEN_LEN];

	token_random(random, sizeof(random));
	for (size_t i = 0; i < MAIL_TOKEN_LEN; i++)
		out[i] = letters[random[i] & 31];
	out[MAIL_TOKEN_LEN] = '\0';
	token_wipe(random, sizeof(random));
}
