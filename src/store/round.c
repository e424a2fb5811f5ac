/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "store/round.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/token.h"
#include "store/db.h"
#include "store/journal.h"
#include "store/post.h"
#include "store/raw.h"

enum {
	ROWS_A_STEP = 100,
	FILES_A_STEP = 16,
	OCTETS_A_STEP = 4 * 1024 * 1024 /* of files; the one that goes beyond is looked at whole */
};

enum part { TABLES, JOURNAL, MESSAGES, POSTS, FILES, PARTS };

struct round {
	struct db *db;
	enum part part;
	int64_t last;		   /* row of the part that was looked at last */
	char table[64];		   /* likewise */
	uint8_t hash[SHA256_SIZE]; /* likewise */
};

struct round *
round_new(struct db *db)
{
	struct round *round = x_calloc(1, sizeof(*round));

	round->db = db;
	return round;
}

void
round_free(struct round **round)
{
	free(*round);
	*round = NULL;
}

/* Each of these looks at some, and tells whether there are more. */
static bool
look_at_table(struct round *round, bool *more, struct err *err)
{
	struct arena *arena = arena_new();
	const char *name = "";
	bool good = db_table_after(round->db, arena, round->table, &name, err);

	*more = name[0] != '\0';
	if (good && *more) {
		(void)snprintf(round->table, sizeof(round->table), "%s", name);
		good = db_check_table(round->db, name, err);
	}
	arena_free(&arena);
	return good;
}

static bool
look_at_journal(struct round *round, bool *more, struct err *err)
{
	int64_t entries;

	*more = false;
	return journal_check(round->db, &entries, err);
}

static bool
look_at_messages(struct round *round, bool *more, struct err *err)
{
	bool good = raw_check_some(round->db, round->last, ROWS_A_STEP, &round->last, err);

	*more = round->last != 0;
	return good;
}

static bool
look_at_posts(struct round *round, bool *more, struct err *err)
{
	bool good = post_check_some(round->db, round->last, ROWS_A_STEP, &round->last, err);

	*more = round->last != 0;
	return good;
}

static bool
look_at_files(struct round *round, bool *more, struct err *err)
{
	int64_t size, octets = 0;

	*more = true;
	for (int i = 0; *more && i < FILES_A_STEP && octets < OCTETS_A_STEP; i++) {
		if (!raw_check_file(round->db, round->hash, more, &size, err))
			return false;
		octets += size;
	}
	return true;
}

static bool (*const parts[PARTS])(struct round *, bool *more, struct err *) = {
	[TABLES] = look_at_table,
	[JOURNAL] = look_at_journal,
	[MESSAGES] = look_at_messages,
	[POSTS] = look_at_posts,
	[FILES] = look_at_files,
};

bool
round_step(struct round *round, bool *more, struct err *err)
{
	bool of_part = true;

	if (!parts[round->part](round, &of_part, err))
		return false;
	if (!of_part) {
		round->part++;
		round->last = 0;
	}
	*more = round->part < PARTS;
	return true;
}
