/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/show.h: forums, threads and posts as values of a page (doc/themes.md). */
#pragma once

#include <stdint.h>

#include "rules/reading.h"
#include "text/view.h"
#include "web/request.h"

/* A moment in all its forms (shape "date"); nothing where seconds is 0. */
void
show_date(const struct request *req, struct view *view, const char *name, int64_t seconds);

void
show_forum(const struct request *req, struct view *view, const struct forum_view *forum);

void
show_thread(const struct request *req, struct view *view, const struct thread_view *thread);

/* before: the post shown just above, 0 = none: answering that one goes without saying. */
void
show_post(const struct request *req, struct view *view, const struct post_view *post,
    const struct thread_view *thread, int64_t before);

void
show_held(const struct request *req, struct view *view, const struct held_view *held);

/* Links to the pages beside this one, "" where there is none; nothing where there is neither. */
void
show_pager(struct view *page, const char *previous, const char *next);

/* The form that writes a post (shape "form"). */
struct show_form {
	const char *action;
	const char *key;
	int64_t parent;      /* 0: a new thread */
	const char *subject;
	struct span text;
	const char *error;   /* a sentence, or "" */
	bool waits;
};
struct view *
show_form(const struct request *req, struct view *view, const struct show_form *form);
