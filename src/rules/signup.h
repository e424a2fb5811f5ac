/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/signup.h: how people come in and go out: links, codes, passwords, sessions.
 *
 * Nobody learns here whether an address has an account: session.ask always says yes,
 * and every failed session.open says the same sentence. */
#pragma once

#include "rules/act.h"

/* act session.ask: address. Queues a mail with a link (10 minutes, once) and a code of 8
 * digits, where the address is a verified one of an active person. */
bool
signup_ask(struct clerk *, const struct act *, struct outcome *, struct err *);

/* act session.open: token | address + code | address + password. Output: secret, person,
 * expires. */
bool
signup_open(struct clerk *, const struct act *, struct outcome *, struct err *);

/* After a failed session.open: a wrong code is counted. */
bool
signup_open_failed(struct clerk *, const struct act *, struct err *);

/* act session.close: session (the secret). */
bool
signup_close(struct clerk *, const struct act *, struct outcome *, struct err *);

/* act session.seen: session. At most hourly; moves the end of an idle session. */
bool
signup_seen(struct clerk *, const struct act *, struct outcome *, struct err *);

/* act session.link: person | address, [life]. Output: url, person. */
bool
signup_link(struct clerk *, const struct act *, struct outcome *, struct err *);
