/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/reading_work.h: what the files behind reading.h share. */
#pragma once

#include "rules/reading.h"
#include "rules/standing.h"
#include "store/db.h"
#include "store/post.h"
#include "store/thread.h"

struct reading_book {
	struct db *db;
	const struct settings *settings;
};

struct reading {
	struct db *db;
	const struct settings *settings;
	struct arena *arena;
	int64_t now;
	struct person person; /* id 0: anonymous */
	int64_t session;      /* of that person */
	int64_t entered;      /* when that began */
	struct mandate *mandates;
	size_t mandate_count;
	struct viewer viewer;
	struct thread thread; /* the last one that was read, for its title; id 0: none */
};

/* The viewer's standing in a forum. */
bool
reading_standing(struct reading *, const struct forum *, struct standing *, struct err *);

/* The forum, if the viewer may read it; NOT_FOUND else. */
bool
reading_may_forum(struct reading *, int64_t id, struct forum *, struct standing *, struct err *);

bool
reading_fill_forum(struct reading *, const struct forum *, const struct standing *,
    struct forum_view *, struct err *);

/* A view of a post without attachments and depth. */
void
reading_fill_post(struct reading *, const struct post *, const char *title, struct post_view *);

bool
reading_fill_attachments(struct reading *, struct post_view *, struct err *);

/* Forums this viewer moderates; all of them for an administrator. */
bool
reading_moderated(struct reading *, struct forum **, size_t *count, struct err *);
