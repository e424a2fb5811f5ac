/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/search_query.h: from what people type to an expression of FTS5. */
#pragma once

#include "store/search.h"

/* Appends the MATCH expression of a query. Every term stands between double quotes, where
 * nothing is an operator for FTS5. False: nothing is looked for. */
bool
search_write_match(struct arena *arena, const struct search_query *query, struct buf *out);
