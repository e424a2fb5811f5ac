/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* mail/address.h: one mailbox, as the envelope and the headers carry it.
 *
 * RFC 5321 §4.1.2 and §4.5.3.1: the strict grammar of what may stand in MAIL
 * and RCPT. An address that was read holds no control character, so that it can
 * be written anywhere; reading it never asks the network. The domain is kept as
 * written; comparing goes through address_fold(). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

enum {
	ADDRESS_LOCAL_MAX = 64,	  /* octets, RFC 5321 §4.5.3.1.1 */
	ADDRESS_DOMAIN_MAX = 255, /* octets, RFC 5321 §4.5.3.1.2 */
	ADDRESS_MAX = 2 * ADDRESS_LOCAL_MAX + 3 + ADDRESS_DOMAIN_MAX, /* written, quoted */
	ADDRESS_NAME_MAX = 80 /* code points of a display name, the rest is cut */
};

struct mail_address {
	char local[ADDRESS_LOCAL_MAX + 1]; /* without quotes and backslashes */
	char
	    domain[ADDRESS_DOMAIN_MAX + 1]; /* as written; "[192.0.2.1]" for a literal; may be "" */
};

enum {
	ADDRESS_UTF8 = 1,      /* octets over 127 are allowed (SMTPUTF8, RFC 6531) */
	ADDRESS_NO_DOMAIN = 2, /* "postmaster" alone is allowed (RFC 5321 §4.5.1) */
	ADDRESS_ANY = ADDRESS_UTF8
};

/* The whole span is one mailbox, without angle brackets. INVALID otherwise. */
bool
address_parse(struct span text, unsigned flags, struct mail_address *address, struct err *err);

/* "<mailbox>", "<>" (both fields empty) or "<@route,@route:mailbox>" (the route is
 * dropped) at the front of *rest, which moves behind the ">". */
bool
address_parse_path(
    struct span *rest, unsigned flags, struct mail_address *address, struct err *err);

/* Any octet over 127 in it: SMTPUTF8 is needed to say it. */
bool
address_is_utf8(const struct mail_address *address);

/* An address as text: does its local part do without quotes? So does "" and a word without @. */
bool
address_is_plain(struct span text);

/* No control character (CR, LF, NUL, DEL, C1) and valid UTF-8: may stand in a header
 * or a command. */
bool
address_is_safe(struct span text);

/* Appends local@domain, the local part quoted where it must be; nothing for the
 * null path. Never angle brackets. */
void
address_write(const struct mail_address *address, struct buf *out);

/* The form that is compared and looked up: local part in lower case (ASCII only),
 * domain as lower-case A-labels (IDNA 2008, non-transitional), the final dot gone.
 * out holds ADDRESS_MAX + 1. False where the domain is no name IDNA knows: out then
 * has its ASCII lower case. */
bool
address_fold(const struct mail_address *address, char out[ADDRESS_MAX + 1]);

/* address_parse and address_fold in one, for what people type. */
bool
address_fold_text(struct span text, char out[ADDRESS_MAX + 1], struct err *err);

/* Lower-case A-labels of a domain alone; out holds ADDRESS_DOMAIN_MAX + 1. */
bool
address_fold_domain(const char *domain, char out[ADDRESS_DOMAIN_MAX + 1]);

/* A phrase of RFC 5322 §3.2.5 on one line: quoted string where ASCII suffices, else
 * encoded-words (RFC 2047, UTF-8) parted by single spaces, where a writer may fold.
 * Control characters go; a word with "@" in it loses what follows the "@": no
 * address stands inside a name. Appends nothing where nothing is left. */
void
address_write_phrase(struct span name, struct buf *out);

/* `"Name" <local@domain>`; the address, or the id of a list, stands as it is given. */
void
address_write_mailbox(struct span name, struct span address, struct buf *out);

/* "voirie+r.TOKEN" -> "voirie" and "r.TOKEN": at the first delimiter that is not the
 * first octet. Without one, detail is empty (data NULL). */
void
address_split_detail(struct span local, char delimiter, struct span *base, struct span *detail);
