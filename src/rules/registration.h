/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/registration.h: claiming an identifier, with a mailbox that answers.
 *
 * Two steps. person.register: the identifier and an address; whatever the address is, a
 * mail goes there with a link and a code. registration.confirm: that link or code makes the
 * account, or gives the line of the roll to who had that address already, and signs in.
 * So nobody learns whether an address has an account; and of an identifier one learns
 * nothing but that it was mistyped: a wrong, a used and a revoked one get the same answer
 * (reliability study §5.11). */
#pragma once

#include "rules/act.h"

enum { REGISTRATION_HOURS = 24 }; /* that its mail may take to be answered */

/* Who may register: visitors, where not too many wrong identifiers came. */
bool
registration_may(struct clerk *, const struct act *, struct err *);

/* act person.register: identifier, name, address, locale, [next] [peer]. Output: nothing. */
bool
registration_ask(struct clerk *, const struct act *, struct outcome *, struct err *);

/* After a failed one: a wrong identifier is counted. */
bool
registration_ask_failed(struct clerk *, const struct act *, struct err *);

/* act registration.confirm: token | address + code. Output: secret, person, expires, next,
 * registered. */
bool
registration_confirm(struct clerk *, const struct act *, struct outcome *, struct err *);

/* After a failed one: a wrong code is counted. */
bool
registration_confirm_failed(struct clerk *, const struct act *, struct err *);

/* PHC string of the identifier that person.register names; "" where there is none. */
const char *
registration_verifier(struct clerk *, const struct act *);
