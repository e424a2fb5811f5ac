/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* text/theme_names.h: the contract between pages and themes, as rows.
 *
 * Every value that a page or a mail may fill is one row; a template that names
 * anything else is refused. scripts/theme-names copies the rows to
 * doc/themes.md and the tests prove that the two agree. */
#pragma once

#include <stddef.h>

#include "text/template.h"

extern const struct template_name theme_names[];
extern const size_t theme_names_count;

/* The pages and mails that the program asks for: each must be in the theme. */
extern const char *const theme_pages[];
extern const size_t theme_pages_count;
extern const char *const theme_mails[];
extern const size_t theme_mails_count;
