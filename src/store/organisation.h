/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store/organisation.h: associations, services, the town hall; and mandates: in whose
 * name, or over which forum, a person may act. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct db;

struct organisation {
	int64_t id;
	const char *name;
	const char *kind; /* association, service, council, townhall */
	int64_t created;
};

/* CONFLICT: the name is taken. */
bool
organisation_add(
    struct db *db, const struct organisation *organisation, int64_t *id, struct err *err);

bool
organisation_find_name(struct db *db, struct arena *arena, struct span name,
    struct organisation *out, struct err *err);

struct mandate {
	int64_t id;
	int64_t person;
	int64_t organisation;	       /* or 0 */
	int64_t forum;		       /* or 0; exactly one of them is set */
	const char *role;	       /* moderator, animator, writer, speaker */
	int64_t since, until;	       /* until 0: open end */
	const char *organisation_name; /* "" for a forum's */
	const char *organisation_kind;
};

/* From *mandate: person, organisation, forum, role, since, until. */
bool
mandate_add(struct db *db, const struct mandate *mandate, int64_t *id, struct err *err);

bool
mandate_find(struct db *db, struct arena *arena, int64_t id, struct mandate *out, struct err *err);

/* Ends it at `until`. */
bool
mandate_end(struct db *db, int64_t id, int64_t until, struct err *err);

/* Those alive at `now`, by id; of a person; over a forum (role NULL: any). At most 1 000. */
bool
mandate_list_person(struct db *db, struct arena *arena, int64_t person, int64_t now,
    struct mandate **out, size_t *count, struct err *err);
bool
mandate_list_forum(struct db *db, struct arena *arena, int64_t forum, const char *role, int64_t now,
    struct mandate **out, size_t *count, struct err *err);
