/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/moderation_tell.h: who is told what about a post that waits or was decided.
 *
 * The moderators of the forum; the administrators where it has none. Notices are limited
 * per person: beyond that the queue on the web says it all. */
#pragma once

#include "base/token.h"
#include "rules/delivery.h"
#include "rules/moderation.h"

/* Each with a way to answer by mail. */
bool
moderation_tell_moderators(struct clerk *, struct arena *, const struct forum *,
    const struct post *, struct err *);

/* To a moderator whose mail about a post decided nothing: where it still waits, the post again,
 * with the sentence (TR) that says why, and a fresh address. Few: who answers may be a machine. */
bool
moderation_tell_again(struct clerk *, struct arena *, int64_t post, int64_t person, const char *why,
    struct err *);

/* A notice to those who look after a forum; forum 0: to the administrators. *told: to how many. */
bool
moderation_tell_owners(struct clerk *, struct arena *, struct notice_new *, size_t *told,
    struct err *);

bool
moderation_tell_author(struct clerk *, struct arena *, const struct post *, const char *template,
    struct err *);

/* The other moderators; decision: approved, refused, discarded. */
bool
moderation_tell_others(struct clerk *, struct arena *, const struct post *, int64_t by,
    const char *decision, struct span why, struct err *);

/* Beside the token of "was it you?" a second row says which address the answer speaks
 * for: this is its hash. */
void
moderation_address_hash(const char *token, uint8_t hash[SHA256_SIZE]);
