/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* tests/unit/mail_show.h: a parsed message as text that people can read and tests
 * can compare: one "name: value" a line, then the texts. What is empty is left out. */
#pragma once

#include "base/str.h"
#include "mail/parsed.h"

void
mail_show(const struct parsed *parsed, struct span raw, struct buf *out);
