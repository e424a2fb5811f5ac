/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/settings.h: what the administrator may say in preau.conf.
 *
 * One table of rows (name, type, default, bounds, text) feeds the reader, the
 * defaults, `preau check`, `preau show settings` and preau.conf(5). The file is lines
 * of `name = value`; # starts a comment. An unknown name, a value out of bounds or
 * a name said twice is an error with file and line. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum {
	SETTINGS_TEXT_MAX = 256 * 1024, /* octets of the file */
	WEB_WORKERS_MAX = 16,
	EXIT_AGAIN = 75,                /* EX_TEMPFAIL of sysexits.h: it may go well the next time */
	EXIT_SETTINGS = 78              /* EX_CONFIG, likewise: trying again will not help */
};

/* What a program ends with that could not start for this reason. */
static inline int
settings_exit(const struct err *err)
{
	return err->kind == ERR_TEMPORARY ? EXIT_AGAIN : EXIT_SETTINGS;
}

enum mail_trust {
	MAIL_TRUST_RESULTS, /* a verdict of the configured authserv-id, nothing else */
	MAIL_TRUST_LOCAL    /* peers on loopback count as a pass: demo, LAN, tests */
};

struct settings {
	/* the site */
	const char *site_name;   /* "Forums de Ville" */
	const char *site_accent; /* "1f4e79"; "": the theme's own */
	const char *site_about;  /* a sentence on the home page; "": none */
	const char *site_url;    /* base URL without a slash at its end */
	const char *site_locale; /* "fr" or "en": of people who said nothing */
	const char *site_zone;   /* tz name for dates shown */
	const char *theme;       /* folder under themes/ */
	/* where things are */
	const char *data;        /* data folder: book, blobs, spool, run */
	const char *share;       /* themes and catalogues; PREAU_DATADIR unless said */
	/* mail */
	const char *mail_domain; /* forum.ville.example: addresses of the forums */
	int64_t mail_trust;      /* enum mail_trust */
	const char *mail_authserv; /* authserv-id whose Authentication-Results we believe */
	int64_t mail_size;       /* octets of the largest mail accepted */
	/* doors: "" closes one; several addresses are separated by blanks */
	const char *listen_http;
	const char *listen_smtp;
	const char *listen_lmtp;
	const char *tls_certificate; /* PEM file with chain, for STARTTLS and HTTPS */
	const char *tls_key;
	bool listen_tls;         /* listen_http speaks TLS itself */
	const char *http_proxy;  /* addresses of proxies whose X-Forwarded-For is believed */
	int64_t http_connections; /* at most, a worker */
	int64_t http_address_connections; /* at most, an address (loopback is exempt with mail.trust = local) */
	int64_t cache_size;      /* octets of finished pages, a web worker */
	/* out */
	const char *relay_to;    /* dir:PATH, smtp://host:port[?tls=require], lmtp://host:port, lmtp:/path */
	const char *relay_name;  /* our name in EHLO; mail_domain unless said */
	int64_t relay_connections;
	int64_t relay_patience;  /* seconds, caps the wait for any reply of the target */
	int64_t relay_retry;     /* seconds before the first retry; doubles, at most 4 h */
	int64_t relay_life;      /* seconds after which a delivery is given up */
	/* limits; 0 lifts one */
	int64_t limit_posts; /* posts an hour that a person writes on the web */
	int64_t limit_mails; /* posts an hour that a person sends by mail; more are held */
	/* what is not kept for ever, in seconds: 30 days at least, so that links in mails end first */
	int64_t keep_deliveries; /* rows of the outbox once they have an end, and notices */
	int64_t keep_bounces;
	int64_t keep_mails;      /* who sent what when; octets of a mail that became no post */
	/* processes */
	int64_t web_workers;     /* 0: as many as cores, at most 8 */
	const char *user_owner;  /* name or number; only where started as root */
	const char *user_doors;
	const char *group_read;
	int64_t log_level;       /* enum log_level */
};

/* Reads the text of a settings file; `file` is for the sentences. Strings are of the
 * arena. False: err says "FILE:LINE: ...". */
bool
settings_read(struct arena *arena, struct span text, const char *file, struct settings *settings,
    struct err *err);

/* Prints the table, one line a setting, with its text: preau show settings. */
void
settings_print(const struct settings *settings, struct buf *out);

/* Adds the names of those that differ but are read when the server starts alone, a blank
 * between them. */
void
settings_wait_start(const struct settings *before, const struct settings *now, struct buf *names);
