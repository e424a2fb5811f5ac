/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/moderation.h: what waits, who is told, and what is decided.
 *
 * A decision is the same act on the web, by mail and on the console, and is taken
 * once: who comes second is answered what the first one did. */
#pragma once

#include "rules/act.h"
#include "rules/posting.h"

/* Tells the moderators of the forum (the administrators, where it has none) that a post
 * waits, each with a way to answer; and the author, where the draft says so. */
bool
moderation_tell_held(struct clerk *, struct arena *, const struct draft *, const struct post *,
    struct err *);

/* act post.approve: post [trust]; post.refuse: post, why; post.discard: post. Output:
 * post, state, and for a published one thread, slug. */
bool
moderation_approve(struct clerk *, const struct act *, struct outcome *, struct err *);
bool
moderation_refuse(struct clerk *, const struct act *, struct outcome *, struct err *);
bool
moderation_discard(struct clerk *, const struct act *, struct outcome *, struct err *);

/* act post.hide: post, [why]; post.restore: post; post.withdraw: post, by its author. A hidden or
 * withdrawn post leaves a trace at its place and keeps its replies; what was not sent of it
 * is not sent. Output: post, thread, state. */
bool
moderation_hide(struct clerk *, const struct act *, struct outcome *, struct err *);
bool
moderation_restore(struct clerk *, const struct act *, struct outcome *, struct err *);
bool
moderation_withdraw(struct clerk *, const struct act *, struct outcome *, struct err *);

/* act thread.set: thread, [closed] [pinned]. Output: thread. */
bool
moderation_thread(struct clerk *, const struct act *, struct outcome *, struct err *);

/* act post.confirm: token of "was it you?": the author says yes, and is believed about
 * mail without verdict from that address from now on. Output: post, state. */
bool
moderation_confirm(struct clerk *, const struct act *, struct outcome *, struct err *);

/* The author of a held post is proved after all: the same as moderation_confirm() without
 * remembering. Decides anew whether the forum lets it appear. */
bool
moderation_prove(struct clerk *, struct arena *, int64_t post, const char *proof, struct posted *,
    struct err *);
