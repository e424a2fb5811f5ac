/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/migrate.h: makes the book, and brings an old one up to date.
 *
 * schema/NNNN-word.sql are embedded in the binary, in order; number N leads from
 * user_version N - 1 to N, in one transaction. A book that has rows is copied beside
 * itself (preau.db.before-N, N the version it goes to) before it is touched. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct db;

/* Opens FOLDER/preau.db as the writer; makes the folder (2750) and the book (0640) where
 * they are not there, and migrates. CONFLICT: the book is newer than this program, or not
 * ours; nothing was touched then. */
bool
migrate_open(const char *folder, struct db **db, struct err *err);

/* Version this program works with. */
int64_t
migrate_newest(void);

/* Version of an open book. */
bool
migrate_version(struct db *db, int64_t *version, struct err *err);

/* CONFLICT: the book is not of the version that this program works with. */
bool
migrate_check(struct db *db, struct err *err);

/* SQL of a migration, 1 to migrate_newest(); for tests. */
const char *
migrate_sql(int64_t version);
