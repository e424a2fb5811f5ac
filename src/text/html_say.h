/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* text/html_say.h: the second walk over HTML mail: its tree is said through rich.h. */
#pragma once

#include "text/html_tree.h"
#include "text/rich.h"

/* own: what html_survey() answered. forward: nothing is folded as a quote. */
void
html_say(struct arena *arena, struct html_node *root, size_t own, bool forward, struct rich *rich);
