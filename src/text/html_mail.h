/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* text/html_mail.h: the document around the HTML part of a mail. Mail programs look
 * at little of it; what is shown comes from the theme, as fragments. */
#pragma once

#include "base/str.h"
#include "text/escape.h"

struct html_mail {
	struct span title;  /* text */
	const char *language; /* "fr", "en" */
	struct html body;
	struct html footer; /* below a rule; may be empty */
};

void
html_mail_open(struct buf *out, const struct html_mail *mail);

/* A file that the mail links to instead of carrying it: "Pièce jointe : plan.pdf (12 Ko)". */
void
html_mail_file(struct buf *out, struct span word, struct span name, struct span size,
    struct span url);

void
html_mail_close(struct buf *out, const struct html_mail *mail);
