/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* net/dns.h: records that others publish: MX, TXT, A, AAAA, PTR; the only file with c-ares.
 *
 * It blocks, some seconds at most, and is meant for `preau doctor`: no dialogue and no
 * page asks the DNS. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "net/resolve.h"

struct dns;

enum dns_type { DNS_A, DNS_AAAA, DNS_MX, DNS_TXT, DNS_PTR };

enum { DNS_RECORDS_MAX = 64 }; /* of one answer; others are left out */

struct dns_record {
	const char *text; /* an address, a name, or the whole of a TXT record; no control signs */
	int weight;	  /* of an MX, else 0 */
};

struct dns_answer {
	struct dns_record records[DNS_RECORDS_MAX]; /* MX by weight */
	size_t count; /* 0: there is no such record, or no such name */
};

/* server: "127.0.0.1:53", numeric; NULL: the resolvers of the system. INVALID. */
bool
dns_open(const char *server, struct dns **dns, struct err *err);

void
dns_close(struct dns **dns);

/* The whole name: no search list. That there is none is no error. TEMPORARY: nobody answered
 * in time; BROKEN: nobody is there, or the answer was a trouble. Texts are of the arena. */
bool
dns_ask(struct dns *dns, struct arena *arena, const char *name, enum dns_type type,
    struct dns_answer *answer, struct err *err);

/* The name under which the name of an address stands: "1.2.0.192.in-addr.arpa". */
const char *
dns_reverse(struct arena *arena, const struct net_address *address);
