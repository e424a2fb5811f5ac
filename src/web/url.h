/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/url.h: addresses of our own pages, in one place.
 *
 * A language that was asked for in the address ("?lang=en") stays in every address of
 * the page: choosing a language changes nothing anywhere. */
#pragma once

#include <stdint.h>

#include "base/str.h"
#include "web/request.h"

const char *
url_home(const struct request *req);

const char *
url_forum(const struct request *req, const char *slug);

/* "/f/SLUG/new" and the like. */
const char *
url_forum_page(const struct request *req, const char *slug, const char *page);

const char *
url_thread_page(const struct request *req, int64_t thread, const char *page);

const char *
url_thread(const struct request *req, int64_t thread, const char *slug);

/* The page of a long thread that begins with this post. */
const char *
url_thread_from(const struct request *req, int64_t thread, const char *slug, int64_t date,
    int64_t post);

const char *
url_post(const struct request *req, int64_t post);

const char *
url_reply(const struct request *req, int64_t post);

const char *
url_attachment(const struct request *req, const char *public_id, const char *name);

/* A path of our own with the language: url_own(req, "/moderate"). */
const char *
url_own(const struct request *req, const char *path);

/* An address with one parameter more; the value goes in as it is. */
const char *
url_with(const struct request *req, const char *url, const char *name, const char *value);

/* "/login?next=..." with the page at hand; likewise "/register". */
const char *
url_login(const struct request *req);
const char *
url_register(const struct request *req);

/* The page at hand, in that language (NULL: as it is). */
const char *
url_self(const struct request *req, const char *lang);

/* Appends the parameters that pages understand, in a fixed order: what a page may
 * depend on, and nothing else. lang NULL: as asked for. */
void
url_query(const struct request *req, const char *lang, struct buf *out);
