/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/migrations.h: schema/NNNN-word.sql as text in the binary; migrations.c is made by
 * scripts/embed when building. */
#pragma once

#include <stddef.h>

extern const char *const migrations[]; /* migrations[0] leads to version 1 */
extern const size_t migration_count;
