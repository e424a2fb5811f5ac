/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/login.h: the two cookies.
 *
 * `s` is the secret of a session. `p` is drawn for whoever is shown a form without
 * being signed in, so that this form too is bound to one browser (login CSRF). Where
 * the base URL is https both are __Host- cookies. */
#pragma once

#include "base/str.h"
#include "web/request.h"

/* Sets req->session and req->visit from the Cookie field; a value that is no secret is
 * none. */
void
login_read(struct request *req);

/* Has a cookie of a session at all: such a request is never answered from the cache. */
bool
login_has_session(const struct site *site, const struct http_head *head);

/* The token for the forms of this page; draws the cookie `p` where needed. */
const char *
login_csrf(struct request *req, struct reply *reply);

/* What form_check_token() compares with; "" where there is no cookie. */
const char *
login_csrf_expected(struct request *req);

void
login_set_session(struct request *req, struct reply *reply, struct span secret);

void
login_drop_session(struct request *req, struct reply *reply);
