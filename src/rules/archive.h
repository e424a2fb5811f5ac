/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/archive.h: the posts of a forum or a thread as mails, to be carried away (mbox, RFC 4155).
 *
 * They are built anew of what pages show: relay addresses, own words, links to attachments;
 * never the mail as it came. The clerk does it, since addresses are made of its keys, a
 * short piece at a time. */
#pragma once

#include "rules/act.h"

/* ask archive.read: forum, [thread] (of that forum alone), [after]. Output: octets (whole messages, "mboxrd", LF), next (the
 * `after` of the next piece; 0: that was all). NOT_FOUND where the actor may not read it. */
bool
archive_read(struct clerk *, const struct act *, struct outcome *, struct err *);
