/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Catalogues and plural expressions: any octets are refused or answer. */
#include <stddef.h>
#include <stdint.h>

#include "text/mo.h"
#include "text/plural.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const ids[] = { "", "a", "%d message", "Publish", "zz" };
	struct plural plural;
	struct err err;
	struct mo *mo;

	if (plural_read(&plural, span_make(data, size), &err) &&
	    plural_form(&plural, UINT64_MAX) >= plural.forms)
		__builtin_trap();
	if (!mo_open(&mo, span_make(data, size), &err))
		return 0;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		(void)mo_find(mo, ids[i]);
		(void)mo_find_plural(mo, ids[i], i);
	}
	mo_free(&mo);
	return 0;
}
