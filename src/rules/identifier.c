/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "rules/identifier.h"

#include <stdint.h>
#include <string.h>

#include "base/token.h"
#include "text/i18n.h"

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

enum {
	DRAWN = IDENTIFIER_SELECTOR + IDENTIFIER_VERIFIER,
	FIELD_POLYNOMIAL = 0x25, /* x^5 + x^2 + 1, primitive over GF(2) */
	ROOT = 2,		 /* a: the class of x */
	ROOT_SQUARE = 4,
	ROOT_CUBE = 8
};

/* ---- GF(32) ---- */

static unsigned
multiply(unsigned a, unsigned b)
{
	unsigned product = 0;

	for (; b != 0; b >>= 1) {
		if (b & 1)
			product ^= a;
		a <<= 1;
		if (a & 0x20)
			a ^= FIELD_POLYNOMIAL;
	}
	return product;
}

/* The word as a polynomial, its first symbol the highest power, at a point: Horner. */
static unsigned
value_at(const uint8_t word[IDENTIFIER_LEN], unsigned point)
{
	unsigned value = 0;

	for (int i = 0; i < IDENTIFIER_LEN; i++)
		value = multiply(value, point) ^ word[i];
	return value;
}

/* The remainder by (x + a)(x + a^2) = x^2 + (a + a^2) x + a^3 makes both roots zeros. */
static void
add_checks(uint8_t word[IDENTIFIER_LEN])
{
	unsigned high = 0, low = 0;

	for (int i = 0; i < DRAWN; i++) {
		unsigned carry = high ^ word[i];
		high = low ^ multiply(carry, ROOT ^ ROOT_SQUARE);
		low = multiply(carry, ROOT_CUBE);
	}
	word[DRAWN] = (uint8_t)high;
	word[DRAWN + 1] = (uint8_t)low;
}

/* ---- reading ---- */

/* The value of a symbol as typed, -1 for none. */
static int
symbol_value(char c)
{
	char upper = ascii_is_lower(c) ? (char)(c - 'a' + 'A') : c;
	const char *found;

	if (upper == 'O')
		upper = '0';
	if (upper == 'I' || upper == 'L')
		upper = '1';
	found = upper != '\0' ? strchr(alphabet, upper) : NULL;
	return found != NULL ? (int)(found - alphabet) : -1;
}

static bool
is_between(char c)
{
	return c == ' ' || c == '-' || c == '.' || c == '\t';
}

bool
identifier_read(struct span typed, char symbols[IDENTIFIER_LEN + 1], struct err *err)
{
	uint8_t word[IDENTIFIER_LEN] = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < typed.len; i++) {
		int value = symbol_value(typed.data[i]);
		if (is_between(typed.data[i]))
			continue;
		if (value < 0 || count == IDENTIFIER_LEN)
			return err_set(err, ERR_INVALID,
			    TR("An identifier has twelve letters and digits, such as "
			       "K7QM-4TXW-9HRC: please look at yours again."));
		symbols[count] = alphabet[value];
		word[count++] = (uint8_t)value;
	}
	symbols[count] = '\0';
	if (count < IDENTIFIER_LEN)
		return err_set(err, ERR_INVALID,
		    TR("An identifier has twelve letters and digits, such as K7QM-4TXW-9HRC: "
		       "please look at yours again."));
	if (value_at(word, ROOT) != 0 || value_at(word, ROOT_SQUARE) != 0)
		return err_set(err, ERR_INVALID,
		    TR("There is a typing mistake in this identifier: please compare it with your "
		       "letter, character by character."));
	return true;
}

/* ---- drawing ---- */

static bool
is_unwanted(const char *symbols)
{
	static const char *const words[] = { "SEX", "KKK", "FDP", "NTM", "WTF", "CACA", "MERDE",
		"TARE", "BETE", "SADE" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(symbols, words[i]) != NULL)
			return true;
	return false;
}

/* 32 divides 256: five bits of an octet are uniform. */
void
identifier_draw(char symbols[IDENTIFIER_LEN + 1])
{
	uint8_t word[IDENTIFIER_LEN];

	do {
		token_random(word, DRAWN);
		for (int i = 0; i < DRAWN; i++)
			word[i] &= 31;
		add_checks(word);
		for (int i = 0; i < IDENTIFIER_LEN; i++)
			symbols[i] = alphabet[word[i]];
		symbols[IDENTIFIER_LEN] = '\0';
	} while (is_unwanted(symbols));
	token_wipe(word, sizeof(word));
}

void
identifier_write(const char symbols[IDENTIFIER_LEN + 1], char out[IDENTIFIER_ROOM])
{
	size_t len = 0;

	for (size_t i = 0; i < IDENTIFIER_LEN; i++) {
		if (i > 0 && i % 4 == 0)
			out[len++] = '-';
		out[len++] = symbols[i];
	}
	out[len] = '\0';
}

struct span
identifier_selector(const char *symbols)
{
	return span_make(symbols, IDENTIFIER_SELECTOR);
}

struct span
identifier_verifier(const char *symbols)
{
	return span_make(symbols + IDENTIFIER_SELECTOR, IDENTIFIER_VERIFIER);
}
