/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The secrets in our mail addresses. A key that nobody else has: a token that is read is the one
 * that would be made; changed in one letter it is not read; a text in which they are hidden is as
 * long as it was and holds none. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "mail/mail_token.h"
#include "fuzz.h"

static void
must_be_made(const struct mail_keys *keys, struct span text)
{
	char folded[MAIL_TOKEN_ROOM], pair[MAIL_TOKEN_ROOM], one[MAIL_TOKEN_ROOM];
	enum mail_purpose purpose = MAIL_PURPOSE_NONE;
	uint64_t a = 0, b = 0;

	if (!mail_token_read(keys, text, &purpose, &a, &b))
		return;
	must(purpose > MAIL_PURPOSE_NONE && purpose < MAIL_PURPOSES);
	must(mail_token_is_shaped(text) && mail_token_fold(text, folded));
	(void)mail_token_make(keys, purpose, a, b, pair);
	(void)mail_token_make_one(keys, purpose, a, one);
	must(strcmp(folded, pair) == 0 || strcmp(folded, one) == 0);
}

/* Ids and a place taken from the input. */
static void
try_change(const struct mail_keys *keys, const uint8_t *data)
{
	enum mail_purpose purpose = (enum mail_purpose)(data[0] % MAIL_PURPOSES);
	uint64_t a = (uint64_t)data[1] << 14 | (uint64_t)data[2] << 6, b = data[3];
	uint64_t read_a = 0, read_b = 0;
	size_t at = data[4] % MAIL_TOKEN_LEN;
	char token[MAIL_TOKEN_ROOM];

	if (!mail_token_make(keys, purpose, a, b, token)) {
		if (!mail_token_make_one(keys, purpose, a, token))
			return;
		b = 0;
	}
	must(mail_token_read(keys, span_of(token), &purpose, &read_a, &read_b));
	must(read_a == a && read_b == b);
	must_be_made(keys, span_of(token));
	token[at] = token[at] == 'a' ? 'b' : 'a';
	must(!mail_token_read(keys, span_of(token), &purpose, &read_a, &read_b));
}

static void
try_hide(const uint8_t *data, size_t len)
{
	char *text = x_calloc(1, len + 1), *again = x_calloc(1, len + 1);

	memcpy(text, data, len);
	text[len] = '\0';
	(void)mail_token_hide(text, len);
	for (size_t i = 0; i < len; i++)
		must(text[i] == (char)data[i] || text[i] == 'x');
	memcpy(again, text, len + 1);
	(void)mail_token_hide(again, len);
	must(memcmp(again, text, len + 1) == 0);
	free(text);
	free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct mail_keys keys;
	static const uint8_t master[KEY_SIZE] = "a key of the fuzz target";

	if (!keys.key[3].live)
		mail_keys_set(&keys, 3, master, true);
	must_be_made(&keys, span_make(data, len));
	if (len >= 5)
		try_change(&keys, data);
	try_hide(data, len);
	return 0;
}
