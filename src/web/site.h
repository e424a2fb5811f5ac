/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* web/site.h: what the pages of one web worker share.
 *
 * role_web.c fills the upper half, calls site_open(), and hands the site to
 * handle_request(). The door is a function pointer, so that nothing in web/ knows a
 * process: acts go out by it and their answers come back by the given function. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/frame.h"
#include "base/str.h"
#include "net/loop.h"
#include "rules/reading.h"
#include "rules/settings.h"
#include "text/i18n.h"
#include "text/theme.h"
#include "web/cache.h"

struct site_act {
	const char *name;    /* of the act or ask */
	bool ask;            /* an answer, no change */
	struct span key;     /* of a creating act: the nonce of its form */
	struct span session; /* secret of the cookie */
	const char *trace;   /* id for the log */
	struct span input;   /* encoded fields */
	int fd;              /* goes along, stays the caller's; -1: none */
};

struct site_answer {
	bool ok;
	struct err err;       /* where not ok */
	struct fields output; /* where ok; borrowed for the call */
};

typedef void site_answer_fn(const struct site_answer *answer, void *arg);

/* Sends; fn (NULL: nobody waits) is called once, later. False: too many are open. */
typedef bool site_send_fn(void *door, const struct site_act *act, site_answer_fn *fn, void *arg);

/* Sets of prebuilt header lines (reliability study §5.7). */
enum site_head {
	HEAD_PUBLIC,  /* a page as everybody sees it: kept a minute, then asked again */
	HEAD_PRIVATE, /* a page for one person, a form, a refusal: kept nowhere */
	HEAD_TOKEN,   /* a page whose address is a secret: likewise, and no referrer */
	HEAD_FILE,    /* somebody's file: no script, no form, nothing loaded */
	HEAD_STATIC,  /* a file of the theme under its hash: never changes */
	HEAD_COUNT
};

enum {
	SITE_SAYING_MOST = 8 /* of a worker: each keeps one of its open asks at the clerk busy, and
	                      * other people's acts need those too */
};

/* What is known of the clerk: see page_health.c. */
struct site_pulse {
	bool asked;               /* a question is open */
	bool late;                /* and has been for too long */
	int64_t known_until;      /* ticks: up to then the last answer counts, 0: none */
	struct request *waiting;  /* who wants to know; the next of each is its state */
	struct loop_timer *timer;
};

struct site {
	/* given */
	struct loop *loop;
	const struct settings *settings;
	const struct theme *theme;
	struct reading_book *book;
	struct cache *cache;
	site_send_fn *send;
	void *door;
	const char *name; /* begins the ids of requests in the log: "w0" */
	/* made by site_open() */
	bool secure;          /* the base URL is https */
	char host[256];       /* as Host must say it, in lower case */
	char origin[300];     /* as Origin must say it */
	struct buf heads[HEAD_COUNT];
	struct buf scratch;   /* keys of the cache */
	int saying;           /* replies in pieces that are on their way */
	int64_t damage;       /* reading_book_damage(), as far as it was told to the clerk */
	bool version_old;     /* the book may have changed since the last look */
	struct site_pulse pulse;
};

/* Builds what is derived from settings and theme; again after a reload. The pages kept
 * so far are forgotten. */
void
site_open(struct site *site);

void
site_close(struct site *site);

/* At the end of each turn of the loop: the book is looked at again by the next request. */
void
site_turn(void *site);

/* Drops the pages of another public_version: once a turn, and only where the book
 * changed. Where the book cannot be read everything is dropped. */
void
site_check_version(struct site *site);

struct span
site_head(const struct site *site, enum site_head head);

/* Does Host name us? */
bool
site_is_host(const struct site *site, struct span host);

/* The language a browser asks for, else that of the site. */
enum lang
site_lang_asked(const struct site *site, const struct http_head *head);
