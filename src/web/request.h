/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/request.h: what a page function is given, and what it fills.
 *
 * A page reads req->reading, fills reply->view and names its template
 * (reply_page), or answers in another way (reply_redirect, reply_text). False with
 * a sentence in err is the error page. What changes something is sent as an act
 * (request_act) and the page goes on in its answer function, with a new reading.
 *
 * Everything lives in req->arena, which goes with the answer. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "net/http.h"
#include "rules/reading.h"
#include "text/i18n.h"
#include "text/view.h"
#include "web/form.h"
#include "web/route.h"
#include "web/site.h"

typedef bool answer_fn(struct request *req, const struct site_answer *answer, struct reply *reply,
    struct err *err);

/* Brings the next piece of a body that is answered in pieces. */
typedef bool more_fn(struct request *req, struct reply *reply, struct err *err);

struct request {
	struct site *site;
	struct http_request *http;
	struct arena *arena;
	const struct route *route;   /* NULL: no such address */
	struct route_values at;      /* what its pattern captured */
	struct http_form query;
	struct form form;            /* POST */
	struct span session;         /* secret of the cookie, or empty */
	struct span visit;           /* secret of the cookie of who is not signed in, or empty */
	struct reading *reading;     /* NULL where the book cannot be read */
	const struct viewer *viewer; /* never NULL */
	enum lang lang;
	const char *lang_query;      /* "?lang=en" where the address asks for it, else "" */
	const char *trace;           /* id in the log */
	answer_fn *answer;           /* of the act that was sent */
	void *state;                 /* of the page, from one act to the next */
	more_fn *more;               /* of a reply in pieces: the next one */
	bool damaged;                /* what it asks for is, and is not shown */
	bool saying;                 /* its head has left: there is no error page any more */
};

enum { REPLY_RETRY_SECONDS = 10 }; /* what 429 and 503 say, whichever page they are */

struct reply {
	int status;          /* 200 unless set */
	const char *type;    /* Content-Type */
	enum site_head head; /* HEAD_PRIVATE unless set */
	struct view *view;
	struct buf fields;   /* Set-Cookie, Location ... */
	struct buf body;     /* or a piece of it (not empty) where more is set */
	more_fn *more;       /* brings the next piece, once this one has left; NULL: that was all.
	                      * No snapshot is held meanwhile: req->reading is NULL in it */
	struct span etag;    /* with its quotes, or empty */
	bool refused;        /* by reply_refuse(): the status of a refusal is in status */
	bool later;          /* an act was sent, its answer function finishes this */
};

/* Is somebody signed in? */
bool
request_is_signed(const struct request *req);

/* Does somebody on this machine ask for himself? Not where a proxy passed the request on,
 * whatever it says about whom it asks for. */
bool
request_is_local(const struct request *req);

/* A parameter of the query, at most 200 octets of UTF-8 without control characters;
 * data NULL where absent. */
struct span
request_query(const struct request *req, const char *name);

/* Who asks, as limits count them: a hash, since nothing else is to be kept of it; "" where
 * the address says nothing: our own machine, where mail.trust is local. */
const char *
request_peer(struct request *req);

/* Sends and has `fn` called with the answer; where it cannot be sent fn is called at
 * once with the refusal. */
bool
request_act(struct request *req, struct reply *reply, const struct site_act *act, answer_fn *fn,
    struct err *err);

/* The same where what is waited for was sent already: request_answered() goes on with it. */
void
request_wait(struct request *req, struct reply *reply, answer_fn *fn);

/* The request may be gone afterwards. */
void
request_answered(struct request *req, const struct site_answer *answer);

/* Renders a page of the theme; sets the values that every page has. */
bool
reply_page(struct request *req, struct reply *reply, const char *page, struct err *err);

/* 301, 302, 303; url is an own path. */
bool
reply_redirect(struct request *req, struct reply *reply, int status, const char *url);

bool
reply_text(struct reply *reply, const char *text);

/* A refusal with a status of its own, as a page. */
bool
reply_refuse(struct reply *reply, int status, struct err *err, enum err_kind kind,
    const char *text);

/* A refusal as people may read it, in their language. */
const char *
request_sentence(const struct request *req, const struct err *err);
