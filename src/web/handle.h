/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/handle.h: from a request to its answer.
 *
 * Kept page? → cookies → Host → target, language → route → kept page with a question? →
 * reading → signed in? → form and its proofs → page function → answer. All within one call, except where an act is sent: then the
 * answer follows when the clerk's does. */
#pragma once

#include <stddef.h>

#include "net/http.h"

/* arg: the struct site. */
void
handle_request(struct http_request *http, void *site);

/* Octets of body that this request may bring: an http_body_fn. */
size_t
handle_body_max(const struct http_request *http, void *site);
