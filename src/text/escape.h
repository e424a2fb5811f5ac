/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* text/escape.h: octets made harmless for HTML, addresses that may be followed,
 * and addresses of people that may not be shown.
 *
 * Text in is UTF-8 (callers pass what utf8_clean() gave). Control characters
 * other than tab, LF and CR are dropped on the way out: no document may hold them. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

/* Safe HTML: a value of this type is made in text/ only (by html_write.h or a
 * template); whoever holds one may put it into a page as it is. */
struct html {
	struct span octets;
};

enum {
	ESCAPE_URL_MAX = 2000 /* octets of an address that may become a link */
};

/* Appends text for element content or a double-quoted attribute: & < > ". */
void
escape_text(struct buf *out, struct span text);

/* The same and the apostrophe: fit wherever a theme's author may put it. */
void
escape_attr(struct buf *out, struct span text);

/* May a link lead there? http://, https:// with a host, or mailto: with an
 * address; no blank, control or bidi character, no backslash, no name or password
 * before the host (https://bank.example@evil.example), at most ESCAPE_URL_MAX. */
bool
escape_url_ok(struct span url);

/* Appends an address fit for href="...": what RFC 3986 does not allow is
 * percent-encoded, & becomes &amp;. It does not check: see escape_url_ok(). */
void
escape_url(struct buf *out, struct span url);

/* The one <a> of the house, label as text:
 * <a href="..." rel="nofollow ugc noopener">label</a>, or only the label where
 * the address may not be followed. */
void
escape_link(struct buf *out, struct span url, struct span label);

/* Appends text with the addresses of people masked: "marie.dupont@ville.example"
 * becomes "m…@ville.example" (the domain says which body wrote without saying who),
 * also where the @ is %40, and the secrets of our own links ("/u/TOKEN", "/ok/TOKEN")
 * become "…". Not escaped. Linear. */
void
escape_mask(struct buf *out, struct span text);
