/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* mail/spf.h: may this address send in the name of a domain? RFC 7208, check_host().
 *
 * For the domain itself, before any mail: what depends on the sender of a mail (macros, ptr) is
 * not judged, and said to be so. The DNS is asked through a function, so that a table is one. */
#pragma once

#include "base/arena.h"
#include "net/dns.h"

enum spf_result {
	SPF_NONE,    /* no record */
	SPF_NEUTRAL, /* it says nothing of that address */
	SPF_PASS,
	SPF_FAIL,
	SPF_SOFTFAIL,
	SPF_LATER,   /* the DNS did not answer */
	SPF_BROKEN,  /* not to be evaluated: others count it as none, or refuse the mail */
	SPF_UNJUDGED /* depends on the mail */
};

struct spf {
	/* As dns_ask(); false: no answer. */
	bool (*ask)(void *arg, const char *name, enum dns_type type, struct dns_answer *answer);
	void *arg;
	struct arena *arena;
	struct net_address address; /* that sends */
	/* What was found, zero before: */
	int lookups;	 /* terms that ask the DNS, 10 at most */
	int voids;	 /* of them those that were answered with nothing, 2 at most */
	const char *why; /* the term that decided, or what is wrong; "" where there is none */
};

/* A TXT record that is an SPF, §4.5: "v=spf1" alone or before a space. */
bool
spf_is_record(struct span text);

enum spf_result
spf_check(struct spf *spf, const char *domain);
