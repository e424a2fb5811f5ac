/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "base/sum.h"

#include <string.h>

enum { LANES = 4, BLOCK = LANES * 8 };

static uint64_t
mix(uint64_t value)
{
	value *= 0x9e3779b97f4a7c15ULL; /* odd: no two values become one */
	return value ^ value >> 32;
}

/* Four lanes that do not wait for one another. */
static void
add_block(uint64_t lanes[LANES], const char *block)
{
	uint64_t word;

	for (int i = 0; i < LANES; i++) {
		memcpy(&word, block + i * 8, 8);
		lanes[i] = mix(lanes[i] ^ word);
	}
}

int64_t
sum_add(int64_t sum, struct span octets)
{
	uint64_t lanes[LANES] = { (uint64_t)sum, 1, 2, 3 };
	char rest[BLOCK] = { 0 };
	uint64_t all;

	lanes[0] = mix(lanes[0] ^ octets.len);
	for (; octets.len >= BLOCK; octets = span_from(octets, BLOCK))
		add_block(lanes, octets.data);
	if (octets.len > 0) {
		memcpy(rest, octets.data, octets.len);
		add_block(lanes, rest);
	}
	all = mix(lanes[0]);
	for (int i = 1; i < LANES; i++)
		all = mix(all ^ lanes[i]);
	return all == 0 ? 1 : (int64_t)all;
}
