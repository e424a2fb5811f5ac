/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* fuzz.h: what each target is made of. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What is true of every input. */
static inline void
must(bool is_so)
{
	if (!is_so)
		abort();
}
