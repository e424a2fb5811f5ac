/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* text/html_survey.h: the first walk over HTML mail: the marks that the parser could
 * not see at the element alone, and where the author's own words are. */
#pragma once

#include "text/html_tree.h"

/* Completes mark and own_before; answers how many pieces of text are the author's. */
size_t
html_survey(struct arena *arena, struct html_node *root);

/* Marks that begin what is not the author's and end with their element. */
bool
html_survey_is_others(enum html_mark mark);

/* A line that reads "X a écrit :" right above a quote. */
bool
html_survey_is_attribution(struct arena *arena, struct html_node *node);
