/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/route.h: every address of the site is a row: method, pattern, page function.
 *
 * A pattern is a path whose parts are words or captures; a capture checks what it
 * takes, so that a page never sees an id that is no number:
 *   :id       1 ... INT64_MAX, no leading zero    -> at.id
 *   :thread   an id, or an id, '-' and anything   -> at.id, at.slug
 *   :slug     [a-z0-9-]                           -> at.slug
 *   :token    8 to 64 of [A-Za-z0-9_-]            -> at.token
 *   :name     any text                            -> at.name */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "net/http_parse.h"

struct request;
struct reply;

typedef bool page_fn(struct request *req, struct reply *reply, struct err *err);

enum route_flags {
	ROUTE_CACHE = 1,   /* the same for all who are not signed in */
	ROUTE_SIGNED = 2,  /* for who is signed in; others are shown the door */
	ROUTE_UPLOAD = 4,  /* may bring files, from who is signed in */
	ROUTE_TOKEN = 8,   /* the address is a secret */
	ROUTE_OPEN = 16,   /* a form that needs no proof of where it comes from */
	ROUTE_KEEPS = 32,  /* the page shows a refused form again itself, with what was typed */
	ROUTE_BARE = 64,   /* asked whatever the state of the book: the page gets no reading */
	ROUTE_LOCAL = 128  /* for who asks from this machine; to others there is no such address */
};

struct route {
	enum http_method method; /* GET or POST; HEAD is GET */
	const char *pattern;
	page_fn *page;
	unsigned flags;
};

struct route_values {
	int64_t id;
	struct span slug, token, name;
};

extern const struct route routes[]; /* ends with a NULL pattern */

/* The first row that fits. NULL: none; *other then says whether one would with the
 * other method. */
const struct route *
route_find(const struct route *rows, enum http_method method, const struct http_path *path,
    struct route_values *at, bool *other);
