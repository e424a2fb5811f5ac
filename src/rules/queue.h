/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/queue.h: what an administrator sees of the mail that waits, and brings on again.
 *
 * Asks, by pages: `after` is the last number seen; `more` says that others follow. */
#pragma once

#include "rules/act.h"

/* ask inbox.list: [state, after] → row = inbox, state, received, from, recipient, tries, note;
 * what was set aside unless said. */
bool
queue_inbox(struct clerk *, const struct act *, struct outcome *, struct err *);

/* ask outbox.list: [state, after] → row = outbox, state, post | notice, to, attempts, next,
 * answer; what is due unless said. */
bool
queue_outbox(struct clerk *, const struct act *, struct outcome *, struct err *);

/* act delivery.replay: outbox: what was set aside is due again. */
bool
queue_replay(struct clerk *, const struct act *, struct outcome *, struct err *);
