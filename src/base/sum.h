/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* base/sum.h: a quick sum by which octets are known again after years on a disk.
 *
 * Against accidents, not against people: whoever can write the octets can write their sum.
 * Every step is one to one, so that damage within any eight octets in a row always changes it;
 * other damage goes unseen once in 2^64. Never 0: that may mean "none was kept". */
#pragma once

#include <stdint.h>

#include "base/str.h"

/* Goes on from another sum, or from 0: where one text ends and the next begins counts too. */
int64_t
sum_add(int64_t sum, struct span octets);
