/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* mail/signature.h: who signed, as a DKIM-Signature field says it (RFC 6376 §3.5).
 *
 * The signature itself is verified by the mail server in front. That may write the names in it
 * into its Authentication-Results as they came, and i= is decoded first: a signer of his own
 * domain could add results there. Pure. */
#pragma once

#include <stdbool.h>

#include "base/str.h"

/* The value of such a field: are d=, i= and s= made of what names and addresses are made of that
 * need no quotes, once decoded? */
bool
signature_is_plain(struct span field);
