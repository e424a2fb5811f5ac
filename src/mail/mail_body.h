/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* mail/mail_body.h: which parts of a message are its text and which are
 * attachments, and the text rendered. The second half of mail_read(); it fills the
 * body and the attachments of a struct parsed. Parser process only. */
#pragma once

#include "base/arena.h"
#include "mail/mime_read.h"
#include "mail/parsed.h"

void
mail_body_read(struct arena *arena, const struct mime_tree *tree, struct parsed *parsed);

/* The whole message as its only attachment, the text empty. */
void
mail_body_opaque(struct arena *arena, struct span raw, struct parsed *parsed);

/* Source and rendering of a Markdown text. */
void
mail_body_markdown(struct arena *arena, struct span source, bool is_plain, struct parsed *parsed);
