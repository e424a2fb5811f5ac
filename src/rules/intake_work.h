/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/intake_work.h: one mail being processed: what the files behind intake.h share. */
#pragma once

#include "mail/mail_token.h"
#include "rules/act.h"
#include "rules/author.h"
#include "rules/robots.h"
#include "store/forum.h"
#include "store/inbox.h"

struct intake {
	struct clerk *clerk;
	const struct act *act;
	struct arena *arena;
	struct inbox row;
	const struct parsed *parsed;
	struct mail_recipient to;
	struct robot robot;
	/* What becomes of it: the row is finished with these. */
	const char *outcome; /* published, held, merged, command, bounce, dropped-... */
	int64_t post;
	const char *message_id; /* of that post; "" where there is none */
	const char *note;
};

/* Each answers with outcome set. False: trouble of the house, nothing was done. */
bool
intake_post(struct intake *, struct err *);     /* to a forum or a reply address */
bool
intake_moderate(struct intake *, struct err *); /* voirie+m.TOKEN */
bool
intake_leave(struct intake *, struct err *);    /* voirie+u.TOKEN */
bool
intake_word(struct intake *, struct err *);     /* voirie+desabonner ... */
bool
intake_confirm(struct intake *, struct err *);  /* ok.TOKEN */
bool
bounce_intake(struct intake *, struct err *);   /* b.TOKEN */
bool
private_intake(struct intake *, struct err *);  /* a.TOKEN */

bool
owners_intake(struct intake *, struct err *);   /* voirie+responsables, postmaster */

/* The author, and whether the mail was proved to come from there. For commands: "it was me",
 * said once, lets posts through without a verdict, but decides nothing in anybody's name. */
bool
intake_prove_author(struct intake *, struct author *, bool *proved, struct err *);
