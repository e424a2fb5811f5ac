/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/act_may.h: the column "who may" of the table of acts.
 *
 * Each is asked twice: before anything is parsed or hashed, and inside the savepoint. */
#pragma once

#include "rules/act.h"
#include "store/forum.h"

bool
may_administrator(struct clerk *, const struct act *, struct err *);
bool
may_signed_in(struct clerk *, const struct act *, struct err *);
/* Signed in, and less than SIGNUP_LATELY_MINUTES ago: for what a session left open must not
 * allow to whoever finds it (reliability study §5.10). */
bool
may_signed_in_lately(struct clerk *, const struct act *, struct err *);
/* Whoever stands at the door of the web, known or not. */
bool
may_visit(struct clerk *, const struct act *, struct err *);
/* The clerk to itself; the administrator too. */
bool
may_house(struct clerk *, const struct act *, struct err *);
/* Who looks after the book, at night. */
bool
may_alarm(struct clerk *, const struct act *, struct err *);

/* Who reads the book in a process of its own. */
bool
may_report(struct clerk *, const struct act *, struct err *);

bool
may_relay(struct clerk *, const struct act *, struct err *);
/* The doors that mail comes through, and the console. */
bool
may_deliver(struct clerk *, const struct act *, struct err *);
/* Field "forum", or the forum of "parent". */
bool
may_write_in_forum(struct clerk *, const struct act *, struct err *);
/* The forum of "thread". */
bool
may_moderate_thread(struct clerk *, const struct act *, struct err *);
/* The forum of "post". */
bool
may_moderate_forum(struct clerk *, const struct act *, struct err *);
/* The message of "post" may be seen by who asks, or is their own. */
bool
may_withdraw(struct clerk *, const struct act *, struct err *);
/* Field "person" is the actor or absent; or the actor is an administrator. */
bool
may_oneself(struct clerk *, const struct act *, struct err *);

/* The forum that may_write_in_forum() looked at. NOT_FOUND also where it may not be read. */
bool
act_forum(struct clerk *, const struct act *, struct forum *, struct err *);
