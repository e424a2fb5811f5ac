/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* rules/mail_view.h: the values that mails give to their templates, and the addresses
 * of things as mails write them. Names: doc/themes.md. */
#pragma once

#include "base/arena.h"
#include "mail/message_write.h"
#include "rules/clerk.h"
#include "rules/words.h"
#include "store/forum.h"
#include "store/post.h"
#include "text/i18n.h"
#include "text/view.h"

/* What every mail has: site, lang; forum where it is not NULL. */
struct view *
mail_view_new(struct clerk *clerk, struct arena *arena, enum lang lang, const struct forum *forum);

/* A sub-view "post": author, date, subject, text, body, url, attachments. */
bool
mail_view_post(struct clerk *clerk, struct arena *arena, enum lang lang, struct view *view,
    const struct post *post, struct err *err);

/* Renders the template: subject, text and html of the message, and their footers. */
bool
mail_view_render(struct clerk *clerk, struct arena *arena, enum lang lang, const char *template,
    const struct view *view, struct outgoing *out, struct err *err);

/* The attachments of a post as links. */
bool
mail_view_links(struct clerk *clerk, struct arena *arena, enum lang lang, int64_t post,
    struct outgoing *out, struct err *err);

/* SITE/... addresses, in the arena. */
const char *
mail_url_forum(struct clerk *clerk, struct arena *arena, const char *slug);
const char *
mail_url_post(struct clerk *clerk, struct arena *arena, int64_t post);
const char *
mail_url_thread(struct clerk *clerk, struct arena *arena, int64_t thread, const char *title);

/* local@our-domain */
const char *
mail_address_of(struct clerk *clerk, struct arena *arena, const char *local);
