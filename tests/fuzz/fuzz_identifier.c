/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Identifiers as people type them. What was read is twelve symbols of the alphabet, is written in
 * three groups and read again as the same; with one symbol changed it is not read at all. */
#include <string.h>

#include "rules/identifier.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	char symbols[IDENTIFIER_LEN + 1], again[IDENTIFIER_LEN + 1], written[IDENTIFIER_ROOM];
	struct err err = { 0 };
	size_t at;

	if (!identifier_read(span_make(data, size), symbols, &err)) {
		must(err.kind == ERR_INVALID && err.text[0] != '\0');
		return 0;
	}
	must(strlen(symbols) == IDENTIFIER_LEN && strspn(symbols, alphabet) == IDENTIFIER_LEN);
	identifier_write(symbols, written);
	must(identifier_read(span_of(written), again, &err) && strcmp(symbols, again) == 0);
	at = size % IDENTIFIER_LEN;
	symbols[at] = alphabet[(size_t)(strchr(alphabet, symbols[at]) - alphabet + 1) % 32];
	must(!identifier_read(span_of(symbols), again, &err));
	return 0;
}
