/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* text/html_check.h: is this HTML of the kind that html_write.h writes?
 *
 * The clerk asks it of every answer of the parser: a parser that was broken into may say
 * anything, and what it says is shown to everybody. It shares no table with the writer, so
 * that a mistake there does not open both walls. One walk, no memory. */
#pragma once

#include <stdbool.h>

#include "base/str.h"

/* Known tags closed in order, items in lists, no block in text, no link in a link, the attributes
 * the writer gives them, links to http, https and mailto, every < > & and quote of the text
 * escaped, no control character. */
bool
html_check(struct span html);
