/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/notice.h: mails of the house itself: what they say, and how their secrets rest.
 *
 * A notice is a row: template, person, post, and an input that is sealed, since it may
 * hold a sign-in link: who steals the book opens nothing. The key is derived from those
 * of mail tokens, which the clerk and the relay both hold. */
#pragma once

#include "base/arena.h"
#include "base/frame.h"
#include "mail/message_write.h"
#include "rules/clerk.h"
#include "store/outbox.h"
#include "text/i18n.h"

/* Appends the sealed form. */
void
notice_seal(const struct mail_keys *keys, struct span plain, struct buf *sealed);

/* BROKEN where no key that lives opens it. */
bool
notice_unseal(const struct mail_keys *keys, struct arena *arena, struct span sealed,
    struct fields *input, struct err *err);

/* Fills the message of a notice for its recipient. Needs clerk->theme. */
bool
notice_outgoing(struct clerk *clerk, struct arena *arena, const struct notice *notice,
    const char *address, const char *locale, struct outgoing *out, struct err *err);
