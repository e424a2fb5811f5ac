/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/proof.h: did the person named in From write this mail?
 *
 * A From field proves nothing. What does: the verdict of the mail server we trust
 * (RFC 8601), a peer on loopback where the settings say so, our own reply token, or
 * the author's answer to "was it you?". Pure. */
#pragma once

#include <stdbool.h>

#include "base/str.h"
#include "mail/parsed.h"
#include "rules/settings.h"

enum verdict {
	VERDICT_NONE,  /* nobody we trust said anything */
	VERDICT_PASS,  /* DMARC pass, or DKIM pass of a domain aligned with From */
	VERDICT_LOCAL, /* a peer on loopback, and the settings trust those */
	VERDICT_FAIL   /* DMARC fail; or DKIM or SPF of From's own domain fails, and nothing passes */
};

/* What the trusted results say of this mail. `sender` is its envelope sender, "" for <>: where its
 * local part needs quotes nothing is believed, since some servers write it into their results as
 * it came; nor is anything where a DKIM-Signature names its signer in such a way. `peer` is the
 * address it came from. */
enum verdict
proof_verdict(const struct settings *settings, const struct parsed *parsed, struct span sender,
    struct span peer);

struct proof_facts {
	bool known;      /* From is a verified address of an active person */
	bool remembered; /* that person said once: mail without verdict from there is mine */
	bool token;      /* sent to a reply address made for that very person */
	enum verdict verdict;
};

enum proof_action {
	PROOF_GOOD, /* the author is who From says */
	PROOF_ASK,  /* hold, and ask the person: was it you? */
	PROOF_HOLD  /* hold; nobody is asked, since a stranger may be somebody's victim */
};

struct proof {
	enum proof_action action;
	const char *word; /* post.proof: results, local, token, author, none */
	const char *hold; /* word of rules/posting.h; "" where good */
};

struct proof
proof_judge(const struct proof_facts *facts);
