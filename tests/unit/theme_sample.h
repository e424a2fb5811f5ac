/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* tests/unit/theme_sample.h: values as pages fill them, to look at a theme and to
 * test it without a server. */
#pragma once

#include "base/arena.h"
#include "text/i18n.h"
#include "text/view.h"

/* The values of a page or a mail. who: 0 nobody signed in, 1 a person, 2 a moderator;
 * state picks a variant of the page ("sent", "done", "preview", ..., "" the usual one). */
struct view *
theme_sample_page(struct arena *arena, enum lang lang, const char *page, int who,
    const char *state);

struct view *
theme_sample_mail(struct arena *arena, enum lang lang, const char *mail);
