/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/handle_inner.h: one request on its way: handle.c takes it to its page, handle_kept.c
 * spares it that, handle_reading.c opens the book for it, handle_reply.c answers it. */
#pragma once

#include "web/handle.h"
#include "web/request.h"

/* ---- pages kept ---- */

/* The short way, for what most readers ask: nothing but the key is built. */
bool
handle_from_cache(struct site *site, struct http_request *http);

/* A kept page whose address has a question: the key needs the question read. */
bool
handle_from_cache_late(struct request *req);

/* May this address be kept, for whoever asks here? */
bool
handle_may_keep(const struct request *req);

/* May what was made of it? */
bool
handle_is_kept(const struct request *req, const struct reply *reply);

void
handle_keep(const struct request *req, const struct reply *reply, struct http_blob *blob,
    const char *etag);

/* ---- reading ---- */

extern const struct viewer handle_nobody;

/* By the address, by who asks, by the browser. */
void
handle_choose_lang(struct request *req);

bool
handle_open_reading(struct request *req, struct err *err);

void
handle_close_reading(struct request *req);

/* Something of this page proved damaged: the clerk counts it. */
void
handle_tell_damage(struct request *req);

/* ---- answering ---- */

void
handle_begin(struct request *req, struct reply *reply);

/* The page of its error where it is not ok. The request is gone afterwards, unless the
 * answer is one in pieces. */
void
handle_end(struct request *req, struct reply *reply, bool ok, const struct err *err);
