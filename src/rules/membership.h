/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/membership.h: people, what they receive, and in whose name they may act. */
#pragma once

#include "rules/act.h"

/* act subscription.set: forum, mode, [person | address]. Output: forum, mode. */
bool
membership_subscribe(struct clerk *, const struct act *, struct outcome *, struct err *);

/* act subscription.remove: forum, person. Whoever only stops the mail remains a member and
 * reads on; this ends that too. */
bool
membership_remove(struct clerk *, const struct act *, struct outcome *, struct err *);

/* act subscription.leave: token. Output: forum (slug), name. A second time changes nothing. */
bool
membership_leave(struct clerk *, const struct act *, struct outcome *, struct err *);

/* act person.create: name, [address ...] [verified] [locale] [administrator] [trusted]
 * [password]. Output: person. */
bool
membership_create(struct clerk *, const struct act *, struct outcome *, struct err *);

/* act person.set: [person] [name] [locale]; administrators also state, trusted, administrator,
 * password (one's own is set by password.set). */
bool
membership_set(struct clerk *, const struct act *, struct outcome *, struct err *);

/* That person is suspended, within another act of an administrator: out at once, everywhere. */
bool
membership_suspend(struct clerk *, const struct act *, int64_t person, struct err *);

/* act mandate.set: person, forum | organisation, role, [until]. Output: mandate. The same
 * mandate twice is one. */
bool
membership_mandate(struct clerk *, const struct act *, struct outcome *, struct err *);

/* act mandate.end: mandate. */
bool
membership_mandate_end(struct clerk *, const struct act *, struct outcome *, struct err *);

/* act organisation.create: name, kind. Output: organisation. */
bool
membership_organisation(struct clerk *, const struct act *, struct outcome *, struct err *);
